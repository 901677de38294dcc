"""What a network does with its gradients, judged beside them: plain descent, a decay, a rule with a memory.

A plain step is the rate times the network's own gradients times one constant. Where it is none, a rule that explains
every array of several steps is looked for; at last constants that differ from array to array, and arrays that never
move, which are defects. What none of them explains is told, and not judged.
"""

from typing import Any, NamedTuple

import numpy as np

from reports.calibrated import PROPOSED
from reports.equations.rounding import Bounded
from reports.subjects import optimizers
from reports.subjects.compared import in_float32
from reports.subjects.networks.architectures import fitting
from reports.subjects.networks.bounded import DOUBLE, SCALED, SINGLE
from reports.subjects.networks.decided import Decision, Given, decide, times
from reports.subjects.networks.explained import right_fit
from reports.subjects.networks.trial import Trial, read
from reports.subjects.verdicts import Row

Array = np.ndarray
KINDS = ("Momentum", "Adam", "RMSprop", "AdaGrad", "Nesterov", "AdamW")
KEYS = ("parameters", "gradients", "after")
NOT_JUDGED = "of a rule that is not known here, and not judged"
CLIMBS = "the step climbs: it goes up the gradient"
ALIKE = 0.9  # the cosine beyond which an array goes with its gradient, or against it
FEW = 8  # numbers: the direction of fewer says little


class Update(NamedTuple):
    """Some steps of one method: parameters, own gradients and parameters after it, in flat lists of arrays."""

    by: str
    rate: float
    names: list[str]
    before: list[list[Array]]
    gradients: list[list[Array]]
    after: list[list[Array]]
    settings: dict[str, float]


def updates(one: dict[str, Any]) -> tuple[list[Row], dict[str, str]]:
    """Rows for every method of a trial that moves the parameters, and what it does, in words."""
    rows: list[Row] = []
    told: dict[str, str] = {}
    for seen in one.get("updates", []):
        if found := judged(one, seen):
            rows += [found[0]] if found[0] else []
            told.setdefault("update", f"{seen['by']}: {found[1]}")
    return rows, told


def _read(seen: dict[str, Any]) -> Update | None:
    """The arrays that have gradients; None where one has another shape than its parameter."""
    names: list[str] = []
    before, gradients, after = [], [], []
    for step in seen["steps"]:
        flat = [(f"{('weights', 'biases')[part]} {k}", *arrays)
                for k, layer in enumerate(zip(*(step[key] for key in KEYS), strict=True), 1)
                for part, arrays in enumerate(zip(*layer, strict=True)) if arrays[0] is not None]  # fmt: skip
        flat = [one for one in flat if one[2] is not None]
        if any(old.shape != new.shape or np.size(g) != old.size for _, old, g, new in flat):
            return None
        names = [name for name, *_ in flat]
        before.append([np.asarray(old, float) for _, old, _, _ in flat])
        gradients.append([np.asarray(g, float).reshape(old.shape) for _, old, g, _ in flat])
        after.append([np.asarray(new, float) for *_, new in flat])
    if not names or not all(np.isfinite(a).all() for steps in (gradients, after) for step in steps for a in step):
        return None
    return Update(seen["by"], float(seen["rate"] or 0.0), names, before, gradients, after, seen["settings"])


def judged(one: dict[str, Any], seen: dict[str, Any]) -> tuple[Row | None, str] | None:
    """The row of one method of a trial, where it can be judged, and what it does, in words; None without arrays."""
    update = _read(seen)
    if update is None:
        return None
    plain = [_plain(one, update, k) for k in range(len(update.before))]
    if all(decision.one for decision in plain):
        return _descent(one, seen, update, plain)
    c = plain[0].main if plain[0].one else 1.0
    if rule := _rule(update, c):
        return rule
    if (climbing := _rule(_mirrored(update), abs(c))) and _downhill(one):
        return _row(update, "defective", CLIMBS, climbing[0].used), CLIMBS
    if decay := _with_decay(one, update):
        return decay
    if words := _apart(one, update, plain[0]):
        return _row(update, "defective", words), "wrong"
    return None, NOT_JUDGED


def _mirrored(update: Update) -> Update:
    """The same steps the other way."""
    before, after = ([[-array for array in step] for step in steps] for steps in (update.before, update.after))
    return update._replace(before=before, after=after)


def _downhill(one: dict[str, Any]) -> bool:
    """Whether the network's own gradients are known to be those of a loss, and not turned round."""
    trial = None if one.get("turned") or one.get("ones") else read(one)
    fit = right_fit(trial, fitting(trial)) if trial else None
    return fit is not None and fit.level <= 1 and all(c is None or not c < 0 for pair in fit.ratios for c in pair)


