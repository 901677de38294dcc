"""Comparisons and lessons -> the report's site: pages, data and assets under relative paths, no network needed."""

from collections.abc import Iterator, Sequence
from importlib.resources import files as resources
from pathlib import Path

import pandas as pd

from reports.pipeline import Comparison
from reports.show.case_page import case_page, path, title
from reports.show.lesson_html import lesson_pages
from reports.show.lesson_page import KINDS, LessonPage
from reports.show.overview import overview
from reports.show.templating import Site
from reports.show.terminal import VERDICTS
from reports.show.whole import write

VENDORED = ("datatables.min.js", "uplot.min.js", "uplot.min.css", "datatables.LICENSE.txt", "uplot.LICENSE.txt")
OWN_FOLDERS = {"cases": "*.html", "assets/data": "*.*", **dict.fromkeys(KINDS, "*.html")}


def write_site(
    out: Path,
    comparisons: Sequence[Comparison],
    code: int,
    spread: pd.DataFrame | None = None,
    lessons: Sequence[LessonPage] = (),
) -> Path:
    """Writes the site into `out` under the verdict `code` and returns the first page's path.

    Pages of an earlier report in the same folder that this one does not have are removed.
    """
    faults = _faults(out)
    site = Site(code, VERDICTS[code], _menu(lessons, faults is not None))
    written = set(assets())
    for name, content in assets().items():
        write(out / name, content)
    for name, content in _pages(comparisons, site, spread, lessons):
        written.add(name)
        write(out / name, content)
    if faults is not None:
        write(out / "faults.html", _faults_page(faults, site))
    for folder, pattern in OWN_FOLDERS.items():
        for file in (out / folder).glob(pattern):
            if f"{folder}/{file.name}" not in written:
                file.unlink()
    return out / "index.html"


def assets() -> dict[str, str]:
    """Returns the files that all pages share by path: style, our script, and two libraries with their licences."""
    package = resources("reports.show")
    own = {"assets/style.css": package / "templates" / "style.css", "assets/site.js": package / "assets" / "site.js"}
    own |= {f"assets/{name}": package / "assets" / "vendored" / name for name in VENDORED}
    return {name: file.read_text(encoding="utf-8") for name, file in own.items()}


def _menu(lessons: Sequence[LessonPage], faults: bool) -> dict[str, str]:
    """The links that stand on every page."""
    menu = {"Overview": "index.html", "Cases": "index.html#cases"}
    for kind, heading in KINDS.items():
        if any(lesson.kind == kind for lesson in lessons):
            menu[heading] = f"index.html#{heading.lower()}"
    if faults:
        menu["Planted faults"] = "faults.html"
    return menu | {"Environment": "index.html#environment"}


def _pages(
    comparisons: Sequence[Comparison], site: Site, spread: pd.DataFrame | None, lessons: Sequence[LessonPage]
) -> Iterator[tuple[str, str]]:
    """Every page and its data by path, one comparison after the other: all together would fill the memory."""
    for position, comparison in enumerate(comparisons):
        twins = [one for one in comparisons if one.case.name == comparison.case.name and one is not comparison]
        after = [one for one in comparisons[position + 1 :] if one.case.name != comparison.case.name][:1]
        beside = {title(one): path(one).removeprefix("cases/") for one in (*twins, *after)}
        yield from case_page(comparison, site, beside).items()
    yield from lesson_pages(lessons, site).items()
    yield "index.html", overview(comparisons, site, spread, lessons)


def _faults(out: Path) -> pd.DataFrame | None:
    """The kill matrix of planted faults that `parity faults --out` left in the same folder."""
    file = out / "faults.parquet"
    return pd.read_parquet(file) if file.is_file() else None


def _faults_page(matrix: pd.DataFrame, site: Site) -> str:
    """The kill matrix as a page of this site."""
    from reports.faults.matrix import totals, verdict
    from reports.show.faults import page

    return page(matrix, totals(matrix), verdict(matrix), site)
