"""Whole networks: parameters found as a chain of matrices, one training step driven, gradients read or measured.

Where no gradient is stored, the change of the parameters in one update, divided by the rate, is the gradient.
Axes: B samples, D inputs, H hidden, C outputs.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import adapters, driving, families, names, scripts
from .arrays import Array, arrays, copied, put, tree
from .calling import Failure, instances, where
from .driving import RATE, B, Chain, data

WORDS_TRAIN = re.compile(r"train|fit|learn|sgd|descent|optimi|backprop|step|model|update", re.IGNORECASE)
WORDS_FORWARD = ("forward", "feedforward", "forwardpass", "forwardprop", "forwardpropagation", "feedforwardpass",
                 "propagate", "forwardpropagate", "fullforwardpropagation", "think", "call", "predict", "query", "run",
                 "feed", "activate", "output", "predictproba", "forwards", "compute", "evaluate", "hypothesis", "infer",
                 "forwardpropogation", "forwardpassnetwork", "lmodelforward", "nn", "net")  # fmt: skip
WORDS_BACKWARD = (
    "backward",
    "backprop",
    "backpropagation",
    "backwardpass",
    "backwardprop",
    "backpropagate",
    "gradient",
    "gradients",
    "computegradients",
    "backwardpropagation",
    "calculategradients",
    "grad",
    "backpropogation",
    "fullbackwardpropagation",
    "back",
    "backwards",
    "computegradient",
    "getgradients",
    "lmodelbackward",
    "calcgradients",
    "derivatives",
    "bprop",
    "backpropogate",
    "costfunctionprime",
    "loss",
)
WORDS_TRAIN_FIRST = (
    "trainstep",
    "trainonbatch",
    "trainbatch",
    "updateminibatch",
    "step",
    "train",
    "fit",
    "learn",
    "backprop",
    "backward",
    "backpropagation",
    "sgd",
    "gradientdescent",
    "optimize",
    "update",
    "trainnetwork",
    "training",
    "stochasticgradientdescent",
    "buildmodel",
    "model",
)


def look_at_all(loaded: Any, components: list[dict[str, Any]], deadline: float) -> list[dict[str, Any]]:
    """Returns whole networks as plain data: classes, families of functions, scripts; none after `deadline`."""
    driving.deadline[0] = deadline
    known = {one["name"] for one in components}
    found: list[dict[str, Any]] = []
    for name, holder in loaded.classes.items():
        if name.endswith("Adapter") and {"parameters", "forward", "gradients"} <= set(dir(holder)):
            return [adapters.look_at(name, holder)]
    for name, holder in loaded.classes.items():
        if name not in known:
            found += _guarded(lambda n=name, h=holder: _class(n, h))
    functions = {name: f for name, f in loaded.functions.items() if name not in known}
    if not found:
        found += _guarded(lambda: _functions(functions))
    lacks = [one for one in found if one["form"] == 3 and _lacks_biases(one)]  # their names may say nothing
    if lacks and (more := _guarded(lambda: families.look_at(functions))) and not _lacks_biases(more[0]):
        found = more if _useful(more[0]) else found
    if not any(_useful(one) for one in found) and (more := _guarded(lambda: families.look_at(functions))):
        found = [one for one in found if one["form"] != 3] + more  # a forward alone is part of the family
    if not any(_useful(one) for one in found):
        found += _guarded(lambda: scripts.look_at(loaded))
    return found


def _useful(one: dict[str, Any]) -> bool:
    return any("gradients" in trial for trial in one["trials"])


def _lacks_biases(one: dict[str, Any]) -> bool:
    return any(bias is None for trial in one["trials"] for _, bias in trial.get("parameters", []))


def _guarded(look: Any) -> list[dict[str, Any]]:
    """What looking gives, in a list; nothing where their code surprises us."""
    try:
        one = look()
    except (Failure, StopIteration, KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError):
        return []
    return [one] if one else []


def _class(name: str, holder: type) -> dict[str, Any] | None:
    """A class as a network."""
    methods = [m for m in dir(holder) if not m.startswith("__") or m == "__call__"]
    short = {names.plain(m): m for m in methods if callable(getattr(holder, m, None))}
    if not any(word in short for word in (*WORDS_FORWARD, *WORDS_TRAIN_FIRST, *WORDS_BACKWARD)):
        return None
    trials: list[dict[str, Any]] = []
    stages: dict[str, Any] = {}
    for outputs in (3, 1):
        for sizes in _sizes(holder, outputs):
            for labels in ("one-hot", "indices") if outputs == 3 else ("column", "vector"):
                for layout in ("rows", "columns", "one row", "sample", "sample column"):
                    trial = _object_trial(holder, short, sizes, labels, layout, outputs, stages)
                    if trial:
                        trials.append(trial)
            if any("gradients" in trial for trial in trials):
                break
    if not trials:
        return None
    gradient = [trial for trial in trials if "gradients" in trial]
    return {
        "name": name,
        "role": "network",
        "kind": "network",
        "form": 2 if any(not trial.get("moved") for trial in gradient) else 4,
        "forward": {
            "name": stages.get("forward", ""),
            **(where(getattr(holder, stages["forward"])) if "forward" in stages else {}),
        },
        "backward": {
            "name": stages.get("backward", ""),
            **(where(getattr(holder, stages["backward"])) if "backward" in stages else {}),
        },
        "trials": (gradient or trials)[:16],
    }


def _sizes(holder: type, outputs: int) -> Iterator[list[Any]]:
    """What a constructor may want for the sizes of a network."""
    d, h = driving.D, driving.H
    yield [(names.SIZES, [d, h, outputs]), (names.N_IN, d), (names.N_HIDDEN, h), (names.N_OUT, outputs)]
    yield [(names.N_IN, d), (names.N_HIDDEN | names.SIZES, [h]), (names.N_OUT, outputs)]
    yield [(names.SIZES, ((d, h), (h, outputs))), (names.N_IN, d), (names.N_HIDDEN, h), (names.N_OUT, outputs)]


def _made(holder: type, sizes: list[Any], x: Array, y: Array) -> Any:
    """An object of a network class; None when it cannot be built."""
    outputs = sizes[-1][1]
    offers = [*sizes, *driving.settings(), (names.INPUTS, x), (names.TARGETS, y)]
    queues = [[driving.D, driving.H, outputs], [[driving.D, driving.H, outputs]], [x, y], [], [None, None],
              [driving.H, outputs], [driving.D, driving.H, outputs, RATE]]  # fmt: skip
    for made in instances(holder, offers, queues):
        return made
    return None


def _object_trial(
    holder: type,
    short: dict[str, str],
    sizes: list[Any],
    labels: str,
    layout: str,
    outputs: int,
    stages: dict[str, Any],
) -> dict[str, Any] | None:
    """One object, one forward, one step; None when nothing could be read."""
    batch = B if layout in ("rows", "columns") else 1
    x, y = data(batch, driving.D, outputs, labels)
    given_x, given_y = driving.lay(x, y, layout)
    made = _made(holder, sizes, given_x, given_y)
    if made is None:
        return None
    chain = Chain.find(arrays(made), driving.D, outputs)
    if chain is None and (fixed := Chain.find(arrays(made), None, None)):  # its sizes stand in its code
        widths = fixed.widths(arrays(made))
        if widths[0] not in (batch, driving.D) and (widths[-1] == 1) == (outputs == 1) and max(widths) < 2000:
            chain, outputs = fixed, widths[-1]
            x, y = data(batch, widths[0], outputs, labels)
            given_x, given_y = driving.lay(x, y, layout)
    if chain is None:
        return _trained_twice(holder, short, sizes, (x, y), (given_x, given_y), outputs, labels, layout, stages)
    chain.fill(lambda path, value: put(made, path, value), arrays(made))
    board = driving.Board(given_x, given_y, batch, layout=layout)
    trial: dict[str, Any] = {"inputs": x, "targets": y, "labels": labels, "layout": layout,
                             "parameters": chain.values(arrays(made)), "orientation": chain.orientation}  # fmt: skip
    for word in WORDS_FORWARD:
        if word not in short:
            continue
        try:
            result, new = driving.called(made, getattr(made, short[word]), board)
        except Failure as failure:
            trial.setdefault("forward_error", str(failure))
            continue
        output = driving.find_output(result, new, batch, outputs, layout)
        board.remember(result, output)
        if output is not None:
            trial["output"] = np.array(output)
            trial.pop("forward_error", None)
            stages.setdefault("forward", short[word])
            break
    if not _gradients(made, short, chain, board, trial, stages):
        return trial if ("output" in trial and layout != "columns") or "output" in trial else None
    return trial


def _gradients(
    made: Any, short: dict[str, str], chain: Chain, board: driving.Board, trial: dict[str, Any], stages: dict[str, Any]
) -> bool:
    """Goes back, or takes one step, and reads the gradients into the trial; says whether there are any."""
    for word in dict.fromkeys((*WORDS_BACKWARD, *WORDS_TRAIN_FIRST)):
        if word not in short or short[word] == stages.get("forward"):
            continue
        function = getattr(made, short[word])
        before = copied(arrays(made))
        try:
            result, new = driving.called(made, function, board)
        except Failure as failure:
            trial.setdefault("backward_error", f"{short[word]}: {failure}")
            continue
        board.remember_gradients(result)
        after = arrays(made)
        pool = {f"returned.{p}": a for p, a in tree(result).items()} | new
        found = chain.gradients(pool)
        moved = chain.moved(before, after)
        rate = driving.rate_of(function, made)
        if moved and (found is None or not driving.nonzero(found)):
            trial["gradients"] = chain.steps(before, after, rate or 1.0)
            trial["rate"], trial["moved"] = rate or 0.0, True
        elif found is not None and driving.nonzero(found):
            trial["gradients"] = found
            if moved and rate:
                trial["steps"] = chain.steps(before, after, rate)
        else:
            continue
        stages.setdefault("backward", short[word])
        trial.pop("backward_error", None)
        return True
    return False


def _trained_twice(
    holder: type, short: dict[str, str], sizes: list[Any], plain: tuple[Array, Array], given: tuple[Array, Array],
    outputs: int, labels: str, layout: str, stages: dict[str, Any],
) -> dict[str, Any] | None:  # fmt: skip
    """A network that makes its parameters when it trains: one round and two, from one seed, are one step apart."""
    for word in WORDS_TRAIN_FIRST:
        if word not in short:
            continue
        seen = []
        rate = 0.0
        for rounds in (1, 2):
            offers = [(names.ROUNDS, rounds)]
            made = None
            for candidate in instances(holder, [*offers, *sizes, *driving.settings(rounds)], [
                    [driving.D, driving.H, outputs], [driving.H], []]):  # fmt: skip
                made = candidate
                break
            if made is None:
                return None
            function = getattr(made, short[word])
            board = driving.Board(*given, len(plain[0]), rounds)
            try:
                driving.called(made, function, board)
            except Failure:
                break
            chain = Chain.find(arrays(made), driving.D, outputs)
            if chain is None:
                break
            rate = driving.rate_of(function, made)
            seen.append(copied(arrays(made)))
        if len(seen) == 2 and chain is not None and chain.moved(*seen):
            stages.setdefault("backward", short[word])
            return {"inputs": plain[0], "targets": plain[1], "labels": labels, "layout": layout, "moved": True,
                    "parameters": chain.values(seen[0]), "rate": rate, "orientation": chain.orientation,
                    "gradients": chain.steps(seen[0], seen[1], rate or 1.0)}  # fmt: skip
    return None


def _functions(functions: dict[str, Any]) -> dict[str, Any] | None:
    """A family of free functions as a network: parameters made by one, forward, backward, update by others."""
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
                        trial = _family(functions, start, outputs, labels, layout, stages)
                    except (Failure, KeyError, ValueError, TypeError, IndexError, AttributeError):
                        continue
                    if trial:
                        trials.append(trial)
        if trials:
            break
    if not any("gradients" in trial for trial in trials):
        more, stage = _trainers(functions)
        trials, stages = (more, stage) if more else (trials, stages)
    if not trials:
        return None
    gradient = [trial for trial in trials if "gradients" in trial]
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
        "trials": (gradient or trials)[:16],
    }


def _family(
    functions: dict[str, Any], start: str, outputs: int, labels: str, layout: str, stages: dict[str, Any]
) -> dict[str, Any] | None:
    """One trial of a family of functions."""
    container = driving.initial(functions[start], outputs)
    called = driving.returned_names(functions[start])
    by_name = isinstance(container, tuple) and len(called) == len(container) and all(called)
    if by_name:
        container = dict(zip(called, container, strict=True))
    found = arrays(container) if isinstance(container, (dict, list)) else tree(container)
    chain = Chain.find(found, None, None)
    if chain is None:
        return None
    widths = chain.widths(found)
    if (outputs == 1) != (widths[-1] == 1) or max(widths) > 2000:
        return None
    batch = B if layout in ("rows", "columns") else 1
    x, y = data(batch, widths[0], widths[-1], labels)
    given_x, given_y = driving.lay(x, y, layout)
    box = driving.Box(container, called, by_name)
    chain.fill(box.put, found)
    board = driving.Board(given_x, given_y, batch, layout=layout)
    board.container, board.box = box.value, box
    trial: dict[str, Any] = {"inputs": x, "targets": y, "labels": labels, "layout": layout,
                             "parameters": chain.values(box.arrays()), "orientation": chain.orientation}  # fmt: skip
    order = sorted(functions, key=lambda name: _rank(name, WORDS_FORWARD))
    for name in order:
        if _rank(name, WORDS_FORWARD) > 90 or re.search(
            r"back|grad|deriv|loss|cost|single|layer_|linear_act|linear_f", name
        ):
            continue
        try:
            result, _ = driving.called(None, functions[name], board)
        except Failure as failure:
            trial.setdefault("forward_error", str(failure))
            continue
        output = driving.find_output(result, {}, batch, widths[-1], layout)
        board.remember(result, output, driving.returned_names(functions[name]))
        if output is not None:
            trial["output"] = np.array(output)
            trial.pop("forward_error", None)
            stages.setdefault("forward", name)
            break
    for name in sorted(functions, key=lambda one: _rank(one, WORDS_BACKWARD)):
        if _rank(name, WORDS_BACKWARD) > 90 or name == stages.get("forward") or re.search(r"single|linear_act", name):
            continue
        before = copied(box.arrays())
        try:
            result, _ = driving.called(None, functions[name], board)
        except Failure as failure:
            trial.setdefault("backward_error", f"{name}: {failure}")
            continue
        told = driving.returned_names(functions[name])
        if isinstance(result, tuple) and len(told) == len(result) and all(told):
            result = dict(zip(told, result, strict=True))
        pool = {f"returned.{p}": a for p, a in tree(result).items()}
        grads = chain.gradients(pool)
        if grads is not None and driving.nonzero(grads):
            trial["gradients"] = grads
            stages.setdefault("backward", name)
            trial.pop("backward_error", None)
            return trial
        if chain.moved(before, box.arrays()):
            rate = driving.rate_of(functions[name], None)
            trial |= {"gradients": chain.steps(before, box.arrays(), rate or 1.0), "rate": rate, "moved": True}
            stages.setdefault("backward", name)
            return trial
        new = chain.read(pool)
        if new and chain.moved(before, new):
            rate = driving.rate_of(functions[name], None)
            trial |= {"gradients": chain.steps(before, new, rate or 1.0), "rate": rate, "moved": True}
            stages.setdefault("backward", name)
            return trial
    for name in functions:
        if not WORDS_TRAIN.search(name) or name in (start, stages.get("forward")):
            continue
        before = copied(box.arrays())
        try:
            driving.called(None, functions[name], board)
        except Failure:
            continue
        if chain.moved(before, box.arrays()):
            rate = driving.rate_of(functions[name], None)
            trial |= {"gradients": chain.steps(before, box.arrays(), rate or 1.0), "rate": rate, "moved": True}
            stages.setdefault("backward", name)
            return trial
    return trial if "output" in trial else None


def _rank(name: str, words: tuple[str, ...]) -> int:
    """How well a function's name fits a list of words: its position, more when a part fits, 99 when nothing does."""
    short = names.plain(name)
    if short in words:
        return words.index(short)
    parts = [k for k, word in enumerate(words) if len(word) > 3 and word in short]
    return 40 + min(parts) if parts else 99


def _trainers(functions: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
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
    width = driving.global_width(function)
    x, y = data(B, width, outputs, labels)
    given_x, given_y = driving.lay(x, y, layout)
    seen = []
    chain = None
    for rounds in (1, 2):
        board = driving.Board(given_x, given_y, B, rounds)
        try:
            result, _ = driving.called(None, function, board, sizes=(width, driving.H, outputs))
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
    rate = driving.rate_of(function, None)
    return {"inputs": x, "targets": y, "labels": labels, "layout": layout, "parameters": chain.values(seen[0]),
            "gradients": chain.steps(seen[0], seen[1], rate or 1.0), "rate": rate, "moved": True,
            "orientation": chain.orientation}  # fmt: skip
