"""What a script is lent: data whose file is not there, sizes, settings; by what the names mean.

Axes: B samples, D inputs, H hidden, C outputs.
"""

import ast
import builtins
import copy
import inspect
import re
from typing import Any

import numpy as np

from .. import names
from ..datasets import Table
from ..loading import literal
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


class Lender:
    """Inputs and targets of one format and one layout, with what else a name may ask for."""

    def __init__(self, labels: str, layout: str, widths: tuple[int, int], tables: bool = False) -> None:
        self.tables = tables
        self.labels, self.layout = labels, layout
        self.d, self.c = widths
        batch = self.c + 2 if self.c >= B else B  # no number of classes, and none of inputs
        self.plain_x, self.plain_y = data(batch + (batch == self.d), self.d, self.c, labels)
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

    def forget(self, statement: ast.AST, space: dict[str, Any]) -> None:
        """Takes away the empty lists under the names that a statement should have set: they are of another moment."""
        for part in ast.walk(statement):
            if (
                isinstance(part, ast.Name)
                and isinstance(part.ctx, ast.Store)
                and isinstance(space.get(part.id), list)
                and not space[part.id]
            ):
                del space[part.id]

    def sized(self, statement: ast.stmt, space: dict[str, Any]) -> ast.stmt | None:
        """A statement with numbers for the shapes of tables that are not there; None where it asks for none."""
        changed = _Sized(len(self.plain_x), self.d, space)
        made = changed.visit(copy.deepcopy(statement))
        return made if changed.found else None

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
        own = _of_the_loop(node)
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id not in own and _lacks(
                    part.id, space):  # fmt: skip
                stored = any(isinstance(n, ast.Name) and n.id == part.id and isinstance(n.ctx, ast.Store)
                             for n in ast.walk(node))  # fmt: skip
                given = self.value(part.id)
                given = self.size(part.id) if given is None else given
                given = self.value(part.id, loose=not stored) if given is None else given
                if given is not None:
                    space[part.id] = given

    def arguments(self, function: Any, space: dict[str, Any], depth: int, known: set[str]) -> dict[str, Any]:
        """Arguments for a function's parameters that are not known yet, as far as their names say what they are."""
        words = spoken([value for value in space.values() if hasattr(value, "__code__")], None, self.c)
        found: dict[str, Any] = {}
        for one in inspect.signature(function).parameters.values():
            if one.name in known:
                continue
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


def _of_the_loop(node: ast.AST) -> set[str]:
    """The names that a loop gives its own values: what it counts with, what it sets to a constant."""
    parts = list(ast.walk(node))
    targets = [part.target for part in parts if isinstance(part, (ast.For, ast.comprehension))]
    targets += [one for part in parts if isinstance(part, ast.Assign) and literal(part.value) for one in part.targets]
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


class _Sized(ast.NodeTransformer):
    """Puts numbers for table.shape[0], table.shape[1] and len(table)."""

    def __init__(self, n: int, d: int, space: dict[str, Any]) -> None:
        self.n, self.d, self.space, self.found = n, d, space, False

    def _stands_for(self, node: ast.AST) -> bool:
        while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
            node = node.func if isinstance(node, ast.Call) else node.value
        return isinstance(node, ast.Name) and isinstance(self.space.get(node.id), Stub)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """A number for one axis of a shape."""
        axis = getattr(node.slice, "value", None)
        if getattr(node.value, "attr", "") == "shape" and axis in (0, 1) and self._stands_for(node.value):
            self.found = True
            return ast.copy_location(ast.Constant(self.d if axis else self.n), node)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """The number of samples for a length."""
        if getattr(node.func, "id", "") == "len" and len(node.args) == 1 and self._stands_for(node.args[0]):
            self.found = True
            return ast.copy_location(ast.Constant(self.n), node)
        return self.generic_visit(node)


def _lacks(name: str, space: dict[str, Any]) -> bool:
    if hasattr(builtins, name):
        return False
    return name not in space or isinstance(space[name], Stub) or _empty(space[name])


def _empty(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.size == 0
