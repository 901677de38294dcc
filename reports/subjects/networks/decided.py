"""Bounds decide what a search proposed: whether gradients are the right ones times one constant, up to rounding.

A known constant (1, 1/B, 2/(B C) ...) is exact but for its roundings. One that is none of them is fitted, and how far
off it may be enters the allowance.

Axes: B samples, C outputs.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reports.calibrated import PROPOSED
from reports.equations.rounding import Bounded, Rounding
from reports.judge import used_share
from reports.measure import gaps, largest
from reports.subjects.nearness import fitted, unexplained
from reports.subjects.networks.bounded import DOUBLE, SCALED, Pair
from reports.subjects.networks.trial import Trial
from reports.subjects.verdicts import Row

Array = np.ndarray


class Given(NamedTuple):
    """One array of gradients beside the right one: its name, their numbers, ours with bounds, their parameter."""

    name: str
    have: Array
    right: Bounded
    parameter: Array


@dataclass
class Decision:
    """What bounds say: the constant of each array, whether all is within its allowance, rows, digits that agree."""

    constants: list[float]
    one: bool  # one constant serves all arrays, and every number is within its allowance
    rows: list[Row]

    @property
    def main(self) -> float:
        """The constant of the first array that has one."""
        return next((c for c in self.constants if c), 0.0)


def beside(trial: Trial, gradients: list[Pair]) -> list[Given] | None:
    """Returns every array of gradients that they have beside ours; None where one has another shape."""
    found = []
    for k, (pair, have, parameters) in enumerate(zip(gradients, trial.gradients, trial.parameters, strict=True)):
        for name, right, array, parameter in zip(("weights", "biases"), pair, have, parameters, strict=True):
            if array is None or parameter is None:
                continue
            if array.shape != right.value.shape:
                return None
            found.append(Given(f"gradient of {name} {k + 1}", array, right, parameter))
    return found


def scales(b: int, c: int) -> dict[float, str]:
    """The constants that have a name, of a sum over the batch; of two names for one number the first is told."""
    named = [
        ("sum over the batch", 1.0),
        ("mean over the batch", 1 / b),
        ("twice the mean over the batch", 2 / b),
        ("torch's mean squared error", 2 / (b * c)),
        ("mean over batch and outputs", 1 / (b * c)),
        ("half the mean", 1 / (2 * b)),
        ("twice the sum", 2.0),
        ("half the sum", 0.5),
        ("mean over the outputs", 1 / c),
        ("twice the mean over outputs", 2 / c),
        ("turned round (ascent)", -1.0),
        ("turned round (ascent), mean", -1 / b),
    ]
    return {number: words for words, number in reversed(named)}


def decide(trial: Trial, given: list[Given], r: Rounding = DOUBLE) -> Decision:
    """Returns the decision over all arrays: a known constant where one serves, else a fitted one, else each its own."""
    fits = [_constant(one, trial, r) for one in given]
    known = [pair for pair in fits if pair]
    sharpest = min(known, key=lambda pair: pair[1] / abs(pair[0]) if pair[0] else np.inf, default=(1.0, 0.0))
    named = [] if trial.moved and not trial.rate else nearest(*sharpest, trial)
    tried = [(number, 0.0) for number in named]
    if not named or not sharpest[1] < abs(sharpest[0]):  # one that is nearly known is not fitted away
        tried.append(sharpest)
    for c, off in tried:
        rows = [_row(one, c, off, trial, r) for one in given]
        if all(row.used <= 1 for row in rows):
            return Decision([c] * len(given), True, rows)
    c = named[0] if named else sharpest[0]
    own = [(c, 0.0) if not pair or abs(pair[0] - c) <= PROPOSED * abs(c) else pair for pair in fits]
    rows = [_row(one, *pair, trial, r) for one, pair in zip(given, own, strict=True)]
    return Decision([pair[0] for pair in own], False, rows)


def nearest(c: float, off: float, trial: Trial) -> list[float]:
    """The known numbers that a search may take a constant for; all, where gradients are too small to tell it."""
    undetermined = not off < abs(c)
    return [
        number
        for number in scales(*trial.t.shape)
        if undetermined or abs(c - number) <= max(PROPOSED * abs(number), off)
    ]


def _constant(one: Given, trial: Trial, r: Rounding) -> tuple[float, float] | None:
    """The constant of one array, and how far off it may be."""
    return fitted(one.have, one.right.value, lambda c: allowed(one, c, trial, r))


def allowed(one: Given, c: float, trial: Trial, r: Rounding) -> Array:
    """How far an array may lie from c times ours: both sides' bound, and what measuring it as a step rounds.

    w' = w - rate g rounds like w and rate g; the difference w - w' and its division by the rate once more each.
    """
    error = abs(c) * one.right.allowed
    if trial.moved:
        steps = 1 + SCALED  # the decay that some multiply w by before they subtract, then the subtraction
        error = error + r.unit * (steps * np.abs(one.parameter).reshape(error.shape) / (trial.rate or 1.0))
        error = error + 2 * SCALED * r.unit * abs(c) * one.right.magnitude
    return np.asarray(error)


def _row(one: Given, c: float, off: float, trial: Trial, r: Rounding) -> Row:
    """One array against c times ours."""
    gap = gaps(one.have, c * one.right.value)
    used = largest(used_share(gap, allowed(one, c, trial, r) + off * np.abs(one.right.value)))
    status, says = "right", ""
    if not used <= 1:
        status, says = "departs", f"{one.name}: {unexplained(one.have, c * one.right.value)}"
    return Row(one.name, "batch", status, used, largest(gap), says, "backward")


def times(trial: Trial, ratio: float) -> str:
    """A ratio of gradients in words: the batch size that divides one of two is the usual reason."""
    b, c = trial.t.shape
    known = {b: f"{b} (the batch size) times", 1 / b: f"1/{b} (the batch size) of", -1: "-1 times", 2: "twice",
             0.5: "half of", c: f"{c} (the number of outputs) times", 1 / c: f"1/{c} (the outputs) of"}  # fmt: skip
    near = (words for number, words in known.items() if abs(ratio - number) <= PROPOSED * abs(number))
    return next(near, f"{ratio:.4g} times")
