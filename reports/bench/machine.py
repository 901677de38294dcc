"""The whole machine: what each command takes, and where its time goes."""

import cProfile
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parents[2]
COMMANDS: dict[str, list[str]] = {
    "parity --help": ["-m", "reports", "--help"],
    "parity list": ["-m", "reports", "list"],
    "parity explain square": ["-m", "reports", "explain", "square", "--epochs", "20"],
    "parity certify": ["-m", "reports", "certify"],
    "parity faults": ["-m", "reports", "faults"],
    "parity report": ["-m", "reports", "report", "--out", "{folder}"],
    "pytest": ["-m", "pytest", "-q"],
}
TOP = 5  # functions named in a profile


def whole_machine(told: Any = lambda text: None) -> pd.DataFrame:
    """Runs every command once; a row each with seconds, processor time, memory of its largest process, exit code."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in COMMANDS.items():
            told(name)
            rows.append({"command": name, **timed([part.format(folder=folder) for part in arguments])})
    return pd.DataFrame(rows).assign(goes=[_goes(name, arguments) for name, arguments in COMMANDS.items()])


def timed(arguments: list[str]) -> dict[str, Any]:
    """Runs Python with arguments from the project's folder; what it and its children took."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": seconds, "processor_s": processor, "cores": processor / seconds,
        "largest_mb": after.ru_maxrss / 1024, "exit_code": done.returncode,
    }  # fmt: skip


def _goes(name: str, arguments: list[str]) -> str:
    """Where a command's time goes: the imports of a short one, the functions of one case for a long one."""
    if name in ("parity --help", "parity list"):
        return slowest_imports(arguments)
    return profile_of_a_case() if name in ("parity report", "pytest") else ""


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


def profile_of_a_case(name: str = "ann3", epochs: int = 300) -> str:
    """The functions in which a case's run spends most of its time, in shares of it."""
    from reports.cases import select
    from reports.parts import run

    (case,) = select([name], ["float64"], epochs)
    profile = cProfile.Profile(time.process_time)
    profile.runcall(run, case)
    stats = pstats.Stats(profile)
    total = stats.total_tt  # type: ignore[attr-defined]
    own = sorted(((row[2], where) for where, row in stats.stats.items()), reverse=True)[:TOP]  # type: ignore[attr-defined]
    return ", ".join(f"{_place(where)} {seconds / total:.0%}" for seconds, where in own)


def _place(where: tuple[str, int, str]) -> str:
    """A function as file and name; built-in ones have only a name."""
    file, _, function = where
    return f"{Path(file).stem}.{function}" if os.sep in file else function.strip("<>{}")
