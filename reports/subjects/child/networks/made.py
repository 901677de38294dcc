"""Fresh parameters from a function that makes them, whatever it is called; calls are counted.

Axes: D inputs, H hidden, C outputs.
"""

import inspect
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays import arrays
from ..calling import Failure, attempt
from ..signatures import required
from . import board as boards
from .chain import Chain
from .data import D, H

MOST_CALLS = 600  # of all functions of one file


def arguments_of(function: Any) -> Iterator[tuple[Any, ...]]:
    """What a maker of parameters may be given, with None where the number of outputs belongs."""
    match len(required(function)):
        case 0 if getattr(function, "__code__", None) and function.__code__.co_flags & inspect.CO_VARARGS:
            yield (D, H, None)
        case 1:
            yield from (([D, H, None],), ([(D, H), (H, None)],))
        case 2:
            yield from (([D, H, None], 1), ([D, H, None], "generator"), ("generator", [D, H, None]))
        case 3:
            yield (D, H, None)
        case 4:
            yield from ((D, H, None, "generator"), ("generator", D, H, None))


def _filled(value: Any, outputs: int) -> Any:
    """An argument with the number of outputs in its place."""
    if value is None:
        return outputs
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(inner, outputs) for inner in value)
    return np.random.default_rng(41) if value == "generator" else value


def container(function: Any, sizes: tuple[Any, ...], outputs: int, calls: list[int]) -> Any:
    """Fresh parameters; raises Failure."""
    count(calls)
    made = attempt(function, *(_filled(value, outputs) for value in sizes))
    return list(made) if isinstance(made, tuple) else made


def count(calls: list[int]) -> None:
    """Counts a call; raises Failure when there were enough or the time is over."""
    calls[0] += 1
    if calls[0] > MOST_CALLS or time.process_time() > boards.deadline[0]:
        raise Failure(RuntimeError("there was no time left to try it"))


def chain_of(function: Any, sizes: tuple[Any, ...], outputs: int, calls: list[int]) -> Chain | None:
    """The parameters that a maker makes, as a chain from D over H to C; None when they are none."""
    try:
        made = container(function, sizes, outputs, calls)
    except Failure:
        return None
    if not isinstance(made, (list, dict)):
        return None
    found = arrays(made)
    for orientation, wanted in (("in, out", [(D, H), (H, outputs)]), ("out, in", [(H, D), (outputs, H)])):
        weights = [path for shape in wanted for path, array in found.items() if array.shape == shape]
        if len(weights) == 2 and len(found) <= 4:
            rest = {path: array for path, array in found.items() if path not in weights}
            fits = [[p for p, a in rest.items() if a.size == width] for width in (H, outputs)]
            if sum(map(len, fits)) != len(rest) or any(len(one) > 1 for one in fits):
                return None
            chain = Chain(weights, [one[0] if one else None for one in fits], orientation)
            chain.shapes = {path: array.shape for path, array in found.items()}
            return chain
    return None
