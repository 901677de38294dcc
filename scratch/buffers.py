"""Memory that is used again: what a layer filled in one step is the room for the same quantity of the next.

An array of 1500 x 128 float64 numbers is 1.5 MB. Asking the system for new ones in every step, and filling pages that
no cache holds yet, costs about as much time as the arithmetic; an epoch of the lecture's ANN III asks for twelve.
So whoever wants to keep a layer's `output`, `dinputs` or gradient beyond the next step copies it.

Axes: N samples, H neurons.
"""

from typing import Any

import numpy as np

Array = np.ndarray
BITS = {4: np.int32, 8: np.int64}  # the integer as wide as a float of so many bytes


def room(owner: Any, name: str, shape: tuple[int, ...], *given: Array, dtype: Any = None) -> Array:
    """Returns the array that stands under `name` on `owner`, to be filled anew; its dtype is that of the first `given`.

    A new one is made at first use, for another shape or dtype, and where the old one is (part of) something `given`:
    whoever passes a layer's own values back to it keeps them.
    """
    dtype = dtype or given[0].dtype
    array: Any = getattr(owner, name, None)
    fits = type(array) is np.ndarray and array.shape == shape and array.dtype == dtype and array.flags.c_contiguous
    if not fits or any(np.may_share_memory(array, other) for other in given):
        array = np.empty(shape, dtype)
        setattr(owner, name, array)
    return array


def copied(owner: Any, name: str, source: Array, *given: Array) -> Array:
    """Returns a copy of `source` in the room that `owner` has under this name, row by row."""
    array = room(owner, name, source.shape, source, *given)
    np.copyto(array, source)
    return array


def keep_where(mask: Array, values: Array, out: Array) -> Array:
    """Returns `out`, filled with `values` where `mask` holds, and with 0 elsewhere: (N, H) each.

    Multiplies the numbers' bit patterns by 1 or 0, as integers: NaN and infinity pass or vanish as any other number.
    np.where would branch at each number: where signs are random the processor guesses half of them wrong, and takes
    up to nine times as long.
    """
    bits = BITS[values.itemsize]
    np.multiply(values.view(bits), mask, out=out.view(bits))
    return out
