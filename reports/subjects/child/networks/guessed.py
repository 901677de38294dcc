"""What a method of a network may take under names that say nothing: inputs first, then targets, then a rate.

Where several ways are possible all are tried: only the right one gives gradients that a network and a loss explain.
"""

import inspect
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..arrays import Array
from ..signatures import parameters, text_of
from .data import RATE

MOST = 3  # parameters of unknown names
OTHER = re.compile(r"^_*(set|load|save|copy|reset|init|construct|build|create|make|mutat|random|add|get|plot|show)")


def default_of(owner: Any, name: str) -> Any:
    """The default that another method of an object gives a parameter of the same name; None without one."""
    for method in vars(type(owner)).values() if owner is not None else ():
        for one in parameters(method) if inspect.isfunction(method) else ():
            if one.name == name and one.default not in (one.empty, None):
                return one.default
    return None


def ways(
    function: Any, unknown: list[str], given: list[Any], x: Array, y: Array, output: Array | None, rounds: int
) -> list[dict[str, Any]]:
    """Every way to give values to parameters of unknown names, the likeliest first, beside what others are given."""
    if OTHER.search(getattr(function, "__name__", "").lower()):
        return []  # it makes or moves parameters for other reasons
    text = text_of(function)
    counts = [name for name in unknown if re.search(rf"range\((\w+\s*,\s*)?{name}\b", text)]
    free = [name for name in unknown if name not in counts]
    lacks_x, lacks_y = not among(given, x), not among(given, y)
    back = [] if output is None or output.shape != y.shape else [output - y]
    out = [] if output is None else [output]
    orders: list[list[Any]] = []
    if not free:
        orders = [[]]
    elif len(free) == 1 and lacks_y:
        likely = [y, *back, x, *out] if output is not None else [x, y] if lacks_x else [y]
        orders = [[value] for value in likely if lacks_x or value is not x]
    elif len(free) == 1:
        orders = [[value] for value in (*([x] if lacks_x else []), *out, RATE)]
    elif lacks_y and len(free) <= MOST:
        rest: list[list[Any]] = [[RATE], *([one] for one in out)]
        start = [[x, y]] if lacks_x else [[y, last[0]] for last in rest] + [[last[0], y] for last in rest]
        orders = start if len(free) == 2 else [[*one, *last] for one in start for last in rest] if lacks_x else []
        orders += [[y, x]] if lacks_x and len(free) == 2 else []
    return [{**dict(zip(free, order, strict=True)), **dict.fromkeys(counts, rounds)} for order in orders]


def among(values: Iterable[Any], data: Array) -> bool:
    """Whether an array is among some values."""
    return any(isinstance(one, np.ndarray) and one.shape == data.shape and bool((one == data).all()) for one in values)
