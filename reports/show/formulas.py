"""Formulas -> inline SVG, typeset when the page is written: glyphs are drawn as paths, no font or script is needed."""

import re
import warnings
from functools import lru_cache
from itertools import count

from markupsafe import Markup

SIZE = 20  # of the letters, in pixels
_ID = re.compile(r'(<symbol id="|href="#)')


@lru_cache(maxsize=512)
def _drawn(latex: str) -> str:
    """One formula as SVG in the colour of the text around it; raises ValueError that names what cannot be typeset."""
    with warnings.catch_warnings():
        # ziafont and ziamath read their fonts with importlib.resources.path, which Python 3.11 alone deprecates.
        warnings.filterwarnings("ignore", "path is deprecated", DeprecationWarning)
        from ziamath.zmath import Latex
    try:
        return str(Latex(latex, size=SIZE, color="currentColor").svg())
    except Exception as error:  # whatever a parser of TeX stumbles over
        raise ValueError(f"cannot typeset {latex!r}: {error}") from error


class Formulas:
    """Typesets the formulas of one page; glyphs that several of them share get ids of their own in each."""

    def __init__(self) -> None:
        self._count = count(1)

    def __call__(self, latex: str) -> Markup:
        """Returns a formula as SVG, with its source as the text for those who do not see it."""
        svg = _ID.sub(rf"\1f{next(self._count)}-", _drawn(latex))
        label = Markup('<svg class="formula" role="img" aria-label="{}"').format(latex)
        return label + Markup(svg.partition("<svg")[2])  # ziamath made it
