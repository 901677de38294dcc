"""One array of theirs against torch's, within twice a bound: the row that says how it went."""

from collections.abc import Mapping

import numpy as np

from reports.subjects.nearness import near, same, unexplained
from reports.subjects.verdicts import Row

Array = np.ndarray
FLOAT32 = "it computes in float32"


def in_float32(have: Array) -> bool:
    """Whether every number is one of float32."""
    with np.errstate(over="ignore"):
        return np.array_equal(have, have.astype(np.float32))


def compared(
    quantity: str,
    probe: str,
    have: Array,
    right: Array,
    error: Array,
    stage: str,
    other: Mapping[str, Array] | None = None,
    strange: str = "defective",
) -> Row:
    """Right within 2 `error`; departs where it is near; else defective, or `strange` where no known mistake gives it.

    `other` are arrays that a known mistake gives, by what to say of it.
    """
    if have.shape != right.shape:
        words = f"{quantity}: it has shape {have.shape}, where {right.shape} is wanted"
        return Row(quantity, probe, "defective", says=words, stage=stage)
    gap = np.abs(have - right)
    allowed = 2 * error
    with np.errstate(all="ignore"):
        used = float(np.max(np.where(gap == 0, 0.0, gap / allowed), initial=0.0))
    if np.isfinite(have).all() and (gap <= allowed).all():
        return Row(quantity, probe, "right", used, float(gap.max(initial=0.0)), stage=stage)
    if near(have, right):
        words = FLOAT32 if in_float32(have) else f"{quantity}: {unexplained(have, right)}"
        return Row(quantity, probe, "departs", used, float(gap.max()), words, stage)
    holes = int((~np.isfinite(have)).sum())
    words = f"{holes} of {have.size} values are NaN or infinite" if holes else f"values differ by up to {gap.max():.2g}"
    status = "defective" if holes else strange
    for says, form in (other or {}).items():
        if form.shape == have.shape and same(have, form):
            words, status = says, "defective"
            break
    return Row(quantity, probe, status, used, float(gap.max()), f"{quantity}: {words}", stage)
