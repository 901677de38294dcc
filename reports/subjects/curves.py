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

from reports.equations import rules
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import applied, exact
from reports.subjects.formulas import FORWARD, SELU, SLOPE

Array = np.ndarray
FUNCTIONS = 4  # sigma(z) sigma(-z), each with an exp or a tanh, and Swish's derivative with two more
OPERATIONS = 16


class Curve(NamedTuple):
    """Of one activation: the largest |f''|, the jump of f' at a kink, the largest intermediates of f and of f'."""

    bend: float
    jump: float
    size: Callable[[Array], Array]
    steep: Callable[[Array], Array]
    kinks: tuple[float, ...] = (0.0,)

    def jumps(self, z: Bounded) -> Array:
        """How far f' may jump: where z lies within both sides' error of a kink."""
        near = [Bounded(z.value - kink, z.error).sign_undecided for kink in self.kinks]
        return np.asarray(self.jump * np.any(near, axis=0))


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
        "BipolarSigmoid": Curve(3**-1.5, 0.0, _one, _one),  # tanh(z / 2)
        "ELU": Curve(abs(a), abs(1 - a), lambda z: abs(a) + np.abs(z), lambda z: np.full_like(z, abs(a))),
        "SELU": Curve(whole, abs(whole - SELU[1]), lambda z: whole + 2 * np.abs(z), lambda z: np.full_like(z, whole)),
        "Softplus": Curve(0.25, 0.0, _more, _one),
        "Swish": Curve(0.5, 0.0, _more, _more),  # s'' is 1/2 at 0, and nowhere larger
        "GELU": Curve(0.8, 0.0, _more, _more),  # phi(z) (2 - z^2): largest at 0, 2 / sqrt(2 pi)
        "Mish": Curve(0.65, 0.0, _more, _more),  # |f''| is 0.6442 at -0.088, on a grid of 3e-5
        "Softsign": Curve(2.0, 0.0, _one, _one),  # 2 / (1 + |z|)^3
        "HardTanh": Curve(0.0, 1.0, _none, _none, (-1.0, 1.0)),
        "HardSigmoid": Curve(0.0, 1 / 6, _one, _one, (-3.0, 3.0)),
        "HardSwish": Curve(1 / 3, 0.5, _more, _more, (-3.0, 3.0)),
    }[kind]


def value(kind: str, a: float, z: Bounded, r: Rounding) -> Bounded:
    """Returns the activation of z with its bound."""
    if kind == "Softmax":
        return applied(rules.softmax("", ""), [logits(z, r)], r)
    found = curve(kind, a)
    steep = np.abs(SLOPE[kind](z.value, a)) + found.jumps(z) + found.bend * z.error / 2
    rounded = (FUNCTIONS * r.elementary + OPERATIONS * r.unit) * found.size(z.value)
    return Bounded(FORWARD[kind](z.value, a), steep * z.error + rounded)


def slope(kind: str, a: float, z: Bounded, r: Rounding) -> Bounded:
    """Returns the activation's derivative at z with its bound, from z or from the activated value."""
    found = curve(kind, a)
    rounded = (FUNCTIONS * r.elementary + OPERATIONS * r.unit) * found.steep(z.value)
    return Bounded(SLOPE[kind](z.value, a), found.bend * z.error + found.jumps(z) + rounded)


def back(kind: str, a: float, z: Bounded, g: Array, r: Rounding) -> Bounded:
    """Returns the gradient with respect to z with its bound, from an exact gradient g of the activation."""
    if kind == "Softmax":
        return applied(rules.softmax_backward("", ""), [exact(g), value(kind, a, z, r)], r)
    steep = slope(kind, a, z, r)
    error = np.abs(g) * (steep.error + 2 * r.unit * steep.magnitude)
    return Bounded(g * steep.value, r.with_underflow(error, 2))


def logits(z: Bounded, r: Rounding) -> Bounded:
    """Logits for the rules of softmax: where no maximum is subtracted, log-sum-exp rounds like z itself."""
    largest = np.abs(z.value).max(axis=1, keepdims=True) + z.allowed
    return Bounded(z.value, z.error + 2 * r.unit * largest)
