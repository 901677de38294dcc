"""Shuffling that leaves everything in its order, so that a training that draws its samples takes them as given."""

import random
from typing import Any

import numpy as np


def keep_order() -> None:
    """Replaces what shuffles, in this process: shuffle, permutation, and a sample as large as the whole."""
    np.random.permutation = _permutation
    np.random.shuffle = random.shuffle = _nothing
    np.random.default_rng = lambda seed=None: _Ordered(np.random.PCG64(seed))  # type: ignore[arg-type]
    drawn, sampled, numbered = np.random.choice, random.sample, np.random.randint

    def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
        counted = isinstance(size, (int, np.integer)) and p is None
        if counted and (not replace or (np.ndim(a) < 2 and size == (len(a) if np.ndim(a) else a))):
            return _permutation(a)[:size]
        return drawn(a, size, replace, p)

    def randint(low: int, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        if isinstance(size, (int, np.integer)) and size > 1 and size == (low if high is None else high - low):
            return _permutation(size) + (0 if high is None else low)
        return numbered(low, high, size, dtype)

    def sample(population: Any, k: int, **more: Any) -> Any:
        return list(population) if k == len(population) else sampled(population, k, **more)

    np.random.choice, random.sample, np.random.randint = choice, sample, randint  # type: ignore[assignment]


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
