"""Which cause explains the rows that are apart: each is tried in place of the row's equation, on what the side saw.

For a row that was introduced (the side's own inputs to it do not give it) every cause that can stand there is
evaluated, in all steps that are at hand: those where the row is apart, which it must explain, and those where it is
not, which it must leave alone. First one cause alone, then one that acts at some updates only, then two at once,
then one with a fitted number. What explains a row to within rounding is named; what cannot is called unknown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from reports.cases import Case
from reports.diagnosis.causes import CAUSES
from reports.diagnosis.causes.losses import FOLLOWS
from reports.diagnosis.place import Array, Cause, Place, compatible, value
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import equations, evaluate_locally

SHAKES = 3  # disturbed evaluations of a cause: how far its inputs' rounding moves it
MARGIN = 4.0  # times that, and times the unit roundoff: a cause's allowance need not be sharp, its rivals are far
NEAR = 1e8  # in allowances without the disturbed evaluations; beyond it they are not worth the time
FEWEST = 3  # elements that a fitted number needs
OTHER_SHAPE = ("shape", "dtype")


class Witness(NamedTuple):
    """One row of one checked step: what the side computed, what its own inputs should have given, where it stood."""

    actual: Array
    place: Place
    right: Bounded
    lost: bool
    where: str  # the step in words


@dataclass(frozen=True)
class Explanation:
    """One or two causes that stand for a row, and the worst gap that they leave, in allowances."""

    causes: tuple[Cause, ...]
    residual: float
    coefficient: float = float("nan")
    updates: tuple[int, ...] = ()  # where it acts, if not everywhere

    @property
    def ids(self) -> tuple[str, ...]:
        """The causes' ids; the one for a single event where it is one."""
        return tuple(c.once if self.updates and c.once else c.id for c in self.causes)


@dataclass(frozen=True)
class Finding:
    """What explains some rows: equals among explanations (none: unknown), and the best of those that do not fit."""

    rows: tuple[str, ...]
    equals: tuple[Explanation, ...]
    runner_up: Explanation | None
    witness: Witness
    told_apart: tuple[str, str] | None = None  # a cause that fits the first step too, and the step where it does not


def findings(case: Case, checked: Iterable[Any], spoilt: frozenset[str] = frozenset()) -> list[Finding]:
    """Returns what explains the introduced rows of a case's checked steps, in order of computation.

    `spoilt` names arrays that were edited after their use: rows that are, or read, one of them say nothing.
    """
    rows = witnesses(case, checked)
    reads = {equation.name: {equation.name, *equation.reads} for equation in equations(case)}
    lost = {
        name: seen for name, seen in rows.items() if any(witness.lost for witness in seen) and not reads[name] & spoilt
    }
    if "forward/probabilities" in lost and "loss/samples" in lost and _worst(FOLLOWS, lost["loss/samples"]) <= 1:
        del lost["loss/samples"]
    explained, rivals = {}, {}
    for name, seen in lost.items():
        explained[name], rivals[name] = explain(case, name, seen)
    explained = {name: _with_company(name, fits, explained) for name, fits in explained.items()}
    found = []
    open_rows = list(lost)
    while open_rows:
        first = open_rows[0]
        covered, equals = _best_cover(first, open_rows, explained) if explained[first] else ([first], [])
        witness = next(witness for witness in lost[first] if witness.lost)
        apart = _told_apart(case, first, lost[first], equals) if equals else None
        found.append(Finding(tuple(covered), tuple(equals), rivals[first], witness, apart))
        open_rows = [name for name in open_rows if name not in covered]
    return found


def _told_apart(case: Case, row: str, seen: list[Witness], equals: list[Explanation]) -> tuple[str, str] | None:
    """The id of another cause that would fit the first step, and the step that speaks against it."""
    first = next(witness for witness in seen if witness.lost)
    named = {cause.id for one in equals for cause in one.causes}
    for cause in CAUSES:
        if cause.at(case, row) and not cause.direction and cause.id not in named and residual(first, (cause,)) <= 1:
            against = next((witness for witness in seen if residual(witness, (cause,)) > 1), None)
            if against:
                return cause.id, against.where
    return None


