"""A topic -> its lesson: runs the tiny example on both sides and puts the lines that compute side by side."""

import inspect
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import torch

from reports.departures import DEPARTURES
from reports.lessons.align import paired
from reports.lessons.examples import example
from reports.lessons.formulas import formulas
from reports.lessons.lesson import DepartureLesson, Lesson, StepLesson
from reports.lessons.recorder import record
from reports.lessons.source import called, excerpt
from reports.lessons.step import CASE, step_lesson
from reports.lessons.topics import STEP, find, mirrored
from reports.lessons.underneath import operators

METHODS = ("forward", "backward", "update", "step")  # what a class computes with
OF_TRANSPLANT = {"scratch": ("parameters",), "reference": ("load", "read")}


def lesson(name: str) -> Lesson | DepartureLesson | StepLesson:
    """Returns the lesson of a topic, with every number from a run just now; raises KeyError for an unknown topic."""
    topic = find(name)
    if topic == STEP:
        return step_lesson()
    if topic in DEPARTURES:
        return departure_lesson(topic)
    ours, theirs = mirrored()[topic]
    run = example(topic, ours, theirs)
    left, _ = record(run.here, map(excerpt, functions(ours, "scratch", topic)))
    shown = [*functions(theirs, "reference", topic), *([run.shown] if run.shown else [])]
    right, output = record(run.there, map(excerpt, shown))
    return Lesson(
        topic=topic,
        title=_title(ours, theirs, topic),
        says=_first_sentence(ours if topic != "transplant" else theirs),
        formulas=formulas(topic, getattr(ours, "__name__", ""), _is_layer(ours)),
        given=run.given,
        pairs=tuple(paired(left, right)),
        underneath=operators(output[0] if isinstance(output, tuple) else None),
        differs=inspect.getdoc(theirs) or "",
        departures=tuple((one.name, one.title) for one in DEPARTURES.values() if topic in one.topics),
    )


def summaries() -> list[tuple[str, str]]:
    """Returns every topic with a line on it, in the lecture's order."""
    rows = [
        (topic, _first_sentence(theirs if topic == "transplant" else ours))
        for topic, (ours, theirs) in mirrored().items()
    ]
    rows += [(departure.name, departure.title) for departure in DEPARTURES.values()]
    return [*rows, (STEP, f"{CASE.says}, with pencil and paper")]


def departure_lesson(name: str) -> DepartureLesson:
    """Returns a departure measured just now, with both sides' live source."""
    departure = DEPARTURES[name]
    inside = departure.inside
    left, _ = record(departure.scratch_side, map(excerpt, (departure.scratch_side, *inside.scratch)))
    right, _ = record(departure.torch_side, map(excerpt, (departure.torch_side, *inside.torch)))
    return DepartureLesson(
        departure, tuple(paired(left, right, by_value=False)), departure.size(), tuple(departure.closed())
    )


def functions(thing: Any, side: str, topic: str) -> list[Any]:
    """The functions whose source tells what a name computes, in reading order, helpers of its own file after them."""
    if isinstance(thing, ModuleType) or topic == "transplant":
        roots = [getattr(thing, name) for name in OF_TRANSPLANT[side]]
    else:
        roots = list(_methods(thing)) if inspect.isclass(thing) else [thing]
    found: list[Any] = []
    for root in roots:
        _collect(root, found)
    return found


def _collect(function: Any, found: list[Any]) -> None:
    """Adds a function and what it calls in its own file, each once; torch's own files are not followed."""
    if function in found:
        return
    found.append(function)
    if function.__module__.startswith("torch"):
        return
    for helper in called(function):
        for one in _methods(helper) if inspect.isclass(helper) else [helper]:
            _collect(one, found)


def _methods(kind: type) -> Iterable[Any]:
    """A class's computing methods: its own, and a `forward` inherited from torch's class."""
    unwritten = torch.nn.Module.forward
    methods = [getattr(kind, name) for name in METHODS if hasattr(kind, name)]
    return [one for one in methods if inspect.isfunction(inspect.unwrap(one)) and one is not unwritten]


def _is_layer(thing: Any) -> bool:
    """Whether a name is a layer: its backward takes the gradient from above."""
    return inspect.isclass(thing) and "dvalues" in inspect.signature(getattr(thing, "backward", len)).parameters


def _title(ours: Any, theirs: Any, topic: str) -> str:
    """Both sides' names with their files."""
    names = [
        f"{thing.__module__}.{thing.__qualname__}" for thing in (ours, theirs) if not isinstance(thing, ModuleType)
    ]
    return " and ".join(names) if topic != "transplant" else "scratch.Network.parameters and reference.transplant"


def _first_sentence(thing: Any) -> str:
    """The first paragraph of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
