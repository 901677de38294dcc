"""Objects whose constructors read a file or a table that is not there: run line by line, and lent what should be read.

Axes: as theirs.
"""

import ast
import textwrap
from typing import Any

from ..arrays import Array
from ..calling import Failure, attempt, bound
from ..signatures import constructor_of, parameters, text_of, where
from ..stubs import Stub
from .lent import INPUTS, TARGETS

READS = {"open", "load", "loadtxt", "genfromtxt", "fromfile"}


def made_of(holder: type, offers: list[Any], x: Array, y: Array) -> Any:
    """An object of a class whose constructor ran but for the lines that read data; None where none of them does."""
    constructor = constructor_of(holder)
    if not _reads(holder, getattr(constructor, "__globals__", {})):
        return None
    try:
        body = ast.parse(textwrap.dedent(text_of(constructor))).body[0].body  # type: ignore[attr-defined]
        given = bound(constructor, offers, [Stub("data") for _ in parameters(constructor)], optional=False)
        made: Any = object.__new__(holder)
    except (Failure, SyntaxError, IndexError, AttributeError, TypeError):
        return None
    owner = constructor.__code__.co_varnames[0]
    defaults = {one.name: one.default for one in parameters(constructor)}
    space = {**constructor.__globals__, owner: made, **defaults, **given}
    lent = False
    for statement in body:
        code = compile(_module(_Own(holder.__name__).visit(statement)), where(constructor)["file"], "exec")
        try:
            attempt(exec, code, space)
        except Failure as failure:  # what it should have set is lent below
            if isinstance(failure.error, NameError) and failure.error.name not in constructor.__code__.co_varnames:
                return None  # that is a mistake of theirs
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                data = y if TARGETS.search(node.attr) else x if INPUTS.search(node.attr) else None
                if data is not None and isinstance(vars(made).get(node.attr, Stub()), Stub):
                    setattr(made, node.attr, data.copy())
                    lent = True
    return made if lent else None


def _reads(holder: type, space: dict[str, Any]) -> bool:
    """Whether the methods of a class use a library that is not there, or read a file."""
    used = {name for one in vars(holder).values() if hasattr(one, "__code__") for name in one.__code__.co_names}
    return bool(used & READS) or any(isinstance(space.get(name), Stub) for name in used)


def _module(statement: ast.stmt) -> ast.Module:
    return ast.fix_missing_locations(ast.Module(body=[statement], type_ignores=[]))


class _Own(ast.NodeTransformer):
    """Writes out names with two underscores as those of their class, which Python does inside of it alone."""

    def __init__(self, owner: str) -> None:
        self.prefix = "_" + owner.lstrip("_")

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """The full name of a private attribute."""
        if node.attr.startswith("__") and not node.attr.endswith("__"):
            node.attr = self.prefix + node.attr
        return self.generic_visit(node)
