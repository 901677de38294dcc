"""Networks that are classes: built, driven forward and one step back.

Where no gradient is stored, the change of the parameters in one update, divided by the rate, is the gradient.
Axes: B samples, D inputs, H hidden, C outputs.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import names
from ..arrays import arrays, numeric, put
from ..calling import Failure, twin
from ..signatures import required, where
from . import board as boards
from . import neurons, passes, scalars, slips, unclipped, updates, usage
from .chain import Chain
from .data import B, D, H, batch_for, data, handed_on, lay
from .objects import built, sizes_of
from .one_layer import goes_back_from_targets
from .outcome import rate_of
from .setup import prepared
from .sizes import SECOND, spoken
from .trainers import trained_twice
from .words import WORDS_BACKWARD, WORDS_FORWARD, WORDS_TRAIN_FIRST, fitting, unnamed

WIDEST = 10_000  # inputs of a network whose sizes stand in its code


def look_at(name: str, holder: type) -> dict[str, Any] | None:
    """A class as a network."""
    methods = [m for m in dir(holder) if not m.startswith("__") or m == "__call__"]
    short = {names.plain(m): m for m in methods if callable(getattr(holder, m, None))}
    if not fitting(short, (*WORDS_FORWARD, *WORDS_TRAIN_FIRST, *WORDS_BACKWARD)) and not unnamed(holder, short):
        return None
    trials: list[dict[str, Any]] = []
    stages: dict[str, Any] = {}
    worked: int | None = None  # which of the ways to build it gave gradients: the other number of outputs takes it too
    for outputs in (3, 1):
        for k, sizes in enumerate(_sizes(holder, outputs, stages)):
            if worked not in (None, k):
                continue
            for labels in ("one-hot", "indices") if outputs == 3 else ("column", "vector"):
                for layout in ("rows", "columns", "one row", "sample", "sample column"):
                    way = 0
                    while way < stages.setdefault("ways", 1):
                        trial = _object_trial(holder, short, sizes, labels, layout, outputs, stages, way)
                        trials += [trial] if trial else []
                        way += 1
            if any("gradients" in trial for trial in trials) and not _beyond(stages):
                worked = k
                break
    if stages.get("beyond") and "forward" in stages:
        trials = [trial for trial in trials if "output" in trial]
    if not trials:
        seen = look_at(name, other) if (other := _of_lists(holder)) else None
        if not seen and not hasattr(holder, "as_used") and (other := usage.as_used(holder)):
            seen = look_at(name, other)
        return seen or slips.look_at(name, holder, short, stages.get("slip"))
    first = next((trial for trial in trials if "gradients" in trial), None)
    if first and len(first["parameters"]) == 2:
        c = first["parameters"][-1][0].shape[1]
        one = _object_trial(
            holder, short, _deeper(next(sizes_of(holder, c)), c), first["labels"], first["layout"], c, stages
        )
        if one and "gradients" in one and len(one["parameters"]) == 3:
            first["deeper"] = one
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
        "trials": handed_on(trials),
    }


def _sizes(holder: type, outputs: int, stages: dict[str, Any]) -> Iterator[list[Any]]:
    """What a class is built with; with a hidden layer more where its way forward asks for a place that is not there."""
    yield from sizes_of(holder, outputs)
    if stages.get("deep") or _beyond(stages):
        stages["deep"] = True
        if _beyond(stages):
            stages.pop("backward", None)  # what went back without a way forward was guessed
        for sizes in sizes_of(holder, outputs):
            yield _deeper(sizes, outputs)


def _beyond(stages: dict[str, Any]) -> bool:
    """Whether no way forward came to an end, one because it asks for a place that a list has not."""
    return bool(stages.get("beyond")) and "forward" not in stages


def _deeper(sizes: list[Any], outputs: int) -> list[Any]:
    """Sizes with a second hidden layer, where a list holds them."""
    return [(group, [D, H, SECOND, outputs] if group is names.SIZES else value) for group, value in sizes]


def _of_lists(holder: type) -> type | None:
    """The same class with its single numbers, or those in its lists and neurons, as arrays; None the second time."""
    if hasattr(holder, "of_numbers") or hasattr(holder, "__parity_arrays__"):
        return None
    if numbers := scalars.gathered(holder):
        return numbers
    seen = neurons.gathered(holder)
    for sizes in sizes_of(seen, 3):
        made = built(seen, sizes, *data(B, D, 3, "one-hot"))
        plainly, told = (any(Chain.find(arrays(made, told=told), None, None, ones=ones) for ones in (False, True))
                         for told in (False, True))  # fmt: skip
        if told:
            return None if plainly else seen
    return None


def fixed_in(made: Any, short: dict[str, str]) -> Chain | None:
    """The matrices whose sizes stand in the code; one alone in a class that trains itself."""
    found = Chain.find(arrays(made), None, None)
    return found or (Chain.find(arrays(made), None, None, alone=True) if _whole(type(made), short) else None)


def _whole(holder: type, short: dict[str, str]) -> bool:
    """Whether a class is a network even if it has one layer: it trains itself, or goes back from targets."""
    return bool(set(short) & set(names.TRAIN)) or goes_back_from_targets(holder)


def matrices(holder: type) -> Chain | None:
    """The matrices of a class's objects, where several follow one another from inputs to outputs."""
    x, y = data(B, D, 3, "one-hot")
    for sizes in sizes_of(holder, 3):
        made = built(holder, sizes, x, y)
        if made is not None and (chain := Chain.find(arrays(made), D, 3)):
            return chain
    return None


