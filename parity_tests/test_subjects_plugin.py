"""Facts about pytest --parity and the fixture: what fails, what is skipped, and what they say."""

import importlib
import inspect
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from parity_tests.test_subjects_ways import PARTS, README, copies
from reports.pytest_plugin import Assertion, ParityError, parity

PLUGIN = [
    sys.executable,
    "-m",
    "pytest",
    "-p",
    "reports.pytest_plugin",
    "-p",
    "no:cacheprovider",
    "-q",
    "-o",
    "addopts=",
]
RNN = "class RNN:\n    def forward(self, x):\n        return x\n"
FORWARD = "class Tanh:\n    def forward(self, x):\n        return np.tanh(x)\n"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs pytest in a folder, with the plugin and without the plugins that are installed."""
    environment = {**os.environ, "PYTHONPATH": str(README.parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [*PLUGIN, *arguments], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (FORWARD, 0, "parity: parts.py::Tanh: backward is not written yet"),
        (FORWARD, 0, "parity: parts.py::what was not recognised: not recognised, and not judged: Sine"),
        (RNN, 1, "RNN: cannot be judged: recurrent layers have no equation yet"),
    ],
)
def test_what_cannot_be_judged_fails_and_what_is_not_there_is_named(
    more: str, code: int, says: str, tmp_path: Path
) -> None:
    """Beside a class that passes; both were once skips that nothing told of, with exit code 0."""
    (tmp_path / "parts.py").write_text(PARTS + more, encoding="utf-8")
    found = run(tmp_path, "--parity", "parts.py")
    assert found.returncode == code, found.stdout
    assert "1 passed" in found.stdout
    assert says.removeprefix("RNN: ") in found.stdout


def test_the_plugin_makes_each_component_a_test(tmp_path: Path) -> None:
    """Two defective components fail with their diagnosis; the fixture asserts in two lines; nothing heavy loads."""
    folder = copies(tmp_path, "book_wrong_bias")
    (tmp_path / "test_mine.py").write_text(
        "from book_wrong_bias import Rectifier\n\ndef test_mine(parity):\n    parity(Rectifier)\n", encoding="utf-8"
    )
    found = run(folder, "--parity", "book_wrong_bias.py", "test_mine.py")
    assert "3 failed" in found.stdout, found.stdout + found.stderr
    for words in ("averaged", "self.db = dY.mean(axis=0)", "test_mine", "mask is turned round"):
        assert words in found.stdout
    assert "no such file" in run(folder, "--parity", "typo.py").stderr
    (tmp_path / "empty.py").write_text("", encoding="utf-8")
    several = ["--parity", "book_wrong_bias.py", "--parity", "empty.py", "-p", "xdist", "-n", "2"]
    assert "3 failed" in run(folder, *several).stdout
    heavy = ("torch", "pandas", "numpy", "rich", "click")
    code = f"import sys, reports.pytest_plugin; print([m for m in {heavy} if m in sys.modules])"
    light = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=README.parent)
    assert light.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("Sigmoid()", ""),
        ("Sine", "Sine was not recognised in"),
        ("'Sigmoid'", "there is no such file; give a path, a class, a function or an object"),
        ("3", "int is not written in a Python file"),
    ],
)
def test_the_fixture_takes_objects_and_says_what_it_cannot_take(
    asked: str, says: str, parity: Assertion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object stands for its class; what is not recognised accuses no other class of its file."""
    (tmp_path / "parts_of_mine.py").write_text(PARTS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "parts_of_mine", raising=False)
    mine = importlib.import_module("parts_of_mine")
    with pytest.raises(ParityError, match=says) if says else nullcontext():
        parity(eval(asked, vars(mine)))


def test_the_fixture_says_that_a_class_inside_a_function_is_not_seen() -> None:
    """It could not be found among the definitions of its file."""

    class Inner:
        pass

    with pytest.raises(ParityError, match="Inner is defined inside a function"):
        inspect.unwrap(parity)()(Inner)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((np.ones(3),), "given numpy's ndarray: give a path, a class, a function or an object, written by hand"),
        ((np.exp,), "given numpy's ufunc: give"),
        ((torch.nn.Linear(2, 3),), "given torch's Linear: give a path, a class"),
        ((torch.relu,), "not written in a Python file|given torch's"),
        ((PARTS, PARTS, 3), "given 3 arguments: it takes one, a path, a class, a function or an object; torch's side"),
        ((len, torch.relu), "given 2 arguments: it takes one"),
        ((), "given no arguments: it takes one"),
    ],
)
def test_the_fixture_says_in_a_sentence_what_it_does_not_take(given: tuple[Any, ...], says: str) -> None:
    """Arrays, torch's own modules, two arguments."""
    with pytest.raises(ParityError, match=says) as raised:
        inspect.unwrap(parity)()(*given)  # type: ignore[operator]
    assert "\n" not in str(raised.value)


def test_the_fixture_fails_where_a_part_of_a_file_cannot_be_judged(parity: Assertion, tmp_path: Path) -> None:
    """A class that passes beside it made it a pass; asked for alone, that class passes."""
    file = tmp_path / "parts.py"
    file.write_text(PARTS + RNN, encoding="utf-8")
    with pytest.raises(ParityError, match="RNN: cannot be judged: recurrent layers"):
        parity(file)
    parity(file, "Sigmoid")


def test_a_module_that_is_skipped_whole_stands_beside_it(tmp_path: Path) -> None:
    """Such a report knows no properties; the end of the output comes all the same."""
    (tmp_path / "test_whole.py").write_text("import pytest\npytest.importorskip('nowhere')\n")
    ran = run(tmp_path, "test_whole.py", "-rs")
    assert ran.returncode == 5, ran.stdout + ran.stderr
    assert "could not import 'nowhere'" in ran.stdout
