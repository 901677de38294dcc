"""What `parity check` shows: a table, records, annotations, CSV, Parquet, JSON and a page."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from reports.show import whole
from reports.show.terminal import COLORS, VERDICTS, WIDE
from reports.subjects.isolation import NO_CODE
from reports.subjects.verdict import Subject, overall
from reports.subjects.verdicts import STATUSES, Component

if TYPE_CHECKING:
    import pandas as pd

    from reports.show.templating import Site

SHORT_CODE = 6  # lines of theirs that the terminal quotes
MARKS = {"defective": "✕", "unjudged": "?", "missing": "…", "departs": "≠", "right": "●"}
STYLES = {"defective": "bold red", "unjudged": "yellow", "missing": "cyan", "departs": "blue", "right": "green"}
LEVEL = {"defective": "error", "unjudged": "notice", "departs": "notice", "missing": "notice"}


def in_words(subject: Subject) -> str:
    """The verdict in words, which say so where it is not one on the whole."""
    if subject.verdict == 2 and any(one.status != "unjudged" for one in subject.components):
        return "cannot judge in full"
    return (
        "parity of what was recognised" if subject.verdict == 0 and subject.unrecognised else VERDICTS[subject.verdict]
    )


def headline(subject: Subject) -> Text:
    """The verdict on one subject, in a line."""
    text = Text(f"{in_words(subject)}: ", style=COLORS[subject.verdict])
    text.append(f"{subject.path}: {subject.says}", style="default")
    text.append(f" ({subject.seconds:.1f} s)", style="dim")
    return text


def limits(isolations: list[list[str]]) -> str:
    """Which limits held while strangers' code ran, once for all; empty where none ran, or where it could not say."""
    held = dict.fromkeys(", ".join(one) for one in isolations if one and one != NO_CODE)
    return f"limits that held: {'; '.join(held)}" if held else ""


def table(subject: Subject, width: int) -> Table:
    """A row per component, worst first: what it was taken for, its verdict, and where and how to mend it."""
    made = Table(header_style="bold", box=None, pad_edge=False, expand=False)
    made.add_column("", no_wrap=True)
    made.add_column("verdict", no_wrap=True)
    wide = width >= WIDE
    for name in ("component", "taken for", "lines", "what is said") if wide else ("component, and what is said",):
        made.add_column(name, overflow="fold", ratio=None)
    for one in subject.components:
        lines = "-".join(map(str, dict.fromkeys(one.lines)))
        said = Text(sentence(one))
        for more in one.diagnoses[1:4]:
            said.append(f"\n{more}")
        if code := _quoted(one):
            said.append(f"\n{code}", style="dim")
        taken = Text(one.kind or one.role)
        mark = Text(MARKS[one.status], style=STYLES[one.status])
        if wide:
            taken.append("".join(f"\n{key}: {value}" for key, value in one.convention.items() if value), style="dim")
            made.add_row(mark, one.status, one.name, taken, lines, said)
        else:
            place = f", line{'s' if '-' in lines else ''} {lines}" if lines else ""
            title = Text.assemble((one.name, "bold"), (f" ({one.kind or one.role}{place})\n", "dim"))
            taken = Text("".join(f"{what}\n" for what in [recognised(one)] if what), style="dim")
            made.add_row(mark, one.status, title + taken + said)
    return made


SHORT = (
    "assembled from",
    "network",
    "loss",
    "gradient scale",
    "weights",
    "layout",
    "update",
)  # of what was recognised, in a line


def recognised(one: Component) -> str:
    """What a component was taken for, beyond its kind, in a line: what a user may have to correct."""
    told = [one.convention[key] for key in SHORT if one.convention.get(key)]
    return ", ".join(told) if one.role in ("network", "dense") else ""


def sentence(one: Component) -> str:
    """What is said of a component; of a right one, how near it came to its limit."""
    if one.status != "right" or one.says:
        return one.says
    used = [row.used for row in one.rows if np.isfinite(row.used)]
    rows = f"{len(one.rows)} row{'' if len(one.rows) == 1 else 's'}"
    return rows + (f", the worst uses {max(used):.2g} of its allowance" if used else "")


