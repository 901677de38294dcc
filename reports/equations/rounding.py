"""The arithmetic of error bounds: unit roundoff, the growth of sums, and a value with its error.

Everything in `equations` is derived but the accuracy of exp, log and tanh, which `calibrated.py` holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reports.calibrated import ELEMENTARY_ULP

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Bounded:
    """A value x and an error E that no implementation's computed x exceeds, whatever its order of summation.

    What several rules ask of it is worked out once: each answer is a pass or more over arrays that no cache holds.
    """

    value: Array
    error: Array

    def __iter__(self) -> Iterator[Array]:
        """The value, then the error."""
        return iter((self.value, self.error))

    @cached_property
    def allowed(self) -> Array:
        """2 E: how far two sides may lie apart."""
        return np.asarray(2 * self.error)

    @cached_property
    def magnitude(self) -> Array:
        """M = |x| + 2 E: no side's computed value is larger, seen from the judge's own computed x."""
        magnitude = np.asarray(np.abs(self.value))
        if not self.exact:
            magnitude += self.allowed
        return magnitude

    @cached_property
    def exact(self) -> bool:
        """Whether this was given, and not computed: its error is one 0 for all elements."""
        return not any(self.error.strides) and self.error.size > 0 and not self.error.flat[0]

    @cached_property
    def sign_undecided(self) -> Array:
        """Where x lies within both sides' error of 0, so that its sign may honestly differ; NaN errors do."""
        near = ~(np.abs(self.value) > self.allowed)
        return near & (self.error != 0) if near.any() else near

    @cached_property
    def top_undecided(self) -> Array:
        """In which rows the largest x does not lead by both errors, so that another may honestly be the largest."""
        top = self.value.argmax(axis=1)
        rows = np.arange(len(top))
        upper = self.value + self.allowed
        upper[rows, top] = -np.inf
        lead = self.value[rows, top] - self.allowed[rows, top]
        return np.asarray(~(lead > np.ascontiguousarray(upper.T).max(axis=0, initial=-np.inf)))

    def grown(self, growth: float) -> Array:
        """`growth` M + E: what a product with an exact factor may be off by, before it is summed."""

        def grow() -> Array:
            array = np.asarray(np.multiply(growth, self.magnitude))
            if not self.exact:
                array += self.error
            return array

        return self.once(("grown", growth), grow)

    def once(self, question: Any, make: Callable[[], Array]) -> Array:
        """The answer to a question, worked out when it is asked first."""
        known: dict[Any, Array] = self.__dict__.setdefault("_known", {})
        if question not in known:
            known[question] = make()
        return known[question]


@dataclass(frozen=True)
class Rounding:
    """The rounding of one dtype: unit roundoff u, smallest normal number, ulps of an elementary function."""

    unit: float
    smallest: float
    elementary: float
    kinks: bool = True  # whether kinks are treated as undecided; False and the next only to show that it matters
    statistical: bool = False  # sqrt(n) u in place of n u: what rounding errors do if they were random

    @classmethod
    def of(cls, dtype: Any, elementary_ulp: float = ELEMENTARY_ULP) -> "Rounding":
        """Returns the rounding of float32 or float64; u is half the distance from 1 to the next float."""
        info = np.finfo(dtype)
        return cls(float(info.eps) / 2, float(info.smallest_normal), 2 * elementary_ulp * float(info.eps) / 2)

    def growth(self, terms: int) -> float:
        """g(n) = n u / (1 - n u): the relative error of n roundings in a row, or of a sum of n in any order.

        Source: N. Higham, Accuracy and Stability of Numerical Algorithms, lemma 3.1; it covers FMA and blocking.
        """
        if self.statistical:
            return float(np.sqrt(terms)) * self.unit
        return terms * self.unit / (1 - terms * self.unit)

    def with_underflow(self, error: Array, terms: int) -> Array:
        """Adds what `terms` operations lose below the smallest normal number; where E is 0 nothing is computed.

        An error of exactly 0 stays 0: a dead unit, or 0 times a weight, is 0 on both sides, and must be.
        """
        lost = terms * self.smallest
        if error.size and error.min() > 0:
            return np.asarray(error + lost)
        return np.asarray(error + lost * (error != 0))  # NaN, no claim, stays NaN


EXACT = 0.0  # the error of what both sides are given: inputs, labels, the parameters at the start of a step
