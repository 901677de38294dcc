"""What the lecture printed, beside what both sides give: its slide of ANN III, and the collapse of ANN II."""

from collections.abc import Sequence

import pandas as pd

from reports.pipeline import Comparison
from reports.show.tables import SIDES

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
