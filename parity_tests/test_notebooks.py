"""The lecture's notebooks: built from text, run from first to last cell, both sides in each."""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from reports.lessons.notebooks import SOURCES, CellError, run

NAMES = ["ann1", "ann2", "ann3"]


@pytest.fixture(scope="module", params=NAMES)
def notebook(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> nbformat.NotebookNode:
    """One notebook, run in a fresh Python as the command does."""
    target = tmp_path_factory.mktemp("notebooks") / f"{request.param}.ipynb"
    code = f"from reports.lessons.notebooks import *; run(SOURCES / '{request.param}.py', Path({str(target)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return nbformat.read(str(target), as_version=4)


def test_every_cell_has_run(notebook: nbformat.NotebookNode) -> None:
    """All code cells ran in order, none raised, and nothing was written to stderr."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert {output.get("name") for output in outputs} == {"stdout"}


def test_each_notebook_asks_the_judge(notebook: nbformat.NotebookNode) -> None:
    """Each ends with rows of the report that all pass, so no tolerance is typed in it."""
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert 'assert set(rows["status"]) <= {"exact", "close"}' in source
    assert "allclose" not in source


@pytest.mark.parametrize("name", NAMES)
def test_the_sources_are_python_without_outputs(name: str) -> None:
    """The sources are plain Python in py:percent, so they are reviewed as code, and no .ipynb lies beside them."""
    text = (SOURCES / f"{name}.py").read_text(encoding="utf-8")
    ast.parse(text)
    assert text.count("# %% [markdown]") >= 5
    assert {path.suffix for path in SOURCES.iterdir() if path.is_file()} == {".py"}


def test_a_failing_cell_is_told(tmp_path: Path) -> None:
    """A cell that raises ends the build with the notebook's name and the error."""
    source = tmp_path / "bad.py"
    source.write_text("# %%\n1 / 0\n", encoding="utf-8")
    code = "import sys; from reports.lessons.notebooks import *; run(Path(sys.argv[1]), Path(sys.argv[2]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(tmp_path / "bad.ipynb")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"{CellError.__name__}: bad.py: a cell failed: ZeroDivisionError: division by zero" in done.stderr
    assert (tmp_path / "bad.ipynb").exists()
    assert run.__doc__
