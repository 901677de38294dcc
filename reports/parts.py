"""A case's run in parts that need nothing of each other, so that no core waits; and how the parts are put together.

A lockstep in which every epoch is checked is shared out: each process trains scratch, which is cheap, and checks its
own blocks of updates. All must train to the same losses to the last bit, so that together they have checked one
training.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import reference
import scratch
from reports import traces
from reports.calibrated import REPLICAS
from reports.cases import Case
from reports.free_running import horizon, noise_row, replica_epochs, replicas
from reports.lockstep import STRIDE, Checked, Ledger, Share, Watch
from reports.pipeline import Comparison, Progress, answers, ignore, judged_steps, probed, watched
from reports.traces import Data

LONG = 2000  # epochs from which a training is worth parts of its own


class Part(NamedTuple):
    """One piece of work: a case, what of it, which share of the checks, or which replicas."""

    case: Case
    kind: str  # "whole" for a case without a loss, "lockstep", "reference", "replicas"
    every: int | None = None
    share: Share = Share()
    epochs: int = 0  # of the replicas
    which: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.case}, {self.case.dtype}, {self.kind}"


@dataclass
class Done:
    """What a part gave."""

    part: Part
    seconds: float = 0.0  # by the clock
    checking: float = 0.0  # of these, spent on checks
    processor: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)
    runs: list[Any] = field(default_factory=list)  # free trainings, as Epochs
    events: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)  # what the trained network says


def parts(case: Case, every: int | None = None, long_replicas: bool = False, jobs: int = 1) -> list[Part]:
    """Returns the parts of a case's run; only with every few epochs checked the lockstep has several."""
    if case.loss is None:
        return [Part(case, "whole")]
    long = case.epochs >= LONG
    count = jobs if long and every and every < STRIDE // jobs else 1
    found = [Part(case, "lockstep", every, Share(index, count)) for index in range(count)]
    found.append(Part(case, "reference"))
    if epochs := replica_epochs(case, long_replicas):
        groups = [(k,) for k in range(REPLICAS)] if epochs >= LONG else [tuple(range(REPLICAS))]
        found += [Part(case, "replicas", epochs=epochs, which=which) for which in groups]
    return found


def grouped(parts_of_a_case: list[Part]) -> list[tuple[Part, ...]]:
    """Returns the pieces of work: a part each for a long training, all in one for a short one."""
    return [(part,) for part in parts_of_a_case] if parts_of_a_case[0].case.epochs >= LONG else [tuple(parts_of_a_case)]


def run(case: Case, progress: Progress = ignore, every: int | None = None, long_replicas: bool = False) -> Comparison:
    """Runs a case in full: judged rows, free-running trajectories of both sides, and what the trained networks say.

    In float64 the free runs are judged against the reference's replicas in the quiet first epochs; with
    `long_replicas`, or where `replica_epochs` says so, the replicas run on for a picture.
    """
    return assembled([done(part, progress) for part in parts(case, every, long_replicas)])


def done(part: Part, progress: Progress = ignore) -> Done:
    """Does one part."""
    began, worked = time.perf_counter(), time.process_time()
    result, case, data = Done(part), part.case, traces.load(part.case)
    match part.kind:
        case "whole":
            for checked in judged_steps(case):
                result.ledger.add(checked)
        case "lockstep":
            _lockstep(result, data, progress)
        case "reference":
            network = traces.planted(reference, case, data.parameters)
            result.runs = [reference.fold(_counted(traces.reference_steps(case, data, network), progress))]
            result.answers = answers(reference, case, network, data.inputs)
        case "replicas":
            result.runs = replicas(case, data, part.epochs, progress, part.which)
    result.seconds, result.processor = time.perf_counter() - began, time.process_time() - worked
    return result


