"""Where training loops stand: at the top of a file, in main(), in a function that holds everything; by what is called.

A loop counts where two matrix products stand in it or in the functions that it calls.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .. import names
from ..calling import copied
from .words import WORDS_TRAIN

DEEPEST = 4  # calls within calls that are followed
TABLES = re.compile(r"\.values\b|\.iterrows|to_numpy|\.iloc")
DATA = re.compile(r"(^|_)(x|y|data|set|labels?|images?|inputs?|targets?|samples?)(_|$)", re.IGNORECASE)  # x_train
FORM = ("dot", "matmul", "einsum")


@dataclass
class Place:
    """Statements with loops: those of a file, or of one function of it."""

    file: str
    before: list[ast.stmt]  # the file's own statements, which a function may build upon
    statements: list[ast.stmt]
    space: dict[str, Any]  # as it was loaded
    origin: dict[str, Any]  # the one that the file's functions read
    function: str = ""
    tables: bool = False  # whether the file reads its data as data frames
    calls: list[ast.Call] = field(default_factory=list)  # of the function, wherever they stand


File = tuple[str, list[ast.stmt], dict[str, Any], dict[str, Any]]


def untouched(files: list[tuple[str, list[ast.stmt], dict[str, Any]]]) -> list[File]:
    """Files with copies of their namespaces, which whatever is tried before leaves as they are."""
    return [(file, body, {key: copied(value) for key, value in space.items()}, space) for file, body, space in files]


def functions_in(files: list[File]) -> dict[str, ast.FunctionDef]:
    """The functions of all files by name, nested ones too; several of one name count together."""
    found: dict[str, ast.FunctionDef] = {}
    for node in (node for _, body, _, _ in files for one in body for node in ast.walk(one)):
        if isinstance(node, ast.FunctionDef):
            known = found.get(node.name)
            body = [*known.body, *node.body] if known else node.body
            found[node.name] = ast.copy_location(ast.FunctionDef(**{**vars(node), "body": body}), node)
    return found


def places(files: list[File], defined: dict[str, ast.FunctionDef]) -> Iterator[tuple[Place, list[list[ast.stmt]]]]:
    """Every place with the paths of its loops, from the outermost inwards; files first, then functions that train."""
    found = []
    for file, body, space, origin in files:
        own = [statement for statement in body if not isinstance(statement, ast.ClassDef)]
        tables = any(TABLES.search(ast.unparse(statement)) for statement in own)
        tops = [Place(file, [], body, space, origin, "", tables)]
        for statement in body:
            inner = statement.body if isinstance(statement, ast.If) else [statement]
            for one in inner:
                if isinstance(one, ast.FunctionDef) and not _suspended(one):
                    nested = [two for two in one.body if isinstance(two, ast.FunctionDef)]
                    tops += [Place(file, body, f.body, space, origin, f.name, tables) for f in (one, *nested)]
        tops[1:] = sorted(tops[1:], key=_likely)
        found += tops
    for place in found:
        paths = list(loops(place.statements, defined))
        alone = [one for one in place.statements if not isinstance(one, (ast.FunctionDef, ast.ClassDef))]
        if not place.function and not paths and sum(products(one, {}) for one in alone) >= 3:
            paths = [[]]  # one step, written down once
        if paths:
            yield place, paths


def _likely(place: Place) -> tuple[bool, bool]:
    """What goes rounds first, then what is called as if it trained."""
    parts = [one for top in place.statements for one in ast.walk(top)]
    goes = any(isinstance(one, (ast.For, ast.While)) and rounds(one) for one in parts)
    return not goes, not WORDS_TRAIN.search(place.function)


def calls_of(name: str, files: list[File]) -> Iterator[ast.Call]:
    """The calls of a function anywhere in the files."""
    for _, body, _, _ in files:
        for statement in body:
            for part in ast.walk(statement):
                if isinstance(part, ast.Call) and getattr(part.func, "id", "") == name:
                    yield part


def loops(statements: list[ast.stmt], defined: dict[str, ast.FunctionDef]) -> Iterator[list[ast.stmt]]:
    """The paths of loops in which two products are made."""
    for statement in statements:
        if isinstance(statement, (ast.If, ast.With, ast.Try)):
            yield from loops(statement.body, defined)
        elif isinstance(statement, (ast.For, ast.While)) and products(statement, defined) >= 2:
            if any(trains(one, defined) for one in statement.body):
                continue
            below = list(loops(statement.body, defined))
            yield from ([statement, *path] for path in below)
            yield [statement]


def products(node: ast.AST, defined: dict[str, ast.FunctionDef], depth: int = 0) -> int:
    """How many matrix products stand in a piece of code and in the functions of the file that it calls."""
    count = 0
    for part in ast.walk(node):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult):
            count += 1
        elif isinstance(part, (ast.For, ast.ListComp)) and any(isinstance(one, ast.Mult) for one in ast.walk(part)):
            count += 1  # written element by element
        elif isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if name in FORM or (name == "sum" and any(isinstance(one, ast.Mult) for one in ast.walk(part))):
                count += 1
            elif name in defined and depth < DEEPEST and count < 2:
                count += products(defined[name], defined, depth + 1)
    return count


def trains(statement: ast.stmt, defined: dict[str, ast.FunctionDef], depth: int = 0) -> bool:
    """Whether a statement calls a function that goes many rounds: it would train, and is passed over."""
    for part in ast.walk(statement):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in defined:
            called = defined[part.func.id]
            if any(isinstance(one, (ast.For, ast.While)) and rounds(one) and products(one, defined) >= 2
                   for one in ast.walk(called)):  # fmt: skip
                return True
            if depth < 2 and any(trains(one, defined, depth + 1) for one in called.body):
                return True
    return False


def rounds(loop: ast.For | ast.While) -> bool:
    """Whether a loop goes over rounds of training, by what it counts."""
    counts = loop.iter if isinstance(loop, ast.For) else loop.test
    words = [part.id for part in ast.walk(counts) if isinstance(part, ast.Name) and not DATA.search(part.id)]
    many = any(isinstance(part, ast.Constant) and isinstance(part.value, int) and part.value >= 50
               for part in ast.walk(counts))  # fmt: skip
    if any(names.plain(word) in names.ROUNDS | {"ni"} for word in words):
        return True
    return many or any(re.search(r"epoch|iter|round|pass|step|amt|train", word, re.IGNORECASE) for word in words)


def _suspended(function: ast.FunctionDef) -> bool:
    """Whether a function gives its values one by one; it cannot be cut into pieces."""
    return any(isinstance(part, (ast.Yield, ast.YieldFrom, ast.Await)) for part in ast.walk(function))
