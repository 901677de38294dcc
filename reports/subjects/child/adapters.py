"""The explicit way: a class Adapter with parameters(), forward(x), gradients(x, y); if it likes loss, step, labels.

`parameters()` gives the live arrays in order, each weights (in, out) before its biases; `gradients(x, y)` theirs in
the same order. `labels` may say "one-hot" (the default), "indices" or "column"; loss(x, y) gives one number;
step(x, y, rate) makes one update.
"""

from typing import Any

import numpy as np

from .calling import Failure, attempt, where
from .differences import slope_at_0
from .networks.data import RATE, B, data

Array = np.ndarray


def look_at(name: str, holder: type) -> dict[str, Any]:
    """An adapter as a network; what it raises is told with its line."""
    seen: dict[str, Any] = {
        "name": name, "role": "network", "kind": "network", "form": 0,
        "forward": {"name": "forward", **where(vars(holder).get("forward"))},
        "backward": {"name": "gradients", **where(vars(holder).get("gradients"))},
    }  # fmt: skip
    trials = []
    for batch in (B, 1):
        trial: dict[str, Any] = {}
        try:
            _try(holder, batch, trial)
        except Failure as failure:
            trial["backward_error" if "output" in trial else "forward_error"] = str(failure)
        except (ValueError, TypeError, IndexError) as error:
            trial["forward_error"] = f"the adapter does not give what it should: {error}"
        trials.append(trial)
    return {**seen, "trials": trials}


def _pairs(arrays: list[Array]) -> list[list[Any]]:
    """Weights with the biases that follow them."""
    pairs: list[list[Any]] = []
    for array in arrays:
        if array.ndim == 2 and not (pairs and pairs[-1][1] is None and array.shape == (1, pairs[-1][0].shape[1])):
            pairs.append([array, None])
        elif pairs:
            pairs[-1][1] = array.reshape(1, -1)
    return pairs


def _try(holder: type, batch: int, trial: dict[str, Any]) -> None:
    made = attempt(holder)
    rng = np.random.default_rng(41)
    live = list(attempt(made.parameters))
    for array in live:
        if not isinstance(array, np.ndarray) or array.dtype != np.float64:
            raise ValueError("parameters() must give live float64 arrays")
        array[...] = rng.standard_normal(array.shape)
    pairs = _pairs([a.copy() for a in live])
    if not pairs:
        raise ValueError("parameters() gives no matrix of weights")
    labels = str(getattr(made, "labels", "one-hot"))
    x, y = data(batch, pairs[0][0].shape[0], pairs[-1][0].shape[1], labels)
    trial |= {"inputs": x, "targets": y, "labels": labels, "layout": "rows", "parameters": pairs}
    trial["output"] = np.array(attempt(made.forward, x.copy()), dtype=float)
    found = [np.array(g, dtype=float) for g in attempt(made.gradients, x.copy(), y.copy())]
    if len(found) != len(live):
        raise ValueError(f"gradients() gives {len(found)} arrays for {len(live)} parameters")
    trial["gradients"] = _pairs(found)
    if hasattr(made, "loss"):
        try:
            trial["slopes"] = [_slope(made, array, x, y, rng) for array in live]
        except (Failure, ValueError, TypeError) as error:
            trial["loss_error"] = str(error)
    if hasattr(made, "step"):
        attempt(made.step, x.copy(), y.copy(), RATE)
        moved = [(before - now) / RATE for before, now in zip(_flat(pairs), _flat(_pairs(list(live))), strict=True)]
        trial["moves"] = moved


def _slope(made: Any, live: Array, x: Array, y: Array, rng: np.random.Generator) -> list[Any]:
    """A direction of one parameter, the slope of the loss along it, and how far off that may be."""
    direction, before = rng.standard_normal(live.shape), live.copy()

    def value(h: float) -> float:
        live[...] = before + h * direction
        found = np.asarray(attempt(made.loss, x.copy(), y.copy()), dtype=float)
        if found.size != 1:
            raise ValueError(f"loss(x, y) gives an array of shape {found.shape}, where one number is wanted")
        return float(found.reshape(()))

    try:
        return [direction, *slope_at_0(value)]
    finally:
        live[...] = before


def _flat(pairs: list[list[Any]]) -> list[Array]:
    return [array for pair in pairs for array in pair if array is not None]
