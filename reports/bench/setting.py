"""What is trained: ANN III, or a network that differs from it along one axis."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray
CLASSES, FEATURES = 5, 2
RATE, DECAY, MOMENTUM = 0.2, 0.001, 0.8


@dataclass(frozen=True)
class Setting:
    """A training: `depth` hidden layers of `width` neurons on `samples` points of the spiral, on some threads."""

    samples: int = 1500
    width: int = 128
    depth: int = 1
    dtype: str = "float64"
    threads: int = 1
    decay: float = DECAY

    def sizes(self) -> list[tuple[int, int]]:
        """The sizes of the Dense layers."""
        widths = [FEATURES, *[self.width] * self.depth, CLASSES]
        return list(itertools.pairwise(widths))

    def data(self) -> tuple[Array, Array]:
        """The spiral's points and labels, in the setting's dtype."""
        import scratch

        each = -(-self.samples // CLASSES)
        inputs, labels = scratch.spiral(each, CLASSES, rng=np.random.default_rng(0))
        return np.ascontiguousarray(inputs[: self.samples].astype(self.dtype)), labels[: self.samples]

    def parameters(self) -> list[tuple[Array, Array]]:
        """Weights (D, H) and biases (1, H) of every layer; deep layers are scaled so that nothing overflows."""
        rng = np.random.default_rng(1)
        scale = 1.0 if self.depth == 1 and self.width <= 128 else 0.0
        made = []
        for n_inputs, n_neurons in self.sizes():
            weights = rng.standard_normal((n_inputs, n_neurons)) * (scale or (2 / n_inputs) ** 0.5)
            made.append((weights.astype(self.dtype), np.zeros((1, n_neurons), self.dtype)))
        return made

    def bytes(self) -> int:
        """Roughly what a training holds at once: per hidden layer two activations, two gradients and temporaries."""
        size = np.dtype(self.dtype).itemsize
        weights = sum(a * b for a, b in self.sizes())
        return size * (6 * self.samples * self.width * self.depth + 5 * weights)

    def row(self) -> dict[str, Any]:
        """The setting as columns of a table."""
        return {
            "samples": self.samples, "width": self.width, "depth": self.depth, "dtype": self.dtype,
            "threads": self.threads,
        }  # fmt: skip
