"""A graded class in a real browser, from disk and without a network; see test_site_browser.py for what that needs."""

from pathlib import Path

import pytest

from parity_tests import classes
from parity_tests.test_site_browser import (
    Open,
    browser,
    by_day_and_night,
    opened,
    pytestmark,
    sync_api,
    violations,
)
from reports.show.gradebook import link, write

__all__ = ["browser", "opened", "pytestmark"]  # fixtures and the reason to skip, as for the report's pages
PAGES = ("index.html", *(link(classes.rows()[number]) for number in (1, 4, 5)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, None]:
    """The folder of a graded class."""
    return write(classes.rows(), tmp_path_factory.mktemp("class #1 é")).parent, None


@pytest.mark.parametrize(("width", "first"), [(400, "light"), (1280, "dark")])
def test_every_page_of_a_class_opens_from_disk(opened: Open, width: int, first: str) -> None:
    """No error, no request but for files, nothing wider than the window, and the accessibility checker is content."""
    for path in PAGES:
        page = opened(path, width, first)
        assert page.locator("h1").count() == 1
        for _ in by_day_and_night(page, first):
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert violations(page) == [], path


def test_a_click_sorts_a_component_by_how_bad_it_is(opened: Open) -> None:
    """The worst first, submissions without the component last; a name leads to the submission's own page."""
    page = opened("index.html", 1280)
    heading = page.locator("#submissions thead th", has_text="ReLU")
    heading.click()
    sync_api.expect(heading).to_have_attribute("aria-sort", "ascending")
    first = page.locator("#submissions tbody tr").first
    assert "✕ defective" in first.inner_text()
    first.locator("a").first.click()
    assert classes.MASK in page.locator("article").last.inner_text()
