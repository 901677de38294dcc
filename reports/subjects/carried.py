"""Arrays that carry their rounding bound through arithmetic, for layers that have no rule in `equations`.

Each operation adds what it rounds, and hands on what its operands were off by (numerics.md, section 1): so any
formula that is written with them has its derived bound. u unit roundoff, g(n) growth of a sum of n in any order.
"""

from typing import Any

import numpy as np

from reports.equations.rounding import Rounding

Array = np.ndarray
R = Rounding.of(np.float64)


class Carried:
    """A value and a bound on the error of every honest way to compute it."""

    __array_priority__ = 1000  # an array on the left leaves the operation to us

    def __init__(self, value: Any, error: Any = 0.0) -> None:
        self.value = np.asarray(value, dtype=np.float64)
        self.error = np.broadcast_to(np.asarray(error, dtype=np.float64), self.value.shape)

    @property
    def magnitude(self) -> Array:
        """What neither side exceeds."""
        return np.asarray(np.abs(self.value) + 2 * self.error)

    def _rounded(self, value: Array, error: Array) -> "Carried":
        return Carried(value, error + R.unit * (np.abs(value) + error) + R.smallest * (error != 0))

    def __add__(self, other: Any) -> "Carried":
        other = carried(other)
        return self._rounded(self.value + other.value, self.error + other.error)

    def __sub__(self, other: Any) -> "Carried":
        other = carried(other)
        return self._rounded(self.value - other.value, self.error + other.error)

    def __rsub__(self, other: Any) -> "Carried":
        return carried(other) - self

    def __mul__(self, other: Any) -> "Carried":
        other = carried(other)
        error = self.error * other.magnitude + self.magnitude * other.error
        return self._rounded(self.value * other.value, error)

    def __truediv__(self, other: Any) -> "Carried":
        other = carried(other)
        value = self.value / other.value
        least = np.abs(other.value) - other.error  # the divisor stays away from 0, or there is no claim
        error = np.where(least > 0, (self.error + np.abs(value) * other.error) / np.where(least > 0, least, 1), np.inf)
        return self._rounded(value, error)

    __radd__, __rmul__ = __add__, __mul__

    def sum(self, axes: tuple[int, ...]) -> "Carried":
        """Sums over axes, which stay with length 1."""
        terms = int(np.prod([self.value.shape[axis] for axis in axes]))
        error = (R.growth(terms) * self.magnitude + self.error).sum(axis=axes, keepdims=True)
        return Carried(self.value.sum(axis=axes, keepdims=True), error)

    def mean(self, axes: tuple[int, ...]) -> "Carried":
        """The mean over axes, which stay with length 1."""
        return self.sum(axes) / float(np.prod([self.value.shape[axis] for axis in axes]))

    def root(self) -> "Carried":
        """The square root of what is not negative."""
        value = np.sqrt(self.value)
        least = np.sqrt(np.maximum(self.value - self.error, 0))
        error = np.divide(self.error, value + least, out=np.full(value.shape, np.inf), where=value + least > 0)
        return self._rounded(value, np.where(self.error == 0, 0.0, error))


def carried(value: Any) -> Carried:
    """A given number or array: exact."""
    return value if isinstance(value, Carried) else Carried(value)
