"""Topics, departures and the slow step -> what a lesson's page shows: text, formulas, lines with their values."""

from collections.abc import Iterable

import numpy as np

from reports.departures import DEPARTURES
from reports.lessons.build import lesson, summaries
from reports.lessons.lesson import CODE, DepartureLesson, Lesson, Line, Pair, Stage, StepLesson
from reports.show.columns import gap_text, number_text, numbers
from reports.show.lesson_page import Code, CodeRow, Formula, LessonPage, Section

Rows = tuple[dict[str, str | Formula], ...]


def lesson_pages_data() -> list[LessonPage]:
    """Builds every topic, departure and the slow step, every number from a run just now, in the lecture's order."""
    return [page(lesson(topic), says) for topic, says in summaries()]


def page(one: Lesson | DepartureLesson | StepLesson, says: str = "") -> LessonPage:
    """Returns the page of one lesson."""
    if isinstance(one, Lesson):
        return _topic(one)
    if isinstance(one, DepartureLesson):
        return _departure(one)
    return LessonPage("step", one.title, says=says or one.says, sections=tuple(_step(one)))


def _topic(one: Lesson) -> LessonPage:
    """A mirrored name."""
    operators: Rows = tuple(
        {"torch's node": operator.name, "its backward": Formula(operator.formula), "": operator.says}
        for operator in one.underneath
    )
    given = "\n\n".join(f"{name} {array.shape}\n{numbers(array)}" for name, array in one.given.items())
    sections = [
        Section("The formula", formulas=tuple(Formula(f.latex, f.name, f.why) for f in one.formulas)),
        Section("Both sides are given", text=given),
        Section("Line by line", prose=(VALUES,), code=_code(one.pairs)),
        Section("Underneath, in torch", table=operators),
        Section("What torch does, in the reference's words", text=one.differs),
    ]
    return LessonPage(
        one.topic,
        one.title,
        says=one.says,
        sections=tuple(section for section in sections if _holds(section)),
        see=tuple(name for name, _ in one.departures),
    )


def _departure(one: DepartureLesson) -> LessonPage:
    """A departure: both rules, its size, what closes it, both sides' code."""
    told = one.departure
    rules = (
        Formula(told.lecture.formula, "the lecture", told.lecture.says),
        Formula(told.torch.formula, "stock torch", told.torch.says),
    )
    at, predicted, measured, allowed = one.size
    size: Rows = tuple(
        {
            told.quantity: label,
            "predicted": f"{predicted[k]:.10g}",
            "measured": f"{measured[k]:.10g}",
            "apart": f"{abs(measured[k] - predicted[k]):.1g}",
            "allowed": f"{allowed[k]:.1g}",
        }
        for k, label in enumerate(at)
    )
    closing: Rows = tuple(
        {
            "change in": rest.change.side,
            "before": rest.line,
            "after": rest.changed,
            "leaves": gap_text(float(np.max(np.abs(rest.left)))),
            "rounding allows": f"{float(np.max(rest.allowed)):.1g}",
        }
        for rest in one.rests
    )
    sections = (
        Section("Two rules", formulas=rules, prose=(f"Seen in {told.shows}.",)),
        Section("Its size", formulas=(Formula(told.formula, "predicted", told.kind),), table=size),
        Section("What closes it", table=closing, prose=(told.otherwise,) if told.otherwise else ()),
        Section("Both sides, as they ran just now", prose=(VALUES,), code=_code(one.pairs)),
    )
    see = tuple(name for name in told.topics if name not in DEPARTURES)
    return LessonPage(one.topic, one.title, "departures", told.quantity, sections, see)


def _step(one: StepLesson) -> Iterable[Section]:
    """One training step, a section per quantity."""
    given = {name: array for name, array in one.given.items() if not name.startswith("velocity/")}  # those are zero
    text = "\n\n".join(f"{name} {array.shape}\n{numbers(array)}" for name, array in given.items())
    yield Section("Both sides are given", text=text)
    part = ""
    for number, stage in enumerate(one.stages, start=1):
        if stage.part != part:
            part = stage.part
            yield Section(part.capitalize())
        yield _stage(number, stage)


def _stage(number: int, stage: Stage) -> Section:
    """One quantity: its formula, one element written out, both sides' values, the gap."""
    worked = []
    for one in stage.worked:
        where = f"[{', '.join(map(str, one.index))}]" if one.index else "it"
        worked.append(f"{where} = {one.text()} = {number_text(one.value)}")
    gap = f"gap {gap_text(stage.gap)}, allowed {stage.allowed:.1g}"
    shown = ((stage.name, numbers(stage.scratch).strip("\n"), numbers(stage.reference).strip("\n")),)
    return Section(
        f"{number}. {stage.name}",
        formulas=(Formula(stage.formula, says=stage.why),),
        code=Code((CodeRow(shown=shown, gap=gap),)),
        text="\n".join(worked),
        level=3,
    )


def _code(pairs: Iterable[Pair]) -> Code:
    """Both columns, with what each line computed below it."""
    return Code(tuple(_row(pair) for pair in pairs))


def _row(pair: Pair) -> CodeRow:
    left, right = pair.scratch, pair.reference
    gap = f"gap {gap_text(pair.gap)}" if pair.linked and pair.gap is not None else ""
    return CodeRow(
        left=left.text if left else "",
        right=right.text if right else "",
        shown=tuple(_shown(left, right)),
        gap=gap,
        left_number=_number(left),
        right_number=_number(right),
    )


def _number(line: Line | None) -> int | None:
    return line.number if line and line.kind == CODE and line.number else None


def _shown(left: Line | None, right: Line | None) -> Iterable[tuple[str, str, str]]:
    """What the two lines computed in their first pass, and in their last where there were several."""
    ours, theirs = ([*(line.values if line else ())] for line in (left, right))
    most = max(len(ours), len(theirs))
    for k in sorted({0, most - 1}) if most else ():
        a, b = (values[k] if k < len(values) else None for values in (ours, theirs))
        if a or b:
            names = dict.fromkeys(value.name for value in (a, b) if value)
            yield (
                " | ".join(names),
                numbers(a.array).strip("\n") if a else "",
                numbers(b.array).strip("\n") if b else "",
            )


def _holds(section: Section) -> bool:
    """Whether there is anything under a heading."""
    return bool(section.formulas or section.code or section.table or section.text)


VALUES = "Below each line stands what it computed just now, on three samples; lines side by side compute one quantity."
