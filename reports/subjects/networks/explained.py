"""The right architecture and loss that explain a trial: search proposes, bounds decide.

A proposal is near, each array of gradients up to a constant. It is right when every number is within its allowance
of one constant times ours; that constant is a convention. Then come a decay of the weights, the known gentle causes,
constants that differ from array to array (a defect), and at last what is near and remains unexplained.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from reports.calibrated import PROPOSED
from reports.subjects.networks import gentle
from reports.subjects.networks.architectures import back, upstream
from reports.subjects.networks.bounded import Step, forward, starts
from reports.subjects.networks.bounded import back as bounded_back
from reports.subjects.networks.decayed import decayed
from reports.subjects.networks.decided import Decision, beside, decide, scales, times
from reports.subjects.networks.trial import Fit, Shape, Trial
from reports.subjects.verdicts import Row

Array = np.ndarray
Ratios = list[tuple[float | None, float | None]]


class Proposal(NamedTuple):
    """An architecture under a loss whose gradients are near, up to a constant for each array."""

    shape: Shape
    loss: str
    ratios: Ratios

    @property
    def one(self) -> bool:
        """Whether one constant serves all arrays, nearly."""
        known = [c for pair in self.ratios for c in pair if c is not None and not np.isnan(c)]
        return bool(known) and bool(known[0]) and max(known) - min(known) <= PROPOSED * max(map(abs, known))


def constants(trial: Trial, right: list[tuple[Array, Array]]) -> Ratios:
    """The constant of each parameter's gradient; None where it is no multiple of the right one, NaN without any."""
    return [constant(trial, k, *pair) for k, pair in enumerate(right)]


def constant(trial: Trial, k: int, dw: Array, db: Array) -> tuple[float | None, float | None]:
    """The constants of one layer's weights and biases."""
    (w, b), (have_w, have_b) = trial.parameters[k], trial.gradients[k]
    without = b is None or have_b is None
    return _ratio(have_w, dw, w, trial), float("nan") if without else _ratio(have_b, db, b, trial)


def _ratio(have: Array | None, right: Array, parameter: Array | None, trial: Trial) -> float | None:
    if have is None or parameter is None:
        return float("nan")
    if have.shape != right.shape or not np.isfinite(have).all():
        return None
    scale = float(np.abs(right).max(initial=0.0))
    squares = float(np.sum(right * right))
    if not have.any():
        return 0.0 if scale else float("nan")
    if not 0 < squares < np.inf:
        return None
    noise = 4 * 2.0**-52 * float(np.abs(parameter).max(initial=0.0)) / (trial.rate or 1.0) if trial.moved else 0.0
    c = float(np.sum(have * right)) / squares
    return c if np.abs(have - c * right).max() <= PROPOSED * abs(c) * scale + noise else None


def right_fit(trial: Trial, fits: list[Shape], steps: dict[Shape, Step] | None = None) -> Fit | None:
    """What explains the gradients of a trial; `steps` holds the ways forward that its output has decided."""
    steps = {} if steps is None else steps
    proposals = []
    for proposal in _proposals(trial, fits):
        proposals.append(proposal)
        if proposal.one and (decision := _decision(trial, proposal, steps)) and decision.one:
            if _one_number(trial, proposal) and _any_constant(decision, trial):
                continue  # the gradients of all losses are multiples of one another: another one may have its constant
            return _told(trial, proposal, decision)
    with_decay = decayed(trial, fits, steps)
    if with_decay and with_decay.level != 1:  # right, or with the wrong sign
        return with_decay
    near = [proposal for proposal in proposals if proposal.one and not _chance(trial, proposal)]
    for proposal in near:
        if fit := _gently(trial, proposal, steps[proposal.shape]):
            return fit
    if near:
        decisions = [(proposal, decision) for proposal in near if (decision := _decision(trial, proposal, steps))]
        return _told(trial, *min(decisions, key=lambda pair: max(row.used for row in pair[1].rows)))
    if with_decay:
        return with_decay
    return _differing(trial, proposals[0]) if proposals else None


