"""The pipeline: a case -> both sides -> rows. `compare(case)` is the one name that a test needs."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

import reference
import scratch
from reports import traces
from reports.cases import Case
from reports.environment import environment
from reports.equations.rounding import Rounding
from reports.equations.step import equations, evaluate, undecided
from reports.judge import judge
from reports.traces import Array, Data, Pause, Trace

EVERY_EPOCH_UNTIL = 50  # then every STRIDE-th, a prime, so that no period of the training hides between
STRIDE = 97

Pauses = Callable[[Case, Data, Any, Collection[int]], Iterator[tuple[Any, Pause | None]]]


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


def checked_epochs(epochs: int, every: int = STRIDE) -> set[int]:
    """Returns the epochs that are judged: the first 50, then every 97th, and the last."""
    return {*range(min(epochs, EVERY_EPOCH_UNTIL)), *range(0, epochs, every), epochs - 1} if epochs else set()


def compare(
    case: Case, *, epochs: int | None = None, dtype: str | None = None, pauses: Pauses = traces.scratch_steps
) -> pd.DataFrame:
    """Returns one row per (epoch, update, quantity) of a case: both sides from identical weights, judged.

    `epochs` and `dtype` change the case; `pauses` produces the side under test (scratch, or one with a fault).
    Units: `used` counts allowances, 1 is the limit. Raises nothing on data; what cannot be judged is a row.
    """
    epochs = case.epochs if epochs is None else min(epochs, case.epochs)
    case = replace(case, epochs=epochs, dtype=dtype or case.dtype)
    return frame(case, list(judged_steps(case, pauses)))


def judged_steps(
    case: Case, pauses: Pauses = traces.scratch_steps, progress: Callable[[int], None] = lambda updates: None
) -> Iterator[pd.DataFrame]:
    """Yields the rows of each checked step as it is reached, so that whoever has seen enough can stop."""
    data = traces.load(case)
    if case.loss is None:
        yield _forward_rows(case, data)
        return
    network = traces.planted(scratch, case, data.parameters)
    twin = traces.planted(reference, case, data.parameters)
    try:
        for _, pause in pauses(case, data, network, checked_epochs(case.epochs)):
            progress(1)
            if pause:
                yield rows_of(case, pause, twin)
    except (ArithmeticError, TypeError, ValueError) as error:  # the side under test refused to go on, and says why
        yield stopped(error)


def run(case: Case, progress: Callable[[int], None] = lambda updates: None) -> Comparison:
    """Runs a case in full: judged rows, free-running trajectories of both sides, and what the trained networks say."""
    began = time.perf_counter()
    data = traces.load(case)
    if case.loss is None:
        rows_of_one = frame(case, [_forward_rows(case, data)])
        seconds = time.perf_counter() - began
        return Comparison(case, rows_of_one, pd.DataFrame(), data.inputs, data.labels, seconds)
    ours = traces.planted(scratch, case, data.parameters)
    theirs = traces.planted(reference, case, data.parameters)
    twin = traces.planted(reference, case, data.parameters)
    rows: list[pd.DataFrame] = []

    def watched() -> Iterator[Any]:
        for step, pause in traces.scratch_steps(case, data, ours, checked_epochs(case.epochs)):
            if pause:
                rows.append(rows_of(case, pause, twin))
            progress(1)
            yield step

    def counted() -> Iterator[Any]:
        for step in traces.reference_steps(case, data, theirs):
            progress(1)
            yield step

    sides = {"scratch": scratch.fold(watched()), "reference": reference.fold(counted())}
    result = Comparison(case, frame(case, rows), _trajectories(case, sides), data.inputs, data.labels)
    result.outputs = {
        "scratch": traces.predict(scratch, case, ours, data.inputs),
        "reference": traces.predict(reference, case, theirs, data.inputs),
    }
    if case.classifies and data.inputs.shape[1] == 2:
        grid, result.extent = _grid(data.inputs)
        for side, module, network in (("scratch", scratch, ours), ("reference", reference, theirs)):
            answers = traces.predict(module, case, network, grid).argmax(axis=1)
            result.regions[side] = answers.reshape(GRID, GRID).astype(np.uint8)
    result.seconds = time.perf_counter() - began
    return result


def rows_of(case: Case, pause: Pause, twin: Any) -> pd.DataFrame:
    """Judges one step: scratch's trace against the reference's step from the same state."""
    return judged(case, pause, traces.reference_trace(case, pause, twin))


def judged(case: Case, pause: Pause, theirs: Trace) -> pd.DataFrame:
    """Judges every quantity that either side has, in order of computation."""
    step = equations(case)
    given = pause.given(case)
    bounds = evaluate(step, given, Rounding.of(case.dtype))
    kinks = undecided(step, given, bounds)
    names = [*bounds, *(name for name in {**pause.trace, **theirs} if name not in bounds)]
    rows = []
    for name in names:
        row = judge(name, pause.trace.get(name), theirs.get(name), bounds.get(name))
        row["undecided"] = kinks.get(name, 0)
        rows.append({"epoch": pause.epoch, "update": pause.iteration, **row})
    return pd.DataFrame(rows)


def stopped(error: Exception) -> pd.DataFrame:
    """The one row that says that the side under test gave up: it cannot be judged from there."""
    row = judge("stopped", None, None, None) | {"status": "unjudged", "hint": f"{type(error).__name__}: {error}"}
    return pd.DataFrame([{"epoch": -1, "update": -1, **row}])


def frame(case: Case, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Joins the rows of a case's steps; the environment travels in `attrs`."""
    rows = pd.concat(parts, ignore_index=True)
    rows.insert(0, "case", case.name)
    rows.insert(1, "precision", case.dtype)
    rows.attrs["environment"] = environment()
    return rows


GRID = 160  # points along each axis of the decision regions


def _grid(inputs: Array) -> tuple[Array, tuple[float, float, float, float]]:
    """A square grid around the points, row by row from below."""
    low, high = inputs.min(axis=0) - 0.1, inputs.max(axis=0) + 0.1
    x, y = np.meshgrid(np.linspace(low[0], high[0], GRID), np.linspace(low[1], high[1], GRID))
    return np.column_stack([x.ravel(), y.ravel()]), (float(low[0]), float(high[0]), float(low[1]), float(high[1]))


def _trajectories(case: Case, sides: dict[str, Any]) -> pd.DataFrame:
    """Both sides' free-running loss, accuracy and rate, one row per side and epoch."""
    return pd.concat(
        [
            pd.DataFrame({"case": case.name, "precision": case.dtype, "side": side, "epoch": range(len(epochs.loss))}
                         | epochs._asdict())
            for side, epochs in sides.items()
        ],
        ignore_index=True,
    )  # fmt: skip


def _forward_rows(case: Case, data: Data) -> pd.DataFrame:
    """The rows of a case that has no loss."""
    return judged(case, *traces.forward_only(case, data))
