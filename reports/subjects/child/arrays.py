"""The arrays that an object holds, by path; shapes tell their roles.

Axes: B samples of a batch, D inputs, H outputs, chosen as different primes so that a shape has one meaning.
"""

import types
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
DEEPEST = 4
MOST = 400  # arrays of one object
NEAR = 1e-4  # what only proposes a kind: calibrated.PROPOSED with its measurement, which this process cannot import


def is_numeric(value: Any) -> bool:
    """Whether a value is an array of numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"


def near(a: Array, b: Any) -> bool:
    """Whether numbers come near enough to others to propose what they are; bounds decide later, in the parent."""
    scale = float(np.abs(b).max(initial=0.0))
    return np.shape(a) == np.shape(b) and bool(np.isfinite(a).all() and np.abs(a - b).max(initial=0.0) <= NEAR * scale)


def numeric(value: Any) -> Array | None:
    """The value as an array of numbers, or None: lists of numbers count, lists of arrays do not."""
    if isinstance(value, np.ndarray):
        return np.array(value) if value.dtype.kind in "fiub" else None
    if isinstance(value, (int, float, np.generic)) and not isinstance(value, bool):
        return np.asarray(value)
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, (int, float, np.generic, list)) for v in value):
        try:
            array = np.asarray(value, dtype=float)
        except (ValueError, TypeError):
            return None
        return array if array.dtype.kind in "fiub" else None
    return None


def arrays(
    value: Any, depth: int = 0, path: str = "", seen: set[int] | None = None, told: bool = True
) -> dict[str, Array]:
    """Returns every array inside an object, by its path: attributes, items of lists and dicts, inner objects.

    An object whose class we have given a way to say what it holds is asked, where it may tell.
    """
    if told and depth == 0 and (tell := getattr(type(value), "__parity_arrays__", None)):
        return dict(tell(value))
    seen = set() if seen is None else seen
    if is_numeric(value):
        return {path: value}
    if depth > DEEPEST or id(value) in seen or isinstance(value, (str, bytes, type, types.ModuleType)):
        return {}
    if callable(value) and not hasattr(value, "__dict__"):
        return {}
    if isinstance(value, types.MethodType) or (isinstance(value, types.FunctionType) and not value.__closure__):
        return {}
    shared = isinstance(value, types.FunctionType)  # two functions may close over one array
    seen.add(id(value))
    found: dict[str, Array] = {}
    for name, inner in children(value):
        if isinstance(inner, (int, float, bool, str, type(None))) or (shared and id(inner) in seen):
            continue
        if shared:
            seen.add(id(inner)) if is_numeric(inner) else None
        found.update(arrays(inner, depth + 1, f"{path}.{name}" if path else str(name), seen))
        if len(found) > MOST:
            break
    return found


def children(value: Any) -> list[tuple[Any, Any]]:
    """The parts of an object with their names."""
    if isinstance(value, dict):
        return [(key, inner) for key, inner in list(value.items())[:200] if isinstance(key, (str, int))]
    if isinstance(value, (list, tuple)):
        numbers = numeric(value) if value and isinstance(value[0], (int, float)) else None
        return [] if numbers is not None else list(enumerate(value[:200]))
    if isinstance(value, types.FunctionType):
        return [(name, cell.cell_contents) for name, cell in _cells(value).items()]
    if hasattr(value, "__dict__"):
        return list(vars(value).items())
    slots = [s for kind in type(value).__mro__ for s in getattr(kind, "__slots__", ()) if isinstance(s, str)]
    return [(slot, getattr(value, slot)) for slot in slots if hasattr(value, slot)]


def _cells(function: types.FunctionType) -> dict[str, types.CellType]:
    """What a function closes over, by name, as far as it has been made."""
    names = function.__code__.co_freevars
    return {
        name: cell for name, cell in zip(names, function.__closure__ or (), strict=True) if cell != types.CellType()
    }


def copied(found: dict[str, Array]) -> dict[str, Array]:
    """Copies, so that what happens next does not change them."""
    return {path: array.copy() for path, array in found.items()}


def changed(before: dict[str, Array], after: dict[str, Array]) -> dict[str, Array]:
    """Those of `after` that are new or other than before."""
    return {
        path: array
        for path, array in after.items()
        if path not in before or before[path].shape != array.shape or before[path].tobytes() != array.tobytes()
    }


def put(owner: Any, path: str, value: Array, told: bool = True) -> None:
    """Writes an array into an object at a path: in place where it can, else as a new array."""
    if told and (take := getattr(type(owner), "__parity_put__", None)):
        take(owner, path, value)
        return
    old = arrays(owner, told=False)[path]
    if old.dtype == np.float64 and old.flags.writeable:
        old[...] = value.reshape(old.shape)
        return
    *way, last = path.split(".")
    for name in way:
        owner = _inner(owner, name)
    fresh = np.array(value, dtype=float).reshape(old.shape)
    if isinstance(owner, dict):
        owner[last if last in owner else int(last)] = fresh
    elif isinstance(owner, list):
        owner[int(last)] = fresh
    elif isinstance(owner, types.FunctionType):
        _cells(owner)[last].cell_contents = fresh
    else:
        setattr(owner, last, fresh)


def _inner(owner: Any, name: str) -> Any:
    if isinstance(owner, dict):
        return owner[name] if name in owner else owner[int(name)]
    if isinstance(owner, types.FunctionType):
        return _cells(owner)[name].cell_contents
    return owner[int(name)] if isinstance(owner, (list, tuple)) else getattr(owner, name)


def best(candidates: dict[str, Array], wanted: Callable[[str], float]) -> str | None:
    """The path with the highest rank; None where there is none."""
    return max(candidates, key=lambda path: (wanted(path), path), default=None)


def tree(value: Any, depth: int = 0) -> dict[str, Array]:
    """Arrays among returned values: a tuple, dict or list, by position or key; numbers too."""
    one = numeric(value)
    if one is not None:
        return {"": one}
    if isinstance(value, (tuple, list, dict)) and depth < 3:
        found = {}
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            for path, array in tree(inner, depth + 1).items():
                found[f"{key}.{path}" if path else str(key)] = array
        return found
    return arrays(value) if hasattr(value, "__dict__") and depth < 2 else {}
