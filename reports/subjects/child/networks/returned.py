"""The gradients in what a way back returns: at the places of the parameters, else by shape.

Axes: D inputs, H hidden.
"""

from typing import Any

import numpy as np

from ..arrays import Array, tree
from .chain import Chain
from .data import D, H


def gradients_in(result: Any, chain: Chain) -> list[list[Any]] | None:
    """Gradients in a result: at the parameters' own places, else by shape; None where weights lack."""
    for part in (result, *(result if isinstance(result, tuple) else ())):
        if not isinstance(part, (list, dict, tuple)):
            continue
        pool = tree(part)
        places = {path: path for path in chain.shapes}
        if not all(path in pool for path in chain.shapes):
            places = _by_shape(pool, chain)
        weights = [pool.get(places.get(path, "")) for path in chain.weights]
        if any(w is None or w.ndim != 2 for w in weights) or not _fit(weights, chain):
            continue
        made = []
        for w, b in zip(weights, chain.biases, strict=True):
            db = pool.get(places.get(b, "")) if b else None
            flat = db is not None and (db.ndim == 1 or 1 in db.shape)
            turned = w.T if chain.orientation == "out, in" and w is not None else w
            made.append([np.array(turned), db.reshape(1, -1) if db is not None and flat else db])
        return made
    return None


def _fit(weights: list[Array | None], chain: Chain) -> bool:
    """Whether matrices are as large as the weights; the last one may have another number of outputs."""
    axes = (0, 1) if chain.orientation == "in, out" else (1, 0)
    shapes = [(w.shape[axes[0]], w.shape[axes[1]]) for w in weights if w is not None]
    return shapes in ([(D, H), (H, 3)], [(D, H), (H, 1)])


def _by_shape(pool: dict[str, Array], chain: Chain) -> dict[str, str]:
    """The place of each parameter's gradient among arrays: by shape, one for each."""
    wide = 1 if any(array.ndim == 2 and sorted(array.shape) == [1, H] for array in pool.values()) else 3
    places: dict[str, str] = {}
    for path, shape in chain.shapes.items():
        wanted = tuple(wide if n == 3 else n for n in shape)
        size = int(np.prod(wanted))
        if path in chain.weights:
            fits = [p for p, a in pool.items() if a.shape == wanted]
        else:
            fits = [p for p, a in pool.items() if a.size == size and (a.ndim == 1 or 1 in a.shape)]
        fits = [p for p in fits if p not in places.values()]
        if fits:
            places[path] = fits[0]
    return places if len(pool) <= len(chain.shapes) + 1 else {}
