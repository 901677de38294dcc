"""Families of free functions whose names say what they do: parameters, forward, backward, a step."""

import re
from typing import Any

import numpy as np

from .. import names
from ..arrays import copied, tree
from ..calling import Failure
from ..signatures import required, where
from . import board as boards
from . import costs, one_layer, trainers, unclipped
from .chain import Chain, nonzero
from .data import batch_for, data, handed_on, lay
from .makers import Box, initial, returned_names
from .outcome import find_output, rate_of
from .rules import Updating
from .sizes import spoken
from .variables import look_for
from .words import OUTPUT, WORDS_BACKWARD, WORDS_FORWARD, WORDS_TRAIN, rank

GRADIENT = re.compile(r"(d|grad|delta|nabla)_?([Ww]|[Bb]|theta)_?\d*")


def look_at(functions: dict[str, Any], files: list[Any]) -> dict[str, Any] | None:
    """A family of free functions as a network: parameters made by one, or by the file, used by the others."""
    starts = [
        name
        for name in functions
        if re.search(r"init|create|make|random|get_?(w|p)|setup|param", name, re.IGNORECASE)
        and not re.search(r"data|batch|adam|velocity|momentum|optim|grad", name, re.IGNORECASE)
    ]
    trials: list[dict[str, Any]] = []
    stages: dict[str, Any] = {}
    for start in starts:
        for outputs in (3, 1):
            for labels in ("one-hot", "indices") if outputs == 3 else ("column", "vector"):
                for layout in ("columns", "rows", "one row", "sample", "sample column"):
                    try:
                        trial = _at_some_depth(functions, start, outputs, labels, layout, stages)
                    except (Failure, KeyError, ValueError, TypeError, IndexError, AttributeError):
                        continue
                    if trial:
                        trials.append(trial)
        if trials:
            break
    if not any("gradients" in trial for trial in trials) and (own := _of_variables(functions, files)):
        trials, stages = own
    return told(functions, trials, stages) if trials else None


def of_trainers(functions: dict[str, Any]) -> dict[str, Any] | None:
    """A function that makes parameters and trains them as a network, by its first round and its second."""
    trials, stages = trainers.look_at(functions)
    return told(functions, trials, stages) if trials else None


def of_one_layer(functions: dict[str, Any]) -> dict[str, Any] | None:
    """Functions that take the weights and the bias of one layer as a network."""
    found = one_layer.look_at(functions)
    return told(functions, *found) if found else None


def told(functions: dict[str, Any], trials: list[dict[str, Any]], stages: dict[str, Any]) -> dict[str, Any]:
    """Trials as the plain data of a network."""
    return {
        "name": stages.get("forward") or stages.get("backward", "functions"),
        "role": "network",
        "kind": "network",
        "form": 3,
        "forward": {
            "name": stages.get("forward", ""),
            **(where(functions[stages["forward"]]) if "forward" in stages else {}),
        },
        "backward": {
            "name": stages.get("backward", ""),
            **(where(functions[stages["backward"]]) if "backward" in stages else {}),
        },
        "trials": handed_on(trials),
    }


def _at_some_depth(
    functions: dict[str, Any], start: str, outputs: int, labels: str, layout: str, stages: dict[str, Any]
) -> dict[str, Any] | None:
    """A trial with one hidden layer, with two as well where the maker takes sizes; with two where one gives none."""
    trial = None
    for deep in (False, True):
        try:
            box = _made(functions[start], outputs, deep)
            one = _family(functions, box, start, outputs, labels, layout, stages)
        except (Failure, KeyError, ValueError, TypeError, IndexError, AttributeError):
            continue
        if one and "gradients" in one and deep and trial and len(one["parameters"]) > len(trial["parameters"]):
            trial["deeper"] = one
        trial = trial if trial and ("gradients" in trial or (deep and not one)) else one or trial
    return trial


