"""Faults in ReLU, Sigmoid, Tanh and Softmax.

Axes: N samples, H neurons (C classes for Softmax).
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from reports.faults.planting import Patch
from reports.faults.writing import after, around, back, fault, forth, instead
from scratch import Dense, Network, ReLU, Sigmoid, Softmax, Tanh
from scratch.activations import CLIP

Array = np.ndarray


def backward(owner: type, dinputs: Callable[[Any, Array], Array]) -> Patch:
    """An activation's backward that is another function of the layer and dvalues."""
    return instead(owner, "backward", lambda self, dvalues: back(self, dinputs(self, dvalues)))


def forward(owner: type, output: Callable[[Array], Array]) -> Patch:
    """An activation's forward that is another function of its inputs."""
    return after(owner, "forward", lambda self, inputs: forth(self, output(inputs)), wraps=False)


def logistic(z: Array) -> Array:
    """1 / (1 + exp(-z)), without the clip."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def softmax(z: Array, shift: Callable[[Array], Any], total: Callable[[Array], Any]) -> Array:
    """exp(z - shift) / total, which may overflow and is not repaired."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        exponentials = np.exp(z - shift(z))
        return exponentials / total(exponentials)


def row_max(z: Array) -> Array:
    """The largest value of each row: (N, C) -> (N, 1)."""
    return np.max(z, axis=1, keepdims=True)


def row_sum(z: Array) -> Array:
    """The sum of each row: (N, C) -> (N, 1)."""
    return np.sum(z, axis=1, keepdims=True)


def masks_from_the_layer_before(original: Callable[..., Any], self: Any, inputs: Array) -> Any:
    """Network.forward after which each ReLU holds the inputs of the Dense before it in place of its own."""
    output = original(self, inputs)
    layers = list(self.layers.values())
    for dense, relu in pairwise(layers):
        if isinstance(dense, Dense) and isinstance(relu, ReLU):
            relu.inputs = dense.inputs
    return output


def rectified_in_place(self: Any, inputs: Array) -> Array:
    """ReLU.forward that writes its output into the array that it was given."""
    self.inputs = inputs
    return forth(self, np.maximum(inputs, 0, out=inputs))


def masked_in_place(self: Any, dvalues: Array) -> Array:
    """ReLU.backward that zeroes entries of the array that it was given."""
    dvalues[self.inputs <= 0] = 0
    return back(self, dvalues)


def multiplied_in_place(self: Any, dvalues: Array) -> Array:
    """Sigmoid.backward that multiplies its derivative into the array that it was given."""
    dvalues *= self.output * (1 - self.output)
    return back(self, dvalues)


def tanh_in_place(self: Any, dvalues: Array) -> Array:
    """Tanh.backward that squares its own output to save a buffer."""
    np.multiply(self.output, self.output, out=self.output)
    return back(self, dvalues * (1 - self.output))


def centred_in_place(self: Any, dvalues: Array) -> Array:
    """Softmax.backward that subtracts the mean from the array that it was given."""
    dvalues -= np.sum(self.output * dvalues, axis=1, keepdims=True)
    return back(self, self.output * dvalues)


def jacobian_diagonals(self: Any, dvalues: Array) -> Array:
    """Softmax.backward by a matrix per sample, of which only the diagonal is filled."""
    pairs = zip(self.output, dvalues, strict=True)
    return back(self, np.stack([np.diag(p * (1 - p)) @ g for p, g in pairs]))


def jacobians_without_diagonal(self: Any, dvalues: Array) -> Array:
    """Softmax.backward by a matrix per sample, whose diagonal lacks p."""
    pairs = zip(self.output, dvalues, strict=True)
    return back(self, np.stack([-np.outer(p, p) @ g for p, g in pairs]))


