"""What makes its own parameters when it trains: one round and two, from one seed, are one step apart."""

import re
from typing import Any

from .. import names
from ..arrays import Array, arrays, copied, tree
from ..calling import Failure, instances
from ..signatures import constructor_of
from . import board as boards
from . import unclipped
from .chain import Chain
from .data import B, D, H, data, idle, lay, settings
from .makers import global_width
from .outcome import rate_of
from .words import WORDS_TRAIN, WORDS_TRAIN_FIRST, fitting


def trained_twice(
    holder: type, short: dict[str, str], sizes: list[Any], plain: tuple[Array, Array], given: tuple[Array, Array],
    outputs: int, labels: str, layout: str, stages: dict[str, Any],
) -> dict[str, Any] | None:  # fmt: skip
    """A network that makes its parameters when it trains: one round and two, from one seed, are one step apart."""
    for word in fitting(short, WORDS_TRAIN_FIRST):
        seen = []
        rate = 0.0
        for rounds in (1, 2):
            offers = [(names.ROUNDS, rounds)]
            made = None
            for candidate in instances(holder, [*offers, *sizes, *settings(rounds), *idle(constructor_of(holder))], [
                    [D, H, outputs], [H], []]):  # fmt: skip
                made = candidate
                break
            if made is None:
                return None
            function = getattr(made, short[word])
            board = boards.Board(*given, len(plain[0]), rounds)
            try:
                boards.called(made, function, board)
            except Failure:
                break
            chain = Chain.find(arrays(made), D, outputs)
            if chain is None:
                break
            rate = rate_of(function, made)
            seen.append(copied(arrays(made)))
        if len(seen) == 2 and chain is not None and chain.moved(*seen):
            stages.setdefault("backward", short[word])
            return {"inputs": plain[0], "targets": plain[1], "labels": labels, "layout": layout, "moved": True,
                    "parameters": chain.values(seen[0]), "rate": rate, "paths": chain.paths,
                    "gradients": chain.steps(seen[0], seen[1], rate or 1.0)}  # fmt: skip
    return None


def look_at(functions: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Functions that make parameters and train them: after one round and after two, from one seed."""
    for name, function in functions.items():
        if not WORDS_TRAIN.search(name) and not re.search("network|nn|main", name):
            continue
        trials = []
        for outputs, labels in ((3, "one-hot"), (3, "indices"), (2, "indices"), (1, "column"), (1, "vector")):
            for layout in ("rows", "columns"):
                trial = _twice(function, outputs, labels, layout)
                if trial:
                    trials.append(trial)
        if trials:
            return trials, {"backward": name}
    return [], {}


def _twice(function: Any, outputs: int, labels: str, layout: str) -> dict[str, Any] | None:
    """One trial of a training function."""
    width = global_width(function)
    x, y = data(B, width, outputs, labels)
    given_x, given_y = lay(x, y, layout)
    seen = []
    chain = None
    for rounds in (1, 2):
        board = boards.Board(given_x, given_y, B, rounds)
        try:
            unclipped.bitten[0] = False
            with unclipped.going_back():
                result, _ = boards.called(None, function, board, sizes=(width, H, outputs))
        except Failure:
            return None
        found = arrays(result) if isinstance(result, (dict, list)) or hasattr(result, "__dict__") else tree(result)
        chain = Chain.find(found, width, None)
        if chain is None:
            return None
        seen.append(copied(found))
    if chain is None or not chain.moved(*seen):
        return None
    if chain.widths(seen[0])[-1] != (outputs if outputs > 1 else 1):
        return None
    rate = rate_of(function, None)
    clipped = {"clipped": True} if unclipped.bitten[0] else {}
    return {"inputs": x, "targets": y, "labels": labels, "layout": layout, "parameters": chain.values(seen[0]),
            **clipped, "gradients": chain.steps(seen[0], seen[1], rate or 1.0), "rate": rate, "moved": True,
            "paths": chain.paths}  # fmt: skip
