"""One row of one checked step as a cause sees it, and what a cause is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from reports.cases import Case, Layer
from reports.equations.rules import Equation

Array = np.ndarray


@dataclass(frozen=True)
class Place:
    """A quantity of a step: its equation, and every named array that the side had (never the quantity itself)."""

    case: Case
    equation: Equation
    known: Mapping[str, Array]  # what the step was given, and the side's own trace of it
    earlier: Mapping[str, Array] | None  # the same of the step before; None where that was not checked
    everything: tuple[Array, Array]  # all inputs and labels of the data, in their stored order
    configured: int  # the batch size that was asked for: that of an epoch's first batch
    iteration: int
    epoch: int
    changed: Mapping[str, Array] = field(default_factory=dict)
    jitter: tuple[int, float] | None = None  # seed and size of a relative disturbance of all that is read

    def __getitem__(self, name: str) -> Array:
        """The side's own array of that name in this step."""
        return self._shaken(name, self.changed[name] if name in self.changed else self.known[name])

    def before(self, name: str) -> Array:
        """The array of that name in the step before; zeros in the very first step."""
        if self.iteration == 0:
            return np.zeros_like(np.asarray(self.known[name], float))
        if self.earlier is None:
            raise KeyError(name)
        return self._shaken(f"before {name}", self.earlier[name])

    def usual_before(self) -> Array:
        """What the right equation gave in the step before; what it gives now in the very first."""
        if self.iteration == 0:
            return self.usual()
        return np.asarray(self.equation.value(*(self.before(name) for name in self.equation.reads)))

    @property
    def reads(self) -> list[Array]:
        """What the equation reads, in its order."""
        return [self[name] for name in self.equation.reads]

    def usual(self) -> Array:
        """What the right equation gives."""
        return np.asarray(self.equation.value(*self.reads))

    def reading(self, index: int, array: Array) -> "Place":
        """The same place where the equation's read number `index` is another array."""
        return replace(self, changed={**self.changed, self.equation.reads[index]: array})

    def shaken(self, seed: int, size: float) -> "Place":
        """The same place with every read moved by a random relative `size`: what rounding could do."""
        return replace(self, jitter=(seed, size))

    @property
    def row(self) -> str:
        """The name of the quantity."""
        return self.equation.name

    @property
    def samples(self) -> int:
        """N of this step's batch."""
        return len(self.known["inputs"])

    @property
    def layer(self) -> Layer | None:
        """The layer that the row belongs to."""
        name = self.row.split("/")[-1].split(".")[0]
        return next((layer for layer in self.case.layers if layer.name == name), None)

    def source(self, layer: Layer) -> Array:
        """What a layer takes: the inputs, or the output of the layer before it."""
        position = self.case.layers.index(layer)
        return self["inputs"] if position == 0 else self[f"forward/{self.case.layers[position - 1].name}"]

    def above(self, layer: Layer, steps: int = 1) -> Array:
        """The gradient that reaches a layer from above, or one that reached a layer further up."""
        position = self.case.layers.index(layer) + steps
        return self["backward/loss"] if position == len(self.case.layers) else self._gradient_at(position)

    def _gradient_at(self, position: int) -> Array:
        return self[f"backward/{self.case.layers[position].name}"]

    def _shaken(self, name: str, array: Array) -> Array:
        array = np.asarray(array, dtype=np.float64)
        if self.jitter is None or name == "iteration" or (name == "labels" and self.case.classifies):
            return array
        seed, size = self.jitter
        rng = np.random.default_rng([seed, *name.encode()])
        return array * (1 + size * rng.choice((-1.0, 1.0), size=array.shape))


def kind(case: Case, row: str) -> str:
    """Returns what sort of equation a row has: "forward/Dense", "backward/MeanSquaredError", "gradient/weights", ..."""
    stage, _, name = row.partition("/")
    kinds = {layer.name: layer.kind for layer in case.layers} | {"probabilities": "Softmax", "loss": str(case.loss)}
    match stage:
        case "forward" | "backward":
            return f"{stage}/{kinds.get(name, name)}"
        case "gradient":
            return f"gradient/{name.rpartition('.')[2]}"
        case "parameter":
            return f"parameter/{'momentum' if case.momentum else 'plain'}"
        case "state":
            return "state"
        case "loss" if name == "samples":
            return f"loss/samples/{case.loss}"
    return row


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason for a difference, as a replacement in an equation.

    One of three: `reads` changes what the equation reads, `formula` replaces it, `result` changes what it gives; so
    that two causes may act on one equation. `direction` is a term of unknown size: its coefficient is fitted.
    """

    id: str
    says: str  # what is wrong; {N} the batch size, {c} the fitted coefficient, {f} one plus it
    mend: str
    where: tuple[str, ...]  # kinds of rows, with * for any
    reads: Callable[[Place], Place] | None = None
    formula: Callable[[Place], Any] | None = None
    result: Callable[[Place, Array], Any] | None = None
    direction: Callable[[Place], Any] | None = None
    once: str = ""  # the id where it happens at single updates only
    varies: bool = False  # whether the fitted coefficient may be another in every step
    companion: bool = False  # whether it counts only where the same cause explains another kind of row as well

    def at(self, case: Case, row: str) -> bool:
        """Whether the cause can stand at that row."""
        return any(fnmatchcase(kind(case, row), pattern) for pattern in self.where)


def value(place: Place, causes: tuple[Cause, ...]) -> Array | None:
    """Returns what the equation gives with the causes in place; None where they say nothing about this step."""
    try:
        for cause in causes:
            if cause.reads:
                place = cause.reads(place)
        formula = next((cause.formula for cause in causes if cause.formula), None)
        made = np.asarray(formula(place) if formula else place.usual())
        for cause in causes:
            if cause.result:
                made = np.asarray(cause.result(place, made))
    except (
        KeyError,
        IndexError,
        ValueError,
        np.exceptions.AxisError,
        ZeroDivisionError,
    ):  # not of these shapes, or not of this step
        return None
    return made


def compatible(first: Cause, second: Cause) -> bool:
    """Whether two causes can act on one equation at once."""
    return not (first.formula and second.formula) and not (first.direction or second.direction) and first != second
