"""Calling the parts of a network: every argument is bound from what is known by then, by the meaning of its name."""

import builtins
import contextlib
import copy
import inspect
import re
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import names
from ..arrays import Array, arrays, changed, copied, put
from ..calling import Failure, attempt, slow_calls
from ..calling import copied as copied_value
from ..signatures import parameters, text_of
from . import guessed
from .data import RATE, lay, settings
from .rounds import once, shorten
from .words import CACHES, COUNT, GRADIENTS, OUTPUT, PARAMETERS

if TYPE_CHECKING:
    from .makers import Box

MOST_SLOW = 3
deadline = [float("inf")]  # of the processor's time, after which no more networks are driven


PART_OF_TARGETS = re.compile(r"label|target|true|expected|desired|correct|truth|onehot|answer|^y")
COUNTED = re.compile(r"(m|n|num|no|len|size|number)(of)?(train|samples?|examples?|data|points?|rows?|batch)(ing|set)?$")
PART_OF_OUTPUT = re.compile(r"last|final|hat|pred|prob|^(a|y|o)_?out")
PART_OF_INPUTS = re.compile(r"input|image|sample|feature|data|^x|batchx|pixels")


class Board:
    """What is known while a network is driven: arguments are bound from it by name."""

    def __init__(self, x: Array, y: Array, batch: int, rounds: int = 1, layout: str = "rows") -> None:
        self.x, self.y, self.batch, self.rounds, self.layout = x, y, batch, rounds, layout
        self.output: Array | None = None
        self.result: Any = None
        self.gradients: Any = None
        self.names: dict[str, Any] = {}
        self.container: Any = None
        self.box: Box | None = None
        self.spoken: list[tuple[set[str], Any]] = []  # what is asked for by a word
        self.together: Any = None  # inputs and targets in one argument
        self.upstream = False  # whether a way back may be given the difference of output and targets
        self.setting_up = False  # whether what is called sets something up for another call
        self.turned = False  # whether one was: its sign is then a convention
        self.way = 0  # which of the ways to give values to parameters of unknown names
        self.guesses = {"ways": 1, "used": 0}  # how many there are; shared with what is given to one call

    def remember(self, result: Any, output: Array | None, called: list[str] | None = None) -> None:
        """Keeps what a forward returned, under the names of its return statement too."""
        if output is not None:
            self.output = lay(output, output, self.layout)[0]
        self.result = result
        if called and isinstance(result, tuple) and len(called) == len(result):
            self.names.update(zip(called, result, strict=True))
        elif called and len(called) == 1 and names.plain(called[0]) not in {"x", "input", "inputs", "data"}:
            self.names[called[0]] = result

    def remember_gradients(self, result: Any, called: list[str] | None = None) -> None:
        """Keeps what a backward returned, under the names of its return statement too."""
        if result is None:
            return
        parts = result if isinstance(result, tuple) else ()
        held = [part for part in parts if isinstance(part, (dict, list))]
        self.gradients = held[0] if len(held) == 1 else result  # a loss may stand beside them
        if called and len(called) == len(parts):
            self.names.update({name: part for name, part in zip(called, parts, strict=True) if name})

    def offers(self) -> list[tuple[set[str], Any]]:
        """What arguments may be, by the meaning of their names, the surest first."""
        found: list[tuple[set[str], Any]] = []
        if self.container is not None:
            found.append((PARAMETERS, self.container))
        rest = self.result
        if isinstance(self.result, tuple):
            others = [r for r in self.result if isinstance(r, (dict, list, tuple))]
            rest = others[0] if others else self.result
        if rest is not None:
            found.append((CACHES, rest))
        if self.gradients is not None:
            found.append((GRADIENTS, self.gradients))
        if self.output is not None:
            found.append((OUTPUT, self.output))
        if self.together is not None:
            found.insert(0, (PAIRS, self.together))
        batch_first = names.INPUTS - {"z", "a", "in"}
        return [*found, (batch_first, self.x), (names.TARGETS, self.y), *settings(self.rounds),
                (COUNT, self.batch), ({"a", "rate", "step"}, RATE), (names.TRAINING, True)]  # fmt: skip

    def likely(self, name: str) -> Any:
        """A value for a name that no group knows, by a part of it; None where no part says anything."""
        if self.upstream and self.output is not None and (name in names.UPSTREAM or DELTA.fullmatch(name)):
            self.turned = True
            return self.output - self.given_targets()
        held = self.box.named() if self.box else {}
        for key, value in held.items():  # Ws for a list called weights
            if len(name) <= 4 and isinstance(value, (list, tuple)) and name[0] == key[0].lower():
                return value
        for group, word in self.spoken:
            if name in group:
                return word
        if own_loss and re.fullmatch(r"(loss|cost|criterion)(fn|func|function|obj)?", name):
            return own_loss[0]
        if COUNTED.match(name):
            return self.batch
        if self.output is not None and PART_OF_OUTPUT.search(name):
            return self.output
        if PART_OF_TARGETS.search(name):
            return self.y
        if PART_OF_INPUTS.search(name):
            return self.x
        counted = next((value for group, value in COUNTERS if name in group), None)
        return self.rounds if counted is None and re.search(r"epoch|iter|rounds|passes", name) else counted

    def loss_derivative(self, output: Array, *_: Any) -> Array:
        """The derivative of half the squared error, where a way back asks for such a function."""
        self.turned = True
        return np.asarray(output) - self.given_targets()

    def samples(self) -> list[tuple[Array, Array]]:
        """Pairs of one input and its target: rows, or columns of one sample where the batch lies in columns."""
        if self.layout == "columns":
            targets = [self.y[:, k : k + 1] if self.y.ndim == 2 else self.y[k] for k in range(self.batch)]
            return [(self.x[:, k : k + 1], targets[k]) for k in range(self.batch)]
        return list(zip(self.x, self.y, strict=False)) if self.layout == "rows" else [(self.x, self.y)]

    def stacked(self) -> list[tuple[Array, Array]]:
        """Inputs and targets as a stack of samples, each a row or a column of its own."""
        x, y = (self.x, self.y) if self.layout in ("rows", "one row") else (self.x.T, self.y.T)
        if self.x.ndim != 2 or y.size % len(x):
            return []
        rows, columns = (x[:, None, :], y.reshape(len(x), 1, -1)), (x[:, :, None], y.reshape(len(x), -1, 1))
        return [rows, columns] if self.layout in ("rows", "one row") else [columns]

    def given(self, x: Array, y: Array) -> "Board":
        """The same board with other inputs and targets, for one call."""
        other = copy.copy(self)
        other.x, other.y, other.output = x, y, None
        if self.output is not None and y.dtype.kind == "f" and self.output.size == y.size:
            other.output = (self.output.T if self.layout in ("columns", "sample column") else self.output).reshape(
                y.shape
            )
        return other

    def given_targets(self) -> Array:
        """The targets in the shape of the output; class indices as one-hot rows."""
        output = np.asarray(self.output)
        if self.y.shape == output.shape:
            return self.y
        if self.y.size == output.size:
            return self.y.reshape(output.shape)
        wide = np.eye(output.shape[0 if self.layout == "columns" else -1])[self.y.astype(int)]
        return wide.T if self.layout == "columns" else wide

    def exact(self) -> dict[str, Any]:
        """Values by exact name: parameters and what functions returned under that name."""
        return {**(self.box.named() if self.box else {}), **self.names}