def _proposals(trial: Trial, fits: list[Shape]) -> Iterator[Proposal]:
    """Architectures and losses whose gradients are near, each array up to a constant."""
    for shape in fits:
        zs, outputs = trial.forward(shape)
        if np.isfinite(outputs[-1]).all():
            for loss, delta in upstream(shape, trial, zs, outputs).items():
                ratios = constants(trial, back(shape, trial, zs, outputs, delta))
                known = [c for pair in ratios for c in pair if c is not None and not np.isnan(c)]
                if any(known) and all(c is not None for pair in ratios for c in pair):
                    yield Proposal(shape, loss, ratios)


def _one_number(trial: Trial, proposal: Proposal) -> bool:
    """Whether the gradient at the output is one number: a single one, or all others are dead."""
    zs, outputs = trial.forward(proposal.shape)
    return bool(np.count_nonzero(upstream(proposal.shape, trial, zs, outputs)[proposal.loss]) <= 1)


def _chance(trial: Trial, proposal: Proposal) -> bool:
    """Whether a negative constant says nothing: all outputs but one are dead, and its target may be another one."""
    down = any(c is not None and c < 0 for pair in proposal.ratios for c in pair)
    return trial.t.size > 1 and down and _one_number(trial, proposal)


def _any_constant(decision: Decision, trial: Trial) -> bool:
    """Whether the constant is none that has a name."""
    return decision.main < 0 or not any(_alike(decision.main, number) for number in scales(*trial.t.shape))


def _decision(trial: Trial, proposal: Proposal, steps: dict[Shape, Step]) -> Decision | None:
    """What bounds say of a proposal."""
    step = steps.setdefault(proposal.shape, forward(trial, proposal.shape))
    given = beside(trial, bounded_back(step, starts(step)[proposal.loss]))
    return decide(trial, given, step.r) if given else None


def _told(trial: Trial, proposal: Proposal, decision: Decision, words: str = "") -> Fit:
    """A decision as a fit; `words` name a gentle cause, and everything then departs by it."""
    fit = Fit(proposal.shape, proposal.loss, proposal.ratios, rows=decision.rows)
    fit.scale = scale(trial, decision.main)
    own = own_scale(trial, proposal.shape, proposal.loss)
    if own and not _alike(decision.main, own) and (trial.rate or not trial.moved):
        fit.scale += f" (its own cost: {scale(trial, own)})"
    fit.level = int(any(row.status == "departs" for row in fit.rows))
    if words:
        fit.level = 1
        for row in fit.rows:
            row.status, row.says = "departs", words
    if decision.main < 0 and trial.moved and not trial.turned:
        up = "the step climbs: it goes up the gradient"
        fit.rows, fit.level = [Row("gradients", "batch", "defective", says=up, stage="backward")], 3
    return fit


def _gently(trial: Trial, proposal: Proposal, step: Step) -> Fit | None:
    """A proposal with one gentle change, when its gradients are then within their allowance."""
    changes = [(words, step, start) for words, start in gentle.changed(step, proposal.loss)]
    if trial.output is None:
        changes += [(words, one, starts(one)[proposal.loss]) for words, one in gentle.outputs(step)]
    if gentle.in_float32(trial):
        one = gentle.single(trial, proposal.shape)
        changes.insert(0, (gentle.FLOAT32, one, starts(one)[proposal.loss]))
    for words, one, start in changes:
        given = beside(trial, bounded_back(one, start))
        if given and (decision := decide(trial, given, one.r)).one:
            return _told(trial, proposal, decision, words)
    return None


