"""Gradients under a loss that is not known: whether one gradient at the output, whatever it is, explains all of them.

Given the way forward, the gradients of all parameters are linear in the gradient d at the last net input: g = A d,
with more rows in A than d has numbers. d is fitted; what is left of g has to be rounding. With g = A d + e, |e| <= E,
and P the projection onto A's columns, what is left is (1 - P) e, at most |1 - P| E.

Axes: B samples, C outputs.
"""

from typing import NamedTuple

import numpy as np

from reports.equations.rounding import Bounded
from reports.judge import used_share
from reports.measure import largest
from reports.subjects.networks.architectures import back
from reports.subjects.networks.bounded import Step
from reports.subjects.networks.bounded import back as bounded_back
from reports.subjects.networks.decided import Given, allowed, beside
from reports.subjects.networks.trial import Shape, Trial
from reports.subjects.verdicts import Row

Array = np.ndarray
MOST = 2_000_000  # numbers in A: the projection is a square of its rows
UNKNOWN = "its loss is none that is known here; whatever it is, the gradients of all layers belong together"


class Linear(NamedTuple):
    """All gradients as one vector, the matrix that makes them of a gradient at the output, and their allowances."""

    given: list[Given]
    g: Array
    a: Array
    e: Array


def any_loss(trial: Trial, steps: dict[Shape, Step]) -> list[Row]:
    """Rows where a gradient at the output explains all gradients, or all but some; none where it cannot be told.

    An array that does not belong to the others is a defect whatever the loss is.
    """
    for step in steps.values():
        if (linear := _linear(trial, step)) is None:
            continue
        shares = _shares(linear, np.ones(len(linear.g), bool))
        if shares is not None and max(shares) <= 1:
            rows = [Row(one.name, "batch", "right", share, stage="backward")
                    for one, share in zip(linear.given, shares, strict=True)]  # fmt: skip
            return [*rows, Row("gradient at the output", "batch", "unjudged", says=UNKNOWN, stage="backward")]
        if odd := _odd(linear):
            words = f"{odd}: not what the gradients of the other parameters ask for, whatever the loss is"
            return [Row(odd, "batch", "defective", says=words, stage="backward")]
    return []


def _linear(trial: Trial, step: Step) -> Linear | None:
    """The gradients of an architecture as a linear map; None where it is too large or they have other shapes."""
    b, c = trial.t.shape
    rows = sum(w.size + w.shape[1] for w, _ in trial.parameters)
    zs, outputs = trial.forward(step.shape)
    if rows * max(rows, b * c) > MOST or not np.isfinite(outputs[-1]).all():
        return None
    kept = [[dw is not None, db is not None and bias is not None]
            for (dw, db), (_, bias) in zip(trial.gradients, trial.parameters, strict=True)]  # fmt: skip
    columns = []
    for one in np.eye(b * c):
        made = back(step.shape, trial, zs, outputs, one.reshape(b, c))
        columns.append(np.concatenate([array.ravel() for pair, keep in zip(made, kept, strict=True)
                                       for array, there in zip(pair, keep, strict=True) if there]))  # fmt: skip
    a = np.column_stack(columns)
    if (given := beside(trial, bounded_back(step, _exact(np.zeros((b, c)))))) is None or not given:
        return None
    g = np.concatenate([one.have.ravel() for one in given])
    if not np.isfinite(g).all() or not np.isfinite(a).all():
        return None
    d, *_ = np.linalg.lstsq(a, g, rcond=None)
    given = beside(trial, bounded_back(step, _exact(d.reshape(b, c)))) or []
    return Linear(given, g, a, np.concatenate([allowed(one, 1.0, trial, step.r).ravel() for one in given]))


def _exact(array: Array) -> Bounded:
    return Bounded(array, np.zeros_like(array))


def _shares(linear: Linear, kept: Array) -> list[float] | None:
    """What each array leaves, in allowances, when d is fitted to those that are kept; None where d fits anything."""
    a, g, e = linear.a[kept], linear.g[kept], linear.e[kept]
    rounding = max(a.shape) * np.finfo(float).eps
    u, s, _ = np.linalg.svd(a, full_matrices=False)
    q = u[:, s > rounding * s.max(initial=0.0)]
    outside = np.eye(len(g)) - q @ q.T
    left = np.abs(g - q @ (q.T @ g))
    room = np.abs(outside) @ e + rounding * np.linalg.norm(g)  # the columns of q are off by some units each
    shares, freedom = np.zeros(len(kept)), np.zeros(len(kept))
    shares[kept], freedom[kept] = used_share(left, room), np.diagonal(outside)
    ends = np.cumsum([one.have.size for one in linear.given])[:-1]
    parts = [np.split(array, ends) for array in (shares, freedom, kept)]
    if any(mine.any() and free.sum() < rounding for _, free, mine in zip(*parts, strict=True)):
        return None
    return [largest(part) for part in parts[0]]


def _odd(linear: Linear) -> str:
    """What alone does not belong to the rest: one array, or the first layers; empty where nothing or several could."""
    ends = np.cumsum([one.have.size for one in linear.given])
    names = [one.name for one in linear.given]
    layers = [int(name.split()[-1]) for name in names]
    left_out = [[name] for name in names]
    for last in range(1, max(layers)):  # a mistake in passing it back is one in all layers before
        first = [name for name, layer in zip(names, layers, strict=True) if layer <= last]
        left_out += [first] if 1 < len(first) < len(names) else []
    for out in left_out:
        kept = np.repeat([name not in out for name in names], np.diff(ends, prepend=0))
        shares = _shares(linear, kept) if kept.any() else None
        if shares is not None and max(shares) <= 1:
            return " and ".join(out)
    return ""
