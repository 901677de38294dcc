"""Gradients with a multiple of the weights added: L2 regularisation, H = c G + d W.

c is a known constant or fitted, each matrix's d is fitted. Least squares on the columns A = [G W] of all weights at
once are off by no more than |A+| e, where A+ is the pseudo-inverse and e the allowance of each number; that enters the
allowance.
"""

from dataclasses import replace

import numpy as np

from reports.calibrated import PROPOSED
from reports.judge import used_share
from reports.measure import gaps, largest
from reports.subjects.nearness import unexplained
from reports.subjects.networks.architectures import back, upstream
from reports.subjects.networks.bounded import SCALED, Step, forward, starts
from reports.subjects.networks.bounded import back as bounded_back
from reports.subjects.networks.decided import Decision, Given, allowed, beside, decide, nearest, scales, times
from reports.subjects.networks.trial import Fit, Shape, Trial
from reports.subjects.verdicts import Row

Array = np.ndarray
FEW = 3  # numbers of a matrix: fewer would be explained by a decay of their own


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
    """Whether c G + d W is near for all weights, with one c."""
    found = []
    for (dw, _), (w, _), (have, _) in zip(right, trial.parameters, trial.gradients, strict=True):
        if have is None or have.shape != dw.shape or not np.isfinite(dw).all() or not np.isfinite(have).all():
            return False
        basis = np.column_stack([dw.ravel(), w.ravel()])
        solution, *_ = np.linalg.lstsq(basis, have.ravel(), rcond=None)
        if np.abs(basis @ solution - have.ravel()).max() > PROPOSED * np.abs(have).max():
            return False
        found.append(float(solution[0]))
    return bool(found[0]) and all(abs(c - found[0]) <= 10 * PROPOSED * abs(found[0]) for c in found)


def _decided(trial: Trial, shape: Shape, loss: str, given: list[Given], step: Step) -> Fit | None:
    """The fit, where a decay is larger than its own uncertainty: each matrix may have one of its own, or none."""
    weights = [one for one in given if "weights" in one.name]
    g, w, have = (
        np.concatenate([part(one).ravel() for one in weights])
        for part in (lambda one: one.right.value, lambda one: one.parameter, lambda one: one.have)
    )
    sizes = [one.have.size for one in weights]
    of = np.repeat(np.arange(len(weights)), sizes) if min(sizes) >= FEW else np.zeros(len(w), int)
    decays = np.where(of[:, None] == np.arange(of.max() + 1), w[:, None], 0.0)
    columns = np.column_stack([g, decays])
    c = float(np.linalg.lstsq(columns, have, rcond=None)[0][0])
    named = [] if trial.moved and not trial.rate else nearest(c, 0.0, trial)
    if not named and have.size < FEW:
        return None  # two constants that are fitted explain few numbers, whatever they are
    if named:  # a known c leaves the decays alone to be fitted
        c, columns, have = named[0], decays, have - named[0] * g
    error = np.concatenate([allowed(one, c, trial, step.r).ravel() for one in weights])
    inverse = np.linalg.pinv(columns)
    solution, off = inverse @ have, np.abs(inverse) @ error
    d, d_off, c_off = solution[-decays.shape[1] :], off[-decays.shape[1] :], 0.0 if named else float(off[0])
    if (np.abs(d) <= d_off).all() or (c < 0 and (np.abs(d - 1) < 0.5).all()):
        return None  # no decay; or what is handed back are the new weights, W - rate * G
    rows = []
    for k, one in enumerate(weights):
        mine = min(k, len(d) - 1)
        wanted = c * one.right.value + d[mine] * one.parameter
        room = allowed(one, c, trial, step.r) + c_off * np.abs(one.right.value)
        room = room + (d_off[mine] + SCALED * step.r.unit * abs(d[mine])) * np.abs(one.parameter)
        gap = gaps(one.have, wanted)
        row = Row(one.name, "batch", "right", largest(used_share(gap, room)), largest(gap), stage="backward")
        if not row.used <= 1:
            row.status, row.says = "departs", f"{one.name}: {unexplained(one.have, wanted)}"
        rows.append(row)
    exact = all(row.used <= 1 for row in rows)
    others = [one for one in given if "biases" in one.name]
    biases = decide(trial, others, step.r) if others else None
    if (
        biases
        and not all(row.used <= 1 for row in biases.rows)
        and (kept := _biases_too(trial, others, c, c_off, step))
    ):
        rows, biases = rows + kept, None
    rows += biases.rows if biases else []
    if exact and (np.abs(d) <= d_off).any():
        says = f"L2 in some layers alone: {_added(d, d_off)}"
        rows.append(Row("penalty", "batch", "departs", 0.0, says=says, stage="backward"))
    level = int(not all(row.used <= 1 and row.status == "right" for row in rows))
    if exact and (says := _wrong(trial, c, d, d_off, biases)):
        rows, level = [Row("gradients", "batch", "defective", says=f"gradients: {says}", stage="backward")], 3
    words = scales(*trial.t.shape)[named[0]] if named else f"{c:.4g} times the sum (fitted)"
    if trial.moved and not trial.rate:
        words = "the rate is not known"
    told = f"{words}, with L2: {_added(d, d_off)} is added to the gradient"
    return Fit(shape, loss, [(c, c) for _ in weights], rows=rows, decay=float(d[-1]), scale=told, level=level)


