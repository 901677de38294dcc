"""Two arrays -> how far apart they are. Numbers only: no verdict, and no exception on whatever data."""

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray


class Gap(NamedTuple):
    """How far two arrays lie apart; NaN where that has no meaning (missing, another shape or dtype)."""

    elements: int
    max_abs: float
    max_rel: float  # of the reference
    max_ulp: float  # units in the last place of the larger of the two
    exact: bool  # equal in every element, NaN nowhere
    nonfinite: int  # elements that are NaN or infinite on both sides


def gaps(scratch: Array, reference: Array) -> Array:
    """Returns |scratch - reference| in float64; infinite where only one side is finite or the infinities differ."""
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(scratch.astype(np.float64) - reference.astype(np.float64))
    return np.where(np.isfinite(scratch) & np.isfinite(reference), difference, _where_not_finite(scratch, reference))


def _where_not_finite(scratch: Array, reference: Array) -> Array:
    """NaN where both sides are not finite (no claim), infinite where one is."""
    both = ~np.isfinite(scratch) & ~np.isfinite(reference)
    return np.where(both, np.nan, np.inf)


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


def measure(scratch: Array, reference: Array, gap: Array) -> Gap:
    """Returns how far two arrays of one shape and dtype lie apart, from their `gaps`."""
    if np.array_equal(scratch, reference):  # the usual case late in a check, and the cheap one
        return Gap(scratch.size, 0.0, 0.0, 0.0, exact=True, nonfinite=0)
    sizes = np.maximum(np.abs(scratch), np.abs(reference))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = np.where(gap == 0, 0.0, gap / np.abs(reference.astype(np.float64)))
        spacing = np.spacing(np.where(np.isfinite(sizes), sizes, 1).astype(scratch.dtype)).astype(np.float64)
        ulps = np.where(gap == 0, 0.0, gap / spacing)
    return Gap(
        elements=scratch.size,
        max_abs=_largest(gap),
        max_rel=_largest(relative),
        max_ulp=_largest(ulps),
        exact=False,
        nonfinite=int(np.isnan(gap).sum()),
    )


def _largest(values: Any) -> float:
    """The maximum that is not NaN; NaN when there is none."""
    kept = values[~np.isnan(values)]
    return float(kept.max()) if kept.size else float("nan")
