"""Lessons -> pages: formulas typeset, code highlighted line by line, matching lines side by side."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from reports.show.formulas import Formulas
from reports.show.lesson_page import KINDS, Code, Formula, LessonPage
from reports.show.paths import slug
from reports.show.templating import Site, rendered


def lesson_pages(lessons: Sequence[LessonPage], site: Site) -> dict[str, str]:
    """Returns the page of every lesson by its path, `<kind>/<name>.html`, in the lessons' own order."""
    found = {lesson.name: lesson for lesson in lessons}
    pages = {}
    for kind in KINDS:
        alike = [lesson for lesson in lessons if lesson.kind == kind]
        for position, lesson in enumerate(alike):
            pages[path(lesson)] = rendered(
                "lesson.html.j2",
                site,
                path(lesson),
                lesson=lesson,
                pairs=pairs,
                formula=Formulas(),
                is_formula=lambda cell: isinstance(cell, Formula),
                see=[found[name] for name in lesson.see if name in found],
                before=alike[position - 1] if position else None,
                after=alike[position + 1] if position + 1 < len(alike) else None,
                link=path,
            )
    return pages


def path(lesson: LessonPage) -> str:
    """Returns where a lesson's page lies in the site."""
    return f"{lesson.kind}/{slug(lesson.name)}.html"


def pairs(code: Code) -> list[dict[str, Any]]:
    """Returns the rows of a piece of code, each line highlighted in the light of all lines of its side."""
    left = highlighted([row.left for row in code.rows])
    right = highlighted([row.right for row in code.rows])
    return [
        {"row": row, "left": ours, "right": theirs} for row, ours, theirs in zip(code.rows, left, right, strict=True)
    ]


def highlighted(lines: Sequence[str]) -> list[Markup]:
    """Returns each line as HTML; what spans several lines, such as a docstring, is coloured on each of them."""
    if not lines:
        return []
    lexer = PythonLexer(stripnl=False, ensurenl=True)
    source = "\n".join(line.replace("\n", " ") for line in lines)
    html = highlight(source, lexer, HtmlFormatter(nowrap=True, classprefix="k-"))
    made = [Markup(line) for line in html.removesuffix("\n").split("\n")]  # escaped by Pygments
    return made + [Markup("")] * (len(lines) - len(made))  # it drops empty lines at the end
