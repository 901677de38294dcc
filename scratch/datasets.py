"""The points that the lecture's networks learn.

Axes: N samples, D features, C classes.
"""

import csv
from pathlib import Path

import numpy as np

from scratch import checks

Array = np.ndarray


def spiral(samples: int, classes: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Returns `classes` intertwined spiral arms of `samples` points each.

    Formula: r = 0 ... 1, t = 4c ... 4(c + 1) + 0.2 * normal; point = (r sin 2.5t, r cos 2.5t).
    Shapes: inputs (N, 2) float64, labels (N,) int64, with N = samples * classes.
    Raises: TypeError or ValueError unless there is at least one sample and one class.
    Source: the lecture's data set, from Stanford's cs231n. Each arm starts at exactly (0, 0).
    """
    checks.whole_number("spiral", "samples", samples, least=1)
    checks.whole_number("spiral", "classes", classes, least=1)
    rng = checks.generator("spiral", rng)
    arms = []
    for c in range(classes):
        radius = np.linspace(0.0, 1.0, samples)  # (samples,)
        angle = np.linspace(4.0 * c, 4.0 * (c + 1), samples) + 0.2 * rng.standard_normal(samples)  # (samples,)
        arms.append(np.column_stack([radius * np.sin(2.5 * angle), radius * np.cos(2.5 * angle)]))
    return np.concatenate(arms), np.repeat(np.arange(classes), samples)  # (N, 2), (N,)


def iris(rng: np.random.Generator | None = None) -> tuple[Array, Array]:
    """Returns Fisher's 150 iris flowers; `rng` is not used, there is nothing random in them.

    Shapes: inputs (150, 4) float64 (sepal and petal length and width, in cm), labels (150,) int64.
    Source: the table on the lecture's slide "The Minimal Setup"; R. A. Fisher, 1936.
    """
    with Path(__file__).with_name("iris.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    inputs = np.array([[float(value) for value in row[:4]] for row in rows])  # (150, 4)
    species = np.array([row[4] for row in rows])  # (150,)
    return inputs, np.unique(species, return_inverse=True)[1]


def gaussian(samples: int, features: int, classes: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Returns random inputs with random labels: nothing to learn, everything to check.

    Shapes: inputs (N, D) float64 from a standard normal, labels (N,) int64, N = samples.
    Raises: TypeError or ValueError unless all three counts are at least 1.
    """
    for setting, value in {"samples": samples, "features": features, "classes": classes}.items():
        checks.whole_number("gaussian", setting, value, least=1)
    rng = checks.generator("gaussian", rng)
    return rng.standard_normal((samples, features)), rng.integers(classes, size=samples)  # (N, D), (N,)


def one_hot(labels: Array, classes: int) -> Array:
    """Returns a row per label with a 1 in its column: labels (N,) -> (N, C) float64."""
    checks.whole_number("one_hot", "classes", classes, least=1)
    checks.plain_array("one_hot", "labels", labels)
    checks.whole_number("one_hot", "labels", labels.size, least=1)
    return np.eye(classes)[checks.class_labels("one_hot", labels, len(labels), classes)]


def minibatches(samples: int, batch_size: int, rng: np.random.Generator) -> list[Array]:
    """Returns one epoch's index arrays: every sample once, in random order, the last batch ragged."""
    checks.whole_number("minibatches", "samples", samples, least=1)
    checks.whole_number("minibatches", "batch_size", batch_size, least=1)
    order = checks.generator("minibatches", rng).permutation(samples)  # (N,)
    return [order[start : start + batch_size] for start in range(0, samples, batch_size)]
