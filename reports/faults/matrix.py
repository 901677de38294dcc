"""The kill matrix: one planted fault, or two at once -> one row; and the correct network, which must give no alarm.

Parity is judged by `compare`, in lockstep; the usual checks are asked about the same network from the same start.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from reports.faults.nets import LOCKSTEP_EPOCHS, NETS
from reports.faults.planting import Fault, planted
from reports.faults.usual_checks import CHECKS, alarms, reference_run
from reports.judge import PASSES
from reports.judge import verdict as parity
from reports.pipeline import compare

KINDS = ("correct", "single", "pair")
DIAGNOSED = ("right", "unknown", "wrong")
LEAST_RIGHT = {"single": 0.95, "pair": 0.80}  # share of right diagnoses below which the checker fails
MOST_WRONG = 0.01  # share of wrong ones, which mislead, above which it fails
CHUNK = 5  # tries per piece of work
JOIN = " + "  # between the names of two faults that are planted together


class Try(NamedTuple):
    """What is planted at once, by name, and in which network; nothing is the correct network."""

    net: str
    names: tuple[str, ...] = ()


class Chunk(NamedTuple):
    """One piece of work; `number` is its place in the matrix."""

    number: int
    seed: int
    tries: tuple[Try, ...]


class Finding(NamedTuple):
    """What one chunk gave, and what it was computed on."""

    number: int
    rows: list[dict[str, Any]]
    environment: dict[str, str]


def chunks(seeds: Iterable[int], only: Sequence[str] = ()) -> list[Chunk]:
    """Returns the work: for each seed the correct networks, every fault, and the catalogue's pairs.

    `only` names the faults to try instead ("a + b" is a pair). Raises: KeyError for a name that there is not.
    """
    from reports.faults.catalogue import FAULTS, pairs

    work: list[Chunk] = []
    for seed in seeds:
        if only:
            planned = [_names(name) for name in only]
        else:
            planned = [(name,) for name in FAULTS]
            planned += [(a.name, b.name) for a, b in pairs(seed)]
        faulty = [Try(FAULTS[names[0]].net, names) for names in planned]
        nets = dict.fromkeys(one.net for one in faulty) if only else NETS
        tries = [*map(Try, nets), *faulty]
        for start in range(0, len(tries), CHUNK):
            work.append(Chunk(len(work), seed, tuple(tries[start : start + CHUNK])))
    return work


def _names(wanted: str) -> tuple[str, ...]:
    """The names in the name of a fault or of a pair; raises KeyError where there is no such fault."""
    from reports.faults.catalogue import FAULTS

    names = (wanted,) if wanted in FAULTS else tuple(wanted.split(JOIN))
    for name in names:
        if name not in FAULTS:
            raise KeyError(name)
    return names


def try_chunk(chunk: Chunk, made: Callable[[int], None] = lambda done: None) -> Finding:
    """Tries a chunk, in a worker: the faults are looked up there by their names."""
    from reports.environment import environment
    from reports.faults.catalogue import FAULTS

    rows = []
    for one in chunk.tries:
        rows.append(try_fault(tuple(FAULTS[name] for name in one.names) or (correct(one.net),), chunk.seed))
        made(1)
    return Finding(chunk.number, rows, environment())


def correct(net: str) -> Fault:
    """Returns the fault that is none: the correct network, to be tried as the others are."""
    return Fault(name="none", cause="", says="the correct network", net=net, row="", patches=())


def try_fault(faults: tuple[Fault, ...], seed: int) -> dict[str, Any]:
    """Plants faults in their network, judges it and asks the usual checks; returns the row of the matrix."""
    began = time.perf_counter()
    case = replace(NETS[faults[0].net], seed=seed)
    theirs = reference_run(case)
    patched = any(fault.patches for fault in faults)
    row: dict[str, Any] = {
        "kind": "correct" if not patched else "single" if len(faults) == 1 else "pair",
        "seed": seed,
        "net": case.name,
        "fault": JOIN.join(fault.name for fault in faults),
        "says": "; ".join(fault.says for fault in faults),
    }
    with planted(faults), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            frame = compare(replace(case, epochs=LOCKSTEP_EPOCHS))
        except Exception as error:  # what compare does not expect is a hole in compare, and a row that says so
            row |= _crashed(error)
        else:
            row |= _first(frame) | _diagnosis(frame.attrs.get("diagnoses", []), {fault.cause for fault in faults})
        usual = alarms(case, theirs)
    wanted = {(fault.row, fault.probe) for fault in faults}
    row["expected"] = row["status"] != "crashed" and (row["row"], row["probe"]) in wanted
    return row | usual | {"seconds": time.perf_counter() - began}


def _first(frame: pd.DataFrame) -> dict[str, Any]:
    """What became of parity: whether the verdict is 1, and the first row that does not pass."""
    caught, bad = parity(frame["status"]) == 1, frame[~frame["status"].isin(PASSES)]
    if not len(bad):
        return _place(caught) | {"status": "parity"}
    first = bad.iloc[0]
    place = _place(caught, first["quantity"], first["probe"], int(first["epoch"]), float(first["used"]))
    return place | {"status": first["status"], "error": ""}


def _crashed(error: Exception) -> dict[str, Any]:
    """What is known of a comparison that crashed: nothing is caught, nothing named."""
    text = f"{type(error).__name__}: {error}"
    return _place(False) | {"status": "crashed", "error": text} | _diagnosis([], {""}) | {"diagnosed": "unknown"}


def _place(caught: bool, row: str = "", probe: str = "", epoch: int = -1, used: float = np.nan) -> dict[str, Any]:
    """The columns that say where parity is lost first."""
    return {"caught": caught, "row": row, "probe": probe, "epoch": epoch, "used": used, "status": "", "error": ""}


def _diagnosis(diagnoses: list[dict[str, Any]], causes: set[str]) -> dict[str, Any]:
    """The columns that say what the difference was called, and whether that was right."""
    return {
        "diagnosed": diagnosed([one["causes"] for one in diagnoses], causes - {""}),
        "named": [cause for one in diagnoses for cause in one["causes"]],
        "diagnosis": "; ".join(one["says"] for one in diagnoses),
        "runner_up": "; ".join(one["runner_up"] for one in diagnoses if one["runner_up"]),
    }


def diagnosed(groups: Iterable[Sequence[str]], causes: set[str]) -> str:
    """Returns "right", "unknown" or "wrong" for groups of equal causes that were named, and the planted ones.

    Wrong: a group is named that holds none of the planted; right: none such, and each planted one is in a group.
    """
    named = [set(group) for group in groups if group]
    if any(not group & causes for group in named):
        return "wrong"
    return "right" if causes <= set().union(*named) else "unknown"


def tables(findings: Iterable[Finding]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the matrix, a row per try, and its totals; the environment travels in the matrix's `attrs`."""
    ordered = sorted(findings, key=lambda finding: finding.number)
    rows = [row for kind in KINDS for finding in ordered for row in finding.rows if row["kind"] == kind]
    matrix = pd.DataFrame(rows)
    matrix.attrs["environment"] = ordered[0].environment
    return matrix, totals(matrix)


