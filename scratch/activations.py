"""What a neuron does with its net input.

Axes: N samples, H neurons (C classes for Softmax).
"""

import numpy as np

from scratch import checks
from scratch.buffers import keep_where, room

Array = np.ndarray

CLIP = 1e-7  # the lecture keeps probabilities inside [CLIP, 1 - CLIP]


class ReLU:
    """Lets positive values pass: output = max(0, inputs).

    Source: lecture, "The Minimal Setup" (Activation_ReLU).
    """

    name = "relu"

    def forward(self, inputs: Array) -> Array:
        """Returns max(0, inputs): (N, H) -> (N, H)."""
        checks.matrix(self.name, "inputs", inputs)
        self.inputs = inputs
        self.output = room(self, "output", inputs.shape, inputs)  # (N, H)
        np.clip(inputs, 0, np.inf, out=self.output)  # is np.maximum(inputs, 0), in a third of its time
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues where inputs > 0, else 0 (at exactly 0 too): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        self.dinputs = room(self, "dinputs", dvalues.shape, dvalues, self.inputs)  # (N, H)
        positive = room(self, "_positive", dvalues.shape, dvalues, dtype=bool)  # (N, H)
        np.greater(self.inputs, 0, out=positive)
        keep_where(positive, dvalues, out=self.dinputs)
        return self.dinputs


class Sigmoid:
    """Squeezes values into (0, 1): output = 1 / (1 + exp(-inputs)), kept inside [1e-7, 1 - 1e-7].

    The derivative output * (1 - output) uses the clipped output, so it is frozen at about 1e-7 beyond
    |inputs| = 16.118: there it is not the derivative of the clipped forward, which would be 0.

    Source: lecture, "The Minimal Setup" (Activation_Sigmoid).
    """

    name = "sigmoid"

    def forward(self, inputs: Array) -> Array:
        """Returns the clipped sigmoid: (N, H) -> (N, H). It never overflows: exp sees -|inputs| only."""
        checks.matrix(self.name, "inputs", inputs)
        self.inputs = inputs
        self.output = room(self, "output", inputs.shape, inputs)  # (N, H)
        small = room(self, "_small", inputs.shape, inputs)  # (N, H), in (0, 1]
        np.abs(inputs, out=small)
        np.negative(small, out=small)
        np.exp(small, out=small)
        np.maximum(small, inputs >= 0, out=self.output)  # 1 or small: `small` is at most 1, and where() would branch
        small += 1
        self.output /= small
        np.clip(self.output, CLIP, 1 - CLIP, out=self.output)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues * output * (1 - output): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        self.dinputs = room(self, "dinputs", dvalues.shape, dvalues, self.inputs)  # (N, H)
        np.subtract(1, self.output, out=self.dinputs)
        self.dinputs *= self.output
        self.dinputs *= dvalues
        return self.dinputs


class Tanh:
    """Squeezes values into (-1, 1): output = tanh(inputs).

    Source: the lecture's recurrent networks; beside Sigmoid it is the other classic.
    """

    name = "tanh"

    def forward(self, inputs: Array) -> Array:
        """Returns tanh(inputs): (N, H) -> (N, H)."""
        checks.matrix(self.name, "inputs", inputs)
        self.inputs = inputs
        self.output = room(self, "output", inputs.shape, inputs)  # (N, H)
        np.tanh(inputs, out=self.output)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues * (1 - output^2): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        self.dinputs = room(self, "dinputs", dvalues.shape, dvalues, self.inputs)  # (N, H)
        np.multiply(self.output, self.output, out=self.dinputs)
        np.subtract(1, self.dinputs, out=self.dinputs)
        self.dinputs *= dvalues
        return self.dinputs


class Softmax:
    """Turns each sample's values into probabilities: p_i = exp(x_i) / sum_j exp(x_j).

    Source: lecture, "Building a fully functional ANN" (Boltzmann distribution, Activation_Softmax).
    """

    name = "softmax"

    def forward(self, inputs: Array) -> Array:
        """Returns probabilities: (N, C) -> (N, C). It never overflows: the row's maximum is subtracted first."""
        checks.matrix(self.name, "inputs", inputs)
        self.inputs = inputs
        self.output = room(self, "output", inputs.shape, inputs)  # (N, C)
        # Class by class: NumPy finds the maxima and sums of C long rows ten times as fast as those of N short ones.
        exponentials = room(self, "_exponentials", inputs.shape[::-1], inputs)  # (C, N), in [0, 1]
        np.copyto(exponentials, inputs.T)
        with np.errstate(over="ignore"):  # two huge values may lie further apart than a float reaches: exp(-inf) = 0
            exponentials -= exponentials.max(axis=0)
        np.exp(exponentials, out=exponentials)
        exponentials /= exponentials.sum(axis=0)
        np.copyto(self.output, exponentials.T)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Goes back through dp_i/dx_j = p_i (delta_ij - p_j): dL/dx_i = p_i (dvalues_i - sum_j p_j dvalues_j).

        Shapes: dvalues (N, C) -> dinputs (N, C).
        """
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        self.dinputs = room(self, "dinputs", dvalues.shape, dvalues, self.inputs)  # (N, C)
        np.multiply(self.output, dvalues, out=self.dinputs)
        mean = np.matmul(self.dinputs, np.ones((dvalues.shape[1], 1), dvalues.dtype))  # (N, 1)
        np.subtract(dvalues, mean, out=self.dinputs)
        self.dinputs *= self.output
        return self.dinputs
