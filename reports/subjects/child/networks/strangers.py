"""Networks of kinds that cannot be judged yet, known by their source: recurrent ones, engines that differentiate."""

import re
from typing import Any

from ..signatures import where
from .sizes import source_of

RECURRENT = re.compile(
    r"w_?hh|u_?hh|\bbptt|h_?prev|prev_?h\b|hidden_?states?|time_?steps?|seq_?len|h_?next", re.IGNORECASE
)
OPERATORS = {"__add__", "__mul__"}


def strangers(loaded: Any, known: set[str]) -> list[dict[str, Any]]:
    """Components that are said to be of such a kind, with their lines; empty where the file holds none."""
    for name, holder in loaded.classes.items():
        if set(vars(holder)) >= OPERATORS and any("backward" in key for key in vars(holder)):
            return [_unknown(name, "engine", vars(holder)["__mul__"])]
    for name, holder in loaded.classes.items():
        if name not in known and _recurrent(holder):
            functions = [one for one in vars(holder).values() if hasattr(one, "__code__")]
            return [_unknown(name, "Recurrent", functions[0] if functions else None)]
    for name, function in loaded.functions.items():
        if name not in known and _recurrent(function):
            return [_unknown(name, "Recurrent", function)]
    return []


def _recurrent(made: Any) -> bool:
    """Whether a source speaks of hidden states that go from one step of time to the next, more than once."""
    return len({found.lower() for found in RECURRENT.findall(source_of(made))}) > 1


def _unknown(name: str, kind: str, function: Any) -> dict[str, Any]:
    place = {"forward": {"name": name, **where(function)}} if function else {}
    return {"name": name, "role": "unknown", "kind": kind, "form": 1, **place}
