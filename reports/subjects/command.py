"""`parity check`: arguments, what is printed, exit code. Heavy libraries load inside."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reports.refusals import CannotJudge, Stopped, folder
from reports.subjects.roles import KINDS, roles_of

if TYPE_CHECKING:
    from reports.subjects.verdict import Subject

SECONDS, MEGABYTES = 20.0, 1024


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for CSV, Parquet, JSON, a page.")
@click.option("--annotate", is_flag=True, help="Print GitHub's annotations, worst first.")
@click.option("--each", is_flag=True, help="A folder is a class: every file and folder in it is a submission.")
@click.option("--jobs", type=click.IntRange(min=1), help="As --each, so many at once; all cores by default.")
@click.option("--scheduler", metavar="ADDRESS", help="As --each, on a Dask cluster whose workers see the files.")
@click.option("--role", "given", multiple=True, metavar="NAME=KIND", help=f"What a class or function is: {KINDS}.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=SECONDS,
    show_default=True,
    help="Seconds of processor time for each; three times as long by the clock.",
)
@click.option(
    "--memory", type=click.IntRange(min=256), default=MEGABYTES, show_default=True, help="Megabytes for each."
)
@click.option(
    "--isolation",
    type=click.Choice(["default", "strict"]),
    default="default",
    show_default=True,
    help="strict: run nothing where the kernel itself does not limit files and network (Linux 6.7 or bubblewrap). "
    "The limits that held are told at the end.",
)
def check(
    paths: Sequence[Path], as_json: bool, out: Path | None, annotate: bool, each: bool, jobs: int | None,
    scheduler: str | None, given: Sequence[str], timeout: float, memory: int, isolation: str,
) -> None:  # fmt: skip
    """Judge your own network, a .py file, a notebook, a folder or an .npz exchange, against torch.

    Definitions alone are loaded, in a process of its own with limits: training, plots and input() never run.
    Exit code 0: what is there is right; 1: a defect; 2: cannot judge.

    A folder is one network whose files belong together (a package). A folder of many people's submissions is
    graded with --each, --jobs N or --scheduler: a gradebook in the folder --out (grades/ by default), which goes on
    where it stopped when it is started again.

    What was recognised is printed; correct it with --role or a parity.toml beside the file ([roles] Name = "dense").
    When nothing is recognised, write an adapter: a class Adapter with parameters(), forward(x) and gradients(x, y);
    see the README.
    """
    if isolation == "strict":
        from reports.subjects.isolation import missing_limits

        if missing := missing_limits():
            raise CannotJudge(f"--isolation=strict: nothing was run: {missing}")
    if out:
        folder(out)
    if each or jobs or scheduler:
        _grade(paths, out or Path("grades"), jobs, scheduler, given, timeout, memory, isolation == "strict", as_json)
    try:
        told = [roles_of(path, given) for path in paths]
    except ValueError as error:
        raise CannotJudge(str(error)) from error
    from rich.console import Console

    from reports.subjects.verdict import check as judge
    from reports.subjects.verdict import overall

    try:
        with Console(stderr=True).status("looking at it"):
            subjects = [
                judge(path, timeout, memory, roles, isolation == "strict")
                for path, roles in zip(paths, told, strict=True)
            ]  # fmt: skip
    except KeyboardInterrupt:
        raise Stopped("interrupted: nothing was judged") from None
    code = overall(subjects)
    if out:
        from reports.show.subjects import write

        page = write(subjects, out)
    if as_json:
        from reports.show.subjects import record

        click.echo(json.dumps({"verdict": code, "subjects": [record(one) for one in subjects]}, indent=2))
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

    from reports.show.subjects import headline, limits, table

    console = Console()
    for subject in subjects:
        console.print(headline(subject), highlight=False, soft_wrap=True, markup=False)
        if subject.components:
            console.print(table(subject, console.width))
        for note in [*subject.notes[:6], *_class_hint(subject.path)]:
            console.print(f"  note: {note}", highlight=False, soft_wrap=True, markup=False)
    if held := limits([subject.isolation for subject in subjects]):
        console.print(held, style="dim", highlight=False, soft_wrap=True, markup=False)


def _class_hint(path: Path) -> list[str]:
    """What to do where a folder that was judged as one network may be a class of them."""
    from reports.subjects.grading import entries

    if not path.is_dir() or (path / "__init__.py").exists() or len(entries(path)) < 2:
        return []
    return ["the folder was judged as one network; if every file in it is somebody's submission, add --each"]


def _grade(
    paths: Sequence[Path], out: Path, jobs: int | None, scheduler: str | None, given: Sequence[str], timeout: float,
    memory: int, strict: bool, as_json: bool,
) -> None:  # fmt: skip
    """Grades many submissions, prints the gradebook and ends."""
    from rich.console import Console

    from reports.show import gradebook
    from reports.show.terminal import counting
    from reports.subjects import grading

    folder(out)
    try:
        found = grading.submissions(paths)
        with counting("submissions graded", len(found)) as told:
            rows = grading.grade(
                found, out, jobs, scheduler, timeout, memory, told, given=given, strict=strict
            )  # fmt: skip
        page = gradebook.write(rows, out)
    except grading.Interrupted as stop:
        page = gradebook.write(stop.rows, out, of=len(found))
        done = f"{len(stop.rows)} of {len(found)} are graded"
        raise Stopped(f"interrupted: {done}; run it again to go on; so far: {page}") from None
    except (OSError, ImportError, ValueError, RuntimeError) as error:
        raise CannotJudge(str(error)) from error
    if as_json:
        click.echo(json.dumps(gradebook.plain(rows), indent=2))
    else:
        console = Console()
        console.print(gradebook.terminal_table(grading.gradebook(rows), console.width))
        for line in gradebook.causes_in_lines(rows):
            console.print(line, highlight=False, markup=False)
        console.print(gradebook.headline(rows))
        console.print(f"gradebook: {page}", highlight=False, soft_wrap=True, markup=False)
    sys.exit(grading.overall(rows))
