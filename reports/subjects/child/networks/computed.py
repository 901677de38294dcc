"""Where gradients are computed: the lines of their file that assign them, told by reading it.

What is driven is often a method that trains; what is wrong stands in one that it calls. From the driven one the calls
are followed; there, what a parameter is moved by, or what is named after it, is its gradient.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

DEEPEST = 4  # calls within calls
BEFORE = re.compile(
    r"^(c|l|j|e|cost|loss|error)?_?(d|del|delta|nabla|g|grads?|gradients?|deriv|update)_*((c|l|j|e|cost|loss)_?d_?)?$"
)
BEHIND = re.compile(r"^_*(d|del|deltas?|g|grads?|gradients?|updates?|change|adjustments?|derivatives?)$")
PASSED = re.compile(r"^_*(d[a-z]?\d*|d_?[azhpo].*|del.*|.*delta.*|.*err.*|.*grad.*|.*dz.*|.*da\d?|g\d*|.*diff.*)$")
PRODUCTS = ("dot", "matmul", "einsum", "outer", "sum", "mean", "tensordot")
FRESH = ("zeros", "zeros_like", "empty", "empty_like", "ones", "dict", "list")
Lines = list[int]


class Step(NamedTuple):
    """One assignment: what it assigns, what its value is, and the function that it stands in."""

    name: str
    value: ast.expr
    lines: Lines
    place: tuple[str, str]
    updates: bool


def add(found: list[dict[str, Any]], files: list[tuple[str, list[ast.stmt], Any]]) -> list[dict[str, Any]]:
    """Gives each network the lines in which the gradients of its parameters are computed."""
    for one in found:
        paths = next(filter(None, map(_paths, one["trials"])), [])
        if one["backward"].get("lines"):
            one["computed"] = lines_of(one["backward"], paths, files)
    return found


def _paths(trial: dict[str, Any]) -> list[list[str | None]]:
    """Where the parameters of a trial stand, layer by layer as far as they are known; a script's rest comes last."""
    chain = list(trial.get("chain", []))
    return trial.get("paths") or [[path, None] for path in chain] + [
        [None, path] for path in trial.get("before", []) if path not in chain
    ]


def lines_of(
    stage: dict[str, Any], paths: list[list[str | None]], files: list[tuple[str, list[ast.stmt], Any]]
) -> dict[str, Any]:
    """For each parameter, and for all, the file and the lines in which its gradient is computed."""
    steps = [step for file, name, body in _followed(stage, files) for step in _steps(body, (file, name))]
    made: dict[str, Any] = {}
    every: list[Step] = []
    for k, pair in enumerate(paths, 1):
        for what, path in zip(("weights", "biases"), pair, strict=True):
            if own := _computing(steps, path or ""):
                place = own[-1].place
                own = [step for step in own if step.place == place]
                made[f"{what} {k}"] = _told(own, steps)
                every += own
    if not every:  # they have no names: what is passed back, and what is returned
        driven = steps[0].place if steps else ("", "")
        every = [step for step in steps if step.place == driven and _product(step.value)
                 and (not step.name or PASSED.match(step.name.lower()))]  # fmt: skip
    if every:
        place = max({step.place for step in every}, key=lambda one: sum(step.place == one for step in every))
        made[""] = _told([step for step in every if step.place == place], steps)
    return made


def _told(own: list[Step], steps: list[Step]) -> dict[str, Any]:
    """The lines of some steps, with those of what is handed to them: by its name, or because it came last."""
    place, lines = own[0].place, [number for step in own for number in step.lines]
    here = [step for step in steps if step.place == place and _makes(step.value)]
    for step in own:
        names = _names(step.value) - {step.name}
        handed = [one for one in here if one.name in names and one.lines[0] <= max(lines)]
        before = [one for one in handed if one.lines[0] < step.lines[0]]
        passed = [one for one in handed if PASSED.match(one.name.lower())] or before[-1:]
        lines += [number for one in passed for number in one.lines]
    return {"file": place[0], "lines": [min(lines), max(lines)]}


