"""What a report says of a case in words: updates checked, events, probes, truth, free runs."""

import pandas as pd

from reports.calibrated import QUIET_EPOCHS
from reports.judge import verdict
from reports.pipeline import Comparison
from reports.show.text import share

OTHER = {"scratch": "The reference", "reference": "Scratch"}


def notes(comparison: Comparison) -> list[str]:
    """Returns one sentence or two for each thing that was looked at besides the rows themselves."""
    rows = comparison.rows
    probes = rows[rows["probe"] != ""]
    said = [] if comparison.case.loss is None else _training(comparison, rows[rows["probe"] == ""])
    said.append(f"{probes['probe'].nunique()} probes ({len(probes):,} of the rows) lie where ordinary data do not go.")
    return said + _truth(rows) + _free_runs(comparison, rows[rows["quantity"] == "trajectory/loss"])


def _training(comparison: Comparison, rows: pd.DataFrame) -> list[str]:
    """How many updates were checked, and what made some worth a look."""
    checked, total = int(rows["checked"].max()), comparison.case.epochs * comparison.updates_per_epoch
    which = f"Each of {checked:,} checked updates of {total:,}"
    if checked == total:
        which = f"Every one of {total:,} updates"
    said = [f"{which} is a reference update to within rounding."] if verdict(rows["status"]) == 0 else []
    if comparison.alone_seconds:
        ratio = comparison.lockstep_seconds / comparison.alone_seconds
        said.append(f"Checking made the two trainings take {ratio:.1f} times what they take alone.")
    if comparison.events:
        events = ", ".join(f"{name} ({count:,})" for name, count in comparison.events.items())
        said.append(f"Events that were looked at besides: {events}.")
    return said


def _truth(rows: pd.DataFrame) -> list[str]:
    """Which side is nearer the exact values, in how many of the rows where the oracle ran."""
    known = rows[rows["nearer"] != ""]["nearer"].value_counts()
    if not len(known):
        return []
    sides = ", ".join(f"{side} in {count:,} rows" for side, count in known.items())
    best = str(known.idxmax())
    return [f"Nearer the truth: {sides}." + (f" {OTHER[best]} is the farther one." if best in OTHER else "")]


def _free_runs(comparison: Comparison, rows: pd.DataFrame) -> list[str]:
    """How far the free runs part in the quiet epochs, and what the picture beyond them proves."""
    said = []
    for _, row in rows.iterrows():
        used = share(row["used"])
        said.append(f"Left alone, at most for {QUIET_EPOCHS} epochs: {row['hint']}; scratch uses {used}.")
    if comparison.replicas == comparison.case.epochs > QUIET_EPOCHS:
        horizon = comparison.horizon
        where = "never part" if horizon is None else f"part at epoch {horizon:,} (the chaos horizon)"
        said.append(
            f"Twins of the reference {where}; the grey band is its replicas, which differ in the order of their "
            "samples alone. Until then scratch keeps as close to the reference as the reference to itself; later the "
            "curves show likeness and prove nothing. The proof is the lockstep, which starts each checked update from "
            "one state."
        )
    return said
