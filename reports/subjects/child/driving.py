"""Driving a network that one does not know: data, chains of parameters, arguments by the meaning of their names.

Axes: B samples, D inputs, H hidden, C outputs.
"""

import ast
import builtins
import inspect
import re
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import names
from .arrays import Array, arrays, changed, copied, tree
from .calling import Failure, attempt, parameters, required, slow_calls, text_of
from .calling import copied as copied_value

B, D, H = 7, 5, 11
MOST_SLOW = 3
deadline = [float("inf")]  # after which no more networks are driven
RATE = 0.0625
NO_PARAMETER = re.compile(r"grad|delta|momentum|cache|velocit|moment|nabla|error|history|(^|[._])d[._]?[a-z]?\d*$|"
                          r"(^|[._])d_?(w|b|z|a)", re.IGNORECASE)  # fmt: skip
VALUE = re.compile(r"input|output|(^|[._])(x|y|a|z|h)\d*$|activation|hidden|layer|train|test|data|pred", re.IGNORECASE)
WEIGHT = re.compile(
    r"w(eight|ts?)?s?(_|\d|$)|weight|bias|(^|[._])b(_|\d|$)|theta|syn|kernel|param|coef|^\d+$", re.IGNORECASE
)


BIAS = re.compile(r"^b(ias(es)?)?_?\d*$|bias|(^|[._])b\d*([._]|$)|^b_", re.IGNORECASE)


def parameter_like(path: str) -> bool:
    """Whether a name may be that of a parameter: no gradient, and no value of a layer unless it says weight or bias."""
    return not NO_PARAMETER.search(path) and (not VALUE.search(path.split(".")[-1]) or bool(WEIGHT.search(path)))


PARAMETERS = {"params", "parameters", "weights", "model", "theta", "paramsvalues", "network", "nn", "param", "w", "net",
              "parametersdict", "neuralnet", "neuralnetwork", "weightsbiases", "wb"}  # fmt: skip
CACHES = {
    "cache",
    "caches",
    "memory",
    "activations",
    "forwardcache",
    "store",
    "states",
    "storage",
    "history",
    "outputs",
    "forwardoutputs",
    "intermediate",
    "intermediates",
    "cash",
    "cashe",
    "layeroutputs",
    "fwd",
    "forwardvalues",
    "temp",
    "context",
    "hiddens",
}
GRADIENTS = {"grads", "gradients", "gradsvalues", "dparams", "derivatives", "gradient", "deltas", "grad", "dweights"}
OUTPUT = {"al", "yhat", "output", "probs", "ypred", "pred", "predictions", "aout", "outputs", "prediction", "o",
          "finaloutput", "networkoutput", "predicted", "hypothesis"}  # fmt: skip
COUNT = {"m", "n", "numexamples", "nsamples", "numsamples", "samples", "examples", "numberofexamples", "datasize",
         "trainingsize", "bs"} | names.BATCH  # fmt: skip


def settings(rounds: int = 1) -> list[tuple[set[str], Any]]:
    """Rates, rounds, batch size, silence: what most constructors and trainers ask for."""
    return [(names.RATE - {"a", "step", "rate"}, RATE), (names.ROUNDS - {"n"}, rounds), (names.BATCH, B),
            (names.QUIET, False), ({"seed", "randomstate", "randomseed"}, 1),
            ({"lambd", "lambda", "reg", "reglambda", "regularization", "l2", "lamda", "lmbda"}, 0.0)]  # fmt: skip


def data(batch: int, d: int, c: int, labels: str) -> tuple[Array, Array]:
    """Inputs and targets: one-hot rows, class indices, or a 0/1 column or vector."""
    rng = np.random.default_rng([31, batch, d, c])
    x = rng.standard_normal((batch, d)) if d < 100 else rng.standard_normal((batch, d)) * 0.3
    classes = rng.integers(0, max(c, 2), batch)
    if labels == "one-hot":
        return x, np.eye(c)[classes]
    if labels == "indices":
        return x, classes
    y = (rng.uniform(size=batch) > 0.5).astype(float)
    return x, y if labels == "vector" else y.reshape(-1, 1)