def _followed(
    stage: dict[str, Any], files: list[tuple[str, list[ast.stmt], Any]]
) -> Iterator[tuple[str, str, list[ast.stmt]]]:
    """The functions that are driven, and those that they call, by name."""
    defined: dict[str, list[tuple[str, ast.FunctionDef]]] = {}
    start: list[tuple[str, str, list[ast.stmt]]] = []
    first, last = stage["lines"][0], stage["lines"][-1]
    for file, body, _ in files:
        for node in (part for statement in body for part in ast.walk(statement)):
            if isinstance(node, ast.FunctionDef):
                defined.setdefault(node.name, []).append((file, node))
                if file == stage["file"] and min(
                    [node.lineno, *(one.lineno for one in node.decorator_list)]
                ) <= first <= last <= (node.end_lineno or 0):
                    start = [(file, node.name, node.body)]
        if file == stage["file"] and not start:
            inside = [one for one in _statements(body) if first <= one.lineno and (one.end_lineno or 0) <= last]
            start = [(file, "", inside)] if inside else []
    seen = set()
    for _ in range(DEEPEST):
        following = []
        for file, name, body in start:
            if (file, name) in seen:
                continue
            seen.add((file, name))
            yield file, name, body
            for part in (part for statement in body for part in ast.walk(statement) if isinstance(part, ast.Call)):
                called = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
                following += [(where, node.name, node.body) for where, node in defined.get(called, [])]
        start = following


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, those of functions, loops and branches too."""
    return (part for statement in body for part in ast.walk(statement) if isinstance(part, ast.stmt))


def _steps(body: list[ast.stmt], place: tuple[str, str]) -> list[Step]:
    """The assignments of a function, in order, and what it returns, under no name."""
    found = []
    for node in (part for statement in body for part in ast.walk(statement)):
        if not isinstance(node, (ast.stmt, ast.Call)):
            continue
        lines = [node.lineno, node.end_lineno or node.lineno]
        if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Call):
            found.append(Step("", node.value, lines, place, False))
        for target, value in _pairs(node):
            name = _name(target)
            found.append(Step(name, value, lines, place, isinstance(node, ast.AugAssign) or name in _names(value)))
    return sorted(found, key=lambda step: step.lines[0])


def _pairs(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """What a statement assigns, and the values; what is put into a list is assigned to the list."""
    if isinstance(node, ast.Assign):
        found: list[tuple[ast.expr, ast.expr]] = []
        for target in node.targets:
            several = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else []
            found += zip(several, values if len(values) == len(several) else [node.value] * len(several), strict=True)
        return found
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)) and node.value is not None:
        return [(node.target, node.value)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        return [(node.func.value, node.args[-1])] if node.func.attr in ("append", "insert") else []
    return []


def _computing(steps: list[Step], path: str) -> list[Step]:
    """The steps that compute the gradient of the parameter at a path."""
    own = next((part for part in reversed(path.split(".")) if part and not part.isdigit()), "")
    if not own:
        return []
    moves = [step for step in steps if step.updates and _is(step.name, own)]
    inside = [step for step in moves if _product(step.value)]
    by = {name for step in moves for name in _names(step.value) if name != own}
    named = [step for step in steps if step.name and _gradient_of(step.name, own) and _makes(step.value)]
    return named or inside or [step for step in steps if step.name in by and _product(step.value)]


def _is(name: str, own: str) -> bool:
    """Whether a name is the parameter's own, or its key in a dict."""
    return (name == own or name.endswith(f"_{own}")) and not _gradient_of(name, own)


def _gradient_of(name: str, own: str) -> bool:
    """Whether a name is that of a parameter's gradient: dW1, grad_W1, W1_grad, nabla_w."""
    short, plain = name.lower(), own.lower().lstrip("_")
    for base in {
        plain,
        plain.removesuffix("s"),
        *({plain[0]} if plain in ("weights", "biases", "bias", "weight") else ()),
    }:
        for one in (short, short.removesuffix("s")):
            if one.endswith(base) and BEFORE.match(one[: len(one) - len(base)]):
                return True
            if one.startswith(base) and BEHIND.match(one[len(base) :]):
                return True
    return False


def _name(target: ast.expr) -> str:
    """What an assignment assigns, by its last name: self.W1, grads["W1"], weights[k]."""
    if isinstance(target, ast.Subscript):
        held = target.slice
        inner = _name(target.value)
        return f"{inner}_{held.value}" if isinstance(held, ast.Constant) and isinstance(held.value, str) else inner
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def _names(value: ast.AST) -> set[str]:
    return {_name(part) for part in ast.walk(value) if isinstance(part, (ast.Name, ast.Attribute, ast.Subscript))}


def _makes(value: ast.expr) -> bool:
    """Whether a value is computed: a product, a quotient, a call with something in it that is no size."""
    if isinstance(value, ast.Call) and _called(value) in FRESH:
        return False
    if isinstance(value, ast.ListComp):
        return _makes(value.elt)
    return any(isinstance(part, (ast.Call, ast.BinOp)) for part in ast.walk(value))


def _product(value: ast.expr) -> bool:
    """Whether a value holds a product of matrices, or a sum."""
    return any(isinstance(part.op, ast.MatMult) if isinstance(part, ast.BinOp) else _called(part) in PRODUCTS
               for part in ast.walk(value) if isinstance(part, (ast.BinOp, ast.Call)))  # fmt: skip


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
