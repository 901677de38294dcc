"""Trajectories -> the charts of a page: exact values of every epoch, so that zooming and hovering need no more data.

The pictures are thinned where they are drawn: for each column of pixels the least and the greatest value.
"""

from typing import Any

import numpy as np
import pandas as pd

from reports.pipeline import Comparison
from reports.show.packed import packed

SIDES = ("scratch", "reference")
MEASURES = {"loss": "loss", "accuracy": "accuracy", "learning_rate": "learning rate"}


def charts(comparison: Comparison) -> dict[str, Any] | None:
    """Returns the charts of a case, both sides left alone and the checked updates below; None for a single epoch."""
    runs = comparison.trajectories
    if comparison.case.epochs < 2 or runs.empty:
        return None
    measures = {column: _sides(runs, column) for column in MEASURES if runs[column].notna().any()}
    drawn = [_measure(column, frame) for column, frame in measures.items()]
    drawn += [_difference(measures["loss"]), *_used(comparison.rows)]
    return {"epochs": len(measures["loss"]), "charts": drawn}


def summary(comparison: Comparison) -> str:
    """Returns what the charts show, for those who do not see them."""
    loss = _sides(comparison.trajectories, "loss")
    gap = (loss["scratch"] - loss["reference"]).abs()
    first, last = loss.iloc[0], loss.iloc[-1]
    return (
        f"Over {len(loss):,} epochs the loss goes from {first['scratch']:.6g} to {last['scratch']:.6g} (scratch) and "
        f"{last['reference']:.6g} (reference). The two free runs differ by {gap.max():.2g} at most; they are equal at "
        f"{int((gap == 0).sum()):,} of {len(loss):,} epochs."
    )


def _sides(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """One measure, a column per run, a row per epoch."""
    return runs.pivot_table(index="epoch", columns="side", values=column, dropna=False)


def _measure(column: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Both sides' values, and the band of the reference's replicas where they ran as long."""
    both = frame[list(SIDES)].to_numpy()
    finite = both[np.isfinite(both)]
    spread = column == "loss" and finite.size > 0 and finite.min() > 0 and finite.max() > 20 * finite.min()
    chart: dict[str, Any] = {"name": column, "title": MEASURES[column], "log": bool(spread), "dots": False}
    same = frame["scratch"].equals(frame["reference"])  # the second is then not said again
    values = {"scratch": packed(frame["scratch"]), "reference": None if same else packed(frame["reference"])}
    chart["series"] = [{"label": side, "values": values[side]} for side in SIDES]
    replicas = _replicas(frame)
    chart["band"] = None
    if replicas is not None and column != "learning_rate":
        chart["band"] = {"label": "the reference's replicas", "low": packed(replicas.min(axis=1)),
                         "high": packed(replicas.max(axis=1))}  # fmt: skip
    return chart


def _replicas(frame: pd.DataFrame) -> pd.DataFrame | None:
    """The replicas' columns; None where there are none."""
    replicas = frame.drop(columns=list(SIDES))
    return replicas if len(replicas.columns) else None


def _difference(loss: pd.DataFrame) -> dict[str, Any]:
    """How far the free runs' losses lie apart, beside the replicas' distance from the reference."""
    gap = {"label": "scratch from reference", "values": None}  # made in the browser from the losses
    series: list[dict[str, Any]] = [gap]
    replicas = _replicas(loss)
    if replicas is not None:
        noise = replicas.sub(loss["reference"], axis=0).abs().max(axis=1)
        series.append({"label": "the reference's replicas from it", "values": packed(noise, rough=True)})
    title = "difference of the losses, both sides left alone"
    return {"name": "difference", "title": title, "log": True, "dots": True, "band": None, "series": series}


def _used(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The worst gap in allowances of each checked epoch, with the quantity where it was met."""
    training = rows[(rows["probe"] == "") & (rows["epoch"] >= 0) & (rows["update"] >= 0)]
    if training.empty:
        return []
    order = training.assign(rank=training["used"].fillna(-1)).sort_values(["epoch", "rank"], kind="stable")
    worst = order.groupby("epoch").tail(1)
    chart = {
        "name": "used",
        "title": "worst gap in allowances, lockstep (1 is the limit)",
        "log": True,
        "dots": True,
        "band": None,
        "limit": 1,
        "at": packed(worst["epoch"]),
        "words": packed(worst["quantity"]),
        "series": [{"label": "worst of all quantities", "values": packed(worst["used"], rough=True)}],
    }
    return [chart]
