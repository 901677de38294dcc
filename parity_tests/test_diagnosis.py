"""The diagnosis: a fault is called by its name, two at once by both, and what is not known is called unknown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import scratch
from reports import compare
from reports.diagnosis.causes import CAUSES
from reports.diagnosis.place import compatible
from reports.faults.nets import NETS

Array = np.ndarray


def diagnoses(net: str) -> list[dict[str, Any]]:
    """What four epochs of a small net look like to the diagnosis."""
    return compare(replace(NETS[net], epochs=4)).attrs["diagnoses"]


def after(change: Callable[..., None], owner: type, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `change(self)` spoil what a method has just computed."""
    right = getattr(owner, method)

    def spoilt(self: Any, *arguments: Any) -> Any:
        result = right(self, *arguments)
        change(self)
        return getattr(self, "dinputs", result)

    monkeypatch.setattr(owner, method, spoilt)


def averaged_biases(layer: scratch.Dense) -> None:
    """The bias gradient averaged over the samples."""
    layer.dbiases = layer.dbiases / len(layer.inputs)


def test_right_networks_have_no_diagnosis() -> None:
    """Where all rows pass, nothing is said to be wrong."""
    assert diagnoses("relu") == []


def test_a_fault_is_named_with_its_evidence_and_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """An averaged bias gradient is called so, with the ratio, the batch size and what to write instead."""
    after(averaged_biases, scratch.Dense, "backward", monkeypatch)
    (one,) = diagnoses("relu")
    assert one["causes"] == ["L5"]
    assert one["rows"] == [f"gradient/dense{k}.biases" for k in (3, 2, 1)]
    assert one["says"].startswith("gradient/dense3.biases and 2 more rows is 0.02703 times what its own inputs give")
    assert one["says"].endswith("Sum it: np.sum(dvalues, axis=0, keepdims=True).")
    assert one["residual"] <= 1 < 1e6 < one["runner_up_residual"]


def test_two_faults_in_one_row_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An average with its sign turned is neither cause alone, and is found as the two together."""

    def change(layer: scratch.Dense) -> None:
        averaged_biases(layer)
        layer.dbiases = -layer.dbiases

    after(change, scratch.Dense, "backward", monkeypatch)
    assert sorted(one["causes"][0] for one in diagnoses("relu")) == ["L20", "L5"]


def test_two_faults_in_two_rows_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing derivative does not hide the averaged biases further up."""
    after(averaged_biases, scratch.Dense, "backward", monkeypatch)
    monkeypatch.setattr(scratch.Tanh, "backward", lambda self, dvalues: _handed_on(self, dvalues))
    assert {one["causes"][0] for one in diagnoses("smooth")} == {"A10", "L5"}


def _handed_on(layer: Any, dvalues: Array) -> Array:
    """A backward without a derivative."""
    layer.dinputs = dvalues.copy()
    return layer.dinputs


def test_what_no_cause_explains_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient times the sine of itself is no known cause: no name is guessed, and the facts are told."""

    def change(layer: scratch.Dense) -> None:
        layer.dweights = layer.dweights * np.sin(layer.dweights)

    after(change, scratch.Dense, "backward", monkeypatch)
    found = diagnoses("relu")
    assert all(one["causes"] == [] for one in found)
    assert found[0]["says"] == "gradient/dense3.weights: unknown; 33 of 33 elements differ"


def test_an_unknown_factor_is_fitted_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A factor of 1 + 1e-11 fits no cause, and is told as the number that it is."""

    def change(layer: scratch.Dense) -> None:
        layer.dweights *= 1 + 1e-11

    after(change, scratch.Dense, "backward", monkeypatch)
    (one,) = diagnoses("relu")
    assert (one["causes"], "off by a constant factor, 1 +1e-11" in one["says"]) == (["L32"], True)


