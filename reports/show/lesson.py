"""A lesson as the pages show it: plain data, which the topics, the departures and the slow step are turned into."""

from dataclasses import dataclass, field
from typing import Any

KINDS = {"topics": "Topics", "departures": "Departures"}  # a lesson's folder, and what its list is called


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
    """A piece of code on both sides, line beside line."""

    rows: tuple[CodeRow, ...]
    title: str = ""
    left_title: str = "scratch"  # where the lines come from
    right_title: str = "reference"


@dataclass(frozen=True)
class Lesson:
    """One page: prose, formulas, code on both sides with its values, tables, and notes under headings of their own."""

    name: str  # of the topic or departure
    title: str
    kind: str = "topics"
    says: str = ""  # one line, for lists
    prose: tuple[str, ...] = ()  # paragraphs above
    formulas: tuple[str, ...] = ()  # LaTeX
    code: tuple[Code, ...] = ()
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by caption; a dict per row, alike keys
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)  # paragraphs below, by heading
    see: tuple[str, ...] = ()  # names of other lessons
