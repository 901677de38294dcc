"""What must not be flagged: honest other ways of writing scratch's code raise no alarm; conventions are what they are.

An honest way computes the same formula in another order, by another exact identity, or more precisely. Every one is
planted in a small net and judged like scratch itself, probes and side effects included, in float64 and in float32.
A convention gives some rows other values on purpose; its test says which rows, by which factor, and that every
parameter still agrees.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch

import scratch
from reports import compare, traces
from reports.calibrated import ELEMENTARY_ULP
from reports.cases import DTYPES
from reports.equations import rules
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import exact
from reports.faults.nets import LOCKSTEP_EPOCHS, NETS
from reports.faults.planting import Patch
from reports.judge import PASSES, verdict
from reports.show.text import failure

Array = np.ndarray
Make = Callable[[Callable[..., Any]], Callable[..., Any]]
MILD = 50.0  # exp of it is far from overflow in float32 too


class Honest(NamedTuple):
    """Another way to write a part of scratch, the nets that use that part, and what stands there instead."""

    nets: tuple[str, ...]
    patches: tuple[Patch, ...]


# --- what is planted --------------------------------------------------------------------------------------------------


def forward(compute: Callable[[Any, Array], Array]) -> Make:
    """A layer's forward that keeps its inputs and its output."""

    def make(right: Callable[..., Any]) -> Callable[..., Array]:
        def planted(self: Any, inputs: Array) -> Array:
            self.inputs, self.output = inputs, compute(self, inputs)
            return self.output

        return planted

    return make


def backward(compute: Callable[..., Array]) -> Make:
    """A layer's (or loss's) backward that keeps what it hands back; `compute(self, dvalues)` or `compute(self)`."""

    def make(right: Callable[..., Any]) -> Callable[..., Array]:
        def planted(self: Any, *dvalues: Array) -> Array:
            self.dinputs = compute(self, *dvalues)
            return self.dinputs

        return planted

    return make


def dense_backward(
    weights: Callable[[Array, Array], Array] = lambda a, g: a.T @ g,
    biases: Callable[[Array], Array] = lambda g: g.sum(axis=0, keepdims=True),
    inputs: Callable[[Array, Array], Array] = lambda g, w: g @ w.T,
) -> Make:
    """A Dense layer's backward (without penalties) from its three products."""

    def compute(self: scratch.Dense, dvalues: Array) -> Array:
        self.dweights, self.dbiases = weights(self.inputs, dvalues), biases(dvalues)
        return inputs(dvalues, self.weights)

    return backward(compute)


def sample_losses(compute: Callable[[Any, Array], Array]) -> Make:
    """A loss's forward with other sample losses, from `self` after the right forward and what the loss was given."""

    def make(right: Callable[..., Any]) -> Callable[..., Any]:
        def planted(self: Any, inputs: Array, labels: Array) -> Any:
            right(self, inputs, labels)
            self.sample_losses = compute(self, inputs)
            return np.mean(self.sample_losses)

        return planted

    return make


def total(compute: Callable[[Any], Any]) -> Make:
    """A loss's forward with the total taken another way, in the dtype of the network."""

    def make(right: Callable[..., Any]) -> Callable[..., Any]:
        def planted(self: Any, inputs: Array, labels: Array) -> Any:
            right(self, inputs, labels)
            return inputs.dtype.type(compute(self))

        return planted

    return make


def row_sum(array: Array) -> Array:
    """Each row's sum as a column."""
    return array.sum(axis=1, keepdims=True)


def pairwise(parts: list[Array]) -> Array:
    """The sum of arrays as a tree."""
    half = len(parts) // 2
    return parts[0] if len(parts) == 1 else pairwise(parts[:half]) + pairwise(parts[half:])


def one_by_one(parts: Iterable[Array]) -> Array:
    """The sum of arrays by += from zero."""
    whole: Any = 0
    for part in parts:
        whole = whole + part
    return whole


def outer_products(a: Array, g: Array) -> list[Array]:
    """One (D, H) outer product per sample."""
    return [np.outer(x, y) for x, y in zip(a, g, strict=True)]


