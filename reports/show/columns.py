"""Two columns of code in the terminal, the values below each line; one below the other when narrow."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from reports.lessons.lesson import FOLDED, TITLE, Line, Pair

Array = np.ndarray
SIDES = ("scratch", "reference")
MOST_PASSES = 2  # values shown of a line that runs several times


def columns(pairs: Iterable[Pair]) -> Iterable[RenderableType]:
    """Two columns, scratch left, reference right."""
    table = Table(box=None, pad_edge=False, expand=True, show_header=False)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(width=1)
    table.add_column(ratio=1, overflow="fold")
    for pair in pairs:
        linked = pair.linked and pair.gap is not None
        table.add_row(code(pair.scratch), Text("=" if linked else "", style="green"), code(pair.reference))
        ours, theirs = _values(pair.scratch), _values(pair.reference)
        if ours or theirs:
            table.add_row(ours, "", theirs)
        if linked:
            table.add_row("", "", Text(f"    gap {gap_text(pair.gap)}", style="green" if pair.gap == 0 else "yellow"))
    yield table


def stacked(pairs: Iterable[Pair]) -> Iterable[RenderableType]:
    """Lines of one quantity one below the other; between them scratch's own lines, then the reference's."""
    alone: list[Pair] = []
    for pair in pairs:
        if not pair.linked:
            alone.append(pair)
            continue
        yield from _one_side_each(alone)
        alone = []
        yield from _one_side_each([pair])
        if pair.gap is not None:
            yield Text(f"  = gap {gap_text(pair.gap)}", style="green" if pair.gap == 0 else "yellow")
    yield from _one_side_each(alone)


def _one_side_each(pairs: list[Pair]) -> Iterable[RenderableType]:
    """All of scratch's lines, then all of the reference's, each marked with its side's first letter."""
    for side in SIDES:
        for line in (getattr(pair, side) for pair in pairs):
            if line is not None:
                yield Text.assemble((f"{side[0]} ", "dim"), code(line))
                if values := _values(line):
                    yield Padding(values, (0, 0, 0, 2), expand=False)


def code(line: Line | None) -> Text:
    """A line of code, highlighted by Pygments."""
    if line is None:
        return Text("")
    if line.kind == TITLE:
        return Text(f"── {line.text}", style="bold cyan")
    if line.kind == FOLDED or not line.ran:
        return Text(line.text, style="dim")
    highlighted = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(line.text)
    highlighted.rstrip()
    highlighted.no_wrap, highlighted.overflow = False, "fold"
    return highlighted


def _values(line: Line | None) -> Text:
    """What a line computed, in the first pass and the last."""
    if line is None or not line.values:
        return Text("")
    values = line.values if len(line.values) <= MOST_PASSES else (line.values[0], line.values[-1])
    shown = [f"    {value.name} = {numbers(value.array, indent=8)}" for value in values]
    if len(line.values) > MOST_PASSES:
        shown.insert(1, f"    ... {len(line.values) - MOST_PASSES} more ...")
    return Text("\n".join(shown), style="blue")


def numbers(array: Array, indent: int = 0) -> str:
    """An array as people write it: short numbers, a row per line."""
    if array.size == 1:
        return number_text(array.item())
    text = _squared(np.array2string(array, formatter={"all": number_text}, max_line_width=100, threshold=20))
    return "\n" * bool(indent) + "\n".join(" " * indent + row for row in text.splitlines())


def number_text(x: Any) -> str:
    """A number with at most five digits."""
    return str(x) if isinstance(x, bool | np.bool_) else f"{x + 0.0:.5g}"


def gap_text(gap: float | None) -> str:
    """A gap in two digits, 0 in words."""
    return "0, to the last bit" if gap == 0 else f"{gap:.1e}"


def _squared(text: str) -> str:
    """Columns of numbers, each to the right."""
    rows = [row.strip().split() for row in text.replace("[", " ").replace("]", " ").splitlines()]
    if len({len(row) for row in rows}) > 1:
        return text
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(" ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
