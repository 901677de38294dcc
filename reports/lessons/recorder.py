"""Runs real code, unchanged, and keeps what each line of chosen functions computed."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any

import numpy as np
import torch

from reports.lessons.lesson import Line, Value
from reports.lessons.source import Excerpt, Simple, fold, key_of, only_hands_over, targets

Array = np.ndarray


class Recorder:
    """Watches excerpts while code runs inside a `with` block; `lines` then gives each excerpt's lines with values.

    It listens to Python's own line events (sys.settrace), so that what is watched is the real code.
    """

    def __init__(self, excerpts: Iterable[Excerpt]) -> None:
        self.excerpts: dict[CodeType, Excerpt] = {found.code: found for found in excerpts}
        self.values: dict[tuple[CodeType, int], list[Value]] = defaultdict(list)  # by a statement's last line
        self.ran: set[tuple[CodeType, int]] = set()
        self._open: dict[FrameType, Simple] = {}  # the statement that each frame is in

    def __enter__(self) -> "Recorder":
        self._before = sys.gettrace()
        sys.settrace(self._calls)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def lines(self, found: Excerpt) -> list[Line]:
        """An excerpt's lines, folded, each with what it computed in every pass."""
        lines: dict[int, Line] = {}
        after = True
        for number, text in reversed(found.text.items()):
            statement = found.statements.get(number)
            inside = [statement.lineno] if statement is not None else found.blocks.get(number)
            ran = inside is None or any((found.code, first) in self.ran for first in inside)
            ran = after = after if text.strip().startswith("#") else ran  # a comment goes with what follows it
            last = statement is not None and number == statement.end_lineno
            values = tuple(self.values.get((found.code, number), ())) if last else ()
            key = key_of(statement, found.name) if statement is not None and last else ""
            lines[number] = Line(number, text, values=values, ran=ran, key=key)
        return list(fold(found, dict(reversed(lines.items()))))

    def _calls(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._events if frame.f_code in self.excerpts else None

    def _events(self, frame: FrameType, event: str, argument: Any) -> Any:
        statement = self.excerpts[frame.f_code].statements.get(frame.f_lineno)
        before = self._open.get(frame)
        if event == "exception":
            self._open.pop(frame, None)
        elif event == "return":
            self._finish(frame, before, argument)
            self._open.pop(frame, None)
        elif event == "line" and statement is not before:
            self._finish(frame, before)
            self._open.pop(frame, None)
            if statement is not None:
                self._open[frame] = statement
                self.ran.add((frame.f_code, statement.lineno))
        return self._events

    def _finish(self, frame: FrameType, statement: Simple | None, returned: Any = None) -> None:
        """Keeps what a statement that has just run left behind."""
        if statement is None or only_hands_over(statement):
            return
        where = frame.f_code, statement.end_lineno or statement.lineno
        if returned is not None:
            self.values[where] += _values("returns", returned)
            return
        for target in targets(statement):
            found = eval(target, frame.f_globals, frame.f_locals)  # a name, an attribute or an item, no call
            self.values[where] += _values(target, found)


def _values(name: str, found: Any) -> list[Value]:
    """Copies of whatever numbers an object holds: an array, a tensor, a number, or the fields of a named tuple."""
    if isinstance(found, torch.Tensor):
        return [Value(name, np.array(found.detach().cpu().numpy()))]
    if isinstance(found, np.ndarray | np.number | float) or type(found) is int:
        return [Value(name, np.array(found))]
    if hasattr(found, "_fields"):
        return [value for field in found._fields for value in _values(field, getattr(found, field))]
    if isinstance(found, dict):
        return [value for key, item in found.items() for value in _values(str(key), item)]
    return []


def record(run: Callable[[], Any], excerpts: Iterable[Excerpt]) -> tuple[list[Line], Any]:
    """Runs `run` and returns the excerpts' lines with their values, one after the other, and what it returned."""
    excerpts = list(excerpts)
    with Recorder(excerpts) as seen:
        result = run()
    return [line for found in excerpts for line in seen.lines(found)], result
