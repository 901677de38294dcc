"""Batch and layer normalisation: in training, backwards, what is kept for evaluation, and in evaluation.

Axes: B samples, H features; for images C channels, Y, X.
"""

import re
from typing import Any

import numpy as np

from . import driven, names
from .arrays import Array, arrays, copied, put
from .calling import Failure

B, H = 7, 5
IMAGE = (4, 5, 3, 2)  # B, C, Y, X
FEATURES = {*names.N_IN, *names.N_OUT, "dim", "nfeatures", "numchannels", "channels", "size", "normalizedshape",
            "embeddim", "dmodel", "nchannels", "inchannels", "shape", "d", "c"}  # fmt: skip
SCALE = re.compile(r"gamma|scale|weight|(^|[._])[wg]$", re.IGNORECASE)
SHIFT = re.compile(r"beta|shift|bias|(^|[._])b$", re.IGNORECASE)
GRADIENT = re.compile(r"grad|(^|[._])d[._]?[a-z]|delta", re.IGNORECASE)
KEPT_MEAN = re.compile(r"(run|mov|ema|global|pop|test|avg|average).*(mean|mu)|mean.*(run|mov|ema)|^mu$", re.IGNORECASE)
KEPT_VARIANCE = re.compile(
    r"(run|mov|ema|global|pop|test|avg|average).*(var|std|sigma)|var.*(run|mov|ema)", re.IGNORECASE
)


def look_at(name: str, holder: type, kind: str) -> dict[str, Any] | None:
    """Returns a normalisation as plain data; None where it cannot be driven, and then why is unknown."""
    error = ""
    for shape, last in (((B, H), False), (IMAGE, False), (IMAGE, True)):
        features = shape[1]
        for method in names.methods(holder, names.FORWARD)[:3]:
            for size in (features, shape[1:]) if not last else (features, (*shape[2:], features)):
                offers = [(FEATURES, size)]
                arrays_given = [np.ones(size), np.zeros(size)]  # gamma and beta
                for made in driven.built(holder, offers, [[size], [], arrays_given], shape[1:]):
                    try:
                        return _driven(name, holder, kind, made, method, shape, last)
                    except Failure as failure:
                        error = error or str(failure)
    return {"name": name, "role": "unknown", "kind": kind, "form": 1, "error": error} if error else None


def _driven(
    name: str, holder: type, kind: str, made: Any, method: str, shape: tuple[int, ...], last: bool
) -> dict[str, Any]:
    """All that is asked of one object; with `last`, its channels are the last axis."""

    def to(a: Array) -> Array:
        return a.transpose(0, 2, 3, 1).copy() if last else a.copy()

    def fro(a: Array) -> Array:
        return a.transpose(0, 3, 1, 2) if last and a.ndim == 4 else a

    def forward(a: Array, training: bool = True) -> Array:
        return fro(driven.forward(made, method, to(a), [to(a).shape], training))

    rng = np.random.default_rng(37)
    x, g, y = rng.standard_normal(shape) * 2 + 1, rng.standard_normal(shape), rng.standard_normal(shape) * 3
    gamma, beta = rng.uniform(0.5, 2, shape[1]), rng.standard_normal(shape[1])
    if not _parameters(made, shape[1])[0]:  # some have theirs from the first forward on
        forward(x)
    gain, shift = _parameters(made, shape[1])
    if len(shape) == 4 and not last and not (gain or shift) and any(_parameters(made, shape[-1])):
        raise Failure(ValueError("its channels are the last axis"))
    values = arrays(made)
    for path, value in ((gain, gamma), (shift, beta)):
        if path:
            put(made, path, value.reshape(values[path].shape))
    before = _kept(made, shape[1])
    output = forward(x)
    found: dict[str, Any] = {"inputs": x, "upstream": g, "gamma": gamma if gain else np.ones(shape[1]),
                             "beta": beta if shift else np.zeros(shape[1]), "output": output,
                             "kept_before": before, "kept": _kept(made, shape[1])}  # fmt: skip
    numbers = {k: v for k, v in vars(made).items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
    found["settings"] = {names.plain(k): float(v) for k, v in numbers.items()}
    backwards = names.methods(holder, names.BACKWARD)
    if backwards:
        try:
            back, pool = driven.backward(made, backwards[0], to(g), to(x))
        except Failure as failure:
            found["error"] = str(failure)
        else:
            sized = {p: a for p, a in pool.items() if a.size == shape[1] and p not in (gain, shift)}
            for key, pattern in (("dgamma", SCALE), ("dbeta", SHIFT)):
                named = [p for p in sized if pattern.search(p) and GRADIENT.search(p)] or [
                    p for p in sized if pattern.search(p)
                ]
                if named:
                    found[key] = np.array(sized[named[0]], dtype=float).reshape(-1)
            returned = [p for p in sized if p.startswith("returned")]
            if len(returned) == 2 and "dgamma" not in found:  # dx, dgamma, dbeta by position
                found["dgamma"], found["dbeta"] = (np.array(sized[p], dtype=float).reshape(-1) for p in returned)
            if back is not None:
                found["dinputs"] = fro(back)
    if driven.knows_mode(made):
        try:
            found["later"], found["evaluated"] = y, forward(y, training=False)
        except Failure as failure:
            found["evaluation_error"] = str(failure)
    return {"name": name, "role": "normalisation", "kind": kind, "form": 1, "forward": driven.place(holder, [method]),
            "backward": driven.place(holder, backwards), **found}  # fmt: skip


def _parameters(made: Any, features: int) -> tuple[str, str]:
    """Where gamma and beta are; empty for one that is not there."""
    have = [p for p, a in arrays(made).items() if a.size == features and not GRADIENT.search(p)]
    have = [p for p in have if not KEPT_MEAN.search(p) and not KEPT_VARIANCE.search(p)]
    return next((p for p in have if SCALE.search(p)), ""), next((p for p in have if SHIFT.search(p)), "")


def _kept(made: Any, features: int) -> dict[str, Array]:
    """Running mean and variance, as far as they are there."""
    have = {p: a for p, a in copied(arrays(made)).items() if a.size == features}
    found = {}
    for key, pattern in (("mean", KEPT_MEAN), ("variance", KEPT_VARIANCE)):
        named = [p for p in have if pattern.search(p.split(".")[-1])]
        if named:
            found[key] = np.array(have[named[0]], dtype=float).reshape(-1)
    return found
