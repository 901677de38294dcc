"""Activations that strangers write, as torch defines them: value and derivative.

Axes: B samples, H values.
"""

import math
from collections.abc import Callable

import numpy as np

Array = np.ndarray


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def softmax(z: Array) -> Array:
    """Row-wise softmax."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _elu(z: Array, a: float) -> Array:
    return np.where(z > 0, z, a * np.expm1(np.minimum(z, 0)))


def _normal(z: Array) -> Array:
    """The distribution function of the standard normal."""
    return np.asarray(np.vectorize(math.erfc, otypes=[float])(-z / math.sqrt(2)) / 2)


def _gelu(z: Array) -> tuple[Array, Array]:
    """GELU by tanh, and its derivative."""
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (z + 0.044715 * z**3))
    return z * (1 + t) / 2, (1 + t) / 2 + z * (1 - t * t) * c * (1 + 3 * 0.044715 * z * z) / 2


SELU = 1.6732632423543772, 1.0507009873554805

# name -> (value, derivative), each from z and the slope alpha; torch's default alpha beside
FORWARD: dict[str, Callable[[Array, float], Array]] = {
    "Identity": lambda z, a: z,
    "ReLU": lambda z, a: np.maximum(z, 0),
    "LeakyReLU": lambda z, a: np.where(z > 0, z, a * z),
    "Sigmoid": lambda z, a: sigmoid(z),
    "Tanh": lambda z, a: np.tanh(z),
    "BipolarSigmoid": lambda z, a: np.tanh(z / 2),
    "Softmax": lambda z, a: softmax(z),
    "ELU": _elu,
    "SELU": lambda z, a: SELU[1] * _elu(z, SELU[0]),
    "Softplus": lambda z, a: np.logaddexp(0, z),
    "Swish": lambda z, a: z * sigmoid(z),
    "GELU": lambda z, a: z * _normal(z),
    "Mish": lambda z, a: z * np.tanh(np.logaddexp(0, z)),
    "Softsign": lambda z, a: z / (1 + np.abs(z)),
    "HardTanh": lambda z, a: np.clip(z, -1, 1),
    "HardSigmoid": lambda z, a: np.clip(z / 6 + 0.5, 0, 1),
    "HardSwish": lambda z, a: z * np.clip(z / 6 + 0.5, 0, 1),
}
SLOPE: dict[str, Callable[[Array, float], Array]] = {
    "Identity": lambda z, a: np.ones_like(z),
    "ReLU": lambda z, a: (z > 0) * 1.0,
    "LeakyReLU": lambda z, a: np.where(z > 0, 1.0, a),
    "Sigmoid": lambda z, a: sigmoid(z) * sigmoid(-z),
    "Tanh": lambda z, a: 1 - np.tanh(z) ** 2,
    "BipolarSigmoid": lambda z, a: (1 - np.tanh(z / 2) ** 2) / 2,
    "ELU": lambda z, a: np.where(z > 0, 1.0, a * np.exp(np.minimum(z, 0))),
    "SELU": lambda z, a: SELU[1] * np.where(z > 0, 1.0, SELU[0] * np.exp(np.minimum(z, 0))),
    "Softplus": lambda z, a: sigmoid(z),
    "Swish": lambda z, a: sigmoid(z) * (1 + z * sigmoid(-z)),
    "GELU": lambda z, a: _normal(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
    "Mish": lambda z, a: (t := np.tanh(np.logaddexp(0, z))) + z * (1 - t * t) * sigmoid(z),
    "Softsign": lambda z, a: 1 / (1 + np.abs(z)) ** 2,
    "HardTanh": lambda z, a: (np.abs(z) < 1) * 1.0,
    "HardSigmoid": lambda z, a: (np.abs(z) < 3) / 6,
    "HardSwish": lambda z, a: np.where(z >= 3, 1.0, np.where(z > -3, z / 3 + 0.5, 0.0)),
}
ALSO: dict[str, list[tuple[str, Callable[[Array], Array], Callable[[Array], Array]]]] = {  # other definitions: words
    "GELU": [("it is the approximation by tanh, torch's with approximate='tanh'", lambda z: _gelu(z)[0],
              lambda z: _gelu(z)[1]),
             ("it is the approximation z sigmoid(1.702 z)", lambda z: z * sigmoid(1.702 * z),
              lambda z: sigmoid(1.702 * z) * (1 + 1.702 * z * sigmoid(-1.702 * z)))],
    "HardSigmoid": [("it is clip(0.2 z + 0.5), Keras's, torch's is clip(z/6 + 0.5)",
                     lambda z: np.clip(0.2 * z + 0.5, 0, 1), lambda z: (np.abs(z) < 2.5) * 0.2)],
}  # fmt: skip
ALPHA = {"LeakyReLU": 0.01, "ELU": 1.0}
KINKED = ("ReLU", "LeakyReLU", "ELU", "SELU")  # where one probe lies, at 0


def backward(kind: str, z: Array, g: Array, alpha: float = 0.01) -> Array:
    """The gradient with respect to z."""
    if kind == "Softmax":
        p = softmax(z)
        return p * (g - np.sum(p * g, axis=1, keepdims=True))
    return g * SLOPE[kind](z, alpha)
