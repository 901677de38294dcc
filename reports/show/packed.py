"""Columns of numbers and words -> compact text for a classic script, which `unpacked` in site.js reads.

A column is {"type", "data"}: little-endian numbers in base64, in the smallest type that holds them exactly (or to
`ROUGH`, where a column says so), or {"words", "codes"}: the distinct values and a column of positions among them.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

Array = np.ndarray
INTEGERS: dict[str, Any] = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32}
FEW = 8  # a column of numbers is kept as words where each occurs so often on average
SAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
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
    """Whole numbers: in the smallest unsigned type; those with a sign as floats."""
    if array.size and array.min() < 0:
        return _encoded("f64", array.astype(np.float64))
    top = int(array.max(initial=0))
    name = next((name for name, kind in INTEGERS.items() if top <= np.iinfo(kind).max), "f64")
    return _encoded(name, array.astype(INTEGERS.get(name, np.float64)))


def _encoded(name: str, array: Array) -> Column:
    """An array's bytes, the lowest first, in base64."""
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return {"type": name, "data": base64.b64encode(data).decode()}


def script(name: str, data: Any) -> str:
    """Returns a classic script that sets `window.<name>`; no text in it can end the script or begin another."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"window.{name} = {''.join(SAFE.get(letter, letter) for letter in text)};\n"
