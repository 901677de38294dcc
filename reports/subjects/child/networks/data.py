"""What networks are given: inputs, targets in every format, the layouts of a batch, rates and rounds.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from typing import Any

import numpy as np

from .. import names
from ..arrays import Array
from ..signatures import required

B, D, H = 7, 5, 11
RATE = 0.0625
LARGE = 50_000  # weights: the arrays of so many trials must fit into what is sent back


def batch_for(layout: str, c: int) -> int:
    """How many samples: one where a layout says so, else enough that every class is among them."""
    return 1 if layout not in ("rows", "columns") else B if c < B else c + 3


PLAIN = [(names.DECAY, 0.0), ({"momentum", "dropout", "dropoutrate", "dropprob"}, 0.0), ({"keepprob"}, 1.0),
         ({"beta1"}, 0.9), ({"beta2"}, 0.999), ({"epsilon", "eps"}, 1e-8),
         ({"weightscale", "initscale", "std", "sigma"}, 0.1)]  # fmt: skip


def idle(function: Any) -> list[tuple[set[str], Any]]:
    """Momentum, decay, dropout and the like that do nothing, for parameters without a default."""
    asked = {names.plain(one.name) for one in required(function)}
    return [(asked & group, value) for group, value in PLAIN if asked & group]


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
    if batch >= c:
        classes[:c] = rng.permutation(c)  # who counts the classes among the labels finds them all
    classes[-1] = max(c, 2) - 1 if batch < c else classes[-1]
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


def handed_on(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those trials that are handed on: the ones with gradients, fewer where the network is large."""
    chosen = [trial for trial in trials if "gradients" in trial] or trials
    size = sum(w.size for w, _ in chosen[0]["parameters"])
    return chosen[: 16 if size < LARGE else 4]
