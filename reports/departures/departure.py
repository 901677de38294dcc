"""A departure as data: two rules, where they part, the predicted and the measured size, and what closes it."""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from reports.departures.exact import in_balls
from reports.departures.running import ROUNDING, Running

Array = np.ndarray
Side = Callable[[], Any]
How = Callable[[Any, Any], Any]
Bounds = Callable[[], tuple[Running, Running]]

DETERMINISTIC = "met to within rounding"
STATISTICAL = "met within three standard errors"
BOUNDED = "not zero, and inside a bound"


class Rule(NamedTuple):
    """One side's rule: a formula as it is typeset, and words."""

    formula: str
    says: str


class Size(NamedTuple):
    """A departure's size, element by element: predicted, measured, and how far apart rounding may bring the two."""

    at: tuple[str, ...]
    predicted: Array
    measured: Array
    allowed: Array


class Inside(NamedTuple):
    """The functions below either side's calls whose source is worth reading."""

    scratch: tuple[Callable[..., Any], ...] = ()
    torch: tuple[Callable[..., Any], ...] = ()


NOTHING_INSIDE = Inside()


class Rest(NamedTuple):
    """What is left with one change: the line before and after, the two sides' difference, what rounding allows."""

    change: "Change"
    line: str
    changed: str
    left: Array
    allowed: Array


@dataclass(frozen=True)
class Change:
    """One line of one side's live source, and the line that takes its place."""

    side: str  # "scratch" or "torch"
    old: str
    new: str

    def lines(self, function: Side) -> tuple[str, str]:
        """The whole line in the live source, before and after."""
        lines = [line.strip() for line in inspect.getsource(function).splitlines() if self.old in line]
        return lines[0], lines[0].replace(self.old, self.new)

    def apply(self, function: Side) -> Side:
        """Returns the function with the line replaced; raises ValueError where its live source has no such line."""
        source = textwrap.dedent(inspect.getsource(function))
        if source.count(self.old) != 1:
            raise ValueError(f"{function.__name__} has not exactly one {self.old!r}; its source is\n{source}")
        names: dict[str, Any] = {}
        code = compile(source.replace(self.old, self.new), f"<{function.__name__}, changed>", "exec")
        exec(code, function.__globals__, names)
        changed: Side = names[function.__name__]
        return changed


@dataclass(frozen=True, kw_only=True)
class Departure:
    """One place where the lecture's rule and stock torch's part ways. Both sides run real code, and nothing is typed.

    `bounds` gives both rules in running error analysis: from it come the allowances of `size` and of `rests`.
    """

    name: str  # the topic
    title: str
    topics: tuple[str, ...]  # the mirrored names that it belongs to
    lecture: Rule
    torch: Rule
    shows: str  # the case or the quantity where it is seen
    quantity: str  # what the size counts
    formula: str  # the predicted size
    at: tuple[str, ...]  # what each element of the size belongs to
    scratch_side: Side
    torch_side: Side
    predict: Callable[[], Any]
    bounds: Bounds
    how: How
    changes: tuple[Change, ...]  # each of them closes it
    otherwise: str = ""  # the other side's change where that is more than a line
    kind: str = DETERMINISTIC
    inside: Inside = NOTHING_INSIDE

    def predicted(self) -> Array:
        """The size by the formula."""
        return np.asarray(in_balls(self.predict), np.float64).ravel()

    def measured(self) -> Array:
        """The size by running both sides."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.how(self.scratch_side(), self.torch_side()), np.float64).ravel()

    def allowed(self) -> Array:
        """How far the measured size may lie from the predicted one."""
        size = Running.of(self.how(*self.bounds()))
        predicted = self.predicted()
        return np.broadcast_to(size.error.ravel(), predicted.shape) + ROUNDING.unit * np.abs(predicted)

    @property
    def nothing(self) -> float:
        """What the size would be if both rules were one."""
        return 1.0 if self.how is ratio else 0.0

    def size(self) -> Size:
        """Predicted, measured and allowed, side by side."""
        return Size(self.at, self.predicted(), self.measured(), self.allowed())

    def closed(self) -> list[Rest]:
        """Runs both sides once with each change; both then follow one rule, and may differ by twice its bound."""
        rests = []
        for change in self.changes:
            ours, theirs = self.scratch_side, self.torch_side
            if change.side == "scratch":
                ours = change.apply(ours)
            else:
                theirs = change.apply(theirs)
            left = np.asarray(difference(np.asarray(ours()), np.asarray(theirs())), np.float64).ravel()
            bound = self.bounds()[1 if change.side == "scratch" else 0].error.ravel()
            lines = change.lines(self.scratch_side if change.side == "scratch" else self.torch_side)
            rests.append(Rest(change, *lines, left, np.broadcast_to(2 * bound, left.shape)))
        return rests


def difference(ours: Any, theirs: Any) -> Any:
    """How much more the lecture's is."""
    return ours - theirs


def ratio(ours: Any, theirs: Any) -> Any:
    """How many times torch's the lecture's is."""
    return ours / theirs


def excess(ours: Any, theirs: Any) -> Any:
    """The ratio minus one: a relative difference."""
    return ours / theirs - 1
