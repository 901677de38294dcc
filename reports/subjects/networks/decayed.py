"""Gradients with a multiple of the weights added: L2 regularisation, H = c G + d W.

c is a known constant or fitted, d is fitted. Least squares on the columns A = [G W] of all weights at once are off by
no more than |A+| e, where A+ is the pseudo-inverse and e the allowance of each number; that enters the allowance.
"""

import numpy as np

from reports.calibrated import PROPOSED
from reports.judge import used_share
from reports.measure import gaps, largest
from reports.subjects.nearness import unexplained
from reports.subjects.networks.architectures import back, upstream
from reports.subjects.networks.bounded import SCALED, Step, forward, starts
from reports.subjects.networks.bounded import back as bounded_back
from reports.subjects.networks.decided import Given, allowed, beside, decide, nearest, scales
from reports.subjects.networks.trial import Fit, Shape, Trial
from reports.subjects.verdicts import Row

Array = np.ndarray


def decayed(trial: Trial, fits: list[Shape], steps: dict[Shape, Step]) -> Fit | None:
    """The first architecture and loss that explain the gradients with a decay of the weights; else one that is near."""
    close: Fit | None = None
    for shape in fits:
        zs, outputs = trial.forward(shape)
        for loss, delta in upstream(shape, trial, zs, outputs).items():
            if _proposed(trial, back(shape, trial, zs, outputs, delta)):
                step = steps.setdefault(shape, forward(trial, shape))
                given = beside(trial, bounded_back(step, starts(step)[loss]))
                fit = _decided(trial, shape, loss, given, step) if given else None
                if fit and not fit.level:
                    return fit
                close = close or fit
    return close


def _proposed(trial: Trial, right: list[tuple[Array, Array]]) -> bool:
    """Whether c G + d W is near for all weights, with one c and one d."""
    found = []
    for (dw, _), (w, _), (have, _) in zip(right, trial.parameters, trial.gradients, strict=True):
        if have is None or have.shape != dw.shape or not np.isfinite(dw).all() or not np.isfinite(have).all():
            return False
        basis = np.column_stack([dw.ravel(), w.ravel()])
        solution, *_ = np.linalg.lstsq(basis, have.ravel(), rcond=None)
        if np.abs(basis @ solution - have.ravel()).max() > PROPOSED * np.abs(have).max():
            return False
        found.append(solution)
    first = found[0]
    return bool(first[0]) and all(np.abs(one - first).max() <= 10 * PROPOSED * np.abs(first).max() for one in found)


def _decided(trial: Trial, shape: Shape, loss: str, given: list[Given], step: Step) -> Fit | None:
    """The fit, where the decay is larger than its own uncertainty."""
    weights = [one for one in given if "weights" in one.name]
    g, w, have = (
        np.concatenate([part(one).ravel() for one in weights])
        for part in (lambda one: one.right.value, lambda one: one.parameter, lambda one: one.have)
    )
    columns = np.column_stack([g, w])
    (c, _), *_ = np.linalg.lstsq(columns, have, rcond=None)
    named = [] if trial.moved and not trial.rate else nearest(float(c), 0.0, trial)
    if named:  # a known c leaves d alone to be fitted
        c, columns, have = named[0], w[:, None], have - named[0] * g
    error = np.concatenate([allowed(one, float(c), trial, step.r).ravel() for one in weights])
    inverse = np.linalg.pinv(columns)
    solution, off = inverse @ have, np.abs(inverse) @ error
    d, d_off, c_off = float(solution[-1]), float(off[-1]), 0.0 if named else float(off[0])
    if abs(d) <= d_off:
        return None
    rows = []
    for one in weights:
        wanted = c * one.right.value + d * one.parameter
        room = allowed(one, float(c), trial, step.r) + c_off * np.abs(one.right.value)
        room = room + (d_off + SCALED * step.r.unit * abs(d)) * np.abs(one.parameter)
        gap = gaps(one.have, wanted)
        row = Row(one.name, "batch", "right", largest(used_share(gap, room)), largest(gap), stage="backward")
        if not row.used <= 1:
            row.status, row.says = "departs", f"{one.name}: {unexplained(one.have, wanted)}"
        rows.append(row)
    others = [one for one in given if "biases" in one.name]
    rows += decide(trial, others, step.r).rows if others else []
    words = scales(*trial.t.shape)[named[0]] if named else f"{c:.4g} times the sum (fitted)"
    if trial.moved and not trial.rate:
        words = "the rate is not known"
    level = int(not all(row.used <= 1 for row in rows))
    told = f"{words}, with L2: {d:.4g} w is added to the gradient"
    if wrong := _wrong_way(trial, float(c), d):
        rows, level = [Row("gradients", "batch", "defective", says=f"gradients: {wrong}", stage="backward")], 3
    return Fit(shape, loss, [(float(c), float(c)) for _ in weights], rows=rows, decay=d, scale=told, level=level)


def _wrong_way(trial: Trial, c: float, d: float) -> str:
    """What is wrong with the signs; empty where the step goes down the gradient and the weights decay."""
    if c < 0 and trial.moved and not trial.turned:
        return "the step climbs: it goes up the gradient"
    return f"L2 makes the weights grow: {d:.4g} w is added to the gradient" if c * d < 0 else ""
