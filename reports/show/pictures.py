"""Comparisons -> pictures, as data URIs that a page can hold: SVG, with dense points as pixels inside it.

Every picture is the same to the byte for the same numbers (no date, fixed ids) and lies on a light card, so that it
reads in dark mode too.
"""

import base64
import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from reports.pipeline import Comparison
from reports.show.tables import SIDES, per_layer

COLORS = {"scratch": "#0072b2", "reference": "#d55e00"}
DASHES = {"scratch": "-", "reference": (0, (4, 3))}
CLASSES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")  # told apart by all eyes
BUCKETS = 120  # of a thinned curve: two points each
MEASURES = {"loss": "loss", "accuracy": "accuracy", "learning_rate": "learning rate"}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "parity",
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans"],  # alone: the whole list of names would stand at each text
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.limits": (-3, 5),
    "figure.facecolor": "#fdfdfb",
    "axes.facecolor": "#fdfdfb",
    "savefig.dpi": 150,
}


class Picture(NamedTuple):
    """A picture: its data URI, what it says to those who do not see it, and whether it holds both sides in one."""

    uri: str
    alt: str
    wide: bool = False


def trajectories(comparison: Comparison) -> list[Picture]:
    """Returns loss, accuracy and rate of both free-running sides, the difference below each; none of a single epoch."""
    pictures = []
    for column, title in MEASURES.items() if comparison.case.epochs > 1 else ():
        if comparison.trajectories[column].notna().any():
            frame = comparison.trajectories.pivot_table(index="epoch", columns="side", values=column)
            pictures.append(_trajectory(frame.set_axis(frame.index + 1), title, str(comparison.case)))
    return pictures


def _trajectory(values: pd.DataFrame, title: str, name: str) -> Picture:
    """One measure over epochs (counted from 1, on a log axis) above the difference of the sides."""
    with rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.4))
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        replicas = values.drop(columns=list(SIDES))
        if len(replicas.columns):
            low, high = thinned(replicas.min(axis=1)), thinned(replicas.max(axis=1))
            ends = low.index.union(high.index)
            above.fill_between(ends, replicas.min(axis=1)[ends], replicas.max(axis=1)[ends], color="#bbbbbb",
                               label="the reference's replicas")  # fmt: skip
        for side in SIDES:
            line = thinned(values[side])
            mark = "o" if len(line) < 3 else ""  # a line would have hardly a length
            above.plot(line.index, line.to_numpy(), linewidth=1.2, marker=mark, markersize=4, color=COLORS[side],
                       linestyle=DASHES[side], label=side)  # fmt: skip
        if values.min().min() > 0 and title == "loss" and values.max().max() > 20 * values.min().min():
            above.set_yscale("log")
        above.set_title(title)
        above.legend(frameon=False)
        gap = (values["scratch"] - values["reference"]).abs()
        apart = thinned(gap[gap > 0])
        if len(apart):
            # Dots, since epochs without a difference lie between; as pixels, since each would be 100 bytes of SVG.
            below.plot(apart.index, apart.to_numpy(), ".", color="#444444", markersize=2.5, rasterized=True)
            noise = replicas.sub(values["reference"], axis=0).abs().max(axis=1)
            noise = thinned(noise[noise > 0])
            if len(noise):
                below.plot(
                    noise.index, noise.to_numpy(), ".", color="#bbbbbb", markersize=2.5, rasterized=True, zorder=1
                )
                apart = pd.concat([apart, noise])
            decades = np.log10([apart.min(), apart.max()])
            below.set(yscale="log", ylim=(10.0 ** np.floor(decades[0] - 0.1), 10.0 ** np.ceil(decades[1] + 0.1)))
        else:
            below.text(0.5, 0.5, "no difference at any epoch", ha="center", transform=below.transAxes)
            below.set_yticks([])
        below.set(xscale="log", xlabel="epoch, counted from 1", ylabel="|difference|")
        figure.subplots_adjust(left=0.17, right=0.97, top=0.92, bottom=0.13)
        words = f"{name}: {title} of both sides over {len(values)} epochs; greatest difference {gap.max():.2g}, "
        return Picture(_svg(figure), words + f"none in {int((gap == 0).sum())} epochs")


def thinned(values: pd.Series) -> pd.Series:
    """Returns the least and greatest finite value of each bucket of a log axis, so that no spike is lost."""
    kept = values[np.isfinite(values)]
    if len(kept) <= 2 * BUCKETS:
        return kept
    buckets = np.floor(np.log(kept.index) / np.log(kept.index.max()) * BUCKETS)
    groups = kept.groupby(buckets)
    return kept.loc[np.union1d(groups.idxmin(), groups.idxmax())]


