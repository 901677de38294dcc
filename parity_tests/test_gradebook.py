"""Facts about what a graded class shows: files, links, marks, causes; names are text."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from parity_tests import classes
from parity_tests.test_site import Page
from parity_tests.test_subjects_ways import ROOT, copies
from reports.cli import main
from reports.show.gradebook import causes_in_lines, write
from reports.subjects.grading import cause, causes, gradebook, row_of
from reports.subjects.verdict import Subject
from reports.subjects.verdicts import Component, Row


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a graded class, whose name has a space."""
    return write(classes.rows(), tmp_path_factory.mktemp("a class")).parent


def test_a_graded_class_is_written_whole(made: Path) -> None:
    """Tables, JSON, the page, a page for each submission, and nothing temporary."""
    tables = {"gradebook.csv", "gradebook.parquet", "gradebook.json", "causes.csv", "index.html"}
    assert {path.name for path in made.iterdir()} == {*tables, "assets", "submissions"}
    assert len(list((made / "submissions").iterdir())) == len(classes.rows())


def test_all_tables_say_the_same(made: Path) -> None:
    """CSV, Parquet and JSON have a row per submission, with the verdict of each kind of component."""
    book = pd.read_csv(made / "gradebook.csv", keep_default_na=False)
    assert pd.read_parquet(made / "gradebook.parquet").astype(str).equals(book.astype(str))
    told = json.loads((made / "gradebook.json").read_text())
    assert [one["submission"] for one in told["submissions"]] == book["submission"].tolist()
    assert list(book.columns[-4:]) == ["Dense", "ReLU", "SGD", "network"]
    assert book.loc[1, ["verdict", "Dense", "ReLU", "SGD"]].tolist() == ["no parity", "right", "defective", ""]


def test_causes_say_who_made_them_the_commonest_first(made: Path) -> None:
    """Two submissions with one diagnosis are one cause, and those of the same code are told."""
    first = causes(classes.rows())[0]
    assert (first["number"], first["kind"], first["diagnosis"]) == (1, "ReLU", classes.MASK)
    assert [row["submission"] for row in first["submissions"]] == ["wrong.py", "copied.py"]
    assert pd.read_csv(made / "causes.csv")["count"].tolist() == [2, 1, 1]
    assert "The same code but for names and comments: all of them." in Page(made / "index.html").text


def test_every_link_of_a_class_leads_somewhere(made: Path) -> None:
    """Pages, assets and anchors are there; none lies outside the folder."""
    for file in made.rglob("*.html"):
        for link in Page(file).links:
            path, _, anchor = link.partition("#")
            target = (file.parent / path) if path else file
            assert link.startswith("data:") or target.is_file(), (file.name, link)
            assert not anchor or anchor in Page(target).ids, (file.name, link)


def test_a_verdict_is_a_sign_and_a_word_besides_its_colour(made: Path) -> None:
    """Whoever sees no colours reads the same."""
    text = Page(made / "index.html").text
    assert "✕ defective" in text
    assert "● right" in text


def test_names_of_submissions_are_text_and_nothing_else(made: Path) -> None:
    """A name or a diagnosis that looks like a script is shown as it is, on both pages."""
    for file in made.rglob("*.html"):
        page = Page(file)
        assert page.tags.count("script") <= 2
        assert "b" not in page.tags
    assert classes.HOSTILE in Page(made / "index.html").text


def test_a_submission_that_is_gone_leaves_no_page(tmp_path: Path) -> None:
    """The pages are those of the submissions that are there now."""
    write(classes.rows(), tmp_path)
    write(classes.rows()[:2], tmp_path)
    assert len(list((tmp_path / "submissions").iterdir())) == 2


def test_what_cannot_be_judged_says_why_and_a_cause_is_no_count(made: Path) -> None:
    """Once such a row said "1 cannot be judged", and a cause was a bare number."""
    unjudged = Component("Net", "network", rows=[Row("", "", "unjudged", says="it could not be driven: q")])
    (first,) = gradebook([row_of(Subject(Path("net.py"), [unjudged]))])["first_diagnosis"]
    assert first == "Net: it could not be driven: q"
    assert pd.read_csv(made / "gradebook.csv", keep_default_na=False)["causes"].tolist()[:3] == ["", "#1", "#1"]
    assert "#1 ReLU" in Page(made / "index.html").text
    assert str(causes_in_lines(classes.rows())[0]) == f"#1 2 × ReLU: {classes.MASK}"


def test_one_mistake_is_one_cause_whatever_their_arguments_are_called() -> None:
    """The hint that follows names them."""
    says = "backward: the mask is turned round. Keep {} where {} > 0."
    assert cause("ReLU", says.format("dA", "Z")) == cause("ReLU", says.format("g", "x"))


def test_an_interrupted_class_ends_at_once_and_has_its_page(tmp_path: Path) -> None:
    """What is under way is killed with all that it left; what is graded is kept, and how many are left is said."""
    folder = copies(tmp_path / "in", "updates_inside")
    for name in "yz":
        (folder / f"{name}.py").write_text("import time\nclass A:\n    time.sleep(600)\n", encoding="utf-8")
    out, left = tmp_path / "out", tmp_path / "tmp"
    left.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(left)}
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom reports.cli import main; main()"
    )
    command = [sys.executable, "-c", start, "check", str(folder), "--jobs", "2", "--out", str(out)]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True)
    deadline = time.monotonic() + 300
    while not ((out / "gradebook.jsonl").exists() and (out / "gradebook.jsonl").stat().st_size) and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=20)  # a submission that sleeps would take a minute, and the next one another
    assert (run.returncode, "1 of 3 are graded; run it again to go on" in said) == (130, True), said
    assert list(left.iterdir()) == []
    assert "Interrupted: 1 of 3 are graded. Run the same command again to go on." in Page(out / "index.html").text


def test_a_command_that_is_interrupted_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Click's own exit code for Ctrl-C is 1, which says no parity."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reports.subjects.verdict.check", interrupted)
    result = CliRunner().invoke(main, ["check", "anything.py"])
    assert (result.exit_code, result.stdout) == (130, "")
