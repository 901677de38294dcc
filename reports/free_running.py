"""Both sides left alone: scratch against the noise floor of the reference.

A replica is the reference with the samples of each batch in another order, drawn anew each epoch: the same
mathematics, other rounding. In the quiet first epochs the gap of scratch must stay within a calibrated multiple of
the replicas' gaps; later, rounding is amplified without bound and the replicas' band is a picture, not a verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import reference
from reports import traces
from reports.calibrated import NOISE_FACTOR, NOISE_FLOOR_ULPS, ONSET_FLOORS, QUIET_EPOCHS, REPLICAS
from reports.cases import Case
from reports.judge import judge
from reports.lockstep import Row
from reports.traces import Array, Data

EPS = float(np.finfo(np.float64).eps)


def replica_epochs(case: Case, long: bool = False) -> int:
    """Returns how many epochs of a case the replicas run: none in float32, all for the picture of ANN III."""
    if case.dtype != "float64" or case.loss is None:
        return 0
    return case.epochs if long or case.name == "ann3" else min(case.epochs, QUIET_EPOCHS)


def replicas(
    case: Case, data: Data, epochs: int, progress: Callable[[int], None], which: Sequence[int] = range(REPLICAS)
) -> list[Any]:
    """Returns the trajectories of references whose samples are permuted anew each epoch, in REPLICAS ways or some."""
    case = replace(case, epochs=epochs)
    runs = []
    for k in which:
        shuffled = replace(data, batches=_shuffled(data, np.random.default_rng([case.seed, 2, k])))
        network = traces.planted(reference, case, data.parameters)
        runs.append(reference.fold(_counted(traces.reference_steps(case, shuffled, network), progress)))
    return runs


def _shuffled(data: Data, rng: np.random.Generator) -> Callable[[int], list[Array]]:
    """The case's own batches, the samples of each in another order at every call."""
    everything = [np.arange(len(data.inputs))]
    return lambda epoch: [rng.permutation(batch) for batch in (data.batches(epoch) if data.batches else everything)]


def _counted(steps: Any, progress: Callable[[int], None]) -> Any:
    """Tells of each step as it passes."""
    for step in steps:
        progress(1)
        yield step


def noise_row(case: Case, ours: Any, theirs: Any, runs: list[Any]) -> Row:
    """Returns the row that judges the quiet epochs: the worst running gap of the loss in allowances of the noise."""
    quiet = slice(0, min(QUIET_EPOCHS, *(len(run.loss) for run in (ours, theirs, *runs))))
    gap = running_gap(ours.loss[quiet], theirs.loss[quiet])
    noise = np.max([running_gap(run.loss[quiet], theirs.loss[quiet]) for run in runs], axis=0)
    allowed = NOISE_FACTOR * (noise + floor(theirs.loss[quiet]))
    used = np.where(np.isfinite(gap), gap / allowed, np.inf)
    worst = int(np.argmax(used))
    row = judge("trajectory/loss", ours.loss[quiet], theirs.loss[quiet], None)
    finite = np.isfinite(theirs.loss[quiet]).all() and np.isfinite(ours.loss[quiet]).all()
    status = "nonfinite" if not finite else "apart" if used[worst] > 1 else "exact" if gap[worst] == 0 else "close"
    return {
        **row,
        "status": status,
        "out": int(np.sum(used > 1)),
        "worst_index": str([worst]),
        "scratch": float(ours.loss[worst]),
        "reference": float(theirs.loss[worst]),
        "allowed": float(allowed[worst]),
        "used": float(used[worst]),
        "hint": f"running gap of {gap[worst]:.1e}; the reference's own replicas reach {noise[worst]:.1e}",
        **{"epoch": worst, "update": -1, "probe": "", "undecided": 0},
    }


def running_gap(loss: Array, other: Array) -> Array:
    """Returns the largest |difference| so far, epoch by epoch."""
    return np.maximum.accumulate(np.abs(loss - other))


def floor(loss: Array) -> Array:
    """Returns the gap below which nothing is noticed: a few ulps of the largest loss so far."""
    return NOISE_FLOOR_ULPS * EPS * np.maximum(1.0, np.maximum.accumulate(np.abs(loss)))


def horizon(theirs: Any, runs: list[Any]) -> int | None:
    """Returns the first epoch at which twins of the reference have parted; None when they never do."""
    epochs = [
        np.flatnonzero(running_gap(run.loss, theirs.loss) > ONSET_FLOORS * floor(theirs.loss))[:1] for run in runs
    ]
    parted = [int(found[0]) for found in epochs if len(found)]
    return min(parted) if parted else None
