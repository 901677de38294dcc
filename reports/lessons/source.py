"""Excerpts of live source: the lines of a function as it stands now, docstrings and argument checks folded away."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from reports.lessons.lesson import FOLDED, TITLE, Line

RESULT = "result"
RETURNS = {"forward": "output", "backward": "dinput"}  # what a method's `return` computes, if it computes
Simple = ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return | ast.Expr


@dataclass(frozen=True)
class Excerpt:
    """A function's live source: where it stands, its lines by number, and the statements that may compute."""

    title: str
    code: CodeType
    name: str
    text: dict[int, str]
    statements: dict[int, Simple]  # by every line of theirs
    folded: frozenset[int]  # lines of argument checks
    hidden: frozenset[int]  # lines of the docstring, and empty ones
    blocks: dict[int, list[int]]  # by the line of an `if` or `else`, the first lines of the statements inside


def excerpt(function: Callable[..., Any]) -> Excerpt:
    """Reads a function's source as it stands now."""
    function = inspect.unwrap(function)
    source, start = inspect.getsourcelines(function)
    text = textwrap.dedent("".join(source))
    tree = ast.parse(text)
    ast.increment_lineno(tree, start - 1)
    node = tree.body[0]
    assert isinstance(node, ast.FunctionDef)
    statements: dict[int, Simple] = {}
    folded: set[int] = set()
    blocks: dict[int, list[int]] = {}
    for statement in _statements(node):
        if _is_check(statement):
            folded.update(_span(statement))
        elif isinstance(statement, Simple):
            statements.update(dict.fromkeys(_span(statement), statement))
        elif isinstance(statement, ast.If):
            blocks[statement.lineno] = _simple_lines([statement])
            if other := _else_line(statement, text.splitlines(), start):
                blocks[other] = _simple_lines(statement.orelse)
    hidden = {start + k for k, line in enumerate(source) if not line.strip()}
    if ast.get_docstring(node):
        hidden.update(_span(node.body[0]))
    module = inspect.getmodule(function)
    where = module.__name__ if module else "?"
    lines = {start + k: line for k, line in enumerate(text.splitlines())}
    head, last = node.lineno, node.body[0].lineno - 1
    if last - head > 1 and lines[head].endswith("("):  # a long list of settings is one line
        lines[head] += f"...{lines[last].strip()}"
        hidden.update(range(head + 1, last + 1))
    return Excerpt(
        f"{where.replace('.', '/')}.py: {function.__qualname__}",
        function.__code__,
        node.name,
        lines,
        {line: statement for line, statement in statements.items() if line not in folded | hidden},
        frozenset(folded),
        frozenset(hidden),
        blocks,
    )


def fold(found: Excerpt, lines: dict[int, Line], unrun: int = 3) -> Iterator[Line]:
    """Yields an excerpt's title and lines; checks, and runs of lines that did not run, become one line each."""
    yield Line(0, found.title, TITLE, key="backward" if found.name.startswith("autograd") else found.name)
    waiting: list[Line] = []
    for number, line in [*lines.items(), (0, Line(0, ""))]:
        is_check = number in found.folded
        if waiting and (not number or is_check != (waiting[-1].number in found.folded) or (line.ran and not is_check)):
            yield from _folded(waiting, found, unrun)
            waiting = []
        if not number or number in found.hidden:
            continue
        if is_check or not line.ran:
            waiting.append(line)
        else:
            yield line


def _folded(lines: list[Line], found: Excerpt, unrun: int) -> Iterator[Line]:
    """Lines that need not be read, as one line that says how many."""
    indent = lines[0].text[: len(lines[0].text) - len(lines[0].text.lstrip())]
    count = f"{len(lines)} line{'s' if len(lines) > 1 else ''}"
    if lines[0].number in found.folded:
        yield Line(0, f"{indent}# {count} of checks", FOLDED)
    elif len(lines) < unrun:
        yield from lines
    else:
        yield Line(0, f"{indent}# {count} that this example does not run", FOLDED, ran=False)


