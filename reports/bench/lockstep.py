"""What checking every epoch costs: the time of the shared-out lockstep, in times of both sides alone on one core.

Timed is the steady middle of the training: the first epochs, whose rows are all kept, and the two exact evaluations
of the first and the last step (a second each) are a hundredth of 20,000 epochs and would be half of a short run.
"""

import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from reports.cases import CASES, Case

EPOCHS = 1000
ROUNDS = 3
WARM = 640  # steps before the clock starts: early on the loss jumps, and every jump is looked at thoroughly


def cost(dtype: str, epochs: int = EPOCHS, jobs: int | None = None) -> dict[str, Any]:
    """Returns seconds and ratios of ANN III with every epoch checked."""
    from reports.parts import Part
    from reports.workers import results

    case = replace(CASES["ann3"], dtype=dtype)
    jobs = jobs or os.cpu_count() or 1
    parts = [(Part(case, "lockstep", 1, share), epochs) for share in _shares(jobs)]
    rounds = []
    for _ in range(ROUNDS):  # in turns, so that a slow minute of the machine meets both
        (alone,) = results(_alone, [(case, epochs)], 1)
        checked = list(results(_checked, parts, jobs))
        rounds.append((*alone, max(wall for wall, _ in checked), sum(used for _, used in checked)))
    alone_wall, alone_used, wall, used = np.median(rounds, axis=0)
    ratios = [round[2] / round[0] for round in rounds]
    return {
        "dtype": dtype, "epochs": epochs, "processes": jobs, "alone_s": alone_wall, "lockstep_s": wall,
        "wall_ratio": wall / alone_wall, "ratio_low": min(ratios), "ratio_high": max(ratios),
        "processor_ratio": used / alone_used, "ms_per_epoch": 1e3 * wall / epochs,
    }  # fmt: skip


def _shares(jobs: int) -> list[Any]:
    """The shares of so many processes."""
    from reports.lockstep import Share

    return [Share(index, jobs) for index in range(jobs)]


def _alone(item: tuple[Case, int], made: Any) -> tuple[float, float]:
    """Both sides' free trainings, one after the other: seconds by the clock and of the processor."""
    import reference
    import scratch
    from reports import traces

    case, epochs = item
    data = traces.load(case)
    wall, processor = 0.0, 0.0
    for side in (scratch, reference):
        network, rule = traces.planted(side, case, data.parameters), traces.optimizer(side, case)
        steps = side.steps(network, rule, data.inputs, data.labels, case.epochs)
        took = _timed(steps, epochs)
        wall, processor = wall + took[0], processor + took[1]
    return wall, processor


def _checked(item: tuple[Any, int], made: Any) -> tuple[float, float]:
    """One share of the lockstep: seconds by the clock and of the processor."""
    import scratch
    from reports import traces
    from reports.lockstep import Ledger, Watch
    from reports.pipeline import ignore, watched

    part, epochs = item
    data, ledger, watch = traces.load(part.case), Ledger(), Watch(part.case, 1, part.share)
    network = traces.planted(scratch, part.case, data.parameters)

    def steps() -> Iterator[None]:
        for _, checked in watched(part.case, data, network, watch, traces.scratch_steps, ignore):
            if checked:
                ledger.add(checked)
            yield

    return _timed(steps(), epochs)


def _timed(steps: Iterator[Any], epochs: int) -> tuple[float, float]:
    """The time of so many steps after the first ones, by the clock and of the processor."""
    for _ in itertools.islice(steps, WARM):
        pass
    began, worked = time.perf_counter(), time.process_time()
    for _ in itertools.islice(steps, epochs):
        pass
    return time.perf_counter() - began, time.process_time() - worked
