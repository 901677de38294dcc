"""What is asked of scratch, of the lockstep and of the commands, and where one falls short."""

from typing import Any, NamedTuple

import pandas as pd


class Asked(NamedTuple):
    """One demand: a contender must take at least `least` times scratch's time (or scratch at most so many of it)."""

    contender: str
    width: int
    least: float
    most: dict[str, float] | None = None  # by dtype: scratch may take so many times the contender's time
    aim: bool = False  # an aim is reported, and fails nobody


ASKED = (
    Asked("torch eager", 128, 1.4),
    Asked("torch.compile", 128, 1.0),
    Asked("JAX", 128, 1.0),
    Asked("plain transcription", 128, 1.3),
    Asked("products alone", 128, 0.0, {"float64": 1.9, "float32": 2.4}, aim=True),
    Asked("torch eager", 1024, 1.5),
)
LOCKSTEP = {"float64": 2.5, "float32": 3.5}  # wall time of a checked training, in times of both sides alone
SECONDS = {"pytest": 90.0, "parity report": 150.0, "parity check": 6.0, "parity --help": 0.4}


def judged(
    table: pd.DataFrame, lockstep: pd.DataFrame | None = None, machine: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Returns a row per demand that the tables can answer: asked, reached, and the spread of that."""
    rows = _scratch(table)
    if lockstep is not None:
        rows += [_lockstep(row) for row in lockstep.to_dict("records")]
    if machine is not None:
        rows += [_command(row) for row in machine.to_dict("records") if row["command"] in SECONDS]
    return pd.DataFrame(rows)


def _scratch(table: pd.DataFrame) -> list[dict[str, Any]]:
    """What is asked of scratch beside the others."""
    rows: list[dict[str, Any]] = []
    lecture = table[(table["samples"] == 1500) & (table["depth"] == 1) & (table["threads"] == 1)]
    for asked in ASKED:
        points = lecture[(lecture["width"] == asked.width) & (lecture["ms"] > 0)]
        for dtype, both in points.groupby("dtype", sort=False):
            of = both.drop_duplicates("contender").set_index("contender")
            if asked.contender not in of.index or "scratch" not in of.index:
                continue
            theirs, ours = dict(of.loc[asked.contender]), dict(of.loc["scratch"])
            if asked.most:
                ratio, low, high = _ratio(ours, theirs)
                fine, wanted = ratio <= asked.most[str(dtype)], f"≤{asked.most[str(dtype)]:g}"
                what = "scratch / products alone"
            else:
                ratio, low, high = _ratio(theirs, ours)
                fine = ratio >= asked.least if asked.least > 1 else ratio > asked.least
                wanted, what = (
                    f"≥{asked.least:g}" if asked.least > 1 else ">1",
                    f"{asked.contender} / scratch",
                )
            verdict = "yes" if fine else "missed" if asked.aim else "SHORT"
            rows.append({
                "ratio": what, "width": str(asked.width), "dtype": dtype, "asked": wanted, "reached": ratio,
                "from": low, "to": high, "fine": verdict,
            })  # fmt: skip
    return rows


def _lockstep(row: dict[Any, Any]) -> dict[str, Any]:
    """What is asked of a training in which every epoch is checked."""
    most = LOCKSTEP[str(row["dtype"])]
    return {
        "ratio": "lockstep / both sides alone", "width": "128", "dtype": row["dtype"], "asked": f"≤{most:g}",
        "reached": row["wall_ratio"], "from": row["ratio_low"], "to": row["ratio_high"],
        "fine": "yes" if row["wall_ratio"] <= most else "SHORT",
    }  # fmt: skip


def _command(row: dict[Any, Any]) -> dict[str, Any]:
    """What is asked of a command, in seconds; one that went wrong has taken no time that counts."""
    most, fine = SECONDS[str(row["command"])], row["seconds"] <= SECONDS[str(row["command"])]
    if row["exit_code"]:
        fine = False
    return {
        "ratio": f"seconds: {row['command']}", "width": "", "dtype": "", "asked": f"≤{most:g}",
        "reached": row["seconds"], "from": row["seconds"], "to": row["seconds"], "fine": "yes" if fine else "SHORT",
    }  # fmt: skip


def _ratio(above: dict[Any, Any], below: dict[Any, Any]) -> tuple[float, float, float]:
    """The ratio of two medians, and how far the middle halves of both could move it."""
    return above["ms"] / below["ms"], above["ms_low"] / below["ms_high"], above["ms_high"] / below["ms_low"]


def exit_code(verdicts: pd.DataFrame) -> int:
    """Returns 0 where everything asked is reached, 1 where something falls short, 2 where nothing was measured."""
    if not len(verdicts):
        return 2
    return 1 if (verdicts["fine"] == "SHORT").any() else 0
