"""Free functions of one layer: `propagate(w, b, X, Y)`, logistic regression and its kin, by what they ask for.

No maker is needed: the weights lie in one of few ways, the bias is a number or a row. A function that asks for
weights, inputs and targets and for no rate gives gradients; one that gives something of the output's size goes forward.
Axes: D inputs, C outputs.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import names
from ..arrays import Array, tree
from ..calling import Failure
from ..signatures import parameters, required
from . import board as boards
from .bindings import guess
from .chain import Chain, nonzero
from .data import D, batch_for, data, lay
from .makers import returned_names
from .outcome import find_output

WEIGHT = re.compile(r"w|weights?|theta|thetas|coefs?|coefficients|wts?")
BIAS = re.compile(r"b|bias|biases|intercept|beta0")
IN_OUT, OUT_IN = "in, out", "out, in"
LIES = (((D, 1), IN_OUT), ((1, D), OUT_IN), ((D,), IN_OUT), ((D, 3), IN_OUT), ((3, D), OUT_IN))
Asked = tuple[str, str]  # what a function calls the weights, and the bias ("" where it asks for none)


def look_at(functions: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    """The trials of functions of one layer, and what goes forward and back; None where there are no gradients."""
    asking = {name: asked for name, function in functions.items() if (asked := _asked(function))}
    backward = [name for name in asking if "y" in meanings(functions[name]) and not rate_asked(functions[name])]
    for name in backward:
        forward = [other for other in asking if other not in backward and not rate_asked(functions[other])]
        trials = list(_trials(functions, asking, name, forward))
        if trials:
            gone = next((trial.pop("forward") for trial in trials if "forward" in trial), "")
            return trials, {"backward": name, **({"forward": gone} if gone else {})}
    return None


def rate_asked(function: Any) -> bool:
    """Whether a function asks for a rate: what it gives under the parameters' names are new parameters."""
    return any(names.plain(one.name) in names.RATE - {"a", "step"} for one in parameters(function))


def _asked(function: Any) -> Asked | None:
    """What a function calls its weights and its bias; None where it asks for no weights, for several, or no inputs."""
    asks = [one.name for one in required(function)]
    weights = [name for name in asks if WEIGHT.fullmatch(name.lower())]
    biases = [name for name in asks if BIAS.fullmatch(name.lower())]
    if len(weights) != 1 or len(biases) > 1 or "x" not in meanings(function):
        return None
    return weights[0], biases[0] if biases else ""


def goes_back_from_targets(holder: type) -> bool:
    """Whether a class's way back asks for inputs and targets: it is a whole network, be it of one layer."""
    return any({"x", "y"} <= set(meanings(getattr(holder, one))) for one in names.methods(holder, names.BACKWARD))


def meanings(function: Any) -> list[str]:
    """What a function's parameters are by their names, inputs (x) and targets (y) by a part of one too."""
    return [guess(one.name) or ("x" if boards.PART_OF_INPUTS.search(names.plain(one.name)) else
                                "y" if boards.PART_OF_TARGETS.search(names.plain(one.name)) else "")
            for one in required(function)]  # fmt: skip


def _trials(
    functions: dict[str, Any], asking: dict[str, Asked], backward: str, forward: list[str]
) -> Iterator[dict[str, Any]]:
    """A trial for every way in which weights, data and labels may lie and gradients come back."""
    for shape, orientation in LIES:
        c = 3 if 3 in shape else 1
        for labels in ("one-hot", "indices") if c == 3 else ("column", "vector"):
            for layout in ("rows", "columns"):
                x, y = data(batch_for(layout, c), D, c, labels)
                board = boards.Board(*lay(x, y, layout), len(x), layout=layout)
                chain, held = _layer(shape, orientation, c, bool(asking[backward][1]), layout)
                trial = {"inputs": x, "targets": y, "labels": labels, "layout": layout, "orientation": orientation,
                         "parameters": chain.values(held)}  # fmt: skip
                raw = {"w": held["w"].reshape(shape), "b": held["b"].item() if held["b"].size == 1 else held["b"]}
                for name in forward:
                    result = _called(functions[name], board, asking[name], raw)
                    output = find_output(result, {}, len(x), c, layout)
                    if output is not None and not set(np.unique(output)) <= {0.0, 1.0}:  # a class is no output
                        trial |= {"output": output, "forward": name}
                        break
                pool = _named(functions[backward], _called(functions[backward], board, asking[backward], raw))
                found = chain.gradients({p: a.reshape(held["w"].shape) if a.shape == shape else a
                                         for p, a in pool.items()})  # fmt: skip
                if found is not None and nonzero(found):
                    yield trial | {"gradients": found}


def _layer(shape: tuple[int, ...], orientation: str, c: int, biased: bool, layout: str) -> tuple[Chain, dict[str, Any]]:
    """One layer's weights as a matrix and its bias, with ordinary numbers in them."""
    rng = np.random.default_rng(37)
    wide = rng.standard_normal(shape).reshape(shape if len(shape) == 2 else (D, 1))
    bias = rng.standard_normal((c, 1) if layout == "columns" else (1, c))
    chain = Chain(["w"], ["b" if biased else None], orientation)
    chain.shapes = {"w": wide.shape, "b": bias.shape}
    return chain, {"w": wide, "b": bias}


def _called(function: Any, board: boards.Board, asked: Asked, raw: dict[str, Any]) -> Any:
    """What a function gives for these weights; nothing where it cannot be called so."""
    board.names = dict(zip(asked, (raw["w"], raw["b"]), strict=True))
    try:
        return boards.called(None, function, board)[0]
    except Failure:
        return None


def _named(function: Any, result: Any) -> dict[str, Array]:
    """The arrays in a result, under the names of its function's return statement where it has some."""
    told = returned_names(function)
    if isinstance(result, tuple) and len(told) == len(result) and all(told):
        result = dict(zip(told, result, strict=True))
    return {f"returned.{path}": np.asarray(array, float) for path, array in tree(result).items()}
