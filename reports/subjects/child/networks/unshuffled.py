"""Shuffling that leaves everything in its order, so that a training that draws its samples takes them as given."""

import random
from typing import Any

import numpy as np


def keep_order() -> None:
    """Replaces what shuffles, in this process: shuffle, permutation, and a sample of everything."""
    np.random.permutation = _permutation
    np.random.shuffle = random.shuffle = _nothing
    np.random.default_rng = lambda seed=None: _Ordered(np.random.PCG64(seed))  # type: ignore[arg-type]
    drawn, sampled = np.random.choice, random.sample

    def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
        if not replace and p is None and isinstance(size, (int, np.integer)):
            return _permutation(a)[:size]
        return drawn(a, size, replace, p)

    def sample(population: Any, k: int, **more: Any) -> Any:
        return list(population) if k == len(population) else sampled(population, k, **more)

    np.random.choice, random.sample = choice, sample


def _permutation(x: Any, axis: int = 0) -> Any:
    if isinstance(x, (list, tuple)) and x and isinstance(x[0], (list, tuple)):
        return list(x)  # pairs of one input and its target
    return np.arange(x) if isinstance(x, (int, np.integer)) else np.array(x)


def _nothing(*_: Any, **__: Any) -> None:
    """Leaves what it is given in its order."""


class _Ordered(np.random.Generator):
    """A generator that draws numbers, but shuffles nothing."""

    def permutation(self, x: Any, axis: int = 0) -> Any:
        return _permutation(x)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Leaves it in its order."""
