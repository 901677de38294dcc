"""One class seen as a layer with weights: how it is built, how its arrays lie, which of them is what.

Axes: B samples, D inputs, H outputs.
"""

import itertools
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from . import names
from .arrays import Array, arrays, changed, copied, put, tree
from .calling import Failure, Recorder, attempt, bound, instances, twin
from .networks.sizes import role
from .settled import ACTIVATION_NAMES, OPTIMIZER, Initializer, asks_activation, initializers, settle, shapes_told
from .signatures import parameters, remembers, required

SHAPES = {"batch": (7, 5, 11), "one": (1, 5, 11), "square": (5, 5, 5), "zeros": (7, 5, 11)}  # B, D, H

RATE = 0.0625  # a power of two, so that dividing a step by it is exact

WEIGHT = re.compile(r"(^|[._])(w|weights?|kernel|theta|coef|weight_?matrix)\d*$", re.IGNORECASE)

DW = re.compile(
    r"(d(?:iff)?_?_?w|w.*grad|grad.*w|^w$|delta_?w|weights?_?(grad|deriv|delta)|nabla_?w|[._]w$)", re.IGNORECASE
)

NO_WEIGHT = re.compile(r"grad|delta|momentum|cache|velocit|moment|nabla|(^|[._])d[._]?[wb]|input|output", re.IGNORECASE)

OUTPUTS = ("output", "outputs", "out", "z", "a", "y", "activation", "activations", "result")


def _itself(z: Any) -> Any:
    return z


def _one(z: Any) -> Any:
    return np.ones_like(z)


SPELT = ("relu", "sigmoid", "ReLU", "Sigmoid", "linear", "tanh")  # for those that take the name of one

ACTIVATION: list[Any] = [None]  # what a layer gets that asks for an activation: one of the file's own
SLOPE: list[Any] = [None]  # the derivative that the file has of it
SLOPES = re.compile(r"act.*(prime|deriv|grad|der$|d$)|^d_?act|(prime|deriv|grad|derivative)_?(of)?_?act", re.IGNORECASE)
DESCENT: list[Any] = []  # objects of the file's own that move parameters down their gradients


