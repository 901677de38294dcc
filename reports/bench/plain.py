"""The lecture's network as a reader would type it: new arrays in every line, no checks, no thought of speed.

Axes: N samples, D features, H neurons, C classes.
"""

from collections.abc import Iterator

import numpy as np

Array = np.ndarray


class Dense:
    """The lecture's Layer_Dense."""

    def __init__(self, weights: Array, biases: Array) -> None:
        self.weights, self.biases = weights.copy(), biases.copy()

    def forward(self, inputs: Array) -> Array:
        """Returns inputs . weights + biases."""
        self.inputs = inputs
        return np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues: Array) -> Array:
        """Keeps dweights and dbiases, returns dinputs."""
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        return np.dot(dvalues, self.weights.T)


class ReLU:
    """The lecture's Activation_ReLU."""

    def forward(self, inputs: Array) -> Array:
        """Returns max(0, inputs)."""
        self.inputs = inputs
        return np.maximum(0, inputs)

    def backward(self, dvalues: Array) -> Array:
        """Returns dvalues with 0 where the inputs were not positive."""
        dinputs = dvalues.copy()
        dinputs[self.inputs <= 0] = 0
        return dinputs


def train(
    layers: list[tuple[Array, Array]], inputs: Array, labels: Array, rate: float, decay: float, momentum: float
) -> Iterator[float]:
    """Trains for ever; yields the loss of each epoch, after its update."""
    stack: list[Dense | ReLU] = []
    for weights, biases in layers:
        stack += [Dense(weights, biases), ReLU()]
    stack.pop()  # no ReLU behind the last
    dense = [layer for layer in stack if isinstance(layer, Dense)]
    velocities = [(np.zeros_like(layer.weights), np.zeros_like(layer.biases)) for layer in dense]
    samples, epoch = len(inputs), 0
    while True:
        values = inputs
        for layer in stack:
            values = layer.forward(values)
        exponentials = np.exp(values - np.max(values, axis=1, keepdims=True))
        probabilities = exponentials / np.sum(exponentials, axis=1, keepdims=True)
        clipped = np.clip(probabilities, 1e-7, 1 - 1e-7)
        loss = np.mean(-np.log(clipped[range(samples), labels]))
        np.mean(np.argmax(probabilities, axis=1) == labels)  # the accuracy that the lecture prints

        dvalues = probabilities.copy()
        dvalues[range(samples), labels] -= 1
        dvalues = dvalues / samples
        for layer in reversed(stack):
            dvalues = layer.backward(dvalues)

        current = rate * (1.0 / (1.0 + decay * epoch))
        for k, layer in enumerate(dense):
            weights, biases = velocities[k]
            moved = momentum * weights - current * layer.dweights, momentum * biases - current * layer.dbiases
            layer.weights += moved[0]
            layer.biases += moved[1]
            velocities[k] = moved
        epoch += 1
        yield float(loss)
