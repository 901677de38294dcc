"""A plain script as a network: its innermost loop with two matrix products is run once, its weights before and after.

Axes: as theirs; the parent tells inputs and targets by their shapes.
"""

import ast
import builtins
import re
import sys
import time
from typing import Any

import numpy as np

from .. import names
from ..arrays import arrays, copied
from ..calling import Failure, Slow, attempt
from ..stubs import Stub
from .board import deadline
from .chain import Chain
from .data import RATE, B, data, lay
from .variables import lend, targets_of
from .words import COUNT

MOST_LINES = 400_000  # of theirs that may run before the loop; a script that does more is left alone


LIKE_TARGETS = re.compile(r"label|target|one_?hot|expected|^y|y$|_y_", re.IGNORECASE)
LIKE_INPUTS = re.compile(r"train|input|image|feature|sample|^x|x$|batch", re.IGNORECASE)


def look_at(loaded: Any) -> dict[str, Any] | None:
    """The first script of a subject whose loop can be run once, as plain data."""
    for file, body, space in loaded.scripts:
        for statements in [body, *(one.body for one in body if isinstance(one, ast.FunctionDef))]:
            loop = _loop(statements)
            if loop is None:
                continue
            for labels in ("one-hot", "column", "indices", "vector"):
                try:
                    found = _run(file, statements, loop, dict(space), labels)
                except Failure:
                    continue
                if found:
                    return found
    return None


def _products(node: ast.AST) -> int:
    """How many matrix products, and how many updates, stand in a piece of code."""
    count = 0
    for part in ast.walk(node):
        if (isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult)) or (
            isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in ("dot", "matmul")
        ):
            count += 1
    return count


def _loop(statements: list[ast.stmt]) -> list[ast.stmt] | None:
    """The path of loops from the outermost to the innermost that still holds two products; None without one."""
    for statement in statements:
        inner = statement
        if isinstance(statement, (ast.If, ast.With)) and (found := _loop(statement.body)):
            return found
        if isinstance(inner, (ast.For, ast.While)) and _products(inner) >= 2:
            below = _loop(inner.body)
            return [inner, *(below or [])]
    return None


def _run(
    file: str, statements: list[ast.stmt], path: list[ast.stmt], space: dict[str, Any], labels: str
) -> dict[str, Any] | None:
    """Runs what stands before the loop, then the loop's body once; returns arrays before and after."""
    steps = [0]

    def counted(frame: Any, event: str, arg: Any) -> Any:
        steps[0] += 1
        if steps[0] > MOST_LINES:
            raise TimeoutError("the script does too much before its loop")
        return counted

    sys.settrace(counted)
    try:
        current = statements
        for loop in path:
            _before(file, current, loop, space, labels)
            _lend([loop], space, labels)
            _enter(file, loop, space)
            current = loop.body  # type: ignore[attr-defined]
        before = {k: np.array(v) for k, v in copied(arrays(_plain(space))).items()}
        for statement in current:
            if isinstance(statement, (ast.Break, ast.Continue)):
                break
            _execute(file, statement, space, strict=False)
    finally:
        sys.settrace(None)
    after = copied(arrays(_plain(space)))
    moved = [
        k
        for k in before
        if k in after
        and before[k].shape == after[k].shape
        and not np.array_equal(before[k], after[k])
        and before[k].dtype.kind == "f"
    ]
    if len([k for k in moved if before[k].ndim == 2]) < 2:
        return None
    moved += [
        k
        for k in before
        if k in after
        and k not in moved
        and re.match(r"b\d*$|b_|bias", k, re.IGNORECASE)
        and before[k].dtype.kind == "f"
        and before[k].ndim in (1, 2)
        and before[k].shape == after[k].shape
    ]
    rates = [v for k, v in space.items() if isinstance(v, float) and names.plain(k) in names.RATE]
    inner = path[-1]
    lines = [inner.lineno, getattr(inner, "end_lineno", inner.lineno)]
    small = {k: a for k, a in after.items() if a.size < 20_000}
    return {
        "name": "script",
        "role": "network",
        "kind": "network",
        "form": 6,
        "forward": {"name": "the loop", "file": file, "lines": lines},
        "backward": {"name": "the loop", "file": file, "lines": lines},
        "trials": [
            {
                "script": True,
                "before": {k: before[k] for k in moved},
                "after": {k: after[k] for k in moved},
                "arrays": {k: a for k, a in small.items() if k not in moved},
                "rate": float(rates[0]) if rates else 0.0,
            }
        ],
    }


def _lend(body: list[ast.stmt], space: dict[str, Any], labels: str) -> None:
    """Gives names that a loop reads but that are not there, because their file is not, what their names mean."""
    used = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    lacking = [
        name for name in used if not hasattr(builtins, name) and (name not in space or isinstance(space[name], Stub))
    ]
    found = arrays(_plain({k: v for k, v in space.items() if not isinstance(v, Stub)}))
    chain = Chain.find(found, None, None)
    if not lacking or chain is None:
        return
    widths = chain.widths(found)
    if (widths[-1] == 1) != (labels in ("column", "vector")):
        return
    x, y = data(B, widths[0], widths[-1], labels)
    x, y = lay(x, y, "rows" if chain.orientation == "in, out" else "columns")
    for name in lacking:
        for group, value in ((names.INPUTS, x), (names.TARGETS, y), (COUNT, B), (names.RATE, RATE)):
            if names.plain(name) in group:
                space[name] = value.copy() if isinstance(value, np.ndarray) else value
                break
        else:
            if LIKE_TARGETS.search(name):
                space[name] = y.copy()
            elif LIKE_INPUTS.search(name):
                space[name] = x.copy()


def _plain(space: dict[str, Any]) -> dict[str, Any]:
    """The variables of a script."""
    return {k: v for k, v in space.items() if not k.startswith("__") and not isinstance(v, type)}


def _before(file: str, statements: list[ast.stmt], loop: ast.stmt, space: dict[str, Any], labels: str) -> None:
    """Runs the statements that stand before a loop; what fails is passed over."""
    for statement in statements:
        if statement is loop or any(part is loop for part in ast.walk(statement)):
            return
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.While, ast.Return)):
            continue
        _execute(file, statement, space, strict=False)
        if isinstance(statement, ast.Assign):
            for name in targets_of(statement):  # sizes that come from data that are not there
                lend(name, statement.value, space, 1 if labels in ("column", "vector") else 3)


def _enter(file: str, loop: ast.stmt, space: dict[str, Any]) -> None:
    """Gives a for-loop's variables the first values that it would have."""
    if not isinstance(loop, ast.For):
        return
    first = ast.Assign(
        targets=[loop.target],
        value=ast.Call(
            func=ast.Name("next", ast.Load()),
            args=[ast.Call(func=ast.Name("iter", ast.Load()), args=[loop.iter], keywords=[])],
            keywords=[],
        ),
    )
    _execute(file, ast.fix_missing_locations(ast.copy_location(first, loop)), space, strict=False)


def _execute(file: str, statement: ast.stmt, space: dict[str, Any], strict: bool) -> None:
    if time.monotonic() > deadline[0]:
        raise Failure(TimeoutError("there was no time left to run it"))
    code = compile(ast.Module(body=[statement], type_ignores=[]), file, "exec")
    try:
        attempt(exec, code, space)
    except Failure as failure:
        if strict or isinstance(failure.error, (TimeoutError, Slow)):
            raise