def lay(x: Array, y: Array, layout: str) -> tuple[Array, Array]:
    """Rows as a layout wants them."""
    if layout in ("columns", "sample column"):
        return x.T.copy(), y.T.copy() if y.ndim == 2 else y.copy()
    if layout == "sample":
        return x[0].copy(), y[0].copy() if y.ndim == 2 else y.copy()
    return x.copy(), y.copy()


@dataclass
class Chain:
    """Weights (and biases) of layers in order: paths into an object, and how the matrices lie."""

    weights: list[str]
    biases: list[str | None]
    orientation: str

    @classmethod
    def find(cls, found: dict[str, Array], d: int | None, c: int | None) -> "Chain | None":
        """The chain from D inputs to C outputs among arrays; None when there is none."""
        distinct: dict[str, Array] = {}
        for path, array in found.items():
            if array.dtype.kind == "f" and parameter_like(path) and not any(array is a for a in distinct.values()):
                distinct[path] = array
        matrices = {
            p: a
            for p, a in distinct.items()
            if a.ndim == 2
            and a.size > 1
            and not (1 in a.shape and BIAS.search(p.split(".")[-1] if not p[-1:].isdigit() else p))
        }
        best: tuple[list[str], str, int] | None = None
        for orientation, (first, second) in {"in, out": (0, 1), "out, in": (1, 0)}.items():
            for start in matrices:
                if d is not None and matrices[start].shape[first] != d:
                    continue
                chain = cls._grow(matrices, start, first, second, c)
                if chain and (best is None or cls._rank(chain, matrices) > cls._rank(best[0], matrices)):
                    best = chain, orientation, second
        if best is None:
            return None
        made = cls(best[0], cls._biases(distinct, best[0], best[2]), best[1])
        made.shapes = {p: found[p].shape for p in (*made.weights, *made.biases) if p}
        return made

    @staticmethod
    def _rank(chain: list[str], matrices: dict[str, Array]) -> tuple[int, bool]:
        """Longer chains first, then those in the order in which the matrices were found."""
        places = [list(matrices).index(path) for path in chain]
        return len(chain), places == sorted(places)

    @staticmethod
    def _grow(matrices: dict[str, Array], start: str, first: int, second: int, c: int | None) -> list[str] | None:
        chain = [start]
        width = matrices[start].shape[second]
        paths = list(matrices)
        while True:
            position = paths.index(chain[-1])
            rest = [p for p in [*paths[position + 1 :], *paths[:position]] if p not in chain]
            rest = [p for p in rest if matrices[p].shape[first] == width and max(matrices[p].shape) > 1]
            rest = [p for p in rest if matrices[p].shape[first] != 1]
            if not rest:
                break
            chain.append(rest[0])
            width = matrices[rest[0]].shape[second]
        whole = len(chain) > 1 and (c is None or width == c)
        return chain if whole else None

    @staticmethod
    def _biases(found: dict[str, Array], chain: list[str], second: int) -> list[str | None]:
        taken: set[str] = set(chain)
        biases: list[str | None] = []
        for path in chain:
            width = found[path].shape[second]
            fits = [p for p, a in found.items() if p not in taken and a.size == width and a.ndim in (1, 2)
                    and (a.ndim == 1 or 1 in a.shape)]  # fmt: skip
            number = re.search(r"(\d+)\D*$", path)
            fits.sort(key=lambda p: not (number and re.search(rf"(?<!\d){number.group(1)}\D*$", p)))
            named = [p for p in fits if re.search(r"b|w0|v0|theta|intercept|thresh", p, re.IGNORECASE)]
            named = named or [p for p in fits if not re.search("[a-z]", p, re.IGNORECASE)]
            biases.append(named[0] if named else None)
            taken.update(named[:1])
        return biases

    def widths(self, found: dict[str, Array]) -> list[int]:
        """D, H, ..., C."""
        first, second = (0, 1) if self.orientation == "in, out" else (1, 0)
        return [found[self.weights[0]].shape[first], *(found[path].shape[second] for path in self.weights)]

    def fill(self, write: Callable[[str, Array], None], found: dict[str, Array]) -> None:
        """Writes ordinary numbers into all parameters, biases too."""
        rng = np.random.default_rng(37)
        for path in [p for pair in zip(self.weights, self.biases, strict=True) for p in pair if p]:
            scale = 1.0 if path not in self.weights else min(1.0, 3.0 / np.sqrt(max(found[path].shape)))
            value = rng.standard_normal(found[path].shape) * scale
            try:
                write(path, value)
            except (KeyError, ValueError, AttributeError, IndexError, TypeError):
                continue

    def _turned(self, array: Array) -> Array:
        return np.array(array.T if self.orientation == "out, in" else array)

    def values(self, found: dict[str, Array]) -> list[list[Any]]:
        """[[weights (in, out), biases (1, out) or None], ...]."""
        return [[self._turned(found[w]), np.array(found[b]).reshape(1, -1) if b else None]
                for w, b in zip(self.weights, self.biases, strict=True)]  # fmt: skip

    def moved(self, before: dict[str, Array], after: dict[str, Array]) -> bool:
        """Whether any parameter has changed."""
        paths = [p for p in (*self.weights, *self.biases) if p]
        return any(p in before and p in after and before[p].shape == after[p].shape
                   and not np.array_equal(before[p], after[p]) for p in paths)  # fmt: skip

    def steps(self, before: dict[str, Array], after: dict[str, Array], rate: float) -> list[list[Any]]:
        """(before - after) / rate of every parameter; a parameter of another shape is given as it is."""
        made = []
        for w, b in zip(self.weights, self.biases, strict=True):
            dw = (before[w] - after[w]) / rate if before[w].shape == after[w].shape else after[w]
            db = None
            if b:
                db = (before[b] - after[b]) / rate if before[b].shape == after[b].shape else after[b]
                db = db.reshape(1, -1) if db.size == before[b].size else db
            made.append([self._turned(dw), db])
        return made

    def read(self, pool: dict[str, Array]) -> dict[str, Array] | None:
        """The parameters among returned arrays that keep their names or places."""
        found = {}
        for path in (*self.weights, *self.biases):
            if path and f"returned.{path}" in pool:
                found[path] = pool[f"returned.{path}"]
        return found if len(found) >= len(self.weights) else None

    def gradients(self, pool: dict[str, Array]) -> list[list[Any]] | None:
        """Gradients of all weights among arrays, by shape and by the number in their names; None when some lack."""
        own = {p for p in (*self.weights, *self.biases) if p}
        rest = {p: a for p, a in pool.items() if (p not in own and p.removeprefix("returned.") not in own)
                or re.search(r"grad|^returned", p)}  # fmt: skip
        return self._assigned({p: a for p, a in rest.items() if a.dtype.kind == "f"})

    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def _assigned(self, rest: dict[str, Array]) -> list[list[Any]] | None:
        made = []
        used: set[str] = set()
        for k, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            dw = self._pick(rest, used, self.shapes[w], w, "w", k)
            if dw is None:
                return None
            used.add(dw)
            db = None
            if b:
                db = self._pick(rest, used, self.shapes[b], b, "b", k)
                if db:
                    used.add(db)
            value = None if db is None else rest[db]
            if value is not None and b and value.size == int(np.prod(self.shapes[b])):
                value = value.reshape(1, -1)
            made.append([self._turned(rest[dw]), value])
        return made

    def _pick(
        self, rest: dict[str, Array], used: set[str], shape: tuple[int, ...], path: str, letter: str, k: int
    ) -> str | None:
        size = int(np.prod(shape))
        fits = [
            p
            for p, a in rest.items()
            if p not in used and (a.shape == shape or (letter == "b" and a.size == size and a.ndim <= 2))
        ]
        number = re.search(r"(\d+)\D*$", path)

        def rank(p: str) -> tuple[bool, bool, bool]:
            tail = p.removeprefix("returned.").split(".")[-1]
            same = bool(number and re.search(rf"(?<!\d){number.group(1)}\D*$", p))
            return (
                not re.search(r"grad|^d|delta|nabla|returned", p, re.IGNORECASE),
                not same,
                letter not in tail.lower(),
            )

        fits.sort(key=rank)
        if not fits and letter == "b":  # of a wrong shape, but called so
            called = f"{number.group(1)}" if number else ""
            wrong = [
                p
                for p in rest
                if p not in used and re.search(rf"d_?b\w*{called}$|b\w*{called}.*grad", p, re.IGNORECASE)
            ]
            fits = wrong[:1]
        return fits[0] if fits else None


