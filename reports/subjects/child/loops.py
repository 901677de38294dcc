"""Whether the loops of a file train on one sample after the other."""

import ast
import re
from collections.abc import Iterator

from . import names

GOES_BACK = re.compile(r"back|bprop|grad|update|delta")


def one_by_one(text: str) -> bool:
    """Whether a loop that goes back gives its way forward a sample: `for x, y in zip(X, Y)`, `X[i]`, no batches."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    loops = (node for node in ast.walk(tree) if isinstance(node, ast.For) and not _over_batches(node))
    return any(_hands_on(loop) for loop in loops)


def _over_batches(loop: ast.For) -> bool:
    """Whether a loop takes a batch in each round; one over a single `batch` takes its samples."""
    target, over = ast.unparse(loop.target).lower(), ast.unparse(loop.iter).lower()
    makes = isinstance(loop.iter, ast.Call) and "batch" in _called(loop.iter).lower()
    return "batch" in target or "batches" in over or makes


def _hands_on(loop: ast.For) -> bool:
    """Whether what a loop runs over, under whatever name, is an argument of a way forward."""
    counts = ast.unparse(loop.iter).startswith("range(")
    if not (targets := set(_names(loop.target))):
        return False
    samples = set() if counts else targets
    for node in (node for statement in loop.body for node in ast.walk(statement)):  # in the order of their depth
        if isinstance(node, ast.Assign) and _is_sample(node.value, samples, targets):
            samples |= {name for target in node.targets for name in _names(target)}
    calls = [node for statement in loop.body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    trains = any(GOES_BACK.search(names.plain(_called(call))) for call in calls)
    return trains and any(
        names.plain(_called(call)) in names.FORWARD and call.args and _is_sample(call.args[0], samples, targets)
        for call in calls
    )


def _is_sample(value: ast.expr, samples: set[str], counters: set[str]) -> bool:
    """Whether an expression is a sample: its name, a place among several (X[i]), or one of them in another shape."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "reshape":
        value = value.func.value
    if isinstance(value, ast.Subscript):
        return bool(counters & set(_names(value.slice))) and not any(
            isinstance(node, ast.Slice) for node in ast.walk(value.slice)
        )
    return isinstance(value, ast.Name) and value.id in samples


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _names(node: ast.AST) -> Iterator[str]:
    return (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
