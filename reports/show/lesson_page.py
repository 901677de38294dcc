"""A lesson as the pages show it: plain text, which topics, departures and the slow step are turned into."""

from dataclasses import dataclass

KINDS = {"topics": "Topics", "departures": "Departures"}  # a lesson's folder, and what its list is called


@dataclass(frozen=True)
class Formula:
    """A formula in LaTeX, what it is called, and what there is to say of it."""

    latex: str
    label: str = ""
    says: str = ""


@dataclass(frozen=True)
class CodeRow:
    """Two lines that stand side by side, one of them empty where the other side needs none, and what they compute.

    `shown` holds (name, value on the left, value on the right) as text; `gap` says how far they lie apart.
    """

    left: str = ""
    right: str = ""
    shown: tuple[tuple[str, str, str], ...] = ()
    gap: str = ""
    left_number: int | None = None  # of the line in its file
    right_number: int | None = None


@dataclass(frozen=True)
class Code:
    """A piece of code on both sides, line beside line; or, in rows without lines, values alone."""

    rows: tuple[CodeRow, ...]
    left_title: str = "scratch"  # where the lines come from
    right_title: str = "reference"


@dataclass(frozen=True)
class Section:
    """A part of a lesson under a heading; its parts are shown in the order of these fields."""

    title: str = ""
    prose: tuple[str, ...] = ()  # paragraphs
    formulas: tuple[Formula, ...] = ()
    code: Code | None = None
    table: tuple[dict[str, str | Formula], ...] = ()  # a dict per row, all with the same keys
    text: str = ""  # as it stands, in letters of one width
    level: int = 2  # of the heading


@dataclass(frozen=True)
class LessonPage:
    """One page of a topic or a departure."""

    name: str
    title: str
    kind: str = "topics"
    says: str = ""  # one line, for lists
    sections: tuple[Section, ...] = ()
    see: tuple[str, ...] = ()  # names of other lessons
