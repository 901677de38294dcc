"""The questions asked of every array at the door, and the errors that teach.

Each message names the layer, says what came and what was wanted, and guesses what probably
happened: understanding error messages is one of the lecture's two goals.

Axes: N samples, D features, C classes.
"""

import numbers
from inspect import signature
from typing import Any

import numpy as np

Array = np.ndarray
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def float_dtype(name: str, dtype: Any) -> np.dtype:
    """Returns the dtype of a layer's parameters, or raises TypeError unless it is float32 or float64."""
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = None
    if wanted is None or wanted not in FLOATS:  # to NumPy None is float64
        raise TypeError(
            f"{name} computes in float32 or float64 but got dtype {dtype if wanted is None else wanted}: "
            f"float16 keeps 3 digits, integers and objects have no gradient; use np.float64"
        )
    return wanted


def generator(name: str, rng: Any) -> np.random.Generator:
    """Returns a random generator, a fresh one for None, or raises TypeError for anything else."""
    if rng is None:
        return np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{name} takes a random generator as rng but got {rng!r}: use np.random.default_rng(0), say")
    return rng


def whole_number(name: str, setting: str, value: Any, least: int) -> int:
    """Returns a count, or raises when it is no whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} takes a whole number as {setting} but got {value!r}")
    if value < least:
        raise ValueError(f"{name} takes {setting} of at least {least} but got {value}")
    return int(value)


def non_negative(name: str, setting: str, value: Any, below: float = np.inf) -> float:
    """Returns a rate or strength, or raises when it is no number in [0, below)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} takes a number as {setting} but got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = np.inf
    if not 0 <= number < below:
        limit = "finite and at least 0" if below == np.inf else f"at least 0 and below {below:g}"
        raise ValueError(f"{name} takes {setting} {limit} but got {value}")
    return number


def plain_array(name: str, what: str, came: Any) -> None:
    """Raises TypeError unless `came` is a plain ndarray: a list, a matrix or a masked array computes otherwise."""
    if type(came) is not np.ndarray:
        raise TypeError(f"{name} takes {what} as a NumPy array but got {type(came).__name__}: use np.asarray")


def parameters(name: str, weights: Any, biases: Any, sizes: tuple[int, int]) -> None:
    """Raises unless weights (D, H) and biases (1, H) are plain float arrays of one dtype: a user may have set them."""
    for what, came, wanted in (("weights", weights, sizes), ("biases", biases, (1, sizes[1]))):
        plain_array(name, what, came)
        if came.shape != wanted:
            raise ValueError(f"{name} takes {what} {wanted} but got {came.shape}: use {what}.reshape{wanted}, or .T")
        if came.dtype not in FLOATS or came.dtype != weights.dtype:
            raise TypeError(_dtype_message(name, what, came.dtype, weights.dtype if weights.dtype in FLOATS else None))


def loss(came: Any) -> None:
    """Raises TypeError unless `came` is a loss object: forward(inputs, labels), and backward()."""
    if isinstance(came, type) or not hasattr(came, "forward") or len(signature(came.forward).parameters) != 2:
        raise TypeError(f"a network takes a loss object as loss but got {came!r}: use SoftmaxCrossEntropy(), say")


def layer(name: str, came: Any) -> None:
    """Raises TypeError unless `came` is a layer object: forward(inputs), and backward(dvalues), which a loss lacks."""
    if isinstance(came, type):
        raise TypeError(f"{name} takes a layer object but got the class {came.__name__}: use {came.__name__}(...)")
    if not hasattr(came, "forward") or not hasattr(came, "backward"):
        raise TypeError(f"{name} takes a layer object but got {came!r}: a layer has forward and backward")
    if not signature(came.backward).parameters:
        raise TypeError(
            f"{name} takes a layer object but got {type(came).__name__}: pass a loss as Network(..., loss=)"
        )


def matrix(name: str, what: str, array: Any, columns: int | None = None, dtype: Any = None) -> None:
    """Raises unless `array` is an ndarray (N, columns) of floats in the wanted dtype, N at least 1."""
    wanted = f"(N, {columns})" if columns else "(N, D)"
    if type(array) is not np.ndarray:
        raise TypeError(f"{name} takes {what} {wanted} as a NumPy array but got {type(array).__name__}: use np.asarray")
    if array.ndim != 2 or (columns and array.shape[1] != columns):
        hint = _shape_hint(what, array, columns)
        raise ValueError(f"{name} takes {what} {wanted} but got {array.shape}: {hint}")
    if array.shape[1] == 0:
        raise ValueError(f"{name} takes {what} {wanted} with at least one column but got {array.shape}")
    if len(array) == 0:
        raise ValueError(
            f"{name} takes {what} {wanted} with at least one sample but got {array.shape}: the batch is empty"
        )
    if array.dtype not in FLOATS or (dtype and array.dtype != dtype):
        raise TypeError(_dtype_message(name, what, array.dtype, dtype))


