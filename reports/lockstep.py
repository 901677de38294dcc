"""Lockstep: at every checked update the reference takes one step from scratch's own state, and every value is judged.

Chaos cannot build up, because each step starts from the same state on both sides; by induction over all checked
steps, scratch's training is a training of the reference to within rounding. `Watch` says which updates are checked,
`judged` makes the rows of one, `Ledger` keeps as many rows as are worth keeping, however long the training.
"""

import math
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reports.cases import Case
from reports.diagnosis.words import diagnose
from reports.environment import environment
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import equations, evaluate, evaluate_locally, undecided
from reports.equations.truth import truth
from reports.judge import PASSES, judge
from reports.measure import Gap, measure
from reports.traces import ENDS, ON_THE_WAY, Data, Pause, Trace

if TYPE_CHECKING:
    import pandas as pd

FIRST = 50  # epochs that are always checked
BLOCK = 32  # updates in a row that one process checks, where several share a training
STRIDE = 97  # then every 97th: a prime, so that no period of the training hides between
REFUSALS = (ArithmeticError, LookupError, TypeError, ValueError)  # with these the side under test may give up
EVIDENCE = 3  # updates of a training that pass, and as many that fail, on which a diagnosis rests; probes come besides
MOST_FAILURES = 1000  # rows kept of those that do not pass; all are counted

Row = dict[str, Any]


class Checked(NamedTuple):
    """One checked update: its rows, whether all are worth keeping, and what they were judged on."""

    rows: list[Row]
    keep: bool = True
    data: Data | None = None
    pause: Pause | None = None  # None for rows that concern a whole training
    before: Pause | None = None  # the update before, where it was checked too


@dataclass(frozen=True)
class Share:
    """Which updates one process checks, of `count` that train alike: every `count`-th block."""

    index: int = 0
    count: int = 1

    def has(self, iteration: int) -> bool:
        """Whether an update is in this share."""
        return iteration // BLOCK % self.count == self.index


class Watch:
    """Says of each update of a training whether it is checked, and whether its rows are all kept.

    Kept: the first 50 epochs, every 97th, the last, and every event: a learning rate that is not the harness's own
    to the last bit, a changed count of dead units, a loss step larger than any of the 50 before. Checked besides:
    every K-th epoch. Events are looked for at every update. Of all these only the updates of its `share`.
    """

    def __init__(self, case: Case, every: int | None = None, share: Share = Share()) -> None:
        self.case = case
        self.share = share
        self.every = every or STRIDE
        self.loss = math.nan  # of the update before
        self.moves: deque[float] = deque(maxlen=FIRST)  # how far the loss moved, update by update
        self.dead: int | None = None
        self.events: Counter[str] = Counter()
        self.seconds = 0.0  # spent on checks
        self.asked = 0.0  # when this was asked last: what the pause takes is a check's time too

    def __call__(self, iteration: int, step: Any, network: Any) -> bool | str:
        """Returns whether this update is checked, or only its ends; remembers what it needs to see the next event."""
        began = time.perf_counter()
        wanted = self._wants(iteration, step, network)
        self.asked = time.perf_counter()
        self.seconds += self.asked - began
        return wanted if self.keep else wanted and ENDS

    def _wants(self, iteration: int, step: Any, network: Any) -> bool:
        """Whether this update is checked, in this share."""
        self.keep = step.epoch < FIRST or step.epoch % STRIDE == 0 or step.epoch == self.case.epochs - 1
        for event in self._events(iteration, step, network):
            self.events[event] += 1
            self.keep = True
        wanted = self.keep or step.epoch % self.every == 0
        return wanted and (self.share.has(iteration) or self.share.has(iteration + 1))  # the one before comes along

    def _events(self, iteration: int, step: Any, network: Any) -> list[str]:
        """The names of what is remarkable about this update."""
        events = []
        if step.learning_rate != self.case.learning_rate * (1 / (1 + self.case.decay * iteration)):
            events.append("learning rate")
        dead = sum(
            int(np.sum(layer.output.max(axis=0) == 0))
            for spec, layer in zip(self.case.layers, network.layers.values(), strict=True)
            if spec.kind == "ReLU"
        )
        if self.dead not in (None, dead):
            events.append("dead units")
        self.dead = dead
        loss = float(step.loss)
        moved = abs(loss - self.loss)
        if len(self.moves) == FIRST and moved > max(self.moves):
            events.append("loss step")
        if iteration:
            self.moves.append(moved)
        self.loss = loss
        return events


