"""One axis at a time from ANN III: samples, width, depth; how time grows along each; what was left out and why."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from reports.bench.setting import Setting
from reports.bench.turns import MEMORY, Runner, Timing, take_turns

AXES: dict[str, tuple[int, ...]] = {
    "samples": (100, 1_000, 10_000, 100_000, 1_000_000),
    "width": (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
    "depth": (1, 2, 3, 4, 6, 8),
}
POINT_SECONDS = 20.0
ROUNDS = 7
UPPER = 3  # points at the end of an axis from which an exponent is fitted
DTYPES = ("float64", "float32")


def settings(axis: str, dtype: str, threads: int = 1) -> list[Setting]:
    """The points of an axis."""
    changes: list[dict[str, Any]] = [{axis: value} for value in AXES[axis]]
    return [replace(Setting(dtype=dtype, threads=threads), **change) for change in changes]


def sweep(
    running: list[Runner], axis: str, dtype: str, told: Callable[[str], None] = lambda text: None
) -> pd.DataFrame:
    """Times every point of an axis; a point that needs more memory than is allowed is a row that says so."""
    rows = []
    for setting in settings(axis, dtype):
        value = getattr(setting, axis)
        told(f"{axis} {value:,}, {dtype}")
        if setting.bytes() > MEMORY:
            reason = f"needs about {setting.bytes() / 2**30:.0f} GiB"
            timings = [Timing(runner.name, setting, [], float("nan"), reason) for runner in running]
        else:
            timings = take_turns(running, setting, ROUNDS, POINT_SECONDS)
        rows += [timing.row() | {"axis": axis, "value": value} for timing in timings]
    return with_ratios(pd.DataFrame(rows))


def with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Adds to each row its time in times of scratch at the same setting: above 1, scratch is faster."""
    keys = ["samples", "width", "depth", "dtype", "threads"]
    own = table[table["contender"] == "scratch"].drop_duplicates(keys).set_index(keys)["ms"]
    base = own.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
    return table.assign(of_scratch=table["ms"].to_numpy() / base)


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """Returns, per axis, dtype and contender, k in time ~ value^k over the last few points: 1 is linear."""
    rows = []
    for (axis, dtype, contender), points in table.groupby(["axis", "dtype", "contender"], sort=False):
        known = points[points["ms"] > 0].tail(UPPER)
        if len(known) >= 2:
            slope = np.polyfit(np.log(known["value"].to_numpy(float)), np.log(known["ms"].to_numpy(float)), 1)[0]
            over = f"{known['value'].iloc[0]:,} to {known['value'].iloc[-1]:,}"
            rows.append({"axis": axis, "dtype": dtype, "contender": contender, "exponent": float(slope), "over": over})
    return pd.DataFrame(rows)


def slower(table: pd.DataFrame, widest: int = 2048) -> pd.DataFrame:
    """Returns the places where torch eager is faster than scratch, up to a width."""
    eager = table[(table["contender"] == "torch eager") & (table["width"] <= widest)]
    return eager[eager["of_scratch"] < 1]


def left_out(table: pd.DataFrame) -> list[str]:
    """Names the points that were not measured, and why."""
    missed = table[table["left_out"] != ""]
    groups: Iterable = missed.groupby(["axis", "value", "dtype", "left_out"], sort=False)
    return [
        f"{axis} {value:,}, {dtype}, {', '.join(points['contender'])}: {reason}"
        for (axis, value, dtype, reason), points in groups
    ]
