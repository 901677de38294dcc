"""More facts of data and velocities: the whole iris table, what is drawn and in which order, what may not be shared."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

import reference
import scratch
from parity_tests.helpers import refusal
from reference import transplant

TENTHS = [[2503, 1714, 731, 123], [2968, 1385, 2130, 663], [3294, 1487, 2776, 1013]]  # Fisher's sums, by species


def test_iris_sums_are_fishers() -> None:
    """Each species' four column sums, in tenths of a centimetre, are those of Fisher's table, in the slide's order."""
    inputs, labels = scratch.iris()
    tenths = np.rint(inputs * 10).astype(int)
    assert np.array_equal(tenths / 10, inputs)
    assert [tenths[labels == c].sum(axis=0).tolist() for c in range(3)] == TENTHS
    assert labels.tolist() == sorted(labels)


def test_iris_rows_35_and_38_are_fishers() -> None:
    """The two rows that the widespread UCI file has wrong are right here."""
    assert scratch.iris()[0][[34, 37]].tolist() == [[4.9, 3.1, 1.5, 0.2], [4.9, 3.6, 1.4, 0.1]]


def test_gaussian_draws_inputs_then_labels() -> None:
    """Inputs are the generator's next standard normals and labels its integers after them, bit for bit."""
    inputs, labels = scratch.gaussian(samples=101, features=3, classes=7, rng=np.random.default_rng(3))
    rng = np.random.default_rng(3)
    assert np.array_equal(inputs, rng.standard_normal((101, 3)))
    assert np.array_equal(labels, rng.integers(7, size=101))
    assert set(labels.tolist()) == set(range(7))


def test_minibatches_follow_the_generator() -> None:
    """The order is the generator's permutation: shuffled, the same for the same seed, another the next epoch."""
    rng = np.random.default_rng(1)
    first, second = (np.concatenate(scratch.minibatches(101, 7, rng)) for _ in range(2))
    assert np.array_equal(first, np.random.default_rng(1).permutation(101))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, np.arange(101))


def test_one_hot_is_float64() -> None:
    """One-hot rows can be the targets of a float64 network."""
    assert scratch.one_hot(np.array([2, 0]), 4).dtype == np.float64


def test_no_generator_means_fresh_numbers() -> None:
    """Two layers made without a generator start apart."""
    assert not np.array_equal(scratch.Dense(3, 7).weights, scratch.Dense(3, 7).weights)


@pytest.mark.parametrize(("call", "setting"), [
    (lambda value, rng: scratch.spiral(value, 2, rng), "spiral takes samples"),
    (lambda value, rng: scratch.spiral(3, value, rng), "spiral takes classes"),
    (lambda value, rng: scratch.gaussian(value, 3, 2, rng), "gaussian takes samples"),
    (lambda value, rng: scratch.gaussian(5, value, 2, rng), "gaussian takes features"),
    (lambda value, rng: scratch.gaussian(5, 3, value, rng), "gaussian takes classes"),
    (lambda value, rng: scratch.minibatches(value, 3, rng), "minibatches takes samples"),
    (lambda value, rng: scratch.minibatches(5, value, rng), "minibatches takes batch_size"),
])  # fmt: skip
def test_counts_of_data_are_counts(call: Callable[..., object], setting: str) -> None:
    """Nothing, less than nothing, True and 2.0 are no counts of data."""
    rng = np.random.default_rng(0)
    for value in (0, -1):
        assert refusal(ValueError, call, value, rng) == f"{setting} of at least 1 but got {value}"
    name, what = setting.split(" takes ")
    for value in (True, 2.0):
        assert refusal(TypeError, call, value, rng) == f"{name} takes a whole number as {what} but got {value}"


def test_a_row_with_a_one_and_more_is_soft() -> None:
    """A row that holds one 1 and something else beside it is no one-hot row."""
    outputs, labels = np.random.default_rng(0).standard_normal((2, 3)), np.array([[0, 1.0, 0], [1.0, 0.5, 0]])
    told = refusal(ValueError, scratch.SoftmaxCrossEntropy().forward, outputs, labels)
    assert "got [1.  0.5 0. ] at sample 1: soft labels" in told


