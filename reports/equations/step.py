"""A whole training step as a list of equations in order of computation, and its evaluation.

The list is built from a case's plain description alone: layers, loss, rule. Judging, and later truth, diagnosis
and teaching, all walk this one list.
"""

import functools
from collections.abc import Collection, Mapping

import numpy as np

from reports.cases import Case, Layer
from reports.equations import rules
from reports.equations.rounding import EXACT, Bounded, Rounding
from reports.equations.rules import Equation

Array = np.ndarray

FORWARD = {"Dense": rules.dense, "ReLU": rules.relu, "Sigmoid": rules.sigmoid, "Tanh": rules.tanh}


def equations(case: Case) -> list[Equation]:
    """Returns the step's equations in order of computation; forward alone for a case without a loss."""
    return list(_equations(case))


@functools.lru_cache(maxsize=64)
def _equations(case: Case) -> list[Equation]:
    layers = case.layers
    sources = ["inputs", *(f"forward/{layer.name}" for layer in layers[:-1])]  # what each layer takes
    step = [_forward(layer, source) for layer, source in zip(layers, sources, strict=True)]
    if case.loss is None:
        return step
    output = f"forward/{layers[-1].name}"
    step += _losses(case, output)
    upstream = "backward/loss"
    for layer, source in reversed(list(zip(layers, sources, strict=True))):
        step += _backward(layer, source, upstream)
        upstream = f"backward/{layer.name}"
    step.append(rules.learning_rate(case.learning_rate, case.decay))
    parameters = [name for layer in layers if layer.kind == "Dense" for name in layer.parameters()]
    if case.momentum:
        step += [rules.velocity(name, case.momentum) for name in parameters]
        return step + [rules.momentum_update(name) for name in parameters]
    return step + [rules.plain_update(name) for name in parameters]


def evaluate(
    step: list[Equation],
    given: Mapping[str, Array],
    rounding: Rounding,
    values: Mapping[str, Array] | None = None,
    wanted: Collection[str] | None = None,
) -> dict[str, Bounded]:
    """Returns every quantity of the step with its error, from what both sides were given (exact).

    `given` holds inputs, labels (one-hot, or targets), iteration, start/... and velocity/... arrays. Everything
    is computed in float64 whatever the dtype of the network. `values` are the reference's: where it has a quantity
    its value stands for the judge's own, which lies as near to the exact one, and need not be computed. With `wanted`
    the others are let go when the last equation has read them: the next array finds their memory in the cache.
    """
    values = values or {}
    known = {name: exact(array) for name, array in given.items()}
    last = {name: equation.name for equation in step for name in equation.reads}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what overflows cannot be judged, and is told
        for equation in step:
            reads = [known[name] for name in equation.reads]
            known[equation.name] = applied(equation, reads, rounding, values.get(equation.name))
            for name in equation.reads:
                if wanted is not None and last[name] == equation.name and name not in wanted:
                    known.pop(name, None)
    return {equation.name: known[equation.name] for equation in step if equation.name in known}


def evaluate_locally(
    step: list[Equation],
    values: Mapping[str, Array],
    rounding: Rounding,
    errors: Mapping[str, Array] | None = None,
) -> dict[str, Bounded]:
    """Returns every quantity as one equation makes it from the side's own inputs to it, with that one rounding bound.

    A gap to these was introduced at that equation; a gap to `evaluate`'s that is not here was inherited. Equations
    that read what the side does not have are left out. `errors` are of inputs that are themselves not exact.
    """
    known: dict[str, Bounded] = {}
    given = {name: exact(array) for name, array in values.items()}
    given |= {name: Bounded(given[name].value, error) for name, error in (errors or {}).items()}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for equation in step:
            if all(name in values for name in equation.reads):
                known[equation.name] = applied(equation, [given[name] for name in equation.reads], rounding)
    return known


