"""Errors that teach, about settings and how a network is put together; and what scratch does not teach yet."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scratch
from parity_tests.helpers import refusal
from scratch import SGD, Dense, Network, ReLU, SoftmaxCrossEntropy, steps

INPUTS, LABELS = np.random.default_rng(0).standard_normal((5, 3)), np.array([0, 1, 1, 0, 1])


def net(loss: Any = None) -> Network:
    """Three features, seven neurons, two classes."""
    return Network({"dense1": Dense(3, 7), "relu1": ReLU(), "dense2": Dense(7, 2)}, loss=loss)


@pytest.mark.parametrize("setting", ["learning_rate", "decay", "momentum"])
@pytest.mark.parametrize(("value", "error"), [
    (-1e-9, ValueError), (float("nan"), ValueError), (float("inf"), ValueError), (-float("inf"), ValueError),
    ("0.1", TypeError), (None, TypeError), (True, TypeError), (1j, TypeError), (np.array(0.1), TypeError),
])  # fmt: skip
def test_rates_are_numbers_from_zero(setting: str, value: object, error: type[Exception]) -> None:
    """A rate, decay or momentum that is negative, not finite or no number is refused with its name and value."""
    limit = "at least 0 and below 1" if setting == "momentum" else "finite and at least 0"
    wanted = f"{setting} {limit} but got {value}" if error is ValueError else f"a number as {setting} but got {value!r}"
    assert refusal(error, SGD, **{"learning_rate": 0.1} | {setting: value}) == f"SGD takes {wanted}"


@pytest.mark.parametrize("momentum", [1, 1.0, 1.5])
def test_momentum_stays_below_one(momentum: float) -> None:
    """A velocity that never forgets is refused, and the next smaller float is taken."""
    assert refusal(ValueError, SGD, 0.1, momentum=momentum) == (
        f"SGD takes momentum at least 0 and below 1 but got {momentum}"
    )
    assert SGD(0.1, momentum=np.nextafter(1.0, 0.0)).momentum < 1


@pytest.mark.parametrize("setting", ["n_inputs", "n_neurons"])
@pytest.mark.parametrize(("value", "error", "text"), [
    (0, ValueError, "at least 1 but got 0"), (-3, ValueError, "at least 1 but got -3"),
    (True, TypeError, "but got True"), (2.0, TypeError, "but got 2.0"), ("3", TypeError, "but got '3'"),
    (None, TypeError, "but got None"),
])  # fmt: skip
def test_sizes_are_counts(setting: str, value: object, error: type[Exception], text: str) -> None:
    """A layer of no neurons, of True neurons or of 2.0 neurons is refused with the setting's name."""
    told = refusal(error, Dense, **{"n_inputs": 3, "n_neurons": 7} | {setting: value})
    assert told.startswith("dense takes ")
    assert setting in told
    assert told.endswith(text)


@pytest.mark.parametrize("setting", ["weight_l1", "weight_l2", "bias_l1", "bias_l2"])
def test_strengths_are_numbers_from_zero(setting: str) -> None:
    """A negative, unbounded or nonsense penalty strength is refused with its name."""
    for value, error in ((-0.1, ValueError), (float("nan"), ValueError), (float("inf"), ValueError), ("a", TypeError)):
        told = refusal(error, Dense, 3, 7, **{setting: value})
        assert told.startswith("dense takes ")
        assert setting in told


@pytest.mark.parametrize("dtype", ["float16", "int64", "object", ">f8", "complex128", bool])
def test_a_dense_computes_in_two_precisions(dtype: object) -> None:
    """Parameters of any dtype but float32 and float64 are refused, with the reason."""
    assert refusal(TypeError, Dense, 3, 7, dtype=dtype) == (
        f"dense computes in float32 or float64 but got dtype {np.dtype(dtype)}: "
        f"float16 keeps 3 digits, integers and objects have no gradient; use np.float64"
    )


def test_a_network_needs_layers() -> None:
    """A network without layers is refused."""
    assert refusal(ValueError, Network, {}) == "a network needs at least one layer but got none"


def test_a_chain_that_does_not_fit() -> None:
    """A Dense that does not take what the one before it gives is refused when the network is made, with the repair."""
    layers = {"dense1": Dense(2, 64), "relu1": ReLU(), "dense2": Dense(32, 5)}
    assert refusal(ValueError, Network, layers) == ("dense2 takes 32 inputs but dense1 gives 64: make it Dense(64, 5)")


@pytest.mark.parametrize("layer", [Dense(3, 3), ReLU()], ids=["dense", "relu"])
def test_one_layer_cannot_stand_twice(layer: object) -> None:
    """One object in two places would lose the first place's values, so it is refused."""
    assert refusal(ValueError, Network, {"first": layer, "dense2": Dense(3, 3), "last": layer}) == (
        "a layer object stands twice in the network: each place needs its own, it keeps values"
    )


def test_training_needs_a_loss() -> None:
    """Steps over a network without a loss are refused before anything runs."""
    assert refusal(ValueError, next, steps(net(), SGD(0.1), INPUTS, LABELS, 1)) == (
        "this network has no loss to train on: give Network a loss"
    )


def test_inputs_and_labels_go_in_pairs() -> None:
    """Labels of another length are refused with both lengths."""
    assert refusal(ValueError, next, steps(net(SoftmaxCrossEntropy()), SGD(0.1), INPUTS, LABELS[:4], 1)) == (
        "steps takes one label per sample but got 5 inputs and 4 labels"
    )


