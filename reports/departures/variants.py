"""The lecture's rules that scratch does not follow, each the smallest change of scratch's own class.

They stand here to be measured, and nowhere else. Axes: N samples, C classes.
"""

from typing import Any

import numpy as np

import scratch
from scratch.activations import CLIP

Array = np.ndarray


class WholeBatchSoftmax(scratch.Softmax):
    """Softmax shifted by the maximum of the whole batch, as in the module MyANN.py; the notebook shifts by rows."""

    def forward(self, inputs: Array) -> Array:
        """Returns probabilities; a row far below the batch's maximum is 0/0."""
        exponentials = np.exp(inputs - inputs.max())
        with np.errstate(invalid="ignore"):
            self.output = exponentials / exponentials.sum(axis=1, keepdims=True)
        return self.output


class TwoAxesMeanOneHot(scratch.SoftmaxCrossEntropy):
    """Labels with two axes are one-hot, whatever they hold: a column means class 0, soft labels their largest."""

    def forward(self, inputs: Array, labels: Array) -> Any:
        """Returns the mean loss; `labels` are not checked."""
        self.labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
        self.output = self.softmax.forward(inputs)
        chosen = np.sum(np.clip(self.output, CLIP, 1 - CLIP) * labels, axis=1)
        with np.errstate(divide="ignore"):
            self.sample_losses = -np.log(chosen)
        return np.mean(self.sample_losses)


class UncheckedCrossEntropy(scratch.CrossEntropy):
    """The unfused gradient -1/p goes on where p has underflowed to 0."""

    def backward(self) -> Array:
        """Returns -y / (N p): 0/0 = NaN beside the label, -1/0 = -inf in its column."""
        onehot = np.eye(self.inputs.shape[1])[self.labels]
        with np.errstate(divide="ignore", invalid="ignore"):
            self.dinputs = -onehot / self.inputs / len(self.inputs)
        return self.dinputs


class WrongSignAbsoluteError(scratch.MeanAbsoluteError):
    """The book's backward: the sign of t - y, which climbs."""

    def backward(self) -> Array:
        """Returns sign(t - y) / (N D)."""
        self.dinputs = np.sign(-self.residuals) / self.residuals.size
        return self.dinputs


class NoZeroSign(scratch.Dense):
    """The book's L1 gradient: +1 where a weight is exactly 0."""

    def backward(self, dvalues: Array) -> Array:
        """Adds what sign(0) = 0 leaves out."""
        super().backward(dvalues)
        self.dweights += self.weight_l1 * (self.weights == 0)
        return self.dinputs


class VelocityOnLayer(scratch.SGD):
    """The velocity lives on the layer, so that a fresh optimizer finds the old one's."""

    def update(self, network: scratch.Network) -> None:
        """Moves the parameters as SGD does, with the velocities that the layers hold."""
        for name, layer in network.dense_layers().items():
            kept = getattr(layer, "momentums", {})
            self.velocities |= {f"{name}.{part}": velocity for part, velocity in kept.items()}
        super().update(network)
        for name, layer in network.dense_layers().items():
            kept = {part: self.velocities[f"{name}.{part}"] for part in ("weights", "biases")}
            layer.momentums = kept  # type: ignore[attr-defined]  # the very thing that is shown
