"""One case in one dtype -> its page, its data for the browser, and its pictures."""

from typing import NamedTuple

import pandas as pd

from reports.judge import verdict
from reports.pipeline import Comparison
from reports.show import explorer, lecture, pictures, rows, tables
from reports.show.notes import notes
from reports.show.packed import script
from reports.show.paths import slug
from reports.show.templating import Site, rendered
from reports.show.terminal import VERDICTS
from reports.show.text import failure, sentence


class Illustration(NamedTuple):
    """A picture's path in the site, and what it says to those who do not see it."""

    path: str
    alt: str


def path(comparison: Comparison) -> str:
    """Returns where a comparison's page lies in the site."""
    return f"cases/{slug(comparison.case.name)}-{comparison.case.dtype}.html"


def title(comparison: Comparison) -> str:
    """Returns a comparison's case and dtype."""
    return f"{comparison.case.name}, {comparison.case.dtype}"


def case_page(comparison: Comparison, site: Site, beside: dict[str, str]) -> dict[str, str]:
    """Returns the files of a comparison by path: the page, its data, its pictures. `beside` holds further links."""
    page = path(comparison)
    stem = f"assets/data/{page.removeprefix('cases/').removesuffix('.html')}"
    files, pictured = {}, {}
    for picture in (pictures.allowances(comparison), pictures.regions(comparison)):
        if picture:
            files[f"{stem}-{picture.name}.svg"] = picture.svg
            pictured[picture.name] = Illustration(f"{stem}-{picture.name}.svg", picture.alt)
    table, charts = rows.table(comparison), explorer.charts(comparison)
    files[f"{stem}.js"] = script("parityRows", table) + (script("parityRuns", charts) if charts else "")
    confusion = tables.confusion(comparison)
    collapse, slide = lecture.collapse([comparison]), lecture.slide([comparison])
    code = verdict(comparison.rows["status"])
    probes = tables.per_probe(comparison)
    if len(probes) and not probes["departure"].any():
        probes = probes.drop(columns="departure")
    sections = {
        "What does not pass": "failure" if code else "",
        "Curves": "curves" if charts else "",
        "Quantities": "quantities",
        "Probes": "probes" if len(probes) else "",
        "Answers": "answers" if confusion or "regions" in pictured else "",
        "The slide": "slide" if len(slide) else "",
        "The collapse": "collapse" if len(collapse) else "",
        "All rows": "rows",
    }
    files[page] = rendered(
        "case.html.j2",
        site,
        page,
        case=comparison.case,
        title=title(comparison),
        verdict=VERDICTS[code],
        sentence=sentence([comparison]),
        sections={name: target for name, target in sections.items() if target},
        beside=beside,
        failure=failure(comparison.rows) if code else "",
        diagnoses=[one["says"] for one in comparison.rows.attrs.get("diagnoses", [])],
        notes=notes(comparison),
        charts=charts,
        charts_say=explorer.summary(comparison) if charts else "",
        layers=tables.per_layer(comparison),
        allowances=pictured["allowances"],
        probes=probes,
        regions=pictured.get("regions"),
        confusion=confusion,
        same=len({counts.tobytes() for counts in confusion.values()}) < 2,
        slide=slide,
        collapse=collapse,
        answers=lecture.answers(comparison) if len(collapse) else pd.DataFrame(),
        slide_answer=lecture.SLIDE_ANSWER,
        labels=comparison.labels,
        outputs=comparison.outputs,
        columns=table["columns"],
        data=f"{stem}.js",
    )
    return files
