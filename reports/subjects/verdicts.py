"""What is said of a component: its rows, and the one verdict that follows from them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
REFUSES = "it refuses what it is given"  # as it begins one that their own code raises
UNKNOWN_CALL = "it is not known how to call it"  # as child/calling.py begins a failure that is ours

# Worst first. "departs" and "missing" do not fail a file; "unjudged" gives exit code 2 where nothing is defective.
STATUSES = {
    "defective": "wrong numbers, or a crash",
    "unjudged": "cannot be judged, and why",
    "missing": "not written yet",
    "departs": "another definition than torch's, told which",
    "right": "agrees with torch to within rounding",
}


@dataclass
class Row:
    """One quantity under one probe: numbers of the comparison and, where it is not right, words."""

    quantity: str
    probe: str
    status: str
    used: float = float("nan")  # worst gap in allowances: 1 is the limit
    gap: float = float("nan")
    says: str = ""
    stage: str = "forward"  # which of the component's methods computes it


@dataclass
class Component:
    """One component of a subject with its verdict."""

    name: str
    role: str
    kind: str = ""
    rows: list[Row] = field(default_factory=list)
    convention: dict[str, str] = field(default_factory=dict)  # what was recognised, shown and correctable
    diagnoses: list[str] = field(default_factory=list)  # worst first
    places: dict[str, dict[str, Any]] = field(default_factory=dict)  # stage -> file, lines, name of their method

    @property
    def status(self) -> str:
        """The worst status of its rows; a component without rows cannot be judged."""
        have = {row.status for row in self.rows}
        return next((status for status in STATUSES if status in have), "unjudged")

    @property
    def says(self) -> str:
        """The verdict in one line."""
        if self.diagnoses:
            return self.diagnoses[0]
        worst = [row.says for row in self.rows if row.status == self.status and row.says]
        return worst[0] if worst else ""

    @property
    def lines(self) -> list[int]:
        """The lines of their file where the first row that is not right is computed."""
        place = self.places.get(self._stage()) or self.places.get("forward") or {}
        return list(place.get("lines") or [])

    @property
    def file(self) -> str:
        """Their file."""
        return str(self.places.get(self._stage(), {}).get("file", "")) or next(
            (str(place["file"]) for place in self.places.values() if place.get("file")), ""
        )

    def _stage(self) -> str:
        stages = [row.stage for row in self.rows if row.status == self.status]
        return stages[0] if stages else "forward"


def crashed(quantity: str, probe: str, text: str, stage: str = "forward") -> Row:
    """The row of a call that raised: a defect of theirs, unless it is we who do not know how to call it."""
    if text.startswith((UNKNOWN_CALL, REFUSES)):
        return Row(quantity, probe, "unjudged", says=text, stage=stage)
    if text.startswith(("AttributeError: 'NoneType'", "TypeError: unsupported operand")) and "'NoneType'" in text:
        return Row(quantity, probe, "unjudged", says=f"something that it wants has not been set: {text}", stage=stage)
    return Row(quantity, probe, "defective", says=f"it crashes: {text}", stage=stage)


def slip(error: str) -> bool:
    """Whether an error is a slip of the pen, whatever was given: a name that is set nowhere, two brackets in a row."""
    called = "' object is not callable at line" in error and "'NoneType'" not in error
    return called or error.startswith(("NameError", "UnboundLocalError"))


def undriven(error: str, name: str) -> Row:
    """The row of what could not be driven: a name that nothing has is their slip, all else is our ignorance."""
    if slip(error) or error.startswith(f"AttributeError: '{name}' object has no attribute"):
        return Row("", "", "defective", says=f"it crashes: {error}")
    return Row("", "", "unjudged", says=f"it could not be driven: {error}")


def unwritten(nearest: str = "") -> Row:
    """The row of a backward that is not there; nearly spelt so, it is a slip of the pen."""
    if nearest:
        words = f"backward is not written yet; {nearest} is nearly spelt so"
        return Row("backward", "", "defective", says=words, stage="backward")
    return Row("backward", "", "missing", says="backward is not written yet", stage="backward")


def add(component: Component, *rows: Row) -> None:
    """Adds rows."""
    component.rows.extend(rows)


def once(texts: list[str]) -> list[str]:
    """The texts without repetitions, in order."""
    return list(dict.fromkeys(text for text in texts if text))
