"""The failure text: what, where, when, how big against rounding, which command next, in at most 15 lines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reports.cases import CASES, Case
from reports.equations.step import equations
from reports.judge import FAILS, PASSES, STATUSES

if TYPE_CHECKING:
    from reports.pipeline import Comparison


def failure(rows: pd.DataFrame) -> str:
    """Returns the text for the first row of a case that does not pass, or one line that says that all do.

    `rows` are those of one case in one dtype, in order of computation.
    """
    case, dtype = str(rows["case"].iloc[0]), str(rows["precision"].iloc[0])
    bad = ~rows["status"].isin(PASSES)
    if not bad.any():
        return f"{case}, {dtype}: parity in all {len(rows)} rows, the worst uses {share(rows['used'].max())}"
    row = rows[bad].iloc[0]
    same_step = (rows["update"] == row["update"]) & (rows["probe"] == row["probe"])
    before = rows[same_step & (rows.index < row.name)]
    where = f"probe '{row['probe']}'" if row["probe"] else f"epoch {row['epoch']}"
    lines = [f"{case}, {dtype}: parity is lost first at {where}, {row['quantity']} {row['shape']}"]
    diagnoses = rows.attrs.get("diagnoses", [])
    lines += [f"  {label:<12} {text}" for label, text in _fields(row, before, int(bad.sum()), len(rows), diagnoses)]
    return "\n".join(lines)


def _fields(
    row: pd.Series, before: pd.DataFrame, lost: int, total: int, diagnoses: list[dict[str, Any]]
) -> list[tuple[str, str]]:
    """The lines of a failure text, label and words, in their fixed order."""
    where = f" at {row['worst_index']}" if row["worst_index"] else ""
    fields = [(row["status"], f"{row['out']} of {row['elements']} elements, worst {share(row['used'])}{where}")]
    if row["status"] != "apart":
        fields = [(row["status"], row["hint"] or STATUSES[row["status"]])]
    if not np.isnan(row["scratch"]) or row["status"] == "apart":
        fields.append(("scratch", f"{row['scratch']:.17g}"))
        fields.append(("reference", f"{row['reference']:.17g}"))
    if row["nearer"]:
        fields.append(("nearer truth", nearer(row)))
    if row["origin"]:
        fields.append(("origin", ORIGINS[row["origin"]]))
    if not np.isnan(row["allowed"]):
        fields.append(("allowed", f"{row['allowed']:.2g}: {why(row)}"))
    if row["max_rel"] > 0:
        fields.append(("np.allclose", f"would have needed rtol {row['max_rel']:.2g} (its default is 1e-05)"))
    fields += [("looks like", text) for text in looks_like(diagnoses, str(row["quantity"]))]
    if len(before):
        names = before["quantity"].tolist()
        run = names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]}"
        fields.append(("agreed", f"{run} ({len(names)} rows before it)"))
    elif row["update"]:
        fields.append(("agreed", "every checked step before this one"))
    fields.append(("lost", f"{lost} of {total} rows in all"))
    fields.append(("see it", f"parity explain {row['case']} --dtype {row['precision']}"))
    fields.append(("again", f"pytest parity_tests -k {row['case']}"))
    return fields


def looks_like(diagnoses: list[dict[str, Any]], quantity: str) -> list[str]:
    """Returns the diagnoses in words, that of `quantity` first, at most three lines, with what they leave over."""
    told = []
    for diagnosis in sorted(diagnoses, key=lambda one: quantity not in one["rows"]):
        text = diagnosis["says"]
        if diagnosis["causes"] and not np.isnan(diagnosis["residual"]):
            text += f" [{'/'.join(diagnosis['causes'])}; it leaves {share(diagnosis['residual'])}"
            if diagnosis["runner_up"]:
                text += f", the next best, {diagnosis['runner_up'].partition(':')[0]},"
                text += f" {diagnosis['runner_up_residual']:.0e}"
            text += "]"
        told.append(text)
    return told if len(told) <= MOST else [*told[: MOST - 1], f"and {len(told) - MOST + 1} more causes"]


MOST = 3  # lines of diagnoses in a failure text
ORIGINS = {
    "introduced here": "introduced here: scratch's own inputs to this row do not give it",
    "inherited": "inherited: scratch's own inputs to this row do give it; look further up",
}


def nearer(row: pd.Series) -> str:
    """Returns which side is nearer the truth, and how many bounds either is off."""
    offs = ", ".join(f"{side} is {row[f'{side}_off']:.2g} bounds off" for side in ("scratch", "reference"))
    guilty = [side for side in ("scratch", "reference") if row[f"{side}_off"] > 1]
    return f"{row['nearer']}; {offs}" + (f": {' and '.join(guilty)} convicted" if guilty else "")


def why(row: pd.Series) -> str:
    """Returns why the row's allowance is what it is."""
    case: Case | None = CASES.get(row["case"])
    reasons = {equation.name: equation.why for equation in equations(case)} if case else {}
    return f"{reasons.get(row['quantity'], 'no bound is known')}; {row['precision']}"


def share(used: float) -> str:
    """Returns a share of the allowance in words that fit a line."""
    if np.isnan(used):
        return "not measurable"
    if np.isinf(used):
        return "infinitely many allowances"
    return f"{used:.2g} allowances" if used >= 0.001 or used == 0 else f"{used:.0e} allowances"


def sentence(comparisons: "Sequence[Comparison]") -> str:
    """Returns what was compared and what came out, in words."""
    if not comparisons:
        return "Nothing was compared."
    rows = pd.concat([comparison.rows[["status", "used", "elements"]] for comparison in comparisons])
    counts = rows["status"].value_counts()
    passing = int(counts.reindex(PASSES).sum())
    compared = f"{len(rows):,} rows ({rows['elements'].sum():,} pairs of numbers)"
    if passing == len(rows):
        return (
            f"Every one of {compared} agrees to rounding: {counts.get('exact', 0):,} equal to the last bit, "
            f"{counts.get('close', 0):,} apart by no more than rounding explains. The worst gap is "
            f"{share(rows['used'].max())}, where 1 is the limit."
        )
    lost, unjudged = int(counts.reindex(FAILS).sum()), int(counts.reindex(["nonfinite", "unjudged"]).sum())
    return f"Of {compared}, {passing:,} agree to rounding, {lost:,} do not, and {unjudged:,} cannot be judged."
