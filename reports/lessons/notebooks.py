"""The notebooks: sources in `reports/notebooks/*.py` (py:percent), built as .ipynb by jupytext and run by nbclient."""

from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

SOURCES = Path(__file__).parents[1] / "notebooks"
LONGEST = 600  # seconds for a cell


class CellFailed(RuntimeError):
    """A cell raised; the message holds its source and the end of its error."""


def build(out: Path) -> Iterator[Path]:
    """Runs each notebook in a kernel of its own and yields the path of what it wrote; raises CellFailed, OSError."""
    out.mkdir(parents=True, exist_ok=True)
    for source in sorted(SOURCES.glob("*.py")):
        yield run(source, out / f"{source.stem}.ipynb")


def run(source: Path, target: Path) -> Path:
    """Runs one notebook; a failure is written too, with its outputs up to there."""
    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    kernel = AsyncKernelManager(kernel_name="python3", transport="ipc")  # no port, and nothing to warn of
    client = NotebookClient(notebook, km=kernel, timeout=LONGEST, resources={"metadata": {"path": str(target.parent)}})
    try:
        client.execute()
    except CellExecutionError as error:
        raise CellFailed(f"{source.name}: a cell failed: {error.ename}: {error.evalue}") from error
    finally:
        nbformat.write(notebook, target)
    return target
