"""Names that the files set in statements that never run here: to miss one is no slip of theirs.

Of those, the ones whose calls nobody uses (`logger.info(...)`) are stood in for.
"""

import ast
from typing import Any

from .stubs import Stub

set_elsewhere: set[str] = set()  # names that statements at the top of a file set
everything = [False]  # whether a file imports whatever a module has that is not there


def learn(body: list[ast.stmt]) -> None:
    """Keeps the names that the statements at the top of one file set, also within loops and branches."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            set_elsewhere.add(node.id)
        waiting += ast.iter_child_nodes(node)


def is_elsewhere(error: BaseException) -> bool:
    """Whether an error says that a name is missing which the files set, or may import, in what does not run here."""
    return type(error) is NameError and (everything[0] or error.name in set_elsewhere)


def stand_in(body: list[ast.stmt], space: dict[str, Any]) -> None:
    """Gives a stub for each name, set by a call at the top of a file, of which methods are called for no result."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    told = [id(one.value.func.value) for one in nodes if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)
            and isinstance(one.value.func, ast.Attribute)]  # fmt: skip
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            for name in (one.id for one in statement.targets if isinstance(one, ast.Name) and one.id not in space):
                uses = [one for one in nodes if isinstance(one, ast.Name) and one.id == name and
                        isinstance(one.ctx, ast.Load)]  # fmt: skip
                if uses and all(id(one) in told for one in uses):
                    space[name] = Stub(name)
