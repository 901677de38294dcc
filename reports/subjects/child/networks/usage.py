"""How the files themselves build their networks: the arguments of a constructor, where its call stands and is plain.

Only literals, names that are set to such, and objects of the files' own classes are computed: nothing is trained.
"""

import ast
from collections.abc import Iterator
from typing import Any

from ..calling import Failure, attempt
from ..signatures import constructor_of

DEEPEST = 4  # names that stand for expressions with names in them
PLAIN = {"list", "tuple", "dict", "range", "len", "int", "float"}
Block = tuple[list[ast.stmt], dict[str, Any]]
blocks: list[Block] = []  # statements that follow one another, with what their file holds


def learn(scripts: list[Any]) -> None:
    """Keeps the statements of the files: at their top, under conditions, in functions."""
    blocks[:] = [(part.body if part else body, space) for _, body, space in scripts for part in (None, *(
        node for one in body for node in ast.walk(one) if isinstance(node, (ast.If, ast.FunctionDef))))]  # fmt: skip


def as_used(holder: type) -> type | None:
    """The same class, built as a file builds it, without arguments; None where no call of it can be computed."""
    for call, before, space in _calls(holder.__name__):
        if space.get(holder.__name__) is not holder or not (call.args or call.keywords):
            continue

        def constructed(self: Any, call: ast.Call = call, at: Any = (before, space)) -> None:
            constructor_of(holder)(self, *_values(call.args, *at), **{
                str(one.arg): _values([one.value], *at)[0] for one in call.keywords})  # fmt: skip

        made = type(holder.__name__, (holder,), {"__init__": constructed, "as_used": True})
        try:
            attempt(made)
        except Failure:
            continue
        return made
    return None


def called_after(holder: type) -> list[str]:
    """The methods that the files call of an object of a class after they have made it, each once, in their order."""
    found: list[str] = []
    for body, space in blocks:
        if space.get(holder.__name__) is not holder:
            continue
        made: set[str] = set()
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                continue
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call) and getattr(
                    statement.value.func, "id", "") == holder.__name__:  # fmt: skip
                made |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
            called = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
            found += [one.attr for one in called if isinstance(one, ast.Attribute)
                      and getattr(one.value, "id", "") in made]  # fmt: skip
    return list(dict.fromkeys(found))


def _calls(name: str) -> Iterator[tuple[ast.Call, list[ast.stmt], dict[str, Any]]]:
    """Every call of a name, with the statements before it."""
    for body, space in blocks:
        for k, statement in enumerate(body):
            if isinstance(statement, (ast.If, ast.FunctionDef, ast.ClassDef)):
                continue  # a block of its own
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                    yield node, body[:k], space


def _values(expressions: list[ast.expr], before: list[ast.stmt], space: dict[str, Any], depth: int = 0) -> list[Any]:
    """What expressions are, with the names that the statements before set; raises NameError for what is not plain."""
    known = dict(space)
    for node in (node for expression in expressions for node in ast.walk(expression)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", "")
            if called not in PLAIN and not isinstance(space.get(called), type):
                raise NameError(called)
        elif isinstance(node, ast.Name) and node.id not in space and depth < DEEPEST:
            for k, one in reversed(list(enumerate(before))):
                if isinstance(one, ast.Assign) and any(getattr(target, "id", "") == node.id for target in one.targets):
                    known[node.id] = _values([one.value], before[:k], space, depth + 1)[0]
                    break
    return [eval(compile(ast.Expression(one), "<usage>", "eval"), known) for one in expressions]  # theirs, in the child