def fsum_product(a: Array, b: Array) -> Array:
    """The product a @ b, where every entry's sum is rounded once."""
    columns = b.T.tolist()
    entries = [[math.fsum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a.tolist()]
    return np.array(entries, a.dtype)


def long_product(a: Array, b: Array) -> Array:
    """The product a @ b in longdouble, rounded at the end."""
    return (a.astype(np.longdouble) @ b.astype(np.longdouble)).astype(a.dtype)


def biases_as_weights(self: scratch.Dense, inputs: Array) -> Array:
    """A column of ones beside the inputs, the biases as one more row of weights."""
    ones = np.ones((len(inputs), 1), inputs.dtype)
    return np.hstack([inputs, ones]) @ np.vstack([self.weights, self.biases])


def loops_backward(self: scratch.Dense, dvalues: Array) -> Array:
    """Dense.backward in loops over samples, as a first draft has it."""
    self.dweights, self.dbiases = np.zeros_like(self.weights), np.zeros_like(self.biases)
    dinputs = np.zeros_like(self.inputs)
    for n in range(len(dvalues)):
        self.dweights += np.outer(self.inputs[n], dvalues[n])
        self.dbiases += dvalues[n]
        for h in range(dvalues.shape[1]):
            dinputs[n] += dvalues[n, h] * self.weights[:, h]
    return dinputs


def masked_in_place(self: scratch.ReLU, dvalues: Array) -> Array:
    """Zeros written into a copy where the output is not positive."""
    dinputs = dvalues.copy()
    dinputs[self.output <= 0] = 0
    return dinputs


def logistic_naive(self: scratch.Sigmoid, z: Array) -> Array:
    """1 / (1 + exp(-z)); exp overflows to infinity where the answer is 0 all the same."""
    with np.errstate(over="ignore"):
        return np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)


def logistic_in_two_branches(self: scratch.Sigmoid, z: Array) -> Array:
    """exp(z) / (1 + exp(z)) below 0, 1 / (1 + exp(-z)) above: the usual masked assignment."""
    output = np.empty_like(z)
    output[z >= 0] = 1 / (1 + np.exp(-z[z >= 0]))
    output[z < 0] = np.exp(z[z < 0]) / (1 + np.exp(z[z < 0]))
    return np.clip(output, 1e-7, 1 - 1e-7)


def slope_of_the_activated(activated: Array) -> Array:
    """What a function `sigmoid_derivative(x)` means when x is the activated value."""
    return activated * (1 - activated)


def tanh_by_expm1(self: scratch.Tanh, z: Array) -> Array:
    """The tanh by exp(-2|z|) - 1, which loses no digits near 0."""
    e = np.expm1(-2 * np.abs(z))
    return np.sign(z) * (-e / (2 + e))


def mild_mean(z: Array) -> Array:
    """Each row's mean as its shift, its maximum where the mean would let exp overflow."""
    top, mean = z.max(axis=1, keepdims=True), z.mean(axis=1, keepdims=True)
    return np.where(top - mean < MILD, mean, top)


def softmax(shift: Callable[[Array], Array] = lambda z: z.max(axis=1, keepdims=True), add: Any = row_sum) -> Make:
    """Softmax with another shift, or another sum."""

    def compute(self: scratch.Softmax, z: Array) -> Array:
        exponentials = np.exp(z - shift(z))
        return exponentials / add(exponentials)

    return forward(compute)


def log_softmax(z: Array) -> Array:
    """Returns z - max - log(sum exp(z - max))."""
    below = z - z.max(axis=1, keepdims=True)
    return below - np.log(row_sum(np.exp(below)))


def jacobians(p: Array) -> Array:
    """All of softmax's Jacobians diag(p) - p p^T, (N, C, C)."""
    return p[:, :, None] * np.eye(p.shape[1], dtype=p.dtype) - p[:, :, None] * p[:, None, :]


def jacobian_per_sample(self: scratch.Softmax, dvalues: Array) -> Array:
    """The lecture's own loop: np.diagflat minus an outer product, times the sample's gradient."""
    dinputs = np.empty_like(dvalues)
    for n, (p, g) in enumerate(zip(self.output, dvalues, strict=True)):
        column = p.reshape(-1, 1)
        dinputs[n] = (np.diagflat(column) - column @ column.T) @ g
    return dinputs


def hot(self: Any, like: Array) -> Array:
    """The labels of a loss as one-hot rows in the dtype of `like`."""
    return np.eye(like.shape[1], dtype=like.dtype)[self.labels]


def clipped(losses: Array) -> Array:
    """Sample losses inside the lecture's clip, as logarithms."""
    return np.clip(losses, -np.log1p(-1e-7), -np.log(1e-7)).astype(losses.dtype)


def loss_by_log_sum_exp(self: scratch.SoftmaxCrossEntropy, z: Array) -> Array:
    """log(sum exp z) - z_y, clipped as the lecture clips."""
    top = z.max(axis=1)
    log_sum = np.log(np.exp(z - top[:, None]).sum(axis=1))
    return clipped(log_sum - (z[np.arange(len(z)), self.labels] - top))


def fused_negated(self: scratch.SoftmaxCrossEntropy) -> Array:
    """The error as y - p, turned round once at the end."""
    error = hot(self, self.output) - self.output
    return -error / len(error)


def squared_negated(self: scratch.MeanSquaredError) -> Array:
    """The error as t - y, turned round once at the end."""
    error = -self.residuals
    return -2 * error / error.size


def slope_at_label(self: scratch.CrossEntropy) -> Array:
    """-onehot / (N p), divided in the label's column alone; where p has underflowed it says so, as scratch does."""
    dinputs = np.zeros_like(self.inputs)
    with np.errstate(divide="raise", over="raise"):
        np.divide(-1, len(dinputs) * self.inputs, out=dinputs, where=hot(self, dinputs) == 1)
    return dinputs


