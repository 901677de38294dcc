"""Rounds, batch sizes and rates that stand in the code itself: who counts to a thousand is asked for one round."""

import ast
import textwrap
import types
from typing import Any

from .. import names
from ..signatures import text_of, where
from .data import B

MANY = 20  # a loop over fewer numbers goes over layers or classes
NO_ROUNDS = {"n", "itr"}
SIZES = names.BATCH - {"batches", "nbatch", "batch", "minibatch"}  # these may be how many there are, or one itself
_known: dict[tuple[Any, int], Any] = {}


def once(function: Any, rounds: int = 1) -> Any:
    """The same function or method with the numbers of rounds in its code set to `rounds`; itself without any."""
    plain = getattr(function, "__func__", function)
    code = getattr(plain, "__code__", None)
    if code is None or code.co_freevars:
        return function
    if (code, rounds) not in _known:
        _known[code, rounds] = _rewritten(plain, rounds)
    made = _known[code, rounds]
    if made is None:
        return function
    owner = getattr(function, "__self__", None)
    return types.MethodType(made, owner) if owner is not None else made


def _rewritten(function: Any, rounds: int) -> Any:
    """A function compiled anew in its own namespace; None where nothing is to be changed."""
    try:
        tree = ast.parse(textwrap.dedent(text_of(function)))
    except (SyntaxError, ValueError):
        return None
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
        return None
    made = tree.body[0]
    code, defaults = function.__code__, function.__defaults__ or ()
    asked = code.co_varnames[: code.co_argcount][code.co_argcount - len(defaults) :]
    visitor = _Rounds(rounds, dict(zip(asked, defaults, strict=True)))
    made.body = [visitor.top(statement) for statement in made.body]
    if not visitor.changed:
        return None
    made.decorator_list = []
    ast.increment_lineno(tree, where(function)["lines"][0] - 1)
    owner = function.__qualname__.split(".")[-2:-1]
    if owner and owner[0].isidentifier():  # names with two underscores belong to the class
        around = ast.parse(f"class {owner[0]}: pass").body[0]
        around.body = [made]  # type: ignore[attr-defined]
        tree.body = [around]
    held: dict[str, Any] = {}
    try:
        exec(
            compile(ast.fix_missing_locations(tree), where(function)["file"], "exec"), function.__globals__, held
        )  # theirs, in the child
    except (SyntaxError, NameError, TypeError, ValueError):
        return None
    found = held[owner[0]].__dict__[made.name] if owner and owner[0] in held else held.get(made.name)
    if isinstance(found, types.FunctionType):
        found.__defaults__, found.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
        return found
    return None


class _Rounds(ast.NodeTransformer):
    """Sets numbers of rounds, and batch sizes larger than a batch."""

    def __init__(self, rounds: int, defaults: dict[str, Any]) -> None:
        self.rounds, self.defaults, self.changed = rounds, defaults, False

    def top(self, statement: ast.stmt) -> ast.stmt:
        """One statement of a function's body: an outermost loop over many numbers counts rounds."""
        if isinstance(statement, ast.For) and isinstance(statement.iter, ast.Call):
            counter = statement.iter
            inner = counter.args[0] if counter.args and isinstance(counter.args[0], ast.Call) else None  # tqdm(range())
            for call in (counter, inner):
                if call and getattr(call.func, "id", "") == "range" and call.args:
                    last = call.args[min(1, len(call.args) - 1)]
                    many = self.defaults.get(last.id) if isinstance(last, ast.Name) else _number(last)
                    if isinstance(many, int) and many >= MANY:  # a parameter's own default counts rounds too
                        begin = _number(call.args[0]) if len(call.args) > 1 else 0
                        call.args[min(1, len(call.args) - 1)] = ast.Constant(begin + self.rounds)
                        self.changed = True
        return self.visit(statement)

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        """Epochs = 1000, batch_size = 64."""
        name = getattr(node.targets[0], "id", "")
        short = names.plain(name)
        if short in names.ROUNDS - NO_ROUNDS and _number(node.value) > self.rounds:
            node.value, self.changed = ast.Constant(self.rounds), True
        elif short in names.BATCH and _number(node.value) > B:
            node.value, self.changed = ast.Constant(B), True
        return node


def _number(node: ast.AST) -> int:
    value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def written_rate(function: Any) -> float:
    """The rate that a function's own code sets: learn_rate = 0.1; 0 without one."""
    try:
        tree = ast.parse(textwrap.dedent(text_of(getattr(function, "__func__", function))))
    except (SyntaxError, ValueError):
        return 0.0
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and names.plain(getattr(node.targets[0], "id", "")) in names.RATE - {
            "a",
            "step",
        }:
            value = getattr(node.value, "value", None)
            if isinstance(value, float):
                return value
    return 0.0


def shorten(holder: dict[str, Any], rounds: int) -> None:
    """Sets the rounds and the batch size that stand in attributes, or in globals."""
    for key, value in list(holder.items()):
        if not isinstance(value, int) or isinstance(value, bool) or not isinstance(key, str):
            continue
        short = names.plain(key)
        if short in names.ROUNDS - NO_ROUNDS and value > rounds:
            holder[key] = rounds
        elif short in names.BATCH and value > B:
            holder[key] = B


def shorten_batches(statement: ast.stmt, space: dict[str, Any]) -> None:
    """Makes a batch size that a statement has just set one of which the few samples here hold some."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and names.plain(part.id) in SIZES:
            value = space.get(part.id)
            if isinstance(value, int) and not isinstance(value, bool) and value > B:
                space[part.id] = B
