"""The gradients of a layer: found by name and shape among what its way back returns, stores, or moves.

Axes: B samples, D inputs, H outputs.
"""

import re
from typing import Any

import numpy as np

from . import bias_row, names
from .arrays import Array, arrays, changed, copied, tree
from .calling import Failure, attempt, attempt_turned, bound, twin
from .layer import DESCENT, DW, RATE, Layer, lay_in, lay_out
from .networks.words import CACHES
from .signatures import choices, parameters, required, text_of, where

DB = re.compile(
    r"(d(?:iff)?_?_?b|b.*grad|grad.*b|^b$|delta_?b|bias\w*_?(grad|deriv|delta)|nabla_?b|[._]b$)", re.IGNORECASE
)

DINPUTS = ("dinputs", "dx", "dinput", "dout", "da", "gradinput", "inputgrad", "dl", "delta", "dprev", "gradinputs")


def gradients_of(
    layer: Layer,
    made: Any,
    x: Array,
    g: Array,
    shape: tuple[int, int, int],
    result: Any = None,
    output: tuple[int, ...] | None = None,
) -> dict[str, Any]:
    """Goes back once; finds the gradients by name and shape among what is returned, stored, or moved.

    One sample's upstream gradient has the shape of its `output`; what a forward has returned behind its output is
    what a way back that asks for a cache is given.
    """
    b, d, h = shape
    function = getattr(made, layer.backward[0])
    before = copied(arrays(made))
    upstream = lay_in(g, layer.layout)
    if b == 1 and output is not None and isinstance(upstream, np.ndarray) and g.size == int(np.prod(output)):
        upstream = upstream.reshape(output)
    del layer.recorder.seen[:]
    below = lay_in(x, layer.layout)
    offers = [(names.UPSTREAM, upstream), (names.RATE, RATE), (names.TRAINING, True),
              ({"x", "inputs", "input", "aprev"}, below)]  # fmt: skip
    offers += _objects(layer, function)
    if isinstance(result, tuple) and len(result) > 1:
        offers.append((CACHES, result[1] if len(result) == 2 else result[1:]))
    try:
        given = bound(function, offers, [upstream, below, RATE], optional=False)
        words = {one.name: choices(where(function)["file"], one.name) for one in parameters(function)
                 if isinstance(one.default, str) and one.name not in given}  # fmt: skip
        result = [attempt_turned(function, given, upstream)] if not words else []
        for name, several_ways in words.items():  # one gradient for each word
            result += [{f"d{word}": attempt(function, **given, **{name: word})} for word in several_ways]
        result = result[0] if len(result) == 1 else result
    except Failure as failure:
        return {"error": str(failure), "stage": "backward", "line": failure.line}
    after = arrays(made)
    new, returned = changed(before, after), tree(result)
    returned = {path: bias_row.inputs_alone(layer.holder, a, d) for path, a in returned.items()}
    pool = {f"returned {p}".strip(): a for p, a in returned.items()} | new
    pool |= {f"recorded {k}": a for k, a in tree(layer.recorder.seen).items() if a.ndim}
    pool |= {p: a for p, a in after.items() if DW.search(p.split(".")[-1]) and p not in before}
    theirs = (layer.weights, layer.biases)
    found: dict[str, Any] = {}
    shape_w = (d, h) if layer.orientation == "in, out" else (h, d)
    tail = {p: p.split(".")[-1].split(" ")[-1] for p in pool}
    beside = f"{layer.weights.rpartition('.')[0]}.grad"  # of a parameter that keeps its own gradient
    dw = [p for p, a in pool.items() if (a.shape == shape_w or p == beside) and p not in theirs]
    dw.sort(
        key=lambda p: (p != beside, not DW.search(tail[p]), bool(is_db(p)), not p.startswith("returned"), p.count("."))
    )
    dx = [p for p, a in returned.items() if a.shape == np.shape(below)]
    dx.sort(key=lambda p: names.plain(p.split(".")[-1]) not in ("", *DINPUTS))
    named = [p for p in pool if names.plain(tail[p]) in DINPUTS and p not in theirs]
    dx_path = f"returned {dx[0]}".strip() if dx else next(iter(sorted(named, key=lambda p: DINPUTS.index(
        names.plain(tail[p])))), None)  # fmt: skip
    if dx_path is None and dw and b != h:
        left = [p for p, a in new.items() if a.shape == np.shape(below)]
        dx_path = left[0] if left else None
    if dx_path is not None:
        dw = [p for p in dw if p == beside or not np.array_equal(pool[p], pool[dx_path])]
        found["dinputs"] = np.array(lay_out(pool[dx_path], layer.layout, d))
    db = [p for p, a in pool.items() if p not in theirs and p != dx_path and p not in dw[:1]
          and (is_db(p) or (a.size == h and (p.startswith(("returned", "recorded")) or not dw)))]  # fmt: skip
    db = db or [p for p, a in new.items() if a.size == h and p not in (*theirs, dx_path, *dw[:1])]  # by its size alone
    db.sort(key=lambda p: (not is_db(p), pool[p].size != h, p.count(".")))
    if not dw:
        dw = [p for p in pool if p not in theirs and p != dx_path and re.search(r"d_?w", tail[p], re.IGNORECASE)]
    if dw:
        found["dweights"] = np.array(
            pool[dw[0]].T if layer.orientation == "out, in" and pool[dw[0]].ndim == 2 else pool[dw[0]]
        )
        found["dweights_name"] = dw[0]
    if db and layer.biases:
        found["dbiases"] = np.array(pool[db[0]])
        found["dbiases_name"] = db[0]
    if dw and found["dweights"].ndim == 3 and len(found["dweights"]) == b:  # one for each sample, kept apart
        found["dweights"] = found["dweights"].sum(axis=0)
        if "dbiases" in found and found["dbiases"].shape[0] == b:
            found["dbiases"] = found["dbiases"].sum(axis=0)
    if layer.weights in new:
        rate = _rate_of(function, made)
        if rate:
            moved = (before[layer.weights] - after[layer.weights]) / rate
            found.setdefault("dweights", moved if layer.orientation == "in, out" else moved.T)
            if layer.biases:
                found.setdefault("dbiases", (before[layer.biases] - after[layer.biases]) / rate)
            found["moved"] = rate
    if not np.array_equal(np.ravel(upstream), np.ravel(lay_in(g, layer.layout))):
        found["backward_changes_upstream"] = True
    return found


