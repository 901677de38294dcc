"""Errors that teach, about arrays: each names the layer, what came, what was wanted and what probably happened."""

import numpy as np
import pytest

import scratch
from parity_tests.helpers import refusal

Array = np.ndarray
RNG = np.random.default_rng(0)
SAMPLES = RNG.standard_normal((5, 3))
LABELS = np.array([0, 1, 1, 0, 1])


def network(dtype: str = "float64") -> scratch.Network:
    """Three features, seven neurons, two classes."""
    layers = {
        "dense1": scratch.Dense(3, 7, dtype=dtype, rng=np.random.default_rng(1)),
        "relu1": scratch.ReLU(),
        "dense2": scratch.Dense(7, 2, dtype=dtype, rng=np.random.default_rng(2)),
    }
    return scratch.Network(layers, loss=scratch.SoftmaxCrossEntropy())


def test_the_spiral_given_to_the_second_layer() -> None:
    """The lecture's own mistake, the inputs passed on instead of the activation's output, is guessed."""
    net = scratch.Network({"dense1": scratch.Dense(2, 64), "relu1": scratch.ReLU(), "dense2": scratch.Dense(64, 5)})
    assert refusal(ValueError, net.layers["dense2"].forward, np.zeros((1500, 2))) == (
        "dense2 takes inputs (N, 64) but got (1500, 2): was an activation's input passed instead of its output?"
    )


REFUSED = {
    "3 axes": (SAMPLES.reshape(5, 3, 1), ValueError,
               "but got (5, 3, 1): 3 axes came and 2 are wanted; use inputs.reshape(5, -1)"),
    "4 axes": (np.zeros((2, 3, 5, 7)), ValueError,
               "but got (2, 3, 5, 7): 4 axes came and 2 are wanted; use inputs.reshape(2, -1)"),
    "1 axis": (SAMPLES[0], ValueError,
               "but got (3,): for one sample use inputs.reshape(1, -1), for one feature inputs.reshape(-1, 1)"),
    "no axis": (np.array(3.0), ValueError,
                "but got (): a single number came; two axes are wanted, samples and features"),
    "list": (SAMPLES.tolist(), TypeError, "as a NumPy array but got list: use np.asarray"),
    "none": (None, TypeError, "as a NumPy array but got NoneType: use np.asarray"),
    "empty": (SAMPLES[:0], ValueError, "with at least one sample but got (0, 3): the batch is empty"),
    "integers": (SAMPLES.astype(int), TypeError,
                 "but got int64: gradients need float32 or float64; use inputs.astype(np.float64)"),
    "float16": (SAMPLES.astype(np.float16), TypeError,
                "but got float16: gradients need float32 or float64; use inputs.astype(np.float64)"),
    "objects": (SAMPLES.astype(object), TypeError,
                "but got object: gradients need float32 or float64; use inputs.astype(np.float64)"),
    "bool": (SAMPLES > 0, TypeError, "but got bool: gradients need float32 or float64; use inputs.astype(np.float64)"),
    "complex": (SAMPLES.astype(complex), TypeError, "but got complex128: gradients need float32 or float64"),
    "text": (SAMPLES.astype(str), TypeError, "but got <U32: gradients need float32 or float64"),
    "other byte order": (SAMPLES.astype(">f8"), TypeError, "but got >f8: gradients need float32 or float64"),
}  # fmt: skip