def _differing(trial: Trial, proposal: Proposal) -> Fit:
    """The right gradients, each array with a constant of its own: a defect, and which constants."""
    b = len(trial.t)
    turned = "" if trial.moved else _turned(proposal.ratios)  # a step may climb in one layer alone
    weights = [pair[0] for pair in proposal.ratios]
    biases = [pair[1] for pair in proposal.ratios if pair[1] is not None and not np.isnan(pair[1])]
    everything = [c for c in [*weights[::-1], *biases[::-1]] if c]  # the last layer's weights first
    rising = trial.moved and not trial.turned  # then a step down the gradient is the right one
    main = max(everything, key=lambda c: (sum(_alike(other, c) for other in everything), rising and c > 0))
    if (own := own_scale(trial, proposal.shape, proposal.loss)) and any(_alike(c, own) for c in everything):
        main = own  # unless their own cost says which are right
    says = []
    together = bool(biases) and all(_alike(c, main) for c in weights if c)
    if together and all(_alike(c * b, main) for c in biases):
        says.append("the gradients of the biases are divided by the batch size, those of the weights are not")
    elif together and all(_alike(c, main * b) for c in biases):
        says.append("the gradients of the weights are divided by the batch size, those of the biases are not")
    else:
        says += [turned] if turned else []
        main = (weights[-1] or main) if turned else main
        names = [f"weights {k + 1}" for k in range(len(weights))] + [f"biases {k + 1}" for k in range(len(weights))]
        values = [*weights, *(pair[1] for pair in proposal.ratios)]
        told = {name: c for name, c in zip(names, values, strict=True) if c is not None and not np.isnan(c)}
        says += _apart(trial, told, main, proposal.shape)
    row = Row("gradients", "batch", "defective", says=f"gradients: {'; '.join(says)}", stage="backward")
    return Fit(proposal.shape, proposal.loss, proposal.ratios, rows=[row], scale=scale(trial, main), level=3)


def _turned(ratios: Ratios) -> str:
    """Where the sign of the gradient turns on the way back, in words; empty where it does so nowhere, or twice."""
    layers = [[c for c in pair if c is not None and not np.isnan(c)] for pair in ratios]
    last = layers[-1][0] if layers[-1] else 0.0
    signs = [1 if all(_alike(c, last) for c in layer) else -1 if all(_alike(c, -last) for c in layer) else 0
             for layer in layers]  # fmt: skip
    k = signs.count(-1)
    if not last or not k or signs != [-1] * k + [1] * (len(layers) - k):
        return ""
    which = "layer 1 is" if k == 1 else f"layers 1 to {k} are"
    return (
        f"the sign turns on the way back from layer {k + 1} to layer {k}: what {which} given has -1 times its gradient"
    )


def _apart(trial: Trial, told: dict[str, float], main: float, shape: Shape) -> list[str]:
    """What each gradient that is not as most are has, in words; where none are most, nobody is accused."""
    most = [name for name, c in told.items() if _alike(c, main)]
    others = {name: c for name, c in told.items() if name not in most}
    says = []
    for name, c in others.items():
        if c == 0:
            what = "never moves" if trial.moved else "has gradient 0"
            if name == list(told)[-1] and shape.activations[-1] == "Softmax":
                what += ": behind a softmax the sum over everything is 0, sum over the samples alone"
        elif len(most) == len(told) - len(most) == 1 and not _alike(c, -main):
            what = f"has {times(trial, c / main)} that of {most[0]}: one loss asks the same of both"
        else:
            what = f"has {times(trial, c / main)} the gradient that it should have beside the others"
        says.append(f"{name} {what}")
    return says


def own_scale(trial: Trial, shape: Shape, loss: str) -> float | None:
    """The constant that the value of their own cost gives a loss, where it is one that has a name."""
    p, t, last = trial.forward(shape)[1][-1], trial.t, shape.activations[-1]
    with np.errstate(all="ignore"):
        if loss == "SquaredError":
            value = np.sum((p - t) ** 2) / 2  # whose gradient is p - t
        elif loss == "CrossEntropy" and last == "Softmax":
            value = -np.sum(t * np.log(p))
        elif loss == "BinaryCrossEntropy" and last == "Sigmoid":
            value = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))
        else:
            return None
    if not trial.values or not 0 < value < np.inf:
        return None
    return next((number for number in scales(*t.shape) if _alike(trial.values[0] / float(value), number)), None)


def _alike(c: float, main: float) -> bool:
    """Whether a search takes two constants for one."""
    return abs(c - main) <= PROPOSED * abs(main)


def scale(trial: Trial, main: float) -> str:
    """A constant in words."""
    if trial.moved and not trial.rate:
        return "the rate is not known"
    near = [words for number, words in scales(*trial.t.shape).items() if _alike(main, number)]
    return near[0] if near else f"{main:.4g} times the sum (fitted)"