def nonzero(gradients: list[list[Any]]) -> bool:
    """Whether the gradients of the weights are there and not all zero."""
    return any(dw is not None and np.any(dw) for dw, _ in gradients)


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

    def remember(self, result: Any, output: Array | None, called: list[str] | None = None) -> None:
        """Keeps what a forward returned, under the names of its return statement too."""
        if output is not None:
            self.output = lay(output, output, self.layout)[0]
        self.result = result
        if called and isinstance(result, tuple) and len(called) == len(result):
            self.names.update(zip(called, result, strict=True))
        elif called and len(called) == 1:
            self.names[called[0]] = result

    def remember_gradients(self, result: Any) -> None:
        """Keeps what a backward returned."""
        if result is not None:
            self.gradients = result

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
        batch_first = names.INPUTS - {"z", "a", "in"}
        return [*found, (batch_first, self.x), (names.TARGETS, self.y), *settings(self.rounds),
                (COUNT, self.batch), ({"a", "rate", "step"}, RATE), (names.TRAINING, True)]  # fmt: skip

    def exact(self) -> dict[str, Any]:
        """Values by exact name: parameters and what functions returned under that name."""
        return {**(self.box.named() if self.box else {}), **self.names}


def called(
    owner: Any, function: Any, board: Board, sizes: tuple[int, int, int] | None = None
) -> tuple[Any, dict[str, Array]]:
    """Calls a function or method from the board; returns its result and the arrays of `owner` that changed.

    Raises Failure when it cannot be called or raises.
    """
    if time.monotonic() > deadline[0] or slow_calls[0] > MOST_SLOW:
        raise Failure(RuntimeError("there was no time left to try it"))
    exact = board.exact()
    offers = board.offers()
    if sizes:
        d, h, c = sizes
        offers = [(names.SIZES, [d, h, c]), (names.N_HIDDEN | {"nnhdim"}, h), (names.N_IN - names.INPUTS, d),
                  (names.N_OUT - names.TARGETS, c), *offers]  # fmt: skip
    arguments: dict[str, Any] = {}
    taken: set[int] = set()
    space = getattr(function, "__globals__", None) or getattr(getattr(function, "__func__", None), "__globals__", {})
    for one in parameters(function):
        short = names.plain(one.name)
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
        elif one.default is inspect.Parameter.empty:
            near = [v for key, v in space.items() if names.plain(key) == short and not callable(v)]
            if not near:
                raise Failure(TypeError(f"no value for the parameter {one.name}"))
            arguments[one.name] = copied_value(near[0])
    _fill_globals(function, board)
    before = copied(arrays(owner)) if owner is not None else {}
    result = attempt(function, **arguments)
    return result, changed(before, arrays(owner)) if owner is not None else {}


