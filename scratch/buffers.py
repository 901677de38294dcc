"""Memory that is used again: what a layer filled in one step is the room for the same quantity of the next.

An array of 1500 x 128 float64 numbers is 1.5 MB. Asking the system for new ones in every step, and filling pages that
no cache holds yet, costs about as much time as the arithmetic; an epoch of the lecture's ANN III asks for twelve.
So whoever wants to keep a layer's `output`, `dinputs` or gradient beyond the next step copies it.
"""

from typing import Any

import numpy as np

Array = np.ndarray


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