def record(subject: Subject) -> dict[str, Any]:
    """Everything that is known of one subject as plain data; its page is made of this alone."""
    return {
        "path": str(subject.path),
        "name": subject.path.name,
        "verdict": subject.verdict,
        "says": subject.says,
        "seconds": round(subject.seconds, 3),
        "isolation": subject.isolation,
        "stubs": subject.stubs,
        "notes": subject.notes,
        "components": [_component(one) for one in subject.components],
    }


def _component(one: Component) -> dict[str, Any]:
    return {
        "name": one.name,
        "role": one.role,
        "kind": one.kind or one.role,
        "status": one.status,
        "says": one.says,
        "said": sentence(one),
        "diagnoses": one.diagnoses,
        "file": one.file,
        "lines": one.lines,
        "code": _excerpt(one),
        "recognised": one.convention,
        "rows": [
            {
                key: value if not isinstance(value, float) or np.isfinite(value) else None
                for key, value in vars(row).items()
            }
            for row in one.rows
        ],
    }


def annotations(subjects: list[Subject]) -> list[str]:
    """GitHub's workflow commands, worst first: they show beside the lines of the file."""
    order = list(STATUSES)
    found = []
    for subject in subjects:
        if not subject.components:  # nothing could be judged, which must not look like a pass
            found.append((0, f"::error file={_property(str(subject.path))},title=parity::{_data(subject.says)}"))
        for one in subject.components:
            if one.status in LEVEL:
                lines = one.lines or [1, 1]
                place = (
                    f"file={_property(_relative(one.file or str(subject.path)))},line={lines[0]},endLine={lines[-1]}"
                )
                title = _property(f"parity: {one.name} {one.status}")
                found.append(
                    (order.index(one.status), f"::{LEVEL[one.status]} {place},title={title}::{_data(one.says)}")
                )
    return [line for _, line in sorted(found, key=lambda pair: pair[0])]


def _relative(path: str) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:
        return path


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def frame(subjects: list[Subject]) -> "pd.DataFrame":
    """One row per quantity and probe of every component."""
    import pandas as pd

    rows = [
        {"path": str(subject.path), "component": one.name, "role": one.role, "kind": one.kind, **vars(row)}
        for subject in subjects
        for one in subject.components
        for row in one.rows
    ]
    columns = ["path", "component", "role", "kind", "quantity", "probe", "status", "used", "gap", "says", "stage"]
    return pd.DataFrame(rows, columns=columns)


def write(subjects: list[Subject], out: Path) -> Path:
    """Writes check.csv, check.parquet, check.json and index.html, each whole or not at all; returns the page's path."""
    rows, made, code = frame(subjects), [record(one) for one in subjects], overall(subjects)
    whole.write(out / "check.csv", rows.to_csv(index=False))
    whole.write(out / "check.parquet", rows.to_parquet())
    whole.write(out / "check.json", json.dumps({"verdict": code, "subjects": made}, indent=2))
    return whole.write(out / "index.html", page(made, code))


def page(records: list[dict[str, Any]], code: int, site: "Site | None" = None, path: str = "index.html") -> str:
    """The page: a section per subject, a table of components, the lines of their file beside each defect.

    Without a site it holds its style itself.
    """
    from reports.show.templating import Site, rendered

    return rendered(
        "subjects.html.j2",
        site or Site(code, VERDICTS[code]),
        path,
        alone=site is None,
        subjects=records,
        code=code,
        title=VERDICTS[code],
        verdicts=VERDICTS,
        marks=MARKS,
        statuses=STATUSES,
        limits=limits([one["isolation"] for one in records]),
    )


def _quoted(one: Component) -> str:
    """The lines of a network's defect where they are few: of a part, what is said names what is wrong."""
    code = _excerpt(one) if one.status == "defective" and one.role == "network" else ""
    return code if code.count("\n") < SHORT_CODE else ""


def _excerpt(one: Component) -> str:
    """The lines of their file where the quantity is computed; empty for a notebook or a file that is gone."""
    if not one.lines or not one.file.endswith(".py") or one.status == "right":
        return ""
    try:
        text = Path(one.file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    first, last = one.lines[0], min(one.lines[-1], one.lines[0] + 25)
    return "\n".join(
        f"{number:4d}  {text[number - 1][:160]}" for number in range(first, last + 1) if number <= len(text)
    )
