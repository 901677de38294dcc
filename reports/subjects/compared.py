"""One array of theirs against torch's, within twice a bound: the row that says how it went."""

from collections.abc import Mapping

import numpy as np

from reports.subjects.tiny import harmless
from reports.subjects.verdicts import Row

Array = np.ndarray


def compared(
    quantity: str,
    probe: str,
    have: Array,
    right: Array,
    error: Array,
    stage: str,
    other: Mapping[str, Array] | None = None,
) -> Row:
    """Right within 2 `error`; departs where another formula for the same number loses a little; else defective.

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
    if harmless(have, right):
        words = f"it rounds more than the bound allows, by {gap.max():.1g}"
        return Row(quantity, probe, "departs", used, float(gap.max()), words, stage)
    holes = int((~np.isfinite(have)).sum())
    words = f"{holes} of {have.size} values are NaN or infinite" if holes else f"values differ by up to {gap.max():.2g}"
    for says, form in (other or {}).items():
        if form.shape == have.shape and harmless(have, form):
            words = says
            break
    return Row(quantity, probe, "defective", used, float(gap.max()), f"{quantity}: {words}", stage)
