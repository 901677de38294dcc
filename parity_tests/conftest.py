"""One thread per worker, as sums over threads would only compete; and what several files look at, made once."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reports.pipeline import Comparison

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, list[Comparison]]":
    """The site of a small report, to be read."""
    from parity_tests import sites

    return sites.write(tmp_path_factory.mktemp("a report"))