def penalty_gradient_apart(right: Callable[..., Any]) -> Callable[..., Array]:
    """Dense.backward that makes the penalties' gradient first and adds the data's to it, by masks for the sign."""

    def planted(self: scratch.Dense, dvalues: Array) -> Array:
        for name, data in (("weights", self.inputs.T @ dvalues), ("biases", dvalues.sum(axis=0, keepdims=True))):
            p, kind = getattr(self, name), name[:-2] if name == "biases" else "weight"
            l1, l2 = getattr(self, f"{kind}_l1"), getattr(self, f"{kind}_l2")
            slope = np.where(p > 0, p.dtype.type(l1), np.where(p < 0, p.dtype.type(-l1), p.dtype.type(0)))
            setattr(self, f"d{name}", slope + l2 * p + l2 * p + data)
        self.dinputs = dvalues @ self.weights.T
        return self.dinputs

    return planted


def norms(right: Callable[..., Any]) -> Callable[..., Any]:
    """Dense.penalty by np.linalg.norm and np.vdot."""

    def planted(self: scratch.Dense) -> Any:
        w, b = self.weights.ravel(), self.biases.ravel()
        of_weights = self.weight_l1 * np.linalg.norm(w, 1) + self.weight_l2 * np.vdot(w, w)
        of_biases = self.bias_l1 * np.linalg.norm(b, 1) + self.bias_l2 * np.linalg.norm(b) ** 2
        return w.dtype.type(of_weights + of_biases)

    return planted


def descent(move: Callable[[scratch.SGD, float, Array, Array, Array], tuple[Array, Array]]) -> Make:
    """SGD.update by `move(self, rate, parameter, gradient, velocity)`, which returns parameter and velocity."""

    def make(right: Callable[..., Any]) -> Callable[..., None]:
        def planted(self: scratch.SGD, network: scratch.Network) -> None:
            self.current_learning_rate = self.learning_rate / (1 + self.decay * self.iterations)
            for layer in network.dense_layers().values():
                for name in ("weights", "biases"):
                    parameter, gradient = getattr(layer, name), getattr(layer, f"d{name}")
                    key = f"{layer.name}.{name}"
                    old = self.velocities.get(key, np.zeros_like(parameter))
                    moved, velocity = move(self, self.current_learning_rate, parameter, gradient, old)
                    setattr(layer, name, moved)  # a new array in the place of the old one
                    if self.momentum:
                        self.velocities[key] = velocity
            self.iterations += 1

        return planted

    return make


def turned_round_and_added(
    self: scratch.SGD, rate: float, w: Array, g: Array, v: Array
) -> tuple[Array, Array]:  # fmt: skip
    """The internal variable has the other sign: the descent is `w += rate * (-g)`, what is stored is as it was."""
    downhill = -g
    velocity = self.momentum * v + rate * downhill
    return w + velocity, velocity


def velocity_turned_round(
    self: scratch.SGD, rate: float, w: Array, g: Array, v: Array
) -> tuple[Array, Array]:  # fmt: skip
    """The velocity as rate * g + momentum * (-v), subtracted."""
    climb = rate * g + self.momentum * -v
    return w - climb, -climb


def moves_inside_backward() -> tuple[Patch, ...]:
    """Each Dense moves in its own backward; the weights from before are kept for the way back. SGD only counts."""
    made: list[scratch.SGD] = []

    def remembered(right: Callable[..., Any]) -> Callable[..., None]:
        def planted(self: scratch.SGD, *settings: float) -> None:
            right(self, *settings)
            made.append(self)

        return planted

    def back(right: Callable[..., Any]) -> Callable[..., Array]:
        def planted(self: scratch.Network) -> Array:
            rule, dvalues = made[-1], self.loss.backward()
            rule.current_learning_rate = rule.learning_rate * (1 / (1 + rule.decay * rule.iterations))
            for name, layer in reversed(self.layers.items()):
                upstream, kept = dvalues, layer.weights.copy() if isinstance(layer, scratch.Dense) else None
                dvalues = layer.backward(upstream)
                if kept is not None:
                    for what in ("weights", "biases"):
                        parameter, gradient = getattr(layer, what), getattr(layer, f"d{what}")
                        velocity = rule.velocities.setdefault(f"{name}.{what}", np.zeros_like(parameter))
                        velocity *= rule.momentum
                        velocity -= rule.current_learning_rate * gradient
                        parameter += velocity
                    dvalues = layer.dinputs = upstream @ kept.T
            return dvalues

        return planted

    def counted(right: Callable[..., Any]) -> Callable[..., None]:
        def planted(self: scratch.SGD, network: scratch.Network) -> None:
            self.iterations += 1

        return planted

    return (
        Patch(scratch.SGD, "__init__", remembered),
        Patch(scratch.Network, "backward", back),
        Patch(scratch.SGD, "update", counted),
    )