@pytest.mark.parametrize(("epochs", "error"), [(-1, ValueError), (1.5, TypeError), (True, TypeError), ("9", TypeError)])
def test_epochs_are_a_count(epochs: object, error: type[Exception]) -> None:
    """A number of epochs that is no count is refused, and 0 epochs train nothing."""
    told = refusal(error, scratch.train, net(SoftmaxCrossEntropy()), SGD(0.1), INPUTS, LABELS, epochs)
    assert told.startswith("steps takes ")
    assert "epochs" in told
    assert scratch.train(net(SoftmaxCrossEntropy()), SGD(0.1), INPUTS, LABELS, 0).loss.shape == (0,)


def test_backward_needs_a_forward() -> None:
    """A network's backward before its forward is refused by the loss, where the way back begins."""
    assert refusal(RuntimeError, net(SoftmaxCrossEntropy()).backward) == (
        "softmax cross-entropy: backward was called before forward, so there are no inputs to go back to"
    )


TAUGHT: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "layers as a list": (lambda: Network([Dense(3, 2)]), TypeError, "network"),  # type: ignore[arg-type]
    "a class for a layer": (lambda: Network({"relu1": type("Fresh", (ReLU,), {})}), TypeError, "relu1"),  # is renamed
    "text for a layer": (lambda: Network({"relu1": "ReLU"}), TypeError, "relu1"),
    "a loss for a layer": (lambda: Network({"loss1": SoftmaxCrossEntropy()}), TypeError, "loss1"),
    "a class for a loss": (lambda: net(SoftmaxCrossEntropy), TypeError, "loss"),
    "backward without a loss": (lambda: net().backward(), ValueError, "loss"),
    "gradients before backward": (lambda: net().gradients(), RuntimeError, "dense1"),
    "update before backward": (lambda: SGD(0.1).update(net()), RuntimeError, "dense1"),
    "no labels": (lambda: next(steps(net(SoftmaxCrossEntropy()), SGD(0.1), INPUTS, None, 1)), TypeError, "labels"),
    "inputs as a list, in batches": (
        lambda: next(steps(net(SoftmaxCrossEntropy()), SGD(0.1), INPUTS.tolist(), LABELS, 1, lambda _: [LABELS])),
        TypeError, "inputs"),
    "a number for a generator": (lambda: Dense(3, 2, rng=3), TypeError, "rng"),
    "a number for the spiral's generator": (lambda: scratch.spiral(3, 2, rng=3), TypeError, "rng"),
    "a dtype that is none": (lambda: Dense(3, 2, dtype="banana"), TypeError, "dense"),
    "a rate beyond floats": (lambda: SGD(10**400), ValueError, "SGD"),
    "one_hot of nothing": (lambda: scratch.one_hot(LABELS[:0], 2), ValueError, "one_hot"),
    "one_hot of 2.0 classes": (lambda: scratch.one_hot(LABELS, 2.0), TypeError, "one_hot"),
    "one_hot of no classes": (lambda: scratch.one_hot(LABELS, 0), ValueError, "one_hot takes classes"),
    "minibatches of fewer than none": (
        lambda: scratch.minibatches(-1, 3, np.random.default_rng(0)), ValueError, "minibatches"),
    "minibatches of 2.5": (lambda: scratch.minibatches(2.5, 3, np.random.default_rng(0)), TypeError, "minibatches"),
    "no columns": (lambda: scratch.Softmax().forward(INPUTS[:, :0]), ValueError, "softmax"),
    "np.matrix": (lambda: scratch.Tanh().forward(INPUTS.view(np.matrix)), TypeError, "tanh"),
    "a masked array": (lambda: net().forward(np.ma.array(INPUTS, mask=INPUTS > 1)), TypeError, "dense1"),
    "logits for probabilities": (
        lambda: scratch.CrossEntropy().forward(np.array([[-3.0, 5.0]]), np.array([0])), ValueError, "probabilit"),
    "a door of unknown width": (lambda: net().forward(INPUTS[0]), ValueError, "dense1 takes inputs (N, 3)"),
    "a door of unknown precision": (
        lambda: Network({"dense1": Dense(3, 2, dtype="float32")}).forward(INPUTS.astype(int)), TypeError, "as float32"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "text"), TAUGHT.values(), ids=TAUGHT)
def test_what_numpy_would_say_worse(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    """Each of these is refused in scratch's own words, where NumPy or Python would say less or nothing."""
    assert text in refusal(error, call)


def test_an_optimizer_serves_one_network() -> None:
    """Velocities of another network are told, not broadcast."""
    rule, other = SGD(0.1, momentum=0.5), Network({"dense1": Dense(3, 5)}, SoftmaxCrossEntropy())
    next(steps(net(SoftmaxCrossEntropy()), rule, INPUTS, LABELS, 1))
    assert "each network needs an optimizer of its own" in refusal(
        ValueError, next, steps(other, rule, INPUTS, LABELS, 1)
    )


def test_a_network_has_one_dtype() -> None:
    """Layers of different dtype are refused when the network is made, with both names."""
    layers = {"dense1": Dense(3, 2), "dense2": Dense(2, 5, dtype="float32")}
    told = "dense2 computes in float32 but dense1 gives float64: give both the same dtype"
    assert refusal(TypeError, Network, layers) == told