def test_a_hidden_weight_decay_is_found_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """2e-9 * w added to a gradient is told as a penalty that the loss does not have."""

    def change(layer: scratch.Dense) -> None:
        layer.dweights = layer.dweights + 2e-9 * layer.weights

    after(change, scratch.Dense, "backward", monkeypatch)
    (one,) = diagnoses("relu")
    assert one["causes"] == ["S26"]
    assert "2e-09 * w is added" in one["says"]


def test_what_happens_once_is_told_with_its_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """A velocity that is lost at one update alone is named with that update."""
    right = scratch.SGD.update

    def forgetful(self: scratch.SGD, network: scratch.Network) -> None:
        if self.iterations == 2:
            self.velocities = {}
        right(self, network)

    monkeypatch.setattr(scratch.SGD, "update", forgetful)
    (one,) = diagnoses("relu")
    assert one["causes"] == ["O24"]
    assert ", at update 2 alone" in one["says"]


def test_a_crash_does_not_hide_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bias gradient that was never summed breaks the update, and is named from what was computed until then."""

    def unsummed(self: scratch.Dense, dvalues: Array) -> Array:
        self.dweights, self.dbiases = self.inputs.T @ dvalues, dvalues
        self.dinputs = dvalues @ self.weights.T
        return self.dinputs

    monkeypatch.setattr(scratch.Dense, "backward", unsummed)
    (one,) = diagnoses("relu")
    assert one["causes"] == ["L8"]
    assert one["says"].startswith("gradient/dense3.biases and 2 more rows is of shape (37, 3) where (1, 3) is wanted")


def test_equals_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """N times a mean of squares' gradient may miss the N or hold D for it: both are told."""

    def change(loss: scratch.MeanSquaredError) -> None:
        loss.dinputs = loss.dinputs * len(loss.dinputs)

    after(change, scratch.MeanSquaredError, "backward", monkeypatch)
    (one,) = diagnoses("regression")
    assert set(one["causes"]) == {"L1", "S20"}
    assert "or, which gives the same numbers here" in one["says"]


def test_the_step_that_tells_two_causes_apart_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """At update 1 a rate without decay is also one whose count lags; update 2 speaks against that, and is named."""
    monkeypatch.setattr(scratch.SGD, "update", _decay_ignored)
    (one,) = diagnoses("relu")
    assert one["causes"] == ["O28"]
    assert one["says"].endswith("(O6 fits at update 1 as well, but not at update 2.)")


def _decay_ignored(rule: scratch.SGD, network: scratch.Network) -> None:
    """SGD.update at a rate that does not decay."""
    rule.current_learning_rate = rule.learning_rate
    gradients = network.gradients()
    for name, parameter in network.parameters().items():
        velocity = rule.velocities.setdefault(name, np.zeros_like(parameter))
        velocity *= rule.momentum
        velocity -= rule.current_learning_rate * gradients[name]
        parameter += velocity
    rule.iterations += 1


def test_an_edited_argument_is_a_row_and_a_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ReLU that masks the gradient it was given spoils the layer above, and says so."""

    def in_place(self: scratch.ReLU, dvalues: Array) -> Array:
        dvalues[self.inputs <= 0] = 0
        self.dinputs = dvalues
        return dvalues

    monkeypatch.setattr(scratch.ReLU, "backward", in_place)
    (one,) = diagnoses("relu")
    assert one["causes"] == ["L22"]
    assert one["says"].startswith("relu2.backward edits dense3.dinputs; relu1.backward edits dense2.dinputs")


def test_a_cause_does_one_thing_and_says_what() -> None:
    """Each cause changes reads, formula or result (or has a term to fit), and has words and a mend."""
    for cause in CAUSES:
        ways = [cause.reads, cause.formula, cause.result, cause.direction]
        fitted_alone = cause.direction is not None and cause.formula is not None
        assert sum(way is not None for way in ways) == 1 + fitted_alone, cause
        assert cause.says, cause
        assert cause.mend.endswith((".", ")")), cause


def test_two_formulas_cannot_act_at_once() -> None:
    """Of two causes at most one replaces the formula."""
    formulas = [cause for cause in CAUSES if cause.formula][:2]
    assert not compatible(*formulas)
