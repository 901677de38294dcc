"""Work that workers are given in tests: what kills its worker. Every worker that dies is started anew: little loads."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any


def halved(number: int, made: Callable[[int], None]) -> float:
    """Work that always kills its worker at 13, and raises at 14."""
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 14:
        raise ValueError("not 14")
    made(1)
    return number / 2


def dying(path: str, seconds: float, megabytes: int, **more: object) -> dict[str, Any]:
    """A worker that dies the first time it meets a submission called fragile, and judges nothing."""
    from reports.subjects.grading import row_of
    from reports.subjects.verdict import Subject

    mark = Path(path).parent.parent / "died"
    if "fragile" in path and not mark.exists():
        mark.write_text("", encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    return row_of(Subject(Path(path), refused="it was handed in"))
