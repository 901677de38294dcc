"""The truth of a step: the same equations in ball arithmetic, which encloses every exact value.

python-flint's balls at 113 bits know a quantity to about 30 digits; where the package is missing, NumPy's longdouble
takes its place (18 digits on x86) and the report says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reports.equations.rules import Equation

Array = np.ndarray
BITS = 113  # of a quadruple-precision number
NOT_CONTINUOUS = ("accuracy",)  # counts of decisions are compared as intervals, not as numbers


@dataclass(frozen=True)
class Truth:
    """Exact values of a step's quantities: balls, or longdoubles without enclosure."""

    values: dict[str, Array]
    method: str
    doubles: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    def error(self, quantity: str, side: Array) -> Array | None:
        """Returns |side - exact| in float64, element by element; None for a quantity that has no truth.

        NaN where a ball straddles a kink so widely that nothing is known.
        """
        exact = self.values.get(quantity)
        if exact is None or exact.shape != side.shape:
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            if exact.dtype == np.longdouble:
                return np.asarray(np.abs(side.astype(np.longdouble) - exact)).astype(np.float64)
            wide, (high, low) = side.astype(np.float64), self._in_doubles(quantity)
            error = np.asarray(np.abs(wide - high - low))
            if (lost := ~np.isfinite(high)).any():  # finite balls may be too large for a double
                error[lost] = np.abs(wide[lost] - exact[lost]).astype(np.float64)
        return error

    def _in_doubles(self, quantity: str) -> tuple[Array, Array]:
        """The midpoints of a quantity's balls as sums of two doubles: both sides are compared with them."""
        if quantity not in self.doubles:
            exact = self.values[quantity]
            high = exact.astype(np.float64)
            self.doubles[quantity] = high, np.asarray(exact - high).astype(np.float64)
        return self.doubles[quantity]


def truth(step: list[Equation], given: Mapping[str, Array]) -> Truth:
    """Evaluates a step from what both sides were given, in balls of 113 bits (or in longdouble)."""
    try:
        from flint import ctx
    except ImportError:
        return Truth(_evaluate(step, {name: np.asarray(a, np.longdouble) for name, a in given.items()}), "longdouble")
    with ctx.workprec(BITS):
        return Truth(_evaluate(step, {name: balls(array) for name, array in given.items()}), f"arb, {BITS} bits")


def balls(array: Array) -> Array:
    """Returns an array of exact balls, one per float."""
    from flint import arb

    wide = np.asarray(array, dtype=np.float64)
    entries = np.empty(wide.shape, dtype=object)
    entries.ravel()[:] = [arb(value) for value in wide.ravel().tolist()]
    return entries


def _evaluate(step: list[Equation], known: dict[str, Any]) -> dict[str, Array]:
    """Walks the equations; a kink met with certainty is exact, one in doubt a wider ball."""
    values: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for equation in step:
            if equation.name not in NOT_CONTINUOUS:
                value = equation.value(*(known[name] for name in equation.reads))
                values[equation.name] = known[equation.name] = np.asarray(value)
    return values
