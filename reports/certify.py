"""The judge on trial: honest networks of every kind must give no alarm, and a judge without its parts must give some.

For each network, dtype and number of threads both sides take a step (tiny ones two). Counted are element comparisons,
pairs further apart than 2 E, elements of either side further than E from the truth, undecided and unclaimed elements,
and the networks on which np.allclose and torch.testing, with their defaults, would have raised a false alarm.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import reference
import scratch
from reports import traces
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import equations, evaluate, undecided
from reports.equations.truth import Truth, truth
from reports.honest_nets import KINDS, honest_net
from reports.lockstep import REFUSALS
from reports.measure import gaps
from reports.traces import Pause, Trace

THREADS = (1, 2)
CHUNK = 20  # networks per piece of work
ENOUGH = 200  # tries, of 50 networks in two dtypes and with two numbers of threads
# The judge without one of its parts, and the kind of networks on which that must show.
CONTROLS: dict[str, tuple[str, dict[str, Any]]] = {
    "without the kink rule": ("adversarial", {"kinks": False}),
    "with 0 ulp for exp, log and tanh": ("tiny", {"elementary": 0.0}),
    "with a probabilistic bound, lambda = 1": ("random", {"statistical": True}),
}
# Of the tables, in the order in which a narrow terminal shows them.
FIRST_COLUMNS = (
    "kind", "dtype", "threads", "judge", "tried", "caught on", "seen to fail", "networks", "elements", "pairs apart",
    "truth missed", "tightest",
)  # fmt: skip


class Chunk(NamedTuple):
    """One piece of work: so many networks of a kind in a dtype, from a seed."""

    kind: str
    dtype: str
    seed: int
    numbers: range


class Finding(NamedTuple):
    """What one chunk gave with one number of threads; `tightest` is a share of 2 E with its quantity."""

    kind: str
    dtype: str
    threads: int
    counts: Counter[str]
    tightest: tuple[float, str]


def chunks(nets: int, seed: int) -> list[Chunk]:
    """Returns the work of a certification, every kind in both dtypes."""
    return [
        Chunk(kind, dtype, seed, range(start, min(start + CHUNK, nets)))
        for start in range(0, nets, CHUNK)
        for kind in KINDS
        for dtype in ("float64", "float32")
    ]


def certify_chunk(chunk: Chunk, made: Callable[[int], None] = lambda done: None) -> list[Finding]:
    """Tries the judge on a chunk, with each number of threads; one Finding for each."""
    import torch
    from threadpoolctl import ThreadpoolController

    controller, before = ThreadpoolController(), torch.get_num_threads()
    truths: dict[tuple[int, int], Truth] = {}
    findings = []
    for threads in THREADS:
        counts: Counter[str] = Counter()
        tightest = (0.0, "")
        torch.set_num_threads(threads)
        with controller.limit(limits=threads):
            for number in chunk.numbers:
                tightest = max(tightest, _try_net(chunk, number, counts, truths))
                made(1)
        findings.append(Finding(chunk.kind, chunk.dtype, threads, counts, tightest))
    torch.set_num_threads(before)
    return findings


def _try_net(
    chunk: Chunk, number: int, counts: Counter[str], truths: dict[tuple[int, int], Truth]
) -> tuple[float, str]:
    """Tries the judge on one network; counts into `counts` and returns the tightest share with its quantity."""
    case, data = honest_net(chunk.kind, chunk.seed, number, chunk.dtype)
    step, rounding = equations(case), Rounding.of(case.dtype)
    ours, twin = (traces.planted(side, case, data.parameters) for side in (scratch, reference))
    alarms: Counter[str] = Counter()
    tightest = (0.0, "")
    counts["networks"] += 1
    with np.errstate(all="ignore"):  # wild scales overflow; what is not finite is not claimed, and counted
        try:
            for _, pause in traces.scratch_steps(case, data, ours, lambda iteration, step, network: True):
                if pause is None or not pause.whole:
                    continue
                theirs, given = traces.reference_trace(case, pause, twin), pause.given(case)
                bounds = evaluate(step, given, rounding)
                counts["undecided"] += sum(undecided(step, given, bounds).values())
                key = (number, pause.iteration)
                if key not in truths or pause.iteration:  # a later step starts from weights of its own
                    truths[key] = truth(step, given)
                tightest = max(tightest, _compare(pause, theirs, bounds, truths[key], counts))
                _controls(chunk, step, given, rounding, pause, theirs, truths[key], alarms)
                _usual_checks(pause, theirs, alarms)
        except REFUSALS:  # scratch refuses to go on (an unfused gradient at p = 0, say): nothing to compare
            counts["refused"] += 1
    for alarm in alarms:
        counts[alarm] += 1  # networks, not elements
    return tightest


def _compare(
    pause: Pause, theirs: Trace, bounds: dict[str, Bounded], exact: Truth, counts: Counter[str]
) -> tuple[float, str]:
    """Compares every element of a step, pairwise and with the truth."""
    tightest = (0.0, "")
    for name, bound in bounds.items():
        claimed = np.isfinite(bound.error) & np.isfinite(pause.trace[name]) & np.isfinite(theirs[name])
        counts["elements"] += bound.error.size
        counts["no claim"] += int(np.sum(~claimed))
        gap = gaps(pause.trace[name], theirs[name])[claimed]
        allowed = 2 * bound.error[claimed]
        counts["pairs apart"] += int(np.sum(gap > allowed))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(gap > 0, gap / allowed, 0.0)
        tightest = max(tightest, (float(share.max(initial=0.0)), name))
        for side in (pause.trace, theirs):
            error = exact.error(name, side[name])
            if error is not None:
                counts["truth missed"] += int(np.sum(error[claimed] > bound.error[claimed]))
    return tightest


def _controls(
    chunk: Chunk,
    step: Any,
    given: Trace,
    rounding: Rounding,
    pause: Pause,
    theirs: Trace,
    exact: Truth,
    alarms: Counter[str],
) -> None:
    """Notes on which controls this network catches the judge without one of its parts."""
    for control, (kind, changes) in CONTROLS.items():
        if kind == chunk.kind and control not in alarms:
            weakened: Counter[str] = Counter()
            bounds = evaluate(step, given, Rounding(**{**vars(rounding), **changes}))
            _compare(pause, theirs, bounds, exact, weakened)
            if weakened["pairs apart"] or weakened["truth missed"]:
                alarms[control] += 1


def _usual_checks(pause: Pause, theirs: Trace, alarms: Counter[str]) -> None:
    """Notes the false alarms of np.allclose and torch.testing with their defaults."""
    import torch

    for name, ours in pause.trace.items():
        if name not in theirs or not (np.isfinite(ours).all() and np.isfinite(theirs[name]).all()):
            continue
        if "np.allclose" not in alarms and not np.allclose(ours, theirs[name]):
            alarms["np.allclose"] += 1
        if "torch.testing" not in alarms:
            try:
                torch.testing.assert_close(torch.tensor(ours), torch.tensor(theirs[name]))
            except AssertionError:
                alarms["torch.testing"] += 1


def tables(findings: Iterable[Finding]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the certificate, a row per kind, dtype and threads, and the table of its negative controls."""
    counts: dict[tuple[str, str, int], Counter[str]] = {}
    tightest: dict[tuple[str, str, int], tuple[float, str]] = {}
    for finding in findings:
        key = finding[:3]
        counts.setdefault(key, Counter()).update(finding.counts)
        tightest[key] = max(tightest.get(key, (0.0, "")), finding.tightest)
    columns = ("networks", "elements", "pairs apart", "truth missed", "undecided", "no claim", "refused")
    rows = []
    for key in sorted(counts, key=lambda key: (KINDS.index(key[0]), key[1:])):
        share, quantity = tightest[key]
        row: dict[str, Any] = dict(zip(("kind", "dtype", "threads"), key, strict=True))
        row |= {column: counts[key][column] for column in columns}
        row |= {"tightest": share, "quantity": quantity}
        rows.append(row | {check: counts[key][check] for check in ("np.allclose", "torch.testing")})
    controls = [
        {"judge": control, "networks": kind, "tried": tried, "caught on": caught, "seen to fail": bool(caught)}
        for control, (kind, _) in CONTROLS.items()
        for tried, caught in [_totals(counts, kind, control)]
    ]
    return pd.DataFrame(rows), pd.DataFrame(controls)


def _totals(counts: dict[tuple[str, str, int], Counter[str]], kind: str, control: str) -> tuple[int, int]:
    """How many networks of a kind were tried, and on how many a weakened judge was caught."""
    of_kind = [count for key, count in counts.items() if key[0] == kind]
    return sum(count["networks"] for count in of_kind), sum(count[control] for count in of_kind)


def verdict(certificate: pd.DataFrame, controls: pd.DataFrame) -> int:
    """Returns 0 for no violation with every control seen to fail, 1 for a violation, 2 for a control that passed."""
    if certificate[["pairs apart", "truth missed"]].to_numpy().any():
        return 1
    return 0 if controls["seen to fail"].all() else 2  # with few networks a control may find none to fail on


def unseen(controls: pd.DataFrame) -> list[str]:
    """Says of each control that was not seen to fail that nothing is proved, and what to do."""
    return [
        f"the judge {row['judge']} was caught on none of {row['tried']} networks: "
        + ("too few to certify anything, take --nets 50" if row["tried"] < ENOUGH else "it ought to be")
        for row in controls.to_dict("records")
        if not row["seen to fail"]
    ]
