"""One thread per worker, as sums over threads would only compete; and what several files look at, made once."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reports.pipeline import Comparison

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


FIRST = (  # files with tests that take seconds, or share what takes seconds to make: at the end a core would wait
    "test_workers", "test_notebooks", "test_cli", "test_site", "test_site_browser", "test_gradebook_browser",
    "test_subjects_ways", "test_bounds", "test_truth", "test_parity", "test_lockstep", "test_planted",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long ones first; each worker begins with a half of all and takes of the other's end when it is done."""
    order = {name: position for position, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Path, list[Comparison]]":
    """The site of a small report, to be read."""
    from parity_tests import sites

    return sites.write(tmp_path_factory.mktemp("a report"))