class Ledger:
    """Keeps the rows of a training: all of the kept updates, the worst per quantity, and those that do not pass."""

    def __init__(self) -> None:
        self.evidence: list[Checked] = []  # steps on which a diagnosis can rest
        self.enough = False  # of such that pass
        self.effects: list[Any] = []
        self.rows: list[Row] = []
        self.worst: dict[str, Row] = {}
        self.checked: Counter[tuple[str, str]] = Counter()  # updates behind a quantity (of a probe)
        self.failed = 0

    def add(self, checked: Checked) -> None:
        """Takes one checked update."""
        self._remember(checked)
        for row in checked.rows:
            self.effects += row.pop("effects", [])
            self.checked[row["quantity"], row["probe"]] += 1
            failed = row["status"] not in PASSES
            self.failed += failed
            if checked.keep or (failed and self.failed <= MOST_FAILURES):
                self.rows.append(_measured(row))
            elif row["quantity"] not in self.worst or _worse(row, self.worst[row["quantity"]]):
                self.worst[row["quantity"]] = _measured(row)

    def merge(self, other: "Ledger") -> None:
        """Takes what another process has kept of the same training."""
        for checked in other.evidence:
            self._remember(checked)
        self.effects += other.effects
        self.rows += other.rows
        self.checked += other.checked
        self.failed += other.failed
        for name, row in other.worst.items():
            if name not in self.worst or _worse(row, self.worst[name]):
                self.worst[name] = row

    def _remember(self, checked: Checked) -> None:
        """Keeps the first updates of the training, the first that fail, and every probe."""
        if checked.pause and checked.rows:
            failed = any(row["status"] not in PASSES for row in checked.rows)
            if not failed and not checked.rows[0]["probe"] and self.enough:  # most updates of a long training
                return
            training = [one for one in self.evidence if not one.rows[0]["probe"]]
            alike = [one for one in training if failed == any(row["status"] not in PASSES for row in one.rows)]
            if checked.rows[0]["probe"] or len(alike) < EVIDENCE:
                self.evidence.append(checked._replace(rows=[dict(row) for row in checked.rows]))
            else:
                self.enough |= not failed

    def diagnoses(self, case: Case) -> list[Row]:
        """What the rows that do not pass look like; nothing when all pass."""
        return diagnose(case, self.evidence, self.effects) if self.failed else []

    def frame(self, case: Case) -> "pd.DataFrame":
        """Returns the kept rows in order of computation; environment and diagnoses travel in `attrs`.

        `looks_like` of a row that does not pass is the diagnosis that covers it.
        """
        import pandas as pd  # here, so that judging a stranger's network loads without it

        kept = sorted([*self.rows, *self.worst.values()], key=_place)
        rows = pd.DataFrame(kept)
        rows.insert(0, "case", case.name)
        rows.insert(1, "precision", case.dtype)
        rows["checked"] = [self.checked[row["quantity"], row["probe"]] for row in kept]
        diagnoses = self.diagnoses(case)
        told = {name: diagnosis["says"] for diagnosis in reversed(diagnoses) for name in diagnosis["rows"]}
        passed = rows["status"].isin(PASSES)
        rows["looks_like"] = [
            "" if fine else told.get(name, "") for name, fine in zip(rows["quantity"], passed, strict=True)
        ]
        rows.attrs["environment"] = environment()
        rows.attrs["diagnoses"] = diagnoses
        return rows


def _place(row: Row) -> tuple[bool, bool, int]:
    """Steps in order, then what concerns the whole training (a stop, the free runs), then the probes."""
    return row["probe"] != "", row["update"] < 0, row["update"]


