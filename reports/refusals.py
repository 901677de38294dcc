"""What commands share when they cannot judge: one clear message, and exit code 2."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import click


class CannotJudge(click.ClickException):
    """A clear message and exit code 2, no traceback."""

    exit_code = 2


class Stopped(click.ClickException):
    """Ctrl-C: what is done is kept, and the exit code is no verdict's."""

    exit_code = 130


def folder(out: Path) -> None:
    """Makes the output folder before the work begins, or refuses with what to do."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotJudge(f"--out {out}: {error.strerror}; name a folder that can be written") from error


def unknown(what: str, name: str, there: Iterable[str]) -> str:
    """Says that a name is unknown, and which was probably meant."""
    near = get_close_matches(name, there, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(there)}"
    return f"there is no {what} {name!r}: {hint}"
