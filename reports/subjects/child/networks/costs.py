"""The value of a network's own cost: a function of its output and the targets, with what it asks for beside them.

Every argument must be known by its name: a value that rests on a guess would accuse the wrong one.
"""

import re
from typing import Any

import numpy as np

from .. import names
from ..arrays import Array, numeric
from ..calling import Failure, attempt, copied
from ..signatures import required, where
from .board import PART_OF_OUTPUT, PART_OF_TARGETS, Board
from .words import COUNT, OUTPUT, PARAMETERS

COST = re.compile(r"cost|loss|error|entropy|mse|objective|criterion")
OTHER = re.compile(r"deriv|grad|prime|back|delta|plot|accura|print|show|hist|train|fit|optim|check|^d|update|test")
PREDICTED = (OUTPUT | names.PREDICTED) - {"x", "inputs", "outputs", "output"}
PENALTY = {
    "lambd",
    "lambda",
    "reg",
    "reglambda",
    "regularization",
    "l2",
    "lamda",
    "lmbda",
    "lam",
    "lambdaa",
    "weightdecay",
    "wd",
    "decay",
}


def values(functions: dict[str, Any], board: Board) -> list[dict[str, Any]]:
    """What each cost function gives for the network's output, with targets in the network's format and one-hot."""
    found: list[dict[str, Any]] = []
    output = board.output
    for name, function in functions.items():
        short, code = names.plain(name), getattr(function, "__code__", None)
        called = bool(COST.search(short))
        asks = called or (code is not None and "log" in code.co_names)
        if not asks or OTHER.search(short) or output is None:
            continue
        given = [board.y] if board.y.shape == output.shape else [board.y, board.given_targets()]
        seen = [value for y in given if (value := _value(function, board, output, y)) is not None]
        if seen and (called or all(value.size == 1 for value in seen)):
            found.append({"name": name, "values": seen, "forward": {"name": name, **where(function)}})
    return found


def _value(function: Any, board: Board, output: Array, y: Array) -> Array | None:
    """The value for the output and these targets; None where an argument is not known, or nothing like one comes."""
    exact, arguments, told = board.exact(), {}, set()
    for one in required(function):
        short = names.plain(one.name)
        bare = re.sub(r"\d+$", "", short)
        if one.name in exact:
            arguments[one.name] = copied(exact[one.name])
            told |= {"output"} if np.shape(exact[one.name]) == output.shape else set()
        elif short in PREDICTED or bare in {"a", "al", "h"} or PART_OF_OUTPUT.search(short):
            arguments[one.name], told = output.copy(), told | {"output"}
        elif short in names.TARGETS - {"outputs"} or PART_OF_TARGETS.search(short):
            if "y" in told:
                return None
            arguments[one.name], told = y.copy(), told | {"y"}
        elif short in names.INPUTS:
            arguments[one.name], told = board.x.copy(), told | {"x"}
        elif short in PARAMETERS and board.container is not None:
            arguments[one.name] = copied(board.container)
        elif short in COUNT:
            arguments[one.name] = board.batch
        elif short in PENALTY:
            arguments[one.name] = 0.0
        else:
            return None
    if "y" not in told or not told & {"output", "x"}:
        return None
    try:
        result = attempt(function, **arguments)
    except Failure:
        return None
    parts = [numeric(one) for one in (result if isinstance(result, tuple) else (result,))]
    whole = [part for part in parts if part is not None and part.dtype.kind == "f" and 0 < part.size <= y.size * 9]
    return next((part for part in whole if part.size == 1), whole[0] if whole else None)
