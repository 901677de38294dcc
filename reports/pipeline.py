"""The pipeline: a case -> both sides -> rows. `compare(case)` is the one name that a test needs.

`parts.py` runs a case in full, in parts.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

import reference
import scratch
from reports import traces
from reports.cases import Case
from reports.effects import effect_rows
from reports.judge import PASSES
from reports.lockstep import REFUSALS, Checked, Ledger, Row, Watch, judged, stopped
from reports.memory import keep_freed_memory
from reports.probes import probe_steps
from reports.traces import Array, Data, Pause

Pauses = Callable[[Case, Data, Any, Watch], Iterator[tuple[Any, Pause | None]]]
Progress = Callable[[int], None]


def ignore(updates: int) -> None:
    """The progress of a run that nobody watches."""


@dataclass
class Comparison:
    """What comparing a case gives: rows, both sides' free-running trajectories, and both trained networks' answers."""

    case: Case
    rows: pd.DataFrame
    trajectories: pd.DataFrame
    inputs: Array
    labels: Array
    seconds: float = 0.0
    outputs: dict[str, Array] = field(default_factory=dict)  # by side, after training, for `inputs`
    regions: dict[str, Array] = field(default_factory=dict)  # by side, the class at each point of a grid
    extent: tuple[float, float, float, float] | None = None
    events: dict[str, int] = field(default_factory=dict)  # what made updates worth a look, and how often
    horizon: int | None = None  # the epoch at which twins of the reference part, where that was looked for
    replicas: int = 0  # epochs of the reference's replicas
    updates_per_epoch: int = 1
    lockstep_seconds: float = 0.0  # by the clock: both sides' trainings and the checks between, on all processes
    lockstep_processor: float = 0.0  # processor time of the same
    alone_seconds: float = 0.0  # both sides' trainings without the checks, one after the other


def compare(
    case: Case,
    *,
    epochs: int | None = None,
    dtype: str | None = None,
    every: int | None = None,
    pauses: Pauses = traces.scratch_steps,
) -> pd.DataFrame:
    """Returns one row per (epoch, update, quantity) of a case: both sides from identical weights, judged.

    The probes' rows, from the weights at the start and after training, follow those of the training.
    `epochs` and `dtype` change the case, `every` the stride of the checks (1: every epoch); `pauses` produces the
    side under test (scratch, or one with a fault). Units: `used` counts allowances, 1 is the limit. Raises nothing
    on data; what cannot be judged is a row.
    """
    epochs = case.epochs if epochs is None else min(epochs, case.epochs)
    case = replace(case, epochs=epochs, dtype=dtype or case.dtype)
    ledger = Ledger()
    for checked in judged_steps(case, every, pauses):
        ledger.add(checked)
    return ledger.frame(case)


def judged_steps(
    case: Case, every: int | None = None, pauses: Pauses = traces.scratch_steps, progress: Progress = ignore
) -> Iterator[Checked]:
    """Yields each checked update as it is reached, then the effects and the probes."""
    data = traces.load(case)
    if case.loss is None:
        yield Checked(forward_rows(case, data))
        yield from probe_steps(case, data, data.parameters, "start")
        return
    network = traces.planted(scratch, case, data.parameters)
    for _, checked in watched(case, data, network, Watch(case, every), pauses, progress):
        if checked:
            yield checked
    yield from probed(case, data, network, pauses)


def probed(case: Case, data: Data, trained: Any, pauses: Pauses) -> Iterator[Checked]:
    """The side effects, and all probes, with the case's first weights and with the trained ones."""
    yield Checked(effect_rows(case, data))
    yield from probe_steps(case, data, data.parameters, "start", pauses)
    parameters = traces.copied(trained.parameters())
    if all(parameters[name].shape == start.shape for name, start in data.parameters.items()):
        yield from probe_steps(case, data, parameters, "trained", pauses)


def watched(
    case: Case, data: Data, network: Any, watch: Watch, pauses: Pauses, progress: Progress
) -> Iterator[tuple[Any, Checked | None]]:
    """Trains the side under test; yields every step, and what it gave where it was checked."""
    keep_freed_memory()
    twin = traces.planted(reference, case, data.parameters)
    before = None
    try:
        for step, pause in pauses(case, data, network, watch):
            checked = None
            if pause:
                watch.seconds += time.perf_counter() - watch.asked
            if pause and watch.share.has(pause.iteration):
                began = time.perf_counter()
                oracle = pause.iteration == 0 or pause.epoch == case.epochs - 1
                theirs = traces.reference_trace(case, pause, twin)
                keep = watch.keep if pause.whole else True
                rows = judged(case, pause, theirs, oracle=oracle, thorough=keep)
                pause = pause.filled() if first_failure(rows) else replace(pause, on_the_way={})
                checked = Checked(rows, keep, data, pause, before)
                watch.seconds += time.perf_counter() - began
            before = pause
            progress(1)
            yield step, checked
    except REFUSALS as error:  # the side under test refused to go on, and says why
        yield None, Checked([stopped(error)])


def answers(side: ModuleType, case: Case, network: Any, inputs: Array) -> dict[str, Any]:
    """Asks a trained network for its outputs, and for the class of every point of a grid around the data."""
    told: dict[str, Any] = {"outputs": traces.predict(side, case, network, inputs)}
    if case.classifies and inputs.shape[1] == 2:
        grid, told["extent"] = _grid(inputs)
        classes = traces.predict(side, case, network, grid).argmax(axis=1)
        told["regions"] = classes.reshape(GRID, GRID).astype(np.uint8)
    return told


def first_failure(rows: list[Row]) -> bool:
    """Whether a step has a row that does not pass."""
    return any(row["status"] not in PASSES for row in rows)


def forward_rows(case: Case, data: Data) -> list[Row]:
    """The rows of a case that has no loss."""
    return judged(case, *traces.forward_only(case, data), oracle=True)


GRID = 160  # points along each axis of the decision regions


def _grid(inputs: Array) -> tuple[Array, tuple[float, float, float, float]]:
    """A square grid around the points, row by row from below."""
    low, high = inputs.min(axis=0) - 0.1, inputs.max(axis=0) + 0.1
    x, y = np.meshgrid(np.linspace(low[0], high[0], GRID), np.linspace(low[1], high[1], GRID))
    return np.column_stack([x.ravel(), y.ravel()]), (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
