"""How most faults are written: a method replaced, or wrapped and its result disturbed.

Axes: N samples, D inputs, H neurons, C classes.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from reports.faults.planting import Fault, Patch

Array = np.ndarray


def fault(
    name: str, cause: str, net: str, row: str, says: str, *patches: Patch, probe: str = "", other_form: bool = False
) -> Fault:
    """A Fault in reading order: what, why, where it is caught, what a user is told, how it is made."""
    return Fault(
        name=name, cause=cause, says=says, net=net, row=row, patches=patches, probe=probe, other_form=other_form
    )


def instead(owner: Any, name: str, function: Callable[..., Any]) -> Patch:
    """The function stands there now, and nothing of the original is left."""
    return Patch(owner, name, lambda original: function)


def around(owner: Any, name: str, function: Callable[..., Any], *, wraps: bool = True) -> Patch:
    """The function is called with the original before its arguments; `wraps` is False where it drops the result."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def changed(*arguments: Any, **settings: Any) -> Any:
            return function(original, *arguments, **settings)

        return changed

    return Patch(owner, name, make, wraps)


def after(owner: Any, name: str, disturb: Callable[..., Any], *, wraps: bool = True) -> Patch:
    """A layer's forward or backward, then a disturbance of what it left: `disturb(layer, argument...)`."""
    kept = "output" if name == "forward" else "dinputs"

    def changed(original: Callable[..., Any], layer: Any, *arguments: Any) -> Any:
        original(layer, *arguments)
        disturb(layer, *arguments)
        return getattr(layer, kept)

    return around(owner, name, changed, wraps=wraps)


def scaled(owner: Any, name: str, attributes: str, factor: Callable[[Any], float] | float) -> Patch:
    """A layer's forward or backward whose result (one attribute or several) is multiplied by a Python number."""

    def disturb(layer: Any, *arguments: Any) -> None:
        number = factor(layer) if callable(factor) else factor
        for attribute in attributes.split():
            setattr(layer, attribute, getattr(layer, attribute) * number)

    return after(owner, name, disturb)


def forth(layer: Any, output: Array) -> Array:
    """Leaves an output on a layer, and returns it."""
    layer.output = output
    return output


def back(layer: Any, dinputs: Array) -> Array:
    """Leaves a gradient on a layer, and returns it."""
    layer.dinputs = dinputs
    return dinputs


def one_hot_like(outputs: Array, labels: Array) -> Array:
    """One-hot rows in the dtype of the outputs: (N, C) and (N,) -> (N, C)."""
    rows = np.zeros_like(outputs)
    rows[np.arange(len(labels)), labels] = 1
    return rows
