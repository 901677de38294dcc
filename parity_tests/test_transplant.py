"""Weights carried across: there and back to the last bit, refused when they do not fit, sharing no memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import reference
import scratch
from parity_tests.helpers import refusal
from reference import transplant
from reference.network import available
from reports import CASES, traces

Array = np.ndarray


def pair() -> tuple[scratch.Network, reference.Network, dict[str, Array]]:
    """Both sides of one network, and random parameters with biases that are not zero."""
    rng = np.random.default_rng(7)
    ours = scratch.Network({"dense1": scratch.Dense(3, 5), "relu1": scratch.ReLU(), "dense2": scratch.Dense(5, 2)})
    theirs = reference.Network(
        {"dense1": reference.Dense(3, 5), "relu1": reference.ReLU(), "dense2": reference.Dense(5, 2)}
    )
    return ours, theirs, {name: rng.standard_normal(array.shape) for name, array in ours.parameters().items()}


def test_there_and_back_is_bit_equal() -> None:
    """What was loaded is read again, name for name and bit for bit, in scratch's layout."""
    _, theirs, parameters = pair()
    transplant.load(theirs, parameters)
    back = transplant.read(theirs)
    assert list(back) == list(parameters)
    assert all(back[name].tobytes() == parameters[name].tobytes() for name in parameters)
    assert torch.equal(theirs.layers["dense1"].weight, torch.tensor(parameters["dense1.weights"].T))


REFUSED = {
    "missing": (lambda p: p.pop("dense2.biases"), ValueError, "transplant: parameter dense2.biases is missing; wanted "
                "dense1.weights, dense1.biases, dense2.weights, dense2.biases"),
    "extra": (lambda p: p.update({"dense3.weights": p["dense1.weights"]}), ValueError,
              "transplant: parameter dense3.weights has no place in the torch network; wanted dense1.weights, "
              "dense1.biases, dense2.weights, dense2.biases"),
    "transposed": (lambda p: p.update({"dense2.weights": p["dense2.weights"].T}), ValueError,
                   "transplant: parameter dense2.weights takes shape (5, 2) but got (2, 5); transplant transposes by "
                   "itself, pass the lecture's layout"),
    "flat biases": (lambda p: p.update({"dense2.biases": p["dense2.biases"].ravel()}), ValueError,
                    "transplant: parameter dense2.biases takes shape (1, 2) but got (2,)"),
    "mis-typed": (lambda p: p.update({"dense2.weights": p["dense2.weights"].astype(np.float32)}), TypeError,
                  "transplant: parameter dense2.weights takes float64 but got float32"),
    "a list": (lambda p: p.update({"dense2.weights": p["dense2.weights"].tolist()}), TypeError,
               "transplant: parameter dense2.weights takes a NumPy array (5, 2) but got list"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_what_does_not_fit_is_refused_whole(fault: str) -> None:
    """Each misfit has its message, and nothing has been written when it comes."""
    _, theirs, parameters = pair()
    before = transplant.read(theirs)
    spoil, error, text = REFUSED[fault]
    spoil(parameters)
    assert refusal(error, transplant.load, theirs, parameters) == text
    assert all(np.array_equal(before[name], after) for name, after in transplant.read(theirs).items())


def test_no_memory_is_shared_either_way() -> None:
    """Changing one side's array after the transplant changes nothing on the other side."""
    _, theirs, parameters = pair()
    transplant.load(theirs, parameters)
    kept = {name: array.copy() for name, array in parameters.items()}
    back = transplant.read(theirs)
    for array in (*parameters.values(), *back.values()):
        assert array.flags.owndata
        array += 1
    again = transplant.read(theirs)
    assert all(np.array_equal(again[name], kept[name]) for name in kept)
    live = theirs.layers["dense1"].weight.detach().numpy()
    assert not any(np.shares_memory(live, array) for array in (*parameters.values(), *back.values()))


def test_velocities_go_there_and_back() -> None:
    """Velocities have the layout of their parameters, and none at all is the state before the first update."""
    _, theirs, velocities = pair()
    rule = reference.SGD(0.1, momentum=0.5)
    transplant.load_velocities(rule, theirs, {})
    assert transplant.read_velocities(rule, theirs) == {}
    transplant.load_velocities(rule, theirs, velocities)
    back = transplant.read_velocities(rule, theirs)
    assert all(back[name].tobytes() == velocities[name].tobytes() for name in velocities)


def test_velocities_without_momentum_are_refused() -> None:
    """Plain SGD has no velocity to load."""
    _, theirs, velocities = pair()
    message = refusal(ValueError, transplant.load_velocities, reference.SGD(0.1), theirs, velocities)
    assert message.startswith("SGD without momentum has no velocities but got dense1.weights")


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_a_device_that_is_not_there_is_named(device: str) -> None:
    """A missing device is told, with the ones that are there."""
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has an accelerator, so there is no missing device to refuse")
    message = refusal(RuntimeError, reference.Network, {"d": reference.Dense(2, 3)}, device=device)
    assert message == f"device {device!r} is not available to torch {torch.__version__} here; there is: cpu"


def test_an_unknown_device_is_refused() -> None:
    """A word that is no device is refused with those that are."""
    assert refusal(RuntimeError, available, "gpu") == "reference runs on cpu, cuda or mps but got device 'gpu'"


def test_whatever_leaves_the_reference_owns_its_memory() -> None:
    """Every value and gradient of a step is an array of its own: none is a view of a tensor."""
    case = replace(CASES["square"], epochs=1)
    data = traces.load(case)
    pause = traces.Pause(0, 0, data.inputs, data.labels, data.parameters, {}, {})
    trace = traces.reference_trace(case, pause, traces.planted(reference, case, data.parameters))
    assert {"forward/relu1", "backward/relu1", "backward/dense1", "gradient/dense1.weights"} <= set(trace)
    assert all(array.flags.owndata for array in trace.values())
