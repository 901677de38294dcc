"""What networks are given: inputs, targets in every format, the layouts of a batch, rates and rounds.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from typing import Any

import numpy as np

from .. import names
from ..arrays import Array

B, D, H = 7, 5, 11
RATE = 0.0625


def settings(rounds: int = 1) -> list[tuple[set[str], Any]]:
    """Rates, rounds, batch size, silence: what most constructors and trainers ask for."""
    return [(names.RATE - {"a", "step", "rate"}, RATE), (names.ROUNDS - {"n"}, rounds), (names.BATCH, B),
            (names.QUIET, False), ({"seed", "randomstate", "randomseed"}, 1),
            ({"lambd", "lambda", "reg", "reglambda", "regularization", "l2", "lamda", "lmbda"}, 0.0)]  # fmt: skip


def data(batch: int, d: int, c: int, labels: str) -> tuple[Array, Array]:
    """Inputs and targets: one-hot rows, class indices, or a 0/1 column or vector."""
    rng = np.random.default_rng([31, batch, d, c])
    x = rng.standard_normal((batch, d)) if d < 100 else rng.standard_normal((batch, d)) * 0.3
    classes = rng.integers(0, max(c, 2), batch)
    classes[-1] = max(c, 2) - 1  # who counts the classes by the largest label finds them all
    if labels == "one-hot":
        return x, np.eye(c)[classes]
    if labels == "indices":
        return x, classes
    y = (rng.uniform(size=batch) > 0.5).astype(float)
    return x, y if labels == "vector" else y.reshape(-1, 1)


def lay(x: Array, y: Array, layout: str) -> tuple[Array, Array]:
    """Rows as a layout wants them."""
    if layout in ("columns", "sample column"):
        return x.T.copy(), y.T.copy() if y.ndim == 2 else y.copy()
    if layout == "sample":
        return x[0].copy(), y[0].copy() if y.ndim == 2 else y.copy()
    return x.copy(), y.copy()