FAULTS = (
    # ReLU
    fault("ReLU without its mask", "A1", "relu", "backward/relu2", "ReLU passes the whole gradient back.",
          backward(ReLU, lambda self, g: g.copy())),
    fault("ReLU mask on the output with <", "A1", "square", "backward/relu1",
          "The mask asks where the output is below 0, which it never is.",
          backward(ReLU, lambda self, g: g * ~(self.output < 0)), other_form=True),
    fault("ReLU mask from the gradient", "A2", "relu", "backward/relu2",
          "The mask is taken from the incoming gradient.", backward(ReLU, lambda self, g: np.maximum(g, 0))),
    fault("ReLU mask inverted", "A3", "relu", "backward/relu2", "The mask is turned round.",
          backward(ReLU, lambda self, g: np.where(self.inputs <= 0, g, 0))),
    fault("ReLU mask inverted, by subtraction", "A3", "half-sum", "backward/relu1",
          "What the mask should keep is subtracted.",
          after(ReLU, "backward", lambda self, g: back(self, g - self.dinputs)), other_form=True),
    fault("ReLU mask of the layer's inputs", "A4", "square", "backward/relu1",
          "The mask is taken from the inputs of the layer before.",
          around(Network, "forward", masks_from_the_layer_before), other_form=True),
    fault("ReLU mask of the sample before", "A4", "relu", "backward/relu2",
          "Each sample is masked with the signs of the sample before it.",
          backward(ReLU, lambda self, g: np.where(np.roll(self.inputs, 1, axis=0) > 0, g, 0))),
    fault("ReLU slope of 1 at zero", "A5", "relu", "backward/relu2", "ReLU passes the gradient at exactly 0.",
          backward(ReLU, lambda self, g: np.where(self.inputs >= 0, g, 0)), probe="zeros, unbalanced, start"),
    fault("ReLU slope of one half at zero", "A5", "square", "backward/relu1",
          "ReLU passes half the gradient at exactly 0.",
          backward(ReLU, lambda self, g: g * np.heaviside(self.inputs, 0.5).astype(g.dtype)),
          probe="zeros, unbalanced, start", other_form=True),
    fault("ReLU returns its derivative", "A6", "relu", "backward/relu2",
          "The derivative is not multiplied by the incoming gradient.",
          backward(ReLU, lambda self, g: (self.inputs > 0).astype(g.dtype))),
    fault("ReLU leaks backward only", "A17", "relu", "backward/relu2",
          "The backward pass is that of a leaky ReLU, the forward pass is not.",
          backward(ReLU, lambda self, g: np.where(self.inputs > 0, g, 0.01 * g))),
    fault("ReLU leaks forward only", "A18", "relu", "forward/relu1",
          "The forward pass is that of a leaky ReLU, the backward pass is not.",
          forward(ReLU, lambda z: np.maximum(z, 0.01 * z))),
    fault("ReLU rectifies its input in place", "A16", "relu", "forward/dense1",
          "ReLU overwrites the array that it was given.",
          instead(ReLU, "forward", rectified_in_place)),
    fault("ReLU edits the gradient in place", "L22", "relu", "backward/dense3",
          "ReLU zeroes entries of the gradient that it was given.", instead(ReLU, "backward", masked_in_place)),
    # Tanh
    fault("Tanh's derivative missing", "A10", "smooth", "backward/tanh1", "Tanh passes the gradient back unchanged.",
          backward(Tanh, lambda self, g: g.copy())),
    fault("Tanh returns its derivative", "A6", "distance", "backward/tanh1",
          "The derivative is not multiplied by the incoming gradient.",
          backward(Tanh, lambda self, g: 1 - self.output**2)),
    fault("Tanh applied twice in backward", "A8", "smooth", "backward/tanh1",
          "The derivative is evaluated at the output: tanh of tanh.",
          backward(Tanh, lambda self, g: g * (1 - np.tanh(self.output) ** 2))),
    fault("Tanh's formula at its input", "A9", "distance", "backward/tanh1",
          "1 - a^2 is evaluated at the input in place of the output.",
          backward(Tanh, lambda self, g: g * (1 - self.inputs**2))),
    fault("Tanh returns tanh as its derivative", "A11", "smooth", "backward/tanh1",
          "The derivative of tanh is taken to be tanh.", backward(Tanh, lambda self, g: g * self.output)),
    fault("Tanh with Sigmoid's derivative", "A12", "distance", "backward/tanh1",
          "The derivative of Sigmoid stands in Tanh.",
          instead(Tanh, "backward", Sigmoid.backward), other_form=True),
    fault("Tanh with ReLU's derivative", "A12", "batches", "backward/tanh1", "The mask of ReLU stands in Tanh.",
          instead(Tanh, "backward", ReLU.backward), other_form=True),
    fault("Tanh's derivative without the square", "A20", "smooth", "backward/tanh1",
          "The derivative is 1 - a where it must be 1 - a^2.", backward(Tanh, lambda self, g: g * (1 - self.output))),
    fault("Tanh with a constant for safety", "A15", "smooth", "forward/tanh1",
          "1e-12 is added to the inputs of tanh.", forward(Tanh, lambda z: np.tanh(z + 1e-12))),
    fault("Tanh in float32", "T11", "distance", "forward/tanh1", "tanh is computed in float32 in a float64 network.",
          after(Tanh, "forward",
                lambda self, z: forth(self, self.output.astype(np.float32).astype(z.dtype))), other_form=True),
    fault("Tanh squares its output in place", "A23", "batches", "forward/tanh1",
          "The backward pass overwrites the output, which a later reader then finds squared.",
          instead(Tanh, "backward", tanh_in_place)),
    # Sigmoid
    fault("Sigmoid's derivative missing", "A10", "smooth", "backward/sigmoid1",
          "Sigmoid passes the gradient back unchanged.", backward(Sigmoid, lambda self, g: g.copy())),
    fault("Sigmoid returns its derivative", "A6", "regression", "backward/sigmoid1",
          "The derivative is not multiplied by the incoming gradient.",
          backward(Sigmoid, lambda self, g: self.output * (1 - self.output))),
    fault("Sigmoid applied twice in backward", "A8", "regression", "backward/sigmoid1",
          "The derivative is evaluated at the output: sigmoid of sigmoid.",
          backward(Sigmoid, lambda self, g: g * (s := logistic(self.output)) * (1 - s))),
    fault("Sigmoid's formula at its input", "A9", "smooth", "backward/sigmoid1",
          "s (1 - s) is evaluated at the input in place of the output.",
          backward(Sigmoid, lambda self, g: g * self.inputs * (1 - self.inputs))),
    fault("Sigmoid with Tanh's derivative", "A12", "smooth", "backward/sigmoid1",
          "The derivative of Tanh stands in Sigmoid.", instead(Sigmoid, "backward", Tanh.backward), other_form=True),
    fault("Sigmoid's derivative with a plus", "A21", "regression", "backward/sigmoid1",
          "The derivative is s (1 + s) where it must be s (1 - s).",
          backward(Sigmoid, lambda self, g: g * self.output * (1 + self.output))),
    fault("Sigmoid without its clip", "A13", "regression", "forward/sigmoid1",
          "The outputs reach 0 and 1; the lecture keeps them 1e-7 away.", forward(Sigmoid, logistic),
          probe="saturated, start"),
    fault("Sigmoid with no slope beyond its clip", "A19", "regression", "backward/sigmoid1",
          "The gradient is 0 where the output is clipped; the lecture freezes it at 1e-7.",
          after(Sigmoid, "backward",
                lambda self, g: back(self, self.dinputs * (np.abs(self.output - 0.5) < 0.5 - 2 * CLIP))),
          probe="saturated, start", other_form=True),
    fault("Sigmoid's sign", "A22", "regression", "forward/sigmoid1",
          "exp(z) stands where exp(-z) belongs: the sigmoid falls.",
          forward(Sigmoid, lambda z: np.clip(logistic(-z), CLIP, 1 - CLIP))),
    fault("Sigmoid with a constant for safety", "A15", "smooth", "forward/sigmoid1",
          "1e-12 is added to the inputs of the sigmoid.",
          around(Sigmoid, "forward", lambda right, self, z: right(self, z + 1e-12))),
    fault("Sigmoid edits the gradient in place", "L22", "smooth", "backward/dense3",
          "Sigmoid multiplies its derivative into the gradient that it was given.",
          instead(Sigmoid, "backward", multiplied_in_place)),
    # Softmax
    fault("softmax without the maximum", "S1", "batches", "forward/probabilities",
          "exp overflows for large logits, because the row's maximum is not subtracted.",
          forward(Softmax, lambda z: softmax(z, lambda z: 0, row_sum)), probe="huge logits, start"),
    fault("softmax's NaN replaced by 0", "T9", "batches", "forward/probabilities",
          "A softmax that overflows hides its NaN as zeros.",
          forward(Softmax, lambda z: np.nan_to_num(softmax(z, lambda z: 0, row_sum))), probe="huge logits, start",
          other_form=True),
    fault("softmax with the batch's maximum", "S2", "batches", "forward/probabilities",
          "The maximum of the whole batch is subtracted, so a row far below it is 0/0.",
          forward(Softmax, lambda z: softmax(z, np.max, row_sum)), probe="huge logits, start"),
    fault("softmax over the whole batch's sum", "S3", "relu", "forward/probabilities",
          "All exponentials of the batch add to 1, not those of each row.",
          forward(Softmax, lambda z: softmax(z, row_max, np.sum))),
    fault("softmax over the batch", "S4", "relu", "forward/probabilities",
          "Each class adds to 1 over the samples.",
          forward(Softmax, lambda z: softmax(z.T, row_max, row_sum).T)),
    fault("softmax over the batch, unfused", "S4", "smooth", "forward/softmax1",
          "Each class adds to 1 over the samples.",
          forward(Softmax, lambda z: np.stack([np.exp(column - column.max()) / np.exp(column - column.max()).sum()
                                               for column in z.T], axis=1)), other_form=True),
    fault("softmax over the whole batch's sum, unfused", "S3", "smooth", "forward/softmax1",
          "The sum runs over all rows of the batch.",
          forward(Softmax, lambda z: softmax(z, np.max, lambda e: np.einsum("nc->", e))), other_form=True),
    fault("softmax twice", "S7", "smooth", "forward/softmax1", "Softmax is applied to probabilities.",
          around(Softmax, "forward", lambda right, self, z: right(self, right(self, z)))),
    fault("softmax's diagonal only", "S5", "smooth", "backward/softmax1",
          "The Jacobian is taken to be p (1 - p) on its diagonal and 0 elsewhere.",
          backward(Softmax, lambda self, g: g * self.output * (1 - self.output))),
    fault("softmax's diagonal only, by matrices", "S5", "smooth", "backward/softmax1",
          "Of each sample's Jacobian only the diagonal is filled.",
          instead(Softmax, "backward", jacobian_diagonals), other_form=True),
    fault("softmax's Jacobian without p", "S32", "smooth", "backward/softmax1",
          "The Jacobian is -p p^T: the p on its diagonal is missing.",
          instead(Softmax, "backward", jacobians_without_diagonal), other_form=True),
    fault("softmax's derivative missing", "A10", "smooth", "backward/softmax1",
          "Softmax passes the gradient back unchanged.", backward(Softmax, lambda self, g: g.copy())),
    fault("softmax edits the gradient in place", "L22", "smooth", "backward/loss",
          "Softmax subtracts its mean from the gradient that it was given.",
          instead(Softmax, "backward", centred_in_place)),
)  # fmt: skip
