"""The notebooks: sources in `reports/notebooks/*.py` (py:percent), built as .ipynb by jupytext and run by nbclient."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

SOURCES = Path(__file__).parents[1] / "notebooks"
LONGEST = 600  # seconds for a cell


class CellError(RuntimeError):
    """A cell raised; the message holds its source and the end of its error."""


def build(out: Path) -> Iterator[Path]:
    """Runs each notebook in a kernel of its own and yields the path of what it wrote; raises CellError, OSError."""
    out.mkdir(parents=True, exist_ok=True)
    for source in sorted(SOURCES.glob("*.py")):
        yield run(source, out / f"{source.stem}.ipynb")


def run(source: Path, target: Path) -> Path:
    """Runs one notebook; a failure is written too, with its outputs up to there."""
    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    with TemporaryDirectory(prefix="parity-", ignore_cleanup_errors=True) as sockets:
        config = Config()
        if os.name == "posix":  # sockets in a folder of their own rather than ports, which the kernel would warn of
            config.ConnectionFileMixin = Config(transport="ipc", ip=f"{sockets}/kernel")
        where = {"metadata": {"path": str(target.parent)}}
        client = NotebookClient(notebook, timeout=LONGEST, kernel_name="python3", resources=where, config=config)
        try:
            client.execute(env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(_paths())})
        except CellExecutionError as error:
            raise CellError(f"{source.name}: a cell failed: {error.ename}: {error.evalue}") from error
        finally:
            nbformat.write(notebook, target)
    return target


def _paths() -> list[str]:
    """Where a kernel finds modules: this very copy of the project first."""
    return [str(SOURCES.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
