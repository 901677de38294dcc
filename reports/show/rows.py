"""A case's rows -> the columns of the table that a page sorts, filters and leafs through."""

from typing import Any, NamedTuple

import pandas as pd

from reports.pipeline import Comparison
from reports.show.packed import Column, packed


class Shown(NamedTuple):
    """A column of the table: its heading, how it is written, and what it means."""

    title: str
    kind: str  # "word", "whole", "rough" (three digits) or "exact" (all digits)
    says: str


COLUMNS = {
    "epoch": Shown("epoch", "whole", "counted from 0; empty for the whole training"),
    "update": Shown("update", "whole", "counted from 0 over all epochs"),
    "probe": Shown("probe", "word", "the small batch that it was put to; empty in the training itself"),
    "quantity": Shown("quantity", "word", "the array that was compared"),
    "shape": Shown("shape", "word", "the shape of the array"),
    "status": Shown("status", "word", "what came out"),
    "used": Shown("used", "rough", "the worst gap in allowances; 1 is the limit"),
    "local": Shown("local", "rough", "the same against what scratch's own inputs give; above 1: introduced here"),
    "worst_index": Shown("worst at", "word", "the element that uses most of its allowance"),
    "scratch": Shown("scratch", "exact", "scratch's value there"),
    "reference": Shown("reference", "exact", "torch's value there"),
    "difference": Shown("difference", "rough", "how far the two lie apart there"),  # made where it is shown
    "allowed": Shown("allowed", "rough", "how far rounding explains"),
    "nearer": Shown("nearer truth", "word", "the side that is nearer the exact value, where that is known"),
    "undecided": Shown("undecided", "whole", "elements on which rounding decides which way a kink goes"),
    "says": Shown("hint", "word", "what is known besides"),
}


def table(comparison: Comparison) -> dict[str, Any]:
    """Returns the rows as packed columns with their headings, in order of computation.

    Columns that would say nothing (the update where an epoch has one, a hint where there is none) are left out.
    """
    rows = comparison.rows
    frame = rows.copy()
    looks = rows["looks_like"] if "looks_like" in rows else pd.Series("", rows.index)
    frame["says"] = looks.where(looks != "", rows["hint"])
    left_out = {"update"} if comparison.updates_per_epoch == 1 else set()
    left_out |= {name for name in ("says", "probe", "nearer") if not frame[name].astype(bool).any()}
    return {
        "rows": len(frame),
        "columns": [
            shown._asdict() | {"name": name, "values": _values(frame, name, shown)}
            for name, shown in COLUMNS.items()
            if name not in left_out
        ],
    }


def _values(frame: pd.DataFrame, name: str, shown: Shown) -> Column | None:
    """A column's values; none for what the browser makes from others."""
    return packed(frame[name], rough=shown.kind == "rough") if name in frame else None
