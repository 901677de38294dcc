"""Runs both sides of a case, measures the gap, judges it and shows it.

cases.py         the cases: plain data
traces.py        runs one side: named arrays per step
equations/       the step as named equations: value, formula, rounding bound, truth
measure.py       two arrays -> how far apart
judge.py         gap and allowance -> status
lockstep.py      which updates are checked, the rows of one, how many rows are kept
probes.py        small batches for the corners where ordinary data do not go
effects.py       what a side does besides computing: arguments edited, memory shared, warnings
diagnosis/       why a row is apart: causes as replaced equations, tried on what the side saw
free_running.py  both sides left alone, against the reference's own noise
departures/      where the lecture's rule parts from stock torch's: predicted, measured, and closed by a line
lessons/         both sides' live code side by side, with the value that each line computes
notebooks/       the lecture's three parts as notebooks, both sides in each step, kept as text
pipeline.py      the whole story: compare(case) -> DataFrame, run(case) -> Comparison
parts.py         a case's run in parts, and how they are put together
memory.py        freed memory kept for the next array
runner.py        the report's cases in parts, on all cores
workers.py       independent work on local processes or a Dask cluster; a worker that dies loses nothing
bench/           speed, side by side with others
faults/          the checker checked: faults planted in scratch's code, and what became of each
certify.py       the judge itself on trial, on honest_nets.py and honest_trainings.py
calibrated.py    the few numbers that are measured and not derived
environment.py   what a verdict was reached on
show/            frames -> terminal, files, page
cli.py           the `parity` command
trials.py        its `certify` and `faults`
refusals.py      what commands say when they cannot judge
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
