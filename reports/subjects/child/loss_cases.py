"""What losses of each kind are fed: predictions, labels in every format, the same labels as they are meant.

Axes: B samples, C classes or outputs.
"""

from typing import Any

import numpy as np

from .arrays import Array

B, C = 7, 3


def cases(kind: str) -> list[dict[str, Any]]:
    """What a loss of this kind is fed: predictions, labels in a format, the same labels as they are meant."""
    rng = np.random.default_rng(17)
    logits = rng.standard_normal((B, C)) * 1.5
    probabilities = _softmax(logits)
    classes = np.array([0, 1, 2, 1, 0, 2, 1])
    onehot = np.eye(C)[classes]
    values, wanted = rng.standard_normal((B, C)), rng.standard_normal((B, C))
    found: list[dict[str, Any]] = []

    def add(name: str, predicted: Array, labels: Array, meant: Array) -> None:
        found.append({"format": name, "predicted": predicted, "labels": labels, "meant": meant})

    if kind == "SoftmaxCrossEntropy":
        add("one-hot", logits, onehot, onehot)
        add("class indices", logits, classes, onehot)
        add("one-hot, one sample", logits[:1], onehot[:1], onehot[:1])
        add("one-hot, probabilities", probabilities, onehot, onehot)
        add("class indices, probabilities", probabilities, classes, onehot)
        add("one-hot, logits near 1000", logits + 1000, onehot, onehot)
        add("class indices, logits near 1000", logits + 1000, classes, onehot)
        add("class indices in a column", logits, classes.reshape(-1, 1), onehot)
        add("soft labels", logits, _softmax(-logits), _softmax(-logits))
        add("one-hot columns", logits.T, onehot.T, onehot)
        add("one vector", logits[0], onehot[0], onehot[:1])
        add("one class index", logits[0], classes[0], onehot[:1])
    elif kind == "CrossEntropy":
        add("one-hot", probabilities, onehot, onehot)
        add("class indices", probabilities, classes, onehot)
        add("one-hot, one sample", probabilities[:1], onehot[:1], onehot[:1])
        add("one-hot columns", probabilities.T, onehot.T, onehot)
        add("class indices beside columns", probabilities.T, classes, onehot)
        add("one vector", probabilities[0], onehot[0], onehot[:1])
        add("one class index", probabilities[0], classes[0], onehot[:1])
        add("class indices in a column", probabilities, classes.reshape(-1, 1), onehot)
        add("soft labels", probabilities, _softmax(-logits), _softmax(-logits))
    elif kind == "SigmoidCrossEntropy":
        t = (rng.uniform(size=(B, C)) > 0.5).astype(float)
        add("three columns", logits, t, t)
        add("one column", logits[:, :1], t[:, :1], t[:, :1])
        add("one sample", logits[:1, :1], t[:1, :1], t[:1, :1])
    elif kind == "BinaryCrossEntropy":
        p = rng.uniform(0.05, 0.95, (B, C))
        t = (rng.uniform(size=(B, C)) > 0.5).astype(float)
        add("three columns", p, t, t)
        add("three rows", p.T, t.T, t)
        add("one column", p[:, :1], t[:, :1], t[:, :1])
        add("vector", p[:, 0], t[:, 0], t[:, :1])
        add("one row", p[:, :1].T, t[:, :1].T, t[:, :1])
        add("one sample", p[:1, :1], t[:1, :1], t[:1, :1])
    else:
        add("three columns", values, wanted, wanted)
        add("three rows", values.T, wanted.T, wanted)
        add("one row", values[:, :1].T, wanted[:, :1].T, wanted[:, :1])
        add("one column", values[:, :1], wanted[:, :1], wanted[:, :1])
        add("one sample", values[:1], wanted[:1], wanted[:1])
        add("vector", values[:, 0], wanted[:, 0], wanted[:, :1])
    return found


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


FUSED = {"SoftmaxCrossEntropy": _softmax, "SigmoidCrossEntropy": lambda z: 1 / (1 + np.exp(-z))}
