"""A gap and an allowance -> a row: status, share of the allowance used, where it is worst.

The allowance is twice the rounding bound of `equations`: each side may lie E from the exact value. The judge reads
values and bounds from there, never from the side under test, whose fault could widen its own allowance.
"""

from typing import Any

import numpy as np

from reports.equations.rounding import Bounded
from reports.measure import comparable, gaps, measure

Array = np.ndarray

# What a row's status means. `used` is the worst gap in allowances: at most 1 passes.
STATUSES = {
    "exact": "equal to the last bit",
    "close": "apart by no more than rounding explains",
    "apart": "apart by more than rounding explains",
    "missing": "the reference has it, scratch has not",
    "extra": "scratch has it, the reference has not",
    "shape": "another shape",
    "dtype": "another dtype",
    "nonfinite": "NaN or infinite on both sides: cannot be judged",
    "unjudged": "no bound is known: cannot be judged",
}
PASSES = ("exact", "close")
FAILS = ("apart", "missing", "extra", "shape", "dtype")


def judge(quantity: str, scratch: Array | None, reference: Array | None, bound: Bounded | None) -> dict[str, Any]:
    """Returns one row without its case and epoch: numbers, allowance, share used, status; raises on no data."""
    present = scratch if scratch is not None else reference
    row: dict[str, Any] = {
        "quantity": quantity,
        "stage": quantity.split("/")[0],
        "shape": str(present.shape if present is not None else ()),
        "dtype": str(present.dtype) if present is not None else "",
        "elements": present.size if present is not None else 0,
        "out": 0,
        "undecided": 0,
        "max_abs": np.nan,
        "max_rel": np.nan,
        "max_ulp": np.nan,
        "worst_index": "",
        "scratch": np.nan,
        "reference": np.nan,
        "allowed": np.nan,
        "used": np.nan,
        "hint": "",
    }
    if status := comparable(scratch, reference):
        return row | {"status": status, "out": row["elements"], "hint": _difference(status, scratch, reference)}
    assert scratch is not None  # comparable has just said so
    assert reference is not None
    gap = measure(scratch, reference)
    row |= {name: value for name, value in gap._asdict().items() if name.startswith("max_")}
    if bound is None or bound.value.shape != scratch.shape:
        return row | {"status": "unjudged", "hint": "no equation gives this quantity a bound"}
    used = used_share(gaps(scratch, reference), 2 * bound.error)
    worst = np.unravel_index(int(np.argmax(np.nan_to_num(used, nan=-1.0))), used.shape)
    out = int(np.sum(used > 1))
    unbounded = int(np.sum(~np.isfinite(bound.error) & (gaps(scratch, reference) != 0)))
    row |= {
        "out": out,
        "worst_index": str([int(i) for i in worst]) if worst else "",
        "scratch": float(scratch[worst]),
        "reference": float(reference[worst]),
        "allowed": float(2 * bound.error[worst]),
        "used": float(used[worst]),
    }
    if out:
        return row | {"status": "apart"}
    if gap.nonfinite:
        return row | {"status": "nonfinite", "hint": f"{gap.nonfinite} elements are not finite on either side"}
    if unbounded:
        return row | {"status": "unjudged", "hint": f"the bound of {unbounded} elements is not finite"}
    return row | {"status": "exact" if gap.exact else "close"}


def used_share(gap: Array, allowed: Array) -> Array:
    """Returns gap / allowance: 0 where there is no gap, infinite where there is one and none is allowed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, np.where(allowed > 0, gap / allowed, np.where(np.isnan(gap), np.nan, np.inf)))


def verdict(statuses: Any) -> int:
    """Returns the exit code of a set of statuses: 0 parity, 1 not, 2 cannot judge (or nothing compared)."""
    seen = set(statuses)
    if seen & set(FAILS):
        return 1
    return 0 if seen and seen <= set(PASSES) else 2


def _difference(status: str, scratch: Array | None, reference: Array | None) -> str:
    """Says what came and what was wanted when two arrays cannot be subtracted."""
    if scratch is None or reference is None:
        return STATUSES[status]
    if status == "shape":
        return f"scratch has shape {scratch.shape}, the reference {reference.shape}"
    return f"scratch has dtype {scratch.dtype}, the reference {reference.dtype}"
