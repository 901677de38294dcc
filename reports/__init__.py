"""Runs both sides of a case, measures the gap, judges it and shows it.

cases.py        the cases: plain data
traces.py       runs one side: named arrays per step
equations/      the step as named equations: value, formula, rounding bound
measure.py      two arrays -> how far apart
judge.py        gap and allowance -> status
compare.py      the pipeline: compare(case) -> DataFrame
environment.py  what the verdict was reached on
runner.py       many cases on all cores
show/           frames -> terminal, files, page
cli.py          the `parity` command
"""

from typing import Any

__all__ = ["CASES", "Case", "compare"]


def __getattr__(name: str) -> Any:
    """Resolves the public names at first use, so that `parity --help` loads neither torch nor pandas."""
    if name == "compare":
        from reports.pipeline import compare

        return compare
    if name in ("CASES", "Case"):
        from reports import cases

        return getattr(cases, name)
    raise AttributeError(f"module 'reports' has no attribute {name!r}")
