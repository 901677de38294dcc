"""What update rules are given: parameters and gradients, in a layer of the file, a stand-in for one, or a model.

Axes: weights (D, H), biases (1, H), as the layer keeps them.
"""

import inspect
import re
from typing import Any

import numpy as np

from .arrays import Array, arrays, put
from .calling import Failure, attempt
from .layer import Layer, forward_arguments
from .networks import neurons
from .signatures import text_of

STEPS = 3


D, H = 5, 3


class Many(list):
    """A list that gives itself when called: `model.parameters` is an attribute to some, a method to others."""

    def __call__(self, *_: Any) -> "Many":
        """The same list."""
        return self


class Named(dict):
    """A dict that gives itself when called."""

    def __call__(self, *_: Any) -> "Named":
        """The same dict."""
        return self


class Model:
    """A stand-in for a network of two layers: it knows its layers, and hands on whatever else each of them has."""

    def __init__(self, parts: list[Any], layers: list[tuple[dict[str, Any], type]]) -> None:
        self._parts, self._paths = parts, [layers[0][0][key] for key in ("weights", "biases")] if layers else []
        self._gradients = _stored(layers[0][0]) if layers else []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if "layer" in name:
            return Many(self._parts)
        if all(hasattr(part, name) for part in self._parts):
            every = [getattr(part, name) for part in self._parts]
            if all(callable(one) for one in every):
                return lambda *given: Many(inner for one in every for inner in (one(*given) or ()))
            return Many(every)
        owners = [owner(part, path) for part in self._parts for path in self._paths if path]
        if "param" in name and all(one is not None for one in owners):
            return Many(owners)
        paths = self._gradients if "grad" in name else self._paths if "param" in name else []
        keys = {f"{key}{k}": (part, path) for k, part in enumerate(self._parts)
                for key, path in zip("Wb", paths, strict=False) if path in arrays(part)}  # fmt: skip
        if name.startswith("set") and keys:
            return lambda new: self._put(keys, new)
        if keys:
            return Named({key: arrays(part)[path] for key, (part, path) in keys.items()})
        raise AttributeError(f"a stand-in for a network has no {name}")

    @staticmethod
    def _put(keys: dict[str, tuple[Any, str]], new: dict[str, Array]) -> None:
        for key, value in new.items():
            put(*keys[key], value)


def owner(part: Any, path: str) -> Any:
    """The object that holds an array of a layer as its own: a parameter; None where the layer does so itself."""
    *way, _ = path.split(".")
    for name in way:
        part = vars(part).get(name)
    return part if way else None


class Holder:
    """A stand-in for a layer: attributes under every name that an optimizer may look for."""


def fitting(optimizer: type, layers: list[tuple[dict[str, Any], type]]) -> list[tuple[dict[str, Any], type]]:
    """The layers, those first that have the methods which an optimizer calls: it is made for such."""
    text = "".join(text_of(method) for method in vars(optimizer).values() if inspect.isfunction(method))
    called = set(re.findall(r"\b(?!self|np)\w+\.(\w+)\(", text))
    return sorted(layers, key=lambda one: sum(not hasattr(one[1], method) for method in called))


def gradients() -> list[tuple[Array, Array]]:
    """The gradients of each step: of the weights, of the biases; a few are 0."""
    rng = np.random.default_rng(23)
    made = []
    for _ in range(STEPS):
        dw, db = rng.standard_normal((D, H)), rng.standard_normal((1, H))
        dw[0], db[0, 0] = 0.0, 0.0
        made.append((dw, db))
    return made


def start() -> tuple[Array, Array]:
    """The parameters before the first step."""
    rng = np.random.default_rng(29)
    return rng.standard_normal((D, H)), rng.standard_normal((1, H))


def target_of(way: str, w: Array, b: Array, layers: list[tuple[dict[str, Any], type]]) -> tuple[Any, Any, Any]:
    """What is updated, how to read it, how to give it gradients."""
    if way == "arrays":
        twins: dict[str, Any] = {"w": {"value": w}, "b": {"value": b}}
        return twins, lambda: (twins["w"]["value"], twins["b"]["value"]), None
    if way == "model" and not layers:
        raise Failure(TypeError("no layer of the file is known"))
    if way in ("layer", "layers", "own parameters", "layer objects", "model") and layers:
        return _own_layer(*layers[0], w, b)
    if way in ("layer", "layers", "layer objects", "layer and gradient"):
        target: Any = Holder()
        target.weights, target.biases = w, b
        if way == "layer and gradient":
            target.bias = b
            return target, lambda: (target.weights, target.bias), None

        def write(dw: Array, db: Array) -> None:
            target.dweights, target.dbiases = dw.copy(), db.copy()

        return target, lambda: (target.weights, target.biases), write
    return None, lambda: (w, b), None


def _own_layer(layer: dict[str, Any], holder: type, w: Array, b: Array) -> tuple[Any, Any, Any]:
    """A layer of the same file, with its gradients where that layer keeps them."""
    lists = layer.get("of_lists", False)
    seen = Layer(neurons.gathered(holder) if lists else holder)
    seen.choice = layer["choice"]
    made = seen.fresh(D, H)
    if made is None or not layer["weights"] or "returned" in str(_stored(layer)):
        raise Failure(TypeError("the file's own layer keeps no gradients"))
    turn = layer["orientation"] == "out, in"
    if layer["weights"] not in arrays(made):
        raise Failure(TypeError("the file's own layer has no weights yet"))
    put(made, layer["weights"], w.T if turn else w)
    if layer["biases"]:
        put(made, layer["biases"], b)
    names_of = _stored(layer)
    method = getattr(made, layer["forward"]["name"])
    shape = (B0, D) if layer["layout"] == "rows" else (D, B0)
    grad = (B0, H) if layer["layout"] == "rows" else (H, B0)
    some: list[Any] = [np.ones(shape), np.ones(grad)]
    if lists:
        some = [one.tolist() if layer["layout"] == "rows" else [1.0] * one.shape[0] for one in some]
    try:  # so that the attributes exist
        attempt(method, **forward_arguments(method, some[0]))
        attempt(getattr(made, layer["backward"]["name"]), some[1])
    except (Failure, AttributeError, TypeError):
        pass
    put(made, layer["weights"], w.T if turn else w)
    if layer["biases"]:
        put(made, layer["biases"], b)

    def read() -> tuple[Array, Array]:
        found = arrays(made)
        weights = found[layer["weights"]]
        return weights.T if turn else weights, found[layer["biases"]].reshape(1, H) if layer["biases"] else b

    def write(dw: Array, db: Array) -> None:
        for path, value in zip(names_of, (dw.T if turn else dw, db), strict=False):
            if path:
                _store(made, path, value, arrays(made).get(path))

    return made, read, write


B0 = 2


def _stored(layer: dict[str, Any]) -> list[str]:
    """The paths of a layer's gradients."""
    for probe in layer["probes"]:
        if "dweights_name" in probe:
            return [probe["dweights_name"], probe.get("dbiases_name", "")]
    return []


def _store(made: Any, path: str, value: Array, old: Array | None) -> None:
    fresh = value.reshape(old.shape).copy() if old is not None and old.size == value.size else value.copy()
    *way, last = path.split(".")
    for part in way:
        made = (
            made[part] if isinstance(made, dict) else made[int(part)] if isinstance(made, list) else getattr(made, part)
        )
    if isinstance(made, dict):
        made[last] = fresh
    elif isinstance(made, list):
        made[int(last)] = fresh
    else:
        setattr(made, last, fresh)
