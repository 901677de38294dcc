"""A gap and an allowance -> a row: status, share of the allowance used, where it is worst.

The allowance is twice the rounding bound of `equations`: each side may lie E from the exact value. The judge reads
values and bounds from there, never from the side under test, whose fault could widen its own allowance.
"""

from typing import Any

import numpy as np

from reports.equations.kernels import kept
from reports.equations.rounding import Bounded
from reports.measure import comparable, gaps, largest

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


def judge(
    quantity: str,
    scratch: Array | None,
    reference: Array | None,
    bound: Bounded | None,
    local: Bounded | None = None,
) -> dict[str, Any]:
    """Returns one row without its case and epoch: numbers, allowance, share used, status; raises on no data.

    `bound` holds the judge's value and propagated bound. `local` holds what scratch's own inputs to this quantity
    give, and that one step's bound: a row beyond it was introduced here, one beyond `bound` alone was inherited.
    """
    present = scratch if scratch is not None else reference
    row: dict[str, Any] = {
        "quantity": quantity,
        "stage": quantity.split("/")[0],
        "shape": str(present.shape if present is not None else ()),
        "dtype": str(present.dtype) if present is not None else "",
        "elements": present.size if present is not None else 0,
        "out": 0,
        **dict.fromkeys(("max_abs", "max_rel", "max_ulp"), np.nan),
        "worst_index": "",
        **dict.fromkeys(("scratch", "reference", "allowed", "used", "local"), np.nan),
        "origin": "",
        **dict.fromkeys(("scratch_off", "reference_off"), np.nan),
        "nearer": "",
        "hint": "",
    }
    if status := comparable(scratch, reference):
        return row | {"status": status, "out": row["elements"], "hint": _difference(status, scratch, reference)}
    assert scratch is not None  # comparable has just said so
    assert reference is not None
    gap = gaps(scratch, reference)
    row["max_abs"] = largest(gap)
    if bound is None or bound.value.shape != scratch.shape:
        return row | {"status": "unjudged", "hint": "no equation gives this quantity a bound"}
    allowed, finite = _allowed(bound)
    equal = finite and row["max_abs"] == 0 and gap.size > 0
    used = gap if equal else used_share(gap, allowed)
    at = int(np.argmax(used))  # the first NaN, where there is one
    holes = int(np.isnan(used).sum()) if np.isnan(used.flat[at]) else 0
    if holes:
        at = int(np.argmax(np.where(np.isnan(used), -1.0, used)))
    worst = np.unravel_index(at, used.shape)
    introduced = _local_share(scratch, local)
    row["worst_index"] = str([int(i) for i in worst]) if worst else ""
    row["scratch"], row["reference"] = float(scratch[worst]), float(reference[worst])
    row["allowed"], row["used"], row["local"] = float(allowed[worst]), float(used[worst]), introduced
    if row["used"] > 1:  # the worst of all
        row["out"] = int(np.sum(used > 1))
    if row["out"] or introduced > 1:
        return row | {"status": "apart", "origin": "introduced here" if introduced > 1 else "inherited"}
    if holes:
        return row | {"status": "nonfinite", "hint": f"{holes} elements are not finite on either side"}
    if not finite and (unbounded := int(np.sum(np.isinf(allowed) & (gap != 0)))):
        return row | {"status": "unjudged", "hint": f"the bound of {unbounded} elements is not finite"}
    row["status"] = "close" if row["max_abs"] else "exact"
    return row


def _local_share(scratch: Array, local: Bounded | None) -> float:
    """Returns the worst gap between scratch and its own inputs' consequence, in allowances; NaN where unknown."""
    if local is None or local.value.shape != scratch.shape:
        return float("nan")
    return largest(used_share(gaps(scratch, local.value), _allowed(local)[0]))


def _allowed(bound: Bounded) -> tuple[Array, bool]:
    """Returns 2 E, infinite where no bound is claimed (NaN), and whether it is finite everywhere."""
    allowed = bound.allowed
    if not allowed.size or allowed.max() < np.inf:
        return allowed, True
    return np.where(np.isnan(allowed), np.inf, allowed), False


def used_share(gap: Array, allowed: Array) -> Array:
    """Returns gap / allowance: 0 where there is no gap, infinite where there is one and none is allowed."""
    with np.errstate(divide="ignore", invalid="ignore"):  # a gap / 0 is infinite, as it should be; 0 / 0 is NaN
        share = np.asarray(gap / allowed)
    if not allowed.size or allowed.min() > 0:
        return share
    if gap.max() < np.inf:  # the only NaN are those of 0 / 0
        return kept(~np.isnan(share), share)
    return np.where((allowed == 0) & ~(gap > 0), gap, share)


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
