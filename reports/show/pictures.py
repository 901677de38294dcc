"""Comparisons -> pictures as SVG files, with dense points as pixels inside them.

Every picture is the same to the byte for the same numbers (no date, fixed ids). Its ink follows the reader's light
or dark mode: the colours of `INKS` become variables of a style sheet inside the file.
"""

import io
from typing import Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from reports.pipeline import Comparison
from reports.show.tables import SIDES, classes, per_layer

CLASSES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")  # told apart by all eyes
INKS = {"#22262b": "#e3e3df", "#a3152a": "#ff8a95", "#0072b1": "#7cc0ee", "#dedbd3": "#363b42"}  # light: dark
INK, LIMIT, MARK, LINE = INKS
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "parity",
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans"],  # alone: the whole list of names would stand at each text
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.dpi": 150,
    "image.composite_image": False,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}


class Picture(NamedTuple):
    """A picture: its name, the SVG file's content, and what it says to those who do not see it."""

    name: str
    svg: str
    alt: str


def regions(comparison: Comparison) -> Picture | None:
    """Returns where in the plane each side answers which class, with the samples; differing points stand out."""
    if not comparison.regions:
        return None
    differ = np.not_equal(*(comparison.regions[side] for side in SIDES))
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.3))
        for axes, side in zip(figure.subplots(1, 2, sharey=True), SIDES, strict=True):
            look: dict[str, Any] = {"origin": "lower", "extent": comparison.extent, "interpolation": "nearest"}
            scale = {"cmap": ListedColormap(list(CLASSES)), "vmin": 0, "vmax": len(CLASSES) - 1}
            axes.imshow(comparison.regions[side], alpha=0.4, **scale, **look)
            if differ.any():
                black = ListedColormap(["black"])
                axes.imshow(np.ma.masked_equal(differ, 0), cmap=black, gid=f"differ-{side}", **look)
            points = {"c": classes(comparison), "s": 4, "linewidths": 0, "rasterized": True}
            axes.scatter(*comparison.inputs.T, antialiased=False, **points, **scale)  # soft edges would fill the page
            axes.set(title=f"{side}: decision regions", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        figure.subplots_adjust(left=0.05, right=0.98, top=0.92, bottom=0.08, wspace=0.06)
        words = f"Decision regions of both sides with {len(comparison.inputs):,} samples; "
        where = f"they differ at {differ.sum():,} of {differ.size:,} points of the grid"
        return Picture("regions", _svg(figure), words + (f"{where} (marked)" if differ.any() else where))


def allowances(comparison: Comparison) -> Picture:
    """Returns the worst gap per quantity in allowances; 1 is the limit."""
    table = per_layer(comparison)
    used = table["worst used"]
    drawn = used[np.isfinite(used) & (used > 0)]
    left, right = min(drawn.min(), 0.1) / 4 if len(drawn) else 0.01, max(drawn.max(), 1.0) * 4 if len(drawn) else 4.0
    rows = range(len(table))
    with rc_context(STYLE):
        figure = Figure(figsize=(5.6, 0.7 + 0.16 * len(table)))
        axes = figure.subplots()
        share = used.clip(left, right).fillna(right)  # no gap: left edge; not measurable: right edge
        paint = [MARK if one > 0 else "none" for one in used.fillna(1)]
        axes.scatter(share, rows, s=16, facecolors=paint, edgecolors=MARK, clip_on=False, zorder=3)
        axes.axvline(1, color=LIMIT, linewidth=1)
        axes.text(1, -0.9, "allowance", color=LIMIT, ha="center", va="bottom")
        axes.set(xscale="log", xlim=(left, right), ylim=(len(table) - 0.5, -0.7), yticks=rows)
        axes.set_yticklabels([name.replace("$", r"\$") for name in table["quantity"]])  # $ begins a formula
        axes.set_xlabel("worst gap in allowances; hollow: no gap")
        axes.grid(axis="y", linewidth=0.5, color=LINE)
        figure.subplots_adjust(left=0.34, right=0.97, top=1 - 0.3 / figure.get_figheight(),
                               bottom=0.4 / figure.get_figheight())  # fmt: skip
        words = f"Worst gap of each of {len(table)} quantities in allowances; the greatest is {used.max():.2g}"
        return Picture("allowances", _svg(figure), words)


def _svg(figure: Figure) -> str:
    """A figure as SVG whose ink follows the reader's light or dark mode."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    head, tag, body = file.getvalue().partition("<defs>")
    for position, light in enumerate(INKS):
        body = body.replace(light, f"var(--ink{position})")
    light, dark = (";".join(f"--ink{k}:{ink}" for k, ink in enumerate(inks)) for inks in (INKS.keys(), INKS.values()))
    scheme = f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}[id^=differ]{{filter:invert(1)}}}}"
    return f"{head}<style>{scheme}</style>{tag}{body}"
