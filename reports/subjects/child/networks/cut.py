"""Statements cut out of their loop or function, and the namespace in which they run alone."""

import ast
import copy
import types
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..arrays import arrays, numeric
from ..calling import copied as copied_value
from .chain import BIAS

MOST_ROWS = 2_000  # of a list that is looked at


def alone(statement: ast.stmt) -> ast.stmt:
    """A statement cut out of its loop: break and continue end it, return and nonlocal do nothing."""
    if any(isinstance(part, (ast.Break, ast.Continue, ast.Return, ast.Nonlocal)) for part in ast.walk(statement)):
        statement = _Cut().visit(copy.deepcopy(statement))
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            once = ast.For(target=ast.Name("__parity_once", ast.Store()), iter=ast.Constant("1"), body=[statement],
                           orelse=[])  # fmt: skip
            return ast.copy_location(once, statement)
    return statement


class _Cut(ast.NodeTransformer):
    """Takes out what is no statement outside a function; functions inside keep theirs."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A function, with its global names free."""
        node.body = [ast.copy_location(ast.Pass(), one) if isinstance(one, ast.Nonlocal) else one for one in node.body]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """A lambda as it is."""
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Nothing."""
        return ast.copy_location(ast.Pass(), node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        """Nothing."""
        return ast.copy_location(ast.Pass(), node)


def fresh(space: dict[str, Any], origin: dict[str, Any]) -> dict[str, Any]:
    """A copy of a namespace whose functions read and write the copy."""
    made = dict(space)
    made["__builtins__"] = {**space.get("__builtins__", {}), "input": lambda *_: "2"}  # of layers, nodes, whatever
    for name, value in space.items():
        if isinstance(value, types.FunctionType) and value.__globals__ is origin:
            twin = types.FunctionType(value.__code__, made, value.__name__, value.__defaults__, value.__closure__)
            twin.__kwdefaults__ = value.__kwdefaults__
            made[name] = twin
        elif isinstance(value, (dict, list, np.ndarray)) and not name.startswith("__"):
            made[name] = copied_value(value)
    return made


def values(space: dict[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of a script's variables; lists of numbers too, and single numbers that are called a bias."""
    own = {k: v for k, v in space.items() if not k.startswith("__")
           and not isinstance(v, (type, types.ModuleType, types.FunctionType))}  # fmt: skip
    found = arrays(own)
    for name, value in own.items():
        if isinstance(value, list) and 0 < len(value) < MOST_ROWS and (rows := numeric(value)) is not None:
            found[name] = rows
        elif isinstance(value, float) and BIAS.search(name):
            found[name] = np.array([value])
    return found


def as_it_was(value: np.ndarray, old: Any) -> Any:
    """Numbers in the form in which a script had them: a list, a single number, an array."""
    return value.tolist() if isinstance(old, list) else float(value[0]) if isinstance(old, float) else value


def needed(statements: list[ast.stmt], moved: Iterable[str], failed: list[ast.stmt]) -> str:
    """The first failed statement whose result has a part in what was moved, as text; empty where there is none."""
    wanted = {path.partition(".")[0] for path in moved}
    size = 0
    while size < len(wanted):
        size = len(wanted)
        for statement in statements:
            if _stored(statement) & wanted:
                wanted |= {one.id for one in ast.walk(statement) if isinstance(one, ast.Name)}
    return next((ast.unparse(one).split("\n")[0][:80] for one in failed if _stored(one) & wanted), "")


def _stored(statement: ast.stmt) -> set[str]:
    """The variables that a statement sets, or writes into."""
    found = set()
    for one in ast.walk(statement):
        if isinstance(getattr(one, "ctx", None), ast.Store):
            inner: Any = one
            while isinstance(inner, (ast.Attribute, ast.Subscript)):
                inner = inner.value
            found |= {inner.id} if isinstance(inner, ast.Name) else set()
    return found