def _fill_globals(function: Any, board: Board) -> None:
    """Gives a function the globals that its file would have had: inputs, targets, counts."""
    function = getattr(function, "__func__", function)
    code, space = getattr(function, "__code__", None), getattr(function, "__globals__", None)
    if code is None or space is None:
        return
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


board_names: set[str] = set()  # globals that came from a board and may be replaced by the next one


def find_output(result: Any, new: dict[str, Array], batch: int, c: int, layout: str) -> Array | None:
    """The network's output as rows (B, C), from what a forward returned or stored; the last that fits."""
    known: dict[str, list[tuple[int, ...]]] = {
        "rows": [(batch, c)],
        "columns": [(c, batch)],
        "one row": [(1, c), (c,)],
        "sample": [(c,), (1, c), (c, 1)],
        "sample column": [(c, 1), (c,)],
    }
    shapes = known[layout]
    if c == 1:
        shapes = [*shapes, (batch,)]
    if layout in ("rows", "columns"):  # some take rows and give columns
        shapes = [*shapes, (batch, c), (c, batch)]
    pool = [*(a for a in tree(result).values()), *new.values()]
    returned = [a for a in tree(result).values() if a.shape in shapes and a.dtype.kind == "f"]
    fits = [a for a in pool if a.shape in shapes and a.dtype.kind == "f"]
    if not fits:
        return None
    chosen = (
        returned[0] if len(tree(result)) and returned and isinstance(result, np.ndarray) else (returned or fits)[-1]
    )
    if (
        isinstance(result, tuple)
        and isinstance(result[0], np.ndarray)
        and result[0].shape in shapes
        and len(result) == 2
    ):
        chosen = result[0]
    return np.array(chosen.T if chosen.shape == (c, batch) and c != batch else chosen).reshape(batch, c)


