"""Plain scripts and functions that hold everything: the innermost loop that moves weights is run once.

What stands before the loop is run as far as it can be; data that are not there are lent. The weights before and after
are handed on, with every array around them; the parent tells inputs and targets by their shapes.

Axes: as theirs; B samples, D inputs, C outputs.
"""

import ast
import time
from typing import Any

from ..calling import Failure
from .board import deadline
from .data import D
from .lent import Lender
from .places import File, Place, calls_of, functions_in, places
from .run import Run

MOST_TRIALS = 8
FORMATS = (("one-hot", 3), ("indices", 3), ("column", 1), ("vector", 1), ("indices", 2))


def look_at(files: list[File]) -> dict[str, Any] | None:
    """The first script, or function that trains, whose loop can be run once, as plain data."""
    if time.process_time() > deadline[0]:
        return None
    defined = functions_in(files)
    alone = None  # a loop that moves one matrix: a network of one layer where no other loop moves several
    for place, paths in places(files, defined):
        place.calls = list(calls_of(place.function, files))[:3] if place.function else []
        for path in paths:
            if trials := _trials(place, path, defined):
                outer = path[0] if path else place.statements[-1]
                lines = [outer.lineno, outer.end_lineno or outer.lineno]
                name = "script" if not place.function else place.function
                stage = {"name": "the loop", "file": place.file, "lines": lines}
                found = {"name": name, "role": "network", "kind": "network", "form": 6, "forward": stage,
                         "backward": dict(stage), "trials": trials}  # fmt: skip
                if not trials[0]["alone"]:
                    return found
                alone = alone or found
    return alone


def _trials(place: Place, path: list[ast.stmt], defined: dict[str, ast.FunctionDef]) -> list[dict[str, Any]]:
    """The trials of one loop: with every format of labels and either layout, where data must be lent."""
    trials: list[dict[str, Any]] = []
    if path and any(_searches(node) for node in ast.walk(path[-1])):
        return trials
    for labels, c in FORMATS:
        for layout in ("rows", "columns"):
            widths = (D, c)
            for _ in range(2):
                lender = Lender(labels, layout, widths, place.tables)
                run = Run(place, path, defined, lender)
                try:
                    trial, real = run.look()
                except (Failure, SyntaxError, RecursionError):
                    break
                if trial:
                    trials.append(_ordinary(run, trial | {"failed": run.failed}, (place, path, defined, lender)))
                if real is None or real == widths or not lender.used or (real[1] == 1) != (c == 1):
                    break  # once more only where their own widths are others
                widths = real
            if trials and not lender.used:
                return _cleanest(trials)
    return _cleanest(trials)


def _searches(node: ast.AST) -> bool:
    """Whether a statement moves what is kept by random numbers: it tries weights out, and follows no gradient."""
    moves = isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Assign) and all(isinstance(one, ast.Attribute) for one in node.targets)
    )
    drawn = ("randn", "standard_normal", "normal", "uniform")
    return moves and any(isinstance(one, ast.Attribute) and one.attr in drawn for one in ast.walk(node))


def _ordinary(run: Run, trial: dict[str, Any], again: tuple[Any, ...]) -> dict[str, Any]:
    """The same round from ordinary weights and biases: small ones and zeros hide what an activation is."""
    second = Run(*again)
    second.fill = run.chain
    try:
        other, _ = second.look() if run.chain else (None, None)
    except (Failure, SyntaxError, RecursionError, KeyError, ValueError, TypeError, IndexError):
        return trial  # they are made in the round itself
    fits = other is not None and second.failed <= run.failed and set(other["before"]) == set(trial["before"])
    return other | {"failed": second.failed} if other and fits else trial


def _cleanest(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The trials in whose round the fewest statements failed; where data fit, none does."""
    trials = [one for one in trials if "lent_y" in one["arrays"]] or trials  # as many outputs as were lent
    least = min((one["failed"] for one in trials), default=0)
    return [one for one in trials if one["failed"] == least][:MOST_TRIALS]
