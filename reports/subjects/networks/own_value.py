"""The value of the loss of a network that is a class, beside the loss whose gradients are its own.

Sum, mean, half, over outputs or not: conventions, named. A penalty is the same whatever the targets are, and told. What
nothing explains is not judged: we may have called it wrongly.

Axes: B samples, C outputs.
"""

from dataclasses import replace

import numpy as np

from reports.equations.step import exact
from reports.subjects.losses.bounds import each
from reports.subjects.nearness import near
from reports.subjects.networks.bounded import DOUBLE
from reports.subjects.networks.costs import SAME, value_row
from reports.subjects.networks.trial import Trial
from reports.subjects.verdicts import Row

Array = np.ndarray
TELLING = ("added", "float32", "digits")  # words of a departure that is no mere convention


def own_value(trials: list[Trial]) -> tuple[Row | None, str]:
    """The row of the value in the format in which it is explained best, and its convention in words."""
    valued = [trial for trial in trials if trial.fit and trial.values]
    several = [trial for trial in valued if len(trial.t) > 1]  # of one sample a mean is a sum
    told = [_told(trial) for trial in several or valued]
    for status in ("right", "departs"):
        for found in told:
            if found and found[0].status == status:
                return found
    return told[0] if told and told[0] and all(told) else (None, "")


def _told(trial: Trial) -> tuple[Row, str] | None:
    """The row of one format and its convention; None where nothing explains the value."""
    assert trial.fit is not None
    zs, outputs = trial.forward(trial.fit.shape)
    theirs = trial.output is not None and near(trial.output, outputs[-1])
    scaled = replace(trial, output=trial.output if theirs else outputs[-1])
    row = value_row(np.array([trial.values[0]]), scaled, trial.fit.loss, trial.fit.scale.startswith("turned"))
    if row.status == "unjudged":
        return _penalised(trial, zs[-1], outputs[-1])
    words = row.says
    plain = not any(word in words for word in TELLING) or ("digits" in words and not theirs)
    if row.status == "departs" and row.quantity in SAME[trial.fit.loss] and plain:
        return replace(row, quantity="value of its loss", status="right", says=""), words
    return replace(row, quantity="value of its loss", says=words and f"its own loss: {words}"), ""


def _penalised(trial: Trial, z: Array, p: Array) -> tuple[Row, str] | None:
    """The value less something that does not depend on the targets; None where nothing such explains it."""
    assert trial.fit is not None
    if len(trial.values) < 2 or trial.other is None:
        return None
    t = trial.t
    for kind in SAME[trial.fit.loss]:
        given = exact(z if kind.startswith(("Softmax", "Sigmoid")) else p)
        if kind == "LogProbabilities" or (
            "CrossEntropy" in kind and given.value is p and not ((p > 0) & (p < 1)).all()
        ):
            continue
        for share in (1.0, 1 / len(t), 0.5, 0.5 / len(t), 1 / t.size, 0.5 / t.size):
            first, second = (share * float(each(kind, given, one, 0.0, DOUBLE).value.sum()) for one in (t, trial.other))
            rest, again = trial.values[0] - first, trial.values[1] - second
            if abs(first - second) > 1e-3 * abs(first) and rest > 0 and near(np.array([rest]), np.array([again])):
                return Row("value of its loss", "batch", "right", 0.0), f"with a penalty of {rest:.4g}"
    return None
