"""One way forward and one way back of a network that is an object, and what the way back left.

Axes: B samples, C outputs.
"""

import contextlib
import re
from typing import Any, NamedTuple

import numpy as np

from .. import names
from ..arrays import Array, arrays, copied, tree
from ..calling import Failure, attempt
from . import board as boards
from . import flat
from .chain import Chain, nonzero
from .makers import returned_names
from .outcome import find_output


class Back(NamedTuple):
    """What a way back left: the parameters before and after, and the gradients that it handed back or stored."""

    before: dict[str, Array]
    after: dict[str, Array]
    gradients: list[list[Any]] | None
    moved: bool


def forward(made: Any, name: str, board: boards.Board, outputs: int) -> Array | None:
    """The output of a way forward, which the board remembers; None where it gives none. Raises Failure."""
    function = getattr(made, name)
    try:
        result, new = boards.called(made, function, board)
    except Failure:
        if (single := _one_by_one(made, function, board, outputs)) is None:
            raise
        result, new = single, {}
    output = find_output(result, new, board.batch, outputs, board.layout)
    board.remember(result, output, returned_names(function))
    return output


def _one_by_one(made: Any, function: Any, board: boards.Board, outputs: int) -> Any:
    """What a forward gives that takes one sample at a time, for rows of samples; None where it gives nothing."""
    if board.layout not in ("rows", "one row"):
        return None
    rows = []
    for x, y in zip(board.x, board.y, strict=False):
        try:
            result, new = boards.called(made, function, board.given(x, y))
        except Failure:
            return None
        if (row := find_output(result, new, 1, outputs, "sample")) is None:
            return None
        rows.append(row)
    return np.concatenate(rows)


def backward(made: Any, name: str, short: dict[str, str], chain: Chain, board: boards.Board) -> Back:
    """Goes back, plainly, after the loss was called, or with the output where inputs are asked for. Raises Failure."""
    before = copied(arrays(made))
    result, new = _back(made, getattr(made, name), short, board)
    board.remember_gradients(result, returned_names(getattr(made, name)))
    after = arrays(made)
    returned = tree(result)
    found = chain.gradients({f"returned.{p}": a for p, a in returned.items()} | new)
    found = found if found and nonzero(found) else flat.gradients(made, chain, returned | new)
    return Back(before, after, found if found and nonzero(found) else None, chain.moved(before, after))


def _back(made: Any, function: Any, short: dict[str, str], board: boards.Board) -> tuple[Any, dict[str, Any]]:
    try:
        return boards.called(made, function, board)
    except Failure as failure:
        _lose(made, short, board)
        for given in (board, *([board.given(board.output, board.y)] if board.output is not None else ())):
            with contextlib.suppress(Failure):
                result = boards.called(made, function, given)
                board.guesses["used"] |= given is not board
                return result
        raise failure from None


def _lose(made: Any, short: dict[str, str], board: boards.Board) -> None:
    """Calls what gives the loss: some keep there what their way back needs."""
    for word, name in short.items():
        if "loss" in word or "cost" in word:
            try:
                boards.called(made, getattr(made, name), board)
            except Failure:
                continue
    for key, loss in vars(made).items():
        if re.search("loss|cost|criterion", key) and board.output is not None:
            for method in names.methods(type(loss), names.LOSS)[:1]:
                with contextlib.suppress(Failure):
                    attempt(getattr(loss, method), board.output.copy(), board.given_targets())
