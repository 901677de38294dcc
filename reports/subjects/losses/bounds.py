"""Losses with bounds: the loss of each element, its reductions, and the gradient, from exact predictions and labels.

A loss that computes in float32 rounds its predictions first; they carry that error. Bounds hold for any order of
summation and for the usual ways to write a loss; what is counted stands beside each.

Axes: B samples, C classes or outputs.
"""

import numpy as np

from reports.equations import rules
from reports.equations.kernels import log_softmax
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import applied
from reports.subjects.curves import logits, value

Array = np.ndarray
CLASSES = ("CrossEntropy", "SoftmaxCrossEntropy", "LogProbabilities")


def each(kind: str, p: Bounded, y: Array, epsilon: float, r: Rounding) -> Bounded:
    """The loss of each element; `epsilon` is added to a probability in a logarithm."""
    with np.errstate(all="ignore"):
        if kind == "SoftmaxCrossEntropy":
            d = rules.softmax_logit_error(r, logits(p, r))
            log_p = log_softmax(p.value)
            probability = np.exp(log_p)
            moved = d + np.log1p(np.sum(probability * np.expm1(d), axis=1, keepdims=True))
            log = np.log(probability + epsilon) if epsilon else log_p
            return _weighted(y, Bounded(log, moved + _log_rounding(log, r)), r)
        if kind == "CrossEntropy":
            return _weighted(y, _log(p, epsilon, r), r)
        if kind == "LogProbabilities":
            return _weighted(y, p, r)
        if kind == "BinaryCrossEntropy":
            rest = Bounded(1 - p.value, p.error + r.unit * (1 - p.value))
            one, other = _weighted(y, _log(p, epsilon, r), r), _weighted(1 - y, _log(rest, epsilon, r), r)
            return Bounded(one.value + other.value, one.error + other.error + r.unit * np.abs(one.value + other.value))
        if kind == "SigmoidCrossEntropy":
            one = _weighted(y, _log(value("Sigmoid", 0.0, p, r), epsilon, r), r)
            other = _weighted(1 - y, _log(value("Sigmoid", 0.0, Bounded(-p.value, p.error), r), epsilon, r), r)
            return Bounded(one.value + other.value, one.error + other.error + r.unit * np.abs(one.value + other.value))
        residual = np.abs(p.value - y)
        e = p.error + r.unit * (residual + p.error)
        if kind == "MeanAbsoluteError":
            return Bounded(residual, e)
        if kind == "Huber":  # with delta 1
            loss = np.where(residual <= 1, residual**2 / 2, residual - 0.5)
            return Bounded(loss, np.minimum(residual + e, 1) * e + r.growth(4) * np.maximum(loss, residual))
        return Bounded(residual**2, 2 * residual * e + e * e + r.growth(2) * (residual + e) ** 2)


def _log(p: Bounded, epsilon: float, r: Rounding) -> Bounded:
    """log(p + epsilon): a relative error of its argument moves it by as much."""
    inside = p.value + epsilon
    log = np.log(inside)
    return Bounded(log, p.error / inside + _log_rounding(log, r))


def _log_rounding(log: Array, r: Rounding) -> Array:
    """One logarithm, and two roundings of its argument."""
    return r.elementary * np.abs(log) + 2 * r.unit


def _weighted(y: Array, log: Bounded, r: Rounding) -> Bounded:
    """-y log: a label of exactly 0 leaves nothing."""
    value = np.where(y == 0, 0.0, -y * log.value)
    return Bounded(value, np.where(y == 0, 0.0, np.abs(y) * log.error + 2 * r.unit * np.abs(value)))


def summed(one: Bounded, axis: int | None, factor: float, r: Rounding) -> Bounded:
    """`factor` times the sum over an axis, or over everything, in any order; a few operations make the factor."""
    size = np.sum(one.error + r.growth(one.value.size + 4) * (np.abs(one.value) + one.error), axis=axis)
    return Bounded(np.asarray(factor * np.sum(one.value, axis=axis)), np.asarray(abs(factor) * size))


def root(one: Bounded, r: Rounding) -> Bounded:
    """The square root."""
    with np.errstate(all="ignore"):
        value = np.sqrt(one.value)
        return Bounded(value, np.where(value > 0, one.error / value, np.sqrt(one.error)) + r.unit * value)


def gradient_error(kind: str, p: Bounded, y: Array, right: Array, r: Rounding) -> Array:
    """The bound of a mean loss's gradient: every way adds or divides quantities of these sizes, eight roundings each.

    `fused` is p - y over B.
    """
    b = len(y)
    with np.errstate(all="ignore"):
        if kind == "SoftmaxCrossEntropy":
            soft = applied(rules.softmax("", ""), [logits(p, r)], r)
            return np.asarray((soft.error + r.growth(y.shape[1] + 8) * (soft.magnitude + np.abs(y))) / b)
        if kind == "SigmoidCrossEntropy":
            logistic = value("Sigmoid", 0.0, p, r)
            return np.asarray((logistic.error + r.growth(8) * (logistic.magnitude + np.abs(y))) / y.size)
        if kind == "fused":
            return np.asarray((p.error + r.growth(8) * (p.magnitude + np.abs(y))) / b)
        if kind == "BinaryCrossEntropy":
            one, other = y / p.value, (1 - y) / (1 - p.value)
            moved = p.error * (one / p.value + other / (1 - p.value))
            return np.asarray((2 * moved + r.growth(8) * (np.abs(one) + np.abs(other))) / y.size)
        relative = p.error / np.abs(p.value) if kind == "CrossEntropy" else p.error / np.abs(p.value - y)
        relative = 0.0 if kind == "MeanAbsoluteError" or p.exact else 2 * relative
        return np.asarray((relative + r.growth(8)) * np.abs(right))