def _object_trial(
    holder: type,
    short: dict[str, str],
    sizes: list[Any],
    labels: str,
    layout: str,
    outputs: int,
    stages: dict[str, Any],
    way: int = 0,
) -> dict[str, Any] | None:
    """One object, one forward, one step; None when nothing could be read."""
    batch = B if layout in ("rows", "columns") else 1
    x, y = data(batch, D, outputs, labels)
    given_x, given_y = lay(x, y, layout)
    made = built(holder, sizes, given_x, given_y)
    if made is None:
        return None
    chain = Chain.find(arrays(made), D, outputs)
    if chain is None and not (held := arrays(made)):
        again = trained_twice(holder, short, sizes, (x, y), (given_x, given_y), outputs, labels, layout, stages)
        if again:  # training makes its parameters itself
            return again
    failed = stages.setdefault("unprepared", {})
    if chain is None and failed.get(outputs, 0) < MOST_PREPARED and (not held or fixed_in(made, short) is None):
        prepared(made, outputs, given_x, given_y)
        chain = Chain.find(arrays(made), D, outputs)
        failed[outputs] = failed.get(outputs, 0) + (chain is None)
    ones = chain is None and (chain := Chain.find(arrays(made), D + 1, outputs, ones=True)) is not None
    if chain is None and (fixed := fixed_in(made, short)):  # its sizes stand in its code
        widths = fixed.widths(arrays(made))
        if widths[0] != batch and (widths[-1] == 1) == (outputs == 1) and max(widths) < WIDEST:
            batch = batch_for(layout, widths[-1])
            x, y = data(batch, widths[0], widths[-1], labels)
            given_x, given_y = lay(x, y, layout)
            again = built(holder, sizes, given_x, given_y)  # it may keep the data that it is made with
            if again is not None and not arrays(again):
                prepared(again, widths[-1], given_x, given_y)
            if again is not None and (same := Chain.find(arrays(again), widths[0], widths[-1])):
                made, fixed = again, same
            chain, outputs = fixed, widths[-1]
    if chain is None and _whole(holder, short):
        chain = Chain.find(arrays(made), D, outputs, alone=True)
    if chain is None:
        return trained_twice(holder, short, sizes, (x, y), (given_x, given_y), outputs, labels, layout, stages)
    if not getattr(holder, "of_numbers", False):  # whose neurons may hold copies of them
        chain.fill(lambda path, value: put(made, path, value), arrays(made))
    board = boards.Board(given_x, given_y, batch, layout=layout)
    board.upstream, board.way = True, way
    texts = spoken(holder, None, outputs)
    board.spoken = texts
    trial: dict[str, Any] = {"inputs": x, "targets": y, "labels": labels, "layout": layout,
                             "parameters": chain.values(arrays(made)), "paths": chain.paths}  # fmt: skip
    if ones:  # the biases are a row of the weights, for an input that is always 1
        trial["ones"] = chain.ones(arrays(made))
    unclipped.bitten[0] = False
    for word in fitting(short, WORDS_FORWARD) or unnamed(holder, short):
        try:
            output = passes.forward(made, short[word], board, outputs)
            if output is not None and not output.any() and not getattr(holder, "of_numbers", False):
                chain.turn_last(lambda path, value: put(made, path, value), arrays(made))  # a dead one tells nothing
                trial["parameters"] = chain.values(arrays(made))
                output = passes.forward(made, short[word], board, outputs)
        except Failure as failure:
            trial.setdefault("forward_error", str(failure))
            stages["beyond"] = stages.get("beyond") or isinstance(failure.error, IndexError)
            if slips.is_slip(failure):
                stages.setdefault("slip", f"{short[word]}: {failure}")
            continue
        if output is not None:
            trial["output"] = np.array(output)
            trial.pop("forward_error", None)
            stages.setdefault("forward", short[word])
            trial["forward"] = short[word]
            break
    if costs := _values(made, short, board):
        trial["own_values"], trial["other"] = costs, np.roll(y, 1, axis=0)
    fresh = twin(made) if stages.setdefault("looked", 0) < MOST_LOOKS else None
    with unclipped.going_back():
        found = _gradients(made, short, chain, board, trial, stages)
        if fresh is not None and found and not trial.get("moved"):
            drive = updates.Drive(fresh, short, chain, board, trial.get("forward", ""), trial["backward"], outputs)
            trial["updates"] = updates.look_at(drive)
            stages["looked"] += MOST_LOOKS if trial["updates"] else 1
    stages["ways"] = max(stages["ways"], board.guesses["ways"])
    if board.guesses["used"]:
        trial["guessed"] = True
    return trial if found or "output" in trial else None


