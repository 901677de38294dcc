"""The assembled network of a subject, judged: its own parts together, update by update, from its own parameters.

Axes: B samples, D inputs, H hidden, C classes.
"""

from typing import Any

import numpy as np

from reports.subjects import optimizers
from reports.subjects.networks.architectures import back, upstream
from reports.subjects.networks.explained import constants
from reports.subjects.networks.trial import Shape, Trial, near
from reports.subjects.verdicts import Component, Row

Array = np.ndarray
GOOD = ("right", "departs")
AWAY = "the parts are right, together they give other numbers than the equations; cause unknown"


def assembled(seen: dict[str, Any], components: list[Component]) -> Component | None:
    """Judges the first combination whose parts are right, once for each optimizer; None where there is none."""
    made = Component(str(seen["name"]), "network", "network")
    status = {one.name: one.status for one in components}
    trials = [one for one in seen["trials"] if all(status.get(name) in GOOD for name in one["parts"])]
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
    made.convention = {"assembled from": ", ".join(chosen["parts"]), "labels": chosen["labels"], "form": "1"}
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
    summed: list[tuple[Array, Array]] = []
    probe = f"{one['optimizer']}, {one['setting']}" if one.get("optimizer") else "one batch"
    for k, update in enumerate(one["updates"]):
        when = f"{probe}, update {k + 1}" if one.get("optimizer") else probe
        trial = _trial(one, update)
        shape = Shape((one["hidden"], "Softmax"), float(one.get("slope") or 0.01))
        zs, outputs = trial.forward(shape)
        fits = near(np.asarray(update["logits"], float), zs[-1], 1e-12)
        rows.append(Row("output", when, "right" if fits else "unjudged", says="" if fits else AWAY))
        right = back(shape, trial, zs, outputs, upstream(shape, trial, zs, outputs)["CrossEntropy"])
        summed = [(dw + sw, db + sb) for (dw, db), (sw, sb) in zip(right, summed, strict=True)] if summed else right
        status, says = ("right", "") if _one_constant(trial, right) else ("unjudged", AWAY)
        if status == "unjudged" and k and _one_constant(trial, summed):
            status, says = "departs", "gradients add up from update to update, and no method that zeroes them was found"
        rows.append(Row("gradients", when, status, says=says, stage="backward"))
    return rows + (_replayed(one, probe) if one.get("optimizer") else [])


def _one_constant(trial: Trial, right: list[tuple[Array, Array]]) -> bool:
    """Whether all gradients are the right ones times one positive number."""
    ratios = [ratio for pair in constants(trial, right) for ratio in pair]
    known = [ratio for ratio in ratios if ratio is not None and np.isfinite(ratio)]
    return len(known) == len(ratios) and known[0] > 0 and max(known) - min(known) <= 1e-8 * known[0]


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
