"""What a script is lent: data whose file is not there, sizes, settings; by what the names mean.

Axes: B samples, D inputs, H hidden, C outputs.
"""

import ast
import builtins
import inspect
import re
from typing import Any

import numpy as np

from .. import names
from ..stubs import Stub
from .data import RATE, B, H, data, lay
from .sizes import SECOND, role, spoken
from .words import COUNT

TARGETS = re.compile(r"^(y|t|labels?|targets?)(\d*$|_|(?-i:[A-Z]))|(^|_)(y|labels?|targets?)(_|\d*$)|one_?hot|expected",
                     re.IGNORECASE)  # fmt: skip
INPUTS = re.compile(r"^(x|inputs?|features?|images?|l0)(\d*$|_|(?-i:[A-Z]))|(^|_)(x|inputs?|features?|images?)(_|\d*$)",
                    re.IGNORECASE)  # fmt: skip
NO_DATA = re.compile(r"size|dim|shape|num|count|node|layer|neuron|unit|len|^n_|^m_|scaler|encoder|path|file|name|"
                     r"hidden|output|weight|bias|^[wb]_|grad|loss|acc|pred|hat|fig|ax$", re.IGNORECASE)  # fmt: skip
LOOSE = (re.compile(r"label|target|expected|y$|_y_", re.IGNORECASE),
         re.compile(r"train|input|image|feature|sample|x$|batch|data", re.IGNORECASE))  # fmt: skip


class Table(np.ndarray):
    """Rows as a data frame gives them: with values, and row by row."""

    @property
    def values(self) -> np.ndarray:
        """The numbers."""
        return np.asarray(self)

    def to_numpy(self, *_: Any, **__: Any) -> np.ndarray:
        """The numbers."""
        return np.asarray(self)

    def iterrows(self) -> Any:
        """Numbered rows."""
        return enumerate(np.asarray(self))


for _name in ("max", "min", "sum", "mean"):  # plain numbers, not tables of none
    setattr(Table, _name, lambda self, *args, _name=_name, **more: getattr(np.asarray(self), _name)(*args, **more))


class Lender:
    """Inputs and targets of one format and one layout, with what else a name may ask for."""

    def __init__(self, labels: str, layout: str, widths: tuple[int, int], tables: bool = False) -> None:
        self.tables = tables
        self.labels, self.layout = labels, layout
        self.d, self.c = widths
        self.plain_x, self.plain_y = data(max(B, self.c + 2) if self.c > B else B, self.d, self.c, labels)
        self.x, self.y = lay(self.plain_x, self.plain_y, layout)
        self.used = False

    def value(self, name: str, loose: bool = False) -> Any:
        """What a name is lent; None where it says nothing."""
        short = names.plain(name)
        if NO_DATA.search(name) and not loose:
            return None
        if short in names.TARGETS - names.N_OUT or TARGETS.search(name) or (loose and LOOSE[0].search(name)):
            self.used = True
            return self._given(self.y)
        if short in ("x", "inputs") or INPUTS.search(name) or (loose and LOOSE[1].search(name)):
            self.used = True
            return self._given(self.x)
        return None

    def _given(self, array: np.ndarray) -> np.ndarray:
        return np.array(array).view(Table) if self.tables else np.array(array)

    def size(self, name: str) -> Any:
        """A number that a name asks for; None where it says nothing."""
        short, what = names.plain(name), role(name)
        if short in names.RATE - {"a", "step"}:
            return RATE
        if short in names.ROUNDS - {"n"}:
            return 3
        if short in names.BATCH | COUNT - {"n"}:
            return len(self.plain_x)
        if short in names.N_IN or (what == "in" and len(name) > 1):
            return self.d
        if short in names.N_OUT or (what == "out" and len(name) > 1):
            return self.c
        return H if short in names.N_HIDDEN or what == "hidden" else None

    def missing(self, statement: ast.AST, space: dict[str, Any], value: str = "") -> None:
        """Lends to the names that a statement should have made and did not; an empty slice is the whole."""
        for part in ast.walk(statement):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and _lacks(part.id, space):
                given = self.value(part.id)
                if given is None and (root := re.match(r"[A-Za-z_]\w*", value)) and _empty(space.get(part.id)):
                    given = self.value(root[0])
                if given is None and re.search(r"shape|len\(|size", value):
                    given = self.size(part.id)
                if given is not None:
                    space[part.id] = given

    def read(self, statement: ast.AST, space: dict[str, Any]) -> None:
        """Lends inputs and targets to the names that a statement reads, where another file should have made them."""
        for part in ast.walk(statement):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and _lacks(part.id, space):
                given = self.value(part.id)
                if given is not None and not any(isinstance(one, ast.Name) and one.id == part.id and isinstance(
                        one.ctx, ast.Store) for one in ast.walk(statement)):  # fmt: skip
                    space[part.id] = given

    def needed(self, node: ast.AST, space: dict[str, Any]) -> None:
        """Lends to the names that a piece of code reads and that are not there."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and _lacks(part.id, space):
                stored = any(isinstance(n, ast.Name) and n.id == part.id and isinstance(n.ctx, ast.Store)
                             for n in ast.walk(node))  # fmt: skip
                given = self.value(part.id)
                given = self.size(part.id) if given is None else given
                given = self.value(part.id, loose=not stored) if given is None else given
                if given is not None:
                    space[part.id] = given

    def arguments(self, function: Any, space: dict[str, Any], depth: int) -> dict[str, Any]:
        """Arguments for a function's parameters, as far as their names say what they are."""
        words = spoken([value for value in space.values() if hasattr(value, "__code__")], None, self.c)
        found: dict[str, Any] = {}
        for one in inspect.signature(function).parameters.values():
            default = one.default
            has = default is not inspect.Parameter.empty
            given = None if has and isinstance(default, (bool, str)) else self.value(one.name)
            given = self._sizes(one.name, default, depth) if given is None else given
            if given is None and not _lacks(one.name, space) and not callable(space[one.name]):
                given = space[one.name]
            if given is None and has:
                found[one.name] = default
                continue
            given = self.size(one.name) if given is None else given
            if given is None:
                given = next((word for group, word in words if names.plain(one.name) in group), None)
            if given is None and re.search(r"layers?$|^l$|depth", one.name, re.IGNORECASE):
                given = 2
            if given is not None:
                found[one.name] = given
        return found

    def _sizes(self, name: str, default: Any, depth: int) -> list[int] | None:
        """Widths for a name that asks for several."""
        if isinstance(default, int):
            return None
        if names.plain(name) in names.SIZES:
            return [self.d, H, *[SECOND] * max(0, depth - 2), self.c]
        return [H] if re.search(r"hidden\w*(s|layers|sizes|dims)$", name) else None


def _lacks(name: str, space: dict[str, Any]) -> bool:
    if hasattr(builtins, name):
        return False
    return name not in space or isinstance(space[name], Stub) or _empty(space[name])


def _empty(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.size == 0
