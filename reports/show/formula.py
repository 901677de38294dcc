"""LaTeX -> one line of plain text for the terminal, with the parentheses that a fraction's bar stands for."""

import re
from typing import Any

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db


def plain(latex: str) -> str:
    r"""Returns a formula as text: \frac{1}{1 + e^{-z}} is 1/(1 + e^(-z))."""
    text = _converter().latex_to_text(latex.replace(r"\operatorname{", r"\mathrm{"))
    text = re.sub(r"([_^])\{(\w|⊤)\}", r"\1\2", text)
    text = re.sub(r"\{([^{}]*)\}", r"(\1)", re.sub(r"\{([^{}]*)\}", r"(\1)", text))
    text = re.sub(r" *(=|←|≤|≥|∉|∼) *", r" \1 ", text.replace("^⊤", "ᵀ"))
    text = re.sub(r"(\blog)(?=[\w∑])", r"\1 ", text)
    return re.sub(r"\s+", " ", re.sub(r"∂ +", "∂", text)).strip()


def _converter() -> LatexNodes2Text:
    """Pylatexenc with fractions that keep their parentheses."""
    context = get_default_latex_context_db()
    context.add_context_category("parity", prepend=True, macros=MACROS)
    return LatexNodes2Text(
        latex_context=context, math_mode="text", keep_braced_groups=True, strict_latex_spaces="macros"
    )


def _fraction(node: Any, l2tobj: LatexNodes2Text) -> str:
    """A fraction on one line."""
    above, below = (l2tobj.nodelist_to_text([part]).strip() for part in node.nodeargd.argnlist)
    return "/".join(_closed(part.removeprefix("{").removesuffix("}").strip()) for part in (above, below))


def _closed(part: str) -> str:
    """A part of a fraction, in parentheses unless it is one thing."""
    return part if re.fullmatch(r"∂ ?[\w^⊤']+|[\w.'^]+(_\w)?", part) else f"({part})"


MACROS = [MacroTextSpec("frac", simplify_repl=_fraction)]
