"""Honest trainings of ANN III, one per seed: weights, probes and the first updates must give no alarm."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from reports.cases import CASES, DTYPES
from reports.judge import PASSES
from reports.pipeline import compare

THREADS = (1, 2)
UPDATES = 20


class Training(NamedTuple):
    """One piece of work: a case by name, a seed for its weights and data, and a dtype."""

    seed: int
    dtype: str
    case: str = "ann3"


def trainings(count: int, seed: int = 0) -> list[Training]:
    """Returns the work: so many seeds in each dtype."""
    return [Training(seed + k, dtype) for k in range(count) for dtype in DTYPES]


def train(training: Training, made: Callable[[int], None] = lambda done: None) -> list[dict[str, Any]]:
    """Compares one training with each number of threads; a record for each: rows, alarms, the worst share."""
    import torch
    from threadpoolctl import ThreadpoolController

    controller, before, records = ThreadpoolController(), torch.get_num_threads(), []
    case = replace(CASES[training.case], seed=training.seed, dtype=training.dtype, epochs=UPDATES)
    for threads in THREADS:
        torch.set_num_threads(threads)
        with controller.limit(limits=threads):
            rows = compare(case)
        records.append({
            "case": training.case, "dtype": training.dtype, "threads": threads, "rows": len(rows),
            "alarms": int((~rows["status"].isin(PASSES)).sum()), "tightest": float(rows["used"].max()),
        })  # fmt: skip
        made(1)
    torch.set_num_threads(before)
    return records


def table(records: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Returns a row per dtype and number of threads: trainings, rows, alarms, the tightest share."""
    grouped = pd.DataFrame(list(records)).groupby(["case", "dtype", "threads"], sort=True)
    return grouped.agg(
        trainings=("rows", "size"), rows=("rows", "sum"), alarms=("alarms", "sum"), tightest=("tightest", "max")
    ).reset_index()