def _with_company(row: str, fits: list[Explanation], explained: dict[str, list[Explanation]]) -> list[Explanation]:
    """The explanations of a row without those that need another row which they do not explain."""
    elsewhere = {
        fit.ids for name, others in explained.items() for fit in others if name != row and not fit.causes[0].companion
    }
    return [fit for fit in fits if not fit.causes[0].companion or fit.ids in elsewhere]


def _best_cover(
    first: str, open_rows: Sequence[str], explained: dict[str, list[Explanation]]
) -> tuple[list[str], list[Explanation]]:
    """The explanations of a row that explain the most of the open rows as well, and those rows."""

    def covers(explanation: Explanation) -> list[str]:
        return [name for name in open_rows if any(other.ids == explanation.ids for other in explained[name])]

    best = max(explained[first], key=lambda e: (len(covers(e)), -len(set(e.ids)), -e.residual))
    rows = covers(best)
    return rows, [e for e in explained[first] if covers(e) == rows and len(set(e.ids)) == len(set(best.ids))]


def explain(case: Case, row: str, seen: list[Witness]) -> tuple[list[Explanation], Explanation | None]:
    """Returns all explanations of a row that fit, and the best of those that do not."""
    if _worst((), [witness for witness in seen if witness.lost]) <= 1:
        return [], None  # so near to right that every cause that changes little would fit
    here = [cause for cause in CAUSES if cause.at(case, row)]
    plain = [cause for cause in here if not cause.direction]
    singles = [Explanation((cause,), _worst((cause,), seen)) for cause in plain]
    fits = [single for single in singles if single.residual <= 1]
    rivals = sorted((single for single in singles if single.residual > 1), key=lambda single: single.residual)
    fits = fits or _sometimes(row, plain, seen) or _pairs(plain, seen)
    fits = fits or [fit for cause in here if cause.direction and (fit := _fitted(cause, seen))]
    named = {cause.id for fit in fits for cause in fit.causes}
    return fits, next((rival for rival in rivals if rival.causes[0].id not in named), None)


def _sometimes(row: str, causes: list[Cause], seen: list[Witness]) -> list[Explanation]:
    """Causes that explain every step where the row is apart, but act there alone."""
    lost = [witness for witness in seen if witness.lost]
    if row == "accuracy":
        return []
    updates = tuple(dict.fromkeys(witness.place.iteration for witness in lost))
    tried = [Explanation((cause,), _worst((cause,), lost), updates=updates) for cause in causes]
    return [one for one in tried if one.residual <= 1]


def _pairs(causes: list[Cause], seen: list[Witness]) -> list[Explanation]:
    """Pairs of causes that together explain a row."""
    first = next(witness for witness in seen if witness.lost)
    pairs = [pair for pair in combinations(causes, 2) if compatible(*pair)]
    near = [pair for pair in pairs if residual(first, pair) <= 1]
    tried = [Explanation(pair, _worst(pair, seen)) for pair in near]
    return [one for one in tried if one.residual <= 1]


def _fitted(cause: Cause, seen: list[Witness]) -> Explanation | None:
    """A cause with one number of unknown size, fitted where the row is apart first and then held to all steps."""
    if cause.direction is None:
        return None
    if cause.varies:
        fits = [_fitted(replace(cause, varies=False), [witness]) for witness in seen if witness.lost]
        if None in fits or any(residual(witness, ()) > 1 for witness in seen if not witness.lost):
            return None
        return max((fit for fit in fits if fit), key=lambda fit: fit.residual)
    lost = [witness for witness in seen if witness.lost]
    first = lost[0]
    made = value(first.place, (cause,))
    if made is None or made.shape != first.actual.shape or not np.isfinite(first.actual).all():
        return None
    try:
        term = np.asarray(cause.direction(first.place), float) + np.zeros_like(made)
    except (KeyError, IndexError, ValueError):
        return None
    unit = Rounding.of(first.place.case.dtype).unit
    floor = (
        unit * unit * float(np.abs(first.actual).max(initial=0.0))
    )  # of a dead unit nothing rounds, and 1/0 is no weight
    weights = 1 / np.maximum(_allowance(first, (cause,), made, thorough=True), max(floor, 1e-150))
    weighted = term * weights
    with np.errstate(over="ignore"):
        size = float(np.sum(weighted * weighted))
    if np.count_nonzero(term) * len(lost) < FEWEST or not np.isfinite(size) or size == 0:
        return None
    c = float(np.sum((first.actual - made) * weights * weighted) / size)

    direction = cause.direction

    def with_term(place: Place, made: Array) -> Array:
        return np.asarray(made + c * direction(place))

    fixed = replace(cause, direction=None, result=with_term)
    slack = MARGIN * (1 / np.sqrt(size) + unit * abs(c))
    worst = max(residual(witness, (fixed,), slack=slack, along=cause) for witness in seen)
    return Explanation((cause,), worst, coefficient=c) if worst <= 1 else None