def _biases_too(trial: Trial, biases: list[Given], c: float, c_off: float, step: Step) -> list[Row]:
    """The biases' rows where they decay too, H = c G + d b, each with a d of its own; none where that is not so.

    One of few numbers takes the d of the one before, or none: alone, any would fit it.
    """
    by_size = sorted(biases, key=lambda one: -one.have.size)
    if by_size[0].have.size < FEW:
        return []
    rows: dict[str, Row] = {}
    ways = [(0.0, 0.0)]  # d, and how far off it may be
    for one in by_size:
        b, left = one.parameter.ravel(), (one.have - c * one.right.value).ravel()
        room = (allowed(one, c, trial, step.r) + c_off * np.abs(one.right.value)).ravel()
        if one.have.size >= FEW and b.any():
            ways = [(float(left @ b / (b @ b)), float(np.abs(b) @ room / (b @ b))), (0.0, 0.0)]
        gap, share = min(
            ((gap, largest(used_share(gap, room + (off + SCALED * step.r.unit * abs(d)) * np.abs(b))))
             for d, off in ways for gap in [gaps(left, d * b)]),
            key=lambda way: way[1],
        )  # fmt: skip
        rows[one.name] = Row(one.name, "batch", "right", share, largest(gap), stage="backward")
        if not share <= 1 or c * ways[0][0] < -abs(c) * ways[0][1]:
            return []
    return [rows[one.name] for one in biases]


def without_penalty(trial: Trial, fits: list[Shape]) -> tuple[Trial, Shape] | None:
    """The same trial without the L2 term that its last matrix shows, and the architecture under which it does."""
    have, w = trial.gradients[-1][0], trial.parameters[-1][0]
    for shape in fits if have is not None and have.size > 2 * FEW else []:
        zs, outputs = trial.forward(shape)
        for delta in upstream(shape, trial, zs, outputs).values():
            right = back(shape, trial, zs, outputs, delta)[-1][0]
            if have is None or right.shape != have.shape or not np.isfinite(right).all():
                continue
            basis = np.column_stack([right.ravel(), w.ravel()])
            (c, d), *_ = np.linalg.lstsq(basis, have.ravel(), rcond=None)
            left = np.abs(basis @ (c, d) - have.ravel()).max()
            if left <= PROPOSED * np.abs(d * w).max() and nearest(float(c), 0.0, trial):
                bare = [(dw if dw is None else dw - d * w, db)
                        for (dw, db), (w, _) in zip(trial.gradients, trial.parameters, strict=True)]  # fmt: skip
                return replace(trial, gradients=bare), shape
    return None


def _wrong(trial: Trial, c: float, d: Array, off: Array, biases: Decision | None) -> str:
    """What is wrong although a decay explains the weights: its sign, or the constant of the biases."""
    if c < 0 and trial.moved and not trial.turned:
        return "the step climbs: it goes up the gradient"
    if (grows := c * d < -abs(c) * off).any():
        which = "" if grows.all() else f"of weights {', '.join(map(str, 1 + np.flatnonzero(grows)))} "
        return f"L2 {which}makes the weights grow: {d[grows][0]:.4g} w is added to the gradient"
    for constant in biases.constants if biases else ():
        if abs(constant - c) > PROPOSED * abs(c):
            return (
                f"the gradients of the biases are {times(trial, constant / c)} what they should be beside the weights'"
            )
    return ""


def _added(d: Array, off: Array) -> str:
    """The decays in words: one for all, or each matrix's own."""
    if (np.abs(d - d[0]) <= off + off[0]).all():
        return f"{d[0]:.4g} w"
    return ", ".join(f"{one:.4g} w{k}" for k, one in enumerate(d, 1) if abs(one) > off[k - 1])
