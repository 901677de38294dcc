"""A class of submissions -> a gradebook: one row each, by cause, going on where it stopped, losing nothing.

Local processes and a Dask cluster are driven by the same code: both are executors of concurrent.futures. Each
finished row is a line in gradebook.jsonl at once; a run that is started again grades only what is not there.
"""

import ast
import hashlib
import json
import multiprocessing
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from reports.subjects.isolation import THREADS

Row = dict[str, Any]
TRIES = 3  # of one submission, when workers die under it
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


@contextmanager
def executor(jobs: int | None, scheduler: str | None) -> Iterator[Executor]:
    """A Dask cluster's executor, or local processes; spawned, never forked, one thread each."""
    for name in THREADS:
        os.environ.setdefault(name, "1")
    if scheduler:
        try:
            from distributed import Client
        except ImportError as error:
            raise ImportError("--scheduler needs Dask: pip install 'parity[cluster]'") from error
        with Client(scheduler, timeout="20s") as client:
            yield client.get_executor(pure=False, retries=TRIES)
        return
    pool = ProcessPoolExecutor(jobs or os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def grade(
    paths: Sequence[Path], out: Path, jobs: int | None = None, scheduler: str | None = None, seconds: float = 20.0,
    megabytes: int = 1024, progress: Callable[[int], None] = lambda done: None,
    work: Callable[..., Row] = graded,
) -> list[Row]:  # fmt: skip
    """Returns the rows of all submissions in their order; those that gradebook.jsonl has for the same content are kept.

    A submission under which TRIES workers died is a row that says so.
    """
    ledger = out / "gradebook.jsonl"
    keys = {path: _key(path) for path in paths}
    done = _before(ledger)
    rows: dict[Path, Row] = {path: done[keys[path]] for path in paths if keys[path] in done}
    left = {path: 0 for path in paths if path not in rows}
    progress(len(rows))
    with ledger.open("a", encoding="utf-8") as lines:
        while left:
            for path, row in _round(left, jobs, scheduler, partial(work, seconds=seconds, megabytes=megabytes)):
                rows[path] = row
                lines.write(json.dumps({**row, "key": keys[path]}) + "\n")
                lines.flush()
                progress(len(rows))
    return [rows[path] for path in paths]


def _round(
    left: dict[Path, int], jobs: int | None, scheduler: str | None, work: Callable[[str], Row]
) -> Iterator[tuple[Path, Row]]:
    """Yields rows until all are done or the pool breaks; what is left is tried in a new pool."""
    with executor(min(jobs or os.cpu_count() or 1, len(left)), scheduler) as pool:
        waiting = {pool.submit(work, str(path.absolute())): path for path in left}
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            broken = False
            for future in finished:
                path = waiting.pop(future)
                error = future.exception()
                if error is None:
                    del left[path]
                    yield path, future.result()
                    continue
                broken |= isinstance(error, BrokenProcessPool)
                left[path] += 1
                if left[path] >= TRIES:
                    del left[path]
                    yield path, _died(path, error)
            if broken:
                return


def _died(path: Path, error: BaseException) -> Row:
    says = f"the worker that looked at it died {TRIES} times: {type(error).__name__}"
    return {"submission": path.name, "path": str(path), "verdict": 2, "says": says, "defects": 0, "first_diagnosis": "",
            "causes": [], "components": {}, "kinds": {}, "alike": "", "seconds": 0.0}  # fmt: skip


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
