"""Settings that are refused, networks that cannot be, and inputs so large that naive code would overflow."""

import numpy as np
import pytest

import scratch
from parity_tests.helpers import refusal

COUNTS = [(0, ValueError, "of at least 1 but got 0"), (-3, ValueError, "of at least 1 but got -3"),
          (2.0, TypeError, "but got 2.0"), (True, TypeError, "but got True"),
          ("2", TypeError, "but got '2'")]  # fmt: skip


@pytest.mark.parametrize(("count", "error", "text"), COUNTS)
def test_sizes_are_whole_numbers(count: int, error: type[Exception], text: str) -> None:
    """A layer's sizes are counts of at least 1; True is not one."""
    assert refusal(error, scratch.Dense, count, 3).endswith(text)
    assert refusal(error, scratch.Dense, 3, count).startswith("dense takes ")


RATES = {
    "negative rate": ({"learning_rate": -0.1}, "SGD takes learning_rate finite and at least 0 but got -0.1"),
    "infinite decay": ({"learning_rate": 1, "decay": np.inf}, "SGD takes decay finite and at least 0 but got inf"),
    "NaN decay": ({"learning_rate": 1, "decay": np.nan}, "SGD takes decay finite and at least 0 but got nan"),
    "momentum of 1": ({"learning_rate": 1, "momentum": 1}, "SGD takes momentum at least 0 and below 1 but got 1"),
}


@pytest.mark.parametrize("what", RATES)
def test_rates_are_in_their_range(what: str) -> None:
    """Rates and decay are finite and not negative, momentum is below 1."""
    settings, text = RATES[what]
    assert refusal(ValueError, scratch.SGD, **settings) == text


def test_penalties_are_strengths() -> None:
    """A negative or worded penalty is refused by name."""
    assert refusal(ValueError, scratch.Dense, 2, 3, weight_l2=-1e-3).startswith("dense takes weight_l2 finite and at")
    assert refusal(TypeError, scratch.Dense, 2, 3, bias_l1="some") == "dense takes a number as bias_l1 but got 'some'"


@pytest.mark.parametrize("dtype", [np.float16, np.int64, object, np.longdouble])
def test_a_layer_computes_in_float32_or_float64(dtype: type) -> None:
    """Any other dtype of parameters is refused, with the reason."""
    message = refusal(TypeError, scratch.Dense, 2, 3, dtype=dtype)
    assert message.startswith(f"dense computes in float32 or float64 but got dtype {np.dtype(dtype)}: ")


def test_networks_that_cannot_be() -> None:
    """No layer, a chain that does not fit, and one object in two places are refused."""
    assert refusal(ValueError, scratch.Network, {}) == "a network needs at least one layer but got none"
    chain = {"dense1": scratch.Dense(2, 64), "relu1": scratch.ReLU(), "dense2": scratch.Dense(32, 5)}
    assert refusal(ValueError, scratch.Network, chain) == (
        "dense2 takes 32 inputs but dense1 gives 64: make it Dense(64, 5)"
    )
    relu = scratch.ReLU()
    assert refusal(ValueError, scratch.Network, {"a": relu, "b": relu}).startswith("a layer object stands twice")


def test_training_needs_a_loss_and_as_many_labels() -> None:
    """Steps without a loss, with too few labels or with a fraction of an epoch are refused before anything runs."""
    bare = scratch.Network({"dense1": scratch.Dense(2, 3)})
    full = scratch.Network({"dense1": scratch.Dense(2, 3)}, scratch.SoftmaxCrossEntropy())
    inputs, labels, sgd = np.ones((4, 2)), np.zeros(4, int), scratch.SGD(0.1)
    assert refusal(ValueError, scratch.train, bare, sgd, inputs, labels, 1) == (
        "this network has no loss to train on: give Network a loss"
    )
    assert refusal(ValueError, scratch.train, full, sgd, inputs, labels[:3], 1) == (
        "steps takes one label per sample but got 4 inputs and 3 labels"
    )
    assert refusal(TypeError, scratch.train, full, sgd, inputs, labels, 1.5) == (
        "steps takes a whole number as epochs but got 1.5"
    )


def test_cross_entropy_says_where_its_gradient_is_infinite() -> None:
    """At a probability of 0 the gradient -1/p is infinite: an error that names the sample and the way out."""
    loss = scratch.CrossEntropy()
    loss.forward(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1]))
    assert refusal(FloatingPointError, loss.backward) == (
        "cross-entropy: the probability of sample 1's label underflowed to 0.0, so its gradient -1/p is infinite; "
        "end the network without Softmax and use SoftmaxCrossEntropy instead"
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", [scratch.Sigmoid, scratch.Softmax])
def test_nothing_finite_overflows(layer: type[scratch.Softmax], dtype: type) -> None:
    """The largest floats of either sign give finite answers, and no warning."""
    top = np.finfo(dtype).max
    inputs = np.array([[top, -top, 0], [-top, -top, -top], [1000, -1000, 88.8], [-5e-324, 0, 710]], dtype=dtype)
    output = layer().forward(inputs)
    assert np.isfinite(output).all()
    assert ((output >= 0) & (output <= 1)).all()
