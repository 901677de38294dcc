"""Predictions in higher precision: balls of 113 bits that enclose the exact value, rounded once to float64."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from flint import arb, ctx

from reports.equations.truth import BITS


def in_balls(predict: Callable[[], Any]) -> Any:
    """Runs a prediction with balls of 113 bits."""
    with ctx.workprec(BITS):
        return predict()


def ball_exp(number: Any) -> Any:
    """e^x of a float or a ball."""
    return arb(number).exp()


def ball_log(number: Any) -> Any:
    """Log x of a float or a ball."""
    return arb(number).log()


def to_float(numbers: Iterable[Any]) -> np.ndarray:
    """Balls or fractions, each rounded once."""
    return np.array([float(number.mid()) if isinstance(number, arb) else float(number) for number in numbers])
