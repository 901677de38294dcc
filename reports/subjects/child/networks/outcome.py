"""What a call gave: the network's output among what was returned or stored, and the rate that a step used."""

import inspect
from typing import Any

import numpy as np

from .. import names
from ..arrays import Array, tree
from ..signatures import parameters
from .data import RATE
from .rounds import written_rate


def find_output(result: Any, new: dict[str, Array], batch: int, c: int, layout: str) -> Array | None:
    """The network's output as rows (B, C), from what a forward returned or stored; the last that fits."""
    known: dict[str, list[tuple[int, ...]]] = {
        "rows": [(batch, c)],
        "columns": [(c, batch)],
        "one row": [(1, c), (c,)],
        "sample": [(c,), (1, c), (c, 1)],
        "sample column": [(c, 1), (c,)],
    }
    shapes = known[layout]
    if c == 1:
        shapes = [*shapes, (batch,), *([()] if batch == 1 else [])]
    if layout in ("rows", "columns"):  # some take rows and give columns
        shapes = [*shapes, (batch, c), (c, batch)]
    if isinstance(result, list) and len(result) == batch > 1:  # one output for each sample
        together = [np.asarray(one) for one in result if isinstance(one, np.ndarray) and one.size == c]
        if len(together) == batch:
            return np.array(together).reshape(batch, c)
    if isinstance(result, np.ndarray) and result.ndim == 3 and result.size == batch * c and len(result) == batch:
        return result.reshape(batch, c)
    pool = [*(a for a in tree(result).values()), *new.values()]
    returned = [a for a in tree(result).values() if a.shape in shapes and a.dtype.kind == "f"]
    fits = [a for a in pool if a.shape in shapes and a.dtype.kind == "f"]
    if not fits:
        return None
    chosen = (
        returned[0] if len(tree(result)) and returned and isinstance(result, np.ndarray) else (returned or fits)[-1]
    )
    if (
        isinstance(result, tuple)
        and isinstance(result[0], np.ndarray)
        and result[0].shape in shapes
        and len(result) == 2
    ):
        chosen = result[0]
    return np.array(chosen.T if chosen.shape == (c, batch) and c != batch else chosen).reshape(batch, c)


def rate_of(function: Any, made: Any) -> float:
    """The learning rate that a call used; 0 when it is not known."""
    for one in parameters(function):
        if names.ranked(one.name, names.RATE) == 0:
            return (
                RATE
                if one.default is inspect.Parameter.empty or names.plain(one.name) in names.RATE
                else float(one.default)
            )
    if made is not None:
        own = [v for k, v in vars(made).items() if names.ranked(k, names.RATE) == 0 and isinstance(v, (int, float))]
        if own:
            return float(own[0])
    space = getattr(function, "__globals__", None) or getattr(getattr(function, "__func__", None), "__globals__", {})
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    used = set(code.co_names) if code else set()
    for name in used:
        if names.plain(name) in names.RATE | {"epsilon"} and isinstance(space.get(name), float):
            return float(space[name])
    return written_rate(function)
