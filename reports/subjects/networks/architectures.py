"""Architectures, the likeliest first: which give an output, and the gradients of each under each loss.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from reports.subjects.formulas import FORWARD, SLOPE, softmax
from reports.subjects.nearness import near
from reports.subjects.networks.trial import Shape, Trial

Array = np.ndarray
HIDDEN = ("Sigmoid", "Tanh", "ReLU", "LeakyReLU", "Identity", "ELU", "Softplus", "Swish")
OUTPUT = ("Softmax", "Sigmoid", "Identity", "Tanh", "ReLU", "LeakyReLU")
SLOPES = (0.01, 0.1, 0.2, 0.3, 0.05, 0.001)
WORDS = {"CrossEntropy": "cross-entropy", "BinaryCrossEntropy": "binary cross-entropy", "SquaredError": "squared error",
         "AbsoluteError": "absolute error"}  # fmt: skip


def shapes(trial: Trial) -> Iterator[Shape]:
    """Architectures, the likeliest first: one activation for all hidden layers, then mixtures."""
    count = len(trial.parameters) - 1
    for last in OUTPUT:
        if last == "Softmax" and trial.t.shape[1] == 1:
            continue  # it is 1 whatever goes in, and explains nothing
        for hidden in HIDDEN:
            if hidden in ("LeakyReLU", "ELU") or last == "LeakyReLU":
                for slope in SLOPES if hidden != "ELU" else (1.0, *SLOPES):
                    yield Shape((hidden,) * count + (last,), slope)
            else:
                yield Shape((hidden,) * count + (last,))
    for last in ("BipolarSigmoid", "Identity", "Sigmoid", "Softmax")[: 4 if trial.t.shape[1] > 1 else 3]:
        yield Shape(("BipolarSigmoid",) * count + (last,))
    if 1 < count < 4:
        for last in ("Softmax", "Sigmoid", "Identity"):
            for mixed in product(("ReLU", "Tanh", "Sigmoid", "Identity"), repeat=count):
                if len(set(mixed)) > 1:
                    yield Shape((*mixed, last))


def fitting(trial: Trial) -> list[Shape]:
    """The architectures that give the output; all where no output is known."""
    if trial.output is None:
        return list(shapes(trial))
    found = []
    for shape in shapes(trial):
        zs, outputs = trial.forward(shape)
        if np.isfinite(outputs[-1]).all() and near(trial.output, outputs[-1]):
            found.append(shape)
        elif shape.activations[-1] == "Softmax" and near(trial.output, zs[-1]):
            found += [Shape((*shape.activations[:-1], last), shape.slope) for last in ("Softmax", "Sigmoid")]
    return list(dict.fromkeys(found))


def upstream(shape: Shape, trial: Trial, zs: list[Array], outputs: list[Array]) -> dict[str, Array]:
    """The gradient at the last net input, by loss; a sum over the batch, constants left out."""
    p, t, last = outputs[-1], trial.t, shape.activations[-1]
    found: dict[str, Array] = {}
    if last == "Softmax":
        found["CrossEntropy"] = p - t
        found["SquaredError"] = p * ((p - t) - np.sum(p * (p - t), axis=1, keepdims=True))
        return found
    if last == "Sigmoid":
        found["BinaryCrossEntropy"] = p - t
    slope = SLOPE[last](zs[-1], shape.slope)
    found["SquaredError"] = (p - t) * slope
    found["AbsoluteError"] = np.sign(p - t) * slope
    if last == "Identity" and t.min() >= 0 and t.max() <= 1:  # an entropy is one of probabilities
        found["CrossEntropy"] = softmax(p) - t
        found["BinaryCrossEntropy"] = FORWARD["Sigmoid"](p, 0) - t
    return found


def back(
    shape: Shape,
    trial: Trial,
    zs: list[Array],
    outputs: list[Array],
    delta: Array,
    derivative: str = "",
    stale: float = 0.0,
) -> list[tuple[Array, Array]]:
    """Gradients of all parameters, sums over the batch; `derivative` names a mistake, `stale` a rate of L13."""
    return list(backwards(shape, trial, zs, outputs, delta, derivative, stale))[::-1]


def backwards(
    shape: Shape,
    trial: Trial,
    zs: list[Array],
    outputs: list[Array],
    delta: Array,
    derivative: str = "",
    stale: float = 0.0,
    only: int = 0,
) -> Iterator[tuple[Array, Array]]:
    """The same, the last layer's first, each when it is asked for; the mistake in hidden layer `only`, or in all."""
    raw = outputs[-1] - trial.t
    for k in range(len(trial.parameters) - 1, -1, -1):
        w, _ = trial.parameters[k]
        dw, db = outputs[k].T @ delta, delta.sum(axis=0, keepdims=True)
        yield dw, db
        if k:
            used = w - stale * dw if stale else w
            raw = raw @ used.T
            way = derivative if only in (0, k) else ""
            turned = way == "untransposed" and used.shape[0] == used.shape[1]
            da = raw if way == "raw" else delta @ (used if turned else used.T)
            delta = da * _slope(shape, k - 1, zs[k - 1], outputs[k], way)


def _slope(shape: Shape, k: int, z: Array, a: Array, derivative: str) -> Array:
    kind = shape.activations[k]
    with np.errstate(all="ignore"):
        match derivative:
            case "missing":
                return np.ones_like(z)
            case "twice":
                return SLOPE[kind](a, shape.slope) if kind in SLOPE else np.ones_like(z)
            case "of z":
                return z * (1 - z) if kind == "Sigmoid" else 1 - z * z
            case "output formula":
                return a * (1 - a)
            case "tanh formula":
                return 1 - a * a
            case "value":
                return a
            case "without the square":
                return 1 - a
            case "inverted":
                return 1.0 * (z <= 0)
        if kind == "Softmax":
            return a * (1 - a)
        return SLOPE[kind](z, shape.slope)


DERIVATIVES = {
    "raw": "the error is passed back without the derivative of the layer above it",
    "untransposed": "the gradient is passed back through the weights as they are, where it takes their transpose",
    "missing": "the derivative of the hidden activation is missing",
    "twice": "the derivative of the hidden activation is taken at its output, as if that were its input",
    "of z": "the derivative is written for the activated value, but gets the net input",
    "output formula": "the derivative of the sigmoid stands behind another activation",
    "tanh formula": "the derivative of tanh stands behind another activation",
    "value": "the activation's value stands in place of its derivative",
    "without the square": "1 - a stands in place of the activation's derivative",
    "inverted": "the mask of ReLU is inverted",
}
