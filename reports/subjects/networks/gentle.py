"""What is near to the right numbers and yet not right: an epsilon, a clip, float32. Known ways, tried in turn.

Each is the same step with one harmless change, with the bounds of the step: the change is exact, or its own rounding
is far below that of the step.

Axes: B samples, C outputs.
"""

from collections.abc import Iterator

import numpy as np

from reports.equations.rounding import Bounded
from reports.subjects.networks.bounded import SINGLE, Step, forward, starts
from reports.subjects.networks.trial import Shape, Trial

Array = np.ndarray
FLOAT32 = "it computes in float32: right to within the rounding of float32"
EPSILONS = (1e-8, 1e-7, 1e-9, 1e-10, 1e-12, 1e-15, 1e-6, 1e-5, 2.0**-52, 1e-16, 1e-20)


def in_float32(trial: Trial) -> bool:
    """Whether every number of the output, or of the gradients, is one that float32 holds."""
    arrays = [trial.output] if trial.output is not None else [g for pair in trial.gradients for g in pair]
    known = [a for a in arrays if a is not None and a.any()]
    return bool(known) and not trial.moved and all(np.array_equal(a, a.astype(np.float32)) for a in known)


def outputs(step: Step) -> Iterator[tuple[str, Step]]:
    """The step with a gentle change of its output, and what it is called."""
    p, z = step.outputs[-1], step.zs[-1]
    if step.last not in ("Softmax", "Sigmoid"):
        return
    for e in EPSILONS:
        forms: dict[str, Array] = {}
        if step.last == "Softmax":
            words = f"{e:g} is added to the sum in the softmax's denominator"
            with np.errstate(over="ignore"):
                forms[words] = 1 / (1 + e / np.exp(z.value).sum(axis=1, keepdims=True))
                top = z.value.max(axis=1, keepdims=True)
                forms[words + ", behind the shift"] = 1 / (1 + e / np.exp(z.value - top).sum(axis=1, keepdims=True))
        else:
            forms[f"{e:g} is added to the denominator of the sigmoid"] = 1 / (1 + e * p.value)
        for words, factor in forms.items():
            yield words, _with(step, Bounded(p.value * factor, p.error + 4 * step.r.unit * p.magnitude))
        yield (
            f"{e:g} is added to the output",
            _with(step, Bounded(p.value + e, p.error + step.r.unit * (p.magnitude + e))),
        )
        yield f"the output is clipped to [{e:g}, 1 - {e:g}]", _with(step, Bounded(np.clip(p.value, e, 1 - e), p.error))


def _with(step: Step, p: Bounded) -> Step:
    """The step with another output."""
    return Step(step.trial, step.shape, step.r, step.inputs, step.targets, step.parameters, step.zs,
                [*step.outputs[:-1], p])  # fmt: skip


def single(trial: Trial, shape: Shape) -> Step:
    """The step in float32: what it was given is rounded first."""
    return forward(trial, shape, SINGLE)


def changed(step: Step, loss: str) -> Iterator[tuple[str, Bounded]]:
    """Starts of the way back with a gentle change where the gradient divides by a probability."""
    if (loss, step.last) not in (("CrossEntropy", "Softmax"), ("BinaryCrossEntropy", "Sigmoid")):
        return
    p, t, error = step.outputs[-1].value, step.targets.value, starts(step)[loss].error
    both = p * (1 - p)
    for e in EPSILONS:
        clipped = np.clip(p, e, 1 - e)
        divided = {
            f"{e:g} is added to the probability where the gradient divides by it": (p + e, 1 - p + e),
            f"the probability is clipped to [{e:g}, 1 - {e:g}] where the gradient divides by it": (
                clipped,
                1 - clipped,
            ),
        }
        for words, (near, far) in divided.items():
            with np.errstate(all="ignore"):  # far out p is 0 or 1
                kept = t * p / near
                softmax = p * kept.sum(axis=1, keepdims=True) - kept
                start = softmax if step.last == "Softmax" else both * ((1 - t) / far - t / near)
            yield words, Bounded(start, error)
        if step.last == "Sigmoid":
            words = f"{e:g} is added to p (1 - p) where the gradient divides by it"
            yield words, Bounded((p - t) * (both / (both + e)), error)
