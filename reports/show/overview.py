"""All comparisons -> the site's first page: the verdict, what does not pass, the cases, lessons, environment."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from reports.judge import STATUSES, verdict
from reports.lockstep import FIRST, STRIDE
from reports.pipeline import Comparison
from reports.show import case_page, lecture, lesson_html, tables
from reports.show.lesson_page import KINDS, LessonPage
from reports.show.templating import Site, rendered
from reports.show.text import failure, sentence

SAID = ["exact", "close", "says"]  # by the sentence above and by each page
# What a column of the report's tables means.
COLUMNS = {
    "rows": "one row per checked update and quantity: every element of that array on both sides was compared",
    "rtol needed": "the relative tolerance that np.allclose would have needed (atol 0); big where a value is near 0",
    "used": "the worst gap as a share of its allowance; 1 is the limit, and a row at or below it passes",
    "allowance": "twice a rounding bound derived from the formula of that step, element by element: each side may lie "
    "one bound from the exact value. It is computed from neither side and adjusted to nothing",
    "local": "the worst gap between scratch and what its own inputs to that row give, in allowances of that one step: "
    "above 1 a fault was introduced there, while a row beyond its allowance with a small local share inherited it",
    "truth": "how far either side is from the exact value, in bounds, where the oracle (ball arithmetic) ran",
    "undecided": "elements that lie so close to a kink (a ReLU at 0, two equal probabilities) that rounding decides "
    "which way they fall; their allowance covers both ways",
    "ulp": "units in the last place of the larger value: big where a value is the small difference of large ones, "
    "which is why the judge does not use it",
    "checked": f"updates behind a quantity: the first {FIRST} epochs, then every {STRIDE}th, the last, and every event",
}


class Failure(NamedTuple):
    """What is lost in one case and dtype: the first row in words, and the page that holds the rest."""

    title: str
    text: str
    link: str


def overview(
    comparisons: Sequence[Comparison], site: Site, spread: pd.DataFrame | None, lessons: Sequence[LessonPage]
) -> str:
    """Returns the page as HTML."""
    lost = [one for one in comparisons if verdict(one.rows["status"])]
    lectures = {}
    for one in comparisons:
        if len(lecture.slide([one])):
            lectures["the slide of ANN III"] = f"{case_page.path(one)}#slide"
        if one.case.name == "ann2":
            lectures.setdefault("the collapse of ANN II", f"{case_page.path(one)}#collapse")
    listed = {
        heading: [(lesson, lesson_html.path(lesson)) for lesson in lessons if lesson.kind == kind]
        for kind, heading in KINDS.items()
    }
    return rendered(
        "overview.html.j2",
        site,
        "index.html",
        sentence=sentence(comparisons),
        failures=[Failure(case_page.title(one), failure(one.rows), case_page.path(one)) for one in lost],
        cases=tables.per_case(comparisons).drop(columns=SAID, errors="ignore"),
        links=[case_page.path(one) for one in comparisons],
        lectures=lectures,
        lessons={heading: some for heading, some in listed.items() if some},
        spread=spread,
        columns=COLUMNS,
        statuses=STATUSES,
        environment=comparisons[0].rows.attrs.get("environment", {}) if comparisons else {},
    )
