"""Activations that take one sample, as an array or a list, or one number at a time: seen as if they took batches.

Each sample, or number, gets an object of its own, for they may remember what they were given.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .arrays import Array, arrays, numeric

Built = Callable[[type], Iterator[Any]]


def ways(holder: type, forward: str, backward: str, built: Built) -> Iterator[type]:
    """Classes of the same methods that take batches: each row as it is, each as a list, each number."""
    for parts in (_rows, _lists, _numbers):
        yield _batched(holder, forward, backward, built, parts)


def _rows(x: Array) -> list[Any]:
    return [row.copy() for row in x]


def _lists(x: Array) -> list[Any]:
    return [row.tolist() for row in x]


def _numbers(x: Array) -> list[Any]:
    return [float(number) for number in x.ravel()]


def _batched(holder: type, forward: str, backward: str, built: Built, parts: Callable[[Array], list[Any]]) -> type:
    def goes_forward(self: Any, *args: Array, **named: Array) -> Array:
        x = next(iter([*args, *named.values()]))
        self.made = [next(built(holder)) for _ in parts(x)]
        found = _gathered([getattr(one, forward)(part) for one, part in zip(self.made, parts(x), strict=True)], x)
        if found is None:
            raise ValueError("it gives no numbers for each sample")
        return found

    def goes_back(self: Any, *args: Array, **named: Array) -> Array | None:
        given = inspect.signature(goes_back).bind(self, *args, **named).args[1:]
        made = getattr(self, "made", None) or [next(built(holder)) for _ in parts(given[0])]
        each = zip(made, *map(parts, given), strict=True)
        return _gathered([getattr(one, backward)(*some) for one, *some in each], given[0])

    goes_forward.__signature__ = _signature(holder, forward)  # type: ignore[attr-defined]
    space: dict[str, Any] = {forward: goes_forward, "__parity_arrays__": lambda self: arrays(None)}
    if backward:
        goes_back.__signature__ = _signature(holder, backward)  # type: ignore[attr-defined]
        space[backward] = goes_back
    return type(holder.__name__, (), space)


def _signature(holder: type, method: str) -> inspect.Signature:
    """The signature of a method, with self whether it is static or not."""
    signature = inspect.signature(getattr(holder, method))
    static = isinstance(inspect.getattr_static(holder, method), (staticmethod, classmethod))
    first = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)] if static else []
    return signature.replace(parameters=[*first, *signature.parameters.values()])


def _gathered(results: list[Any], like: Array) -> Array | None:
    """What came for each part, as one array of the shape of the batch; None where it is something else."""
    numbers = [one.ravel() for one in map(numeric, results) if one is not None]
    if len(numbers) != len(results) or sum(one.size for one in numbers) != like.size:
        return None
    return np.concatenate(numbers).astype(float).reshape(like.shape)
