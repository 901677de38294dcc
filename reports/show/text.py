"""The failure text: what, where, when, how big against rounding, which command next, in at most 15 lines."""

import numpy as np
import pandas as pd

from reports.cases import CASES, Case
from reports.equations.step import equations
from reports.judge import PASSES, STATUSES


def failure(rows: pd.DataFrame) -> str:
    """Returns the text for the first row of a case that does not pass, or one line that says that all do.

    `rows` are those of one case in one dtype, in order of computation.
    """
    case, dtype = str(rows["case"].iloc[0]), str(rows["precision"].iloc[0])
    bad = ~rows["status"].isin(PASSES)
    if not bad.any():
        return f"{case}, {dtype}: parity in all {len(rows)} rows, the worst uses {share(rows['used'].max())}"
    row = rows[bad].iloc[0]
    before = rows[(rows["update"] == row["update"]) & (rows.index < row.name)]
    lines = [f"{case}, {dtype}: parity is lost first at epoch {row['epoch']}, {row['quantity']} {row['shape']}"]
    lines += [f"  {label:<12} {text}" for label, text in _fields(row, before, int(bad.sum()), len(rows))]
    return "\n".join(lines)


def _fields(row: pd.Series, before: pd.DataFrame, lost: int, total: int) -> list[tuple[str, str]]:
    """The lines of a failure text, label and words, in their fixed order."""
    where = f" at {row['worst_index']}" if row["worst_index"] else ""
    fields = [(row["status"], f"{row['out']} of {row['elements']} elements, worst {share(row['used'])}{where}")]
    if row["status"] != "apart":
        fields = [(row["status"], row["hint"] or STATUSES[row["status"]])]
    if not np.isnan(row["scratch"]) or row["status"] == "apart":
        fields.append(("scratch", f"{row['scratch']:.17g}"))
        fields.append(("reference", f"{row['reference']:.17g}"))
    if not np.isnan(row["allowed"]):
        fields.append(("allowed", f"{row['allowed']:.2g}: {why(row)}"))
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
