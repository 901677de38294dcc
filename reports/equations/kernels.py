"""The few functions that NumPy does not evaluate alike in float64, in longdouble and in balls.

A rule's `value` is written once, in arithmetic operators and these. An array of dtype object holds balls of
python-flint (`arb`): midpoint and radius that enclose the exact value. Where a ball straddles a kink, the answer is
the union of both sides, so that it still encloses.
"""

from typing import Any

import numpy as np

Array = np.ndarray

_last: list[Array] = []  # the logits that were asked for last, and their log_softmax: four rules want the same


def are_balls(array: Any) -> bool:
    """Whether an array holds balls."""
    return bool(np.asarray(array).dtype == object)


def product(a: Array, b: Array) -> Array:
    """The matrix product a @ b."""
    if not are_balls(a):
        return a @ b
    from flint import arb_mat

    entries = (arb_mat(a.tolist()) * arb_mat(b.tolist())).entries()
    return np.array(entries, dtype=object).reshape(a.shape[0], b.shape[1])


def positive_part(z: Array, passed: Array) -> Array:
    """`passed` where z > 0, else 0."""
    if not are_balls(z):
        return kept(z > 0, passed)
    positive = np.asarray(z > 0, dtype=bool)
    answer = np.where(positive, passed, passed * 0)
    doubtful = ~positive & ~np.asarray(z <= 0, dtype=bool)
    answer[doubtful] = _union(passed[doubtful], answer[doubtful])
    return answer


def kept(mask: Array, values: Array) -> Array:
    """`values` where the mask holds, else 0: their bit patterns times 1 or 0, which spares the branches of np.where."""
    if values.dtype != np.float64:
        return np.where(mask, values, 0)
    return np.multiply(values.view(np.int64), mask).view(np.float64)


def sign(x: Array) -> Array:
    """-1, 0 or 1."""
    if not are_balls(x):
        return np.sign(x)
    ones = x * 0 + 1
    answer = np.where(x > 0, ones, np.where(x < 0, -ones, ones * 0))
    doubtful = ~np.asarray((x > 0) | (x < 0) | (x == 0), dtype=bool)
    answer[doubtful] = _union(ones[doubtful], -ones[doubtful])
    return answer


def clip(x: Array, low: float, high: float) -> Array:
    """The values of x kept inside [low, high]; a ball that straddles a limit holds it already."""
    if not are_balls(x):
        return np.clip(x, low, high)
    return np.where(x < low, x * 0 + low, np.where(x > high, x * 0 + high, x))


def shifted(z: Array) -> Array:
    """Each row of z minus its's maximum; any shift gives the same softmax, so in balls the largest midpoint serves."""
    if not are_balls(z):
        return z - z.max(axis=1, keepdims=True)
    top = z.astype(np.float64).argmax(axis=1)
    return z - np.array([row[k].mid() for row, k in zip(z, top, strict=True)], dtype=object).reshape(-1, 1)


def log_softmax(z: Array) -> Array:
    """The logarithm of softmax, row by row: z - max - log(sum exp(z - max)); the last answer is remembered."""
    if _last and _last[0] is z:
        return _last[1]
    if are_balls(z):
        below = shifted(z)
        answer = below - np.log(np.sum(np.exp(below), axis=1, keepdims=True))
    else:  # by columns: NumPy is slow at the sums and maxima of many short rows
        columns = np.ascontiguousarray(z.T)
        below = columns - columns.max(axis=0)
        answer = np.ascontiguousarray((below - np.log(np.sum(np.exp(below), axis=0))).T)
    _last[:] = z, answer
    return answer


def row_sums(x: Array) -> Array:
    """The sum of each row, (N, C) -> (N, 1): a product with ones takes a fifth of what np.sum takes over short rows."""
    return x @ np.ones((x.shape[1], 1))


def _union(a: Array, b: Array) -> Array:
    """The union, element by element."""
    return np.array([x.union(y) for x, y in zip(a.ravel(), b.ravel(), strict=True)], dtype=object).reshape(a.shape)
