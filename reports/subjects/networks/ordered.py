"""A batch that is taken one sample at a time: the steps replayed in their order, with the bounds that they pile up.

Axes: B samples.
"""

import numpy as np

from reports.equations.rounding import Bounded
from reports.judge import used_share
from reports.measure import gaps, largest
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


def _moved(w: Bounded, g: Bounded, rate: float) -> Bounded:
    """A parameter after one step: a product, a constant in it, and a difference round."""
    step = abs(rate) * (g.error + SCALED * DOUBLE.unit * g.magnitude)
    value = w.value - rate * g.value
    return Bounded(value, w.error + step + DOUBLE.unit * (np.abs(value) + w.allowed))
