"""Activations that strangers write, with bounds: how far any usual way to write one may lie from the exact value.

An activation f is a curve. An error E of z moves f(z) by at most |f'(z)| E + bend E^2 / 2 and f'(z) by bend E, where
bend is the largest |f''|; at a kink f' jumps, and where z lies within both sides' error of it either side is right.
Rounding is counted, not measured: no usual way to write a curve or its slope takes more than FUNCTIONS elementary
functions and OPERATIONS operations, and none of its intermediate results is larger than the curve's `size` (the
sigmoid through tanh has one of size 1, so its bound is absolute; s - s s rounds like 1, not like s (1 - s)).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from reports.equations.rounding import Bounded, Rounding
from reports.subjects.formulas import FORWARD, SELU, SLOPE

Array = np.ndarray
FUNCTIONS = 4  # sigma(z) sigma(-z), each with an exp or a tanh, and Swish's derivative with two more
OPERATIONS = 16


class Curve(NamedTuple):
    """Of one activation: the largest |f''|, the jump of f' at 0, the largest intermediates of f and of f'."""

    bend: float
    jump: float
    size: Callable[[Array], Array]
    steep: Callable[[Array], Array]


def _none(z: Array) -> Array:
    return np.zeros_like(z)


def _one(z: Array) -> Array:
    return np.ones_like(z)


def _more(z: Array) -> Array:
    return 1 + np.abs(z)


def curve(kind: str, a: float) -> Curve:
    """Returns how an activation passes errors on, for the slope (or size) a of a leaky one."""
    whole = abs(SELU[0] * SELU[1])
    return {
        "Identity": Curve(0.0, 0.0, _none, _none),
        "ReLU": Curve(0.0, 1.0, _none, _none),
        "LeakyReLU": Curve(0.0, abs(1 - a), np.abs, _none),
        "Sigmoid": Curve(3**-1.5 / 2, 0.0, _one, _one),  # |s''| is largest where s = (3 +- sqrt 3) / 6
        "Tanh": Curve(4 * 3**-1.5, 0.0, _one, _one),  # |t''| = 2 t (1 - t^2), largest where t^2 = 1/3
        "ELU": Curve(abs(a), abs(1 - a), lambda z: abs(a) + np.abs(z), lambda z: np.full_like(z, abs(a))),
        "SELU": Curve(whole, abs(whole - SELU[1]), lambda z: whole + 2 * np.abs(z), lambda z: np.full_like(z, whole)),
        "Softplus": Curve(0.25, 0.0, _more, _one),
        "Swish": Curve(0.5, 0.0, _more, _more),  # s'' is 1/2 at 0, and nowhere larger
    }[kind]


def value(kind: str, a: float, z: Bounded, r: Rounding) -> Bounded:
    """Returns the activation of z with its bound."""
    found = curve(kind, a)
    steep = np.abs(SLOPE[kind](z.value, a)) + found.jump * z.sign_undecided + found.bend * z.error / 2
    rounded = (FUNCTIONS * r.elementary + OPERATIONS * r.unit) * found.size(z.value)
    return Bounded(FORWARD[kind](z.value, a), steep * z.error + rounded)


def slope(kind: str, a: float, z: Bounded, r: Rounding) -> Bounded:
    """Returns the activation's derivative at z with its bound, from z or from the activated value."""
    found = curve(kind, a)
    rounded = (FUNCTIONS * r.elementary + OPERATIONS * r.unit) * found.steep(z.value)
    return Bounded(SLOPE[kind](z.value, a), found.bend * z.error + found.jump * z.sign_undecided + rounded)


def logits(z: Bounded, r: Rounding) -> Bounded:
    """Logits for the rules of softmax: where no maximum is subtracted, log-sum-exp rounds like z itself."""
    largest = np.abs(z.value).max(axis=1, keepdims=True) + z.allowed
    return Bounded(z.value, z.error + 2 * r.unit * largest)