def called(function: Callable[..., Any]) -> list[Any]:
    """The functions and classes of the function's own module that it calls, in order."""
    function = inspect.unwrap(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found: list[Any] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            thing = _meant(function, node.func)
            ours = getattr(thing, "__module__", None) == function.__module__
            if ours and thing not in found and (inspect.isfunction(thing) or inspect.isclass(thing)):
                found.append(thing)
    return found


def _meant(function: Callable[..., Any], call: ast.expr) -> Any:
    """What a call means: name(...), Class.apply(...), or self.method(...)."""
    name = call.value if isinstance(call, ast.Attribute) else call
    if not isinstance(name, ast.Name):
        return None
    if name.id == "self" and isinstance(call, ast.Attribute):
        owner = function.__globals__.get(function.__qualname__.split(".")[0])
        return inspect.getattr_static(owner, call.attr, None)
    return function.__globals__.get(name.id)


def targets(statement: Simple) -> list[str]:
    """The expressions that hold what a statement computed: its targets, an `out=`, or what changed in place."""
    match statement:
        case ast.Assign():
            return [_whole(target) for target in statement.targets for target in _parts(target)]
        case ast.AugAssign() | ast.AnnAssign():
            return [_whole(statement.target)]
        case ast.Expr(value=ast.Call() as call):
            into = [ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "out"]
            return into or _changed_in_place(call)
    return []


def key_of(statement: Simple, function: str) -> str:
    """A short name for what a statement computes, alike on both sides: no self, no plural."""
    names = targets(statement) if isinstance(statement, ast.Return) or not only_hands_over(statement) else []
    if isinstance(statement, ast.Return):
        return RETURNS.get(function, RESULT) if not only_hands_over(statement) else ""
    if not names:
        return ""
    return names[0].split("[")[0].rsplit(".", 1)[-1].lstrip("_").removesuffix("s")


def only_hands_over(statement: Simple) -> bool:
    """Whether a statement computes nothing: it returns what has a name, gives it another, or asks for memory."""
    if isinstance(statement, ast.Return):
        value = statement.value.value if isinstance(statement.value, ast.Attribute) else statement.value
        return isinstance(value, ast.Name) and (value is statement.value or value.id == "self")
    if not isinstance(statement, ast.Assign) or isinstance(statement.targets[0], ast.Subscript):
        return False
    return isinstance(statement.value, ast.Name) or _asks_for_room(statement.value)


def _asks_for_room(value: ast.expr) -> bool:
    """Whether a value is memory that is still to be filled."""
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "room"


def _changed_in_place(call: ast.Call) -> list[str]:
    """The receiver of a chain of methods whose names end in an underscore, as torch's in-place ones do."""
    node: ast.expr = call
    changed = False
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        changed |= node.func.attr.endswith("_") and not node.func.attr.startswith("_")
        node = node.func.value
    return [ast.unparse(node)] if changed else []


def _parts(target: ast.expr) -> list[ast.expr]:
    """The targets of an unpacking, or the one there is."""
    return list(target.elts) if isinstance(target, ast.Tuple | ast.List) else [target]


def _whole(target: ast.expr) -> str:
    """A target as an expression; of an array that is written in part, the whole array."""
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
        target = target.value
    return ast.unparse(target)


def _statements(node: ast.FunctionDef) -> Iterator[ast.stmt]:
    """Every statement below a function's head."""
    for child in ast.walk(node):
        if isinstance(child, ast.stmt) and child is not node:
            yield child


def _is_check(statement: ast.stmt) -> bool:
    """Whether a statement only asks: a call into scratch's checks, or an `if` that ends in an error."""
    if isinstance(statement, ast.If):
        return not statement.orelse and isinstance(statement.body[-1], ast.Raise)
    return isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("checks.")


def _simple_lines(body: list[ast.stmt]) -> list[int]:
    """The first lines of the simple statements in a block."""
    return [part.lineno for statement in body for part in ast.walk(statement) if isinstance(part, Simple)]


def _else_line(statement: ast.If, lines: list[str], start: int) -> int:
    """The line of an `else:`, 0 where there is none."""
    if not statement.orelse:
        return 0
    above = range(statement.orelse[0].lineno, statement.body[-1].end_lineno or 0, -1)
    return next((number for number in above if lines[number - start].strip().startswith("else")), 0)


def _span(node: ast.stmt) -> range:
    """The lines of a statement."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)
