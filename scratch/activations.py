"""What a neuron does with its net input.

Axes: N samples, H neurons (C classes for Softmax).
"""

import numpy as np

from scratch import checks

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
        self.output = np.maximum(inputs, 0)  # (N, H)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues where inputs > 0, else 0 (at exactly 0 too): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        self.dinputs = np.where(self.inputs > 0, dvalues, 0)  # (N, H)
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
        small = np.exp(-np.abs(inputs))  # (N, H), in (0, 1]
        sigmoid = np.where(inputs >= 0, 1, small) / (1 + small)  # (N, H)
        self.output = np.clip(sigmoid, CLIP, 1 - CLIP)  # (N, H)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues * output * (1 - output): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        self.dinputs = dvalues * (self.output * (1 - self.output))  # (N, H)
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
        self.output = np.tanh(inputs)  # (N, H)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Returns dL/dinputs = dvalues * (1 - output^2): (N, H) -> (N, H)."""
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        self.dinputs = dvalues * (1 - self.output * self.output)  # (N, H)
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
        with np.errstate(over="ignore"):  # two huge values may lie further apart than a float reaches: exp(-inf) = 0
            exponentials = np.exp(inputs - inputs.max(axis=1, keepdims=True))  # (N, C), in [0, 1]
        self.output = exponentials / exponentials.sum(axis=1, keepdims=True)  # (N, C)
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Goes back through dp_i/dx_j = p_i (delta_ij - p_j): dL/dx_i = p_i (dvalues_i - sum_j p_j dvalues_j).

        Shapes: dvalues (N, C) -> dinputs (N, C).
        """
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        mean = np.sum(self.output * dvalues, axis=1, keepdims=True)  # (N, 1)
        self.dinputs = self.output * (dvalues - mean)  # (N, C)
        return self.dinputs
