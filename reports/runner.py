"""Independent work on all cores: a process per core, progress counted across all of them.

Workers are spawned, never forked (torch and OpenMP threads may exist already), and each computes on one thread.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from reports.calibrated import REPLICAS
from reports.cases import Case

if TYPE_CHECKING:
    from reports.pipeline import Comparison

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
POLL_SECONDS = 0.2
CHECK = 8  # updates that take as long as one check
STRIDE = 97  # of the checks, unless asked otherwise
EVERY = 100  # units of work between two reports of progress

_done: Any = None  # in a worker: the counter shared with the parent


def on_all_cores(
    work: Callable[[Item, Callable[[int], None]], Result],
    items: Sequence[Item],
    jobs: int | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Result]:
    """Yields work(item, made) for every item as it is done, in any order; `made(n)` tells of units of work.

    `progress` is told the total of units so far. Raises RuntimeError that names the item when its work fails or
    its process dies.
    """
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    for name in THREADS:
        os.environ.setdefault(name, "1")  # read by the workers when they load their libraries
    jobs = min(jobs or os.cpu_count() or 1, len(items))
    if not jobs:
        return
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(counter,)) as pool:
        waiting = {pool.submit(_counted, work, item): item for item in items}
        try:
            while waiting:
                finished, _ = wait(waiting, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                progress(counter.value)
                for future in finished:
                    item = waiting.pop(future)
                    if error := future.exception():
                        raise RuntimeError(f"{item}: {type(error).__name__}: {error}") from error
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


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
    for pieces in on_all_cores(_run, work, jobs, progress):
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


def _start(counter: Any) -> None:
    """Prepares a worker: one thread for torch, the shared counter, and no life after its parent's."""
    global _done
    _done = counter
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch

    from reports.memory import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()


def _end_with_parent() -> None:
    """Ends this worker when the parent is gone: killed, it could not tell."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _counted(work: Callable[[Item, Callable[[int], None]], Result], item: Item) -> Result:
    """Does one item's work in a worker, and passes its progress on."""
    pending = 0

    def made(count: int) -> None:
        nonlocal pending
        pending += count
        if pending >= EVERY:
            with _done.get_lock():
                _done.value += pending
            pending = 0

    result = work(item, made)
    with _done.get_lock():
        _done.value += pending
    return result


def _run(group: Sequence[Any], made: Callable[[int], None]) -> list[Any]:
    """Does some parts of one case in a worker."""
    from reports.parts import done

    return [done(part, made) for part in group]