def totals(matrix: pd.DataFrame) -> pd.DataFrame:
    """Returns how many of each kind were tried, caught (by parity and by each usual check), placed and named."""
    marks = {"tried": matrix["kind"] != "", "caught by parity": matrix["caught"]}
    marks |= {f"caught by {check}": matrix[check] for check in CHECKS}
    marks |= {"at the expected row": matrix["expected"], "comparison crashed": matrix["status"] == "crashed"}
    marks |= {f"diagnosis {word}": matrix["diagnosed"] == word for word in DIAGNOSED}
    counts = {what: [int((mark & (matrix["kind"] == kind)).sum()) for kind in KINDS] for what, mark in marks.items()}
    return pd.DataFrame.from_dict(counts, "index", columns=list(KINDS)).rename_axis("what").reset_index()


def verdict(matrix: pd.DataFrame) -> int:
    """Returns 0 when every fault is caught at its expected row, the correct network is quiet, and names are right.

    1 otherwise, also for too few right or too many wrong diagnoses (LEAST_RIGHT, MOST_WRONG).
    """
    faulty = matrix[matrix["kind"] != "correct"]
    quiet = matrix[matrix["kind"] == "correct"]
    if not (faulty["caught"] & faulty["expected"]).all() or not (quiet["status"] == "parity").all():
        return 1
    for kind, least in LEAST_RIGHT.items():
        words = faulty.loc[faulty["kind"] == kind, "diagnosed"]
        if len(words) and (words == "right").mean() < least:
            return 1
    return int(len(faulty) > 0 and bool((faulty["diagnosed"] == "wrong").mean() > MOST_WRONG))
