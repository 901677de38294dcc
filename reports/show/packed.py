"""Columns of numbers and words -> compact text for a classic script, which `unpacked` in site.js reads.

A column is {"type", "data"}: little-endian numbers in base64, in the smallest type that holds them exactly (or to seven
digits, where that is enough), or {"words", "codes"}: the distinct values and a column of positions among them.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray
INTEGERS: dict[str, Any] = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "i16": np.int16, "i32": np.int32}
FEW = 8  # a column of numbers is kept as words where each occurs so often on average
Column = dict[str, Any]


def packed(values: Any, rough: bool = False) -> Column:
    """Returns a column as data for JSON; `rough` allows float32, about seven digits, where its range suffices."""
    array = values.to_numpy() if isinstance(values, pd.Series) else np.asarray(values)
    if array.dtype.kind not in "iufb":
        return _coded([str(value) for value in array])
    if array.dtype.kind in "iub":
        return _numbers(array)
    if array.size and len(np.unique(array)) * FEW <= array.size and np.isfinite(array).all():
        return _coded(array.tolist())
    with np.errstate(over="ignore", under="ignore"):
        single = array.astype(np.float32)
    exact = np.array_equal(single.astype(np.float64), array, equal_nan=True)
    small = np.abs(array[np.isfinite(array) & (array != 0)])
    info = np.finfo(np.float32)
    fits = not small.size or (small.min() >= info.tiny and small.max() <= info.max)
    return _encoded("f32", single) if exact or (rough and fits) else _encoded("f64", array.astype(np.float64))


def _coded(values: Sequence[Any]) -> Column:
    """Distinct values, and for each element the position of its value."""
    words = {value: position for position, value in enumerate(dict.fromkeys(values))}
    return {"words": list(words), "codes": _numbers(np.array([words[value] for value in values], np.int64))}


def _numbers(array: Array) -> Column:
    """Whole numbers in the smallest type."""
    low, top = int(array.min(initial=0)), int(array.max(initial=0))
    fitting = [name for name, kind in INTEGERS.items() if np.iinfo(kind).min <= low and top <= np.iinfo(kind).max]
    name = fitting[0] if fitting else "f64"
    return _encoded(name, array.astype(INTEGERS.get(name, np.float64)))


def _encoded(name: str, array: Array) -> Column:
    """An array's bytes, the lowest first, in base64."""
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return {"type": name, "data": base64.b64encode(data).decode()}


def script(name: str, data: Any) -> str:
    """Returns a classic script that sets `window.<name>` to JSON, deflated (a full report's is 15 MB) and in base64.

    No text in it can end the script or begin another.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f'window.{name} = "{base64.b64encode(zlib.compress(text.encode(), 9)).decode()}";\n'