COUNTERS = (({"i", "j", "k", "idx", "index", "currentpoint", "current", "samplenumber", "currentepoch"}, 0),
            ({"t", "timestep", "iter", "currentiteration"}, 1))  # fmt: skip
DELTA = re.compile(r"grady|gradoutputs|gradscores|gradlogits|d_?(x|out|y|a|z|l|loss|logits|scores|cost|pred|h|yhat)")
LOSS_DERIVATIVE = re.compile(r"(grad|deriv|prime|^d).*(loss|cost)|(loss|cost).*(grad|deriv|prime)")
VALIDATION = re.compile(r"^(x|y|labels?|targets?|inputs?)_?(val|valid|validation|test|dev)$", re.IGNORECASE)
PAIRS = {"trainsamples", "trainingsamples", "trainingexamples", "trainpairs", "batch",
         "minibatch", "data", "trainingdata", "traindata", "trainset", "trainingset", "dataset", "samples",
         "examples", "train"}  # fmt: skip


def called(
    owner: Any, function: Any, board: Board, sizes: tuple[int, int, int] | None = None
) -> tuple[Any, dict[str, Array]]:
    """Calls a function or method from the board; returns its result and the arrays of `owner` that changed.

    Where it fails and asks for data alone, the data are given as inputs and targets together, then sample by sample.
    Raises Failure when it cannot be called or raises.
    """
    try:
        return _called(owner, function, board, sizes)
    except Failure as failure:
        if owner is not None and names.plain(getattr(function, "__name__", "")) in names.TRAIN:
            for x, y in board.stacked():
                try:
                    return _called(owner, function, board.given(x, y), sizes)
                except Failure:
                    continue
        asks = [names.plain(one.name) for one in parameters(function)]
        if not PAIRS & set(asks) or names.TARGETS & set(asks):
            raise
        for together in ((board.x, board.y), board.samples()):
            board.together = together
            try:
                return _called(owner, function, board, sizes)
            except Failure:
                continue
            finally:
                board.together = None
        raise failure from None


