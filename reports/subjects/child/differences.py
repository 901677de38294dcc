"""The slope of a function of one number at 0, by differences: evidence for a loss that nobody else knows."""

from collections.abc import Callable

import numpy as np

FIRST = 0.125  # of the steps, which halve; where a kink is crossed the later, smaller ones agree better
STEPS = 14


def slope_at_0(value: Callable[[float], float]) -> tuple[float, float]:
    """Returns the slope and how far off it may be, by central differences that are extrapolated to a step of 0.

    T(k, 0) = (f(h) - f(-h)) / 2h at h = FIRST / 2^k, T(k, j) = T(k, j-1) + (T(k, j-1) - T(k-1, j-1)) / (4^j - 1); the
    one whose two forerunners it is nearest to, as in C. Ridders, Advances in Engineering Software 4 (1982) 75-76.
    """
    best, error = np.nan, np.inf
    before: list[float] = []
    for k in range(STEPS):
        h = FIRST / 2**k
        row = [(value(h) - value(-h)) / (2 * h)]
        for j in range(1, k + 1):
            row.append(row[j - 1] + (row[j - 1] - before[j - 1]) / (4**j - 1))
            off = max(abs(row[j] - row[j - 1]), abs(row[j] - before[j - 1]))
            if off < error:
                best, error = row[j], off
        before = row
    return best, error
