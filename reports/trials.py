"""`parity certify` and `parity faults`: the checker itself on trial. Heavy libraries load when they run."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from reports.refusals import CannotJudge, folder, unknown

POSITIVE = click.IntRange(min=1)
SCHEDULER = "Work on a Dask cluster instead of this machine's cores."


@click.command()
@click.option("--nets", type=POSITIVE, default=200, show_default=True, help="Networks of each kind, in each dtype.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same networks."
)
@click.option(
    "--trainings",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Besides, ANN III from so many seeds: probes and 20 updates each, about 10 s of one core.",
)
@click.option("--jobs", type=POSITIVE, help="Processes at once; all cores by default.")
@click.option("--scheduler", metavar="ADDRESS", help=SCHEDULER)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the tables as CSV.")
def certify(
    nets: int, seed: int, trainings: int, jobs: int | None, scheduler: str | None, out: Path | None
) -> None:  # fmt: skip
    """Put the judge itself on trial: honest networks must give no alarm, and a weakened judge must.

    Exit code 0: no violation, and every negative control fails as it must; 1: a violation; 2: a control did not fail,
    which happens with few networks (--nets below 50) and proves nothing, or a part of the work was lost.
    """
    from rich.console import Console

    from reports.certify import FIRST_COLUMNS, certify_chunk, chunks, tables, unseen, verdict
    from reports.show.files import write_tables
    from reports.show.tables import shown
    from reports.show.terminal import JUDGED, fitting, frame_table, verdict_line

    if out:
        folder(out)
    work = chunks(nets, seed)
    total = 2 * sum(len(chunk.numbers) for chunk in work)
    findings, lost = _worked(certify_chunk, work, "networks tried", total, jobs, scheduler)
    certificate, controls = tables(one for some in findings for one in some)
    made = {"certificate": certificate, "controls": controls}
    if trainings:
        from reports import honest_trainings

        items = honest_trainings.trainings(trainings, seed)
        records, more = _worked(honest_trainings.train, items, "trainings", 2 * len(items), jobs, scheduler)
        made["trainings"] = honest_trainings.table(record for some in records for record in some)
        lost += more
    console = Console()
    for table in made.values():
        numbers = table.select_dtypes("number").columns
        console.print(frame_table(fitting(shown(table), console.width, FIRST_COLUMNS), numbers), "")
    elements = int(certificate["elements"].sum())
    broken = int(certificate[["pairs apart", "truth missed"]].to_numpy().sum())
    text = f"{broken} violations in {elements:,} element comparisons, seed {seed}"
    code = _code(verdict(certificate, controls), lost)
    if trainings:
        alarms = int(made["trainings"]["alarms"].sum())
        text += f"; {alarms} alarms in {int(made['trainings']['rows'].sum()):,} rows of trainings"
        code = 1 if alarms else code
    console.print(verdict_line(code, "; ".join([text, *unseen(controls)]), JUDGED))
    _tell(console, lost)
    if out:
        write_tables(out, made)
    sys.exit(code)


@click.command()
@click.option("--seeds", type=POSITIVE, default=1, show_default=True, help="So many seeds, one after the other.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The first of them.")
@click.option("--jobs", type=POSITIVE, help="Processes at once; all cores by default.")
@click.option("--scheduler", metavar="ADDRESS", help=SCHEDULER)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for CSV, Parquet and a page.")
@click.option("--only", multiple=True, metavar="NAME", help='Try this fault alone, or a pair "a + b"; may be repeated.')
def faults(
    seeds: int, seed: int, jobs: int | None, scheduler: str | None, out: Path | None, only: Sequence[str]
) -> None:
    """Check the checker: faults planted in scratch must be caught where they stand, and called by their names.

    Exit code 0: every fault is caught at its expected row, the correct networks raise no alarm, and at least 95 % of
    single faults and 80 % of pairs get their right names, at most 1 % wrong ones; 1: not so; 2: a part was lost.
    """
    from rich.console import Console

    from reports.faults.catalogue import FAULTS
    from reports.faults.matrix import chunks, tables, try_chunk, verdict
    from reports.show.faults import CHECKED, matrix_table, page, sentence, totals_shown
    from reports.show.files import write_faults
    from reports.show.terminal import frame_table, verdict_line

    try:
        work = chunks(range(seed, seed + seeds), only)
    except KeyError as error:
        raise CannotJudge(unknown("fault", error.args[0], FAULTS)) from error
    if out:
        folder(out)
    total = sum(len(chunk.tries) for chunk in work)
    findings, lost = _worked(try_chunk, work, "faults planted", total, jobs, scheduler)
    matrix, totals = tables(findings)
    code = _code(verdict(matrix), lost)
    console = Console()
    console.print(matrix_table(matrix, console.width), "")
    shown = totals_shown(totals)
    console.print(frame_table(shown, shown.columns[1:]), "")
    console.print(verdict_line(code, sentence(matrix), CHECKED))
    _tell(console, lost)
    if out:
        written = write_faults(out, matrix, page(matrix, totals, code))
        console.print(f"page: {written}", highlight=False, soft_wrap=True)
    sys.exit(code)


def _worked(
    work: Any, pieces: Sequence[Any], title: str, total: int, jobs: int | None, scheduler: str | None
) -> tuple[list[Any], list[str]]:
    """Does independent pieces of work behind a progress bar; returns what they gave, and what of them was lost."""
    from reports.show.terminal import counting
    from reports.workers import each

    found: list[Any] = []
    lost: list[str] = []
    try:
        with counting(title, total) as told:
            for done in each(work, pieces, jobs, scheduler, told):
                if done.trouble:
                    lost.append(f"{done.item}"[:150] + f": {done.trouble}")
                else:
                    found.append(done.result)
    except (ImportError, OSError, RuntimeError) as error:
        raise CannotJudge(str(error)) from error
    if not found:
        raise CannotJudge(f"nothing of it could be done: {lost[0]}")
    return found, lost


def _code(code: int, lost: Sequence[str]) -> int:
    """A verdict from which a part of the work is missing is no parity, or none."""
    return 2 if lost and code == 0 else code


def _tell(console: Any, lost: Sequence[str]) -> None:
    """Prints what was lost."""
    for line in lost:
        console.print(f"lost: {line}", highlight=False, soft_wrap=True, markup=False)