def undecided(step: list[Equation], given: Mapping[str, Array], known: Mapping[str, Bounded]) -> dict[str, int]:
    """Returns how many elements of each kinked quantity lie within their error of the kink."""
    everything = {name: exact(array) for name, array in given.items()} | dict(known)
    return {
        equation.name: int(np.sum(equation.undecided(*(everything[name] for name in equation.reads))))
        for equation in step
        if equation.undecided
    }


def exact(array: Array) -> Bounded:
    """Returns an array that both sides were given: float64, without error."""
    value = np.asarray(array, dtype=np.float64)
    return Bounded(value, _exactly(value.shape))


@functools.lru_cache(maxsize=1024)
def _exactly(shape: tuple[int, ...]) -> Array:
    """The error of what is given: one 0 for all elements, which nobody can write to."""
    return np.broadcast_to(EXACT, shape)


def applied(equation: Equation, reads: list[Bounded], rounding: Rounding, value: Array | None = None) -> Bounded:
    """Returns one equation's value, unless it is known, and bound, from what it reads."""
    if value is None:
        value = equation.value(*(read.value for read in reads))
    value = np.asarray(value, np.float64)
    error = np.asarray(equation.error(rounding, value, *reads))
    return Bounded(value, error if error.shape == value.shape else np.broadcast_to(error, value.shape))


def _forward(layer: Layer, source: str) -> Equation:
    if layer.kind == "Softmax":
        return rules.softmax(f"forward/{layer.name}", source)
    return FORWARD[layer.kind](layer.name, source)


def _losses(case: Case, output: str) -> list[Equation]:
    """The rows from the last layer's output to the gradient of the loss."""
    strengths = {
        name: strength for layer in case.layers if layer.kind == "Dense" for name, strength in layer.strengths().items()
    }
    total = [rules.penalty(strengths), rules.total_loss(("loss/data", "loss/penalty"))]
    total = total if case.penalised else [rules.total_loss(("loss/data",))]
    match case.loss:
        case "SoftmaxCrossEntropy":
            return [
                rules.softmax("forward/probabilities", output),
                rules.sample_losses_from_logits(output),
                rules.data_loss(True, output),
                *total,
                rules.accuracy("forward/probabilities"),
                rules.fused_gradient("forward/probabilities"),
            ]
        case "CrossEntropy":
            return [
                rules.sample_losses_from_probabilities(output),
                rules.data_loss(True, output),
                *total,
                rules.accuracy(output),
                rules.probability_gradient(output),
            ]
        case "HalfSquaredError":
            return [
                rules.squared_losses(output, lambda y: 2, r"\ell_n = \frac{1}{2}\sum_d (y - t)^2"),
                rules.data_loss(False, output),
                rules.absolute_losses("loss/printed", output),
                *total,
                rules.squared_gradient(False, output),
            ]
        case "MeanSquaredError":
            return [
                rules.squared_losses(output, lambda y: y.shape[1], r"\ell_n = \frac{1}{D}\sum_d (y - t)^2"),
                rules.data_loss(True, output),
                *total,
                rules.squared_gradient(True, output),
            ]
        case "MeanAbsoluteError":
            return [
                rules.absolute_losses("loss/samples", output),
                rules.data_loss(True, output),
                *total,
                rules.absolute_gradient(output),
            ]
    raise ValueError(f"{case.name}: no equations for loss {case.loss!r}")


def _backward(layer: Layer, source: str, upstream: str) -> list[Equation]:
    """The rows of one layer's way back, parameters before inputs as both sides compute them."""
    match layer.kind:
        case "Dense":
            weights, biases = layer.strengths().values()
            return [
                rules.weights_gradient(layer.name, upstream, source, *weights),
                rules.biases_gradient(layer.name, upstream, *biases),
                rules.dense_backward(layer.name, upstream),
            ]
        case "ReLU":
            return [rules.relu_backward(layer.name, upstream, source)]
        case "Sigmoid":
            return [rules.sigmoid_backward(layer.name, upstream)]
        case "Tanh":
            return [rules.tanh_backward(layer.name, upstream)]
        case "Softmax":
            return [rules.softmax_backward(layer.name, upstream)]
    raise ValueError(f"no equations for layer kind {layer.kind!r}")
