"""How wrong the network is, and the first gradient of the backward pass.

Every loss remembers `sample_losses` (N,), returns their sum or mean from `forward` and leaves dL/dinputs in
`dinputs` after `backward`.

Axes: N samples, D outputs, C classes.
"""

from typing import Any

import numpy as np

from scratch import checks
from scratch.activations import CLIP, Softmax
from scratch.buffers import copied, room

Array = np.ndarray


class HalfSquaredError:
    """Half the sum of squares: E = 1/2 * sum (y - t)^2, over samples and outputs; a sum, not a mean.

    Source: lecture, ANN II (dE = Ypred - Target).
    """

    name = "half squared error"

    def forward(self, inputs: Array, targets: Array) -> Any:
        """Returns the half sum, a number: predictions (N, D), targets (N, D)."""
        checks.matrix(self.name, "inputs", inputs)
        checks.targets(self.name, inputs, targets)
        self.residuals = np.subtract(inputs, targets, out=room(self, "residuals", inputs.shape, inputs))  # (N, D)
        self.sample_losses = np.sum(self.residuals * self.residuals, axis=1) / 2  # (N,)
        self.printed = np.mean(np.abs(self.residuals))  # the lecture prints this and calls it "MSE"
        return np.sum(self.sample_losses)

    def backward(self) -> Array:
        """Returns dE/dy = y - t: (N, D)."""
        checks.ran_forward(self.name, self, "residuals")
        self.dinputs = copied(self, "dinputs", self.residuals)  # (N, D)
        return self.dinputs


class MeanSquaredError:
    """The mean of squares: L = 1/(N D) * sum (y - t)^2.

    Source: torch.nn.MSELoss states the same rule.
    """

    name = "mean squared error"

    def forward(self, inputs: Array, targets: Array) -> Any:
        """Returns the mean, a number: predictions (N, D), targets (N, D)."""
        checks.matrix(self.name, "inputs", inputs)
        checks.targets(self.name, inputs, targets)
        self.residuals = np.subtract(inputs, targets, out=room(self, "residuals", inputs.shape, inputs))  # (N, D)
        self.sample_losses = np.mean(self.residuals * self.residuals, axis=1)  # (N,)
        return np.mean(self.sample_losses)

    def backward(self) -> Array:
        """Returns dL/dy = 2 (y - t) / (N D): (N, D)."""
        checks.ran_forward(self.name, self, "residuals")
        twice = np.multiply(2, self.residuals, out=room(self, "dinputs", self.residuals.shape, self.residuals))
        self.dinputs = np.divide(twice, twice.size, out=twice)  # (N, D)
        return self.dinputs


class MeanAbsoluteError:
    """The mean distance: L = 1/(N D) * sum |y - t|. The lecture's ANN II prints it under the name "MSE".

    Source: lecture, ANN II (its printed line); the book's backward has the wrong sign, this one has not.
    """

    name = "mean absolute error"

    def forward(self, inputs: Array, targets: Array) -> Any:
        """Returns the mean, a number: predictions (N, D), targets (N, D)."""
        checks.matrix(self.name, "inputs", inputs)
        checks.targets(self.name, inputs, targets)
        self.residuals = np.subtract(inputs, targets, out=room(self, "residuals", inputs.shape, inputs))  # (N, D)
        self.sample_losses = np.mean(np.abs(self.residuals), axis=1)  # (N,)
        return np.mean(self.sample_losses)

    def backward(self) -> Array:
        """Returns dL/dy = sign(y - t) / (N D), with sign(0) = 0: (N, D)."""
        checks.ran_forward(self.name, self, "residuals")
        signs = np.sign(self.residuals, out=room(self, "dinputs", self.residuals.shape, self.residuals))
        self.dinputs = np.divide(signs, signs.size, out=signs)  # (N, D)
        return self.dinputs


