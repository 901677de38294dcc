"""Processes that wait for their turn: every round each contender trains for a moment, and the others sleep.

What disturbs the machine then disturbs all alike. A figure is a median over rounds; its spread is the range of the
middle half.
"""

import multiprocessing
import os
import resource
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from reports.bench.setting import Setting

TURN = 0.05  # seconds that a turn should take
WARM = 3  # epochs before the first turn
FEWEST = 3  # rounds
MEMORY = 8 * 2**30  # bytes that all contenders of a point may hold together


class Timing(NamedTuple):
    """Seconds per epoch of one contender, round by round, and the most memory that its process held."""

    name: str
    setting: Setting
    seconds: list[float]
    megabytes: float
    failed: str = ""
    processor: tuple[float, ...] = ()  # processor time of the same turns: what a busy machine disturbs less

    def figures(self) -> list[float]:
        """What ratios are made of: on one thread processor time, less disturbed by a busy machine; else the clock's."""
        return list(self.processor) if self.processor and self.setting.threads == 1 else self.seconds

    def row(self) -> dict[str, Any]:
        """One row of the table: medians, and the range of the middle half."""
        figures = self.figures() or [float("nan")]
        low, high = np.quantile(figures, [0.25, 0.75])
        return {
            "contender": self.name, **self.setting.row(), "ms": 1e3 * float(np.median(figures)),
            "ms_low": 1e3 * float(low), "ms_high": 1e3 * float(high),
            "ms_clock": 1e3 * float(np.median(self.seconds or [float("nan")])), "rounds": len(self.seconds),
            "peak_mb": self.megabytes, "left_out": self.failed,
        }  # fmt: skip


class Runner:
    """One contender in a process of its own."""

    def __init__(self, name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.name = name
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(name, theirs), daemon=True)
        self.process.start()

    def ask(self, what: str, value: Any = None) -> Any:
        """Asks the process and waits for its answer; raises RuntimeError with its words when it fails."""
        self.send(what, value)
        return self.answer()

    def send(self, what: str, value: Any = None) -> None:
        """Asks the process without waiting."""
        self.pipe.send((what, value))

    def answer(self) -> Any:
        """Waits for the answer."""
        fine, answer = self.pipe.recv()
        if not fine:
            raise RuntimeError(f"{self.name}: {answer}")
        return answer

    def close(self) -> None:
        """Ends the process."""
        self.pipe.close()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.terminate()


def _serve(name: str, pipe: Any) -> None:
    """Runs in the process: prepares settings, trains when asked, until the other end closes."""
    from threadpoolctl import threadpool_limits

    from reports.bench.contenders import CONTENDERS
    from reports.memory import keep_freed_memory

    losses: Any = None
    while True:
        try:
            what, value = pipe.recv()
        except EOFError:
            return
        try:
            if what == "prepare":
                losses = None  # frees the one before
                _reset_peak()
                keep_freed_memory()
                threadpool_limits(value.threads)
                if name.startswith("torch"):
                    import torch

                    torch.set_num_threads(value.threads)
                losses = CONTENDERS[name](value)
                for _ in range(WARM):
                    last = time.perf_counter()
                    next(losses)
                pipe.send((True, time.perf_counter() - last))
            elif what == "train":
                began, worked = time.perf_counter(), time.process_time()
                for _ in range(value):
                    next(losses)
                used = (time.perf_counter() - began, time.process_time() - worked)
                pipe.send((True, (used[0] / value, used[1] / value)))
            else:
                losses = losses if what == "peak" else None  # "release"
                pipe.send((True, _peak()))
        except Exception as error:  # told to whoever asked
            pipe.send((False, f"{type(error).__name__}: {error}"))


def _reset_peak() -> None:
    """Lets the system count this process's peak of memory anew, where it can."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        pass


def _peak() -> float:
    """The most memory that this process has held, in MB."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["VmHWM"].split()[0]) / 1024
    except (OSError, KeyError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def runners(names: Iterable[str]) -> list[Runner]:
    """Starts a process per contender; each computes on as many threads as a setting says, at most two."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "2"  # what the libraries may use; each setting limits them further
    return [Runner(name) for name in names]


def take_turns(running: list[Runner], setting: Setting, rounds: int, most: float) -> list[Timing]:
    """Times a setting in rounds of turns, within about `most` seconds; who takes too long is left out, with the reason.

    Where all together would not fit into memory they come one after the other, each with all its rounds.
    """
    if setting.bytes() * len(running) <= MEMORY:
        return _rounds(running, setting, rounds, most)
    timings = []
    for runner in running:
        timings += _rounds([runner], setting, rounds, most / len(running))
        runner.ask("release")
    return timings


def _rounds(running: list[Runner], setting: Setting, rounds: int, most: float) -> list[Timing]:
    """Prepares all at once, then gives each its turn, round by round."""
    timings: dict[str, Timing] = {}
    counts: dict[str, int] = {}
    for runner in running:
        runner.send("prepare", setting)
    for runner in running:
        try:
            first = runner.answer()
        except RuntimeError as error:
            timings[runner.name] = Timing(runner.name, setting, [], float("nan"), str(error))
            continue
        counts[runner.name] = max(1, round(TURN / max(first, 1e-6)))
        if first * FEWEST > most:
            told = f"an epoch takes {first:.1f} s, too long for a point of {most:.0f} s"
            timings[runner.name] = Timing(runner.name, setting, [first], runner.ask("peak"), told)
            del counts[runner.name]
    turns: dict[str, list[tuple[float, float]]] = {name: [] for name in counts}
    began = time.perf_counter()
    for k in range(rounds):
        if k >= FEWEST and time.perf_counter() - began > most:
            break
        for runner in running:
            if runner.name in counts:
                turns[runner.name].append(runner.ask("train", counts[runner.name]))
    for runner in running:
        if runner.name in counts:
            clock, processor = zip(*turns[runner.name], strict=True)
            timings[runner.name] = Timing(runner.name, setting, list(clock), runner.ask("peak"), "", processor)
    return [timings[runner.name] for runner in running]
