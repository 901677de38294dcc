"""Gradients that are clipped, as they are before: whether a clip bites depends on the data, and none is a mistake.

A clip between -c and c lets its numbers pass while a network goes back, and says whether it would have changed some:
guards of an exponential do not bite for the numbers that are given here. What bites on the way forward stays.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

bitten = [False]
_passes = [False]


def let_through() -> None:
    """Replaces NumPy's clip, in this process."""
    np.clip = _passing(np.clip)


@contextlib.contextmanager
def going_back() -> Iterator[None]:
    """Lets numbers pass, unless a clip has bitten since: it is then part of the network."""
    _passes[0], bitten[0] = not bitten[0], False
    try:
        yield
    finally:
        _passes[0] = False


def _passing(real: Callable[..., Any]) -> Callable[..., Any]:
    def clip(a: Any, *bounds: Any, out: Any = None, **more: Any) -> Any:
        low, high = (*bounds, None, None)[:2]
        low, high = more.get("a_min", more.get("min", low)), more.get("a_max", more.get("max", high))
        around_zero = np.ndim(low) == np.ndim(high) == 0 and low is not None and high is not None and low == -high < 0
        array = np.asarray(a)
        bitten[0] |= around_zero and bool(np.any(np.abs(array) > high))
        if not around_zero or not _passes[0]:
            return real(a, *bounds, out=out, **more)
        if out is None:
            return array.copy()
        out[...] = array
        return out

    return clip
