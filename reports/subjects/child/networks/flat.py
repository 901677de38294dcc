"""Gradients of all parameters in one vector: where each number belongs is told by what gives or takes such a vector.

A method that gives the parameters as a vector shows the order by their values; one that takes a vector shows it by what
becomes of 0, 1, 2, ... Where there is neither, weights and biases follow one another, layer by layer.
"""

from typing import Any

import numpy as np

from ..arrays import Array, arrays
from ..calling import Failure, attempt, twin
from ..signatures import parameters, required
from .chain import Chain

Places = dict[str, Array]  # of each parameter: where its numbers stand in the vector


def gradients(made: Any, chain: Chain, returned: dict[str, Array]) -> list[list[Any]] | None:
    """The gradients that one of the returned vectors holds; None where none is as long as all parameters."""
    held = arrays(made)
    paths = [path for pair in zip(chain.weights, chain.biases, strict=True) for path in pair if path]
    total = sum(held[path].size for path in paths)
    vector = next((a.ravel() for a in returned.values() if a.size == total == max(a.shape, default=0)), None)
    if vector is None or len(paths) < 2:
        return None
    places = _given(made, held, paths, total) or _taken(made, held, paths, total) or _in_order(held, paths)
    return chain.values({path: vector[place].reshape(held[path].shape) for path, place in places.items()})


def _methods(made: Any, asks: int) -> list[Any]:
    """The methods that want so many arguments, if any at all of that kind."""
    own = [getattr(made, name) for name in dir(made) if not name.startswith("__")]
    return [one for one in own if callable(one) and len(required(one)) == asks <= len(parameters(one)) + (not asks)]


def _given(made: Any, held: dict[str, Array], paths: list[str], total: int) -> Places | None:
    """The places by a method that gives the parameters themselves as one vector."""
    for method in _methods(twin(made), 0):
        try:
            result = np.asarray(attempt(method))
        except (Failure, ValueError):
            continue
        if result.size == total and result.dtype.kind == "f":
            where = {value: k for k, value in enumerate(result.ravel().tolist())}
            places = {path: np.array([where.get(value, -1) for value in held[path].ravel().tolist()]) for path in paths}
            if len(where) == total and all((place >= 0).all() for place in places.values()):
                return places
    return None


def _taken(made: Any, held: dict[str, Array], paths: list[str], total: int) -> Places | None:
    """The places by a method that takes a vector and makes the parameters of it."""
    for name in [method.__name__ for method in _methods(made, 1) if hasattr(method, "__name__")]:
        other = twin(made)
        try:
            attempt(getattr(other, name), np.arange(total, dtype=float))
        except Failure:
            continue
        now = arrays(other)
        if all(path in now and now[path].shape == held[path].shape for path in paths):
            places = {path: now[path].ravel().astype(int) for path in paths}
            if np.array_equal(np.sort(np.concatenate(list(places.values()))), np.arange(total)):
                return places
    return None


def _in_order(held: dict[str, Array], paths: list[str]) -> Places:
    ends = np.cumsum([held[path].size for path in paths])
    return {path: np.arange(end - held[path].size, end) for path, end in zip(paths, ends, strict=True)}
