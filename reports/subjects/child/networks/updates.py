"""What is done with the gradients of a network that is an object: each method that moves its parameters, some steps.

The gradients beside each step are those that the network's own way back gives for the parameters before it. Where a
training makes no plain step of a batch, it is shown one sample as well: some take their samples one by one.
"""

import copy
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .. import names
from ..arrays import arrays, copied, put
from ..calling import Failure, twin
from ..signatures import parameters, text_of
from . import board as boards
from . import passes
from .chain import Chain
from .data import LARGE
from .outcome import rate_of

STEPS = 3  # a rule with a memory shows itself in the second step, a wrong correction of Adam's in the third
MOST = 3  # methods of one network
APPLIES = re.compile(r"update|step|appl[yi]|optimi[sz]|descen|train|fit$|^fit|learn|adjust|sgd|adam|momentum|rmsprop")
OTHER = re.compile(r"rate|schedul|^_*(get|set|load|save|init|reset|zero|plot|print|show|is|eval)|loss|cost|accuracy")
PARALLEL = 1e-3  # how little of its length an array may leave a line and be shown to no other format
HELD = [({"momentum", "mu", "gamma"}, 0.9), ({"beta", "beta1", "b1", "rho"}, 0.9), ({"beta2", "b2"}, 0.999),
        ({"epsilon", "eps"}, 1e-8)]  # fmt: skip  # of a rule that asks for them and has no default

Updates = list[dict[str, Any]]


class Drive(NamedTuple):
    """A network before its way back, and how it is driven: names of its methods, parameters, what it is given."""

    fresh: Any
    short: dict[str, str]
    chain: Chain
    board: boards.Board
    forward: str
    backward: str
    outputs: int

    def another(self) -> tuple[Any, boards.Board]:
        """The same network once more, and a board that shares nothing that is written on."""
        board = copy.copy(self.board)
        board.names, board.guesses, board.gradients = dict(board.names), dict(board.guesses), None
        board.spoken = [*board.spoken, *HELD]
        return twin(self.fresh), board

    def back(self, made: Any, board: boards.Board) -> passes.Back:
        """Once forward and once back. Raises Failure."""
        if self.forward:
            passes.forward(made, self.forward, board, self.outputs)
        return passes.backward(made, self.backward, self.short, self.chain, board)

    def values(self, made: Any) -> list[list[Any]]:
        """The parameters of a network, copied."""
        return self.chain.values(copied(arrays(made)))


def look_at(drive: Drive) -> Updates:
    """Every method that moves the parameters, and the way back where it moves them itself."""
    if drive.another()[0] is drive.fresh:  # it cannot be copied
        return []
    found = _guarded(drive, "")
    rest = [word for word in drive.short if APPLIES.search(word) and not OTHER.search(word)
            and drive.short[word] not in (drive.forward, drive.backward)]  # fmt: skip
    for word in sorted(rest, key=lambda word: bool(_trains(getattr(drive.fresh, drive.short[word])))):
        found += _guarded(drive, drive.short[word]) if len(found) < MOST else []
    return found


def _guarded(drive: Drive, name: str) -> Updates:
    """What one method does, the way back without a name; nothing where it does not move them, or not as we call it."""
    first: Updates = []
    for way in _ways(drive, name):
        try:
            steps = _trained(way, name) if name and _trains(getattr(way.fresh, name)) else _applied(way, name)
        except (Failure, KeyError, ValueError, TypeError, IndexError, AttributeError):
            continue
        if not steps or any(step["gradients"] is None for step in steps):
            continue
        function = getattr(way.fresh, name or drive.backward)
        one = {"by": name or drive.backward, "rate": rate_of(function, way.fresh), "samples": way.board.batch,
               "settings": _settings(way.fresh, function), "steps": steps,
               "trains": bool(name and _trains(function))}  # fmt: skip
        if _parallel(steps[0]):
            return [one]
        first = first or [one]
    return first


def _ways(drive: Drive, name: str) -> Iterator[Drive]:
    """The drive; for a method that takes data in other formats too, at last one sample."""
    yield drive
    if not name or not _trains(getattr(drive.fresh, name)):
        return
    board = drive.board
    if board.layout not in ("rows", "columns"):
        return
    for x, y in ((board.x.T, board.y.T), (board.x, _other_labels(board)), (board.x.T, _other_labels(board).T)):
        turned = copy.copy(board)
        turned.x, turned.y = x.copy(), y.copy()
        yield drive._replace(board=_Trains(board, turned))
    columns = board.layout == "columns"
    cut = (slice(None), slice(0, 1)) if columns else (slice(0, 1),)
    one = copy.copy(board)
    one.x, one.y, one.batch = board.x[cut].copy(), board.y[cut if board.y.ndim == 2 else slice(0, 1)].copy(), 1
    one.layout, one.output = "sample column" if columns else "one row", None
    yield drive._replace(board=one)


class _Trains(boards.Board):
    """A board whose network goes back as it did, and trains with other formats of the same data."""

    def __init__(self, plain: boards.Board, turned: boards.Board) -> None:
        self.__dict__.update(plain.__dict__)
        self.turned_to = turned


