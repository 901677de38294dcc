"""A class of submissions -> a gradebook: one row each, by cause, going on where it stopped, losing nothing.

Each finished row is a line in gradebook.jsonl at once; a run that is started again grades only what is not there.
"""

import ast
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.subjects.roles import roles_of
from reports.workers import each

if TYPE_CHECKING:
    import pandas as pd

    from reports.subjects.verdict import Subject

Row = dict[str, Any]
FORMAT = 3  # of a row in gradebook.jsonl; grows when rows of earlier versions are of no use
ROLES = ("dense", "activation", "loss", "optimizer", "network")  # in the order of a gradebook's columns
SUFFIXES = (".py", ".ipynb", ".npz")


class Interrupted(KeyboardInterrupt):
    """Grading was stopped: the rows that there are."""

    def __init__(self, rows: list[Row]) -> None:
        super().__init__()
        self.rows = rows


def submissions(paths: Sequence[Path]) -> list[Path]:
    """Returns every submission: the entries of a folder (files, notebooks, sub-folders), or the files themselves."""
    found = [one for path in paths for one in (entries(path) if path.is_dir() else [path])]
    if not found:
        raise ValueError(f"{', '.join(map(str, paths))}: there is no submission in it")
    return found


def entries(folder: Path) -> list[Path]:
    """What in a folder may be somebody's submission."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith((".", "_"))
        and (path.suffix in SUFFIXES or (path.is_dir() and not path.is_symlink()))
    )


def graded(path: str, seconds: float, megabytes: int, roles: dict[str, str], strict: bool = False) -> Row:
    """Returns one submission's row as plain data; this is what a worker runs. It raises nothing."""
    from reports.subjects.verdict import check

    return row_of(check(Path(path), seconds, megabytes, roles, strict))


def row_of(subject: "Subject") -> Row:
    """Returns the row of a judged submission; `record` is all that its page needs."""
    from reports.show.subjects import record

    told = record(subject)
    wrong = [one for one in told["components"] if one["status"] == "defective"]
    first = [*wrong, *(one for one in told["components"] if one["status"] == "unjudged")][:1]
    return {
        "submission": subject.path.name,
        "path": str(subject.path),
        "verdict": subject.verdict,
        "says": subject.says,
        "defects": len(wrong),
        "first_diagnosis": "".join(f"{one['name']}: {one['says']}" for one in first),
        "causes": {cause(one["kind"], one["says"]): one["says"] for one in reversed(wrong)},
        "components": {one["name"]: one["status"] for one in told["components"]},
        "kinds": {one["kind"]: one["status"] for one in reversed(told["components"])},
        "alike": fingerprint(subject.path),
        "seconds": round(subject.seconds, 2),
        "record": told,
    }


def cause(kind: str, says: str) -> str:
    """A diagnosis without names and numbers, so that the same defect in two submissions reads the same.

    Its first sentence: the next ones say how to mend it, in names of theirs.
    """
    text = re.sub(r"at line \d+", "", re.split(r"\. (?=[A-Z])", says)[0])
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
    work: Callable[..., Row] = graded, given: Sequence[str] = (), strict: bool = False,
) -> list[Row]:  # fmt: skip
    """Returns the rows of all submissions in their order; those that gradebook.jsonl has for the same content are kept.

    A submission under which its worker died twice is a row that says so, and is tried again by the next run.
    Raises: Interrupted with the rows that are done.
    """
    ledger = out / "gradebook.jsonl"
    before = _before(ledger)
    rows: dict[str, Row] = {}
    left: dict[tuple[str, str], str] = {}  # what is to be graded: path and roles as text -> its key
    for path in dict.fromkeys(paths):
        where = str(path.absolute())
        try:
            told = json.dumps(roles_of(path, given), sort_keys=True)
        except ValueError as error:
            rows[where] = _untold(where, str(error))
            continue
        key = _key(path, f"{told}, {seconds:g} s, {megabytes} MB")
        if key in before:
            rows[where] = before[key] | {"path": where}
        else:
            left[where, told] = key
    wanted = [str(path.absolute()) for path in dict.fromkeys(paths)]
    progress(len(rows))
    piece = partial(_piece, partial(work, seconds=seconds, megabytes=megabytes, strict=strict))
    try:
        with ledger.open("a", encoding="utf-8") as lines:
            for done in each(piece, list(left), jobs, scheduler):
                where = done.item[0]
                rows[where] = done.result or _untold(where, done.trouble)
                if done.result:
                    lines.write(json.dumps({**done.result, "key": left[done.item]}) + "\n")
                    lines.flush()
                progress(len(rows))
    except KeyboardInterrupt:
        raise Interrupted([rows[where] for where in wanted if where in rows]) from None
    return [rows[where] for where in wanted]


def _piece(work: Callable[..., Row], item: tuple[str, str], made: Callable[[int], None]) -> Row:
    """One submission as a piece of work; its progress is counted when it is done."""
    return work(item[0], roles=json.loads(item[1]))


def _untold(path: str, why: str) -> Row:
    """The row of a submission that could not be graded."""
    from reports.subjects.verdict import Subject

    return row_of(Subject(Path(path), refused=f"it could not be graded: {why}"))


def _key(path: Path, how: str) -> str:
    """A submission by name, content and how it is graded: what was edited is graded again."""
    digest = hashlib.sha256(f"{FORMAT} {path.name} {how}".encode())
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


def overall(rows: Sequence[Row]) -> int:
    """The exit code of a class: 1 beats 2 beats 0."""
    codes = {row["verdict"] for row in rows}
    return 1 if 1 in codes else 2 if 2 in codes or not codes else 0


def kinds(rows: Sequence[Row]) -> list[str]:
    """Every kind of component in a class: layers first, whole networks last."""
    roles = {one["kind"]: one["role"] for row in rows for one in row["record"]["components"]}
    place = {role: number for number, role in enumerate(ROLES)}
    return sorted(roles, key=lambda kind: (place.get(roles[kind], len(ROLES)), kind))


def causes(rows: Sequence[Row]) -> list[Row]:
    """Every cause of a defect, the commonest first: number, kind, count, a diagnosis, the rows that have it."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        for one in row["causes"]:
            found.setdefault(one, []).append(row)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    return [
        {"number": number, "kind": one.partition(":")[0], "count": len(made), "diagnosis": made[0]["causes"][one],
         "submissions": made}
        for number, (one, made) in enumerate(ordered, 1)
    ]  # fmt: skip


def gradebook(rows: Sequence[Row]) -> "pd.DataFrame":
    """Returns one row per submission: verdict, first diagnosis, the numbers of its causes, then a column per kind."""
    import pandas as pd  # here, so that checking one file loads without it

    names = {0: "parity", 1: "no parity", 2: "cannot judge"}
    made = causes(rows)
    columns = ["submission", "verdict", "defects", "first_diagnosis", "causes", "alike", "says", "seconds"]
    return pd.DataFrame([
        {"submission": row["submission"], "verdict": names[row["verdict"]], "defects": row["defects"],
         "first_diagnosis": row["first_diagnosis"],
         "causes": ", ".join(f"#{cause['number']}" for cause in made if row in cause["submissions"]),
         "alike": row["alike"], "says": row["says"], "seconds": row["seconds"],
         **{kind: row["kinds"].get(kind, "") for kind in kinds(rows)}}
        for row in rows
    ], columns=[*columns, *kinds(rows)])  # fmt: skip