def _worst(causes: tuple[Cause, ...], seen: list[Witness]) -> float:
    """The largest gap that causes leave in any step, in allowances; steps that they say nothing about must be right."""
    worst = 0.0
    for witness in sorted(seen, key=lambda witness: not witness.lost):
        worst = max(worst, residual(witness, causes))
        if worst > NEAR:
            break
    return worst


def residual(witness: Witness, causes: tuple[Cause, ...], slack: float = 0.0, along: Cause | None = None) -> float:
    """The largest gap between a row and what causes make of it, in allowances: at most 1 explains it."""
    with np.errstate(all="ignore"):
        made = value(witness.place, causes)
        if made is None:
            return 0.0 if not witness.lost else float("inf")
        if made.shape != witness.actual.shape:
            return float("inf")
        finite = np.isfinite(witness.actual)
        if not np.array_equal(finite, np.isfinite(made)):
            return float("inf")
        gap = np.abs(witness.actual - made)[finite]
        if not gap.size:
            return 0.0
        for thorough in (False, True):
            allowed = _allowance(witness, causes, made, thorough)
            if along and along.direction:
                allowed = allowed + slack * np.abs(np.asarray(along.direction(witness.place), float))
            share = float(np.max(np.where(gap == 0, 0.0, gap / allowed[finite])))
            if not 1 < share < NEAR:
                break
        return share


def _allowance(witness: Witness, causes: tuple[Cause, ...], made: Array, thorough: bool) -> Array:
    """What rounding may explain of a gap to causes.

    That is the right equation's own bound, and how far the causes are moved when all they read moves by a rounding.
    """
    rounding = Rounding.of(witness.place.case.dtype)
    allowed = MARGIN * rounding.unit * np.abs(made) + rounding.smallest
    if witness.right.error.shape == made.shape:
        allowed = allowed + np.where(np.isfinite(witness.right.error), 2 * witness.right.error, 0.0)
    if thorough:
        for seed in range(SHAKES):
            shaken = value(witness.place.shaken(seed, rounding.unit), causes)
            if shaken is not None and shaken.shape == made.shape:
                allowed = allowed + MARGIN * np.nan_to_num(np.abs(shaken - made), nan=0.0, posinf=0.0)
    return np.asarray(allowed)


def witnesses(case: Case, checked: Iterable[Any]) -> dict[str, list[Witness]]:
    """Returns each row's steps, in order of computation."""
    step = equations(case)
    rounding = Rounding.of(case.dtype)
    rows: dict[str, list[Witness]] = {equation.name: [] for equation in step}
    for one in checked:
        pause, data = one.pause, one.data
        known = {**pause.given(case), **pause.trace}
        earlier = {**one.before.given(case), **one.before.trace} if one.before else None
        batches = data.batches(0) if data.batches else None
        configured = len(batches[0]) if batches else len(data.inputs)
        right = evaluate_locally(step, known, rounding)
        status = {row["quantity"]: row for row in one.rows}
        for equation in step:
            name = equation.name
            if name not in right or name not in pause.trace or name not in status:
                continue
            row = status[name]
            if not all(np.isfinite(known[read]).all() for read in equation.reads):
                continue  # what is computed from NaN says nothing
            lost = row["local"] > 1 or row["status"] in OTHER_SHAPE
            everything = (data.inputs, data.labels)
            place = Place(case, equation, known, earlier, everything, configured, pause.iteration, pause.epoch)
            actual = np.asarray(pause.trace[name], np.float64)
            where = f"on probe '{row['probe']}'" if row["probe"] else f"at update {pause.iteration}"
            rows[name].append(Witness(actual, place, right[name], lost, where))
    return rows
