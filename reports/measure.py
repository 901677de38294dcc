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
    """Returns how far two arrays of one shape and dtype lie apart, relatively."""
    gap = gaps(scratch, reference)
    sizes = np.maximum(np.abs(scratch), np.abs(reference))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.where(gap == 0, 0.0, gap / np.abs(reference.astype(np.float64)))
        spacing = np.spacing(np.where(np.isfinite(sizes), sizes, 1).astype(scratch.dtype)).astype(np.float64)
        ulps = np.where(gap == 0, 0.0, gap / spacing)
    return Gap(largest(relative), largest(ulps))


def largest(values: Array) -> float:
    """The maximum that is not NaN; NaN when there is none."""
    top = float(values.max(initial=0.0))
    if not np.isnan(top):
        return top
    kept = values[~np.isnan(values)]
    return float(kept.max()) if kept.size else float("nan")
