"""A class of submissions -> a gradebook: one row each, by cause, going on where it stopped, losing nothing.

Each finished row is a line in gradebook.jsonl at once; a run that is started again grades only what is not there.
"""

import ast
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from reports.workers import each

Row = dict[str, Any]
SUFFIXES = (".py", ".ipynb", ".npz")


def submissions(paths: Sequence[Path]) -> list[Path]:
    """Returns every submission: the entries of a folder (files, notebooks, sub-folders), or the files themselves."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if not p.name.startswith((".", "_")) and (
                p.suffix in SUFFIXES or (p.is_dir() and not p.is_symlink())))  # fmt: skip
        else:
            found.append(path)
    if not found:
        raise ValueError(f"{', '.join(map(str, paths))}: there is no submission in it")
    return found


def graded(path: str, seconds: float, megabytes: int) -> Row:
    """Returns one submission's row as plain data; this is what a worker runs. It raises nothing."""
    from reports.subjects.verdict import check

    subject = check(Path(path), seconds, megabytes)
    worst = [one for one in subject.components if one.status == "defective"]
    return {
        "submission": Path(path).name,
        "path": path,
        "verdict": subject.verdict,
        "says": subject.says,
        "defects": len(worst),
        "first_diagnosis": f"{worst[0].name}: {worst[0].says}" if worst else "",
        "causes": sorted({cause(one.kind or one.role, one.says) for one in worst}),
        "components": {one.name: one.status for one in subject.components},
        "kinds": {one.kind or one.role: one.status for one in reversed(subject.components)},
        "alike": fingerprint(Path(path)),
        "seconds": round(subject.seconds, 2),
    }


def cause(kind: str, says: str) -> str:
    """A diagnosis without names and numbers, so that the same defect in two submissions reads the same."""
    text = re.sub(r"at line \d+", "", says)
    return f"{kind}: {re.sub(r'[-+]?[0-9][0-9.e+-]*', '#', text)}"[:200]


def fingerprint(path: Path) -> str:
    """A hash of a file's code that names, comments and spacing do not change; empty where it is no Python text."""
    try:
        if path.is_dir() or path.stat().st_size > 2_000_000:
            return ""
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return ""
    shape = [
        type(node).__name__
        + (repr(node.value) if isinstance(node, ast.Constant) and not isinstance(node.value, str) else "")
        for node in ast.walk(tree)
    ]
    return hashlib.sha256(" ".join(shape).encode()).hexdigest()[:12]


def grade(
    paths: Sequence[Path], out: Path, jobs: int | None = None, scheduler: str | None = None, seconds: float = 20.0,
    megabytes: int = 1024, progress: Callable[[int], None] = lambda done: None,
    work: Callable[..., Row] = graded,
) -> list[Row]:  # fmt: skip
    """Returns the rows of all submissions in their order; those that gradebook.jsonl has for the same content are kept.

    A submission under which its worker died twice is a row that says so, and is tried again by the next run.
    """
    ledger = out / "gradebook.jsonl"
    keys = {str(path.absolute()): _key(path) for path in paths}
    before = _before(ledger)
    rows = {path: before[key] for path, key in keys.items() if key in before}
    progress(len(rows))
    left = [path for path in keys if path not in rows]
    with ledger.open("a", encoding="utf-8") as lines:
        for done in each(partial(_piece, partial(work, seconds=seconds, megabytes=megabytes)), left, jobs, scheduler):
            rows[done.item] = done.result or _untold(done.item, done.trouble)
            if done.result:
                lines.write(json.dumps({**done.result, "key": keys[done.item]}) + "\n")
                lines.flush()
            progress(len(rows))
    return [rows[path] for path in keys]


def _piece(work: Callable[[str], Row], path: str, made: Callable[[int], None]) -> Row:
    """One submission as a piece of work; its progress is counted when it is done."""
    return work(path)


def _untold(path: str, why: str) -> Row:
    """The row of a submission that could not be graded."""
    says = f"it could not be graded: {why}"
    return {"submission": Path(path).name, "path": path, "verdict": 2, "says": says, "defects": 0,
            "first_diagnosis": "", "causes": [], "components": {}, "kinds": {}, "alike": "", "seconds": 0.0}  # fmt: skip


def _key(path: Path) -> str:
    """A submission by name and content: an edited one is graded again."""
    digest = hashlib.sha256(path.name.encode())
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files[:500]:
        try:
            if file.is_file() and file.stat().st_size < 20_000_000:
                digest.update(file.read_bytes())
        except OSError:
            continue
    return digest.hexdigest()


def _before(ledger: Path) -> dict[str, Row]:
    """The rows of an earlier run by key; a last line cut short is passed over."""
    found: dict[str, Row] = {}
    if ledger.is_file():
        for line in ledger.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                found[row.pop("key")] = row
            except (ValueError, KeyError):
                continue
    return found


def gradebook(rows: Iterable[Row]) -> pd.DataFrame:
    """Returns one row per submission: verdict, first diagnosis, group of one cause, then a column per kind."""
    rows = list(rows)
    kinds = sorted({kind for row in rows for kind in row["kinds"]})
    groups: dict[tuple[str, ...], int] = {}
    made = []
    for row in rows:
        causes = tuple(row["causes"])
        group = groups.setdefault(causes, len(groups) + 1) if causes else 0
        names = {0: "parity", 1: "no parity", 2: "cannot judge"}
        made.append({
            "submission": row["submission"], "verdict": names[row["verdict"]], "defects": row["defects"],
            "first_diagnosis": row["first_diagnosis"], "group": group, "alike": row["alike"], "says": row["says"],
            "seconds": row["seconds"], **{kind: row["kinds"].get(kind, "") for kind in kinds},
        })  # fmt: skip
    return pd.DataFrame(made)


def write(frame: pd.DataFrame, rows: list[Row], out: Path) -> Path:
    """Writes gradebook.csv, .parquet and the groups by cause, whole or not at all; returns the CSV's path."""
    from reports.show.files import write_tables

    shared = frame[frame["group"] > 0].groupby("group")
    by_cause = shared.agg(submissions=("submission", ", ".join), count=("submission", "size"),
                          alike=("alike", lambda s: int(s[s != ""].duplicated().sum()) + 1),
                          diagnosis=("first_diagnosis", "first")).reset_index()  # fmt: skip
    write_tables(out, {"gradebook": frame, "causes": by_cause.sort_values("count", ascending=False)})
    part = out / "gradebook.parquet.part"
    frame.to_parquet(part)
    part.replace(out / "gradebook.parquet")
    return out / "gradebook.csv"