class CrossEntropy:
    """The surprise at the true class, on probabilities: L = mean of -log p_y, with p inside [1e-7, 1 - 1e-7].

    The clip stands in the loss alone; the gradient -1/p_y is taken at the unclipped probability. For a network
    that ends in Softmax; SoftmaxCrossEntropy does both at once and stays finite where this cannot.

    Source: lecture, "Building a fully functional ANN" (Loss_CategoricalCrossEntropy).
    """

    name = "cross-entropy"

    def forward(self, inputs: Array, labels: Array) -> Any:
        """Returns the mean loss, a number: probabilities (N, C); labels (N,) indices or (N, C) one-hot."""
        checks.matrix(self.name, "inputs", inputs)
        checks.probabilities(self.name, inputs)
        self.labels = checks.class_labels(self.name, labels, *inputs.shape)  # (N,)
        self.inputs = inputs
        self.sample_losses = negative_log_likelihood(inputs, self.labels)  # (N,)
        return np.mean(self.sample_losses)

    def backward(self) -> Array:
        """Returns dL/dp = -1 / (N p_y) in the label's column, 0 elsewhere: (N, C).

        Raises: FloatingPointError where p_y has underflowed to 0, because -1/0 would make every gradient NaN.
        """
        checks.ran_forward(self.name, self, "labels")
        samples = np.arange(len(self.inputs))  # (N,)
        chosen = self.inputs[samples, self.labels]  # (N,)
        with np.errstate(over="ignore", divide="ignore"):
            slopes = -1 / chosen / len(chosen)  # (N,)
        if not np.isfinite(slopes).all():
            sample = int(np.argmin(np.isfinite(slopes)))
            raise FloatingPointError(
                f"{self.name}: the probability of sample {sample}'s label underflowed to {chosen[sample]}, so its "
                f"gradient -1/p is infinite; end the network without Softmax and use SoftmaxCrossEntropy instead"
            )
        self.dinputs = np.multiply(0, self.inputs, out=room(self, "dinputs", self.inputs.shape, self.inputs))  # (N, C)
        self.dinputs[samples, self.labels] = slopes
        return self.dinputs


class SoftmaxCrossEntropy:
    """Softmax and cross-entropy in one: the loss of CrossEntropy, and the simplest gradient there is.

    Formula: p = softmax(inputs); L = mean of -log clip(p_y, 1e-7, 1 - 1e-7); dL/dinputs = (p - onehot) / N.
    The gradient is that of the unclipped loss. `output` holds the probabilities.

    Source: lecture, "Building a fully functional ANN" (Activation_Softmax_Loss_CategoricalCrossentropy).
    """

    name = "softmax cross-entropy"

    def __init__(self) -> None:
        self.softmax = Softmax()

    def forward(self, inputs: Array, labels: Array) -> Any:
        """Returns the mean loss, a number: inputs (N, C) of any size; labels (N,) indices or (N, C) one-hot."""
        checks.matrix(self.name, "inputs", inputs)
        self.labels = checks.class_labels(self.name, labels, *inputs.shape)  # (N,)
        self.output = self.softmax.forward(inputs)  # (N, C), the probabilities
        self.sample_losses = negative_log_likelihood(self.output, self.labels)  # (N,)
        return np.mean(self.sample_losses)

    def backward(self) -> Array:
        """Returns dL/dinputs = (p - onehot) / N: (N, C)."""
        checks.ran_forward(self.name, self)
        self.dinputs = copied(self, "dinputs", self.output)  # (N, C)
        self.dinputs[np.arange(len(self.labels)), self.labels] -= 1
        self.dinputs /= len(self.labels)
        return self.dinputs


def negative_log_likelihood(probabilities: Array, labels: Array) -> Array:
    """Returns -log of each label's clipped probability: probabilities (N, C), labels (N,) -> (N,)."""
    chosen = probabilities[np.arange(len(labels)), labels]  # (N,)
    return -np.log(np.clip(chosen, CLIP, 1 - CLIP))


def accuracy(outputs: Array, labels: Array) -> float:
    """Returns the share of samples whose largest output, the first on ties, is the label's: outputs (N, C)."""
    checks.matrix("accuracy", "outputs", outputs)
    labels = checks.class_labels("accuracy", labels, *outputs.shape)  # (N,)
    return np.count_nonzero(outputs.argmax(axis=1) == labels) / len(labels)
