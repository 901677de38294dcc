"""A gap and an allowance -> a row: status, share of the allowance used, where it is worst.

The allowance is twice the rounding bound of `equations`: each side may lie E from the exact value. The judge reads
values and bounds from there, never from the side under test, whose fault could widen its own allowance.
"""

import functools
from typing import Any, NamedTuple

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
BLOCK = 2**15  # elements: with their allowances and gaps a quarter of a megabyte each
LEAST = 5e-324  # the least number above 0

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
        "dtype": _name(present.dtype) if present is not None else "",
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
    if bound is None or bound.value.shape != scratch.shape:
        row["max_abs"] = largest(gaps(scratch, reference))
        return row | {"status": "unjudged", "hint": "no equation gives this quantity a bound"}
    found = _passing(scratch, reference, bound.allowed) or _worst(scratch, reference, bound)
    worst = np.unravel_index(found.at, scratch.shape)
    introduced = _local_share(scratch, local)
    row["max_abs"], row["used"], row["out"], row["local"] = found.gap, found.share, found.out, introduced
    row["worst_index"] = str([int(i) for i in worst]) if worst else ""
    row["scratch"], row["reference"] = float(scratch[worst]), float(reference[worst])
    allowed = float(bound.allowed[worst])
    row["allowed"] = np.inf if np.isnan(allowed) else allowed
    if row["out"] or introduced > 1:
        return row | {"status": "apart", "origin": "introduced here" if introduced > 1 else "inherited"}
    if found.holes:
        return row | {"status": "nonfinite", "hint": f"{found.holes} elements are not finite on either side"}
    if found.unbounded:
        return row | {"status": "unjudged", "hint": f"the bound of {found.unbounded} elements is not finite"}
    row["status"] = "close" if row["max_abs"] else "exact"
    return row


_name = functools.cache(str)  # of a dtype, which NumPy spells anew each time


class Worst(NamedTuple):
    """The worst element of two arrays: largest gap, largest share of the allowance, and where that is."""

    gap: float
    share: float
    at: int  # in the flattened array
    out: int = 0  # elements beyond their allowance
    holes: int = 0  # not finite on either side
    unbounded: int = 0  # apart, and without a finite allowance


def _passing(scratch: Array, reference: Array, allowed: Array) -> Worst | None:
    """The worst of two arrays that pass, and None for all others.

    A block at a time, which a core's own cache holds: over whole arrays each of these passes would wait for memory.
    """
    ours, theirs, limits = scratch.reshape(-1), reference.reshape(-1), allowed.reshape(-1)
    room = np.empty((2, min(BLOCK, ours.size)))
    gap, share, at = 0.0, -1.0, 0
    with np.errstate(all="ignore"):
        for start in range(0, ours.size, BLOCK):
            block = slice(start, start + BLOCK)
            limit = limits[block]
            size = limit.size
            gaps = np.subtract(ours[block], theirs[block], out=room[0, :size], dtype=np.float64)
            np.abs(gaps, out=gaps)
            gap = max(gap, float(gaps.max()))
            positive = np.clip(limit, LEAST, np.inf, out=room[1, :size])  # no gap where none is allowed is 0, not NaN
            np.divide(gaps, positive, out=gaps)
            here = int(gaps.argmax())
            if not (gaps[here] < 1 and limit.max() < np.inf):  # NaN is neither
                return None
            if gaps[here] > share:
                share, at = float(gaps[here]), start + here
    return Worst(gap, share, at)


def _worst(scratch: Array, reference: Array, bound: Bounded) -> Worst:
    """The worst of any two arrays, and what stands in the way of a verdict."""
    gap = gaps(scratch, reference)
    allowed = _allowed(bound)
    used = used_share(gap, allowed)
    at = int(np.argmax(used))  # the first NaN, where there is one
    holes = int(np.isnan(used).sum())
    if holes:
        at = int(np.argmax(np.where(np.isnan(used), -1.0, used)))
    unbounded = int(np.sum(np.isinf(allowed) & (gap != 0)))
    return Worst(largest(gap), float(used.flat[at]), at, int(np.sum(used > 1)), holes, unbounded)


def _local_share(scratch: Array, local: Bounded | None) -> float:
    """Returns the worst gap between scratch and its own inputs' consequence, in allowances; NaN where unknown."""
    if local is None or local.value.shape != scratch.shape:
        return float("nan")
    return largest(used_share(gaps(scratch, local.value), _allowed(local)))


def _allowed(bound: Bounded) -> Array:
    """Returns 2 E, infinite where no bound is claimed (NaN)."""
    return np.where(np.isnan(bound.allowed), np.inf, bound.allowed)


def used_share(gap: Array, allowed: Array) -> Array:
    """Returns gap / allowance: 0 where there is no gap, infinite where there is one and none is allowed."""
    with np.errstate(all="ignore"):  # a gap / 0 is infinite, as it should be, or by almost 0; 0 / 0 is NaN
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