def _other_labels(board: boards.Board) -> np.ndarray:
    """One-hot rows as class indices, class indices as one-hot rows, a column as a vector."""
    y, axis = board.y, 0 if board.layout == "columns" else 1
    if y.ndim == 2:
        return np.argmax(y, axis=axis) if min(y.shape) > 1 else y.ravel()
    wide = np.eye(int(y.max()) + 1)[y.astype(int)] if y.dtype.kind in "iu" else y.reshape(-1, 1)
    return np.asarray(wide.T if board.layout == "columns" else wide)


def _trains(function: Any) -> bool:
    """Whether a method takes inputs, or takes nothing and is called as one that trains."""
    asks = [names.plain(one.name) for one in parameters(function)]
    if any(short in names.INPUTS - {"a", "z", "in", "values"} or boards.PART_OF_INPUTS.search(short) for short in asks):
        return True
    return bool(boards.PAIRS & set(asks)) or (not asks and names.plain(function.__name__) in names.TRAIN)


def _applied(drive: Drive, name: str) -> Updates:
    """Steps of a method that applies what the way back left; of the way back itself without a name."""
    made, board = drive.another()
    steps: Updates = []
    for _ in range(_most(drive, made)):
        before = drive.values(made)
        back = drive.back(made, board)
        if back.moved == bool(name):
            return []
        if name:
            boards.called(made, getattr(made, name), board)
        steps.append({"parameters": before, "gradients": back.gradients, "after": drive.values(made)})
    return steps if _moves(steps) else []


def _trained(drive: Drive, name: str) -> Updates:
    """Steps of a method that trains: one round, two and three from the same start, or the method again and again."""
    states = []
    for rounds in range(_most(drive, drive.fresh) + 1):
        made, board = drive.another()
        if rounds:
            _call(made, name, board, rounds)
        states.append(copied(arrays(made)))
    if len(states) > 2 and not drive.chain.moved(states[1], states[2]):  # it does not count rounds
        made, board = drive.another()
        for k in range(1, len(states)):
            _call(made, name, board, 1)
            states[k] = copied(arrays(made))
    if not drive.chain.moved(states[0], states[1]) or _begins_anew(drive, name, states):
        return []
    return [{"parameters": drive.chain.values(before), "gradients": _gradients(drive, before),
             "after": drive.chain.values(after)}
            for before, after in pairwise(states)]  # fmt: skip


def _call(made: Any, name: str, board: boards.Board, rounds: int) -> None:
    """Trains for some rounds, with the formats that a training is to be given."""
    given = copy.copy(getattr(board, "turned_to", board))
    given.rounds = rounds
    given.spoken = board.spoken
    boards.called(made, getattr(made, name), given)


def _begins_anew(drive: Drive, name: str, states: list[Any]) -> bool:
    """Whether a training makes its parameters itself: from others it comes to the same."""
    made, board = drive.another()
    for path in [path for path in (*drive.chain.weights, *drive.chain.biases) if path]:
        put(made, path, states[0][path] * 1.5)
    _call(made, name, board, 1)
    return not drive.chain.moved(states[1], arrays(made))


def _gradients(drive: Drive, before: dict[str, Any]) -> list[list[Any]] | None:
    """The gradients that the network's own way back gives for some parameters."""
    made, board = drive.another()
    for path in [path for path in (*drive.chain.weights, *drive.chain.biases) if path]:
        put(made, path, before[path])
    return drive.back(made, board).gradients


def _most(drive: Drive, made: Any) -> int:
    """How many steps are looked at: one of a large network."""
    size = sum(array.size for path, array in arrays(made).items() if path in drive.chain.weights)
    return STEPS if size < LARGE else 1


def _moves(steps: Updates) -> bool:
    """Whether anything moved in the first step."""
    pairs = zip(steps[0]["parameters"], steps[0]["after"], strict=True) if steps else ()
    return any(not np.array_equal(a, b) for old, new in pairs for a, b in zip(old, new, strict=True) if a is not None)


def _parallel(step: dict[str, Any]) -> bool:
    """Whether every array has moved along its own gradient, or not at all."""
    for old, new, gradient in zip(step["parameters"], step["after"], step["gradients"], strict=True):
        for a, b, g in zip(old, new, gradient, strict=True):
            if a is None or g is None or a.shape != b.shape or g.size != a.size:
                continue
            move, along = (b - a).ravel(), np.ravel(g)
            square = float(along @ along)
            left = move - (move @ along / square if square else 0.0) * along
            if not np.abs(left).max() <= PARALLEL * np.abs(move).max():
                return False
    return True


def _settings(made: Any, function: Any) -> dict[str, float]:
    """The numbers that a rule may use, by name: attributes, defaults, what its code and its class write."""
    found = {name: value for group, value in HELD for name in group if any(
        names.plain(one.name) == name and one.default is one.empty for one in parameters(function))}  # fmt: skip
    texts = [text_of(value) for value in vars(type(made)).values() if inspect.isfunction(value)]
    for text in [*texts, text_of(function)]:
        found |= {names.plain(key): float(value) for key, value in
                  re.findall(r"\b(\w+)\s*=\s*(\d*\.?\d+(?:[eE]-?\d+)?)\s*(?=[,)\n#]|$)", text)}  # fmt: skip
    for space in (vars(made), {one.name: one.default for one in parameters(function)}):
        found |= {names.plain(key): float(value) for key, value in space.items()
                  if isinstance(value, (int, float)) and not isinstance(value, bool)}  # fmt: skip
    return found
