"""What a neuron does with its net input.

Axes: N samples, H neurons (C classes for Softmax).
"""

import numpy as np

from scratch import checks
from scratch.buffers import copied, room

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
        # (N, H); np.maximum(inputs, 0), in a third of its time
        self.output = np.clip(inputs, 0, np.inf, out=room(self, "output", inputs.shape, inputs))
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues where inputs > 0, else 0 (at exactly 0 too): (N, H) -> (N, H).

        0 times a gradient that is NaN or infinite is NaN, where torch has 0.
        """
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        positive = np.greater(self.inputs, 0, out=room(self, "_positive", dvalues.shape, dtype=bool))  # (N, H)
        # (N, H); np.where would branch at each number, and take nine times as long where signs are random
        self.dinputs = np.multiply(dvalues, positive, out=room(self, "dinputs", dvalues.shape, dvalues, self.inputs))
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
        below = np.abs(inputs, out=room(self, "_small", inputs.shape, inputs))  # (N, H)
        below = np.negative(below, out=below)
        small = np.exp(below, out=below)  # (N, H), in (0, 1]
        # (N, H): 1 where inputs >= 0, else small, which is never more than 1; np.where would branch
        above = np.maximum(small, inputs >= 0, out=room(self, "output", inputs.shape, inputs))
        small += 1
        sigmoid = np.divide(above, small, out=above)  # (N, H)
        self.output = np.clip(sigmoid, CLIP, 1 - CLIP, out=sigmoid)  # (N, H)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues * output * (1 - output): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        slope = np.subtract(1, self.output, out=room(self, "dinputs", dvalues.shape, dvalues, self.inputs))
        slope *= self.output  # (N, H)
        self.dinputs = np.multiply(dvalues, slope, out=slope)  # (N, H)
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
        self.output = np.tanh(inputs, out=room(self, "output", inputs.shape, inputs))  # (N, H)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues * (1 - output^2): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        square = np.multiply(self.output, self.output, out=room(self, "dinputs", dvalues.shape, dvalues, self.inputs))
        slope = np.subtract(1, square, out=square)  # (N, H)
        self.dinputs = np.multiply(dvalues, slope, out=slope)  # (N, H)
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
        # Class by class: NumPy finds the maxima and sums of C long rows ten times as fast as those of N short ones.
        shifted = copied(self, "_exponentials", inputs.T)  # (C, N)
        with np.errstate(over="ignore"):  # two huge values may lie further apart than a float reaches: exp(-inf) = 0
            shifted -= shifted.max(axis=0)
        exponentials = np.exp(shifted, out=shifted)  # (C, N), in [0, 1]
        exponentials /= exponentials.sum(axis=0)
        self.output = copied(self, "output", exponentials.T, inputs)  # (N, C)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Goes back through dp_i/dx_j = p_i (delta_ij - p_j): dL/dx_i = p_i (dvalues_i - sum_j p_j dvalues_j).

        Shapes: dvalues (N, C) -> dinputs (N, C).
        """
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        weighted = np.multiply(self.output, dvalues, out=room(self, "dinputs", dvalues.shape, dvalues, self.inputs))
        mean = np.matmul(weighted, np.ones((dvalues.shape[1], 1), dvalues.dtype))  # (N, 1), the sum over classes
        deviation = np.subtract(dvalues, mean, out=weighted)  # (N, C)
        self.dinputs = np.multiply(self.output, deviation, out=deviation)  # (N, C)
        return self.dinputs