def _called(
    owner: Any, function: Any, board: Board, sizes: tuple[int, int, int] | None = None
) -> tuple[Any, dict[str, Array]]:
    """One call from the board."""
    if time.process_time() > deadline[0] or slow_calls[0] > MOST_SLOW:
        raise Failure(RuntimeError("there was no time left to try it"))
    exact = board.exact()
    offers = board.offers()
    if sizes:
        d, h, c = sizes
        offers = [(names.SIZES, [d, h, c]), (names.N_HIDDEN | {"nnhdim"}, h), (names.N_IN - names.INPUTS, d),
                  (names.N_OUT - names.TARGETS, c), *offers]  # fmt: skip
    arguments: dict[str, Any] = {}
    taken: set[int] = set()
    unknown: list[str] = []
    space = getattr(function, "__globals__", None) or getattr(getattr(function, "__func__", None), "__globals__", {})
    for place, one in enumerate(parameters(function)):
        short = names.plain(one.name)
        if LOSS_DERIVATIVE.search(short) and board.output is not None and re.search(
                rf"\b{one.name}\(", text_of(function)):  # fmt: skip
            arguments[one.name] = board.loss_derivative
            continue
        if one.name in exact:
            arguments[one.name] = (
                exact[one.name] if exact[one.name] is board.container else copied_value(exact[one.name])
            )
            continue
        free = [
            k
            for k, (group, _) in enumerate(offers)
            if (short in group or re.sub(r"\d+$", "", short) in group) and k not in taken
        ]
        if free:
            value = offers[free[0]][1]
            if one.default is not inspect.Parameter.empty and free[0] >= len(offers) - 2:
                continue
            arguments[one.name] = value if value is board.container else copied_value(value)
            taken.add(free[0])
        elif one.default is None and VALIDATION.search(one.name):
            arguments[one.name] = copied_value(board.y if re.search(r"y|label|target", one.name) else board.x)
        elif one.default is inspect.Parameter.empty and (kept := guessed.default_of(owner, one.name)) is not None:
            arguments[one.name] = copied_value(kept)
        elif one.default is inspect.Parameter.empty and (likely := board.likely(short)) is not None:
            arguments[one.name] = copied_value(likely)
        elif one.default is inspect.Parameter.empty and board.upstream and isinstance(
                board.result, tuple) and place < len(board.result) and owner is not None:  # fmt: skip
            arguments[one.name] = copied_value(board.result[place])  # what went out comes back in its order
        elif one.default is inspect.Parameter.empty:
            near = [v for key, v in space.items() if names.plain(key) == short and not callable(v)]
            if near:
                arguments[one.name] = copied_value(near[0])
            else:
                unknown.append(one.name)
    if owner is not None:
        _targets_for(owner, arguments, board)
    if unknown:
        arguments |= _guess(owner, function, board, unknown, list(arguments.values()))
    _fill_globals(function, board)
    if owner is not None:
        _fill_attributes(owner, board)
    before = copied(arrays(owner)) if owner is not None else {}
    try:
        result = _attempted(owner, once(function, board.rounds), board, arguments)
    except Failure:
        _restore(owner, before)
        raise
    return result, changed(before, arrays(owner)) if owner is not None else {}


def _targets_for(owner: Any, arguments: dict[str, Any], board: Board) -> None:
    """Gives targets where a method asks for inputs and `outputs`, and nothing else gives it any."""
    held = [*arguments.values(), *arrays(owner).values()]
    if not guessed.among(arguments.values(), board.x) or guessed.among(held, board.y):
        return
    for name in arguments:
        if names.plain(name) in {"output", "outputs"}:
            arguments[name] = board.y.copy()


