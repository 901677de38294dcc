"""The arithmetic of error bounds: unit roundoff, the growth of sums, and a value with its error.

Everything in `equations` is derived but the accuracy of exp, log and tanh, which `calibrated.py` holds.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from reports.calibrated import ELEMENTARY_ULP

Array = np.ndarray


class Bounded(NamedTuple):
    """A value x and an error E that no implementation's computed x exceeds, whatever its order of summation."""

    value: Array
    error: Array

    @property
    def magnitude(self) -> Array:
        """M = |x| + 2 E: no side's computed value is larger, seen from the judge's own computed x."""
        return np.abs(self.value) + 2 * self.error


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
        return np.where(error == 0, 0.0, error + terms * self.smallest)  # NaN, no claim, stays NaN


EXACT = 0.0  # the error of what both sides are given: inputs, labels, the parameters at the start of a step
