"""Starts a stranger's code in a process of its own and survives it.

`python -I child/launch.py` in a new session with limits that it puts on itself; bubblewrap around it where that is
found and works. The parent kills the whole group when the wall clock says so, and reads bounded files.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from reports.subjects.child import guard
from reports.workers import THREADS

LAUNCH = Path(__file__).parent / "child" / "launch.py"
SECONDS = 20.0  # of processor time, which the child limits itself: a busy machine must not change a verdict
NO_CODE = ["no code was run"]  # in the place of limits
CLOCK = 3.0  # times as long by the clock, for what waits without computing
MEGABYTES = 1024
MOST_RESULT = 8_000_000  # bytes of result.json
MOST_ARRAYS = 64_000_000


@dataclass
class Seen:
    """What came back of one subject: components with their arrays, or one line that says why there are none."""

    path: Path
    components: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stubs: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    isolation: list[str] = field(default_factory=list)
    refused: str = ""
    seconds: float = 0.0


def missing_limits() -> str:
    """Says what the kernel does not limit here, where strict isolation is asked for; empty where it limits all."""
    version = guard.landlock_version()
    if bubblewrap() or version >= guard.ENOUGH:
        return ""
    what = "limits files but not the network" if version else "limits neither files nor the network"
    return f"this kernel {what} (Landlock version {version}, {guard.ENOUGH} is needed) and there is no bubblewrap"


def see(
    path: Path,
    seconds: float = SECONDS,
    megabytes: int = MEGABYTES,
    roles: dict[str, str] | None = None,
    strict: bool = False,
) -> Seen:
    """Looks at one subject in a child; raises nothing, whatever the subject does.

    `strict` looks at nothing where the kernel does not hold the child itself.
    """
    if strict and (missing := missing_limits()):
        return Seen(path, refused=f"nothing was run: {missing}")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="parity-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        task = {"path": str(path.absolute()), "seconds": seconds, "megabytes": megabytes, "roles": roles or {}}
        task["strict"] = strict and not bubblewrap()
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        how, status = _run(folder, path, seconds)
        seen = _read(folder, path, how, status, seconds, megabytes)
    seen.seconds = time.perf_counter() - began
    if bubblewrap():
        seen.isolation.append("bubblewrap")
    return seen


def _run(folder: Path, path: Path, seconds: float) -> tuple[str, int]:
    """Runs the child; says whether it ended or was killed, and its exit status."""
    environment = {
        name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "SYSTEMROOT", "LC_ALL")
    }
    environment |= dict.fromkeys(THREADS, "1") | {"PYTHONHASHSEED": "0", "TMPDIR": str(folder), "HOME": str(folder)}
    command = [*_wrapped(folder), sys.executable, "-I", str(LAUNCH), str(folder)]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return "ended", process.wait(timeout=CLOCK * seconds)
    except subprocess.TimeoutExpired:
        return "killed", 0
    finally:  # also on Ctrl-C: nothing of theirs stays behind
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@functools.cache
def bubblewrap() -> str:
    """The path of bubblewrap where it is found and works here; empty where not."""
    found = shutil.which("bwrap")
    if not found:
        return ""
    try:
        trial = subprocess.run([found, "--unshare-all", "--ro-bind", "/", "/", "--die-with-parent", "true"],
                               timeout=5, capture_output=True, check=False)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found if trial.returncode == 0 else ""


def _wrapped(folder: Path) -> list[str]:
    """A read-only root without network, the working folder alone writable; nothing where there is no bubblewrap."""
    found = bubblewrap()
    if not found:
        return []
    return [found, "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/", "/", "--dev", "/dev",
            "--proc", "/proc", "--bind", str(folder), str(folder), "--chdir", str(folder)]  # fmt: skip


def _read(folder: Path, path: Path, how: str, status: int, seconds: float, megabytes: int) -> Seen:
    """Reads what the child wrote, within bounds."""
    result = folder / "result.json"
    try:
        if result.is_file() and not result.is_symlink() and result.stat().st_size < MOST_RESULT:
            return _parsed(folder, path, json.loads(result.read_text(encoding="utf-8")))
        error = folder / "error.json"
        text = json.loads(error.read_text(encoding="utf-8")[:20_000])["error"] if error.is_file() else ""
    except Exception as failure:  # it comes from a stranger's process: anything may stand in it
        return Seen(path, refused=f"what came back cannot be read: {type(failure).__name__}")
    if "MemoryError" in text:
        return Seen(path, refused=f"it asks for more memory than the {megabytes} MB that it may have")
    if text:
        return Seen(path, refused=f"it could not be looked at: {text}"[:300])
    if how == "killed" or status in (-signal.SIGXCPU, -signal.SIGKILL):
        limit = f"{CLOCK * seconds:g} seconds" if how == "killed" else f"{seconds:g} seconds of processor time"
        return Seen(path, refused=f"it took more than {limit} and was stopped (--timeout)")
    if status < 0:
        return Seen(path, refused=f"its process died: {signal.Signals(-status).name}")
    return Seen(path, refused=f"its process ended without an answer, exit status {status}")


def _parsed(folder: Path, path: Path, data: dict[str, Any]) -> Seen:
    seen = Seen(path, notes=[str(note) for note in data.get("notes", [])], isolation=list(data.get("isolation", [])))
    if data.get("unfinished"):
        seen.notes.append("looking at whole networks did not come to an end; the components were judged")
    if "unreadable" in data:
        seen.refused = str(data["unreadable"])
        return seen
    file = folder / "arrays.npz"
    arrays: dict[str, np.ndarray] = {}
    if file.is_file() and unpacked_size(file) < MOST_ARRAYS:
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name.replace("|", "/"): stored[name] for name in stored.files}
    seen.components = [_filled(one, arrays) for one in data.get("components", [])]
    seen.stubs = list(data.get("stubs", []))
    seen.classes, seen.functions = list(data["seen"]["classes"]), list(data["seen"]["functions"])
    seen.unrecognised = [str(name) for name in data["seen"].get("unrecognised", [])]
    return seen


def unpacked_size(file: Path) -> int:
    """How many bytes an .npz file holds once unpacked, as it says itself; a bomb says so, or ends early."""
    with zipfile.ZipFile(file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _filled(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Puts the arrays back where their names stand."""
    if isinstance(value, dict):
        if set(value) == {"array"}:
            return arrays.get(value["array"])
        return {key: _filled(inner, arrays) for key, inner in value.items()}
    return [_filled(inner, arrays) for inner in value] if isinstance(value, list) else value
