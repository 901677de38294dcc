"""Layers whose biases are a row, or a column, of their weights: seen as layers whose biases are an array of their own.

Axes: B samples, D inputs, H outputs; the weights are (D + 1, H) or (H, D + 1).
"""

from typing import Any

import numpy as np

from .arrays import Array, arrays, put
from .calling import Failure, attempt

BIASES = "_bias"  # how the part of the weights that are biases is called, and the same part of their gradients


def split(layer: Any, d: int, h: int) -> type | None:
    """The class of a layer, whose objects say that the biases in their weights stand apart; None where there are none.

    They are the row that comes out where the inputs are zeros.
    """
    made = layer.fresh(d, h)
    found = {} if made is None else arrays(made)
    path = next((p for p, a in found.items() if a.shape in ((d + 1, h), (h, d + 1))), None)
    if path is None or not layer.forward:
        return None
    axis = 0 if found[path].shape == (d + 1, h) else 1
    for last in (True, False):
        place = -1 if last else 0
        space = {"weights_path": path, "bias_axis": axis, "bias_place": place}
        told = type(layer.holder.__name__, (layer.holder,), {
            **space, "__parity_arrays__": _arrays, "__parity_put__": _put})  # fmt: skip
        if _comes_out(layer, path, axis, place, (d, h)):
            return told
    return None


def _comes_out(layer: Any, path: str, axis: int, place: int, size: tuple[int, int]) -> bool:
    """Whether the numbers at one end of the weights are what a forward gives for inputs of zeros."""
    d, h = size
    made = layer.fresh(d, h)
    wanted = np.arange(1.0, h + 1)
    weights = np.zeros((h, d + 1))
    weights[:, place] = wanted
    try:
        put(made, path, weights if axis else weights.T)
        result = attempt(getattr(made, layer.forward[0]), np.zeros((3, d)))
    except (Failure, ValueError, AttributeError, KeyError):
        return False
    outputs = [np.asarray(result)] if isinstance(result, np.ndarray) else list(arrays(made).values())
    return any(a.shape == (3, h) and bool((a == wanted).all()) for a in outputs)


def inputs_alone(holder: type, gradient: Array, d: int) -> Array:
    """A gradient of the inputs without that of the 1 that goes with the biases."""
    if hasattr(holder, "bias_place") and gradient.ndim == 2 and gradient.shape[1] == d + 1:
        return gradient[:, :-1] if holder.bias_place else gradient[:, 1:]
    return gradient


def _parts(owner: Any, a: Array) -> tuple[Array, Array]:
    """(Weights, biases) of an array that holds both, as views."""
    turned = a.T if owner.bias_axis else a
    weights, biases = (turned[:-1], turned[-1]) if owner.bias_place else (turned[1:], turned[0])
    return (weights.T if owner.bias_axis else weights), biases


def _arrays(owner: Any) -> dict[str, Array]:
    found = arrays(owner, told=False)
    both = found[owner.weights_path].shape if owner.weights_path in found else None
    told: dict[str, Array] = {}
    for path, a in found.items():
        if a.shape == both:
            told[path], told[f"{path}{BIASES}"] = _parts(owner, a)
        else:
            told[path] = a
    return told


def _put(owner: Any, path: str, value: Array) -> None:
    found = arrays(owner, told=False)
    base = path.removesuffix(BIASES)
    if path in found and found[path].shape != found[owner.weights_path].shape:
        put(owner, path, value, told=False)
        return
    whole = found[base].astype(float)
    part = _parts(owner, whole)[path not in found]
    part[...] = value.reshape(part.shape)
    put(owner, base, whole, told=False)
