"""Formulas -> inline SVG, typeset when the page is written: glyphs are drawn as paths, no font or script is needed."""

import re
import warnings
from functools import lru_cache

from markupsafe import Markup

SIZE = 20  # of the letters, in pixels
_GLYPH = re.compile(r'<symbol id="([^"]+)".*?</symbol>', re.DOTALL)


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
    """Typesets the formulas of one page in the order in which they stand; a glyph is defined where it first comes."""

    def __init__(self) -> None:
        self._defined: set[str] = set()

    def __call__(self, latex: str) -> Markup:
        """Returns a formula as SVG, with its source as the text for those who do not see it."""
        svg = _GLYPH.sub(self._once, _drawn(latex))
        label = Markup('<svg class="formula" role="img" aria-label="{}"').format(latex)
        return label + Markup(svg.partition("<svg")[2])  # ziamath made it

    def _once(self, glyph: re.Match[str]) -> str:
        """A glyph's definition, or nothing where the page has it already."""
        if glyph[1] in self._defined:
            return ""
        self._defined.add(glyph[1])
        return glyph[0]