def in_longdouble(right: Callable[..., Any]) -> Callable[..., Array]:
    """A forward or backward that computes with the array it is given in longdouble, and rounds what it returns."""

    def planted(self: scratch.Tanh, z: Array) -> Array:
        self.inputs, self.output = z, np.tanh(z.astype(np.longdouble)).astype(z.dtype)
        return self.output

    return planted


def relu(**methods: Callable[..., Array]) -> Honest:
    """ReLU by other methods, in the nets that have it."""
    wraps = {"forward": forward, "backward": backward}
    return Honest(("relu", "half-sum"), tuple(Patch(scratch.ReLU, name, wraps[name](m)) for name, m in methods.items()))


def dense(**products: Callable[..., Array]) -> Honest:
    """Dense.backward from other products, on wide, square and ragged batches."""
    return Honest(("relu", "square", "batches"), (Patch(scratch.Dense, "backward", dense_backward(**products)),))


def of(net: str, owner: Any, method: str, make: Make) -> Honest:
    """One method planted in one net."""
    return Honest((net,), (Patch(owner, method, make),))


HONEST: dict[str, Honest] = {
    # ReLU
    "mask from the output: output > 0": relu(backward=lambda self, g: np.where(self.output > 0, g, 0)),
    "mask from the output: dvalues[output <= 0] = 0 on a copy": relu(backward=masked_in_place),
    "mask as a factor: dvalues * (inputs > 0)": relu(backward=lambda self, g: g * (self.inputs > 0)),
    "mask as a step function: np.heaviside(inputs, 0)": relu(backward=lambda self, g: g * np.heaviside(self.inputs, 0)),
    "relu as z * (z > 0)": relu(forward=lambda self, z: z * (z > 0)),
    "relu by np.where": relu(forward=lambda self, z: np.where(z > 0, z, 0)),
    "relu by np.clip": relu(forward=lambda self, z: np.clip(z, 0, None)),
    "relu as (z + |z|) / 2": relu(forward=lambda self, z: (z + np.abs(z)) / 2),
    # Sigmoid and Tanh
    "s * (1 - s) called with the activated value": of(
        "regression", scratch.Sigmoid, "backward", backward(lambda self, g: g * slope_of_the_activated(self.output))
    ),
    "sigmoid as 1 / (1 + exp(-z)), its overflow silenced": of("smooth", scratch.Sigmoid, "forward",
                                                               forward(logistic_naive)),
    "sigmoid by logaddexp": of("regression", scratch.Sigmoid, "forward", forward(
        lambda self, z: np.clip(np.exp(-np.logaddexp(0, -z)), 1e-7, 1 - 1e-7).astype(z.dtype))),
    "sigmoid in two branches": of("regression", scratch.Sigmoid, "forward", forward(logistic_in_two_branches)),
    "tanh by expm1": of("smooth", scratch.Tanh, "forward", forward(tanh_by_expm1)),
    "tanh in longdouble, rounded at the end": of("distance", scratch.Tanh, "forward", in_longdouble),
    "(1 - t) * (1 + t)": of(
        "distance", scratch.Tanh, "backward", backward(lambda self, g: g * ((1 - self.output) * (1 + self.output)))
    ),
    "1 - t ** 2 by np.power": of(
        "smooth", scratch.Tanh, "backward", backward(lambda self, g: (1 - np.power(self.output, 2)) * g)
    ),
    # Softmax
    "softmax by log-sum-exp": Honest(
        ("relu", "smooth"), (Patch(scratch.Softmax, "forward", forward(lambda self, z: np.exp(log_softmax(z)))),)
    ),
    "softmax shifted by each row's mean where that does not overflow": Honest(
        ("relu", "smooth"), (Patch(scratch.Softmax, "forward", softmax(shift=mild_mean)),)
    ),
    "softmax shifted by the maximum plus 3": of(
        "smooth", scratch.Softmax, "forward", softmax(shift=lambda z: z.max(axis=1, keepdims=True) + 3)
    ),
    "softmax's sum from the right": Honest(
        ("relu", "smooth"),
        (Patch(scratch.Softmax, "forward", softmax(add=lambda e: np.cumsum(e[:, ::-1], axis=1)[:, -1:])),),
    ),
    "softmax multiplied by the reciprocal of the sum": of(
        "smooth", scratch.Softmax, "forward", softmax(add=lambda e: 1 / (1 / row_sum(e)))
    ),
    "softmax backward with p inside the bracket": of(
        "smooth", scratch.Softmax, "backward",
        backward(lambda self, g: self.output * g - self.output * row_sum(self.output * g)),
    ),
    # losses
    "loss by log-sum-exp directly": of("relu", scratch.SoftmaxCrossEntropy, "forward",
                                       sample_losses(loss_by_log_sum_exp)),
    "loss as -sum(onehot * log p)": Honest(
        ("relu", "batches"),
        (Patch(scratch.SoftmaxCrossEntropy, "forward", sample_losses(
            lambda self, z: -np.sum(hot(self, z) * np.log(np.clip(self.output, 1e-7, 1 - 1e-7)), axis=1))),),
    ),
    "loss from p . onehot": of("smooth", scratch.CrossEntropy, "forward", sample_losses(
        lambda self, p: -np.log(np.clip(np.sum(p * hot(self, p), axis=1), 1e-7, 1 - 1e-7)))),
    "mean as sum / N": of("relu", scratch.SoftmaxCrossEntropy, "forward",
                          total(lambda self: np.sum(self.sample_losses) / len(self.sample_losses))),
    "mean by math.fsum": of("smooth", scratch.CrossEntropy, "forward",
                            total(lambda self: math.fsum(self.sample_losses.tolist()) / len(self.sample_losses))),
    "mean as a running average": of("batches", scratch.SoftmaxCrossEntropy, "forward", total(
        lambda self: sum(float(loss) * (1 / len(self.sample_losses)) for loss in self.sample_losses))),
    "MSE as the mean over all at once": of("regression", scratch.MeanSquaredError, "forward",
                                           total(lambda self: np.mean(self.residuals**2))),
    "MSE by a dot product": of("regression", scratch.MeanSquaredError, "forward", total(
        lambda self: np.vdot(self.residuals, self.residuals) / self.residuals.size)),
    "MSE as the square of the norm": of("regression", scratch.MeanSquaredError, "forward", total(
        lambda self: np.linalg.norm(self.residuals) ** 2 / self.residuals.size)),
    "half the sum of squares at once": of("half-sum", scratch.HalfSquaredError, "forward",
                                          total(lambda self: 0.5 * np.sum(np.square(self.residuals)))),
    "mean distance over all at once": of("distance", scratch.MeanAbsoluteError, "forward",
                                         total(lambda self: np.mean(np.abs(self.residuals)))),
    # loss gradients
    "fused gradient in one expression: (p - onehot) / N": of("relu", scratch.SoftmaxCrossEntropy, "backward", backward(
        lambda self: (self.output - hot(self, self.output)) / len(self.output))),
    "fused gradient, each part divided: p / N - onehot / N": of(
        "square", scratch.SoftmaxCrossEntropy, "backward", backward(
            lambda self: self.output / len(self.output) - hot(self, self.output) / len(self.output))),
    "fused gradient times 1 / N": of("batches", scratch.SoftmaxCrossEntropy, "backward", backward(
        lambda self: (self.output - hot(self, self.output)) * (1 / len(self.output)))),
    "fused gradient with the error as y - p": of("relu", scratch.SoftmaxCrossEntropy, "backward",
                                                 backward(fused_negated)),
    "MSE gradient as 2 / (N D) * (y - t)": of("regression", scratch.MeanSquaredError, "backward", backward(
        lambda self: 2 / self.residuals.size * self.residuals)),
    "MSE gradient with the error as t - y": of("regression", scratch.MeanSquaredError, "backward",
                                               backward(squared_negated)),
    "distance gradient by np.where": of("distance", scratch.MeanAbsoluteError, "backward", backward(
        lambda self: np.where(self.residuals > 0, 1, np.where(self.residuals < 0, -1, 0)).astype(self.residuals.dtype)
        / self.residuals.size)),
    "cross-entropy gradient as -1 / (N p)": of("smooth", scratch.CrossEntropy, "backward", backward(slope_at_label)),
    # Dense
    "forward by einsum": Honest(
        ("relu", "square"),
        (Patch(scratch.Dense, "forward", forward(lambda self, x: np.einsum("nd,dh->nh", x, self.weights)
                                                 + self.biases)),)),
    "forward with the biases as one more row of weights": Honest(
        ("relu", "regression"), (Patch(scratch.Dense, "forward", forward(biases_as_weights)),)),
    "forward from the last input to the first": of("relu", scratch.Dense, "forward", forward(
        lambda self, x: self.biases + x[:, ::-1] @ self.weights[::-1])),
    "forward as (W^T x^T)^T": of("square", scratch.Dense, "forward", forward(
        lambda self, x: np.ascontiguousarray((self.weights.T @ x.T).T + self.biases))),
    "forward with sums rounded once": of("relu", scratch.Dense, "forward", forward(
        lambda self, x: fsum_product(x, self.weights) + self.biases)),
    "forward in longdouble, rounded at the end": of("smooth", scratch.Dense, "forward", forward(
        lambda self, x: (x.astype(np.longdouble) @ self.weights + self.biases).astype(x.dtype))),
    "weights' gradient over the samples reversed": dense(weights=lambda a, g: a[::-1].T @ g[::-1]),
    "weights' gradient by einsum": dense(weights=lambda a, g: np.einsum("nd,nh->dh", a, g)),
    "weights' gradient by tensordot": dense(weights=lambda a, g: np.tensordot(a, g, axes=(0, 0))),
    "weights' gradient as (g^T a)^T": dense(weights=lambda a, g: (g.T @ a).T.copy()),
    "weights' gradient as outer products, one by one": dense(weights=lambda a, g: one_by_one(outer_products(a, g))),
    "weights' gradient as outer products, pairwise": dense(weights=lambda a, g: pairwise(outer_products(a, g))),
    "weights' gradient by broadcasting and a sum": dense(weights=lambda a, g: (a[:, :, None] * g[:, None]).sum(axis=0)),
    "weights' gradient with sums rounded once": dense(weights=lambda a, g: fsum_product(a.T, g)),
    "weights' gradient in longdouble": dense(weights=lambda a, g: long_product(a.T, g)),
    "biases' gradient over the samples reversed": dense(biases=lambda g: g[::-1].sum(axis=0, keepdims=True)),
    "biases' gradient by np.add.reduce": dense(biases=lambda g: np.add.reduce(g, axis=0, keepdims=True)),
    "biases' gradient one sample by one": dense(biases=lambda g: one_by_one(g).reshape(1, -1)),
    "biases' gradient pairwise": dense(biases=lambda g: pairwise(list(g)).reshape(1, -1)),
    "biases' gradient as a row of ones times the gradient": dense(biases=lambda g: np.ones((1, len(g)), g.dtype) @ g),
    "biases' gradient by math.fsum": dense(
        biases=lambda g: np.array([[math.fsum(column) for column in g.T.tolist()]], g.dtype)),
    "inputs' gradient by einsum": dense(inputs=lambda g, w: np.einsum("nh,dh->nd", g, w)),
    "inputs' gradient neuron by neuron": dense(
        inputs=lambda g, w: one_by_one(np.outer(g[:, h], w[:, h]) for h in range(g.shape[1]))),
    "inputs' gradient over the neurons reversed": dense(inputs=lambda g, w: g[:, ::-1] @ w[:, ::-1].T),
    "all of backward in loops": Honest(("relu", "square"), (Patch(scratch.Dense, "backward",
                                                                  backward(loops_backward)),)),
    "penalties' gradient first, the sign by masks": of("penalties", scratch.Dense, "backward", penalty_gradient_apart),
    "penalties by norms": of("penalties", scratch.Dense, "penalty", norms),
    # updates
    "`+=` of a step whose sign is turned inside": Honest(
        ("relu", "smooth"), (Patch(scratch.SGD, "update", descent(turned_round_and_added)),)),
    "velocity of the other sign inside, subtracted": Honest(
        ("relu", "smooth"), (Patch(scratch.SGD, "update", descent(velocity_turned_round)),)),
    "weights kept, then moved inside backward": Honest(("relu", "square"), moves_inside_backward()),
}  # fmt: skip