def _lockstep(result: Done, data: Data, progress: Progress) -> None:
    """Trains scratch and judges this share of the checks; the first share looks at the probes too."""
    part = result.part
    network = traces.planted(scratch, part.case, data.parameters)
    watch = Watch(part.case, part.every, part.share)

    def steps() -> Iterator[Any]:
        for step, checked in watched(part.case, data, network, watch, traces.scratch_steps, ignore):
            if checked:
                result.ledger.add(checked)
            if step:
                progress(part.share.has(len(told)))
                told.append(None)
                yield step

    told: list[None] = []
    result.runs = [scratch.fold(steps())]
    result.events, result.checking = dict(watch.events), watch.seconds
    if len(result.runs[0].loss) < part.case.epochs:
        return
    if part.share.index == 0:
        began = time.perf_counter()
        for checked in probed(part.case, data, network, traces.scratch_steps):
            result.ledger.add(checked)
        result.answers = answers(scratch, part.case, network, data.inputs)
        result.checking += time.perf_counter() - began


def _counted(steps: Any, progress: Progress) -> Iterator[Any]:
    """Tells of each step as it passes."""
    for step in steps:
        progress(1)
        yield step


def assembled(pieces: Sequence[Done]) -> Comparison:
    """Puts the parts of one case together; raises RuntimeError when two shares trained to different losses."""
    by_kind: dict[str, list[Done]] = {}
    for piece in sorted(pieces, key=lambda piece: (piece.part.share.index, piece.part.which)):
        by_kind.setdefault(piece.part.kind, []).append(piece)
    case, data = pieces[0].part.case, traces.load(pieces[0].part.case)
    result = Comparison(case, pd.DataFrame(), pd.DataFrame(), data.inputs, data.labels)
    result.seconds = sum(piece.seconds for piece in pieces)
    if "whole" in by_kind:
        return replace(result, rows=by_kind["whole"][0].ledger.frame(case))
    locks, (free,) = by_kind["lockstep"], by_kind["reference"]
    ledger, ours, theirs = locks[0].ledger, locks[0].runs[0], free.runs[0]
    for lock in locks[1:]:
        if not np.array_equal(lock.runs[0].loss, ours.loss, equal_nan=True):
            raise RuntimeError(f"{case}: scratch trained twice from one start and ended with different losses")
        ledger.merge(lock.ledger)
    sides: dict[str, Any] = {"scratch": ours, "reference": theirs}
    went_through = len(ours.loss) == case.epochs
    runs = [run for piece in by_kind.get("replicas", []) for run in piece.runs]
    if runs:
        result.replicas = len(runs[0].loss)
    if runs and went_through:
        ledger.add(Checked([noise_row(case, ours, theirs, runs)]))
        if result.replicas == case.epochs:
            result.horizon = horizon(theirs, runs)
            sides |= {f"replica {k}": run for k, run in enumerate(runs, start=1)}
    result.rows, result.trajectories = ledger.frame(case), trajectories(case, sides)
    result.updates_per_epoch = len(data.batches(0)) if data.batches else 1
    result.events = locks[0].events
    result.alone_seconds = locks[0].seconds - locks[0].checking + free.seconds
    result.lockstep_processor = sum(lock.processor for lock in locks) + free.processor
    result.lockstep_seconds = max(lock.seconds for lock in locks) + (free.seconds if len(locks) == 1 else 0.0)
    if went_through:
        for side, piece in (("scratch", locks[0]), ("reference", free)):
            result.outputs[side] = piece.answers["outputs"]
            if "regions" in piece.answers:
                result.regions[side], result.extent = piece.answers["regions"], piece.answers["extent"]
    return result


def trajectories(case: Case, sides: dict[str, Any]) -> pd.DataFrame:
    """Both sides' free-running loss, accuracy and rate, one row per side and epoch."""
    return pd.concat(
        [
            pd.DataFrame({"case": case.name, "precision": case.dtype, "side": side, "epoch": range(len(epochs.loss))}
                         | epochs._asdict())
            for side, epochs in sides.items()
        ],
        ignore_index=True,
    )  # fmt: skip
