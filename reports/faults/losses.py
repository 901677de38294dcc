"""Faults in the losses, in their first gradient, and in the labels that come to them.

Axes: N samples, D outputs, C classes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import scratch.losses
from reports.faults.planting import Patch
from reports.faults.writing import around, back, fault, instead, one_hot_like
from scratch import CrossEntropy, HalfSquaredError, MeanAbsoluteError, MeanSquaredError, SoftmaxCrossEntropy, checks
from scratch.activations import CLIP

Array = np.ndarray


def gradient(owner: type, dinputs: Callable[[Any], Array]) -> Patch:
    """A loss's backward that is another function of what its forward has left."""
    return instead(owner, "backward", lambda self: back(self, dinputs(self)))


def disturbed(owner: type, disturb: Callable[[Any, Array], Array], *, wraps: bool = True) -> Patch:
    """A loss's backward whose result is changed afterwards."""
    return around(owner, "backward", lambda right, self: back(self, disturb(self, right(self))), wraps=wraps)


def total(owner: type, fold: Callable[[Array], Any]) -> Patch:
    """A loss's forward that folds the samples' losses in another way."""

    def forward(original: Callable[..., Any], self: Any, inputs: Array, wanted: Array) -> Any:
        original(self, inputs, wanted)
        return fold(self.sample_losses)

    return around(owner, "forward", forward, wraps=False)


def samples(owner: type, losses: Callable[[Any, Array, Array], Array], fold: Callable[[Array], Any] = np.mean) -> Patch:
    """A loss's forward with other losses of the samples: a function of the loss, its inputs and targets."""

    def forward(original: Callable[..., Any], self: Any, inputs: Array, wanted: Array) -> Any:
        original(self, inputs, wanted)
        self.sample_losses = losses(self, inputs, wanted)
        return fold(self.sample_losses)

    return around(owner, "forward", forward, wraps=False)


def likelihood(losses: Callable[[Array, Array], Array]) -> Patch:
    """Another negative log-likelihood of probabilities (N, C) and labels (N,)."""
    return instead(scratch.losses, "negative_log_likelihood", losses)


def relabelled(owner: type, change: Callable[[Any, Array, int], Array]) -> Patch:
    """A loss's forward that is given other labels than came: a function of the loss, indices (N,) and C."""

    def forward(original: Callable[..., Any], self: Any, inputs: Array, labels: Array) -> Any:
        indices = checks.class_labels(self.name, labels, *inputs.shape)
        return original(self, inputs, change(self, indices.astype(np.int64), inputs.shape[1]))

    return around(owner, "forward", forward)


def chosen(probabilities: Array, labels: Array) -> Array:
    """The probability of each sample's label: (N, C) and (N,) -> (N,)."""
    return np.take_along_axis(probabilities, labels.astype(np.int64)[:, np.newaxis], axis=1)[:, 0]


def off(self: Any) -> Array:
    """The difference p - onehot: (N, C)."""
    return self.output - one_hot_like(self.output, self.labels)


def clipped(probabilities: Array) -> Array:
    """The probabilities inside [1e-7, 1 - 1e-7]."""
    return np.clip(probabilities, CLIP, 1 - CLIP)


def no_log(self: Any, inputs: Array, labels: Array) -> Array:
    """Losses by a log-sum-exp that lacks its log."""
    shifted = inputs - inputs.max(axis=1, keepdims=True)
    return np.exp(shifted).sum(axis=1) - chosen(shifted, self.labels)


def binary(self: Any, inputs: Array, labels: Array) -> Array:
    """Losses of C yes-or-no questions."""
    p, y = clipped(self.output), one_hot_like(inputs, self.labels)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p), axis=1)


