"""Facts about independent work: processes and a Dask cluster give the same, a worker that dies loses nothing."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from parity_tests.work import halved
from reports import workers
from reports.certify import certify_chunk, chunks, tables
from reports.cli import main
from reports.faults import matrix
from reports.subjects import grading
from reports.workers import TWICE, each

SUBJECTS = Path(__file__).parent / "subjects"


def test_a_piece_that_kills_its_worker_twice_is_told_and_nothing_else_is_lost() -> None:
    """What was under way beside it is done again; an error of the work itself is told at once."""
    told: list[int] = []
    done = {one.item: one for one in each(halved, range(10, 20), jobs=2, progress=told.append)}
    assert {item: one.result for item, one in done.items() if not one.trouble} == {
        item: item / 2 for item in range(10, 20) if item not in (13, 14)
    }
    assert (done[13].trouble, done[14].trouble) == (TWICE, "ValueError: not 14")
    assert max(told) == 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Dask cluster of two workers on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as made:
        yield made


def killing(cluster: Any) -> Callable[[int], None]:
    """Told of progress, kills one worker, once."""
    victims = [next(iter(cluster.workers.values())).pid]

    def progress(done: int) -> None:
        if done and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    return progress


def test_certify_gives_the_same_tables_on_a_cluster_that_loses_a_worker(cluster: Any) -> None:
    """From the same seed, with one of two workers killed midway."""
    work = [chunk for chunk in chunks(2, seed=3) if chunk.kind != "random"]
    here = tables(one for chunk in work for one in certify_chunk(chunk, lambda made: None))
    lossy = each(certify_chunk, work, None, cluster.scheduler_address, killing(cluster))
    there = tables(one for done in lossy for one in done.result or ())
    pd.testing.assert_frame_equal(here[0], there[0])
    pd.testing.assert_frame_equal(here[1], there[1])


def test_faults_gives_the_same_matrix_on_a_cluster_that_loses_a_worker(cluster: Any) -> None:
    """Three faults, with one of two workers killed midway."""
    tries = matrix.chunks([0])[3].tries[:3]
    work = [matrix.Chunk(number, 0, (one,)) for number, one in enumerate(tries)]
    here, _ = matrix.tables(matrix.try_chunk(chunk, lambda made: None) for chunk in work)
    lossy = each(matrix.try_chunk, work, None, cluster.scheduler_address, killing(cluster))
    there, _ = matrix.tables(done.result for done in lossy)
    pd.testing.assert_frame_equal(here.drop(columns="seconds"), there.drop(columns="seconds"))


def test_submissions_are_graded_on_a_cluster_that_loses_a_worker(cluster: Any, tmp_path: Path) -> None:
    """Four files, with one of two workers killed midway: every one has its verdict."""
    names = ("book_wrong_bias", "dict_of_columns", "params_and_grads", "updates_inside")
    files = [tmp_path / f"{name}.py" for name in names]
    for name, file in zip(names, files, strict=True):
        file.write_text((SUBJECTS / f"{name}.txt").read_text(encoding="utf-8"), encoding="utf-8")
    rows = grading.grade(files, tmp_path, None, cluster.scheduler_address, progress=killing(cluster))
    assert [row["verdict"] for row in rows] == [1, 0, 0, 0]


def test_the_commands_take_a_scheduler(cluster: Any, tmp_path: Path) -> None:
    """`--scheduler ADDRESS` does the same work there, and writes the same files."""
    result = CliRunner().invoke(
        main, ["certify", "--nets", "1", "--scheduler", cluster.scheduler_address, "--out", str(tmp_path)]
    )
    assert "0 violations in " in result.output
    assert (tmp_path / "certificate.csv").is_file()


def test_a_cluster_without_workers_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that nobody will do raises an error that says so, once patience is at an end."""
    nobody = workers.Pool(ThreadPoolExecutor(1), lambda: 0, lambda: 0)
    monkeypatch.setattr(workers, "PATIENCE", 0.5)
    monkeypatch.setattr(workers, "executor", lambda *told: nullcontext(nobody))
    with pytest.raises(RuntimeError, match="no worker for"):
        list(each(halved, [1]))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense"])
def test_where_no_scheduler_answers_that_is_one_line(address: str) -> None:
    """Exit code 2 and no traceback."""
    pytest.importorskip("distributed")
    result = CliRunner().invoke(main, ["certify", "--nets", "1", "--scheduler", address])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: --scheduler {address}: no Dask scheduler answers there\n"