def rate_of(function: Any, made: Any) -> float:
    """The learning rate that a call used; 0 when it is not known."""
    for one in parameters(function):
        if names.ranked(one.name, names.RATE) == 0:
            return (
                RATE
                if one.default is inspect.Parameter.empty or names.plain(one.name) in names.RATE
                else float(one.default)
            )
    if made is not None:
        own = [v for k, v in vars(made).items() if names.ranked(k, names.RATE) == 0 and isinstance(v, (int, float))]
        if own:
            return float(own[0])
    space = getattr(function, "__globals__", None) or getattr(getattr(function, "__func__", None), "__globals__", {})
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    used = set(code.co_names) if code else set()
    for name in used:
        if names.plain(name) in names.RATE | {"epsilon"} and isinstance(space.get(name), float):
            return float(space[name])
    return 0.0


def returned_names(function: Any) -> list[str]:
    """The names in a function's last return statement."""
    try:
        tree_ = ast.parse(textwrap.dedent(text_of(function)))
    except (SyntaxError, ValueError):
        return []
    returns = [node for node in ast.walk(tree_) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return []
    value = returns[-1].value
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return [part.id if isinstance(part, ast.Name) else "" for part in parts]


class Box:
    """The parameters that a function made: a dict, a list, or a tuple of arrays with the names of its return."""

    def __init__(self, value: Any, called: list[str], by_name: bool = False) -> None:
        self.value = list(value) if isinstance(value, tuple) else value
        self.called, self.by_name = called, by_name
        self.tuple = isinstance(value, tuple)

    def arrays(self) -> dict[str, Array]:
        """All arrays by path."""
        return arrays(self.value) if isinstance(self.value, (dict, list)) else tree(self.value)

    def put(self, path: str, value: Array) -> None:
        """Writes one array."""
        from .arrays import put

        put(self.value, path, value)

    def named(self) -> dict[str, Any]:
        """The parts by the names that their function gave them."""
        if self.by_name:
            return dict(self.value)
        if self.tuple and len(self.called) == len(self.value):
            return {name: part for name, part in zip(self.called, self.value, strict=True) if name}
        return {self.called[0]: self.value} if len(self.called) == 1 and self.called[0] else {}


def initial(function: Any, outputs: int) -> Any:
    """Calls a function that makes parameters."""
    space = getattr(function, "__globals__", {})
    offers = [(names.SIZES, [D, H, outputs]), (names.N_IN, D), (names.N_HIDDEN, H), (names.N_OUT, outputs),
              ({"seed"}, 1), ({"x"}, np.zeros((B, D))), ({"y"}, np.zeros((B, outputs)))]  # fmt: skip
    arguments: dict[str, Any] = {}
    queue: list[Any] = [D, H, outputs]
    for one in required(function):
        group = names.ranked(one.name, *(g for g, _ in offers))
        near = [v for key, v in space.items() if names.plain(key) == names.plain(one.name) and not callable(v)]
        if not near and names.plain(one.name) in ACTIVATIONS:
            near = activation_globals(space)
        if near:
            arguments[one.name] = copied_value(near[0])
        elif group >= 0:
            arguments[one.name] = copied_value(offers[group][1])
        elif queue:
            arguments[one.name] = queue.pop(0)
    return attempt(function, **arguments)


ACTIVATIONS = {"actf", "activation", "act", "activationfunction", "activationf", "funcionact", "actfn", "g"}


def activation_globals(space: dict[str, Any]) -> list[Any]:
    """What a file itself calls like an activation: a function, or a pair of it and its derivative."""
    return [v for k, v in space.items() if names.kind(k) in names.ACTIVATIONS and (callable(v) or isinstance(v, tuple))]


def global_width(function: Any) -> int:
    """The number of inputs that a file's own constants ask for; ours where they do not say."""
    space = getattr(function, "__globals__", {})
    code = getattr(function, "__code__", None)
    for name in code.co_names if code else ():
        if names.plain(name) in names.N_IN and isinstance(space.get(name), int):
            return int(space[name])
    holders = [v for v in space.values() if isinstance(v, type)]
    for holder in holders:
        for key, value in vars(holder).items():
            if names.plain(key) in names.N_IN and isinstance(value, int):
                return value
    return D
