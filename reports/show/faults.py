"""What became of planted faults: a table for the terminal, and one self-contained page."""

from collections.abc import Hashable
from typing import Any

import pandas as pd
from rich.table import Table

from reports.faults.matrix import KINDS, LEAST_RIGHT, MOST_WRONG
from reports.faults.usual_checks import CHECKS
from reports.show.templating import Site, rendered
from reports.show.terminal import WIDE, frame_table

Row = dict[Hashable, Any]  # of the matrix

CHECKED = {0: "the checker holds", 1: "the checker has holes", 2: "not all was tried"}
TITLES = {"correct": "The correct networks", "single": "Single faults", "pair": "Two faults at once"}
MARKS = {
    "caught": "✓", "quiet": "✓", "right": "✓", "expected": "✓", "unknown": "?",
    "missed": "✗", "false alarm": "✗", "wrong": "✗", "elsewhere": "✗", "crashed": "✗",
}  # fmt: skip
# What a column of the matrix means.
COLUMNS = {
    "parity": "whether the verdict of this project on the network is “no parity”",
    "first row": "the first row that is apart, in order of computation, with its probe; for a fault it is known "
    "beforehand which one it must be",
    "diagnosis": "whether the cause that was named is the planted one (or one that cannot be told from it): right, "
    "unknown (it was not found, and nothing else was claimed) or wrong",
    "allclose, assert_close": "np.allclose and torch.testing.assert_close with their defaults, on the outputs, on the "
    "gradients of the first step, and on the losses of ten epochs",
    "finite differences": "scratch’s loss against its own gradients, as torch.autograd.gradcheck does it; it raises a "
    "false alarm where a sample lies in the lecture’s clip, and has caught nothing there",
    "final accuracy": "the trained networks’ accuracies within 0.01, or their losses within a hundredth",
}


def _parity(row: Row) -> str:
    """What parity said, in a word; the correct network must stay quiet."""
    if row["status"] == "crashed":
        return "crashed"
    if row["kind"] == "correct":
        return "quiet" if row["status"] == "parity" else "false alarm"
    return "caught" if row["caught"] else "missed"


def _usual(row: Row, check: str) -> str:
    """What a usual check said, in a word."""
    words = ("quiet", "false alarm") if row["kind"] == "correct" else ("missed", "caught")
    return words[int(row[check])]


def _first_row(row: Row) -> str:
    """Where parity is lost first, or why it could not be asked."""
    return row["error"] or (f"{row['row']} ({row['probe']})" if row["probe"] else row["row"])


def _place(row: Row) -> str:
    """Whether the first row is the one that it must be; nothing for a network that has none."""
    return "" if row["kind"] == "correct" or not row["row"] else "expected" if row["expected"] else "elsewhere"


def holds(row: Row) -> bool:
    """Whether a row is as it must be, its diagnosis aside."""
    return _parity(row) in ("caught", "quiet") and bool(row["expected"])


def matrix_table(matrix: pd.DataFrame, width: int) -> Table:
    """Returns the matrix as a table: what was planted, what became of it; more columns in a wide terminal."""
    lines = []
    for row in matrix.to_dict("records"):
        elsewhere = "elsewhere: " if _place(row) == "elsewhere" else ""
        line = {"fault": f"none in {row['net']}" if row["kind"] == "correct" else row["fault"]}
        if matrix["seed"].nunique() > 1:
            line["seed"] = str(row["seed"])
        line |= {"parity": _parity(row), "first row": elsewhere + _first_row(row), "diagnosis": row["diagnosed"]}
        line["usual"] = f"{sum(row[check] for check in CHECKS)} of {len(CHECKS)}"
        if width >= WIDE:
            line |= {"net": row["net"], "named": ", ".join(row["named"]), "seconds": f"{row['seconds']:.1f}"}
        lines.append(line)
    table = frame_table(pd.DataFrame(lines), ["usual", "seconds"])
    for index, row in enumerate(matrix.to_dict("records")):
        named = {"right": "", "unknown": "yellow", "wrong": "bold red"}[row["diagnosed"]]
        table.rows[index].style = named if holds(row) else "bold red"
    return table


def totals_shown(totals: pd.DataFrame) -> pd.DataFrame:
    """Returns the totals as text, "k of n"; a kind that was not tried has no column.

    What is caught on a correct network is a false alarm; it has no expected row and no name.
    """
    tried = totals.set_index("what").loc["tried"]
    counted = totals[totals["what"] != "tried"]
    shown = pd.DataFrame({"": counted["what"].tolist()})
    for kind, title in (("single", "single faults"), ("pair", "two at once"), ("correct", "false alarms")):
        if tried[kind]:
            shown[title] = [f"{count} of {tried[kind]}" for count in counted[kind]]
    if tried["correct"]:
        shown.loc[~shown[""].str.match("caught|comparison"), "false alarms"] = ""
    return shown


def sentence(matrix: pd.DataFrame) -> str:
    """Returns what was tried and what came out, in words."""
    faulty = matrix[matrix["kind"] != "correct"]
    quiet = matrix[matrix["kind"] == "correct"]
    alarms = int((quiet["status"] != "parity").sum())
    named = faulty["diagnosed"].value_counts()
    caught, placed = int(faulty["caught"].sum()), int((faulty["caught"] & faulty["expected"]).sum())
    return (
        f"{caught} of {len(faulty)} planted faults and pairs caught, {placed} at the expected row; "
        f"{alarms} alarm{'' if alarms == 1 else 's'} on {len(quiet)} correct networks; diagnosis right for "
        f"{named.get('right', 0)}, unknown for {named.get('unknown', 0)}, wrong for {named.get('wrong', 0)}"
    )


def page(matrix: pd.DataFrame, totals: pd.DataFrame, code: int, site: Site | None = None) -> str:
    """Returns the page as HTML: the totals, how to read them, and the matrix; names are escaped.

    It is one of the site's pages, or stands alone with its style inside it.
    """
    lines: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    for row in matrix.to_dict("records"):
        words = {"parity": _parity(row), "first row": _first_row(row), "place": _place(row)}
        words |= {check: _usual(row, check) for check in CHECKS}
        lines[row["kind"]].append(row | {"words": words})
    return rendered(
        "faults.html.j2",
        site or Site(code, CHECKED[code]),
        "faults.html",
        alone=site is None,
        code=code,
        title=CHECKED[code],
        sentence=sentence(matrix),
        totals=totals_shown(totals),
        sections={TITLES[kind]: rows for kind, rows in lines.items() if rows},
        checks=list(CHECKS),
        marks=MARKS,
        columns=COLUMNS,
        seeds=sorted(matrix["seed"].unique()),
        least=LEAST_RIGHT,
        most=MOST_WRONG,
        environment=matrix.attrs.get("environment", {}),
    )
