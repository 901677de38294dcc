"""Networks of Python lists: neurons that each hold their weights, matrices as lists of lists, seen as arrays.

What is seen is read anew each time and written back number by number; their lists, dicts and objects stay theirs.
"""

import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, arrays, put

BIAS = re.compile(r"bias|thresh|theta|^_*b_?0?$|umbral|sesgo|^w_?0$", re.IGNORECASE)
DEEPEST = 6
MOST = 4000  # objects and lists that are looked into


@dataclass
class Rows:
    """Numbers that belong together: the rows of a matrix, or a single one that is a vector."""

    read: Callable[[], Array]
    write: Callable[[Array], None]


def gathered(holder: type) -> type:
    """The same class whose objects say that the numbers in their lists and neurons are arrays."""
    return type(holder.__name__, (holder,), {
        "__parity_arrays__": _arrays, "__parity_put__": _put, "of_lists": True})  # fmt: skip


def _arrays(owner: Any) -> dict[str, Array]:
    return {path: rows.read() for path, rows in _walk(owner, "", 0, {})} | arrays(owner, told=False)


def _put(owner: Any, path: str, value: Array) -> None:
    own = dict(_walk(owner, "", 0, {}))
    if path in own:
        own[path].write(np.asarray(value, dtype=float))
    else:
        put(owner, path, value, told=False)


def _walk(value: Any, path: str, depth: int, seen: dict[int, Any]) -> Iterator[tuple[str, Rows]]:
    """Every matrix and vector of plain numbers below a value, by path; a star stands for the neurons of a layer."""
    if depth > DEEPEST or id(value) in seen or len(seen) > MOST:
        return
    if isinstance(value, (str, bytes, type, types.ModuleType, types.FunctionType, types.MethodType, np.ndarray)):
        return
    seen[id(value)] = value
    if isinstance(value, (list, tuple)):
        if isinstance(value, list) and _numbers(value):
            yield path, _vector(value)
            return
        if len({len(row) if _numbers(row) else 0 for row in value} - {0}) == 1 and all(_numbers(row) for row in value):
            yield path, _matrix(list(value))
            return
        yield from _of_neurons(value, path)
    for name, inner in _parts(value):
        if not isinstance(inner, (int, float, str, type(None))):
            yield from _walk(inner, f"{path}.{name}" if path else str(name), depth + 1, seen)


def _of_neurons(value: Any, path: str) -> Iterator[tuple[str, Rows]]:
    """Weights and biases of records of one kind that stand in a list: a matrix with a row for each, and a vector."""
    records = [_record(one) for one in value]
    if not records or any(record is None or set(record) != set(records[0] or {}) for record in records):
        return
    kept = [record for record in records if record is not None]
    for key in kept[0]:
        held = [record[key] for record in kept]
        if all(_numbers(row) for row in held) and len({len(row) for row in held}) == 1:
            yield f"{path}.*.{key}", _matrix(held)
        elif BIAS.search(str(key)) and all(_number(number) for number in held):
            yield f"{path}.*.{key}", _scalars(kept, key)


def _record(one: Any) -> dict[Any, Any] | None:
    """What a neuron holds, by name; None for what is none."""
    if isinstance(one, dict):
        return one
    plain = hasattr(one, "__dict__") and not isinstance(one, (type, types.ModuleType, types.FunctionType))
    return vars(one) if plain else None


def _parts(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, (list, tuple)):
        return list(enumerate(value))
    return [(key, inner) for key, inner in list((_record(value) or {}).items()) if isinstance(key, (str, int))]


def _number(value: Any) -> bool:
    return isinstance(value, (float, int, np.floating)) and not isinstance(value, bool)


def _numbers(row: Any) -> bool:
    """Whether a row is made of fractions: counts of neurons and labels are none."""
    if isinstance(row, np.ndarray):
        return row.ndim == 1 and row.dtype.kind == "f" and row.size > 0
    return isinstance(row, list) and bool(row) and all(map(_number, row)) and any(
        isinstance(number, (float, np.floating)) for number in row)  # fmt: skip


def _vector(row: list[Any]) -> Rows:
    def write(value: Array) -> None:
        row[:] = value.ravel().tolist()

    return Rows(lambda: np.array(row, dtype=float), write)


def _matrix(rows: list[Any]) -> Rows:
    def write(value: Array) -> None:
        for row, numbers in zip(rows, value, strict=True):
            row[:] = numbers if isinstance(row, np.ndarray) else numbers.tolist()

    return Rows(lambda: np.array([list(row) for row in rows], dtype=float), write)


def _scalars(records: list[dict[Any, Any]], key: Any) -> Rows:
    def write(value: Array) -> None:
        for record, number in zip(records, value.ravel().tolist(), strict=True):
            record[key] = number

    return Rows(lambda: np.array([record[key] for record in records], dtype=float), write)