def _row(update: Update, status: str, words: str = "", used: float = float("nan")) -> Row:
    says = f"{update.by}: {words}" if words else ""
    return Row(f"update by {update.by}", f"{len(update.before)} steps", status, used, says=says, stage="backward")


def _plain(one: dict[str, Any], update: Update, k: int) -> Decision:
    """Whether a step is one constant times the rate times the gradients, by bounds."""
    rate = update.rate or 1.0
    single = all(in_float32(a) for a in (*update.before[k], *update.after[k]))
    r = SINGLE if single else DOUBLE
    given = [Given(name, (old - new) / rate, Bounded(g, SCALED * r.unit * np.abs(g)), old)
             for name, old, g, new in zip(update.names, update.before[k], update.gradients[k], update.after[k],
                                          strict=True)]  # fmt: skip
    return decide(_shape_of(one, rate), given, r)


def _shape_of(one: dict[str, Any], rate: float) -> Trial:
    """A trial for its sizes alone."""
    c = one["parameters"][-1][0].shape[1]
    return Trial(np.zeros((len(one["inputs"]), 1)), np.zeros((len(one["inputs"]), c)), [], [], None, rate, True)


def _descent(
    one: dict[str, Any], seen: dict[str, Any], update: Update, plain: list[Decision]
) -> tuple[Row | None, str]:
    """A plain step in all arrays: up or down, with the rate once, twice or not at all."""
    c = plain[0].main
    worst = max(row.used for decision in plain for row in decision.rows)
    way, scaled = _absolute(one, seen, update)
    if not way and c < 0:
        if not _downhill(one):  # whether the gradients are turned round is not known either
            return None, NOT_JUDGED
        way = 1
    if way > 0:
        return _row(update, "defective", CLIMBS, worst), CLIMBS
    size = abs(c)
    if not update.rate:
        return _row(update, "right", used=worst), "a constant times its gradients"
    for number, words in ((update.rate, "the rate is multiplied in twice"), (1 / update.rate, "the rate is missing")):
        if abs(size - number) <= PROPOSED * number and update.rate != 1.0 and not scaled:
            return _row(update, "defective", words, worst), words
    told = "rate times its gradients" if abs(size - 1) <= PROPOSED else f"{size:.4g} times rate times its gradients"
    if any(abs(decision.main - c) > PROPOSED * abs(c) for decision in plain):
        told += ", and the rate changes from step to step"
    return _row(update, "right", used=worst), told


def _absolute(one: dict[str, Any], seen: dict[str, Any], update: Update) -> tuple[int, bool]:
    """(1 where the moves go up the gradient of a known loss, -1 down, 0 unknown; whether their scale has a name)."""
    step = seen["steps"][0]
    moves = [[None if old is None or old.shape != new.shape else (old - new) / (update.rate or 1.0)
              for old, new in zip(*pair, strict=True)]
             for pair in zip(step["parameters"], step["after"], strict=True)]  # fmt: skip
    trial = read({**one, "gradients": moves, "moved": True, "rate": update.rate, "own_values": []})
    if trial is None or seen["samples"] != len(trial.x) or one.get("ones"):
        return 0, False
    fit = right_fit(trial, fitting(trial))
    if fit is None:
        return 0, False
    known = [c for pair in fit.ratios for c in pair if c]
    if not known or min(known) < 0 < max(known):  # one of them is wrong, and not for the update
        return 0, False
    return (1 if known[0] < 0 else -1), "fitted" not in fit.scale


def _rule(update: Update, c: float) -> tuple[Row, str] | None:
    """The rule that explains most arrays, if it explains all but few; the others' words where they are its mistakes."""
    if len(update.before) < 2 or not update.rate:
        return None
    found: list[
        dict[str, tuple[str, str, float]]
    ] = []  # for each rule: (status, words, used) of the arrays it explains
    hinted = sorted(KINDS, key=lambda kind: kind.lower() not in update.by.lower())
    count = range(len(update.names))
    for kind in hinted:
        explained: dict[str, tuple[str, str, float]] = {}
        for n in count:
            status, words, used = optimizers.replayed(
                kind,
                update.before[0][n],
                [c * step[n] if kind in ("Momentum", "Nesterov") else step[n] for step in update.gradients],
                [step[n] for step in update.after],
                update.rate,
                update.settings,
            )
            if used <= 1:
                explained[update.names[n]] = status, f"{kind}{': ' if words else ''}{words}", used
        found.append(explained)
        if len(explained) == len(update.names) and not any(one[0] == "defective" for one in explained.values()):
            break
    best = max(found, key=len)
    if len(best) < len(update.names):
        return None
    order = ("right", "departs", "defective")
    status, words, _ = max(best.values(), key=lambda one: order.index(one[0]))
    used = max(one[2] for one in best.values())
    return _row(update, status, "" if status == "right" else words, used), words