def test_labels_and_dvalues_are_plain_arrays() -> None:
    """A masked array is refused where labels, targets and gradients come in."""
    layer, inputs = scratch.ReLU(), np.random.default_rng(0).standard_normal((5, 3))
    layer.forward(inputs)
    masked = np.ma.array(inputs, mask=inputs > 0)
    assert "dvalues as a NumPy array but got MaskedArray" in refusal(TypeError, layer.backward, masked)
    assert "targets as a NumPy array" in refusal(TypeError, scratch.MeanSquaredError().forward, inputs, masked)


def momentum() -> tuple[reference.Network, reference.SGD, dict[str, np.ndarray]]:
    """A torch network, its momentum optimizer, and velocities in scratch's layout."""
    net, rng = reference.Network({"dense1": reference.Dense(3, 5)}), np.random.default_rng(2)
    velocities = {"dense1.weights": rng.standard_normal((3, 5)), "dense1.biases": rng.standard_normal((1, 5))}
    return net, reference.SGD(0.1, momentum=0.5), velocities


def test_velocities_share_no_memory() -> None:
    """Changing velocities after loading, or those that were read, changes nothing in torch."""
    net, rule, velocities = momentum()
    transplant.load_velocities(rule, net, velocities)
    kept = {name: array.copy() for name, array in velocities.items()}
    back = transplant.read_velocities(rule, net)
    live = [state["velocity"].numpy() for state in rule.attach(net).state.values()]
    assert not any(np.shares_memory(a, b) for a in live for b in (*velocities.values(), *back.values()))
    for array in (*velocities.values(), *back.values()):
        array += 1
    again = transplant.read_velocities(rule, net)
    assert all(np.array_equal(again[name], kept[name]) for name in kept)


def test_velocities_that_do_not_fit_are_refused_whole() -> None:
    """A missing or mis-typed velocity is called a velocity, and nothing has been written when it is told."""
    net, rule, velocities = momentum()
    del velocities["dense1.biases"]
    assert refusal(ValueError, transplant.load_velocities, rule, net, velocities) == (
        "transplant: velocity dense1.biases is missing; wanted dense1.weights, dense1.biases"
    )
    velocities["dense1.biases"] = np.ones((1, 5), np.float32)
    assert refusal(TypeError, transplant.load_velocities, rule, net, velocities) == (
        "transplant: velocity dense1.biases takes float64 but got float32"
    )
    assert transplant.read_velocities(rule, net) == {}


def test_a_shared_tensor_would_be_seen() -> None:
    """Negative control: torch.from_numpy does share, and np.shares_memory says so."""
    array = np.ones((3, 5))
    assert np.shares_memory(torch.from_numpy(array.T).numpy(), array)


@pytest.mark.parametrize(("what", "came"), [
    ("biases", np.zeros((7, 1))), ("biases", np.zeros(5)), ("biases", np.zeros((1, 5), np.float32)),
    ("weights", np.zeros((5, 3))), ("weights", np.zeros((3, 5), int)), ("weights", [[0.0]]),
])  # fmt: skip
def test_parameters_that_a_user_set_are_checked(what: str, came: object) -> None:
    """Weights or biases of another shape, dtype or kind are refused at the next forward, not broadcast."""
    layer = scratch.Dense(3, 5)
    setattr(layer, what, came)
    error = ValueError if getattr(came, "dtype", None) == np.float64 else TypeError
    assert refusal(error, layer.forward, np.ones((7, 3))).startswith(f"dense takes {what} ")


@pytest.mark.parametrize("loss", [scratch.ReLU(), scratch.Dense(2, 2), scratch.SoftmaxCrossEntropy, "mse"])
def test_what_is_no_loss_is_refused(loss: object) -> None:
    """A layer, a class or a word in the place of the loss is told when the network is made."""
    told = refusal(TypeError, scratch.Network, {"dense1": scratch.Dense(2, 2)}, loss)
    assert told.startswith("a network takes a loss object as loss but got ")


def test_a_torch_optimizer_serves_one_network() -> None:
    """The reference's optimizer refuses a network whose parameters it does not hold."""
    net, rule, _ = momentum()
    rule.attach(net)
    assert "another network" in refusal(ValueError, rule.attach, momentum()[0])