def regions(comparison: Comparison) -> list[Picture]:
    """Returns where in the plane each side answers which class, with the samples; differing points in black."""
    if not comparison.regions:
        return []
    differ = np.not_equal(*(comparison.regions[side] for side in SIDES))
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.3))
        for axes, side in zip(figure.subplots(1, 2, sharey=True), SIDES, strict=True):
            look: dict[str, Any] = {"origin": "lower", "extent": comparison.extent, "interpolation": "nearest"}
            colors = ListedColormap(list(CLASSES))
            scale = {"cmap": colors, "vmin": 0, "vmax": len(CLASSES) - 1}
            axes.imshow(comparison.regions[side], alpha=0.4, **scale, **look)
            axes.imshow(np.ma.masked_equal(differ, 0), cmap=ListedColormap(["black"]), **look)
            points = {"c": _classes(comparison), "s": 4, "linewidths": 0, "rasterized": True}
            axes.scatter(*comparison.inputs.T, antialiased=False, **points, **scale)  # soft edges would fill the page
            axes.set(title=f"{side}: decision regions", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        figure.subplots_adjust(left=0.05, right=0.98, top=0.92, bottom=0.08, wspace=0.06)
        words = f"{comparison.case}: decision regions of both sides with {len(comparison.inputs)} samples; "
        where = f"they differ at {differ.sum()} of {differ.size} points of the grid (black)"
        return [Picture(_svg(figure), words + where, wide=True)]


def confusion(comparison: Comparison) -> list[Picture]:
    """Returns how many samples of each class each trained side answers with which class."""
    if not (comparison.case.classifies and comparison.outputs):
        return []
    truth = _classes(comparison)
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 3.3))
        counts = {}
        for axes, side in zip(figure.subplots(1, 2, sharey=True), SIDES, strict=True):
            size = comparison.outputs[side].shape[1]
            table = np.zeros((size, size), int)
            np.add.at(table, (truth, comparison.outputs[side].argmax(axis=1)), 1)
            counts[side] = table
            axes.imshow(table, cmap="Blues")
            for (row, column), count in np.ndenumerate(table):
                ink = "white" if 2 * count > table.max() else "#222222"
                axes.text(column, row, str(count), ha="center", va="center", color=ink)
            axes.set(title=f"{side}: {np.trace(table)} of {len(truth)} right", xticks=range(size), yticks=range(size))
            axes.set_xlabel("answered class")
        figure.axes[0].set_ylabel("true class")
        figure.subplots_adjust(left=0.08, right=0.98, top=0.92, bottom=0.13, wspace=0.06)
        moved = int(np.abs(counts["scratch"] - counts["reference"]).sum())
        words = "both sides' matrices are equal" if not moved else f"the matrices differ by {moved} counts in all"
        return [Picture(_svg(figure), f"{comparison.case}: confusion matrices after training; {words}", wide=True)]


def allowances(comparisons: Sequence[Comparison]) -> Picture:
    """Returns one case's worst gap per quantity in allowances, one mark per dtype; 1 is the limit."""
    tables = {comparison.case.dtype: per_layer(comparison) for comparison in comparisons}
    names = list(dict.fromkeys(name for table in tables.values() for name in table["quantity"]))
    used = pd.concat([table["worst used"] for table in tables.values()])
    drawn = used[np.isfinite(used) & (used > 0)]
    left, right = min(drawn.min(), 0.1) / 4 if len(drawn) else 0.01, max(drawn.max(), 1.0) * 4 if len(drawn) else 4.0
    with rc_context(STYLE):
        figure = Figure(figsize=(4.8, 0.7 + 0.16 * len(names)))
        axes = figure.subplots()
        for (dtype, table), color, mark in zip(tables.items(), ("#0072b2", "#009e73"), "oD", strict=False):
            share = table["worst used"].clip(left, right).fillna(right)  # no gap: left edge; not measurable: right edge
            rows = [names.index(name) for name in table["quantity"]]
            paint = [color if used > 0 else "none" for used in table["worst used"].fillna(1)]
            axes.scatter(share, rows, s=16, marker=mark, facecolors=paint, edgecolors=color, clip_on=False, label=dtype)
        axes.axvline(1, color="#b00020", linewidth=1)
        axes.text(1, -0.9, "allowance", color="#b00020", ha="center", va="bottom")
        axes.set(xscale="log", xlim=(left, right), ylim=(len(names) - 0.5, -0.7), yticks=range(len(names)))
        axes.set_yticklabels(names)
        axes.set_xlabel("worst gap in allowances; hollow: no gap")
        axes.grid(axis="y", linewidth=0.4, alpha=0.5)
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(0.3, 1), ncols=2, borderaxespad=0)
        figure.subplots_adjust(left=0.4, right=0.97, top=1 - 0.3 / figure.get_figheight(),
                               bottom=0.4 / figure.get_figheight())  # fmt: skip
        words = f"{comparisons[0].case}: worst gap of {len(names)} quantities in allowances, at most {used.max():.2g}"
        return Picture(_svg(figure), words)


def _classes(comparison: Comparison) -> Any:
    """The class of each sample, whichever way the labels say it."""
    labels = comparison.labels
    return (labels if labels.ndim == 1 else labels.argmax(axis=1)).astype(int)


def _svg(figure: Figure) -> str:
    """A figure as a data URI."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()
