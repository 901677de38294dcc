"""Comparisons -> the report's folder: the site, Markdown, JSON, CSV and Parquet, each file whole or not at all."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reports.judge import verdict
from reports.pipeline import Comparison
from reports.show import lecture, tables
from reports.show.case_page import title
from reports.show.lesson_page import LessonPage
from reports.show.site import write_site
from reports.show.terminal import VERDICTS
from reports.show.text import sentence
from reports.show.whole import write

FORMAT = 1  # of summary.json; grows when a field changes its meaning
MOST_FAILURES = 20  # rows shown per case and dtype in Markdown; it says how many more there are


def write_report(
    comparisons: Sequence[Comparison],
    out: Path,
    spread: pd.DataFrame | None = None,
    lessons: Sequence[LessonPage] = (),
) -> Path:
    """Writes every file of the report into `out`, made if needed, and returns the first page's path.

    `spread` is an optional table over other seeds, shown as it is. All rows are in Parquet alone: as CSV they would
    be 31 MB; `worst.csv` holds those that do not pass and, of each quantity, the one nearest its limit.
    Raises: OSError when `out` cannot be written.
    """
    rows = _joined([comparison.rows for comparison in comparisons])
    runs = _joined([comparison.trajectories for comparison in comparisons])
    runs = runs.rename(columns={"precision": "dtype"})
    write(out / ".gitignore", "*\n")
    write(out / "parity.parquet", rows.to_parquet(index=False))
    write(out / "worst.csv", tables.worst_rows(rows).to_csv(index=False))
    write(out / "trajectories.parquet", runs.to_parquet(index=False))
    write(out / "summary.json", json.dumps(summary(comparisons, spread), indent=2, allow_nan=False) + "\n")
    write(out / "report.md", markdown(comparisons, spread))
    return write_site(out, comparisons, overall(comparisons, spread), spread, lessons)


def write_tables(out: Path, frames: dict[str, pd.DataFrame]) -> None:
    """Writes each frame into `out` as a CSV file under its name."""
    for name, frame in frames.items():
        write(out / f"{name}.csv", frame.to_csv(index=False))


def write_faults(out: Path, matrix: pd.DataFrame, page: str) -> Path:
    """Writes the kill matrix of planted faults as CSV, Parquet and a page, and returns the page's path."""
    write(out / "faults.csv", matrix.to_csv(index=False))
    write(out / "faults.parquet", matrix.to_parquet(index=False))
    return write(out / "faults.html", page)


def summary(comparisons: Sequence[Comparison], spread: pd.DataFrame | None = None) -> dict[str, Any]:
    """Returns the report in short, ready for JSON: what is not finite is None."""
    code = overall(comparisons, spread)
    cases = tables.per_case(comparisons).drop(columns=["exact", "close", "says"], errors="ignore")
    cases = cases.rename(columns={"worst used": "worst_used", "worst quantity": "worst_quantity"})
    return {
        "format": FORMAT,
        "verdict": code,
        "says": VERDICTS[code],
        "cases": _records(cases),
        "spread": None if spread is None else _records(spread),
        "environment": _environment(comparisons),
        "seeds": {comparison.case.name: comparison.case.seed for comparison in comparisons},
    }


def overall(comparisons: Sequence[Comparison], spread: pd.DataFrame | None) -> int:
    """Returns the verdict of everything that was run, the other seeds included."""
    words = [] if spread is None else spread["verdict"].tolist()
    codes = [verdict(comparison.rows["status"]) for comparison in comparisons]
    codes += [code for code, word in VERDICTS.items() if word in words]
    return 1 if 1 in codes else 0 if codes and set(codes) == {0} else 2


def markdown(comparisons: Sequence[Comparison], spread: pd.DataFrame | None = None) -> str:
    """Returns the report's tables as Markdown, the verdict on top."""
    code = overall(comparisons, spread)
    parts = [f"# {VERDICTS[code].capitalize()}", sentence(comparisons)]
    for comparison in comparisons:
        if verdict(comparison.rows["status"]):
            lost = tables.failures(comparison)
            parts.append(f"## Not passing: {title(comparison)}, {len(lost):,} rows, the first {MOST_FAILURES} of them")
            parts.append(_table(lost.head(MOST_FAILURES)))
    titled = {
        "Cases": tables.per_case(comparisons),
        "The lecture's slide (its seed is unknown: only the rates must be equal)": lecture.slide(comparisons),
        "The collapse of ANN II": lecture.collapse(comparisons),
        "Other seeds": spread if spread is not None else pd.DataFrame(),
        **{title(comparison): tables.per_layer(comparison) for comparison in comparisons},
        "Environment": pd.DataFrame(_environment(comparisons).items(), columns=["what", "value"]),
    }
    parts += [f"## {title}\n\n{_table(frame)}" for title, frame in titled.items() if len(frame)]
    return "\n\n".join(parts) + "\n"


def _table(frame: pd.DataFrame) -> str:
    """A frame as a Markdown table."""
    lines = [[str(column) for column in frame.columns], ["---"] * len(frame.columns)]
    lines += tables.shown(frame).to_numpy().tolist()
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """The frames that are not empty, one below the other."""
    frames = [frame for frame in frames if len(frame)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as plain Python values."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """A value that JSON can hold."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _environment(comparisons: Sequence[Comparison]) -> dict[str, str]:
    """What the verdict was reached on, as the rows carry it."""
    return dict(comparisons[0].rows.attrs.get("environment", {})) if comparisons else {}
