"""Lessons in the terminal: two columns of code with the values below each line, one below the other when narrow."""

from collections.abc import Iterable

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from reports.departures import Rest
from reports.lessons.lesson import DepartureLesson, Formula, Lesson, Stage, StepLesson
from reports.show.columns import SIDES, columns, gap_text, number_text, numbers, stacked
from reports.show.formula import plain
from reports.show.terminal import WIDE

Array = np.ndarray
MOST_ELEMENTS = 12  # of a departure's size


def show(console: Console, lesson: Lesson | DepartureLesson | StepLesson) -> None:
    """Prints a lesson."""
    wide = console.width >= WIDE
    if isinstance(lesson, Lesson):
        parts = _lesson(lesson, wide)
    elif isinstance(lesson, DepartureLesson):
        parts = _departure(lesson, wide)
    else:
        parts = _step(lesson)
    for part in parts:
        console.print(part, highlight=False, soft_wrap=False)


def _lesson(lesson: Lesson, wide: bool) -> Iterable[RenderableType]:
    """A mirrored name."""
    yield _heading(f"{lesson.topic}: {lesson.title}")
    yield Text(lesson.says)
    yield _heading("formulas")
    yield _formulas(lesson.formulas)
    yield _heading("both sides are given")
    for name, array in lesson.given.items():
        yield _indented(f"{name} {array.shape}\n{numbers(array)}")
    yield _heading("line by line (below each line what it computed; = marks lines of one quantity)")
    yield from (columns(lesson.pairs) if wide else stacked(lesson.pairs))
    yield _heading("underneath: torch's graph from the result back to the leaves; g arrives, r is the forward's result")
    yield _operators(lesson)
    if lesson.differs:
        yield _heading("what torch does, in the reference's words")
        yield _indented(lesson.differs)
    if lesson.departures:
        yield _heading("where stock torch departs from the lecture")
        yield from (_indented(f"parity diff {topic:<20} {title}") for topic, title in lesson.departures)


def _departure(lesson: DepartureLesson, wide: bool) -> Iterable[RenderableType]:
    """A departure."""
    one = lesson.departure
    yield _heading(f"{one.name}: {one.title}")
    for who, rule in (("the lecture", one.lecture), ("stock torch", one.torch)):
        yield Text.assemble((f"{who:<12}", "bold"), plain(rule.formula))
        yield Padding(Text(rule.says), (0, 0, 0, 12), expand=False)
    yield Text.assemble((f"{'seen in':<12}", "bold"), one.shows)
    yield _heading(f"its size: {one.quantity}")
    yield _indented(f"predicted   {plain(one.formula)}   ({one.kind})")
    yield _sizes(lesson)
    yield _heading("what closes it")
    yield from (_rest(rest) for rest in lesson.rests)
    if one.otherwise:
        yield _indented(f"on the other side: {one.otherwise}")
    yield _heading("both sides, as they ran just now")
    yield from (columns(lesson.pairs) if wide else stacked(lesson.pairs))


def _step(lesson: StepLesson) -> Iterable[RenderableType]:
    """The slow step."""
    yield _heading(f"{lesson.topic}: {lesson.title}")
    yield Text(lesson.says)
    yield _heading("both sides are given")
    for name, array in lesson.given.items():
        if not name.startswith("velocity/"):  # all zero: nothing has moved yet
            yield _indented(f"{name} {array.shape}\n{numbers(array)}")
    part = ""
    for number, stage in enumerate(lesson.stages, start=1):
        if stage.part != part:
            part = stage.part
            yield _heading(part.upper())
        yield _stage(number, stage)


def _stage(number: int, stage: Stage) -> RenderableType:
    """One quantity: its formula, both sides' values, one element written out, the gap."""
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    for side in SIDES:
        table.add_column(side, no_wrap=True)
        table.add_column("  ")
    table.add_row(numbers(stage.scratch), "", numbers(stage.reference), "")
    lines = []
    for worked in stage.worked:
        where = f"[{', '.join(map(str, worked.index))}]" if worked.index else ""
        lines.append(f"{where or 'it'} = {worked.text()} = {number_text(worked.value)}")
    verdict = f"gap {gap_text(stage.gap)}, allowed {stage.allowed:.1g}: {stage.why}"
    head = Text.assemble((f"{number}. {stage.name}", "bold"), f"   {plain(stage.formula)}")
    return Group(
        head, Padding(Group(table, Text("\n".join(lines)), Text(verdict, style="dim")), (0, 0, 1, 3), expand=False)
    )


def _formulas(formulas: Iterable[Formula]) -> Table:
    """Rows of the report with their formulas."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for formula in formulas:
        table.add_row(Text(formula.name, style="dim"), Text(plain(formula.latex)))
    return table


def _operators(lesson: Lesson) -> RenderableType:
    """The nodes of torch's graph."""
    if not lesson.underneath:
        return _indented("no gradient passes here, so torch keeps no graph")
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for operator in lesson.underneath:
        table.add_row(Text(operator.name, style="cyan"), Text(f"{plain(operator.formula)}\n{operator.says}".strip()))
    return table


def _sizes(lesson: DepartureLesson) -> Table:
    """Predicted, measured, allowed; of a long size the first elements and the last."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 2))
    table.add_column("")
    for column in ("predicted", "measured", "apart", "allowed"):
        table.add_column(column, justify="right", no_wrap=True)
    at, predicted, measured, allowed = lesson.size
    for k, label in enumerate(at):
        if len(at) > MOST_ELEMENTS and MOST_ELEMENTS - 2 <= k < len(at) - 1:
            if k == MOST_ELEMENTS - 2:
                table.add_row("...")
            continue
        apart = abs(measured[k] - predicted[k])
        row = (f"{predicted[k]:.10g}", f"{measured[k]:.10g}", f"{apart:.1g}", f"{allowed[k]:.1g}")
        table.add_row(Text(label), *map(Text, row))
    return table


def _rest(rest: Rest) -> RenderableType:
    """One change, and what it leaves."""
    left, allowed = float(np.max(np.abs(rest.left))), float(np.max(rest.allowed))
    return _indented(
        f"in {rest.change.side}:\n  - {rest.line}\n  + {rest.changed}\n"
        f"leaves {gap_text(left)}; rounding explains up to {allowed:.1g}"
    )


def topic_table(rows: Iterable[tuple[str, str]]) -> Table:
    """The topics with a line each, in the lecture's order."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("topic", no_wrap=True)
    table.add_column("what it shows", overflow="fold")
    for topic, says in rows:
        table.add_row(Text(topic), Text(says))
    return table


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, 2), expand=False)
