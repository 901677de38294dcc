"""The `parity` command. Heavy libraries load inside the commands that need them.

Exit codes: 0 parity, 1 not, 2 cannot judge (bad input, nothing compared, a crash).
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reports.bench.command import bench
from reports.cases import CASES, DTYPES, Case, select
from reports.lessons.commands import diff, notebooks
from reports.refusals import CannotJudge, Stopped, folder, unknown
from reports.subjects.command import check
from reports.trials import certify, faults

if TYPE_CHECKING:
    import pandas as pd

    from reports.pipeline import Comparison

DTYPE = click.Choice([*DTYPES, "both"])
POSITIVE = click.IntRange(min=1)
EVERY = "Check every K-th epoch besides the first 50, every 97th and every event; 1 checks all."


class Interruptible(click.Group):
    """Commands that Ctrl-C ends with exit code 130: click's own 1 would be a verdict."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Stopped("interrupted; there is no verdict") from None


@click.group(cls=Interruptible, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parity")
def main() -> None:
    """Proof that a hand-written neural network computes what PyTorch computes.

    Exit codes: 0 parity, 1 not, 2 cannot judge.
    """


@main.command()
@click.argument("names", nargs=-1, metavar="[CASE ...]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="parity-report",
    show_default=True,
    help="Folder for the report's files.",
)
@click.option("--dtype", type=DTYPE, default="both", show_default=True, help="Precision of the networks.")
@click.option("--epochs", type=POSITIVE, help="Cut every training to so many epochs.")
@click.option("--jobs", type=POSITIVE, help="Processes at once; all cores by default.")
@click.option("--every", type=POSITIVE, help=EVERY)
@click.option("--seeds", type=POSITIVE, help="Besides, train each case from so many other seeds and show the spread.")
@click.option("--replicas", is_flag=True, help="Run the reference's replicas through all of every float64 training.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json instead of a table.")
def report(
    names: Sequence[str],
    out: Path,
    dtype: str,
    epochs: int | None,
    jobs: int | None,
    every: int | None,
    seeds: int | None,
    replicas: bool,
    as_json: bool,
) -> None:
    """Run the lecture's networks on both sides, judge every value, and write tables and pictures."""
    cases = _cases(names, dtype, epochs)
    folder(out)
    others = [replace(case, seed=case.seed + k) for case in cases if case.loss for k in range(1, (seeds or 0) + 1)]
    made = _run([*cases, *others], jobs, every, replicas)
    comparisons, spread = made[: len(cases)], None
    if others:
        from reports.show.seeds import seeds_table

        spread = seeds_table(made[len(cases) :])

    from rich.console import Console

    from reports.show.files import summary, write_report
    from reports.show.lesson_plain import lesson_pages_data
    from reports.show.notes import notes
    from reports.show.tables import per_case, shown
    from reports.show.terminal import frame_table, verdict_line, verdict_table

    with Console(stderr=True).status(f"writing {out}: the lessons, then the pages"):
        page = write_report(comparisons, out, spread, lesson_pages_data())
    result = summary(comparisons, spread)
    if as_json:
        click.echo(json.dumps(result, indent=2))
        sys.exit(result["verdict"])
    console = Console()
    console.print(verdict_table(shown(per_case(comparisons)), console.width))
    if spread is not None:
        console.print(frame_table(spread, spread.columns[2:]))
    for comparison in comparisons:
        if every and comparison.case.loss:
            told = " ".join(notes(comparison)[:2])  # how many updates were checked, and what that cost
            console.print(f"{comparison.case}, {comparison.case.dtype}: {told}", highlight=False, markup=False)
        _explain_failure(console, comparison.rows)
    rows = sum(len(comparison.rows) for comparison in comparisons)
    count = len({comparison.case.name for comparison in comparisons})
    console.print(verdict_line(result["verdict"], f"{rows:,} rows of {count} case{'s' if count > 1 else ''}"))
    console.print(f"report: {page}", highlight=False, soft_wrap=True)
    sys.exit(result["verdict"])


@main.command()
@click.argument("name", metavar="CASE")
@click.option("--dtype", type=click.Choice(DTYPES), default="float64", show_default=True)
@click.option("--epochs", type=POSITIVE, help="Look no further than so many epochs.")
@click.option("--every", type=POSITIVE, help=EVERY)
def explain(name: str, dtype: str, epochs: int | None, every: int | None) -> None:
    """Show the first row of CASE that differs, with every row before it (or that nothing does)."""
    (case,) = _cases([name], dtype, epochs)

    from rich.console import Console

    from reports.judge import verdict
    from reports.lockstep import EVIDENCE, Ledger
    from reports.pipeline import compare, first_failure, judged_steps
    from reports.show.terminal import progress_bar, step_table
    from reports.show.text import failure

    ledger = Ledger()
    with progress_bar() as bar:
        task = bar.add_task(f"{case}, {dtype}", total=case.epochs or 1)
        for checked in judged_steps(case, every, progress=lambda updates: bar.advance(task, updates)):
            ledger.add(checked)
            if first_failure(checked.rows):
                break
    kept = ledger.frame(case)
    if first_failure(checked.rows) and case.loss and not checked.rows[0]["probe"]:
        with progress_bar() as bar:  # a diagnosis rests on some more updates, and on the probes
            bar.add_task("looking for the cause", total=None)
            more = min(max(checked.rows[0]["epoch"], 0) + EVIDENCE + 1, case.epochs)
            kept = compare(case, epochs=more, every=every)
    step = _worth_showing(kept)
    first = step.iloc[0]
    where = f"probe '{first['probe']}'" if first["probe"] else f"epoch {first['epoch']} of {case.epochs}"
    console = Console()
    console.print(f"{where}, update {first['update']}: {case.says}", highlight=False, markup=False)
    console.print(step_table(step, console.width))
    console.print(f"\n{failure(kept)}", highlight=False, soft_wrap=True, markup=False)
    sys.exit(verdict(kept["status"]))


def _worth_showing(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Returns the rows up to the first that does not pass, of its own step; of the last checked step where all do."""
    from reports.judge import PASSES

    bad = rows[~rows["status"].isin(PASSES)]
    if len(bad):
        lost = bad.iloc[0]
        step = rows[(rows["update"] == lost["update"]) & (rows["probe"] == lost["probe"])]
        return step[step.index <= lost.name]
    training = rows[rows["probe"] == ""]
    return training[training["update"] == training["update"].max()]


main.add_command(bench)
main.add_command(certify)
main.add_command(faults)


@main.command(name="list")
@click.argument("what", type=click.Choice(["cases", "causes"]), default="cases")
def list_names(what: str) -> None:
    """List the cases, or the causes that a difference may have."""
    from rich.console import Console

    from reports.show.terminal import case_table, cause_table

    console = Console()
    console.print(case_table(CASES.values(), console.width) if what == "cases" else cause_table(console.width))


main.add_command(diff)
main.add_command(notebooks)


def _cases(names: Sequence[str], dtype: str, epochs: int | None) -> list[Case]:
    """Returns the chosen cases; refuses an unknown name with the nearest one."""
    for name in names:
        if name not in CASES:
            raise CannotJudge(unknown("case", name, CASES))
    return select(dict.fromkeys(names), DTYPES if dtype == "both" else (dtype,), epochs)


def _run(cases: list[Case], jobs: int | None, every: int | None, replicas: bool) -> list["Comparison"]:
    """Runs cases on all cores behind a progress bar; returns them in their own order."""
    from reports.runner import run_all, updates
    from reports.show.terminal import progress_bar

    done: dict[Case, Comparison] = {}
    with progress_bar() as bar:
        task = bar.add_task("both sides", total=sum(updates(case, replicas) for case in cases))
        try:
            for comparison in run_all(cases, jobs, every, replicas, lambda made: bar.update(task, completed=made)):
                done[comparison.case] = comparison
                bar.update(task, description=f"both sides, {len(done)} of {len(cases)} cases")
        except RuntimeError as error:
            raise CannotJudge(f"a case could not be run, so there is no verdict: {error}") from error
    return [done[case] for case in cases]


def _explain_failure(console: Any, rows: "pd.DataFrame") -> None:
    """Prints the failure text of a case that does not pass."""
    from reports.judge import verdict
    from reports.show.text import failure

    if verdict(rows["status"]):
        console.print(f"\n{failure(rows)}\n", highlight=False, soft_wrap=True, markup=False)


main.add_command(check)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
