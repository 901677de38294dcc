"""The assembled network of a subject, judged: its own parts together, update by update, from its own parameters.

Axes: B samples, D inputs, H hidden, C classes.
"""

from typing import Any

import numpy as np

from reports.equations.rounding import Bounded
from reports.measure import gaps, largest
from reports.subjects import optimizers
from reports.subjects.nearness import near, unexplained, used
from reports.subjects.networks.bounded import Pair, back, forward, plus, starts
from reports.subjects.networks.decided import beside, decide
from reports.subjects.networks.trial import Shape, Trial
from reports.subjects.verdicts import Component, Row

Array = np.ndarray
GOOD = ("right", "departs")
AWAY = "the parts are right, together they give other numbers than the equations; cause unknown"


def assembled(seen: dict[str, Any], components: list[Component]) -> Component | None:
    """Judges the first combination whose parts are right, once for each optimizer; None where there is none."""
    made = Component(str(seen["name"]), "network", "network")
    status = {one.name: one.status for one in components}
    trials = [one for one in seen["trials"] if all(status.get(name) in GOOD for name in one["parts"])]
    trials = [one for one in trials if one.get("optimizer")] or trials
    if not trials:
        return _not_assembled(made, seen, status)
    for optimizer in dict.fromkeys(one.get("optimizer", "") for one in trials):
        judged = [_rows(one) for one in trials if one.get("optimizer", "") == optimizer and "error" not in one]
        best = next((rows for rows in judged if all(row.status in GOOD for row in rows)), judged[0] if judged else [])
        made.rows += best
    chosen = next((one for one in trials if "error" not in one), None)
    if chosen is None:  # that we could not drive them together says nothing of them; that they raise is told
        raised = next((one for one in trials if one.get("raised")), None)
        if raised is None:
            return None
        words = f"{', '.join(raised['parts'])} could not be driven together: {raised['error']}"
        made.rows.append(Row("network", "", "unjudged", says=words))
        return made
    steps = [str(one["optimizer"]) for one in trials if one.get("optimizer") and "error" not in one]
    parts = dict.fromkeys([*chosen["parts"], *steps])
    made.convention = {"assembled from": ", ".join(parts), "labels": chosen["labels"]}
    return made


def _not_assembled(made: Component, seen: dict[str, Any], status: dict[str, str]) -> Component | None:
    """Which part stands in the way, where one is defective and all others are right."""
    whole = [one["parts"] for one in seen["trials"] if all(status.get(n) in (*GOOD, "defective") for n in one["parts"])]
    parts = dict.fromkeys(name for one in whole for name in one)
    bad = next((name for name in parts if status.get(name) == "defective"), "")
    if not bad:
        return None
    made.rows.append(Row("network", "", "unjudged", says=f"not assembled: {bad} is defective"))
    return made


def _rows(one: dict[str, Any]) -> list[Row]:
    """All updates of one training: output and gradients of each, then the replay of the optimizer."""
    rows = []
    summed: list[Pair] = []
    shape = Shape((one["hidden"], "Softmax"), float(one.get("slope") or 0.01))
    probe = f"{one['optimizer']}, {one['setting']}" if one.get("optimizer") else "one batch"
    for k, update in enumerate(one["updates"]):
        when = f"{probe}, update {k + 1}" if one.get("optimizer") else probe
        trial = _trial(one, update)
        step = forward(trial, shape)
        rows.append(_output(np.asarray(update["logits"], float), step.zs[-1], when))
        right = back(step, starts(step)["CrossEntropy"])
        if summed:
            summed = [(plus(dw, sw), plus(db, sb)) for (dw, db), (sw, sb) in zip(right, summed, strict=True)]
        else:
            summed = right
        row = _gradients(trial, right, when)
        if row.status != "right" and k and (again := _gradients(trial, summed, when)).status == "right":
            row, row.status = again, "departs"
            row.says = "gradients add up from update to update, and no method that zeroes them was found"
        rows.append(row)
    return rows + (_replayed(one, probe) if one.get("optimizer") else [])


def _output(have: Array, right: Bounded, when: str) -> Row:
    """The row of the logits: near but beyond the allowance is a departure, anything else has no known cause."""
    if have.shape != right.value.shape:
        return Row("output", when, "unjudged", says=AWAY)
    gap, share = largest(gaps(have, right.value)), used(have, right)
    if share <= 1:
        return Row("output", when, "right", share, gap)
    words = f"output: {unexplained(have, right.value)}" if near(have, right.value) else AWAY
    return Row("output", when, "departs" if words != AWAY else "unjudged", share, gap, words)


def _gradients(trial: Trial, right: list[Pair], when: str) -> Row:
    """The row of all gradients of one update: the right ones times one positive constant, to within rounding."""
    given = beside(trial, right)
    if given is None:
        return Row("gradients", when, "unjudged", says=AWAY, stage="backward")
    decision = decide(trial, given)
    worst = max(decision.rows, key=lambda row: row.used)
    status, says = "right", ""
    if not decision.one or decision.main <= 0:
        close = decision.main > 0 and all(c == decision.main for c in decision.constants)
        close = close and all(near(one.have, decision.main * one.right.value) for one in given)
        status, says = ("departs", worst.says) if close else ("unjudged", AWAY)
    return Row("gradients", when, status, worst.used, worst.gap, says, "backward")


def _trial(one: dict[str, Any], update: dict[str, Any]) -> Trial:
    """One update as a trial of a whole network."""
    parameters: list[tuple[Array, Array | None]] = [(np.asarray(w, float), b) for w, b in update["parameters"]]
    gradients: list[tuple[Array | None, Array | None]] = [
        (np.asarray(dw, float), np.asarray(db, float).reshape(1, -1)) for dw, db in update["gradients"]
    ]
    return Trial(one["inputs"], one["targets"], parameters, gradients, None, 0.0, False)


def _replayed(one: dict[str, Any], probe: str) -> list[Row]:
    """The updates of each layer against the rule, from the gradients that their own network gave."""
    rows = []
    for layer in range(2):
        seen = {
            "start": one["updates"][0]["parameters"][layer],
            "gradients": [
                [np.asarray(g, float).reshape(p.shape) for g, p in zip(
                    update["gradients"][layer], update["parameters"][layer], strict=True)]
                for update in one["updates"]
            ],
        }  # fmt: skip
        run = {key: one[key] for key in ("setting", "values", "attributes", "way")}
        run["steps"] = [update["after"][layer] for update in one["updates"]]
        for row in optimizers._run_rows(one["rule"], seen, run):
            row.quantity, row.probe = f"{row.quantity}, layer {layer + 1}", probe
            if row.status == "defective":  # alone it is right: what is other here is not known to be its fault
                row.status, row.says = "unjudged", AWAY
            rows.append(row)
    return rows