MOST_PREPARED = 12  # ways to build an object that its set-up methods give no parameters, for one number of outputs
MOST_LOOKS = 2  # at what is done with the gradients, where nothing is found
COST = re.compile(r"(compute|calculate|calc|get|eval)?(binary|categorical)?"
                  r"(cost|loss|crossentropy|crossentropyloss|mse|mseloss|meansquarederror|nll)"
                  r"(function|fn|value|func)?")  # fmt: skip


def _values(made: Any, short: dict[str, str], board: boards.Board) -> list[float]:
    """The value of the network's own cost, for these and for other targets, by copies of it: some change theirs."""
    plain, other = copy.copy(board), copy.copy(board)
    for one in (plain, other):
        one.guesses, one.names = dict(board.guesses), dict(board.names)
    other.y = np.roll(board.y, 1, axis=1 if board.layout in ("columns", "sample column") and board.y.ndim == 2 else 0)
    found = []
    for given in (plain, other):
        for word in (word for word in short if COST.fullmatch(word)):
            owner = twin(made)
            asks = [one.name for one in required(getattr(owner, short[word]))]
            rest = [one for one in asks if not boards.PART_OF_TARGETS.search(names.plain(one))]
            if len(asks) == 2 and len(rest) == 1 and not boards.PART_OF_INPUTS.search(names.plain(rest[0])):
                given.names |= {rest[0]: board.output}  # whatever it is called, it stands beside the targets
            try:
                result, _ = boards.called(owner, getattr(owner, short[word]), given)
            except Failure:
                continue
            number = numeric(result[0] if isinstance(result, tuple) and result else result)
            if number is not None and number.dtype.kind == "f" and number.size == 1:
                found.append(float(number.reshape(())))
                break
    return found


def _gradients(
    made: Any, short: dict[str, str], chain: Chain, board: boards.Board, trial: dict[str, Any], stages: dict[str, Any]
) -> bool:
    """Goes back, or takes one step, and reads the gradients into the trial; says whether there are any."""
    words = [word for word in fitting(short, (*WORDS_BACKWARD, *WORDS_TRAIN_FIRST))
             if short[word] != stages.get("forward")]  # fmt: skip
    for word in words or unnamed(type(made), short):
        made = made if words else twin(made)  # what is tried blindly may change anything
        try:
            back = passes.backward(made, short[word], short, chain, board)
        except Failure as failure:
            trial.setdefault("backward_error", f"{short[word]}: {failure}")
            if slips.is_slip(failure):
                trial.setdefault("crash", f"{short[word]}: {failure}")
                stages.setdefault("slip", f"{short[word]}: {failure}")
            continue
        if back.moved and not chain.finite(back.after):  # an update before there is a gradient
            for path, value in back.before.items():
                put(made, path, value)
            continue
        if back.gradients:
            trial["gradients"] = back.gradients
        elif back.moved:
            rate = rate_of(getattr(made, short[word]), made)
            trial["gradients"] = chain.steps(back.before, back.after, rate or 1.0)
            trial["rate"], trial["moved"] = rate or 0.0, True
        else:
            continue
        if board.turned:
            trial["turned"] = True
        if unclipped.bitten[0]:
            trial["clipped"] = True
        stages.setdefault("backward", short[word])
        trial["backward"] = short[word]
        trial.pop("backward_error", None)
        trial.pop("crash", None)
        return True
    return False
