"""One step of a network with the bound of each number: output and gradients of an architecture under a loss.

Products and sums are the rules of `reports.equations`, activations those of `curves`. A way to write the step that is
honest lies within E of the exact numbers whatever its order; our own evaluation does too: they differ by 2 E at most.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from dataclasses import dataclass

import numpy as np

from reports.equations import rules
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import applied, exact
from reports.subjects.curves import logits, slope, value
from reports.subjects.networks.trial import Shape, Trial

Array = np.ndarray
Pair = tuple[Bounded, Bounded]
DOUBLE, SINGLE = Rounding.of(np.float64), Rounding.of(np.float32)
OPERATIONS = 8  # of -t/p, the Jacobian's entry p (1 - p) and their product, or of (p - t) / (p (1 - p)) times p (1 - p)
SCALED = 4  # roundings of a constant that is multiplied in somewhere on the way: 1/B, a rate, a half, its product


@dataclass
class Step:
    """A network's net inputs and activations with bounds, for one architecture and one rounding."""

    trial: Trial
    shape: Shape
    r: Rounding
    inputs: Bounded
    targets: Bounded
    parameters: list[Pair]
    zs: list[Bounded]
    outputs: list[Bounded]

    @property
    def last(self) -> str:
        """The activation of the last layer."""
        return self.shape.activations[-1]


def given(array: Array, r: Rounding) -> Bounded:
    """What a network was given: exact in float64; a network that computes in float32 rounds it once."""
    if r is DOUBLE:
        return exact(array)
    return Bounded(np.asarray(array, np.float64), r.unit * np.abs(array))


def forward(trial: Trial, shape: Shape, r: Rounding = DOUBLE, parameters: list[Pair] | None = None) -> Step:
    """Returns the way forward; `parameters` with bounds where they are not those of the trial."""
    have = parameters or [
        (given(w, r), given(b if b is not None else np.zeros((1, w.shape[1])), r)) for w, b in trial.parameters
    ]
    step = Step(trial, shape, r, given(trial.x, r), given(trial.t, r), have, [], [])
    a = step.inputs
    with np.errstate(all="ignore"):
        for (w, b), kind in zip(have, shape.activations, strict=True):
            z = applied(rules.dense("", ""), [a, w, b], r)
            if not (w.exact and b.exact):  # the rule takes parameters as exact
                z = Bounded(z.value, z.error + a.magnitude @ w.error + b.error)
            a = softmax(z, r) if kind == "Softmax" else value(kind, shape.slope, z, r)
            step.zs.append(z)
            step.outputs.append(a)
    return step


def softmax(z: Bounded, r: Rounding) -> Bounded:
    """Softmax with its bound."""
    return applied(rules.softmax("", ""), [logits(z, r)], r)


def minus(p: Bounded, t: Bounded, r: Rounding) -> Bounded:
    """A difference with its bound; the long ways round of p - t round like p and t, not like their difference."""
    return Bounded(p.value - t.value, p.error + t.error + r.unit * (p.magnitude + t.magnitude))


def plus(x: Bounded, y: Bounded, r: Rounding = DOUBLE) -> Bounded:
    """A sum with its bound."""
    value = x.value + y.value
    return Bounded(value, x.error + y.error + r.unit * (np.abs(value) + 2 * (x.error + y.error)))


def times(x: Bounded, y: Bounded, r: Rounding) -> Bounded:
    """A product with its bound."""
    e = x.magnitude * y.error + x.error * y.magnitude + 2 * r.unit * x.magnitude * y.magnitude
    return Bounded(x.value * y.value, r.with_underflow(e, 2))


def starts(step: Step) -> dict[str, Bounded]:
    """The gradient at the last net input, by loss, as `architectures.upstream` has it, with its bound."""
    p, z, r = step.outputs[-1], step.zs[-1], step.r
    with np.errstate(all="ignore"):
        if step.last == "Softmax":
            error = minus(p, step.targets, r)
            squared = applied(rules.softmax_backward("", ""), [error, p], r)
            return {"CrossEntropy": _long_way(p, step), "SquaredError": squared}
        steep = slope(step.last, step.shape.slope, z, r)
        residual = minus(p, step.targets, r)
        undecided = 2.0 * residual.sign_undecided
        found = {
            "SquaredError": times(residual, steep, r),
            "AbsoluteError": times(Bounded(np.sign(residual.value), undecided), steep, r),
        }
        if step.last == "Sigmoid":
            found["BinaryCrossEntropy"] = _divided_again(p, step)
        if step.last == "Identity":
            found["CrossEntropy"] = minus(softmax(p, r), step.targets, r)
            found["BinaryCrossEntropy"] = _divided_again(value("Sigmoid", 0.0, p, r), step)
        return found


def _long_way(p: Bounded, step: Step) -> Bounded:
    """Returns p - t, or -t/p through softmax's Jacobian.

    There C products of p_i with (t_j/p_j) p_j are summed: they round like p and t, and an error that p has already
    cancels in p_j / p_j.
    """
    r, t = step.r, step.targets
    rounded = r.growth(t.value.shape[1] + OPERATIONS) * (p.magnitude * t.magnitude.sum(1, keepdims=True) + t.magnitude)
    straight = minus(p, t, r)
    return Bounded(straight.value, straight.error + rounded)


def _divided_again(p: Bounded, step: Step) -> Bounded:
    """Returns p - t, or (p - t) / (p (1 - p)) times the sigmoid's slope.

    What the two p (1 - p) round differently stays in the quotient; far out 1 - p is of the size of p's own error.
    """
    r = step.r
    straight = minus(p, step.targets, r)
    room = np.maximum(p.value * (1 - p.value) - 2 * p.error, 0.0)
    lost = np.minimum(2 * (p.error + OPERATIONS * r.unit) / room, 1.0)  # 0/0 and x/0: all of it may be lost
    return Bounded(straight.value, straight.error + np.where(np.isnan(lost), 1.0, lost) * straight.magnitude)


def back(step: Step, start: Bounded) -> list[Pair]:
    """Gradients of all parameters, sums over the batch, with bounds, from the gradient at the last net input."""
    r, delta = step.r, start
    delta = Bounded(delta.value, delta.error + SCALED * r.unit * delta.magnitude)
    made: list[Pair] = []
    with np.errstate(all="ignore"):
        for k in range(len(step.parameters) - 1, -1, -1):
            (w, b), a = step.parameters[k], step.outputs[k - 1] if k else step.inputs
            made.append(
                (
                    applied(rules.weights_gradient("", "", "", 0.0, 0.0), [delta, a, w], r),
                    applied(rules.biases_gradient("", "", 0.0, 0.0), [delta, b], r),
                )
            )
            if k:
                da = applied(rules.dense_backward("", ""), [delta, w], r)
                if not w.exact:
                    da = Bounded(da.value, da.error + delta.magnitude @ w.error.T)
                delta = times(da, slope(step.shape.activations[k - 1], step.shape.slope, step.zs[k - 1], r), r)
    return made[::-1]
