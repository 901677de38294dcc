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
    assert refusal(ValueError, Network, layers) == (
        "dense2 takes 32 inputs but dense1 gives 64: make it Dense(64, 5)"
    )


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