def _of_variables(functions: dict[str, Any], files: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    """The trials of functions that read and write variables of their file."""
    trials: list[dict[str, Any]] = []
    stages: dict[str, Any] = {}
    for outputs in (3, 1):
        for box in look_for(files, outputs):
            for labels in ("one-hot", "indices", "column", "vector"):
                for layout in ("rows", "columns", "one row", "sample", "sample column"):
                    try:
                        trial = _family(functions, box, "", 0, labels, layout, stages)
                    except (Failure, KeyError, ValueError, TypeError, IndexError, AttributeError):
                        continue
                    if trial:
                        trials.append(trial)
        if any("gradients" in trial for trial in trials):
            break
    return (trials, stages) if trials else None


def _made(maker: Any, outputs: int, deep: bool = False) -> Box:
    """The parameters that a function makes, for one hidden layer or for two."""
    container = initial(maker, outputs, deep)
    called = returned_names(maker)
    by_name = isinstance(container, tuple) and len(called) == len(container) and all(called)
    return Box(dict(zip(called, container, strict=True)) if by_name else container, called, by_name)


def _family(
    functions: dict[str, Any], box: Any, start: str, outputs: int, labels: str, layout: str, stages: dict[str, Any]
) -> dict[str, Any] | None:
    """One trial of a family of functions; `outputs` is 0 where the file itself says how many."""
    found = box.arrays()
    chain = Chain.find(found, None, None)
    if chain is None:
        return None
    widths = chain.widths(found)
    if (outputs and (outputs == 1) != (widths[-1] == 1)) or max(widths) > 2000:
        return None
    if (widths[-1] == 1) != (labels in ("column", "vector")):
        return None
    batch = batch_for(layout, widths[-1])
    x, y = data(batch, widths[0], widths[-1], labels)
    given_x, given_y = lay(x, y, layout)
    chain.fill(box.put, found)
    board = boards.Board(given_x, given_y, batch, layout=layout)
    board.container, board.box = box.value, box
    board.spoken = spoken(list(functions.values()), None, widths[-1])
    trial: dict[str, Any] = {"inputs": x, "targets": y, "labels": labels, "layout": layout,
                             "parameters": chain.values(box.arrays()), "paths": chain.paths}  # fmt: skip
    unclipped.bitten[0] = False
    order = sorted(functions, key=lambda name: ("predict" in name.lower(), rank(name, WORDS_FORWARD)))
    for name in order:
        if rank(name, WORDS_FORWARD) > 90 or re.search(
            r"back|grad|deriv|loss|cost|single|layer_|linear_act|linear_f", name
        ):
            continue
        try:
            result, _ = boards.called(None, functions[name], board)
        except Failure as failure:
            trial.setdefault("forward_error", str(failure))
            continue
        output = find_output(result, {}, batch, widths[-1], layout)
        board.remember(result, output, returned_names(functions[name]))
        if output is not None:
            trial["output"] = np.array(output)
            trial.pop("forward_error", None)
            stages.setdefault("forward", name)
            break
    if "output" in trial:
        _between(functions, board, trial)
    with unclipped.going_back():
        back = _gone_back(functions, box, chain, board, trial, stages, start)
    if back and unclipped.bitten[0]:
        trial["clipped"] = True
    others = {name: function for name, function in functions.items() if name != stages.get("forward")}
    if found := costs.values(others, board):
        trial["costs"] = found
    if back and not trial.get("moved") and not stages.get("updates") and batch > 1:
        stages["updates"] = trial["rules"] = Updating(functions, box, chain, board, stages).look()
    return back or (trial if "output" in trial else None)


def _between(functions: dict[str, Any], board: boards.Board, trial: dict[str, Any]) -> None:
    """Calls what stands between forward and back: a function that returns what the way back asks for by its name."""
    backward = [name for name in functions if rank(name, WORDS_BACKWARD[:-1]) <= 90]  # a loss may stand between
    wanted = {one.name for name in backward for one in required(functions[name])} - set(board.exact())
    wanted = {name for name in wanted if names.ranked(name, names.TARGETS - {"output", "outputs"}, names.INPUTS) < 0}
    for name, function in functions.items():
        told = returned_names(function)
        if name in backward or not wanted & set(told) or not required(function):
            continue
        try:
            result, _ = boards.called(None, function, board)
        except Failure:
            continue
        parts = result if isinstance(result, tuple) and len(result) == len(told) else (result,)
        for part_name, part in zip(told, parts, strict=False):
            if part_name in wanted:
                board.names[part_name] = part
            like_it = board.output is not None and np.shape(part) == board.output.shape
            if part_name in wanted and names.plain(part_name) in OUTPUT and like_it:
                board.output = np.array(part)
                trial["output"] = np.array(part.T if board.layout in ("columns", "sample column") else part)


def _gone_back(
    functions: dict[str, Any], box: Any, chain: Chain, board: boards.Board, trial: dict[str, Any],
    stages: dict[str, Any], start: str,
) -> dict[str, Any] | None:  # fmt: skip
    """The trial with the gradients that the first way back, or step, gives; None where none gives any."""
    batch, layout, widths = board.batch, board.layout, chain.widths(box.arrays())
    for name in sorted(functions, key=lambda one: rank(one, WORDS_BACKWARD)):
        if rank(name, WORDS_BACKWARD) > 90 or name == stages.get("forward") or re.search(r"single|linear_act", name):
            continue
        if _wants_gradients(functions[name], board):
            continue
        before = copied(box.arrays())
        try:
            result, _ = boards.called(None, functions[name], board)
        except Failure as failure:
            trial.setdefault("backward_error", f"{name}: {failure}")
            continue
        if "output" not in trial and isinstance(result, tuple) and len(result) > 2:  # forward and back in one
            output = find_output(result, {}, batch, widths[-1], layout)
            trial |= {"output": output} if output is not None and layout == "rows" else {}
        told = returned_names(functions[name])
        if isinstance(result, tuple) and len(told) == len(result) and all(told):
            result = dict(zip(told, result, strict=True))
        pool = {f"returned.{p}": a for p, a in tree(result).items()}
        new = chain.read(pool)
        if (
            new and one_layer.rate_asked(functions[name]) and chain.moved(before, new)
        ):  # the parameters' own names: new ones
            rate = rate_of(functions[name], None)
            trial |= {"gradients": chain.steps(before, {**before, **new}, rate), "rate": rate, "moved": True}
            stages.setdefault("backward", name)
            trial.pop("backward_error", None)
            return trial
        grads = chain.gradients(pool)
        if grads is not None and nonzero(grads):
            trial["gradients"] = grads
            stages.setdefault("backward", name)
            trial.pop("backward_error", None)
            return trial
        if chain.moved(before, box.arrays()):
            rate = rate_of(functions[name], None)
            trial |= {"gradients": chain.steps(before, box.arrays(), rate or 1.0), "rate": rate, "moved": True}
            stages.setdefault("backward", name)
            return trial
        if new and chain.moved(before, new):
            rate = rate_of(functions[name], None)
            trial |= {"gradients": chain.steps(before, new, rate or 1.0), "rate": rate, "moved": True}
            stages.setdefault("backward", name)
            return trial
    for name in functions:
        if not WORDS_TRAIN.search(name) or name in (start, stages.get("forward")):
            continue
        if _wants_gradients(functions[name], board):
            continue
        before = copied(box.arrays())
        try:
            boards.called(None, functions[name], board)
        except Failure:
            continue
        if chain.moved(before, box.arrays()):
            rate = rate_of(functions[name], None)
            trial |= {"gradients": chain.steps(before, box.arrays(), rate or 1.0), "rate": rate, "moved": True}
            stages.setdefault("backward", name)
            return trial
    return None


def _wants_gradients(function: Any, board: boards.Board) -> bool:
    """Whether a function asks for the gradients of parameters by name, and nothing has given them yet."""
    own = board.exact()
    return any(GRADIENT.fullmatch(one.name) and one.name not in own for one in required(function))
