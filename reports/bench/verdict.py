"""What is asked of scratch, as ratios of one run, and where it falls short."""

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
SECONDS = {"pytest": 90.0, "parity report": 150.0, "parity --help": 0.4}


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """Returns a row per demand and dtype that the table can answer: asked, reached, and the spread of that."""
    rows = []
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
                fine, wanted = ratio <= asked.most[str(dtype)], f"at most {asked.most[str(dtype)]:g}"
                what = "scratch / products alone"
            else:
                ratio, low, high = _ratio(theirs, ours)
                fine = ratio >= asked.least if asked.least > 1 else ratio > asked.least
                wanted, what = (
                    f"at least {asked.least:g}" if asked.least > 1 else "above 1",
                    f"{asked.contender} / scratch",
                )
            verdict = "yes" if fine else "aim missed" if asked.aim else "SHORT"
            rows.append({
                "ratio": what, "width": asked.width, "dtype": dtype, "asked": wanted, "reached": ratio,
                "from": low, "to": high, "fine": verdict,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _ratio(above: dict[Any, Any], below: dict[Any, Any]) -> tuple[float, float, float]:
    """The ratio of two medians, and how far the middle halves of both could move it."""
    return above["ms"] / below["ms"], above["ms_low"] / below["ms_high"], above["ms_high"] / below["ms_low"]


def exit_code(verdicts: pd.DataFrame) -> int:
    """Returns 0 where everything asked is reached, 1 where something falls short, 2 where nothing was measured."""
    if not len(verdicts):
        return 2
    return 1 if (verdicts["fine"] == "SHORT").any() else 0
