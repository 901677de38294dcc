"""Comparisons -> DataFrames, one function per table. Numbers stay numbers; `shown` turns a frame into text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from reports.judge import FAILS, PASSES, verdict
from reports.pipeline import Comparison
from reports.show.terminal import VERDICTS

# Epoch, accuracy, loss and rate as the lecture prints them; the last digits of some rates are damaged.
SLIDE = (
    (18200, 0.767, 0.662, 0.010416666666666666), (18300, 0.767, 0.662, 0.010362694300518135),
    (18400, 0.768, 0.661, 0.010309278350518135), (18500, 0.768, 0.661, 0.010256410256410256),
    (18600, 0.769, 0.660, 0.010204081632653061), (18700, 0.769, 0.660, 0.010152284263959342),
    (18800, 0.770, 0.660, 0.010101010101010101), (18900, 0.770, 0.659, 0.010050251256281407),
    (19000, 0.769, 0.659, 0.010000000000000000), (19100, 0.769, 0.658, 0.009950248756218905),
    (19200, 0.769, 0.658, 0.009900990099009901), (19300, 0.769, 0.658, 0.009852216748768418),
    (19400, 0.769, 0.657, 0.009803921568627451), (19500, 0.769, 0.657, 0.009756097560975610),
    (19600, 0.769, 0.656, 0.009708737864318183), (19700, 0.768, 0.656, 0.009661835748502090),
    (19800, 0.769, 0.656, 0.009615384615384615), (19900, 0.770, 0.655, 0.009569377990654205),
)  # fmt: skip
SLIDE_ANSWER = 2.00173615  # every prediction of ANN II, as the lecture prints it
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
    table = []
    training = comparison.rows[comparison.rows["probe"] == ""]
    for quantity, rows in training.groupby("quantity", sort=False):
        worst = _worst(rows)
        table.append(
            {
                "quantity": quantity,
                "shape": worst["shape"],
                "checked": int(worst["checked"]),
                "worst gap": rows["max_abs"].max(),
                "worst ulp": rows["max_ulp"].max(),
                "allowed there": worst["allowed"],
                "rtol needed": rows["max_rel"].max(),
                "worst used": worst["used"],
                "local": rows["local"].max(),
                "scratch truth": rows["scratch_off"].max(),
                "reference truth": rows["reference_off"].max(),
                "epoch": int(worst["epoch"]),
                "undecided": int(rows["undecided"].sum()),
                "statuses": ", ".join(f"{count:,} {name}" for name, count in rows["status"].value_counts().items()),
            }
        )
    return pd.DataFrame(table)


def per_probe(comparison: Comparison) -> pd.DataFrame:
    """Returns one row per probe: its rows, the one that uses most of its allowance, and the statuses."""
    table = []
    for probe, rows in comparison.rows[comparison.rows["probe"] != ""].groupby("probe", sort=False):
        worst = _worst(rows)
        statuses = ", ".join(f"{count:,} {name}" for name, count in rows["status"].value_counts().items())
        row = {"probe": probe, "rows": len(rows), "worst used": worst["used"], "worst quantity": worst["quantity"]}
        predicted = rows[rows["hint"].str.startswith("as predicted")]["hint"]
        table.append(row | {"statuses": statuses, "departure": predicted.iloc[0] if len(predicted) else ""})
    return pd.DataFrame(table)


def failures(comparison: Comparison) -> pd.DataFrame:
    """Returns the rows that do not pass, in order of computation."""
    rows = comparison.rows[~comparison.rows["status"].isin(PASSES)]
    columns = ["epoch", "update", "probe", "quantity", "status", "out", "elements", "used", "max_abs", "worst_index"]
    return rows[[*columns, "scratch", "reference", "hint"]].reset_index(drop=True)


def slide(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Returns the lecture's printed epochs beside both sides' ann3 in float64; empty when that did not run so far."""
    ann3 = find(comparisons, "ann3", "float64")
    printed = pd.DataFrame(SLIDE, columns=["epoch", "slide accuracy", "slide loss", "slide rate"]).set_index("epoch")
    if ann3 is None or ann3.case.epochs <= printed.index.max():
        return pd.DataFrame()
    for side, run in ann3.trajectories.groupby("side", sort=False):
        run = run.set_index("epoch").rename(columns={"learning_rate": "rate"})
        printed = printed.join(run[["accuracy", "loss", "rate"]].add_prefix(f"{side} "))
    digits = {name: printed[f"{name} rate"].map(ten_digits) for name in ("slide", *SIDES)}
    printed["rates equal"] = (digits["slide"] == digits["scratch"]) & (digits["slide"] == digits["reference"])
    columns = [f"{who} {what}" for what in ("accuracy", "loss", "rate") for who in ("slide", *SIDES)]
    table = printed[[*columns, "rates equal"]].reset_index()
    return table.astype({"epoch": str})  # a label: 18200, not 18,200


def ten_digits(number: float) -> str:
    """Returns the first ten significant digits, cut and not rounded: on the slide those behind them are damaged."""
    digits, exponent = f"{number:.15e}".split("e")
    return f"{digits[:11]}e{exponent}"


def collapse(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Returns ANN II's loss, last bias and factor per epoch, both sides; empty when ann2 did not run.

    factor = (bias after the step - mean target) / (bias before it - mean target). Both sides' bias and factor come
    from the judged rows, where each step of both starts from the same state; the losses run freely.
    """
    ann2 = find(comparisons, "ann2")
    if ann2 is None:
        return pd.DataFrame()
    losses = ann2.trajectories.pivot_table(index="epoch", columns="side", values="loss")
    table = losses[list(SIDES)].add_suffix(" loss")
    steps = ann2.rows[ann2.rows["probe"] == ""]
    biases = steps[steps["quantity"] == f"parameter/{ann2.case.layers[-1].name}.biases"].set_index("epoch")
    off = biases[list(SIDES)] - float(ann2.labels.mean())
    before = off["scratch"].reindex(off.index - 1).set_axis(off.index)
    for side in SIDES:
        table[f"{side} bias"] = biases[side]
        table[f"{side} factor"] = off[side] / before.where(before != 0)
    return table.reset_index()


def answers(comparison: Comparison) -> pd.DataFrame:
    """Returns the least and greatest answer of each trained side."""
    return pd.DataFrame(
        [
            {"side": side, "least answer": float(values.min()), "greatest answer": float(values.max())}
            for side, values in comparison.outputs.items()
        ]
    )


def find(comparisons: Sequence[Comparison], name: str, dtype: str | None = None) -> Comparison | None:
    """Returns the first comparison of a case, in a dtype where one is given; None when there is none."""
    for comparison in comparisons:
        if comparison.case.name == name and dtype in (None, comparison.case.dtype):
            return comparison
    return None
