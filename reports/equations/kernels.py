"""The few functions that NumPy does not evaluate alike in float64, in longdouble and in balls.

A rule's `value` is written once, in arithmetic operators and these. An array of dtype object holds balls of
python-flint (`arb`): midpoint and radius that enclose the exact value. Where a ball straddles a kink, the answer is
the union of both sides, so that it still encloses.
"""

from typing import Any

import numpy as np

Array = np.ndarray


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
        return np.where(z > 0, passed, 0)
    zero = passed * 0
    return np.where(z > 0, passed, np.where(z <= 0, zero, _union(passed, zero)))


def sign(x: Array) -> Array:
    """-1, 0 or 1."""
    if not are_balls(x):
        return np.sign(x)
    ones = x * 0 + 1
    both = _union(ones, -ones)
    return np.where(x > 0, ones, np.where(x < 0, -ones, np.where(x == 0, ones * 0, both)))


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


def _union(a: Array, b: Array) -> Array:
    """The union, element by element."""
    return np.array([x.union(y) for x, y in zip(a.ravel(), b.ravel(), strict=True)], dtype=object).reshape(a.shape)