def watched(patch: Patch, calls: list[str]) -> Make:
    """What a patch plants, noting each call."""

    def make(right: Callable[..., Any]) -> Callable[..., Any]:
        planted = patch.make(right)

        def noted(*arguments: Any, **settings: Any) -> Any:
            calls.append(patch.name)
            return planted(*arguments, **settings)

        return noted

    return make


def judged(
    monkeypatch: pytest.MonkeyPatch, patches: tuple[Patch, ...], net: str, dtype: str, **changes: Any
) -> pd.DataFrame:
    """The rows of a net with something planted in scratch, after making sure that every plant was called."""
    calls: list[str] = []
    for patch in patches:
        monkeypatch.setattr(patch.owner, patch.name, watched(patch, calls)(getattr(patch.owner, patch.name)))
    rows = compare(replace(NETS[net], epochs=LOCKSTEP_EPOCHS, **changes), dtype=dtype)
    assert set(calls) == {patch.name for patch in patches}
    return rows


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("way", "net"), [(way, net) for way, honest in HONEST.items() for net in honest.nets])
def test_an_honest_way_of_writing_it_raises_no_alarm(
    way: str, net: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another order of summation, an exact identity or a more precise sum passes on every row, probes included."""
    rows = judged(monkeypatch, HONEST[way].patches, net, dtype)
    assert verdict(rows["status"]) == 0, failure(rows)


# --- the whole Jacobian: an alarm that is false -----------------------------------------------------------------------

JACOBIANS: dict[str, Make] = {
    "einsum over the full Jacobian": backward(lambda self, g: np.einsum("nij,nj->ni", jacobians(self.output), g)),
    "the lecture's Jacobian per sample": backward(jacobian_per_sample),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("way", JACOBIANS)
def test_softmax_backward_by_its_jacobian_passes_where_nothing_underflows(
    way: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """diag(p) - p p^T times the gradient passes on every row but those of the probe whose p_i p_j underflows."""
    rows = judged(monkeypatch, (Patch(scratch.Softmax, "backward", JACOBIANS[way]),), "smooth", dtype)
    assert verdict(rows[~rows["probe"].str.startswith("huge logits")]["status"]) == 0, failure(rows)


@pytest.mark.parametrize("way", JACOBIANS)
def test_softmax_backward_by_its_jacobian_passes_everywhere(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two probabilities of 1e-213 meet, their product is 0 in float64: a rounding that the bound must know."""
    rows = judged(monkeypatch, (Patch(scratch.Softmax, "backward", JACOBIANS[way]),), "smooth", "float64")
    assert verdict(rows["status"]) == 0, failure(rows)


# --- identities that lose digits: what they are -----------------------------------------------------------------------


class Lossy(NamedTuple):
    """An exact identity whose rounding is of the size of 1, not of its result: the net, the plant and its row."""

    net: str
    patch: Patch
    row: str


def tanh_by_exponentials(self: scratch.Tanh, z: Array) -> Array:
    """(e^z - e^-z) / (e^z + e^-z): near 0 a difference of two numbers near 1."""
    a, b = np.exp(z), np.exp(-z)
    return (a - b) / (a + b)


LOSSY: dict[str, Lossy] = {
    "tanh as (e^z - e^-z) / (e^z + e^-z)": Lossy(
        "distance", Patch(scratch.Tanh, "forward", forward(tanh_by_exponentials)), "forward/tanh1"),
    "tanh as 2 / (1 + e^-2z) - 1": Lossy(
        "distance", Patch(scratch.Tanh, "forward", forward(lambda self, z: 2 / (1 + np.exp(-2 * z)) - 1)),
        "forward/tanh1"),
    "sigmoid as (1 + tanh(z / 2)) / 2": Lossy(
        "regression", Patch(scratch.Sigmoid, "forward", forward(
            lambda self, z: np.clip(0.5 * (1 + np.tanh(z / 2)), 1e-7, 1 - 1e-7))), "forward/sigmoid1"),
    "s g - s^2 g": Lossy(
        "smooth", Patch(scratch.Sigmoid, "backward", backward(lambda self, g: self.output * g - self.output**2 * g)),
        "backward/sigmoid1"),
    "loss as log(1 / p)": Lossy("smooth", Patch(scratch.CrossEntropy, "forward", sample_losses(
        lambda self, p: np.log(1 / np.clip(p[np.arange(len(p)), self.labels], 1e-7, 1 - 1e-7)))), "loss/samples"),
}  # fmt: skip


@pytest.mark.parametrize("way", [way for way in LOSSY if way != "s g - s^2 g"])
def test_an_identity_whose_rounding_is_of_the_size_of_1_passes(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds of tanh, sigmoid and log cover the textbook's other ways of writing them."""
    net, patch, _ = LOSSY[way]
    rows = judged(monkeypatch, (patch,), net, "float64")
    assert verdict(rows["status"]) == 0, failure(rows)


def test_an_identity_that_loses_digits_is_apart_by_digits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference s g - s^2 g is apart on its own row, while every parameter of the training still agrees."""
    net, patch, row = LOSSY["s g - s^2 g"]
    rows = judged(monkeypatch, (patch,), net, "float64")
    failed = rows[~rows["status"].isin(PASSES)]
    assert (failed.iloc[0]["quantity"], failed.iloc[0]["origin"]) == (row, "introduced here")
    assert verdict(rows[(rows["stage"] == "parameter") & (rows["probe"] == "")]["status"]) == 0


# --- conventions: what they are ---------------------------------------------------------------------------------------


def undivided(self: scratch.SoftmaxCrossEntropy) -> Array:
    """The loss gradient p - onehot, for layers that take the mean themselves."""
    return self.output - hot(self, self.output)


def averaging(self: scratch.Dense, dvalues: Array) -> Array:
    """Dense.backward that divides its own sums over the samples by their number."""
    self.dweights = self.inputs.T @ dvalues / len(dvalues)
    self.dbiases = dvalues.sum(axis=0, keepdims=True) / len(dvalues)
    return dvalues @ self.weights.T


def shares_used(rows: pd.DataFrame, *stages: str) -> float:
    """The largest share of an allowance that rows of these stages use."""
    return float(rows[rows["stage"].isin(stages)]["used"].max())


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_mean_taken_in_the_layers_changes_only_what_layers_hand_back(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 1/N in Dense in place of the loss, dL/dz is N times the reference's; gradients and parameters agree."""
    patches = (
        Patch(scratch.SoftmaxCrossEntropy, "backward", backward(undivided)),
        Patch(scratch.Dense, "backward", backward(averaging)),
    )
    rows = judged(monkeypatch, patches, "relu", dtype)
    first = rows[~rows["status"].isin(PASSES)].iloc[0]
    assert first["quantity"] == "backward/loss"
    assert abs(first["scratch"] / 37 - first["reference"]) <= first["allowed"]  # 37 samples
    assert [one["causes"] for one in rows.attrs["diagnoses"]] == [["L3"]]
    assert "a convention, no defect" in rows.attrs["diagnoses"][0]["says"]
    assert shares_used(rows, "forward", "loss", "accuracy", "gradient", "state", "parameter") <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_error_of_the_other_sign_that_is_added_gives_the_same_parameters(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With y - p in backward and += in the update, stored gradients are -1 times the reference's; parameters agree."""
    patches = (
        Patch(scratch.SoftmaxCrossEntropy, "backward", backward(lambda self: -undivided(self) / len(self.output))),
        Patch(scratch.SGD, "update", descent(lambda self, rate, w, g, v: (w + (self.momentum * v + rate * g),
                                                                          self.momentum * v + rate * g))),
    )  # fmt: skip
    rows = judged(monkeypatch, patches, "relu", dtype)
    first = rows[~rows["status"].isin(PASSES)].iloc[0]
    assert first["quantity"] == "backward/loss"
    assert abs(first["scratch"] + first["reference"]) <= first["allowed"]
    assert [one["causes"] for one in rows.attrs["diagnoses"]] == [["L20"]]
    assert "a convention, no defect" in rows.attrs["diagnoses"][0]["says"]
    assert shares_used(rows, "forward", "loss", "accuracy", "state", "parameter") <= 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_sigmoid_that_warns_of_overflow_has_the_right_numbers(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 / (1 + exp(-z)) overflows on the way to the right answer: its numbers pass, the warning has its own row."""
    naive = forward(lambda self, z: np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7))
    monkeypatch.setattr(scratch.Sigmoid, "forward", naive(scratch.Sigmoid.forward))
    case = replace(NETS["regression"], epochs=LOCKSTEP_EPOCHS)
    with np.errstate(over="ignore"):
        rows = compare(case, dtype=dtype)
    assert verdict(rows["status"]) == 0, failure(rows)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_loss_without_the_clip_differs_only_where_the_clip_is(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cross-entropy that torch has: the loss is apart where the lecture clips p, and nothing else ever is."""
    unclipped = sample_losses(lambda self, z: -log_softmax(z)[np.arange(len(z)), self.labels])
    rows = judged(monkeypatch, (Patch(scratch.SoftmaxCrossEntropy, "forward", unclipped),), "relu", dtype)
    failed = rows[~rows["status"].isin(PASSES)]
    assert set(failed["stage"]) == {"loss"}
    answers = failed[failed["quantity"] == "loss/samples"]["reference"].to_numpy()
    limits = -np.log(np.array([[1e-7], [1 - 1e-7]], dtype))  # in float32 1 - 1e-7 rounds
    assert (np.abs(answers - limits) <= ELEMENTARY_ULP * np.spacing(limits)).any(axis=0).all()


# --- the rate inside the velocity, against torch.optim.SGD itself -----------------------------------------------------


def worst_share_of_stock_sgd(decay: float, dtype: str) -> float:
    """Scratch's training beside one torch.optim.SGD that gets the same gradients: the worst gap in allowances.

    Both start at the same parameters. An error e of the velocity is passed on as m e, one of the parameter as it is;
    each update adds the equations' own bound, which has room for torch's three roundings per velocity as well.
    """
    case = replace(NETS["relu"], epochs=12, decay=decay, dtype=dtype)
    data = traces.load(case)
    r, m = Rounding.of(dtype), case.momentum
    theirs = {name: torch.tensor(array) for name, array in data.parameters.items()}
    stock = torch.optim.SGD(theirs.values(), lr=case.learning_rate, momentum=m)
    errors = {name: (np.zeros(array.shape), np.zeros(array.shape)) for name, array in data.parameters.items()}
    worst = 0.0
    network = traces.planted(scratch, case, data.parameters)
    for _, pause in traces.scratch_steps(case, data, network, lambda *_: True):
        assert pause is not None
        rate = exact(pause.trace["learning_rate"])
        stock.param_groups[0]["lr"] = float(rate.value)
        for name, tensor in theirs.items():
            tensor.grad = torch.tensor(pause.trace[f"gradient/{name}"])
        stock.step()
        for name, tensor in theirs.items():
            old, start = exact(pause.velocities.get(name, np.zeros(tensor.shape))), exact(pause.parameters[name])
            g, v = exact(pause.trace[f"gradient/{name}"]), exact(pause.trace[f"state/{name}"])
            of_velocity, of_parameter = errors[name]
            of_velocity = m * of_velocity + rules.velocity(name, m).error(r, v.value, g, old, rate)
            moved = Bounded(v.value, of_velocity)
            of_parameter = of_parameter + rules.momentum_update(name).error(r, v.value, start, moved)
            errors[name] = of_velocity, of_parameter
            gap = np.abs(tensor.numpy().astype(np.float64) - pause.trace[f"parameter/{name}"])
            worst = max(worst, float(np.max(gap[of_parameter > 0] / (2 * of_parameter[of_parameter > 0]))))
    return worst


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_rate_inside_the_velocity_is_torchs_rule_while_the_rate_is_constant(dtype: str) -> None:
    """Twelve updates of scratch and of a real torch.optim.SGD with momentum end at the same parameters."""
    assert 0 < worst_share_of_stock_sgd(0.0, dtype) <= 1


def test_under_decay_the_rate_inside_the_velocity_is_another_rule() -> None:
    """The same twelve updates under decay are billions of allowances apart: a departure, which the cases judge."""
    assert worst_share_of_stock_sgd(0.01, "float64") > 1e9