def _with_decay(one: dict[str, Any], update: Update) -> tuple[Row, str] | None:
    """A step with a multiple of the weights subtracted too, each array near to c G + d W with one c."""
    found = []
    for old, g, new in zip(update.before[0], update.gradients[0], update.after[0], strict=True):
        move = (old - new).ravel() / (update.rate or 1.0)
        basis = np.column_stack([g.ravel(), old.ravel()])
        solution, *_ = np.linalg.lstsq(basis, move, rcond=None)
        if np.abs(basis @ solution - move).max() > PROPOSED * np.abs(move).max():
            return None
        found.append((float(solution[0]), float(solution[1]), old.size))
    large = [pair for pair in found if pair[2] >= FEW]
    c = large[0][0] if large else 0.0
    if not large or c <= 0 or any(abs(a - c) > 10 * PROPOSED * c for a, _, _ in large):
        return None
    decays = [d for _, d, _ in large if abs(d) > PROPOSED * c]
    if not decays:
        return None
    if min(decays) < 0:
        words = f"the decay makes the weights grow: {min(decays):.4g} w is added to the gradient"
        return _row(update, "defective", words), words
    words = f"{c:.4g} times rate times its gradients, with a decay of the weights: {decays[0]:.4g} w"
    return _row(update, "right", used=0.0), words


def _apart(one: dict[str, Any], update: Update, plain: Decision) -> str:
    """Arrays that do not move as most do: never, the other way, by another factor; empty where it cannot be told."""
    moves = [new - old for old, new in zip(update.before[0], update.after[0], strict=True)]
    asked = [bool(g.any()) for g in update.gradients[0]]
    still = [
        name for name, step, want in zip(update.names, _all_moves(update), asked, strict=True) if want and not step
    ]
    going = [k for k, move in enumerate(moves) if move.any() and asked[k]]
    if not going:
        return ""
    exact = [k for k in going if plain.rows[k].used <= 1]
    if len(exact) == len(going) and still:
        says = [f"{name} never move" for name in still]
        return "; ".join(says + _factors(one, update, plain, going))
    if len(exact) == len(going):
        return "; ".join(_factors(one, update, plain, going))
    if still:
        return "; ".join(f"{name} never move" for name in still)
    if taken := _taken(update, [k for k in going if k not in exact]):
        return "; ".join(taken)
    sure = {k: _cosine(-moves[k], update.gradients[0][k]) for k in going if moves[k].size >= FEW}
    against = [update.names[k] for k, cos in sure.items() if cos < -ALIKE]
    if against and all(abs(cos) > ALIKE for cos in sure.values()) and 2 * len(against) < len(sure):
        return "; ".join(f"{name} move up the gradient, the others down" for name in against)
    return ""


def _taken(update: Update, wrong: list[int]) -> list[str]:
    """Arrays that move along the gradient of another one."""
    says = []
    for k in wrong:
        move = update.before[0][k] - update.after[0][k]
        for n, gradient in enumerate(update.gradients[0]):
            c = _parallel(move, gradient) if n != k and gradient.size == move.size > 1 else 0.0
            if c:
                says.append(f"{update.names[k]} move along the gradient of {update.names[n]}")
                break
    return says if len(says) == len(wrong) else []


def _parallel(move: Array, gradient: Array) -> float:
    """The constant that makes a move of a gradient, nearly; 0 where none does."""
    along = gradient.ravel()
    c = float(move.ravel() @ along) / max(float(along @ along), np.finfo(float).tiny)
    return c if np.abs(move.ravel() - c * along).max() <= PROPOSED * np.abs(move).max() else 0.0


def _cosine(a: Array, b: Array) -> float:
    return float(a.ravel() @ b.ravel() / (np.linalg.norm(a) * np.linalg.norm(b)))


def _all_moves(update: Update) -> list[bool]:
    """Which arrays move in any step."""
    return [any(not np.array_equal(old[k], new[k]) for old, new in zip(update.before, update.after, strict=True))
            for k in range(len(update.names))]  # fmt: skip


def _factors(one: dict[str, Any], update: Update, plain: Decision, going: list[int]) -> list[str]:
    """Arrays whose constant is not that of most."""
    constants = {update.names[k]: plain.constants[k] for k in going}
    main = max(
        constants.values(),
        key=lambda c: (sum(abs(c - other) <= PROPOSED * abs(c) for other in constants.values()), c > 0),
    )
    return [f"{name} move {times(_shape_of(one, 1.0), c / main)} as far along their gradient as the others do"
            for name, c in constants.items() if abs(c - main) > PROPOSED * abs(main)]  # fmt: skip
