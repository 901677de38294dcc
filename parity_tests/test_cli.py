"""The command line as a user runs it: what it prints, what it writes, what it returns."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import scratch
from reports.cases import CASES, Layer, by_name
from reports.cli import main

FILES = {"topics", "departures",
    "parity.parquet", "worst.csv", "trajectories.parquet", "summary.json", "report.md", "index.html", ".gitignore",
    "assets", "cases",
}  # fmt: skip


def run(*arguments: object) -> Result:
    """Runs `parity` in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """One report of two small cases, in a folder that did not exist."""
    out = tmp_path_factory.mktemp("report") / "new" / "folder"
    return run("report", "square", "ann1-reg-relu", "ann2", "--epochs", 5, "--jobs", 1, "--seeds", 1, "--out", out), out


def test_report_ends_with_parity_and_says_where_it_lies(report: tuple[Result, Path]) -> None:
    """Exit code 0, a table of cases, the verdict, and the path of the page."""
    result, out = report
    assert result.exit_code == 0, result.output
    assert "PARITY: " in result.output
    assert f"report: {out / 'index.html'}" in result.output


def test_report_writes_every_file_whole(report: tuple[Result, Path]) -> None:
    """All files are there, and nothing temporary is left beside them."""
    assert {path.name for path in report[1].iterdir()} == FILES


def test_the_tables_hold_what_was_measured(report: tuple[Result, Path]) -> None:
    """Parquet has every row, CSV the worst of each quantity, and trajectories every epoch of both sides."""
    out = report[1]
    rows = pd.read_parquet(out / "parity.parquet")
    worst = pd.read_csv(out / "worst.csv")
    assert len(rows) == sum(case["rows"] for case in json.loads((out / "summary.json").read_text())["cases"])
    assert len(worst) == len(rows.groupby(["case", "precision", "quantity"]))
    assert worst["used"].max() == rows["used"].max()
    runs = pd.read_parquet(out / "trajectories.parquet")
    assert list(runs.columns) == ["case", "dtype", "side", "epoch", "loss", "accuracy", "learning_rate"]
    assert runs.groupby(["case", "dtype", "side"]).size().to_dict() == {
        (case, dtype, side): 5
        for case in ("ann2", "square")
        for dtype, replicas in (("float64", ["replica 1", "replica 2", "replica 3"]), ("float32", []))
        for side in ("reference", "scratch", *replicas)
    }


def test_the_summary_is_json_without_nan(report: tuple[Result, Path]) -> None:
    """The summary has the verdict, a line per case and dtype, the environment and the spread over seeds."""
    summary = json.loads((report[1] / "summary.json").read_text(), parse_constant=pytest.fail)
    assert (summary["verdict"], summary["says"]) == (0, "parity")
    assert [(case["case"], case["dtype"]) for case in summary["cases"]] == [
        (name, dtype) for name in ("square", "ann1-reg-relu", "ann2") for dtype in ("float64", "float32")
    ]
    assert {"numpy", "torch", "threads", "python"} <= set(summary["environment"])
    assert summary["spread"][0]["rows not passing"] == 0


def test_the_first_page_leads_to_every_case(report: tuple[Result, Path]) -> None:
    """The overview holds the verdict and the table over other seeds, and links a page for each case and dtype."""
    page = (report[1] / "index.html").read_text()
    assert ">Parity</h1>" in page
    assert 'id="seeds"' in page
    files = [file.name for file in (report[1] / "cases").iterdir()]
    assert len(files) == 6
    assert all(f'href="cases/{name}"' in page for name in files)


def test_report_of_a_faulty_side_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain` on a scratch with a fault returns 1, names the row and prints every row before it."""
    monkeypatch.setattr(scratch.ReLU, "backward", lambda self, dvalues: setattr(self, "dinputs", dvalues) or dvalues)
    result = run("explain", "square", "--epochs", 2)
    assert result.exit_code == 1
    assert "square, float64: parity is lost first at epoch 0, backward/relu1 (7, 7)" in result.output
    assert result.output.index("forward/dense1") < result.output.index("backward/relu1")


def test_explain_of_an_honest_case_says_so() -> None:
    """Without a difference `explain` returns 0 and says how near the limit the worst row comes."""
    result = run("explain", "one-hot", "--epochs", 2, "--dtype", "float32")
    assert result.exit_code == 0
    assert "one-hot, float32: parity in all " in result.output


@pytest.mark.parametrize("command", ["report", "explain"])
def test_an_unknown_case_is_refused_with_the_nearest(command: str) -> None:
    """A misspelt case is 2, with the one that was probably meant and no traceback."""
    result = run(command, "sqare")
    assert result.exit_code == 2
    assert result.output == "Error: there is no case 'sqare': did you mean square?\n"


def test_a_folder_that_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    """An --out below a file is 2 at once."""
    (tmp_path / "file").write_text("kept")
    result = run("report", "square", "--out", tmp_path / "file" / "below")
    assert result.exit_code == 2
    assert "name a folder that can be written" in result.output
    assert (tmp_path / "file").read_text() == "kept"


def test_bad_options_are_2() -> None:
    """An epoch count of 0 or a strange dtype never starts anything."""
    assert run("report", "square", "--epochs", 0).exit_code == 2
    assert run("report", "square", "--dtype", "float16").exit_code == 2


def test_list_names_every_case() -> None:
    """`parity list` has a line for each case."""
    output = run("list").output
    assert all(name in output for name in CASES)


def test_two_cases_of_one_name_are_refused() -> None:
    """A case never replaces another in silence."""
    with pytest.raises(ValueError, match="two cases are called 'iris': each needs a name of its own"):
        by_name([CASES["iris"], CASES["iris"]])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"layers": (Layer("a", "Tahn"),)},
            "case iris: a is one of Dense, ReLU, Sigmoid, Tanh, Softmax but got 'Tahn'",
        ),
        ({"loss": "Softmax"}, "case iris: a loss is one of HalfSquaredError, "),
        ({"dtype": "float16"}, "case iris: dtype is one of float64, float32 but got 'float16'"),
        ({"targets": "column"}, "case iris: targets are one of labels, one-hot, class number but got 'column'"),
        ({"epochs": 0}, "case iris: a loss needs at least one epoch, and epochs need a loss"),
        ({"layers": (Layer("a", "ReLU"), Layer("a", "ReLU"))}, "case iris: layers need names of their own"),
    ],
)
def test_a_case_that_cannot_be_is_refused(change: dict[str, object], told: str) -> None:
    """A misspelt layer, loss, dtype or target is told when the case is made, with what there is."""
    with pytest.raises(ValueError, match="case iris") as refused:
        replace(CASES["iris"], **change)
    assert str(refused.value).startswith(told)


def test_certify_prints_its_tables(tmp_path: Path) -> None:
    """`parity certify` returns 0, or 2 when too few networks let a weakened judge pass, and writes its tables."""
    result = run("certify", "--nets", 3, "--jobs", 1, "--out", tmp_path)
    certificate = pd.read_csv(tmp_path / "certificate.csv")
    assert not np.any(certificate[["pairs apart", "truth missed"]])
    assert result.exit_code == (0 if pd.read_csv(tmp_path / "controls.csv")["seen to fail"].all() else 2)
    assert "0 violations in " in result.output
