"""Dense, the layer that learns.

Axes: N samples, D inputs (features), H neurons.
"""

from typing import Any

import numpy as np

from scratch import checks
from scratch.buffers import room

Array = np.ndarray


class Dense:
    """Every neuron looks at every input: output = inputs . weights + biases.

    `weights` (D, H) start from a standard normal, `biases` (1, H) at zero. L1 and L2 strengths add
    l1 * sum|w| + l2 * sum(w^2) to the loss, and their derivative l1 * sign(w) + 2 * l2 * w to the gradient,
    with sign(0) = 0.

    Raises: TypeError or ValueError for a setting that is no count, no strength, or no float dtype.
    Source: lecture, "The Minimal Setup" (Layer_Dense); L1 and L2 are its exercise.
    """

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        *,
        weight_l1: float = 0.0,
        weight_l2: float = 0.0,
        bias_l1: float = 0.0,
        bias_l2: float = 0.0,
        dtype: Any = np.float64,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.name = "dense"  # a Network gives each layer its own
        self.n_inputs = checks.whole_number(self.name, "n_inputs", n_inputs, least=1)
        self.n_neurons = checks.whole_number(self.name, "n_neurons", n_neurons, least=1)
        self.weight_l1 = checks.non_negative(self.name, "weight_l1", weight_l1)
        self.weight_l2 = checks.non_negative(self.name, "weight_l2", weight_l2)
        self.bias_l1 = checks.non_negative(self.name, "bias_l1", bias_l1)
        self.bias_l2 = checks.non_negative(self.name, "bias_l2", bias_l2)
        dtype = checks.float_dtype(self.name, dtype)
        rng = checks.generator(self.name, rng)
        self.weights = rng.standard_normal((n_inputs, n_neurons)).astype(dtype)  # (D, H)
        self.biases = np.zeros((1, n_neurons), dtype)  # (1, H)

    def forward(self, inputs: Array) -> Array:
        """Returns the net input of each neuron: net = sum_i inputs_i w_i + b.

        Shapes: inputs (N, D) -> output (N, H).
        Raises: TypeError or ValueError for another shape or dtype.
        """
        checks.parameters(self.name, self.weights, self.biases, (self.n_inputs, self.n_neurons))
        checks.matrix(self.name, "inputs", inputs, self.n_inputs, self.weights.dtype)
        self.inputs = inputs
        # (N, H); np.dot would fill `out` with zeros first, a pass more
        self.output = np.matmul(inputs, self.weights, out=room(self, "output", (len(inputs), self.n_neurons), inputs))
        self.output += self.biases
        return self.output

    def backward(self, dvalues: Array) -> Array:
        """Goes back from dvalues = dL/doutput to the weights, the biases and the inputs.

        Formula: dL/dweights = inputs^T . dvalues, dL/dbiases = sum over samples of dvalues,
        dL/dinputs = dvalues . weights^T.
        Shapes: dvalues (N, H) -> dinputs (N, D); dweights (D, H), dbiases (1, H).
        Raises: RuntimeError before forward; TypeError or ValueError for another shape or dtype.
        """
        checks.ran_forward(self.name, self)
        checks.same_shape(self.name, "dvalues", dvalues, self.output)
        # dweights (D, H), dbiases (1, H), dinputs (N, D)
        ones = np.ones((1, len(dvalues)), dvalues.dtype)  # (1, N); ones . dvalues sums in a third of np.sum's time
        self.dweights = np.matmul(self.inputs.T, dvalues, out=room(self, "dweights", self.weights.shape, dvalues))
        self.dbiases = np.matmul(ones, dvalues, out=room(self, "dbiases", self.biases.shape, dvalues))
        given = (dvalues, self.inputs)
        self.dinputs = np.matmul(dvalues, self.weights.T, out=room(self, "dinputs", self.inputs.shape, *given))

        if self.weight_l1:
            self.dweights += self.weight_l1 * np.sign(self.weights)
        if self.weight_l2:
            self.dweights += 2 * self.weight_l2 * self.weights
        if self.bias_l1:
            self.dbiases += self.bias_l1 * np.sign(self.biases)
        if self.bias_l2:
            self.dbiases += 2 * self.bias_l2 * self.biases
        return self.dinputs

    def penalty(self) -> Any:
        """Returns what the size of the parameters adds to the loss: l1 * sum|w| + l2 * sum(w^2), a number."""
        penalty = self.weights.dtype.type(0)
        if self.weight_l1:
            penalty += self.weight_l1 * np.sum(np.abs(self.weights))
        if self.weight_l2:
            penalty += self.weight_l2 * np.sum(self.weights * self.weights)
        if self.bias_l1:
            penalty += self.bias_l1 * np.sum(np.abs(self.biases))
        if self.bias_l2:
            penalty += self.bias_l2 * np.sum(self.biases * self.biases)
        return penalty