def _objects(layer: Layer, function: Any) -> list[tuple[set[str], Any]]:
    """What a function calls methods of that no array has: what records, or the file's own descent where it fits."""
    offers: list[tuple[set[str], Any]] = []
    for one in required(function):
        called = re.findall(rf"(?<![\w.]){one.name}\.(\w+)\(", text_of(function))
        if called and not any(hasattr(np.ndarray, method) for method in called):
            own = [made for made in DESCENT if all(hasattr(made, method) for method in called)]
            kept = all(hasattr(layer.recorder, method) for method in called)
            offers.append(({names.plain(one.name)}, layer.recorder if kept or not own else twin(own[0])))
    return offers


def is_db(path: str) -> bool:
    """Whether a path, or its last part, is called like a gradient of biases."""
    return bool(DB.search(path.split(".")[-1].split(" ")[-1]) or DB.search(path))


def _rate_of(function: Any, made: Any) -> float:
    """The learning rate that a backward used: the one that it was given, or the object's own."""
    if any(names.ranked(one.name, names.RATE) == 0 for one in parameters(function)):
        given = [one for one in required(function) if names.ranked(one.name, names.RATE) == 0]
        default = [one.default for one in parameters(function) if names.ranked(one.name, names.RATE) == 0]
        return RATE if given else float(default[0]) if isinstance(default[0], (int, float)) else 0.0
    own = [v for k, v in vars(made).items() if names.ranked(k, names.RATE) == 0 and isinstance(v, (int, float))]
    return float(own[0]) if own else 0.0
