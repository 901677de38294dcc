"""What the terminal shows: tables of cases, the rows of a step, and progress (on stderr)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from reports.cases import Case
from reports.judge import PASSES

if TYPE_CHECKING:
    import pandas as pd

WIDE = 110  # columns from which tables show everything
NEVER_WRAPPED = (
    "kind",
    "judge",
    "elements",
    "case",
    "dtype",
    "verdict",
    "status",
    "rows",
    "quantity",
    "worst quantity",
    "parity",
    "diagnosis",
)
VERDICTS = {0: "parity", 1: "no parity", 2: "cannot judge"}
JUDGED = {0: "the judge holds", 1: "the judge is broken", 2: "not certified"}
COLORS = {0: "green", 1: "bold red", 2: "yellow"}


def progress_bar() -> Progress:
    """A progress bar on stderr that vanishes when done; silent when stderr is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def counting(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar around work that tells how many of `total` are done."""
    with progress_bar() as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


def frame_table(frame: "pd.DataFrame", numbers: Iterable[str] = ()) -> Table:
    """Returns a frame as a table; columns in `numbers` stand to the right."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    right = set(numbers)
    for column in frame.columns:
        side: Literal["left", "right"] = "right" if column in right else "left"
        whole = column in NEVER_WRAPPED or column in right  # a number on two lines is another number
        table.add_column(Text(str(column)), justify=side, overflow="fold", no_wrap=whole)
    for values in frame.itertuples(index=False):
        table.add_row(*(Text(str(value)) for value in values))
    return table


def fitting(frame: "pd.DataFrame", width: int, wanted: Sequence[str]) -> "pd.DataFrame":
    """Returns a frame of text with the columns that fit side by side; `wanted` are taken first, in their order."""
    kept: list[str] = []
    for name in dict.fromkeys([*(name for name in wanted if name in frame), *frame.columns]):
        needed = 2 + max([len(name), *(len(str(value)) for value in frame[name])])
        if needed > width + 2 and kept:
            break
        kept.append(name)
        width -= needed
    return frame[[name for name in frame.columns if name in kept]]


def verdict_table(cases: "pd.DataFrame", width: int) -> Table:
    """Returns the table of cases with the columns that fit."""
    columns = ["case", "dtype", "verdict", "rows", "apart", "unjudged", "worst used"]
    if width >= WIDE:
        columns += ["worst quantity", "seconds"]
    return frame_table(cases[columns], ["rows", "apart", "unjudged", "worst used", "seconds"])


def verdict_line(code: int, text: str, words: Mapping[int, str] = VERDICTS) -> Text:
    """Returns the verdict in its colour, with what it rests on."""
    return Text.assemble((words[code].upper(), COLORS[code]), f": {text}")


def step_table(rows: "pd.DataFrame", width: int) -> Table:
    """Returns the rows of one step, each at its worst element; fewer columns when narrow."""
    import pandas as pd  # here, so that lists load without it

    number = ("{:.5g}" if width >= WIDE else "{:.3g}").format
    shown = pd.DataFrame(
        {
            "quantity": rows["quantity"],
            "shape": rows["shape"],
            "status": rows["status"],
            "gap": (rows["scratch"] - rows["reference"]).abs().map("{:.1e}".format),
            "allowed": rows["allowed"].map("{:.1e}".format),
            "used": rows["used"].map("{:.2g}".format),
            "undecided": rows["undecided"],
            "scratch": rows["scratch"].map(number),
            "reference": rows["reference"].map(number),
        }
    )
    if width < WIDE:
        shown = shown.drop(columns=["shape", "undecided"])
    table = frame_table(shown, ["gap", "allowed", "used", "undecided", "scratch", "reference"])
    for index, status in enumerate(rows["status"]):
        table.rows[index].style = "" if status in PASSES else "bold red"
    return table


def case_table(cases: Iterable[Case], width: int) -> Table:
    """Returns the catalogue of cases: name, what it shows, and in a wide terminal its network and training."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("case", no_wrap=True)
    for column in ("what it shows", "network", "training")[: 3 if width >= WIDE else 1]:
        table.add_column(column, overflow="fold")
    for case in cases:
        cells = [case.name, case.says, case.network(), case.training()][: 4 if width >= WIDE else 2]
        table.add_row(*(Text(cell) for cell in cells))
    return table


def cause_table(width: int) -> Table:
    """Returns the catalogue of causes: id, where it stands, what is wrong, and in a wide terminal how to mend it."""
    from reports.diagnosis.causes import CAUSES

    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    for column in ("where", "what is wrong", "mend")[: 3 if width >= WIDE else 2]:
        table.add_column(column, overflow="fold")
    told = dict.fromkeys((cause.id, ", ".join(cause.where), cause.says, cause.mend) for cause in CAUSES)
    for id, where, says, mend in sorted(told):
        table.add_row(*(Text(cell) for cell in (id, where, says, mend)[: 4 if width >= WIDE else 3]))
    return table
