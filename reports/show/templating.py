"""Templates -> pages: everything that is filled in is escaped; links are relative, so that the folder can be moved."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.show import tables

WIDE = ("hint", "value", "departure", "statuses")  # columns of words, which may wrap


@dataclass(frozen=True)
class Site:
    """What every page of a site says: the verdict, and where the other pages are."""

    code: int
    verdict: str
    links: dict[str, str] = field(default_factory=dict)  # of the menu: what it is called, and its path


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Returns where the pages' templates come from; names and numbers in them are escaped."""
    environment = Environment(
        loader=PackageLoader("reports.show"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = tables.shown
    environment.filters["numeric"] = lambda column: pd.api.types.is_numeric_dtype(column)
    environment.filters["order"] = _order
    environment.globals["wide"] = WIDE
    return environment


def rendered(template: str, site: Site, path: str, **values: Any) -> str:
    """Returns a page that will lie at `path` in the site; `root` leads from there to the site's folder."""
    root = "../" * path.count("/")
    return templates().get_template(template).render(site=site, path=path, root=root, **values)


def _order(value: Any) -> str:
    """A number as a table sorts it; what is not a number comes first."""
    number = float(value)
    return "-1e999" if np.isnan(number) else repr(number).replace("inf", "1e999")
