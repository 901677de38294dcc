"""A lesson as plain data: what a terminal prints and a page shows. Nothing here computes.

The formulas are LaTeX. Code lines are live source; values are arrays that the lines computed, in the side's layout.
"""

from dataclasses import dataclass, field

import numpy as np

from reports.departures.departure import Departure, Rest, Size

Array = np.ndarray
TITLE, CODE, FOLDED = "title", "code", "folded"  # kinds of lines


@dataclass(frozen=True)
class Formula:
    """One formula, the row of the report that it belongs to, and why its rounding bound holds."""

    name: str
    latex: str
    why: str = ""


@dataclass(frozen=True)
class Value:
    """What a line computed: the name it went to, and a copy."""

    name: str
    array: Array


@dataclass(frozen=True)
class Line:
    """One line of an excerpt: its number in the file (0 for a title or a fold), its text, and its values."""

    number: int
    text: str
    kind: str = CODE
    values: tuple[Value, ...] = ()  # one per pass through the line
    ran: bool = True
    key: str = ""  # what it is called when lines are aligned


@dataclass(frozen=True)
class Pair:
    """Two lines side by side; `linked` where both compute the same quantity, then with the gap between them."""

    scratch: Line | None
    reference: Line | None
    linked: bool = False
    gap: float | None = None  # the largest difference of an element, over all passes
    passes: tuple[tuple[Value, Value], ...] = ()  # the values that the gap is of


@dataclass(frozen=True)
class Operator:
    """A node of torch's graph, as torch itself names it, and what its backward does."""

    name: str
    formula: str
    says: str


@dataclass(frozen=True)
class Lesson:
    """A mirrored name: formulas, two columns of live code with values, what is underneath, where torch departs."""

    topic: str
    title: str
    says: str
    formulas: tuple[Formula, ...]
    given: dict[str, Array]  # what both sides are given
    pairs: tuple[Pair, ...]
    underneath: tuple[Operator, ...]
    differs: str  # the reference's own words: what torch does differently
    departures: tuple[tuple[str, str], ...] = field(default=())  # (topic, title)


@dataclass(frozen=True)
class DepartureLesson:
    """A departure: both rules, both sides' live code, the size predicted and measured, and what closes it."""

    departure: Departure
    pairs: tuple[Pair, ...]
    size: Size
    rests: tuple[Rest, ...]

    @property
    def topic(self) -> str:
        """Its name."""
        return self.departure.name

    @property
    def title(self) -> str:
        """Its title."""
        return self.departure.title


@dataclass(frozen=True)
class Worked:
    """One element written out: its index, a template of the arithmetic, and the numbers that go into it."""

    index: tuple[int, ...]
    template: str  # an expression with a {} per number
    numbers: tuple[float, ...]
    value: float

    def text(self, digits: int = 4) -> str:
        """The arithmetic with so many digits, ready for pencil and paper."""
        shown = (f"({x:.{digits}g})" if x < 0 else f"{x:.{digits}g}" for x in self.numbers)
        return self.template.format(*shown)


@dataclass(frozen=True)
class Stage:
    """One quantity of the step: formula, value by the equations, by both sides, and one element written out."""

    name: str
    part: str  # forward, loss, backward, update
    formula: str
    why: str
    value: Array
    scratch: Array
    reference: Array
    gap: float
    allowed: float
    worked: tuple[Worked, ...]


@dataclass(frozen=True)
class StepLesson:
    """One training step, slowly."""

    topic: str
    title: str
    says: str
    given: dict[str, Array]
    stages: tuple[Stage, ...]
