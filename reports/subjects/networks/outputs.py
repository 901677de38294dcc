"""The output of a trial, decided: which architecture gives it to within rounding, or with which gentle change.

Axes: B samples, C outputs.
"""

import numpy as np

from reports.equations.rounding import Bounded
from reports.measure import gaps, largest
from reports.subjects.nearness import near, unexplained, used
from reports.subjects.networks import gentle
from reports.subjects.networks.architectures import fitting
from reports.subjects.networks.bounded import Step, forward
from reports.subjects.networks.trial import Shape, Trial
from reports.subjects.verdicts import Row

Array = np.ndarray
Decided = tuple[Row, Step]


def decided(trial: Trial) -> dict[Shape, Decided]:
    """The architectures that a search proposes for the output, each with its row and its way forward.

    Where some give it to within rounding the others are dropped; else those that do with a gentle change.
    """
    assert trial.output is not None
    found = {shape: _decided(trial, shape, trial.output) for shape in fitting(trial)}
    for good in (lambda row: row.status == "right", lambda row: row.used <= 1):
        if any(good(row) for row, _ in found.values()):
            return {shape: one for shape, one in found.items() if good(one[0])}
    return found


def as_seen(trial: Trial, fits: list[Shape]) -> Shape:
    """The architecture whose last activation the output itself shows; one that its loss would add is not there."""
    have = trial.output
    return next((one for one in fits if have is not None and near(have, trial.forward(one)[1][-1])), fits[0])


def _decided(trial: Trial, shape: Shape, have: Array) -> Decided:
    """One architecture's row and way forward."""
    step = forward(trial, shape)
    if used(have, _wanted(have, step)) <= 1:
        return _row(have, step), step
    if gentle.in_float32(trial):
        step32 = gentle.single(trial, shape)
        if used(have, _wanted(have, step32)) <= 1:
            return _row(have, step32, gentle.FLOAT32), step32
    for words, changed in gentle.outputs(step):
        if used(have, changed.outputs[-1]) <= 1:
            return _row(have, changed, words), changed
    wanted = _wanted(have, step)
    return _row(have, step, f"output: {unexplained(have, wanted.value)}"), step


def _wanted(have: Array, step: Step) -> Bounded:
    """Their output is the activated one, or the net input of the last layer where that is the nearer."""
    logits, output = step.zs[-1], step.outputs[-1]
    is_logits = step.last in ("Softmax", "Sigmoid") and near(have, logits.value) and not near(have, output.value)
    return logits if is_logits else output


def _row(have: Array, step: Step, words: str = "") -> Row:
    """The row of an output."""
    wanted = _wanted(have, step)
    gap = largest(gaps(have, wanted.value))
    return Row("output", "batch", "departs" if words else "right", used(have, wanted), gap, words)
