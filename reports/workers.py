"""Independent work on this machine's cores or a Dask cluster: progress counted, a worker that dies loses nothing.

Both are executors of concurrent.futures. Local workers are spawned, never forked (torch and OpenMP threads may exist
already); each computes on one thread, one piece at a time.
"""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any, Generic, NamedTuple, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Made = Callable[[int], None]  # tells of so many units of work more

THREADS = {  # read by a worker's libraries when they load; a thread that waits sleeps, where a piece asks for several
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "4",
}  # fmt: skip
POLL_SECONDS = 0.2
EVERY = 100  # units of work between two reports of progress
AHEAD = 2  # pieces handed out per worker: one that it does, one that waits for it
PATIENCE = 60.0  # seconds in which a cluster without workers may get some
TWICE = "the process that worked on it died twice"

_counter: Any = None  # in a local worker: units of work so far, shared with the parent
_ending = False  # in a local worker: it was told to end
_alone = threading.Lock()  # planted faults and numbers of threads are the whole process's


class Done(NamedTuple, Generic[Item, Result]):
    """One piece of work: what it gave, or in `trouble` why it gave nothing."""

    item: Item
    result: Result | None
    trouble: str = ""


def each(
    work: Callable[[Item, Made], Result],
    items: Sequence[Item],
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Made = lambda done: None,
) -> Iterator[Done[Item, Result]]:
    """Yields a Done for every item, in any order, from work(item, made); `progress` is told the units made so far.

    When a worker dies, what it may have worked on is done again alone, in an executor of its own; only a piece under
    which that one dies too is given up. `scheduler` is the address of a Dask cluster, which takes the place of
    local processes. Raises: ImportError without Dask, OSError where no scheduler answers, RuntimeError where a
    cluster has no workers left.
    """
    untried, suspects, units = deque(items), deque[Item](), 0
    while untried or suspects:
        alone = not untried
        queue = deque([suspects.popleft()]) if alone else untried
        with executor(1 if alone else min(jobs or os.cpu_count() or 1, len(queue)), scheduler, units) as pool:
            flying: dict[Any, Item] = {}
            broken = False
            while flying or (queue and not broken):
                broken = broken or not _hand_out(work, queue, flying, pool)
                finished, _ = wait(flying, POLL_SECONDS, FIRST_COMPLETED)
                for future in finished:
                    item, error = flying.pop(future), _error(future)
                    if error is None:
                        result, made = future.result()
                        units += made
                        progress(units)
                        yield Done(item, result)
                    elif not _died(error):
                        yield Done(item, None, f"{type(error).__name__}: {error}")
                    elif alone:
                        yield Done(item, None, TWICE)
                    else:
                        suspects.append(item)
                    broken |= isinstance(error, BrokenExecutor)
                progress(max(units, pool.units()))


def results(
    work: Callable[[Item, Made], Result],
    items: Sequence[Item],
    jobs: int | None = None,
    progress: Made = lambda done: None,
) -> Iterator[Result]:
    """Yields the results of local work of which no piece may fail; raises RuntimeError that names the one that does."""
    for done in each(work, items, jobs, progress=progress):
        if done.trouble:
            raise RuntimeError(f"{done.item}: {done.trouble}")
        yield done.result  # type: ignore[misc]  # without trouble there is a result, which may be None


class Pool(NamedTuple):
    """An executor, how many workers it has now, and how many units of work its workers have told of."""

    executor: Executor
    workers: Callable[[], int]
    units: Callable[[], int]


@contextmanager
def executor(jobs: int, scheduler: str | None = None, units: int = 0) -> Iterator[Pool]:
    """So many local processes, which count on from `units`, or the Dask cluster at an address."""
    if scheduler:
        try:
            from distributed import Client
            from distributed.comm.addressing import get_address_host_port
        except ImportError as error:
            raise ImportError("--scheduler needs Dask: pip install distributed") from error
        try:
            socket.create_connection(get_address_host_port(scheduler), timeout=5).close()  # Dask's own failure is long
            client = Client(scheduler, timeout="20s", set_as_default=False)
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise OSError(f"--scheduler {scheduler}: no Dask scheduler answers there") from error
        with client:
            cluster = client.get_executor(pure=False)
            try:
                yield Pool(cluster, lambda: len(client.nthreads()), lambda: 0)
            finally:
                cluster.shutdown(wait=False)
        return
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", units)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(counter,))
    try:
        yield Pool(pool, lambda: jobs, lambda: counter.value)
    except BaseException:  # Ctrl-C, or nobody wants the rest: what is under way would keep this process alive
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _hand_out(work: Callable[..., Any], queue: deque[Item], flying: dict[Any, Item], pool: Pool) -> bool:
    """Gives every worker what it can do next; False when the executor is broken."""
    deadline = time.monotonic() + PATIENCE
    while not (workers := pool.workers()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the cluster has had no worker for {PATIENCE:g} seconds")
        time.sleep(POLL_SECONDS)
    with suppress(BrokenExecutor):
        while queue and len(flying) < AHEAD * workers:
            flying[pool.executor.submit(_counted, work, queue[0])] = queue[0]
            queue.popleft()
        return True
    return False


def _error(future: Any) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:  # the cluster let go of it
        return error


def _died(error: BaseException) -> bool:
    """Whether a worker died, rather than its work failed; Dask is not loaded to ask."""
    return isinstance(error, BrokenExecutor | CancelledError) or type(error).__name__ == "KilledWorker"


def _start(counter: Any) -> None:
    """Prepares a local worker: the shared counter, and no life after its parent's."""
    global _counter
    _counter = counter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _one_thread()


def _one_thread() -> None:
    """Lets libraries compute on one thread, those that are loaded and those to come, and keep their memory."""
    from reports.memory import keep_freed_memory

    os.environ.update(THREADS)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    keep_freed_memory()


def _end(*_: object) -> None:
    """Stops what is under way, so that it may clear up behind itself; nothing else is begun."""
    global _ending
    _ending = True
    raise SystemExit


def _end_with_parent() -> None:
    """Ends this worker when the parent is gone: killed, it could not tell."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _counted(work: Callable[[Item, Made], Result], item: Item) -> tuple[Result, int]:
    """Does one item's work in a worker; passes its progress on, and returns its units beside its result."""
    if _ending:
        os._exit(1)
    total = told = 0

    def made(count: int) -> None:
        nonlocal total
        total += count
        if total - told >= EVERY:
            tell()

    def tell() -> None:
        nonlocal told
        if _counter is not None:
            with _counter.get_lock():
                _counter.value += total - told
        told = total

    with _alone:
        if _counter is None:  # a worker of a cluster, which nobody has prepared
            _one_thread()
        result = work(item, made)
    tell()
    return result, total
