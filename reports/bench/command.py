"""`parity bench`: speed, side by side. Heavy libraries load when it runs."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

FAST = ("scratch", "plain transcription", "torch eager", "torch.compile", "JAX", "products alone")
SWEPT = ("scratch", "plain transcription", "torch eager", "torch fused", "JAX", "products alone")
ROUNDS, QUICK_ROUNDS = 25, 15
QUICK_SECONDS = 3.0  # a setting
SHOWN: dict[str, dict[str, str]] = {  # what the terminal shows of each table, under names that leave room for numbers
    "times": {
        "contender": "contender", "width": "width", "dtype": "dtype", "threads": "cores", "ms": "ms", "ms_low": "from",
        "ms_high": "to", "of_scratch": "ratio", "peak_mb": "MB",
    },
    "exponents": {},
    "lockstep": {
        "dtype": "dtype", "alone_s": "alone s", "lockstep_s": "lockstep s", "ms_per_epoch": "ms/epoch",
        "wall_ratio": "ratio", "ratio_low": "from", "ratio_high": "to", "processor_ratio": "of processor time",
    },
    "machine": {
        "command": "command", "seconds": "s", "processor_s": "cpu s", "largest_mb": "MB", "exit_code": "exit",
        "goes": "where it goes",
    },
}  # fmt: skip


@click.command()
@click.option(
    "--quick", is_flag=True, help="Only what is asked of scratch on ANN III and at width 1024: under a minute."
)
@click.option("--machine", is_flag=True, help="Besides, time every command and the suite, and say where they spend it.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default="parity-bench", show_default=True,
    help="Folder for CSV and the page.",
)  # fmt: skip
def bench(quick: bool, machine: bool, out: Path) -> None:
    """Time scratch beside a plain transcription, torch in several ways and JAX, in turns, one process each.

    Exit code 0: as fast as asked (see the table); 1: not; 2: nothing measured. torch.compile compiles before the first
    turn, from its cache where it has one. On one thread the figures are processor time, on two the clock's.
    """
    from rich.console import Console

    from reports.bench.verdict import exit_code, judged
    from reports.show.bench import TITLES, rounded
    from reports.show.terminal import frame_table

    console, began = Console(), time.perf_counter()
    told = Console(stderr=True).status("starting")
    with told:
        tables = _measured(quick, lambda text: told.update(f"{text}, {time.perf_counter() - began:.0f} s"))
        if machine:
            from reports.bench.machine import whole_machine

            tables["machine"] = whole_machine(told.update)
    verdicts = judged(tables["times"], tables.get("lockstep"), tables.get("machine"))
    for name in SHOWN:
        if name in tables:
            shown = rounded(_narrow(tables[name]) if name == "exponents" else tables[name][list(SHOWN[name])])
            console.print(f"\n{TITLES[name]}", style="bold")
            console.print(frame_table(shown.rename(columns=SHOWN[name]), [*SHOWN[name].values()][:-1]))
    console.print()
    shown = rounded(verdicts)
    shown["ratio"] += [f" at {width}" if width == "1024" else "" for width in shown.pop("width")]
    console.print(frame_table(shown, shown.columns))  # no cell on two lines
    if not quick:
        from reports.show.bench import write_bench

        console.print(f"page: {write_bench(out, tables | {'verdicts': verdicts})}", highlight=False, soft_wrap=True)
    code = exit_code(verdicts)
    words = {0: "FAST ENOUGH", 1: "FALLS SHORT", 2: "NOTHING MEASURED"}
    console.print(f"{words[code]}: {len(verdicts)} ratios, {time.perf_counter() - began:.0f} s")
    sys.exit(code)


def _measured(quick: bool, told: Any) -> dict[str, "pd.DataFrame"]:
    """All tables: `times` always; the sweep, its exponents and the lockstep unless quick."""
    import pandas as pd

    from reports.bench.contenders import CONTENDERS, installed
    from reports.bench.floor import traffic_ms
    from reports.bench.setting import Setting
    from reports.bench.sweep import AXES, DTYPES, exponents, sweep, with_ratios
    from reports.bench.turns import runners, take_turns

    lecture = [Setting(dtype=dtype) for dtype in DTYPES]
    wide = [Setting(dtype=dtype, width=1024) for dtype in DTYPES]
    two = [] if quick else [Setting(dtype=dtype, threads=2) for dtype in DTYPES]
    running = runners(installed(list(FAST if quick else CONTENDERS)))
    rows: list[dict[str, Any]] = []
    for setting in (*lecture, *wide, *two):
        told(f"width {setting.width}, {setting.dtype}, {setting.threads} threads")
        contenders = running
        if setting.width > 128:  # torch.compile would compile anew for it, and is asked nothing there
            contenders = [runner for runner in running if runner.name not in ("torch.compile", "JAX")]
        most = QUICK_SECONDS if quick else 20.0
        rows += [timing.row() for timing in take_turns(contenders, setting, QUICK_ROUNDS if quick else ROUNDS, most)]
        rows.append(_floor_row(setting, traffic_ms(setting)))
    tables = {"times": with_ratios(pd.DataFrame(rows))}
    for runner in running:
        if quick or runner.name not in SWEPT:
            runner.close()
    if quick:
        return tables
    swept = [runner for runner in running if runner.name in SWEPT]
    tables["sweep"] = pd.concat(
        [sweep(swept, axis, dtype, told) for axis in AXES for dtype in DTYPES], ignore_index=True
    )
    for runner in swept:
        runner.close()
    tables["exponents"] = exponents(tables["sweep"])
    told("lockstep")
    from reports.bench.lockstep import cost

    tables["lockstep"] = pd.DataFrame([cost(dtype) for dtype in DTYPES])
    return tables


def _floor_row(setting: Any, milliseconds: float) -> dict[str, Any]:
    """The memory traffic of an epoch at the bandwidth of here and now, as one more contender."""
    same = dict.fromkeys(("ms", "ms_low", "ms_high", "ms_clock"), milliseconds)
    return {
        "contender": "memory traffic",
        **setting.row(),
        **same,
        "rounds": 0,
        "peak_mb": float("nan"),
        "left_out": "",
    }


def _narrow(exponents: "pd.DataFrame") -> "pd.DataFrame":
    """One row per axis and dtype, a column per contender."""
    return exponents.pivot(index=["axis", "dtype"], columns="contender", values="exponent").reset_index()
