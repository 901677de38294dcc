"""Facts about inputs that attack or say nothing: one clear line, exit code 2, nothing left behind."""

import os
import tempfile
from pathlib import Path

import pytest

from parity_tests.hostile import CANARY, MADE, TEXTS, written
from reports.subjects.verdict import check


def _ours() -> set[str]:
    """The working folders of children that are there now."""
    return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith("parity-")}


@pytest.mark.parametrize("name", [*TEXTS, *MADE])
def test_a_hostile_input_gets_one_clear_line_and_exit_code_2(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a subject does, the verdict is "cannot judge" in one line, the files beside it are untouched."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(tmp_path)
    subject = check(written(name, tmp_path), seconds=4.0)
    assert subject.verdict == 2, [(one.name, one.status, one.says) for one in subject.components]
    assert subject.says
    assert "\n" not in subject.says
    assert "Traceback" not in subject.says
    assert (tmp_path / CANARY).read_text(encoding="utf-8") == "alive"
    assert not _ours(), "the child's folder is removed"


def test_there_are_forty_hostile_inputs() -> None:
    """The list does not shrink unseen."""
    assert len({*TEXTS, *MADE}) >= 40