@pytest.mark.parametrize(("inputs", "error", "text"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("layer", ["network", "Dense", "ReLU", "Sigmoid", "Tanh", "Softmax"])
def test_what_is_no_matrix_of_floats(layer: str, inputs: object, error: type[Exception], text: str) -> None:
    """Every layer and the network's door refuse what is no (N, D) array of float32 or float64, by name."""
    made = {"network": network, "Dense": lambda: scratch.Dense(3, 7)}
    taker = made.get(layer, getattr(scratch, layer, None))()
    told = refusal(error, taker.forward, inputs)
    assert told.startswith("dense1 takes inputs" if layer == "network" else f"{layer.lower()} takes inputs")
    assert text in told


def test_a_transposed_batch_is_recognised() -> None:
    """A batch whose axes are swapped is not transposed silently: the message says how."""
    assert refusal(ValueError, network().forward, SAMPLES.T.copy()) == (
        "dense1 takes inputs (N, 3) but got (3, 5): samples are rows and features are columns; "
        "was it transposed? Use inputs.T"
    )


def test_float32_into_float64_and_back() -> None:
    """A mix of the two precisions is an error in both directions, named with the conversion that is wanted."""
    for came, wanted in (("float32", "float64"), ("float64", "float32")):
        assert refusal(TypeError, network(wanted).layers["dense1"].forward, SAMPLES.astype(came)) == (
            f"dense1 takes inputs as {wanted} but got {came}: a mix would be computed in float64 on one path "
            f"and in float32 on another; use inputs.astype(np.{wanted})"
        )
    assert network("float32").forward(SAMPLES.astype("float32")).dtype == np.float32


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_stop_at_the_door(poison: float) -> None:
    """A network refuses what is not finite and says where the first such entry is; a lone Dense lets NaN through."""
    inputs = SAMPLES.copy()
    inputs[3, 2] = inputs[4, 0] = poison
    net = network()
    assert refusal(ValueError, net.forward, inputs) == (
        f"dense1 takes finite inputs but got {poison} at [3, 2]: every later number would be NaN; "
        f"look at the data, or lower the learning rate"
    )
    if np.isnan(poison):
        assert np.isnan(net.layers["dense1"].forward(inputs)).any(axis=1).tolist() == [False] * 3 + [True] * 2


@pytest.mark.parametrize("kind", ["Dense", "ReLU", "Sigmoid", "Tanh", "Softmax"])
def test_dvalues_are_checked(kind: str) -> None:
    """A gradient of another shape, dtype or type is refused by the layer's name, and dinputs is left as it was."""
    layer, name = (scratch.Dense(3, 3) if kind == "Dense" else getattr(scratch, kind)()), kind.lower()
    dvalues = np.random.default_rng(4).standard_normal((5, 3))
    assert refusal(RuntimeError, layer.backward, dvalues) == (
        f"{name}: backward was called before forward, so there are no inputs to go back to"
    )
    layer.forward(SAMPLES)
    before = layer.backward(dvalues).copy()
    assert refusal(ValueError, layer.backward, dvalues[:4]) == (
        f"{name} takes dvalues (5, 3), the shape of its last output, but got (4, 3): "
        f"was forward called with another batch, or the gradient of another layer passed?"
    )
    assert "dvalues as float64 but got float32" in refusal(TypeError, layer.backward, dvalues.astype(np.float32))
    assert "dvalues as float64 but got int64" in refusal(TypeError, layer.backward, dvalues.astype(int))
    assert "dvalues as a NumPy array but got list" in refusal(TypeError, layer.backward, dvalues.tolist())
    assert np.array_equal(layer.dinputs, before)


@pytest.mark.parametrize("inputs", [case[0] for case in REFUSED.values()], ids=REFUSED)
@pytest.mark.parametrize("kind", ["Dense", "ReLU", "Sigmoid", "Tanh", "Softmax"])
def test_a_refused_batch_leaves_nothing_behind(kind: str, inputs: object) -> None:
    """After a refusal backward still goes back to the last good batch: the same gradient, bit for bit."""
    layer = scratch.Dense(3, 3) if kind == "Dense" else getattr(scratch, kind)()
    layer.forward(SAMPLES)
    dvalues = np.random.default_rng(4).standard_normal((5, 3))
    before = layer.backward(dvalues).copy()
    with pytest.raises((TypeError, ValueError), match=kind.lower()):
        layer.forward(inputs)
    assert np.array_equal(layer.backward(dvalues), before)


def test_training_stops_before_the_parameters_move() -> None:
    """A batch that the loss refuses moves no parameter and counts no update."""
    net, rule = network(), scratch.SGD(0.1, momentum=0.5)
    before = {name: parameter.copy() for name, parameter in net.parameters().items()}
    refusal(ValueError, list, scratch.steps(net, rule, SAMPLES, LABELS + 5, 1))
    assert all(np.array_equal(parameter, before[name]) for name, parameter in net.parameters().items())
    assert (rule.iterations, rule.velocities) == (0, {})


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["Sigmoid", "Softmax"])
def test_exponentials_never_overflow(kind: str, dtype: str) -> None:
    """Sigmoid and Softmax give finite answers and gradients at the largest and smallest floats there are."""
    info = np.finfo(dtype)
    ends = [info.max, -info.max, 1.0, -1.0, 0.0, -0.0, info.smallest_subnormal, 800.0, -800.0, info.max / 2]
    inputs = np.array([np.roll(ends, shift)[:7] for shift in range(10)], dtype=dtype)
    layer = getattr(scratch, kind)()
    with np.errstate(all="raise", under="ignore"):
        output = layer.forward(inputs)
        dinputs = layer.backward(np.random.default_rng(0).standard_normal((10, 7)).astype(dtype))
    assert (output >= 0).all()
    assert (output <= 1).all()
    assert np.isfinite(dinputs).all()
    assert output.dtype == dinputs.dtype == dtype


def test_the_naive_sigmoid_overflows() -> None:
    """Negative control: 1 / (1 + exp(-x)) as on the slide does overflow at inputs that Sigmoid takes."""
    with np.errstate(all="raise", under="ignore"):
        refusal(FloatingPointError, lambda x: 1 / (1 + np.exp(-x)), np.array([[-800.0]]))