def one_hot_product(probabilities: Array, labels: Array) -> Array:
    """Losses by a product with one-hot rows: 0 * log(0) is NaN; the clip comes too late for it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(probabilities)
        losses = -np.sum(one_hot_like(probabilities, labels) * log, axis=1)
    return np.clip(losses, -np.log(1 - CLIP), -np.log(CLIP)).astype(probabilities.dtype)


def log_before_the_clip(probabilities: Array, labels: Array) -> Array:
    """The right losses, by the logarithms of all probabilities, of which those of 0 are repaired afterwards."""
    low, high = probabilities.dtype.type(CLIP), probabilities.dtype.type(1 - CLIP)
    losses = chosen(-np.log(probabilities), labels)
    return np.where(losses > -np.log(low), -np.log(low), np.where(losses < -np.log(high), -np.log(high), losses))


def column_taken_for_one_hot(original: Callable[..., Any], self: Any, inputs: Array, labels: Array) -> Any:
    """SoftmaxCrossEntropy.forward that makes a column of the labels and takes it for one-hot rows."""
    original(self, inputs, labels)
    column = self.labels.reshape(-1, 1)  # (N, 1)
    self.sample_losses = -np.log(clipped((self.output * column.astype(inputs.dtype)).sum(axis=1)))
    self.labels = column.argmax(axis=1)  # 0 for everybody
    return np.mean(self.sample_losses)


def configured_batch_size(self: Any) -> Array:
    """The fused gradient over the size of the largest batch so far."""
    self.batch_size = max(getattr(self, "batch_size", 0), len(self.labels))
    return off(self) / self.batch_size


def classes_of_the_batch(self: Any) -> Array:
    """The fused gradient with one-hot rows as wide as there are classes in the batch."""
    present, indices = np.unique(self.labels, return_inverse=True)
    found = np.zeros_like(self.output)
    found[:, : len(present)] = self.output[:, : len(present)] - np.eye(len(present), dtype=found.dtype)[indices]
    return found / len(indices)


def in_the_probabilities(self: Any) -> Array:
    """The fused gradient, made in the array of the probabilities itself."""
    self.output[np.arange(len(self.labels)), self.labels] -= 1
    self.output /= len(self.labels)
    return back(self, self.output)


def clips_what_it_was_given(original: Callable[..., Any], self: Any, inputs: Array, labels: Array) -> Any:
    """CrossEntropy.forward that clips the probabilities where they lie."""
    np.clip(inputs, CLIP, 1 - CLIP, out=inputs)
    return original(self, inputs, labels)


def one_wrong_label(self: Any, labels: Array, classes: int) -> Array:
    """Labels of which the first is wrong in the third call, and in no other."""
    self.calls = getattr(self, "calls", 0) + 1
    if self.calls == 3:
        labels[0] = (labels[0] + 1) % classes
    return labels


def labels_of_the_call_before(original: Callable[..., Any]) -> Callable[..., Any]:
    """A loss's backward that uses the labels of the step before, where there was one of that size."""

    def backward(self: Any) -> Any:
        now = self.labels
        self.labels = getattr(self, "labels_before", now)
        if len(self.labels) != len(now):
            self.labels = now
        dinputs = original(self)
        self.labels_before = self.labels = now
        return dinputs

    return backward


def broadcast(original: Callable[..., Any], self: Any, inputs: Array, targets: Array) -> Any:
    """HalfSquaredError.forward whose residuals are those of every prediction to every target: (N, N)."""
    original(self, inputs, targets)
    self.crossed = inputs - targets.ravel()
    self.sample_losses = np.sum(self.crossed * self.crossed, axis=1) / 2
    return np.sum(self.sample_losses)


def truncated(self: Any) -> Array:
    """The residuals, made in a buffer of integers."""
    buffer = np.zeros(self.residuals.shape, int)
    buffer[...] = self.residuals
    return buffer.astype(self.residuals.dtype)


def scaled_residuals(self: Any) -> Array:
    """The gradient of the mean of squares, made in the residuals' own memory."""
    self.residuals *= 2 / self.residuals.size
    return self.residuals


def targets_overwritten(self: Any, inputs: Array, targets: Array) -> Any:
    """HalfSquaredError.forward that makes its residuals in the array of the targets."""
    self.residuals = np.subtract(inputs, targets, out=targets)
    self.sample_losses = np.sum(self.residuals * self.residuals, axis=1) / 2
    self.printed = np.mean(np.abs(self.residuals))
    return np.sum(self.sample_losses)


def printed_squares(original: Callable[..., Any], self: Any, inputs: Array, targets: Array) -> Any:
    """HalfSquaredError.forward that prints the mean of squares."""
    loss = original(self, inputs, targets)
    self.printed = np.mean(self.residuals * self.residuals)
    return loss


def residuals(self: Any) -> Array:
    """The difference y - t: (N, D)."""
    return self.residuals


