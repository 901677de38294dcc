"""`parity check`: arguments, what is printed, exit code. Heavy libraries load inside."""

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reports.subjects.verdict import Subject

SECONDS, MEGABYTES = 20.0, 1024
KINDS = "dense, relu, leakyrelu, sigmoid, tanh, softmax, crossentropy, mse, sgd, adam, network, ignore"


class CannotCheck(click.ClickException):
    """A clear message and exit code 2, no traceback."""

    exit_code = 2


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for tables, JSON and a page.")
@click.option("--annotate", is_flag=True, help="Print GitHub's annotations, worst first.")
@click.option(
    "--jobs", type=click.IntRange(min=1), help="So many at once; every entry of a folder is a submission then."
)
@click.option("--scheduler", metavar="ADDRESS", help="Grade on a Dask cluster instead of this machine's cores.")
@click.option("--role", "roles", multiple=True, metavar="NAME=KIND", help=f"What a class or function is: {KINDS}.")
@click.option("--timeout", type=click.FloatRange(min=1), default=SECONDS, show_default=True, help="Seconds for each.")
@click.option(
    "--memory", type=click.IntRange(min=256), default=MEGABYTES, show_default=True, help="Megabytes for each."
)
def check(
    paths: Sequence[Path], as_json: bool, out: Path | None, annotate: bool, jobs: int | None, scheduler: str | None,
    roles: Sequence[str], timeout: float, memory: int,
) -> None:  # fmt: skip
    """Judge your own network, a .py file, a notebook, a folder or an .npz exchange, against torch.

    Definitions alone are loaded, in a process of its own with limits: training, plots and input() never run.
    Exit code 0: what is there is right; 1: a defect; 2: cannot judge. What was recognised is printed; correct it with
    --role or a parity.toml beside the file ([roles] Name = "dense"). When nothing is recognised, write an adapter:
    a class Adapter with parameters(), forward(x) and gradients(x, y); see the README.
    """
    from rich.console import Console

    if jobs or scheduler:
        _grade(paths, out, jobs, scheduler, timeout, memory, as_json)
    from reports.subjects.verdict import check as judge
    from reports.subjects.verdict import overall

    with Console(stderr=True).status("looking at it"):
        subjects = [judge(path, timeout, memory, _roles(path, roles)) for path in paths]
    code = overall(subjects)
    if out:
        from reports.show.subjects import write

        _folder(out)
        page = write(subjects, out)
    if as_json:
        from reports.show.subjects import records

        click.echo(json.dumps({"verdict": code, "subjects": records(subjects)}, indent=2))
    elif annotate:
        from reports.show.subjects import annotations

        for line in annotations(subjects):
            click.echo(line)
    else:
        _print(subjects)
        if out:
            click.echo(f"page: {page}")
    sys.exit(code)


def _print(subjects: "list[Subject]") -> None:
    """The terminal's answer, one table per subject."""
    from rich.console import Console

    from reports.show.subjects import headline, table

    console = Console()
    for subject in subjects:
        console.print(headline(subject), highlight=False, soft_wrap=True, markup=False)
        if subject.components:
            console.print(table(subject, console.width))
        for note in subject.notes[:6]:
            console.print(f"  note: {note}", highlight=False, soft_wrap=True, markup=False)


def _roles(path: Path, given: Sequence[str]) -> dict[str, str]:
    """Roles from parity.toml beside the subject, then from --role."""
    from reports.subjects.child.names import kind, plain

    told: dict[str, str] = {}
    for file in ((path if path.is_dir() else path.parent) / "parity.toml", Path("parity.toml")):
        if file.is_file():
            try:
                told |= {
                    str(k): str(v) for k, v in tomllib.loads(file.read_text(encoding="utf-8")).get("roles", {}).items()
                }
            except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
                raise CannotCheck(f"{file}: {error}") from error
            break
    for one in given:
        name, equals, what = one.partition("=")
        if not equals:
            raise CannotCheck(f"--role {one}: write it as Name=kind, with kind one of {KINDS}")
        told[name] = what
    for name, what in told.items():
        made = what if plain(what) in ("network", "ignore") else kind(what)
        if not made:
            raise CannotCheck(f"role {name}={what}: a kind is one of {KINDS}")
        told[name] = made
    return told


def _grade(
    paths: Sequence[Path],
    out: Path | None,
    jobs: int | None,
    scheduler: str | None,
    timeout: float,
    memory: int,
    as_json: bool,
) -> None:
    """Grades many submissions, prints the gradebook and ends."""
    from rich.console import Console

    from reports.show.subjects import gradebook_table
    from reports.show.terminal import progress_bar
    from reports.subjects import grading

    where = out or Path("grades")
    _folder(where)
    try:
        found = grading.submissions(paths)
        with progress_bar() as bar:
            task = bar.add_task("submissions graded", total=len(found))
            rows = grading.grade(
                found, where, jobs, scheduler, timeout, memory, lambda n: bar.update(task, completed=n)
            )
    except (OSError, ImportError, ValueError) as error:
        raise CannotCheck(str(error)) from error
    frame = grading.gradebook(rows)
    page = grading.write(frame, rows, where)
    if as_json:
        click.echo(frame.to_json(orient="records", indent=2))
    else:
        console = Console()
        console.print(gradebook_table(frame, console.width))
        console.print(f"gradebook: {page}", highlight=False, soft_wrap=True)
    codes = [int(row["verdict"]) for row in rows]
    sys.exit(1 if 1 in codes else 2 if 2 in codes or not codes else 0)


def _folder(out: Path) -> None:
    """Makes the output folder, or refuses with what to do."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCheck(f"--out {out}: {error.strerror}; name a folder that can be written") from error
