"""Running error analysis: numbers that carry a bound on the rounding of whoever computes them.

A rule written in these numbers gives what the rule says, and how far from it any implementation of the same
operations may come. Notation and source as in `equations/rules.py`: M(x) = |x| + 2 E(x), Higham's running error.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.equations.rounding import Bounded, Rounding

Array = np.ndarray
ROUNDING = Rounding.of("float64")


@dataclass(frozen=True, eq=False)
class Running:
    """A value and a bound on its error, under the four operations, exp and log; plain numbers are exact."""

    value: Array
    error: Array

    __array_priority__ = 1  # an ndarray on the left leaves the operation to this class

    @classmethod
    def exact(cls, value: Any) -> "Running":
        """A number that both sides were given."""
        array = np.asarray(value, np.float64)
        return cls(array, np.zeros_like(array))

    @classmethod
    def of(cls, number: Any) -> "Running":
        """The number itself, a Bounded of the equations, or an exact number."""
        if isinstance(number, cls):
            return number
        return cls(number.value, number.error) if isinstance(number, Bounded) else cls.exact(number)

    @property
    def magnitude(self) -> Array:
        """M = |x| + 2 E."""
        return np.abs(self.value) + 2 * self.error

    def __add__(self, other: Any) -> "Running":
        other = Running.of(other)
        return _rounded(self.value + other.value, self.error + other.error)

    def __sub__(self, other: Any) -> "Running":
        other = Running.of(other)
        return _rounded(self.value - other.value, self.error + other.error)

    def __mul__(self, other: Any) -> "Running":
        other = Running.of(other)
        return _rounded(self.value * other.value, self.magnitude * other.error + other.magnitude * self.error)

    def __truediv__(self, other: Any) -> "Running":
        other = Running.of(other)
        quotient = self.value / other.value
        least = np.abs(other.value) - other.error  # an exact divisor is no smaller
        return _rounded(quotient, (self.error + (np.abs(quotient) + self.error / least) * other.error) / least)

    def __radd__(self, other: Any) -> "Running":
        return self + other

    def __rmul__(self, other: Any) -> "Running":
        return self * other

    def __rsub__(self, other: Any) -> "Running":
        return Running.of(other) - self

    def __rtruediv__(self, other: Any) -> "Running":
        return Running.of(other) / self

    def __neg__(self) -> "Running":
        return Running(-self.value, self.error)

    def exp(self) -> "Running":
        """e^x: an error E of x multiplies by at most e^E."""
        value = np.exp(self.value)
        return Running(value, value * (np.expm1(self.error) + ROUNDING.elementary) + ROUNDING.smallest)

    def log(self) -> "Running":
        """Log x: a relative error rho of x moves it by at most -log(1 - rho)."""
        value = np.log(self.value)
        moved = -np.log1p(-self.error / self.value)
        return Running(value, moved + ROUNDING.elementary * (np.abs(value) + moved))

    def sum(self, axis: int | None = None) -> "Running":
        """A sum in any order."""
        terms = self.value.size if axis is None else self.value.shape[axis]
        error = np.sum(self.error + ROUNDING.growth(terms) * self.magnitude, axis=axis)
        return Running(np.asarray(np.sum(self.value, axis=axis)), np.asarray(error))

    def __getitem__(self, index: Any) -> "Running":
        return Running(np.asarray(self.value[index]), np.asarray(self.error[index]))


def stacked(numbers: Any) -> Running:
    """Numbers one after the other, as one array."""
    known = [Running.of(number) for number in numbers]
    return Running(np.array([one.value for one in known]), np.array([one.error for one in known]))


def _rounded(value: Array, inherited: Array) -> Running:
    """One rounding on top of what the operands bring; below the normal numbers it is the smallest of them."""
    value, inherited = np.asarray(value, np.float64), np.asarray(inherited, np.float64)
    own = ROUNDING.unit * (np.abs(value) + 2 * inherited)
    return Running(value, inherited + own + np.where(value == 0, 0.0, ROUNDING.smallest))
