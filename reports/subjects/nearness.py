"""What search and bounds share: how near two arrays are, by what constant, and what to say of the rest."""

from collections.abc import Callable

import numpy as np

from reports.calibrated import PROPOSED, SAME
from reports.equations.rounding import Bounded
from reports.judge import used_share
from reports.measure import gaps, largest

Array = np.ndarray


def near(have: Array, wanted: Array) -> bool:
    """Whether a search may take one array for the other: they differ by little of the wanted one's scale."""
    if have.shape != wanted.shape or not have.size or not np.isfinite(have).all() or not np.isfinite(wanted).all():
        return False
    return bool(np.abs(have - wanted).max() <= PROPOSED * max(float(np.abs(wanted).max()), np.finfo(float).tiny))


def same(have: Array, wanted: Array) -> bool:
    """Whether two arrays differ by so little of their own scale that they are two ways to write one formula."""
    if have.shape != wanted.shape or not np.isfinite(have).all():
        return False
    scale = float(np.abs(wanted).max(initial=0.0))
    return bool(np.abs(have - wanted).max(initial=0.0) <= SAME * max(scale, np.finfo(float).tiny))


def used(have: Array, right: Bounded) -> float:
    """The worst share of the allowance between their numbers and ours; infinite for another shape."""
    if have.shape != right.value.shape:
        return float("inf")
    return largest(used_share(gaps(have, right.value), right.allowed))


def fitted(have: Array, right: Array, room: Callable[[float], Array]) -> tuple[float, float] | None:
    """The constant c with have = c right by least squares, and how far off it may be; None where there is none.

    Where have = c' right + e, c is off c' by no more than sum(|right| |e|) / sum(right right); room(c) bounds |e|.
    """
    squares = float(np.sum(right * right)) if have.shape == right.shape and np.isfinite(have).all() else 0.0
    if not 0 < squares < np.inf:
        return None
    c = float(np.sum(have * right)) / squares
    return c, float(np.sum(np.abs(right) * room(c))) / squares


def scaled(right: Bounded, c: float, off: float = 0.0) -> Bounded:
    """A constant times an array; `off` is how far off a fitted constant may be."""
    return Bounded(c * right.value, abs(c) * right.error + off * np.abs(right.value) / 2)


def unexplained(have: Array, wanted: Array) -> str:
    """The words for numbers that are near, but not to within rounding."""
    return digits(largest(gaps(have, wanted)), float(np.abs(wanted).max(initial=0.0)))


def digits(gap: float, scale: float) -> str:
    """The words for a gap that rounding does not explain, between numbers of a scale."""
    count = int(-np.log10(gap / scale)) if 0 < gap < scale else 0
    return f"agrees to {count} digits, which rounding does not explain"