def same_shape(name: str, what: str, array: Any, like: Array) -> None:
    """Raises unless `array` has the shape and dtype of `like`, which `name` computed before."""
    plain_array(name, what, array)
    if array.shape != like.shape:
        raise ValueError(
            f"{name} takes {what} {like.shape}, the shape of its last output, but got {array.shape}: "
            f"was forward called with another batch, or the gradient of another layer passed?"
        )
    if array.dtype != like.dtype:
        raise TypeError(_dtype_message(name, what, array.dtype, like.dtype))


def finite(name: str, what: str, array: Array) -> None:
    """Raises ValueError that names the first NaN or infinite entry of `array`, if there is one."""
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(
            f"{name} takes finite {what} but got {array[row, column]} at [{row}, {column}]: "
            f"every later number would be NaN; look at the data, or lower the learning rate"
        )


def probabilities(name: str, array: Array) -> None:
    """Raises ValueError unless every value lies in [0, 1]; NaN does not."""
    if not (array.min() >= 0 and array.max() <= 1):
        row, column = np.argwhere(~((array >= 0) & (array <= 1)))[0]
        raise ValueError(
            f"{name} takes probabilities in [0, 1] but got {array[row, column]} at [{row}, {column}]: "
            f"end the network with Softmax, or use SoftmaxCrossEntropy on its plain outputs"
        )


def ran_forward(name: str, layer: Any, attribute: str = "output") -> None:
    """Raises when backward is called on a layer that has not seen a forward pass."""
    if not hasattr(layer, attribute):
        raise RuntimeError(f"{name}: backward was called before forward, so there are no inputs to go back to")


def targets(name: str, inputs: Array, wanted: Any) -> None:
    """Raises unless regression targets have the shape and dtype of the predictions."""
    plain_array(name, "targets", wanted)
    if wanted.shape != inputs.shape:
        hint = "one value per sample and output is wanted"
        if wanted.size == inputs.size:
            hint = f"a difference of the two would broadcast; use targets.reshape{inputs.shape}"
        raise ValueError(f"{name} takes targets {inputs.shape}, as the predictions, but got {wanted.shape}: {hint}")
    if wanted.dtype != inputs.dtype:
        raise TypeError(_dtype_message(name, "targets", wanted.dtype, inputs.dtype))
    finite(name, "targets", wanted)


def class_labels(name: str, labels: Any, samples: int, classes: int) -> Array:
    """Returns labels as class indices (N,), from indices (N,) or one-hot rows (N, C); raises otherwise."""
    plain_array(name, "labels", labels)
    if labels.ndim == 2 and labels.shape == (samples, classes):
        return _from_one_hot(name, labels)
    if labels.shape != (samples,):
        hint = "one label per sample is wanted"
        if labels.shape == (samples, 1):
            hint = "a column is not one-hot; use labels.ravel()"
        raise ValueError(
            f"{name} takes labels ({samples},) or one-hot ({samples}, {classes}) but got {labels.shape}: {hint}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{name} takes class indices as integers but got {labels.dtype}: use labels.astype(np.int64)")
    if labels.min() < 0 or labels.max() >= classes:
        worst = int(np.argmax((labels < 0) | (labels >= classes)))
        raise ValueError(
            f"{name} takes labels 0 to {classes - 1} for {classes} classes but got {labels[worst]} at sample {worst}: "
            f"do the labels count from 1, or has the last layer too few neurons?"
        )
    return labels


def _from_one_hot(name: str, labels: Array) -> Array:
    """Returns the index of the 1 in each one-hot row; soft labels are refused, not rounded."""
    if labels.dtype.kind not in "iuf":
        raise TypeError(f"{name} takes one-hot labels as numbers but got {labels.dtype}")
    ones = labels == 1
    bad = np.flatnonzero((ones.sum(axis=1) != 1) | ((labels != 0) & ~ones).any(axis=1))
    if bad.size:
        raise ValueError(
            f"{name} takes one-hot rows (a single 1, else 0) but got {labels[bad[0]]} at sample {bad[0]}: "
            f"soft labels have another gradient, so they are refused rather than rounded"
        )
    return ones.argmax(axis=1)


def _shape_hint(what: str, array: Array, columns: int | None) -> str:
    """Says what probably happened when an array has the wrong shape."""
    if array.ndim == 1:
        return f"for one sample use {what}.reshape(1, -1), for one feature {what}.reshape(-1, 1)"
    if array.ndim > 2:
        return f"{array.ndim} axes came and 2 are wanted; use {what}.reshape({len(array)}, -1)"
    if array.ndim == 0:
        return "a single number came; two axes are wanted, samples and features"
    if columns and array.shape[0] == columns:
        return f"samples are rows and features are columns; was it transposed? Use {what}.T"
    return "was an activation's input passed instead of its output?"


def _dtype_message(name: str, what: str, came: np.dtype, wanted: Any) -> str:
    """Says which dtype came, which was wanted, and how to convert."""
    target = np.dtype(wanted or np.float64)
    if came in FLOATS:
        why = "a mix would be computed in float64 on one path and in float32 on another"
    else:
        why = "gradients need float32 or float64"
    return f"{name} takes {what} as {target} but got {came}: {why}; use {what}.astype(np.{target})"
