"""The commands `parity diff` and `parity notebooks`. Heavy libraries load inside them."""

from pathlib import Path

import click


class NotThere(click.ClickException):
    """A clear message and exit code 2, no traceback."""

    exit_code = 2


@click.command()
@click.argument("topic", required=False)
def diff(topic: str | None) -> None:
    """Put scratch's code beside the reference's, with the values that each line computes; without TOPIC, list them.

    Topics are the names that both sides have (dense, relu, ..., sgd, train, transplant), the places where the lecture
    and stock torch part (momentum, loss-clip, ...), and `step`: one training step with pencil and paper.
    """
    from rich.console import Console

    from reports.lessons.build import lesson, summaries
    from reports.lessons.topics import find
    from reports.show.lessons import show, topic_table

    console = Console()
    if topic is None:
        console.print(topic_table(summaries()))
        console.print("\nparity diff TOPIC shows one of them", highlight=False)
        return
    try:
        name = find(topic)
    except KeyError as error:
        raise NotThere(error.args[0]) from error
    show(console, lesson(name))


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="parity-notebooks",
    show_default=True,
    help="Folder for the notebooks.",
)
def notebooks(out: Path) -> None:
    """Build the lecture's three notebooks, both sides in each step, and run them."""
    from reports.lessons.notebooks import CellError, build

    try:
        for path in build(out):
            click.echo(path)
    except CellError as error:
        raise NotThere(str(error)) from error
    except OSError as error:
        raise NotThere(f"--out {out}: {error.strerror}; name a folder that can be written") from error
