"""Gradients beside differences of the loss that an adapter gives: whatever its layers and its loss are."""

from typing import Any

import numpy as np

from reports.calibrated import PROPOSED
from reports.subjects.verdicts import Row

Array = np.ndarray


def own_loss(one: dict[str, Any]) -> list[Row]:
    """The row of a trial with differences: right, by one constant otherwise, or which arrays are wrong."""
    probe = f"{len(one['inputs'])} samples" if "inputs" in one else ""
    if "loss_error" in one:
        return [Row("own loss", probe, "unjudged", stage="loss",
                    says=f"its loss could not be used: {one['loss_error']}")]  # fmt: skip
    slopes = one.get("slopes")
    own = [array for pair in one.get("gradients", []) for array in pair if isinstance(array, np.ndarray)]
    if not slopes or len(own) != len(slopes):
        return []
    kinds = ("weights", "biases")
    names = [f"{kind} {k + 1}" for k, pair in enumerate(one["gradients"])
             for kind, array in zip(kinds, pair, strict=True) if isinstance(array, np.ndarray)]  # fmt: skip
    products = [g.ravel() * np.ravel(direction) for g, (direction, _, _) in zip(own, slopes, strict=True)]
    mine = np.array([product.sum() for product in products])
    theirs, error = np.array([[slope, off] for _, slope, off in slopes], float).T
    # differences are a search's evidence, not a bound: a difference that could be theirs is no defect
    room = error + PROPOSED * np.array([np.abs(product).sum() for product in products])
    if not (np.isfinite(theirs).all() and np.isfinite(mine).all()):
        return [Row("own loss", probe, "unjudged", says="its loss has no slope that differences can tell")]
    shares = np.abs(mine - theirs) / np.maximum(room, np.finfo(float).tiny)
    used = float(shares.max())
    if used <= 1:
        return [Row("own loss", probe, "right", used, float(np.abs(mine - theirs).max()), stage="backward")]
    c = float(mine @ theirs / (theirs @ theirs)) if theirs.any() else 0.0
    if c and (np.abs(mine - c * theirs) <= abs(c) * error + room).all():
        words = f"its gradients are {c:.4g} times those of its own loss"
        return [Row("own loss", probe, "departs", used, says=words, stage="backward")]
    wrong = ", ".join(name for name, share in zip(names, shares, strict=True) if not share <= 1)
    words = f"not the gradient of its own loss, by differences of the loss: {wrong}"
    return [Row("own loss", probe, "defective", used, says=words, stage="backward")]
