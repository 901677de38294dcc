"""Networks of single numbers: w1 to w6 and b1 to b3 as attributes, one neuron after the other, seen as matrices.

Axes: D inputs, H hidden, C outputs.
"""

import re
from typing import Any

import numpy as np

from ..calling import Failure, instances
from ..signatures import constructor_of

NUMBERED = re.compile(r"^_*(w|weight|b|bias)_?(\d+)$", re.IGNORECASE)
FEWEST = 3  # weights


def gathered(holder: type) -> type | None:
    """A class whose numbered weights and biases live in two matrices and two vectors; None where it has none."""
    made = next(iter(_made(holder)), None)
    found: dict[str, list[tuple[int, str]]] = {"w": [], "b": []}
    for name, value in vars(made).items() if hasattr(made, "__dict__") else ():
        fits = NUMBERED.match(name)
        if fits and isinstance(value, (float, int, np.floating)):
            found[fits[1][0].lower()].append((int(fits[2]), name))
    weights, biases = ([name for _, name in sorted(found[letter])] for letter in ("w", "b"))
    for c in (1, 2, 3):
        h = len(biases) - c
        if len(weights) < FEWEST or h < 1:
            return None
        d, rest = divmod(len(weights) - h * c, h)
        if not rest and d > 0:
            return _as_matrices(holder, weights, biases, (d, h, c))
    return None


def _made(holder: type) -> Any:
    try:
        yield from instances(holder, [], [[]])
    except (Failure, TypeError):
        return


def _as_matrices(holder: type, weights: list[str], biases: list[str], widths: tuple[int, int, int]) -> type:
    d, h, c = widths
    places: list[tuple[str, tuple[int, ...]]] = []
    places += [("weights1", (k // d, k % d)) for k in range(h * d)]
    places += [("weights2", (k // h, k % h)) for k in range(c * h)]
    places += [("biases1", (k,)) for k in range(h)]
    places += [("biases2", (k,)) for k in range(c)]
    space: dict[str, Any] = {name: _place(*place) for name, place in zip([*weights, *biases], places, strict=True)}

    def constructed(self: Any, *args: Any, **kwargs: Any) -> None:
        self.weights1, self.weights2 = np.zeros((h, d)), np.zeros((c, h))
        self.biases1, self.biases2 = np.zeros(h), np.zeros(c)
        constructor_of(holder)(self, *args, **kwargs)

    return type(holder.__name__, (holder,), {**space, "__init__": constructed, "of_numbers": True})


def _place(name: str, where: tuple[int, ...]) -> property:
    """An attribute that is one number of a matrix."""

    def read(self: Any) -> float:
        return float(vars(self)[name][where])

    def write(self: Any, value: float) -> None:
        vars(self)[name][where] = value

    return property(read, write)