def _measured(row: Row) -> Row:
    """Adds to a row that is kept the numbers that only a reader wants, and lets go of its arrays."""
    pair = row.pop("arrays", None)
    if not pair:
        return row
    return row | (Gap(0.0, 0.0) if row["status"] == "exact" else measure(*pair))._asdict()


def _worse(row: Row, other: Row) -> bool:
    """Whether a row uses more of its allowance, propagated or local."""
    return _share_of(row) > _share_of(other)


def _share_of(row: Row) -> float:
    """The larger of a row's two shares; -1 where both are NaN."""
    return max((share for share in (row["used"], row["local"]) if not math.isnan(share)), default=-1.0)


def judged(case: Case, pause: Pause, theirs: Trace, *, oracle: bool = False, thorough: bool = True) -> list[Row]:
    """Judges every quantity of one step that either side has, in order of computation.

    Without `thorough` that is what the update ends with: loss, accuracy, gradients, rate and the next state, its
    allowances taken from the reference's values. `thorough` judges what lies on the way too, by the judge's own values,
    and asks whether scratch's own inputs to each row give it; with `oracle` each row says which side is nearer the
    truth. A step that fails has all of it, whatever was asked.
    """
    step = equations(case)
    given = pause.given(case)
    rounding = Rounding.of(case.dtype)
    names = list(dict.fromkeys([*(equation.name for equation in step), *pause.trace, *theirs]))
    if not pause.whole:
        names = [name for name in names if name in pause.trace]
    if thorough or oracle:
        bounds = evaluate(step, given, rounding)
    else:
        names = [name for name in names if not name.startswith(ON_THE_WAY)]
        bounds = evaluate(step, given, rounding, theirs, {*names, *_read_at_kinks(step, names)})
    local = evaluate_locally(step, given | pause.trace, rounding) if thorough else {}
    kinks = undecided([equation for equation in step if equation.name in names], given, bounds)
    rows = []
    for name in names:
        row = judge(name, pause.trace.get(name), theirs.get(name), bounds.get(name), local.get(name))
        if row["status"] not in ("missing", "extra", "shape", "dtype"):
            row["arrays"] = pause.trace[name], theirs[name]  # for `Ledger`, which measures what it keeps
        row |= {"epoch": pause.epoch, "update": pause.iteration, "probe": "", "undecided": kinks.get(name, 0)}
        rows.append(row)
    failed = any(row["status"] not in PASSES for row in rows)
    if failed and not thorough:
        return judged(case, pause.filled(), theirs, oracle=True)
    if oracle or failed:
        add_truth(rows, truth(step, given), pause.trace, theirs, bounds)
    return rows


def _read_at_kinks(step: list[Any], names: list[str]) -> list[str]:
    """What must be known to count the undecided elements of some quantities."""
    return [read for equation in step if equation.undecided and equation.name in names for read in equation.reads]


def add_truth(rows: list[Row], exact: Any, ours: Trace, theirs: Trace, bounds: dict[str, Bounded]) -> None:
    """Adds to each row how far either side is from the truth, in bounds, and which is nearer."""
    for row in rows:
        name = row["quantity"]
        offs = []
        for side, trace in (("scratch", ours), ("reference", theirs)):
            error = exact.error(name, trace[name]) if name in trace and name in bounds else None
            row[f"{side}_off"] = np.nan if error is None else _share(error, bounds[name].error)
            offs.append(np.nan if error is None or np.isnan(error).all() else float(np.nanmax(error)))
        if not np.isnan(offs).any():
            row["nearer"] = "equal" if offs[0] == offs[1] else "scratch" if offs[0] < offs[1] else "reference"


def _share(error: Any, bound: Any) -> float:
    """The worst error in bounds; 1 is as far as rounding can explain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nanmax(np.where(error == 0, 0.0, error / bound), initial=0.0))


def stopped(error: Exception) -> Row:
    """The one row that says that the side under test gave up: it cannot be judged from there."""
    row = judge("stopped", None, None, None) | {"status": "unjudged", "hint": f"{type(error).__name__}: {error}"}
    return {**row, "epoch": -1, "update": -1, "probe": "", "undecided": 0}