def _guess(owner: Any, function: Any, board: Board, unknown: list[str], given: list[Any]) -> dict[str, Any]:
    """Values for the parameters of a method whose names say nothing; raises Failure where there are none."""
    found = guessed.ways(function, unknown, given, board.x, board.y, board.output, board.rounds) if owner else []
    if not found:
        raise Failure(TypeError(f"no value for the parameter {unknown[0]}"))
    board.guesses["ways"], board.guesses["used"] = max(board.guesses["ways"], len(found)), 1
    return {name: copied_value(value) for name, value in found[min(board.way, len(found) - 1)].items()}


def _restore(owner: Any, before: dict[str, Array]) -> None:
    """Undoes what a call had changed before it failed."""
    now = arrays(owner) if owner is not None else {}
    for path, value in before.items():
        if path in now and now[path].shape == value.shape and now[path].tobytes() != value.tobytes():
            with contextlib.suppress(KeyError, ValueError, AttributeError, IndexError, TypeError):
                put(owner, path, value)


def _attempted(owner: Any, function: Any, board: Board, arguments: dict[str, Any]) -> Any:
    """Calls; gives an object the inputs or targets that it reads from an attribute which nothing has set yet."""
    for _ in range(3):
        try:
            return attempt(function, **arguments)
        except Failure as failure:
            lacks = re.search(r"object has no attribute '(\w+)'", str(failure))
            if owner is None or not lacks or getattr(failure.error, "obj", owner) is not owner:
                raise
            short = names.plain(lacks[1])
            value = board.y if PART_OF_TARGETS.search(short) else board.x if PART_OF_INPUTS.search(short) else None
            if hasattr(owner, lacks[1]) or (value is None and not _set_up(owner, lacks[1], board)):
                raise
            if value is not None:
                setattr(owner, lacks[1], value.copy())
    return attempt(function, **arguments)


def _set_up(owner: Any, attribute: str, board: Board) -> bool:
    """Calls the method that sets an attribute which nothing has set yet; says whether there is such a method."""
    from .setup import setters

    for name in setters(type(owner), attribute) if not board.setting_up else []:
        board.setting_up = True
        try:
            _called(owner, getattr(owner, name), board)
        except Failure:
            continue
        finally:
            board.setting_up = False
        if hasattr(owner, attribute):
            return True
    return False


def _fill_attributes(owner: Any, board: Board) -> None:
    """Gives an object the inputs and targets that it waits for under names with nothing in them yet."""
    own = getattr(owner, "__dict__", {})
    shorten(own, board.rounds)
    for holder in (own, *(value for value in own.values() if isinstance(value, dict))):
        for key in [key for key, value in holder.items() if value is None and isinstance(key, str)]:
            for group, value in (({"x", "inputs", "input", "inputdata"}, board.x),
                                 ({"y", "target", "targets", "labels"}, board.y)):  # fmt: skip
                if names.plain(key) in group:
                    holder[key] = value.copy()


def _fill_globals(function: Any, board: Board) -> None:
    """Gives a function the globals that its file would have had: inputs, targets, counts."""
    function = getattr(function, "__func__", function)
    code, space = getattr(function, "__code__", None), getattr(function, "__globals__", None)
    if code is None or space is None:
        return
    fixed = {name: space[name] for name in code.co_names if name in space}
    shorten(fixed, board.rounds)
    space.update(fixed)
    for name in code.co_names:
        if name in space and not getattr(space[name], "_parity", False) and name not in board_names:
            continue
        if hasattr(builtins, name):
            continue
        short = names.plain(name)
        for group, value in ((names.INPUTS - {"a", "z", "in", "values"}, board.x), (names.TARGETS, board.y),
                             (COUNT, board.batch)):  # fmt: skip
            if short in group:
                space[name] = copied_value(value)
                board_names.add(name)
                break
        if name not in space and name in counts:
            space[name] = board.batch
            board_names.add(name)


own_loss: list[Any] = []  # a loss of the file that a method may ask for
counts: set[str] = set()  # names that a file reads from the shape of its data
board_names: set[str] = set()  # globals that came from a board and may be replaced by the next one
