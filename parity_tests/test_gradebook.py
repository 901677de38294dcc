"""Facts about what a graded class shows: files, links, marks, causes; names are text."""

import json
from pathlib import Path

import pandas as pd
import pytest

from parity_tests import classes
from parity_tests.test_site import Page
from reports.show.gradebook import write
from reports.subjects.grading import causes


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
