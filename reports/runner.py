"""The report's own work: cases in parts, the longest first, put together as they are done."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reports.calibrated import REPLICAS
from reports.cases import Case
from reports.workers import results

if TYPE_CHECKING:
    from reports.pipeline import Comparison

CHECK = 8  # updates that take as long as one check
STRIDE = 97  # of the checks, unless asked otherwise


def run_all(
    cases: Sequence[Case],
    jobs: int | None = None,
    every: int | None = None,
    long_replicas: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator["Comparison"]:
    """Yields each case's Comparison as it is done, the longest started first; progress counts updates."""
    from reports.parts import assembled, grouped, parts

    jobs = jobs or os.cpu_count() or 1
    planned = {case: parts(case, every, long_replicas, jobs) for case in cases}
    work = sorted((group for some in planned.values() for group in grouped(some)), key=_cost, reverse=True)
    finished: dict[Case, list[Any]] = {case: [] for case in cases}
    for pieces in results(_run, work, jobs, progress):
        case = pieces[0].part.case
        finished[case] += pieces
        if len(finished[case]) == len(planned[case]):
            yield assembled(finished.pop(case))


def updates(case: Case, long_replicas: bool = False) -> int:
    """Returns roughly how many updates a case's sides and replicas make together."""
    from reports.free_running import replica_epochs

    epochs = 2 * case.epochs + REPLICAS * replica_epochs(case, long_replicas)
    return epochs * (8 if case.batch_size else 1)


def _cost(group: Sequence[Any]) -> float:
    """What a piece of work roughly costs; only the order of the work depends on it."""
    case, cost = group[0].case, 0.0
    for part in group:
        epochs = len(part.which) * part.epochs or case.epochs
        checked = case.epochs / (part.every or STRIDE) / part.share.count if part.kind == "lockstep" else 0
        cost += epochs + CHECK * checked
    neurons = sum(layer.sizes[1] for layer in case.layers if layer.sizes)
    return cost * (8 if case.batch_size else 1) * (60 + neurons) * (1.0 if case.dtype == "float64" else 0.7)


def _run(group: Sequence[Any], made: Callable[[int], None]) -> list[Any]:
    """Does some parts of one case in a worker."""
    from reports.parts import done

    return [done(part, made) for part in group]
