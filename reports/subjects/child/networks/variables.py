"""Parameters that are variables of a file: the statements that make them are run, those that read data are not.

Axes: D inputs, H hidden, C outputs.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import names
from ..arrays import Array
from ..calling import Failure, attempt
from ..stubs import Stub
from . import board as boards
from .data import B, D, H
from .sizes import role

MAKER = re.compile(r"init|rand|make|create|weight|xavier|glorot|he_|zeros|ones|uniform|normal", re.IGNORECASE)
MOST = 80  # statements that are run


class Variables:
    """Arrays that live in a file's own namespace; read and written there."""

    def __init__(self, space: dict[str, Any], found: list[str]) -> None:
        self.space, self.names = space, found
        self.value = None  # there is no container that a function could ask for

    def arrays(self) -> dict[str, Array]:
        """The arrays as they are now."""
        return {name: self.space[name] for name in self.names if isinstance(self.space.get(name), np.ndarray)}

    def put(self, path: str, value: Array) -> None:
        """Writes one array."""
        self.space[path] = np.array(value, float)

    def named(self) -> dict[str, Any]:
        """The arrays by their names."""
        return dict(self.arrays())


def look_for(scripts: list[tuple[str, list[ast.stmt], dict[str, Any]]], outputs: int) -> list[Variables]:
    """The arrays that each file's statements make, in its own namespace."""
    found = []
    for file, body, space in scripts:
        made: list[str] = []
        for statement in list(_assignments(body))[:MOST]:
            targets = targets_of(statement)
            if any(callable(space.get(name)) for name in targets):
                continue
            if _safe(statement.value, space, outputs):
                code = compile(ast.Module(body=[statement], type_ignores=[]), file, "exec")
                try:
                    attempt(exec, code, space)
                except Failure:
                    pass
                else:
                    made += [name for name in targets if isinstance(space.get(name), np.ndarray)]
                    continue
            for name in targets:
                lend(name, statement.value, space, outputs)
        if len(made) > 1:
            found.append(Variables(space, list(dict.fromkeys(made))))
    return found


def counted(scripts: list[tuple[str, list[ast.stmt], dict[str, Any]]]) -> Iterator[str]:
    """The names that files read from the shape or the length of their data."""
    for _, body, _ in scripts:
        for statement in _assignments(body):
            if re.search(r"\.shape|len\(|\.size", ast.unparse(statement.value)):
                yield from targets_of(statement)


def _assignments(body: list[ast.stmt]) -> Iterator[ast.Assign]:
    for statement in body:
        if isinstance(statement, ast.Assign):
            yield statement
        elif isinstance(statement, (ast.If, ast.With, ast.Try)):
            yield from _assignments(statement.body)


def targets_of(statement: ast.Assign) -> list[str]:
    """The names that an assignment gives values to."""
    parts = [inner for target in statement.targets for inner in (
        target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target])]  # fmt: skip
    return [part.id for part in parts if isinstance(part, ast.Name)]


def _safe(value: ast.expr, space: dict[str, Any], outputs: int) -> bool:
    """Whether an expression makes numbers of what is there: NumPy's functions, and makers of the file's own."""
    if not any(isinstance(part, ast.Call) for part in ast.walk(value)):
        return False
    for part in ast.walk(value):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            if part.id not in space and not hasattr(builtins, part.id):
                lend(part.id, value, space, outputs)
            if part.id not in space and not hasattr(builtins, part.id):
                return False
            if isinstance(space.get(part.id), Stub):
                return False
        if isinstance(part, ast.Call):
            root = part.func
            while isinstance(root, ast.Attribute):
                root = root.value
            name = root.id if isinstance(root, ast.Name) else ""
            module = getattr(space.get(name), "__name__", "") if not isinstance(root, ast.Call) else "numpy"
            own = isinstance(part.func, ast.Name) and bool(MAKER.search(part.func.id))
            loads = isinstance(part.func, ast.Attribute) and part.func.attr in ("load", "loadtxt", "genfromtxt")
            plain = name in ("int", "float", "len", "range", "round") or isinstance(
                space.get(name), (np.random.Generator, np.random.RandomState, np.ndarray)
            )
            if loads or not (module.startswith(("numpy", "math", "random")) or own or plain):
                return False
    return True


def lend(name: str, value: ast.expr, space: dict[str, Any], outputs: int) -> None:
    """Gives a size that a file reads from its data the value that its name means."""
    if name in space and not isinstance(space[name], Stub):
        return
    what = role(name)
    short = names.plain(name)
    if short in names.N_IN or (what == "in" and len(name) > 1):
        space[name] = D
    elif short in names.N_OUT or (what == "out" and len(name) > 1):
        space[name] = outputs
    elif short in names.N_HIDDEN or what == "hidden":
        space[name] = H
    elif re.search(r"\.shape|len\(|\.size", ast.unparse(value)):
        space[name] = B
        boards.board_names.add(name)
