"""The whole machine: what each command takes, and where its time goes."""

import cProfile
import os
import pstats
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parents[2]
SUBJECT = ROOT / "parity_tests" / "subjects" / "book_assembled.txt"  # a stranger's network of our own writing
COMMANDS: dict[str, list[str]] = {
    "parity --help": ["-m", "reports", "--help"],
    "parity list": ["-m", "reports", "list"],
    "parity explain": ["-m", "reports", "explain", "square", "--epochs", "20"],
    "parity check": ["-m", "reports", "check", "{folder}/subject.py"],
    "parity certify": ["-m", "reports", "certify"],
    "parity faults": ["-m", "reports", "faults"],
    "parity report": ["-m", "reports", "report", "--out", "{folder}/report"],
    "pytest": ["-m", "pytest", "-q", "--durations=5"],
}
TOP = 5  # names in a profile


def whole_machine(told: Callable[[str], None] = lambda text: None) -> pd.DataFrame:
    """Runs every command once; a row each: seconds, processor time, memory of its largest process, and where it goes.

    A command that works on all cores is profiled on one piece of its work: one case, one network, one fault.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        subject = Path(folder) / "subject.py"
        shutil.copy(SUBJECT, subject)
        goes: dict[str, Callable[[str], str]] = {
            "parity --help": lambda output: slowest_imports(COMMANDS["parity --help"]),
            "parity list": lambda output: slowest_imports(COMMANDS["parity list"]),
            "parity explain": lambda output: profile(lambda: _a_case("square", 20)),
            "parity check": lambda output: profile(lambda: _a_subject(subject)),
            "parity certify": lambda output: profile(_some_nets),
            "parity faults": lambda output: profile(_a_fault),
            "parity report": lambda output: profile(lambda: _a_case("ann3", 300)),
            "pytest": slowest_tests,
        }
        for name, arguments in COMMANDS.items():
            told(name)
            row, output = timed([part.format(folder=folder) for part in arguments])
            rows.append({"command": name, **row, "goes": goes[name](output)})
    return pd.DataFrame(rows)


def timed(arguments: list[str]) -> tuple[dict[str, Any], str]:
    """Runs Python with arguments from the project's folder; what it and its children took, and what it printed."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": seconds, "processor_s": processor, "cores": processor / seconds,
        "largest_mb": after.ru_maxrss / 1024, "exit_code": done.returncode,
    }, done.stdout  # fmt: skip


def slowest_imports(arguments: list[str]) -> str:
    """The modules whose own import takes longest."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    times: list[tuple[int, str]] = []
    for line in done.stderr.splitlines():
        own, _, module = line.removeprefix("import time:").split("|") if line.count("|") == 2 else ("", "", "")
        if own.strip().isdigit():
            times.append((int(own), module.strip()))
    return ", ".join(f"{module} {own / 1000:.0f} ms" for own, module in sorted(times, reverse=True)[:TOP])


def slowest_tests(output: str) -> str:
    """The tests that pytest itself names as its slowest."""
    found = re.findall(r"^([\d.]+)s (call|setup)\s+\S*?::(\S+)", output, re.MULTILINE)
    return ", ".join(f"{test} {float(seconds):.0f} s" for seconds, _, test in found[:TOP])


def profile(work: Callable[[], object]) -> str:
    """The functions in which some work spends most of its processor time, in shares of it; imports have been done."""
    work()
    profiler = cProfile.Profile(time.process_time)
    profiler.runcall(work)
    stats = pstats.Stats(profiler)
    total = stats.total_tt  # type: ignore[attr-defined]
    own = sorted(((row[2], where) for where, row in stats.stats.items()), reverse=True)[:TOP]  # type: ignore[attr-defined]
    return ", ".join(f"{_place(where)} {seconds / total:.0%}" for seconds, where in own)


def _a_case(name: str, epochs: int) -> None:
    """A case in full."""
    from reports.cases import select
    from reports.parts import run

    (case,) = select([name], ["float64"], epochs)
    run(case)


def _a_subject(path: Path) -> None:
    """A stranger's file, whose own work is a child's."""
    from reports.subjects.verdict import check

    check(path)


def _some_nets() -> None:
    """A chunk of the networks on which the judge is tried."""
    from reports.certify import certify_chunk, chunks

    certify_chunk(chunks(20, 0)[0])


def _a_fault() -> None:
    """A planted fault, found and named."""
    from reports.faults.matrix import chunks, try_chunk

    try_chunk(chunks([0])[0])


def _place(where: tuple[str, int, str]) -> str:
    """A function as file and name; built-in ones have only a name."""
    file, _, function = where
    return f"{Path(file).stem}.{function}" if os.sep in file else function.strip("<>{}")
