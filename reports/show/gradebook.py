"""What a graded class shows: a table for the terminal; tables, JSON, a page, and a page for each submission."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from reports.show import whole
from reports.show.paths import slug
from reports.show.site import assets
from reports.show.subjects import MARKS, page
from reports.show.templating import Site, rendered
from reports.show.terminal import VERDICTS, fitting, frame_table, verdict_line
from reports.subjects.grading import Row, causes, gradebook, kinds, overall
from reports.subjects.verdicts import STATUSES

TERMINAL = ("submission", "verdict", "causes", "defects", "seconds")
NAME, SAID = 26, 30  # characters of a name in the terminal, and least ones left for what is said
FOLDER = "submissions"  # of the pages
MENU = {"The class": "index.html", "Mistakes": "index.html#causes", "Components": "index.html#components"}


def terminal_table(book: pd.DataFrame, width: int) -> Table:
    """The gradebook in the terminal, with the columns that fit beside each other."""
    said = book["first_diagnosis"].where(book["first_diagnosis"] != "", book["says"])
    names = book["submission"].map(lambda name: name if len(name) <= NAME else f"{name[: NAME - 9]}…{name[-8:]}")
    text = book.assign(submission=names).astype({"defects": str, "seconds": str})[list(TERMINAL)]
    kept = fitting(text, width - SAID, TERMINAL)
    return frame_table(kept.assign(**{"what is said first": said}), ("defects", "seconds"))


def causes_in_lines(rows: Sequence[Row]) -> list[Text]:
    """What the numbers of the causes in the table mean."""
    return [Text.assemble((f"#{one['number']} ", "bold"), f"{one['count']} × {one['kind']}: {one['diagnosis']}")
            for one in causes(rows)]  # fmt: skip


def headline(rows: Sequence[Row]) -> Text:
    """The class in a line."""
    words = [VERDICTS[row["verdict"]] for row in rows]
    counts = ", ".join(f"{words.count(word)} {word}" for word in VERDICTS.values() if word in words)
    return verdict_line(overall(rows), f"{len(rows)} submissions: {counts}")


def write(rows: Sequence[Row], out: Path, of: int | None = None) -> Path:
    """Writes gradebook.csv, .parquet, .json, causes.csv and the pages, each whole or not at all; returns the first.

    Pages of submissions that are no longer there are removed. `of` is how many there are in an interrupted class.
    """
    book, made = gradebook(rows), causes(rows)
    whole.write(out / "gradebook.csv", book.to_csv(index=False))
    whole.write(out / "gradebook.parquet", book.to_parquet(index=False))
    whole.write(out / "gradebook.json", json.dumps(plain(rows, of), indent=2))
    listed = [{**cause, "submissions": ", ".join(row["submission"] for row in cause["submissions"])} for cause in made]
    columns = ["number", "kind", "count", "submissions", "diagnosis"]
    whole.write(out / "causes.csv", pd.DataFrame(listed, columns=columns).to_csv(index=False))
    code = overall(rows)
    site = Site(code, VERDICTS[code], MENU)
    for name, content in assets().items():
        whole.write(out / name, content)
    pages = {link(row): page([row["record"]], row["verdict"], site, link(row)) for row in rows}
    for name, content in pages.items():
        whole.write(out / name, content)
    for file in (out / FOLDER).glob("*.html"):
        if f"{FOLDER}/{file.name}" not in pages:
            file.unlink()
    return whole.write(out / "index.html", class_page(rows, site, of))


def plain(rows: Sequence[Row], of: int | None = None) -> dict[str, Any]:
    """The gradebook as plain data: the verdict, a record per submission, the causes with who made them."""
    listed = [{**cause, "submissions": [row["submission"] for row in cause["submissions"]]} for cause in causes(rows)]
    submissions = [{name: value for name, value in row.items() if name not in ("record", "causes")} for row in rows]
    left = {} if of is None else {"interrupted": {"graded": len(rows), "of": of}}
    return {"verdict": overall(rows), **left, "submissions": submissions, "causes": listed}


def class_page(rows: Sequence[Row], site: Site, of: int | None = None) -> str:
    """The class at a glance: a row per submission, the causes with who made them, the components."""
    made = causes(rows)
    shown = [
        {**row, "link": link(row), "verdict": VERDICTS[row["verdict"]], "first": row["first_diagnosis"] or row["says"],
         "causes": [cause for cause in made if row in cause["submissions"]],
         "kinds": {kind: row["kinds"].get(kind, "") for kind in kinds(rows)}}
        for row in rows
    ]  # fmt: skip
    words = [row["verdict"] for row in shown]
    return rendered(
        "gradebook.html.j2",
        site,
        "index.html",
        rows=shown,
        of=of,
        kinds=kinds(rows),
        counts={word: words.count(word) for word in VERDICTS.values()},
        seconds=sum(row["seconds"] for row in rows),
        causes=[{**cause, "submissions": [{**row, "link": link(row)} for row in cause["submissions"]],
                 "alike": _alike(cause["submissions"])} for cause in made],
        components=_components(rows),
        marks=MARKS,
        statuses=STATUSES,
        order={status: number for number, status in enumerate([*STATUSES, ""])},
    )  # fmt: skip


def link(row: Row) -> str:
    """Where a submission's page lies; two of one name in two folders have two."""
    return f"{FOLDER}/{slug(row['submission'])}-{hashlib.sha256(row['path'].encode()).hexdigest()[:6]}.html"


def _alike(rows: Sequence[Row]) -> list[list[str]]:
    """Groups of submissions whose code is the same but for names, comments and spacing."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row["alike"]:
            groups.setdefault(row["alike"], []).append(row["submission"])
    return [names for names in groups.values() if len(names) > 1]


def _components(rows: Sequence[Row]) -> pd.DataFrame:
    """How many submissions have each component right, wrong, or not at all."""
    table = []
    for kind in kinds(rows):
        have = [row["kinds"].get(kind, "") for row in rows]
        table.append({"component": kind} | {status: have.count(status) for status in reversed(STATUSES)}
                     | {"not there": have.count("")})  # fmt: skip
    return pd.DataFrame(table, columns=["component", *reversed(STATUSES), "not there"])
