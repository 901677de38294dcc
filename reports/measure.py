"""Two arrays -> how far apart they are. Numbers only: no verdict, and no exception on whatever data."""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Gap(NamedTuple):
    """How far two arrays lie apart, beyond the plain difference."""

    max_rel: float  # of the reference; what np.allclose would have needed as rtol, with atol 0
    max_ulp: float  # units in the last place of the larger of the two


def gaps(scratch: Array, reference: Array) -> Array:
    """Returns |scratch - reference| in float64; infinite where one side alone is not finite, NaN where both are."""
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.asarray(np.subtract(scratch, reference, dtype=np.float64))
        np.abs(gap, out=gap)
    if not gap.size or gap.max() < np.inf:  # a finite difference has two finite sides; NaN is not below infinity
        return gap
    ours, theirs = np.isfinite(scratch), np.isfinite(reference)
    return np.where(ours & theirs, gap, np.where(ours | theirs, np.inf, np.nan))


def comparable(scratch: Array | None, reference: Array | None) -> str:
    """Returns "" when two arrays can be subtracted, else the reason in one word, as a row's status."""
    if scratch is None:
        return "missing"
    if reference is None:
        return "extra"
    if scratch.shape != reference.shape:
        return "shape"
    if scratch.dtype != reference.dtype:
        return "dtype"
    return ""


def measure(scratch: Array, reference: Array) -> Gap:
    """Returns how far two arrays of one shape and dtype lie apart, relatively.

    Worked out where the gap is large beside the larger of the two numbers: a unit in the last place is eps / 2 to eps
    of a number, and of the reference a gap is no more than share / (1 - share), so that no other element can be the
    worst. Below the smallest normal number, where units no longer shrink, a number is taken for that, and every gap
    is worked out.
    """
    gap = gaps(scratch, reference)
    if not gap.size or gap.max() == 0:
        return Gap(0.0, 0.0)
    sizes = np.maximum(np.abs(scratch), np.abs(reference))
    normal = np.finfo(scratch.dtype).smallest_normal
    sizes = np.clip(sizes, normal, np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = gap / sizes
        top = largest(share)
        worst = np.flatnonzero(~(share < top / (2 + 2 * top)) | (sizes == normal) & (gap > 0))
        gap, sizes, theirs = gap.reshape(-1)[worst], sizes.reshape(-1)[worst], reference.reshape(-1)[worst]
        relative = np.where(gap == 0, 0.0, gap / np.abs(theirs.astype(np.float64)))
        units = np.spacing(np.where(np.isfinite(sizes), sizes, 1)).astype(np.float64)
        return Gap(largest(relative), largest(gap / units))


def largest(values: Array) -> float:
    """The maximum that is not NaN; NaN when there is none."""
    top = float(values.max(initial=0.0))
    if not np.isnan(top):
        return top
    kept = values[~np.isnan(values)]
    return float(kept.max()) if kept.size else float("nan")
