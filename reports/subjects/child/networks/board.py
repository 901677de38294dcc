"""Calling the parts of a network: every argument is bound from what is known by then, by the meaning of its name."""

import builtins
import inspect
import re
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import names
from ..arrays import Array, arrays, changed, copied, tree
from ..calling import Failure, attempt, parameters, slow_calls
from ..calling import copied as copied_value
from .data import RATE, lay, settings
from .words import CACHES, COUNT, GRADIENTS, OUTPUT, PARAMETERS

if TYPE_CHECKING:
    from .makers import Box

MOST_SLOW = 3
deadline = [float("inf")]  # after which no more networks are driven


class Board:
    """What is known while a network is driven: arguments are bound from it by name."""

    def __init__(self, x: Array, y: Array, batch: int, rounds: int = 1, layout: str = "rows") -> None:
        self.x, self.y, self.batch, self.rounds, self.layout = x, y, batch, rounds, layout
        self.output: Array | None = None
        self.result: Any = None
        self.gradients: Any = None
        self.names: dict[str, Any] = {}
        self.container: Any = None
        self.box: Box | None = None

    def remember(self, result: Any, output: Array | None, called: list[str] | None = None) -> None:
        """Keeps what a forward returned, under the names of its return statement too."""
        if output is not None:
            self.output = lay(output, output, self.layout)[0]
        self.result = result
        if called and isinstance(result, tuple) and len(called) == len(result):
            self.names.update(zip(called, result, strict=True))
        elif called and len(called) == 1:
            self.names[called[0]] = result

    def remember_gradients(self, result: Any) -> None:
        """Keeps what a backward returned."""
        if result is not None:
            self.gradients = result

    def offers(self) -> list[tuple[set[str], Any]]:
        """What arguments may be, by the meaning of their names, the surest first."""
        found: list[tuple[set[str], Any]] = []
        if self.container is not None:
            found.append((PARAMETERS, self.container))
        rest = self.result
        if isinstance(self.result, tuple):
            others = [r for r in self.result if isinstance(r, (dict, list, tuple))]
            rest = others[0] if others else self.result
        if rest is not None:
            found.append((CACHES, rest))
        if self.gradients is not None:
            found.append((GRADIENTS, self.gradients))
        if self.output is not None:
            found.append((OUTPUT, self.output))
        batch_first = names.INPUTS - {"z", "a", "in"}
        return [*found, (batch_first, self.x), (names.TARGETS, self.y), *settings(self.rounds),
                (COUNT, self.batch), ({"a", "rate", "step"}, RATE), (names.TRAINING, True)]  # fmt: skip

    def exact(self) -> dict[str, Any]:
        """Values by exact name: parameters and what functions returned under that name."""
        return {**(self.box.named() if self.box else {}), **self.names}


def called(
    owner: Any, function: Any, board: Board, sizes: tuple[int, int, int] | None = None
) -> tuple[Any, dict[str, Array]]:
    """Calls a function or method from the board; returns its result and the arrays of `owner` that changed.

    Raises Failure when it cannot be called or raises.
    """
    if time.monotonic() > deadline[0] or slow_calls[0] > MOST_SLOW:
        raise Failure(RuntimeError("there was no time left to try it"))
    exact = board.exact()
    offers = board.offers()
    if sizes:
        d, h, c = sizes
        offers = [(names.SIZES, [d, h, c]), (names.N_HIDDEN | {"nnhdim"}, h), (names.N_IN - names.INPUTS, d),
                  (names.N_OUT - names.TARGETS, c), *offers]  # fmt: skip
    arguments: dict[str, Any] = {}
    taken: set[int] = set()
    space = getattr(function, "__globals__", None) or getattr(getattr(function, "__func__", None), "__globals__", {})
    for one in parameters(function):
        short = names.plain(one.name)
        if one.name in exact:
            arguments[one.name] = (
                exact[one.name] if exact[one.name] is board.container else copied_value(exact[one.name])
            )
            continue
        free = [
            k
            for k, (group, _) in enumerate(offers)
            if (short in group or re.sub(r"\d+$", "", short) in group) and k not in taken
        ]
        if free:
            value = offers[free[0]][1]
            if one.default is not inspect.Parameter.empty and free[0] >= len(offers) - 2:
                continue
            arguments[one.name] = value if value is board.container else copied_value(value)
            taken.add(free[0])
        elif one.default is inspect.Parameter.empty:
            near = [v for key, v in space.items() if names.plain(key) == short and not callable(v)]
            if not near:
                raise Failure(TypeError(f"no value for the parameter {one.name}"))
            arguments[one.name] = copied_value(near[0])
    _fill_globals(function, board)
    before = copied(arrays(owner)) if owner is not None else {}
    result = attempt(function, **arguments)
    return result, changed(before, arrays(owner)) if owner is not None else {}


def _fill_globals(function: Any, board: Board) -> None:
    """Gives a function the globals that its file would have had: inputs, targets, counts."""
    function = getattr(function, "__func__", function)
    code, space = getattr(function, "__code__", None), getattr(function, "__globals__", None)
    if code is None or space is None:
        return
    for name in code.co_names:
        if name in space and not getattr(space[name], "_parity", False) and name not in board_names:
            continue
        if hasattr(builtins, name):
            continue
        short = names.plain(name)
        for group, value in ((names.INPUTS - {"a", "z", "in", "values"}, board.x), (names.TARGETS, board.y),
                             (COUNT, board.batch)):  # fmt: skip
            if short in group:
                space[name] = copied_value(value)
                board_names.add(name)
                break


board_names: set[str] = set()  # globals that came from a board and may be replaced by the next one


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
        shapes = [*shapes, (batch,)]
    if layout in ("rows", "columns"):  # some take rows and give columns
        shapes = [*shapes, (batch, c), (c, batch)]
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
    return 0.0
