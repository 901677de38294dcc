"""What an adapter is to give, held against what came: each misuse is one line that says what to do.

Axes: B samples; weights are (in, out).
"""

from typing import Any

import numpy as np

from .stubs import Stub

Array = np.ndarray
LIVE = "must be live arrays (return the arrays themselves, not copies)"
ORDER = "the order is weights 1, biases 1, weights 2, biases 2 and so on, weights (in, out)"


class Misused(Exception):  # noqa: N818  # in words, for whoever wrote the adapter
    """An adapter gives something else than was agreed."""


def kind(value: Any) -> str:
    """What something is, in words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, Stub):
        return "something of a library or a file that is not there"
    return "None" if value is None else f"a {type(value).__name__}"


def parameters(given: Any, again: Any) -> list[Array]:
    """The live arrays, as they were given twice."""
    live, twice = _listed("parameters()", given), _listed("parameters()", again)
    for number, array in enumerate(live, 1):
        where = f"array {number} of parameters()"
        if isinstance(array, (list, tuple)) and any(isinstance(one, np.ndarray) for one in array):
            raise Misused(f"{where} is {kind(array)}: return one flat list, [W1, b1, W2, b2]")
        if isinstance(array, Stub):
            raise Misused(f"{where} is {kind(array)}: put that file beside this one; only NumPy arrays can be judged")
        if not isinstance(array, np.ndarray):
            raise Misused(f"{where} is {kind(array)}: NumPy arrays are wanted, the ones that forward(x) uses")
        if array.dtype != np.float64:
            raise Misused(f"{where} is of {array.dtype}: float64 is wanted; make it so in __init__")
        if array.ndim not in (1, 2) or not array.size:
            raise Misused(f"{where} has shape {array.shape}: weights (in, out) and biases (out,) are wanted")
        if not array.flags.writeable:
            raise Misused(f"{where} cannot be written: {LIVE}")
    for number, (array, other) in enumerate(zip(live, twice, strict=True), 1):
        if not np.shares_memory(array, other):
            raise Misused(f"array {number} of parameters() is another each time: {LIVE}")
        if number > 1 and any(np.shares_memory(array, one) for one in live[: number - 1]):
            raise Misused(f"array {number} of parameters() is an earlier one again: each parameter is wanted once")
    _chained(live)
    return live


def _listed(what: str, given: Any) -> list[Any]:
    """What is given as a list."""
    if given is None:
        raise Misused(f"{what} gives None: is its return missing?")
    if isinstance(given, dict):
        keys = ", ".join(map(str, given))[:60]
        raise Misused(f"{what} gives a dict with {keys}: return a list of its arrays; {ORDER}")
    if isinstance(given, (np.ndarray, Stub)) or not hasattr(given, "__iter__"):
        raise Misused(f"{what} gives {kind(given)}: return a list of arrays, [W1, b1, W2, b2]")
    return list(given)


def _chained(live: list[Array]) -> None:
    """Raises Misused where the arrays are not layers that follow one another."""
    fault = _unchained(live)
    if fault and not _unchained([array.T for array in live]):
        fault = "they look like weights (out, in): return views (in, out), [W1.T, b1, W2.T, b2], and gradients so too"
    if fault:
        shapes = ", ".join(str(array.shape) for array in live)
        raise Misused(f"the shapes of parameters() are {shapes}: {fault}")


def _unchained(live: list[Array]) -> str:
    """What does not follow from what, in words; empty where all do."""
    width, biased = 0, True  # of the layer before; whether it has its biases
    for number, array in enumerate(live, 1):
        vector = array.ndim == 1 or (not biased and array.shape == (1, width))
        if vector and (biased or array.size != width):
            return f"array {number} is no biases of the weights before it; {ORDER}" if width else f"{ORDER}"
        if not vector and width and array.shape[0] != width:
            return f"array {number} takes {array.shape[0]} values, and {width} come out of the layer before it; {ORDER}"
        biased = vector
        width = width if vector else array.shape[1]
    return "" if width else "there are no weights among them"


def pairs(arrays: list[Array]) -> list[list[Any]]:
    """Weights with the biases that follow them."""
    found: list[list[Any]] = []
    for array in arrays:
        if array.ndim == 2 and not (found and found[-1][1] is None and array.shape == (1, found[-1][0].shape[1])):
            found.append([array, None])
        else:
            found[-1][1] = array.reshape(1, -1)
    return found


def titles(arrays: list[Array]) -> list[str]:
    """Which parameter each array is: weights 1, biases 1, weights 2."""
    held = [pairs(arrays[: number + 1]) for number in range(len(arrays))]
    return [f"{'weights' if one[-1][1] is None else 'biases'} {len(one)}" for one in held]


def output(given: Any, shape: tuple[int, int]) -> Array:
    """The output that forward(x) gives."""
    if given is None:
        raise Misused("forward(x) gives None: is its return missing?")
    if isinstance(given, tuple):
        raise Misused(f"forward(x) gives {kind(given)}: return the output alone, (samples, out) = {shape}")
    array = _numbers("forward(x)", given)
    if array.shape != shape and not (array.size == shape[0] and shape[1] == 1):
        raise Misused(f"forward(x) gives shape {array.shape}: (samples, out) = {shape} is wanted")
    _finite("forward(x)", array)
    return array.reshape(shape)


def gradients(given: Any, live: list[Array]) -> list[Array]:
    """The gradients as they were given, one for each parameter."""
    found = _listed("gradients(x, y)", given)
    if any(isinstance(one, (list, tuple)) and any(isinstance(a, np.ndarray) for a in one) for one in found):
        raise Misused("gradients(x, y) gives lists in a list: return one flat list in the order of parameters()")
    if len(found) != len(live):
        raise Misused(f"gradients(x, y) gives {len(found)} arrays for {len(live)} parameters: one for each is wanted")
    made = []
    for one, parameter, what in zip(found, live, titles(live), strict=True):
        biases = what.startswith("biases")
        where = f"gradients(x, y): the gradient of {what}"
        array = _numbers(where, one)
        if array.shape != parameter.shape and not (biases and array.size in (1, parameter.size)):
            shapes = f"{where} has shape {array.shape}, and {what} {parameter.shape}"
            raise Misused(f"{shapes}: each has its parameter's shape, in the order of parameters()")
        _finite(where, array)
        made.append(array.reshape(-1) if biases else array)  # one number for all biases is judged as such
    return made


def _numbers(what: str, given: Any) -> Array:
    """What is given as an array of floats."""
    try:
        found = np.array(given)
        if found.dtype.kind in "fiub":
            return found.astype(float)
    except (TypeError, ValueError):  # of lists that are not alike
        pass
    raise Misused(f"{what} gives {kind(given)}: an array of numbers is wanted")


def _finite(what: str, array: Array) -> None:
    """Raises Misused where an array holds NaN or infinity."""
    if bad := int((~np.isfinite(array)).sum()):
        places = f"{bad} of {array.size} places"
        raise Misused(
            f"{what} is NaN or infinite in {places}; x and all parameters are drawn from a normal distribution"
        )
