"""Comparisons -> DataFrames, one function per table. Numbers stay numbers; `shown` turns a frame into text."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from reports.judge import FAILS, PASSES, verdict
from reports.pipeline import Comparison
from reports.show.terminal import VERDICTS

# Of floats, by a column's name or its last word; ".3g" for all others.
FORMATS = {
    "slide loss": ".3f",
    "loss": ".6g",
    "accuracy": ".3f",
    "rate": ".12g",
    "answer": ".17g",
    "bias": ".9g",
    "factor": ".6f",
}
SIDES = ("scratch", "reference")


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a frame as text: integers with thousands, floats as FORMATS says of their column, NaN as nothing."""
    return pd.DataFrame({column: [_text(column, value) for value in frame[column]] for column in frame.columns})


def _text(column: str, value: Any) -> str:
    """One cell as text."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else format(value, FORMATS.get(column) or FORMATS.get(column.split()[-1], ".3g"))
    return str(value)


def per_case(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Returns one row per case and dtype. `apart` counts every failing status, `unjudged` also what is not finite."""
    table = []
    for comparison in comparisons:
        case, rows = comparison.case, comparison.rows
        worst = _worst(rows)
        counts = rows["status"].value_counts()
        table.append(
            {
                "case": case.name,
                "dtype": case.dtype,
                "verdict": VERDICTS[verdict(rows["status"])],
                "rows": len(rows),
                "exact": int(counts.get("exact", 0)),
                "close": int(counts.get("close", 0)),
                "apart": int(counts.reindex(FAILS).sum()),
                "unjudged": int(counts.reindex(["nonfinite", "unjudged"]).sum()),
                "undecided": int(rows["undecided"].sum()),
                "worst used": float(worst["used"]),
                "worst quantity": worst["quantity"],
                "seconds": round(comparison.seconds, 1),
                "says": case.says,
            }
        )
    return pd.DataFrame(table)


def _worst(rows: pd.DataFrame) -> pd.Series:
    """The row that uses most of its allowance; a failing row that cannot be measured is worse than any that can."""
    unmeasured = np.where(rows["status"].isin(FAILS), np.inf, -1.0)
    return rows.iloc[int(rows["used"].fillna(pd.Series(unmeasured, rows.index)).argmax())]


def per_layer(comparison: Comparison) -> pd.DataFrame:
    """Returns one row per quantity in order of computation, over all checked steps; `epoch` is that of the worst."""
    training = _part(comparison, probes=False)
    groups = training.groupby("quantity", sort=False)
    worst = pd.DataFrame([_worst(rows) for _, rows in groups], columns=training.columns).reset_index(drop=True)
    most = groups[["max_abs", "max_ulp", "max_rel", "local", "scratch_off", "reference_off"]].max().reset_index()
    return pd.DataFrame(
        {
            "quantity": worst["quantity"],
            "shape": worst["shape"],
            "checked": worst["checked"].astype(int),
            "worst gap": most["max_abs"],
            "worst ulp": most["max_ulp"],
            "allowed there": worst["allowed"],
            "rtol needed": most["max_rel"],
            "worst used": worst["used"],
            "local": most["local"],
            "scratch truth": most["scratch_off"],
            "reference truth": most["reference_off"],
            "epoch": worst["epoch"].astype(int),
            "undecided": groups["undecided"].sum().astype(int).to_numpy(),
            "statuses": [_counted(statuses) for _, statuses in groups["status"]],
        }
    )


def per_probe(comparison: Comparison) -> pd.DataFrame:
    """Returns one row per probe: its rows, the one that uses most of its allowance, and the statuses."""
    table = []
    for probe, rows in _part(comparison, probes=True).groupby("probe", sort=False):
        worst = _worst(rows)
        row = {"probe": probe, "rows": len(rows), "worst used": worst["used"], "worst quantity": worst["quantity"]}
        predicted = rows[rows["hint"].str.startswith("as predicted")]["hint"]
        row |= {"statuses": _counted(rows["status"]), "departure": predicted.iloc[0] if len(predicted) else ""}
        table.append(row)
    return pd.DataFrame(table)


def _part(comparison: Comparison, probes: bool) -> pd.DataFrame:
    """The rows of the probes, or of the training, without what the frame carries: each slice would copy that."""
    rows = comparison.rows[(comparison.rows["probe"] != "") == probes]
    rows.attrs = {}
    return rows


def _counted(statuses: pd.Series) -> str:
    """How many rows have which status, the most frequent first."""
    return ", ".join(f"{count:,} {name}" for name, count in Counter(statuses).most_common())


def failures(comparison: Comparison) -> pd.DataFrame:
    """Returns the rows that do not pass, in order of computation."""
    rows = comparison.rows[~comparison.rows["status"].isin(PASSES)]
    columns = ["epoch", "update", "probe", "quantity", "status", "out", "elements", "used", "max_abs", "worst_index"]
    return rows[[*columns, "scratch", "reference", "hint"]].reset_index(drop=True)


def confusion(comparison: Comparison) -> dict[str, np.ndarray]:
    """Returns by side how many samples of each class (rows) were answered with which (columns), after training."""
    if not (comparison.case.classifies and comparison.outputs):
        return {}
    counts = {}
    for side in SIDES:
        size = comparison.outputs[side].shape[1]
        counts[side] = np.zeros((size, size), int)
        np.add.at(counts[side], (classes(comparison), comparison.outputs[side].argmax(axis=1)), 1)
    return counts


def classes(comparison: Comparison) -> np.ndarray:
    """Returns the class of each sample, whichever way the labels say it."""
    labels = comparison.labels
    return np.asarray(labels if labels.ndim == 1 else labels.argmax(axis=1)).astype(int)


def worst_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows that do not pass and, for each case, dtype and quantity, the one nearest its limit."""
    if rows.empty:
        return rows
    keys = ["case", "precision", "quantity"]
    nearest = rows.assign(used=rows["used"].fillna(-1)).groupby(keys, sort=False)["used"].idxmax()
    return rows.loc[np.union1d(nearest, rows.index[~rows["status"].isin(PASSES)])]
