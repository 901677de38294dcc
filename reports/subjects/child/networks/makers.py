"""Functions that make parameters, and the container that they give."""

import ast
import textwrap
from typing import Any

import numpy as np

from .. import names
from ..arrays import Array, arrays, tree
from ..calling import attempt
from ..calling import copied as copied_value
from ..signatures import required, text_of
from .data import B, D, H
from .sizes import SECOND, role


def returned_names(function: Any) -> list[str]:
    """The names in a function's last return statement."""
    try:
        tree_ = ast.parse(textwrap.dedent(text_of(function)))
    except (SyntaxError, ValueError):
        return []
    returns = [node for node in ast.walk(tree_) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return []
    value = returns[-1].value
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return [part.id if isinstance(part, ast.Name) else "" for part in parts]


class Box:
    """The parameters that a function made: a dict, a list, or a tuple of arrays with the names of its return."""

    def __init__(self, value: Any, called: list[str], by_name: bool = False) -> None:
        self.value = list(value) if isinstance(value, tuple) else value
        self.called, self.by_name = called, by_name
        self.tuple = isinstance(value, tuple)

    def arrays(self) -> dict[str, Array]:
        """All arrays by path."""
        return arrays(self.value) if isinstance(self.value, (dict, list)) else tree(self.value)

    def put(self, path: str, value: Array) -> None:
        """Writes one array."""
        from ..arrays import put

        put(self.value, path, value)

    def named(self) -> dict[str, Any]:
        """The parts by the names that their function gave them."""
        if self.by_name:
            return dict(self.value)
        if self.tuple and len(self.called) == len(self.value):
            return {name: part for name, part in zip(self.called, self.value, strict=True) if name}
        return {self.called[0]: self.value} if len(self.called) == 1 and self.called[0] else {}


def initial(function: Any, outputs: int, deep: bool = False) -> Any:
    """Calls a function that makes parameters."""
    space = getattr(function, "__globals__", {})
    sizes = [D, H, SECOND, outputs] if deep else [D, H, outputs]
    offers = [(names.SIZES, sizes), (names.N_IN, D), (names.N_HIDDEN, H), (names.N_OUT, outputs),
              ({"seed"}, 1), ({"x"}, np.zeros((B, D))), ({"y"}, np.zeros((B, outputs)))]  # fmt: skip
    arguments: dict[str, Any] = {}
    queue: list[Any] = [D, H, outputs]
    for one in required(function):
        group = names.ranked(one.name, *(g for g, _ in offers))
        near = [v for key, v in space.items() if names.plain(key) == names.plain(one.name) and not callable(v)]
        if not near and names.plain(one.name) in ACTIVATIONS:
            near = activation_globals(space)
        if near:
            arguments[one.name] = copied_value(near[0])
        elif group >= 0:
            arguments[one.name] = copied_value(offers[group][1])
        elif what := role(one.name):
            arguments[one.name] = {"in": D, "hidden": H, "out": outputs}[what]
        elif queue:
            arguments[one.name] = queue.pop(0)
    return attempt(function, **arguments)


ACTIVATIONS = {"actf", "activation", "act", "activationfunction", "activationf", "funcionact", "actfn", "g"}


def activation_globals(space: dict[str, Any]) -> list[Any]:
    """What a file itself calls like an activation: a function, or a pair of it and its derivative."""
    return [v for k, v in space.items() if names.kind(k) in names.ACTIVATIONS and (callable(v) or isinstance(v, tuple))]


def global_width(function: Any) -> int:
    """The number of inputs that a file's own constants ask for; ours where they do not say."""
    space = getattr(function, "__globals__", {})
    code = getattr(function, "__code__", None)
    for name in code.co_names if code else ():
        if names.plain(name) in names.N_IN and isinstance(space.get(name), int):
            return int(space[name])
    holders = [v for v in space.values() if isinstance(v, type)]
    for holder in holders:
        for key, value in vars(holder).items():
            if names.plain(key) in names.N_IN and isinstance(value, int):
                return value
    return D
