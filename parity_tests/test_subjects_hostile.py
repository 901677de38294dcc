"""Facts about inputs that attack or say nothing: one clear line, the exit code that they earn, nothing left behind."""

import contextlib
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from parity_tests.hostile import HARMLESS, MADE, TEXTS, WRONG, written
from reports.cli import main
from reports.subjects import isolation

EXPECTED = {**dict.fromkeys([*TEXTS, *MADE], 2), **dict.fromkeys(HARMLESS, 0), **dict.fromkeys(WRONG, 1)}


def state(folder: Path) -> dict[str, object]:
    """Every file of a folder with its time and content."""
    return {str(path): (path.lstat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in folder.rglob("*")}


def processes(folder: Path) -> list[str]:
    """Processes that work in a folder; nothing on a system without /proc."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # others on the machine end while we look
            lines.append(path.read_bytes())
    return [str(line) for line in lines if str(folder).encode() in line]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_hostile_input_gets_one_clear_line_and_leaves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a subject does: the exit code it earns, no traceback, no file changed, made or left, no process."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "in").mkdir()
    subject = written(name, tmp_path / "in")
    before = state(tmp_path / "in")
    seconds = "1" if EXPECTED[name] == 2 else "3"  # of processor time; what never ends takes all of it
    result = CliRunner().invoke(main, ["check", str(subject), "--timeout", seconds])
    assert result.exit_code == EXPECTED[name], result.output
    assert isinstance(result.exception, SystemExit | None)
    assert "Traceback" not in result.output
    if result.exit_code == 2:
        assert len([line for line in result.output.splitlines() if line.startswith(("cannot judge: ", "Error: "))]) == 1
    assert state(tmp_path / "in") == before
    assert list((tmp_path / "tmp").iterdir()) == processes(tmp_path) == []


def test_there_are_many_hostile_inputs() -> None:
    """The list does not shrink unseen."""
    assert sum(code == 2 for code in EXPECTED.values()) >= 80


def test_strict_isolation_runs_nothing_where_the_kernel_does_not_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Landlock: exit code 2 and one line when it is asked for; else a verdict that says which limits held."""
    subject = str(written("hook at the end", tmp_path))
    monkeypatch.setattr(isolation.guard, "landlock_version", lambda: 0)
    monkeypatch.setattr(isolation, "bubblewrap", lambda: "")
    refused = CliRunner().invoke(main, ["check", subject, "--isolation", "strict"])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "nothing was run: this kernel limits neither files nor the network" in refused.stderr
    told = CliRunner().invoke(main, ["check", subject])
    assert (told.exit_code, "resource limits, audit hook" in told.stdout) == (0, True)


@pytest.mark.skipif(bool(isolation.missing_limits()), reason="this kernel has no Landlock that limits the network")
def test_strict_isolation_judges_where_the_kernel_holds_it(tmp_path: Path) -> None:
    """With Landlock, or bubblewrap, the verdict is the same and says so."""
    told = CliRunner().invoke(main, ["check", str(written("hook at the end", tmp_path)), "--isolation", "strict"])
    assert told.exit_code == 0
    assert "landlock (writes, TCP)" in told.stdout or "bubblewrap" in told.stdout


def test_a_child_that_the_kernel_does_not_hold_as_asked_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child asks the kernel itself; where Landlock does not take hold it ends before the subject is read."""
    for file in isolation.LAUNCH.parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8").replace("RESTRICT = 444, 445, 446", "RESTRICT = 444, 445, 9999")
        copy = tmp_path / file.relative_to(isolation.LAUNCH.parent)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    monkeypatch.setattr(isolation, "LAUNCH", tmp_path / "launch.py")
    monkeypatch.setattr(isolation, "missing_limits", lambda: "")
    monkeypatch.setattr(isolation, "bubblewrap", lambda: "")
    seen = isolation.see(written("hook at the end", tmp_path), strict=True)
    assert "the kernel did not give the limits" in seen.refused
