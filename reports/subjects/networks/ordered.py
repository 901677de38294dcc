"""A batch taken one sample at a time, its steps replayed in order with the bounds that they pile up; or unevenly.

Axes: B samples.
"""

import numpy as np

from reports.calibrated import PROPOSED
from reports.equations.rounding import Bounded
from reports.judge import used_share
from reports.measure import gaps, largest
from reports.subjects.nearness import near
from reports.subjects.networks.architectures import back as back_of
from reports.subjects.networks.architectures import upstream
from reports.subjects.networks.bounded import DOUBLE, SCALED, Pair, back, forward, given, starts
from reports.subjects.networks.trial import Fit, Trial

Array = np.ndarray


def one_by_one(batch: Trial, single: Trial, fit: Fit) -> float:
    """The share of the allowance that a batch's step uses when it is a step after each sample, in order, by `fit`."""
    main = next((w for w, _ in fit.ratios if w), 0.0)
    if not batch.rate or not single.gradients:
        return float("inf")
    start: list[Pair] = [
        (given(w, DOUBLE), given(b if b is not None else np.zeros((1, w.shape[1])), DOUBLE))
        for w, b in batch.parameters
    ]
    now = start
    for k in range(len(batch.x)):
        one = Trial(batch.x[k : k + 1], batch.t[k : k + 1], batch.parameters, [], None, batch.rate, True)
        step = forward(one, fit.shape, parameters=now)
        gradients = back(step, starts(step)[fit.loss])
        rate = batch.rate * main
        now = [
            (_moved(w, dw, rate), _moved(b, db, rate) if had is not None else b)
            for (w, b), (dw, db), (_, had) in zip(now, gradients, batch.parameters, strict=True)
        ]
    shares = []
    for (w0, _), (w, _), (have, _) in zip(start, now, batch.gradients, strict=True):
        if have is None or have.shape != w0.value.shape:
            return float("inf")
        moved = (w0.value - w.value) / batch.rate
        room = w.allowed / batch.rate + SCALED * DOUBLE.unit * np.abs(moved)
        shares.append(largest(used_share(gaps(have, moved), room)))
    return max(shares)


def unevenly(batch: Trial, fit: Fit) -> str:
    """Which samples count how often, in words, where a batch's gradient is a sum in which not all count alike."""
    rows = []
    for k in range(len(batch.x)):
        one = Trial(batch.x[k : k + 1], batch.t[k : k + 1], batch.parameters, [], None, batch.rate, True)
        zs, outputs = one.forward(fit.shape)
        each = back_of(fit.shape, one, zs, outputs, upstream(fit.shape, one, zs, outputs)[fit.loss])
        rows.append(np.concatenate([dw.ravel() for dw, _ in each]))
    weights = [dw for dw, _ in batch.gradients]
    have = np.concatenate([dw.ravel() for dw in weights if dw is not None]) if weights else np.zeros(0)
    if have.shape != rows[0].shape or not np.isfinite(have).all():
        return ""
    counts = np.linalg.lstsq(np.array(rows).T, have, rcond=None)[0]
    if not near(have, counts @ np.array(rows)) or not counts.any():
        return ""
    usual = float(np.median(counts)) or float(counts[np.abs(counts).argmax()])
    times = [c / usual for c in counts]
    odd = [(k + 1, c) for k, c in enumerate(times) if abs(c - 1) > PROPOSED]
    if not odd:
        return ""
    counted = [str(k + 1) for k, c in enumerate(times) if abs(c) > PROPOSED]
    if len(counted) < len(times):
        return f"of {len(times)} samples only {', '.join(counted)} count: they are drawn at random, or forgotten"
    told = ", ".join(f"sample {k} counts {c:.3g} times" for k, c in odd[:3])
    return f"gradients: of a batch {told}, the others once"


def _moved(w: Bounded, g: Bounded, rate: float) -> Bounded:
    """A parameter after one step: a product, a constant in it, and a difference round."""
    step = abs(rate) * (g.error + SCALED * DOUBLE.unit * g.magnitude)
    value = w.value - rate * g.value
    return Bounded(value, w.error + step + DOUBLE.unit * (np.abs(value) + w.allowed))
