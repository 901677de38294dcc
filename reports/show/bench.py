"""The tables of `parity bench` -> CSV files and one self-contained page with pictures."""

import base64
import io
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from reports.bench.sweep import left_out, slower
from reports.environment import environment
from reports.show.templating import templates

COLORS = {
    "scratch": "#0072b2", "plain transcription": "#56b4e9", "torch eager": "#d55e00", "torch foreach": "#e69f00",
    "torch fused": "#f0b000", "torch.compile": "#cc79a7", "JAX": "#009e73", "products alone": "#777777",
    "memory traffic": "#aaaaaa",
}  # fmt: skip
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "parity", "svg.fonttype": "none", "font.sans-serif": ["DejaVu Sans"], "font.size": 8,
    "axes.titlesize": 9, "axes.spines.top": False, "axes.spines.right": False, "figure.facecolor": "#fdfdfb",
    "axes.facecolor": "#fdfdfb",
}  # fmt: skip
TITLES = {
    "verdicts": "What is asked",
    "times": "ANN III and its wide sister",
    "lockstep": "Lockstep with every epoch checked",
    "exponents": "How time grows: k in time ~ size^k over the last points",
    "machine": "The whole machine",
}


def write_bench(out: Path, tables: dict[str, pd.DataFrame]) -> Path:
    """Writes each table as CSV and the page into `out`; returns the page's path."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(out / f"{name}.csv", index=False)
    path = out / "index.html"
    path.write_text(page(tables), encoding="utf-8")
    return path


def page(tables: dict[str, pd.DataFrame]) -> str:
    """Returns the page: verdicts, tables, pictures of the sweep, what was left out, and the environment."""
    sweep = tables.get("sweep")
    return (
        templates()
        .get_template("bench.html.j2")
        .render(
            tables={TITLES[name]: rounded(tables[name]) for name in TITLES if name in tables},
            pictures=[] if sweep is None else pictures(sweep),
            left_out=[] if sweep is None else left_out(sweep),
            slower=None if sweep is None else rounded(slower(sweep)[["axis", "value", "dtype", "ms", "of_scratch"]]),
            environment=environment(),
        )
    )


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Returns a table with its numbers at three significant digits, as text."""
    return table.map(lambda value: f"{value:,.3g}" if isinstance(value, float) else str(value))


def pictures(sweep: pd.DataFrame) -> list[tuple[str, str]]:
    """Returns data URI and description of each picture: time per epoch along each axis, one per dtype."""
    drawn = []
    for (axis, dtype), points in sweep.groupby(["axis", "dtype"], sort=False):
        with rc_context(STYLE):
            figure = Figure(figsize=(4.8, 3.2))
            axes = figure.subplots()
            for contender, line in points[points["ms"] > 0].groupby("contender", sort=False):
                color = COLORS[str(contender)]
                axes.plot(line["value"], line["ms"], "o-", color=color, markersize=3, linewidth=1.2, label=contender)
                axes.fill_between(line["value"], line["ms_low"], line["ms_high"], color=color, alpha=0.15, linewidth=0)
            axes.set(xscale="log", yscale="log", xlabel=axis, ylabel="milliseconds per epoch", title=f"{axis}, {dtype}")
            axes.grid(linewidth=0.4, alpha=0.5)
            axes.legend(frameon=False)
            figure.tight_layout()
            file = io.BytesIO()
            figure.savefig(file, format="svg", metadata={"Date": None})
        uri = "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()
        drawn.append((uri, f"Milliseconds per epoch along {axis} in {dtype}, one line per contender, both axes log."))
    return drawn
