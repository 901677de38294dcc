"""The truth: balls enclose, either side can be convicted, and the judge itself can be put on trial."""

from dataclasses import replace

import numpy as np
import pytest

import scratch
from parity_tests.helpers import bounds_of
from reports import CASES, compare, honest_trainings, traces
from reports.cases import DTYPES
from reports.certify import CONTROLS, certify_chunk, chunks, tables, verdict
from reports.equations import kernels
from reports.equations.rounding import Bounded
from reports.equations.step import equations
from reports.equations.truth import balls, truth
from reports.honest_nets import honest_net


def a_step(name: str) -> tuple[object, dict[str, np.ndarray], dict[str, object]]:
    """A case's equations, what its first step is given, and its bounds."""
    case = replace(CASES[name], epochs=1)
    data = traces.load(case)
    network = traces.planted(scratch, case, data.parameters)
    pause = traces.Pause(0, 0, data.inputs, data.labels, data.parameters, {}, {})
    return equations(case), pause.given(case), bounds_of(case, network, data.inputs, data.labels)


@pytest.mark.parametrize("name", ["deep", "penalties", "mean-absolute-error", "mean-squared-error", "neuron"])
def test_the_judges_own_values_are_true(name: str) -> None:
    """The float64 evaluation of every equation lies within its bound of the balls."""
    step, given, bounds = a_step(name)
    exact = truth(step, given)
    assert exact.method == "arb, 113 bits"
    for quantity, bound in bounds.items():
        error = exact.error(quantity, bound.value)
        assert error is None or (error <= bound.error).all(), quantity


def test_longdouble_agrees_with_the_balls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without python-flint the truth falls back to longdouble, says so, and lies within the same bounds."""
    step, given, bounds = a_step("deep")
    monkeypatch.setitem(__import__("sys").modules, "flint", None)
    exact = truth(step, given)
    assert exact.method == "longdouble"
    error = exact.error("gradient/dense1.weights", bounds["gradient/dense1.weights"].value)
    assert error is not None
    assert (error <= bounds["gradient/dense1.weights"].error).all()


def test_a_ball_at_a_kink_holds_both_answers() -> None:
    """A ball that straddles 0 passes through the mask of ReLU as the union of 0 and the gradient."""
    z = balls(np.array([1e-40, 1.0, -1.0, 0.0]))
    z[0] = z[0] + balls(np.array([0.0]))[0].union(-balls(np.array([1e-30]))[0])
    passed = kernels.positive_part(z, balls(np.full(4, 3.0)))
    assert passed[0].contains(0)
    assert passed[0].contains(3)
    assert [float(ball) for ball in passed[1:]] == [3.0, 0.0, 0.0]


def test_torch_in_float32_can_be_the_farther_one() -> None:
    """Rows where the oracle ran name the nearer side, and both sides win some."""
    rows = compare(CASES["deep"], dtype="float32", epochs=2)
    known = rows[rows["nearer"] != ""]
    assert {"scratch", "reference"} <= set(known["nearer"])
    assert (known[["scratch_off", "reference_off"]] <= 1).all(axis=None)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["adversarial", "tiny", "random"])
def test_honest_networks_are_reproducible(kind: str, dtype: str) -> None:
    """The same seed and number give the same network and batch, another number another."""
    first, again, other = (honest_net(kind, 5, number, dtype)[1] for number in (3, 3, 4))
    assert first.inputs.tobytes() == again.inputs.tobytes()
    assert first.inputs.dtype == dtype
    assert first.inputs.tobytes() != other.inputs.tobytes()


def test_the_judge_holds_and_weakened_judges_do_not() -> None:
    """On honest networks there is no violation, and each judge without one of its parts is caught."""
    findings = [finding for chunk in chunks(12, seed=1) for finding in certify_chunk(chunk)]
    certificate, controls = tables(findings)
    assert verdict(certificate, controls) == 0
    assert controls["judge"].tolist() == list(CONTROLS)
    assert (certificate["elements"] > 0).all()
    assert certificate["np.allclose"].sum() > 0  # the usual check does raise false alarms on the same networks


def test_the_certificates_verdict() -> None:
    """A violation is 1, a control that passed is 2."""
    findings = certify_chunk(chunks(2, seed=0)[0])
    certificate, controls = tables(findings)
    assert verdict(certificate, controls.assign(**{"seen to fail": False})) == 2
    certificate.loc[0, "truth missed"] = 1
    assert verdict(certificate, controls) == 1


def test_honest_trainings_are_counted_and_an_alarm_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed is trained with one and two threads, without an alarm; a judge that allows nothing raises some."""
    one = honest_trainings.Training(3, "float32", "square")
    honest = honest_trainings.table(honest_trainings.train(one))
    assert honest["threads"].tolist() == [1, 2]
    assert honest["alarms"].tolist() == [0, 0]
    monkeypatch.setattr(Bounded, "allowed", property(lambda bound: np.zeros_like(bound.error)))
    assert (honest_trainings.table(honest_trainings.train(one))["alarms"] > 0).all()
