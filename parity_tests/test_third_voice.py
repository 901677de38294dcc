"""The third voice: central differences of scratch's own loss, which know no backward pass."""

import numpy as np
import pytest

import scratch
from parity_tests.helpers import bounds_of, central_differences, gradients_of, outside, point
from reports import CASES, traces
from reports.cases import Case, Layer, dense
from reports.equations.rounding import Rounding

Array = np.ndarray
REGRESSION = ("HalfSquaredError", "MeanSquaredError", "MeanAbsoluteError")
LOSSES = (*REGRESSION, "CrossEntropy", "SoftmaxCrossEntropy")
PENALTIES = {"weight_l1": 3e-3, "weight_l2": 7e-3, "bias_l1": 2e-3, "bias_l2": 5e-3}


def network_case(first: str, second: str, loss: str, penalties: dict[str, float] | None = None) -> Case:
    """Two hidden layers of pairwise different prime widths on 13 samples; Softmax where the loss wants it."""
    layers = [
        dense("dense1", 3, 5, **(penalties or {})), Layer("activation1", first),
        dense("dense2", 5, 7), Layer("activation2", second),
        dense("dense3", 7, 2, **(penalties or {})),
    ]  # fmt: skip
    if loss == "CrossEntropy":
        layers.append(Layer("softmax1", "Softmax"))
    return Case(
        name=f"{first}-{second}-{loss}",
        says="a network for central differences",
        layers=tuple(layers),
        data_settings={"samples": 13, "features": 3, "classes": 2},
        targets="one-hot" if loss in REGRESSION else "labels",
        loss=loss,
        learning_rate=0.1,
        epochs=1,
        seed=len(first) + 10 * len(second) + 100 * len(loss),
    )


NETWORKS = [
    *(network_case(a, b, loss) for loss in LOSSES
      for a, b in (("ReLU", "Tanh"), ("Sigmoid", "ReLU"), ("Tanh", "Sigmoid"))),
    *(network_case("Tanh", "ReLU", loss, PENALTIES) for loss in LOSSES),
]  # fmt: skip


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: f"{case}{'-penalised' * case.penalised}")
def test_gradients_are_the_slopes_of_the_loss(case: Case) -> None:
    """Every parameter's and input's gradient is the slope of the loss; flipped or off by 1/1000, it is not."""
    network, inputs, labels = point(case)
    differences = central_differences(case, network, inputs, labels)
    gradients = gradients_of(network, inputs, labels)
    judged = sum(int(np.isfinite(allowed).sum()) for _, allowed in differences.values())
    assert judged > 0.9 * sum(gradient.size for gradient in gradients.values())  # kinks are few
    assert outside(gradients, differences) == 0
    for row, (_, allowed) in differences.items():
        scaled = gradients | {row: gradients[row] * 1.001}
        assert outside(scaled, differences) > 0, row
        flipped = gradients[row].copy()
        worst = np.unravel_index(np.argmax(np.where(np.isnan(allowed), 0, np.abs(flipped))), flipped.shape)
        flipped[worst] *= -1
        assert outside(gradients | {row: flipped}, differences) == 1, row


def test_a_missing_penalty_is_not_the_slope() -> None:
    """A gradient without its penalty's part is refused, so the penalties are really differentiated."""
    case = network_case("Tanh", "ReLU", "SoftmaxCrossEntropy", PENALTIES)
    network, inputs, labels = point(case)
    differences = central_differences(case, network, inputs, labels)
    for layer in network.dense_layers().values():
        layer.weight_l1 = layer.bias_l2 = 0.0
    assert outside(gradients_of(network, inputs, labels), differences) > 0


def test_kinks_are_set_aside() -> None:
    """At a point where a ReLU input is exactly 0 the difference makes no claim, instead of a false one."""
    case = network_case("ReLU", "Tanh", "MeanSquaredError")
    network, inputs, labels = point(case)
    inputs[3] = 0.0
    network.layers["dense1"].biases[0, 2] = 0.0
    allowed = central_differences(case, network, inputs, labels)["gradient/dense1.biases"][1]
    assert np.isnan(allowed[0, 2])


def test_the_slides_neuron() -> None:
    """Δw = −α·dL/dy·dy/dnet·I, Δb and ΔI, computed as on the slide, are what scratch does, within rounding."""
    case = CASES["neuron"]
    data = traces.load(case)
    network = traces.planted(scratch, case, data.parameters)
    w, b, rate = data.parameters["dense1.weights"], data.parameters["dense1.biases"], case.learning_rate
    bounds = bounds_of(case, network, data.inputs, data.labels)
    list(scratch.steps(network, traces.optimizer(scratch, case), data.inputs, data.labels, 1))
    y = network.layers["sigmoid1"].output
    factor = -rate * (y - data.labels) * (y * (1 - y))  # (1, 1)
    assert (np.abs(network.layers["dense1"].weights - (w + factor * data.inputs.T))
            <= 2 * bounds["parameter/dense1.weights"].error).all()  # fmt: skip
    assert (np.abs(network.layers["dense1"].biases - (b + factor))
            <= 2 * bounds["parameter/dense1.biases"].error).all()  # fmt: skip
    delta = factor * w.T  # ΔI (1, 4)
    allowed = 2 * rate * bounds["backward/dense1"].error + Rounding.of(case.dtype).growth(2) * np.abs(delta)
    assert (np.abs(-rate * network.layers["dense1"].dinputs - delta) <= allowed).all()
    assert (np.abs(rate * network.layers["dense1"].dinputs - delta) > allowed).all()  # negative control: the sign


@pytest.mark.parametrize("kind", ["ReLU", "Sigmoid", "Tanh", "Softmax"])
def test_backward_is_linear_in_its_upstream_gradient(kind: str) -> None:
    """Twice a random upstream gradient gives exactly twice the gradient, element for element, and none gives none."""
    rng = np.random.default_rng(5)
    layer, dvalues = getattr(scratch, kind)(), rng.standard_normal((11, 7))
    layer.forward(rng.standard_normal((11, 7)))
    once = layer.backward(dvalues).copy()  # the layer fills the same array again
    assert np.array_equal(layer.backward(2 * dvalues), 2 * once)
    assert not layer.backward(np.zeros((11, 7))).any()
    assert once.any()
