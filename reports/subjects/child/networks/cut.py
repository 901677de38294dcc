"""Statements cut out of their loop or function, and the namespace in which they run alone."""

import ast
import copy
import types
from typing import Any

import numpy as np

from ..arrays import arrays
from ..calling import copied as copied_value


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
    """The arrays of a script's variables."""
    return arrays({k: v for k, v in space.items() if not k.startswith("__") and not isinstance(
        v, (type, types.ModuleType, types.FunctionType))})  # fmt: skip