FUSED = SoftmaxCrossEntropy
FAULTS = (
    # the fused gradient
    fault("fused gradient not divided by N", "L1", "relu", "backward/loss",
          "The gradient of the loss is not divided by the batch size.", gradient(FUSED, off)),
    fault("fused gradient not divided by N, by a loop", "L1", "square", "backward/loss",
          "Each sample's gradient is computed by itself, and nobody takes the mean.",
          gradient(FUSED, lambda self: np.array([p - (np.arange(len(p)) == y)
                                                 for p, y in zip(self.output, self.labels, strict=True)],
                                                dtype=self.output.dtype)), other_form=True),
    fault("fused gradient divided by N twice", "L2", "batches", "backward/loss",
          "The gradient of the loss is divided by the batch size twice.",
          disturbed(FUSED, lambda self, g: g / len(g))),
    fault("fused gradient divided by N - 1", "S33", "relu", "backward/loss",
          "The gradient of the loss is divided by N - 1.",
          disturbed(FUSED, lambda self, g: g * (len(g) / max(len(g) - 1, 1)))),
    fault("fused gradient divided by C too", "S34", "penalties", "backward/loss",
          "The gradient of the loss is averaged over the classes too.",
          gradient(FUSED, lambda self: off(self) / self.output.size)),
    fault("configured batch size", "L4", "batches", "backward/loss",
          "The gradient is divided by the configured batch size, which the last batch has not.",
          gradient(FUSED, configured_batch_size)),
    fault("label added in the gradient", "S27", "relu", "backward/loss",
          "The one-hot labels are added to the probabilities, not subtracted.",
          gradient(FUSED, lambda self: (self.output + one_hot_like(self.output, self.labels)) / len(self.labels))),
    fault("fused gradient's sign", "L20", "batches", "backward/loss", "The gradient of the loss has the wrong sign.",
          gradient(FUSED, lambda self: -off(self) / len(self.labels))),
    fault("fused gradient at the clipped probability", "S29", "relu", "backward/loss",
          "The clip, which belongs in the loss, is in the gradient too.",
          gradient(FUSED, lambda self: (clipped(self.output) - one_hot_like(self.output, self.labels))
                   / len(self.labels))),
    fault("softmax's derivative on top of p - y", "S6", "relu", "backward/loss",
          "The derivative of softmax is applied to a gradient that holds it already.",
          disturbed(FUSED, lambda self, g: self.output * (g - np.sum(self.output * g, axis=1, keepdims=True)))),
    fault("p (1 - p) on top of p - y", "S6", "square", "backward/loss",
          "The derivative of a sigmoid is applied to a gradient that holds softmax's already.",
          disturbed(FUSED, lambda self, g: g * self.output * (1 - self.output)), other_form=True),
    fault("one-hot rows as wide as the batch's classes", "T6", "relu", "backward/loss",
          "The classes are numbered by those in the batch, so a missing one shifts the others.",
          gradient(FUSED, classes_of_the_batch), probe="one sample, start", other_form=True),
    fault("gradient made in the probabilities", "L23", "relu", "forward/probabilities",
          "The gradient overwrites the probabilities, which a later reader then finds wrong.",
          instead(FUSED, "backward", in_the_probabilities)),
    fault("labels of the batch before", "T14", "batches", "backward/loss",
          "The gradient uses the labels of the step before.",
          Patch(FUSED, "backward", labels_of_the_call_before, wraps=True), other_form=True),
    # cross-entropy's value
    fault("loss summed over the batch", "S11", "relu", "loss/data", "The loss is a sum over the samples.",
          total(FUSED, np.sum)),
    fault("loss averaged over classes", "S12", "smooth", "loss/data", "The loss is averaged over the classes too.",
          around(CrossEntropy, "forward", lambda right, self, p, y: right(self, p, y) / p.shape[1])),
    fault("loss averaged over N - 1", "S28", "penalties", "loss/data", "The mean of the loss divides by N - 1.",
          total(FUSED, lambda losses: np.sum(losses) / max(len(losses) - 1, 1))),
    fault("log-sum-exp without the log", "S13", "batches", "loss/samples", "The loss lacks the log of the sum.",
          samples(FUSED, no_log)),
    fault("binary cross-entropy", "S14", "relu", "loss/samples",
          "The loss of yes-or-no questions stands where one class of many is asked for.", samples(FUSED, binary)),
    fault("softmax before the fused softmax", "S7", "relu", "forward/probabilities",
          "The network's probabilities go through softmax a second time.",
          around(FUSED, "forward", lambda right, self, z, y: right(self, self.softmax.forward(z), y)),
          other_form=True),
    fault("epsilon in the logarithm", "S9", "smooth", "loss/samples", "1e-7 is added inside the logarithm.",
          likelihood(lambda p, y: -np.log(clipped(chosen(p, y)) + 1e-7))),
    fault("zero times log of zero", "S10", "batches", "loss/samples",
          "The loss is NaN where any class has probability 0.", likelihood(one_hot_product),
          probe="huge logits, start", other_form=True),
    fault("loss without its clip", "S30", "clipped", "loss/samples",
          "The probabilities are not clipped in the loss.",
          likelihood(lambda p, y: -np.log(np.maximum(chosen(p, y), np.finfo(p.dtype).tiny)))),
    fault("another clip in the loss", "S31", "clipped", "loss/samples",
          "The loss clips at 1e-12 where the lecture clips at 1e-7.",
          likelihood(lambda p, y: -np.log(np.clip(chosen(p, y), 1e-12, 1 - 1e-7)))),
    fault("logarithm of base 10", "S35", "square", "loss/samples", "The loss uses the logarithm of base 10.",
          likelihood(lambda p, y: -np.log10(clipped(chosen(p, y))))),
    fault("rows of p in place of labels' entries", "S17", "relu", "loss/samples",
          "p[y] takes whole rows where p[range(N), y] takes an entry per sample.",
          likelihood(lambda p, y: -np.log(clipped(p[y % len(p)])))),
    fault("log before the clip", "S36", "clipped", "effects/warnings",
          "The logarithm of 0 is taken and repaired afterwards: right numbers, with a warning.",
          likelihood(log_before_the_clip), probe="side effects", other_form=True),
    # labels
    fault("labels shifted by one", "S16", "relu", "loss/samples", "The labels are counted from 1.",
          relabelled(FUSED, lambda self, y, classes: (y + 1) % classes)),
    fault("labels in reverse order", "T3", "smooth", "loss/samples", "The labels belong to other samples.",
          relabelled(CrossEntropy, lambda self, y, classes: y[::-1].copy())),
    fault("a column of labels taken for one-hot", "S15", "batches", "loss/samples",
          "Labels as a column are taken for one-hot rows, so all samples are of class 0.",
          around(FUSED, "forward", column_taken_for_one_hot, wraps=False), other_form=True),
    fault("one wrong label once", "T12", "relu", "loss/samples", "One label is wrong at one update only.",
          relabelled(FUSED, one_wrong_label), other_form=True),
    # cross-entropy as a step of its own
    fault("cross-entropy gradient not divided by N", "L1", "smooth", "backward/loss",
          "The gradient -1/p is not divided by the batch size.", disturbed(CrossEntropy, lambda self, g: g * len(g))),
    fault("cross-entropy gradient's sign", "L20", "smooth", "backward/loss", "The gradient is 1/p, not -1/p.",
          disturbed(CrossEntropy, lambda self, g: -g)),
    fault("cross-entropy gradient at the clipped probability", "S25", "clipped", "backward/loss",
          "The gradient is -1/1e-7 where the probability is below the clip.",
          disturbed(CrossEntropy, lambda self, g: -one_hot_like(g, self.labels) / clipped(self.inputs) / len(g),
                    wraps=False)),
    fault("probabilities clipped in place", "S37", "clipped", "forward/softmax1",
          "The loss clips the probabilities where they lie, and softmax finds them changed.",
          around(CrossEntropy, "forward", clips_what_it_was_given)),
    # the mean of squares
    fault("MSE gradient without its 2", "S20", "regression", "backward/loss", "The gradient lacks the factor 2.",
          gradient(MeanSquaredError, lambda self: self.residuals / self.residuals.size)),
    fault("MSE gradient (y - t) / N", "S20", "regression", "backward/loss",
          "The gradient is (y - t) / N; the mean is over N D numbers and has a 2.",
          gradient(MeanSquaredError, lambda self: self.residuals / len(self.residuals))),
    fault("MSE gradient 2 (y - t) / N", "S20", "regression", "backward/loss", "The gradient is not divided by D.",
          gradient(MeanSquaredError, lambda self: 2 * self.residuals / len(self.residuals))),
    fault("MSE gradient 2 (y - t) / D", "S20", "regression", "backward/loss", "The gradient is not divided by N.",
          gradient(MeanSquaredError, lambda self: 2 * self.residuals / self.residuals.shape[1])),
    fault("MSE gradient of half the sum", "S20", "regression", "backward/loss",
          "The gradient is that of half the sum of squares.", gradient(MeanSquaredError, lambda self: +self.residuals)),
    fault("MSE gradient of the sum", "S20", "regression", "backward/loss", "The gradient is that of the sum.",
          gradient(MeanSquaredError, lambda self: self.residuals + self.residuals), other_form=True),
    fault("MSE gradient's sign", "L20", "regression", "backward/loss", "The gradient is that of t - y.",
          gradient(MeanSquaredError, lambda self: -2 * self.residuals / self.residuals.size)),
    fault("half the mean of squares", "S20", "regression", "loss/samples", "The loss is half the mean of squares.",
          samples(MeanSquaredError, lambda self, y, t: self.sample_losses / 2)),
    fault("root of the sum of squares", "S22", "regression", "loss/data",
          "The loss is the length of the error, not its mean square.",
          around(MeanSquaredError, "forward",
                 lambda right, self, y, t: (right(self, y, t), np.linalg.norm(self.residuals))[1], wraps=False)),
    fault("MSE averaged over N alone", "S20", "regression", "loss/samples",
          "The loss of a sample is the sum over its outputs, not their mean.",
          samples(MeanSquaredError, lambda self, y, t: np.einsum("nd,nd->n", y - t, y - t)), other_form=True),
    fault("MSE gradient in the residuals' memory", "L34", "regression", "effects/arguments",
          "The gradient is made in the residuals' memory and handed out: a later reader finds other residuals.",
          gradient(MeanSquaredError, scaled_residuals), probe="side effects"),
    # the mean distance
    fault("MAE gradient's sign", "L20", "distance", "backward/loss", "The gradient is sign(t - y), as in the book.",
          gradient(MeanAbsoluteError, lambda self: np.sign(-self.residuals) / self.residuals.size)),
    fault("MAE gradient divided by N alone", "S38", "distance", "backward/loss",
          "The gradient is not divided by the number of outputs.",
          gradient(MeanAbsoluteError, lambda self: np.sign(self.residuals) / len(self.residuals))),
    fault("MAE gradient not divided", "S38", "distance", "backward/loss", "The gradient is the bare sign.",
          disturbed(MeanAbsoluteError, lambda self, g: g * g.size), other_form=True),
    fault("MAE gradient without the sign", "S39", "distance", "backward/loss",
          "The gradient is the residual in place of its sign.",
          gradient(MeanAbsoluteError, lambda self: self.residuals / self.residuals.size)),
    # half the sum of squares
    fault("half-sum gradient averaged", "S20", "half-sum", "backward/loss",
          "The loss is a sum over the samples, the gradient a mean.",
          disturbed(HalfSquaredError, lambda self, g: g / len(g))),
    fault("half-sum gradient with a 2", "S20", "half-sum", "backward/loss", "The 1/2 is in the loss alone.",
          disturbed(HalfSquaredError, lambda self, g: 2 * g)),
    fault("half-sum without the half", "S20", "half-sum", "loss/samples", "The loss is the whole sum of squares.",
          samples(HalfSquaredError, lambda self, y, t: np.sum(np.square(y - t), axis=1), np.sum)),
    fault("the mean of squares is printed", "S23", "half-sum", "loss/printed",
          "The printed number is the mean of squares; the lecture prints the mean distance.",
          around(HalfSquaredError, "forward", printed_squares)),
    fault("targets broadcast against predictions", "S21", "half-sum", "loss/samples",
          "Predictions (N, 1) minus targets (N,) are N x N residuals.",
          around(HalfSquaredError, "forward", broadcast, wraps=False),
          gradient(HalfSquaredError, lambda self: self.crossed.sum(axis=1, keepdims=True)), other_form=True),
    fault("residuals in a buffer of integers", "T2", "half-sum", "backward/loss",
          "The gradient is made in an array of integers, which cuts off the digits.",
          gradient(HalfSquaredError, truncated)),
    fault("residuals handed out", "L34", "half-sum", "effects/memory",
          "The gradient is the very array of the residuals: who edits one edits the other.",
          gradient(HalfSquaredError, residuals), probe="side effects"),
    fault("targets overwritten", "L35", "half-sum", "loss/samples",
          "The residuals are made in the array of the targets, which are lost.",
          instead(HalfSquaredError, "forward", targets_overwritten)),
)  # fmt: skip
