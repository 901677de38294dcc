"""Comparisons -> one self-contained HTML page: every picture and style is inside it, it opens without a network."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.cases import Case
from reports.judge import FAILS, PASSES, STATUSES, verdict
from reports.lockstep import FIRST, STRIDE
from reports.pipeline import Comparison
from reports.show import pictures, tables
from reports.show.notes import notes
from reports.show.pictures import Picture
from reports.show.terminal import VERDICTS
from reports.show.text import failure, share

MOST_FAILURES = 20  # rows shown per case and dtype; the page says how many more there are

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


@dataclass(frozen=True)
class Part:
    """One case in one dtype."""

    dtype: str
    code: int
    verdict: str
    sentence: str
    notes: list[str]
    pictures: list[Picture]
    layers: pd.DataFrame
    probes: pd.DataFrame


@dataclass(frozen=True)
class Section:
    """One case: its parts by dtype, and what they have in common."""

    case: Case
    network: str
    training: str
    allowances: Picture
    parts: list[Part]


@dataclass(frozen=True)
class Failure:
    """The rows of one case and dtype that do not pass: the first in words, some as a table, and how many more."""

    title: str
    text: str
    rows: pd.DataFrame
    more: int


def templates() -> Environment:
    """Returns where the pages' templates come from; names and numbers in them are escaped."""
    environment = Environment(
        loader=PackageLoader("reports.show", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = tables.shown
    environment.filters["numeric"] = lambda column: pd.api.types.is_numeric_dtype(column)
    return environment


def render(comparisons: Sequence[Comparison], spread: pd.DataFrame | None, code: int) -> str:
    """Returns the page as HTML under the verdict `code`."""
    ann2 = tables.find(comparisons, "ann2")
    return (
        templates()
        .get_template("page.html.j2")
        .render(
            code=code,
            verdict=VERDICTS[code],
            sentence=sentence(comparisons),
            failures=[failed(comparison) for comparison in comparisons if verdict(comparison.rows["status"])],
            cases=tables.per_case(comparisons).drop(columns="says", errors="ignore"),  # each section says it
            slide=tables.slide(comparisons),
            ann2=ann2,
            answers=tables.answers(ann2) if ann2 else None,
            collapse=tables.collapse(comparisons),
            slide_answer=tables.SLIDE_ANSWER,
            spread=spread,
            sections=[section(group) for group in grouped(comparisons).values()],
            columns=COLUMNS,
            statuses=STATUSES,
            environment=comparisons[0].rows.attrs.get("environment", {}) if comparisons else {},
        )
    )


def sentence(comparisons: Sequence[Comparison]) -> str:
    """Returns what was compared and what came out, in words."""
    if not comparisons:
        return "Nothing was compared."
    rows = pd.concat([comparison.rows[["status", "used", "elements"]] for comparison in comparisons])
    counts = rows["status"].value_counts()
    passing = int(counts.reindex(PASSES).sum())
    compared = f"{len(rows):,} rows ({rows['elements'].sum():,} pairs of numbers)"
    if passing == len(rows):
        return (
            f"Every one of {compared} agrees to rounding: {counts.get('exact', 0):,} equal to the last bit, "
            f"{counts.get('close', 0):,} apart by no more than rounding explains. The worst gap is "
            f"{share(rows['used'].max())}, where 1 is the limit."
        )
    lost, unjudged = int(counts.reindex(FAILS).sum()), int(counts.reindex(["nonfinite", "unjudged"]).sum())
    return f"Of {compared}, {passing:,} agree to rounding, {lost:,} do not, and {unjudged:,} cannot be judged."


def grouped(comparisons: Sequence[Comparison]) -> dict[str, list[Comparison]]:
    """Returns the comparisons of each case together, in the order in which the cases first appear."""
    groups: dict[str, list[Comparison]] = {}
    for comparison in comparisons:
        groups.setdefault(comparison.case.name, []).append(comparison)
    return groups


def section(comparisons: Sequence[Comparison]) -> Section:
    """Returns what the page says of one case."""
    case = comparisons[0].case
    return Section(
        case, case.network(), case.training(), pictures.allowances(comparisons), [part(one) for one in comparisons]
    )


def part(comparison: Comparison) -> Part:
    """Returns what the page says of one case in one dtype."""
    code = verdict(comparison.rows["status"])
    made = pictures.trajectories(comparison) + pictures.regions(comparison) + pictures.confusion(comparison)
    layers, probes = tables.per_layer(comparison), tables.per_probe(comparison)
    words = sentence([comparison])
    return Part(comparison.case.dtype, code, VERDICTS[code], words, notes(comparison), made, layers, probes)


def failed(comparison: Comparison) -> Failure:
    """Returns the rows of a comparison that do not pass, at most MOST_FAILURES of them."""
    rows = tables.failures(comparison)
    title = f"{comparison.case.name}, {comparison.case.dtype}"
    return Failure(title, failure(comparison.rows), rows.head(MOST_FAILURES), max(0, len(rows) - MOST_FAILURES))
