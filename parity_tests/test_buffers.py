"""Buffers: scratch fills the same arrays step after step, makes others for another batch, and shares none."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import scratch
from reports import CASES, traces
from reports.cases import Case

Array = np.ndarray
TRAINED = ["ann2", "deep", "one-hot", "penalties", "mean-squared-error", "mean-absolute-error"]


def owned(network: scratch.Network, rule: scratch.SGD) -> dict[str, Array]:
    """Every array that a network's parts and its optimizer have made, by name, with the private ones."""
    parts = {**network.layers, "loss": network.loss, "rule": rule}
    if hasattr(network.loss, "softmax"):
        parts["softmax"] = network.loss.softmax
    found = {}
    for part, owner in parts.items():
        for name, value in vars(owner).items():
            inside = value.items() if isinstance(value, dict) else [("", value)]
            found |= {f"{part}.{name}{key}": array for key, array in inside if isinstance(array, np.ndarray)}
    given = {"inputs", "labels"}  # belong to whoever gave them; softmax's output is the loss's
    return {name: a for name, a in found.items() if name.split(".")[1] not in given and name not in {"softmax.output"}}


def prepared(case: Case) -> tuple[traces.Data, scratch.Network, scratch.SGD]:
    """A case's data, network and optimizer."""
    data = traces.load(case)
    return data, traces.planted(scratch, case, data.parameters), traces.optimizer(scratch, case)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TRAINED)
def test_arrays_are_used_again(name: str, dtype: str) -> None:
    """From the second step on, layers, loss and optimizer hold the very arrays of the first; no two share memory."""
    case = replace(CASES[name], epochs=3, dtype=dtype)
    data, network, rule = prepared(case)
    steps = scratch.steps(network, rule, data.inputs, data.labels, case.epochs)
    next(steps)
    first = owned(network, rule)
    for _ in steps:
        now = owned(network, rule)
        assert now.keys() == first.keys()
        large = {key for key, array in now.items() if array.size > len(data.inputs)}
        assert large
        assert all(now[key] is first[key] for key in large)
        assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(now.values(), 2))
        assert not any(np.shares_memory(a, given) for a in now.values() for given in (data.inputs, data.labels))


def test_another_batch_gets_arrays_of_its_own() -> None:
    """A smaller batch is computed in new arrays, and what was kept of the larger one stays as it was."""
    data, network, _ = prepared(CASES["deep"])
    output = network.forward(data.inputs)
    kept = output.copy()
    assert network.forward(data.inputs) is output
    smaller = network.forward(data.inputs[:5])
    assert smaller.shape == (5, 7)
    assert not np.shares_memory(smaller, output)
    assert np.array_equal(output, kept)


def test_another_dtype_gets_arrays_of_its_own() -> None:
    """An activation that has seen float64 answers float32 in float32."""
    layer = scratch.Tanh()
    inputs = np.random.default_rng(0).standard_normal((3, 4))
    assert layer.forward(inputs).dtype == np.float64
    assert layer.forward(inputs.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("kind", ["Dense", "ReLU", "Sigmoid", "Tanh", "Softmax"])
def test_what_was_given_is_never_written_to(kind: str) -> None:
    """A layer that is given its own last output, or its own last gradient, leaves it as it was."""
    layer = scratch.Dense(4, 4, rng=np.random.default_rng(1)) if kind == "Dense" else getattr(scratch, kind)()
    given = layer.forward(np.random.default_rng(0).standard_normal((4, 4)))
    before = given.copy()
    output = layer.forward(given)
    assert np.array_equal(given, before)
    assert not np.shares_memory(output, given)
    dvalues = layer.backward(given)
    before = dvalues.copy()
    assert not np.shares_memory(layer.backward(dvalues), dvalues)
    assert np.array_equal(dvalues, before)


def test_a_prediction_between_steps_changes_no_training() -> None:
    """Asking the network about other points between two steps leaves every loss as it was."""
    case = replace(CASES["iris"], epochs=5)
    losses = []
    for asked in (False, True):
        data, network, rule = prepared(case)
        losses.append([])
        for step in scratch.steps(network, rule, data.inputs, data.labels, case.epochs):
            losses[-1].append(step.loss)
            if asked:
                network.forward(data.inputs[::2])
    assert losses[0] == losses[1]


@pytest.mark.parametrize("name", ["forward", "backward"])
def test_a_fault_that_keeps_a_view_would_be_seen(name: str) -> None:
    """The control: an array that is kept without a copy is overwritten by the next step of the same size."""
    data, network, rule = prepared(replace(CASES["deep"], epochs=2))
    steps = scratch.steps(network, rule, data.inputs, data.labels, 2)
    next(steps)
    layer = network.layers["dense1"]
    view = layer.output if name == "forward" else layer.dweights
    kept = view.copy()
    next(steps)
    assert not np.array_equal(view, kept)
