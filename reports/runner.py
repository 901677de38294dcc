"""Many cases on all cores: a process per core, the longest case first, progress counted in updates.

Workers are spawned, never forked (torch and OpenMP threads may exist already), and each computes on one thread.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from reports.calibrated import REPLICAS
from reports.cases import Case

if TYPE_CHECKING:
    from reports.pipeline import Comparison

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
POLL_SECONDS = 0.2
EVERY = 100  # updates between two reports of progress

_done: Any = None  # in a worker: the counter shared with the parent


def updates(case: Case, long_replicas: bool = False) -> int:
    """Returns roughly how many updates a case's sides and replicas make together."""
    from reports.free_running import replica_epochs

    epochs = 2 * case.epochs + REPLICAS * replica_epochs(case, long_replicas)
    return epochs * (8 if case.batch_size else 1)


def run_all(
    cases: Sequence[Case],
    jobs: int | None = None,
    every: int | None = None,
    long_replicas: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator["Comparison"]:
    """Yields each case's Comparison as it is done; `progress` is told the total of updates made so far.

    Raises: RuntimeError that names the case when a worker fails or dies.
    """
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    for name in THREADS:
        os.environ.setdefault(name, "1")  # read by the workers when they load their libraries
    jobs = min(jobs or os.cpu_count() or 1, len(cases))
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(counter,)) as pool:
        ordered = sorted(cases, key=_cost, reverse=True)
        waiting = {pool.submit(_run, case, every, long_replicas): case for case in ordered}
        try:
            while waiting:
                finished, _ = wait(waiting, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                progress(counter.value)
                for future in finished:
                    case = waiting.pop(future)
                    if error := future.exception():
                        raise RuntimeError(f"case {case}, {case.dtype}: {error}") from error
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _cost(case: Case) -> float:
    """What a case roughly costs, so that the longest starts first; only the order of the work depends on it."""
    neurons = sum(layer.sizes[1] for layer in case.layers if layer.sizes)
    return updates(case) * (60 + neurons) * (1.0 if case.dtype == "float64" else 0.7)


def _start(counter: Any) -> None:
    """Prepares a worker: one thread for torch, the shared counter."""
    global _done
    _done = counter
    import torch

    torch.set_num_threads(1)


def _run(case: Case, every: int | None, long_replicas: bool) -> "Comparison":
    """Runs one case in a worker."""
    from reports.pipeline import run

    pending = 0

    def made(count: int) -> None:
        nonlocal pending
        pending += count
        if pending >= EVERY:
            with _done.get_lock():
                _done.value += pending
            pending = 0

    return run(case, made, every, long_replicas)
