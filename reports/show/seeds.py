"""The spread of a case over other seeds."""

from typing import Any

import pandas as pd

from reports.judge import PASSES, verdict
from reports.pipeline import Comparison
from reports.show.terminal import VERDICTS


def seeds_table(comparisons: list[Comparison]) -> pd.DataFrame:
    """Returns the spread of final loss and accuracy over seeds, per case and dtype, both sides."""
    rows: dict[tuple[str, str], list[Any]] = {}
    for comparison in comparisons:
        rows.setdefault((comparison.case.name, comparison.case.dtype), []).append(comparison)
    table = []
    for (name, dtype), runs in rows.items():
        row: dict[str, Any] = {"case": name, "dtype": dtype, "seeds": len(runs)}
        row["verdict"] = VERDICTS[verdict(status for run in runs for status in run.rows["status"])]
        row["rows not passing"] = sum(int((~run.rows["status"].isin(PASSES)).sum()) for run in runs)
        for side in ("scratch", "reference"):
            last = pd.DataFrame([run.trajectories[run.trajectories["side"] == side].iloc[-1] for run in runs])
            row[f"{side} loss"] = f"{last['loss'].min():.3f} – {last['loss'].max():.3f}"
            if runs[0].case.classifies:
                row[f"{side} accuracy"] = f"{last['accuracy'].min():.3f} – {last['accuracy'].max():.3f}"
        table.append(row)
    return pd.DataFrame(table).fillna("")