class Layer:
    """One class seen as a layer: how to build it, and which of its arrays is what."""

    def __init__(self, holder: type) -> None:
        self.holder = holder
        self.orientation = ""  # "in, out" or "out, in"
        self.layout = ""  # rows, columns or sample
        self.weights = ""
        self.biases: str | None = None
        self.choice = 0  # which of the ways to build it gives a layer that works
        self.recorder = Recorder()
        self.crash: Failure | None = None  # what its forward raised first, where it had weights
        self.forward = names.methods(holder, names.FORWARD)
        if "__call__" in self.forward and remembers(holder.__call__):  # it keeps what its backward needs
            self.forward.sort(key=lambda method: method != "__call__")
        self.backward = names.methods(holder, names.BACKWARD)

    def build(self, d: int, h: int, more: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yields objects with `d` inputs and `h` outputs, in every way that seems possible."""
        rng = np.random.default_rng(3)
        self.recorder = Recorder()
        asked = {names.plain(one.name) for one in required(self.holder)}
        slopes = {"a"} | {"alpha"} - asked  # (a, b) may be widths, alpha=0.01 a slope
        bias = {"b"} if asked & {"w", "weights", "weight"} else set()
        wanted = [one for one in parameters(self.holder) if asks_activation(one) and
                  (one.default is one.empty or one.kind is one.KEYWORD_ONLY)]  # fmt: skip
        slopes_asked = {names.plain(one.name) for one in parameters(self.holder) if SLOPES.search(one.name)}
        both = (
            (_itself, _one) if slopes_asked and SLOPE[0] is None else (ACTIVATION[0], SLOPE[0])
        )  # they belong together
        activations = (ACTIVATION_NAMES | {names.plain(one.name) for one in wanted}) - slopes_asked
        for shape, activation in itertools.product((d, (d,), (None, d)), (both[0], *SPELT) if wanted else both[:1]):
            for weights, biases in (((d, h), (h,)), ((d, h), (1, h)), ((h, d), (h, 1)), ((h, d), (1, h))):
                offers = [
                    (names.N_IN - {"inputs"} | {"inputs"}, shape),
                    (names.N_OUT, h),
                    ({"w", "weights", "weight"}, rng.standard_normal(weights)),
                    (bias | {"bias", "biases"}, rng.standard_normal(biases)),
                    (names.RATE - slopes, RATE),
                    (OPTIMIZER, self.recorder),
                    (activations, twin(activation)),  # a fresh one: it may remember what it was given
                    *(({plain}, both[1]) for plain in slopes_asked),
                    *(({plain}, Initializer()) for plain in initializers(self.holder)),
                    *(({key}, value) for key, value in (more or {}).items()),
                ]
                offers += [({name}, shape if side == "in" else h) for name, side in self._sides().items()]
                taken = [one for one in required(self.holder) if names.ranked(one.name, names.N_IN) == 0]
                queues: list[list[Any]] = (
                    [[h], [d, h], [h, d]] if taken else [[d, h], [h, d], [d, h, None], [d, h, None, None]]
                )
                for made in instances(self.holder, offers, queues):
                    self._set_up(made, d)
                    yield made
                if not any(names.plain(one.name) in ("w", "weights", "weight") for one in parameters(self.holder)):
                    break

    def _sides(self) -> dict[str, str]:
        """Names that are neither known for inputs nor for outputs, but say it, where both sides are named."""
        asked = [one.name for one in parameters(self.holder)]
        told = {names.plain(name): role(name) for name in asked if names.ranked(name, names.N_IN, names.N_OUT) < 0}
        sides = {side for side in told.values() if side}
        sides |= {side for side, known in (("in", names.N_IN), ("out", names.N_OUT))
                  if any(names.ranked(name, known) == 0 for name in asked)}  # fmt: skip
        return {name: side for name, side in told.items() if side} if {"in", "out"} <= sides else {}

    def _set_up(self, made: Any, d: int) -> None:
        """Calls what some layers want before they have weights."""
        if any(array.ndim == 2 for array in arrays(made).values()):
            return
        settle(made, shapes_told((d,)), self.recorder)

    def fresh(self, d: int, h: int, more: dict[str, Any] | None = None) -> Any:
        """A new object, built in the way that works; None where there is none."""
        return next(islice(self.build(d, h, more), self.choice, None), None)

    def find_weights(self, made: Any, d: int, h: int) -> bool:
        """Looks for the array of weights and the one of biases; says whether there are weights."""
        found = arrays(made)
        if several(found):
            return False
        both = {path: a for path, a in found.items() if a.shape in ((d, h), (h, d))}
        both = {path: a for path, a in both.items() if not NO_WEIGHT.search(path)} or both
        if not both:
            return False
        self.weights = max(
            both, key=lambda path: (bool(WEIGHT.search(path)), not DW.match(path.split(".")[-1]), -len(path))
        )
        self.orientation = "in, out" if found[self.weights].shape == (d, h) else "out, in"
        flat = {p: a for p, a in found.items() if a.size == h and p != self.weights and a.ndim <= 2}
        named = [p for p in flat if re.search(r"b(ias(es)?)?_?\d*$|w0", p, re.IGNORECASE)]
        self.biases = min(named or flat, key=lambda p: ("d" in p.lower().split("bias")[0], len(p)), default=None)
        return True

    def settle_on_what_matters(self, d: int, h: int, x: Array) -> None:
        """Where the array taken for weights, or biases, has no part in the output, takes one that has."""
        made = self.fresh(d, h)
        forward = getattr(made, self.forward[0])
        wanted = [(h,), (1, h), (h, 1), (len(x), h), (h, np.shape(x)[-1])]

        def shown() -> Array | None:
            before = copied(arrays(made))
            result = attempt(forward, **forward_arguments(forward, x.copy()))
            return output_of(result, changed(before, arrays(made)), wanted, x)

        def matters(path: str) -> bool:
            first = shown()
            put(made, path, arrays(made)[path] + 1.0)
            second = shown()
            return first is not None and second is not None and not np.array_equal(first, second)

        try:
            shown()
            found = arrays(made)
            alike = [p for p, a in found.items() if a.shape in ((d, h), (h, d))]
            if len(alike) > 1 and not matters(self.weights):
                self.weights = next((p for p in alike if p != self.weights and matters(p)), self.weights)
                self.orientation = "in, out" if found[self.weights].shape == (d, h) else "out, in"
            alike = [p for p, a in found.items() if a.size == h and a.ndim <= 2 and p != self.weights]
            if self.biases in alike[:-1] + alike[1:] and not matters(str(self.biases)):
                self.biases = next((p for p in alike if p != self.biases and matters(p)), self.biases)
        except (Failure, ValueError, KeyError, AttributeError, IndexError):
            return


def forward_arguments(function: Any, x: Array) -> dict[str, Any]:
    """Inputs, and training=True, which some need to remember what goes back."""
    given = bound(function, [(names.INPUTS, x), (names.TRAINING, True)], [x, True], optional=False)
    flags = [one.name for one in parameters(function) if names.plain(one.name) in names.TRAINING - {"mode"}]
    return given | dict.fromkeys(flags, True)


def output_of(result: Any, new: dict[str, Array], wanted: list[tuple[int, ...]], x: Array) -> Array | None:
    """What a forward gave: its return value, else the attribute that is called so, else the last that is new."""
    returned = {p: a for p, a in tree(result).items() if a.shape in wanted}
    if returned:
        return next(iter(returned.values()))
    kept = {p: a for p, a in new.items() if a.shape in wanted and not np.array_equal(a, x)}
    if not kept:
        return None
    named = [p for p in kept if names.plain(p.split(".")[-1]) in OUTPUTS]
    named.sort(key=lambda p: OUTPUTS.index(names.plain(p.split(".")[-1])))
    return kept[named[0] if named else list(kept)[-1]]


def lay_in(x: Array, layout: str) -> Any:
    """Rows (B, D) as their layout wants them, as lists where it wants lists."""
    if layout in ("columns", "sample column"):
        return x.T.copy()
    if layout.endswith("list"):
        return x.tolist() if layout == "rows list" else x[0].tolist()
    return x[0].copy() if layout == "sample flat" else x.copy()


def lay_out(x: Array, layout: str, width: int) -> Array:
    """What their layout gave, as rows (B, width); untouched where it has another shape."""
    if layout in ("columns", "sample column") and x.ndim == 2 and x.shape[0] == width:
        return x.T
    return x.reshape(1, width) if layout in ("sample flat", "sample list") and x.size == width else x


def several(found: dict[str, Array]) -> bool:
    """Whether arrays are the weights of more than one layer: matrices of different shapes."""
    batch = SHAPES["batch"][0]
    matrices = {
        a.shape
        for path, a in found.items()
        if a.ndim == 2 and min(a.shape) > 1 and batch not in a.shape and not NO_WEIGHT.search(path)
    }
    return len({tuple(sorted(shape)) for shape in matrices}) > 1
