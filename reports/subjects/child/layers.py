"""Layers with weights: how they lie in memory, what they give, and where their gradients are.

Everything that leaves is laid out in one way, whatever theirs: inputs (B, D), weights (D, H), biases (1, H),
output (B, H), gradients likewise. Axes: B samples, D inputs, H outputs.
"""

import inspect
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from . import bias_row, loops, names
from .arrays import arrays, changed, copied, near, put
from .calling import Failure, attempt
from .layer import SHAPES, Layer, forward_arguments, lay_in, lay_out, output_of
from .layer_gradients import gradients_of
from .networks import neurons
from .networks.one_layer import goes_back_from_targets
from .signatures import nearest, parameters, required, where

MOST_WAYS = 40  # of building one layer
TEXTS: list[str] = []  # of the files that are looked at
LARGE = "large"  # net inputs, for a softmax inside
ENTRY = "one entry"  # of an upstream gradient is not 0, as behind a cross-entropy


def look_at(name: str, holder: type) -> dict[str, Any] | None:
    """Returns a layer with weights as plain data, or None when the class is none."""
    layer = Layer(holder)
    if not layer.forward or goes_back_from_targets(holder):
        return None
    made, rows = _first(layer)
    for other in _seen_otherwise(layer) if made is None else ():
        made, rows = _first(another := Layer(other))
        if made is not None:
            layer = another
            break
    if made is None:
        return _crashing(name, layer)
    if not layer.backward and not nearest(holder):  # a slip of the pen is told as one
        layer.backward = _goes_back(layer)
    probes = []
    for probe, (b, d, h) in SHAPES.items():
        if layer.layout in ("sample", "sample flat", "sample list") and probe != "one":
            continue
        if probe == "square" and (b != 5):
            continue
        probes.append({"probe": probe, **_probe(layer, b, d, h, probe)})
    if layer.layout.startswith("sample"):
        probes.append({"probe": ENTRY, **_probe(layer, *SHAPES["one"], ENTRY)})
    if _adds_up(probes[0].get("output")):
        probes.append({"probe": LARGE, **_probe(layer, *SHAPES[probes[0]["probe"]], LARGE)})
    probes = _alone(layer, [_as_told_apart(probes[0], probe) for probe in probes])
    backward = layer.backward[0] if layer.backward else ""
    return {
        "name": name,
        "role": "dense",
        "form": 5 if rows.get("returned") and not rows.get("stored") else 1,
        "orientation": layer.orientation,
        "of_lists": getattr(layer.holder, "of_lists", False),
        "choice": layer.choice,
        "layout": layer.layout.removesuffix(" list"),
        "weights": layer.weights,
        "biases": layer.biases or "",
        "forward": {"name": layer.forward[0], **where(getattr(holder, layer.forward[0]))},
        "backward": {"name": backward, **(where(getattr(holder, backward)) if backward else {})},
        "nearest": "" if backward else nearest(holder),
        "probes": probes,
        "penalised": _penalised(layer),
    }


def _goes_back(layer: Layer) -> list[str]:
    """A method under any name that takes one thing and, given a gradient, leaves gradients of the right shapes."""
    known = {*layer.forward, *names.methods(layer.holder, names.FORWARD)}
    for name, method in vars(layer.holder).items():
        asks = [one for one in required(method) if one.name != "self"] if inspect.isfunction(method) else []
        if name.startswith("_") or name in known or len(asks) != 1:
            continue
        layer.backward = [name]
        found = _probe(layer, *SHAPES["batch"], "batch")
        if "error" not in found and "dinputs" in found and ("dweights" in found or "dbiases" in found):
            return [name]
    return []


def _seen_otherwise(layer: Layer) -> Iterator[type]:
    """The same class, its biases apart from its weights; the lists of numbers in its objects as arrays."""
    _, d, h = SHAPES["batch"]
    if apart := bias_row.split(layer, d, h):
        yield apart
    lists = neurons.gathered(layer.holder)
    made = Layer(lists).fresh(d, h)
    if made is not None and any(a.shape in ((d, h), (h, d)) for a in arrays(made).values()):
        yield lists


def _adds_up(output: Any) -> bool:
    """Whether the rows of an output are probabilities: a softmax made them."""
    if not isinstance(output, np.ndarray) or output.ndim == 0 or output.shape[-1] == 1:
        return False
    sums = np.atleast_1d(output.sum(axis=-1))
    return near(sums, np.ones(sums.shape))


def _as_told_apart(batch: dict[str, Any], probe: dict[str, Any]) -> dict[str, Any]:
    """A probe without a gradient that is none where shapes tell arrays apart: in a square layer all look alike."""
    if probe["probe"] != "square" or "error" in batch:
        return probe
    if "dinputs" not in batch:
        probe = {key: value for key, value in probe.items() if key != "dinputs"}
    if probe.get("dweights_name") in (None, batch.get("dweights_name")):
        return probe
    return {key: value for key, value in probe.items() if not key.startswith(("dweights", "dbiases"))}


def _crashing(name: str, layer: Layer) -> dict[str, Any] | None:
    """A layer with weights that raises whatever the layout of its inputs, as plain data; None where it is none such."""
    asks = [names.plain(one.name) for one in required(getattr(layer.holder, layer.forward[0])) if one.name != "self"]
    if layer.crash is None or len([ask for ask in asks if ask not in names.TRAINING]) != 1:
        return None
    sized = not any(names.plain(one.name) in ("w", "weights", "weight") for one in required(layer.holder))
    shapes = isinstance(layer.crash.error, ValueError) and re.search(r"align|matmul|broadcast", str(layer.crash))
    if not isinstance(layer.crash.error, (NameError, AttributeError)) and not (sized and shapes):
        return None  # what it raises by itself says that it wants other inputs
    place = {"name": layer.forward[0], **where(getattr(layer.holder, layer.forward[0]))}
    probe = {"probe": "batch", "stage": "forward", "error": str(layer.crash), "line": layer.crash.line}
    return {"name": name, "role": "dense", "form": 1, "orientation": layer.orientation, "layout": "rows", "choice": 0,
            "weights": layer.weights, "biases": layer.biases or "", "forward": place, "backward": {"name": ""},
            "nearest": "", "probes": [probe], "penalised": []}  # fmt: skip


def _alone(layer: Layer, probes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The probes, of one sample as a vector or a column where a batch goes forward but not back.

    Neither does it where the file trains on single samples, and the gradient of the biases is that of each sample.
    """
    batch, laid = probes[0], layer.layout
    biases, upstream = batch.get("dbiases"), batch.get("upstream")
    summed = biases is None or upstream is None or biases.shape not in (upstream.shape, upstream.shape[::-1])
    if not summed and any(map(loops.one_by_one, TEXTS)):
        batch = {**{key: batch[key] for key in ("probe", "inputs", "weights", "upstream")},
                 "stage": "backward", "error": "the gradient of the biases is not summed over it"}  # fmt: skip
    if batch.get("stage") != "backward":
        return probes
    for layout in {"rows": ("sample flat", "sample column"), "columns": ("sample column",)}.get(laid, ()):
        layer.layout = layout
        one = {"probe": "one", **_probe(layer, *SHAPES["one"], "one")}
        if "error" not in one and "dweights" in one:
            return [batch, one]
    layer.layout = laid
    return probes


def _first(layer: Layer) -> tuple[Any, dict[str, Any]]:
    """The first object whose forward gives (B, H) from (B, D), and whose backward takes (B, H) where one does so."""
    best: tuple[Any, dict[str, Any]] = None, {}
    for made, rows in islice(_forwards(layer), 12):
        if best[0] is None:
            best, kept = (made, rows), dict(vars(layer))
        batch = layer.layout in ("rows", "rows list", "columns")
        if batch and _probe(layer, *SHAPES["batch"], "batch").get("stage") != "backward":
            return made, rows
    if best[0] is not None:
        vars(layer).update(kept)
    return best


def _forwards(layer: Layer) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The objects whose forward gives (B, H) from (B, D); fixes layout and orientation for each."""
    b, d, h = SHAPES["batch"]
    for choice, made in enumerate(islice(layer.build(d, h), MOST_WAYS)):
        layer.choice = choice
        has_weights = layer.find_weights(made, d, h)
        layouts: dict[str, tuple[tuple[int, ...], list[tuple[int, ...]]]] = {
            "rows": ((b, d), [(b, h)]),
            "columns": ((d, b), [(h, b)]),
            "sample": ((1, d), [(1, h), (h,)]),
            "sample column": ((d, 1), [(h, 1)]),
            "sample flat": ((d,), [(h,), (1, h), (h, 1)]),
        }
        if getattr(layer.holder, "of_lists", False):
            layouts = {"rows list": layouts["rows"], "sample list": layouts["sample flat"], **layouts}
            del layouts["rows"], layouts["columns"]  # a product of lists and numbers may mean anything there
        for layout, (inputs, wanted) in layouts.items():
            x: Any = np.random.default_rng(1).standard_normal(inputs)
            x = x.tolist() if layout.endswith("list") else x
            for method in layer.forward[:3]:
                try:
                    fresh = layer.fresh(d, h)
                    before = copied(arrays(fresh))
                    result = attempt(getattr(fresh, method), **forward_arguments(getattr(fresh, method), x))
                except (Failure, AttributeError) as error:
                    told = isinstance(error, Failure) and not error.binding and has_weights
                    layer.crash = layer.crash or (error if told else None)  # type: ignore[assignment]
                    continue
                if not has_weights and not layer.find_weights(fresh, d, h):
                    continue
                output = output_of(result, changed(before, arrays(fresh)), wanted, x)
                if output is None:
                    continue
                layer.layout = layout
                layer.forward.remove(method)
                layer.forward.insert(0, method)
                layer.settle_on_what_matters(d, h, x)
                yield fresh, {"returned": result is not None, "stored": result is None}


def _probe(layer: Layer, b: int, d: int, h: int, probe: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """One fresh object, one forward, one backward: all arrays in our layout, or what was raised."""
    rng = np.random.default_rng([7, b, d, h])
    x, g = rng.standard_normal((b, d)), rng.standard_normal((b, h))
    w, bias = rng.standard_normal((d, h)), rng.standard_normal((1, h))
    if probe == "zeros":
        x[:2], g[:, 3] = 0.0, 0.0
    if probe == LARGE:
        x *= 1e4
    if probe == ENTRY:
        g[:, np.arange(h) != h // 2] = 0.0
    if more:
        w[0, 0] = 0.0
    made = layer.fresh(d, h, more)
    if made is None:
        return {"error": "it cannot be built in this shape", "stage": "build"}
    forward = getattr(made, layer.forward[0])
    if layer.weights not in arrays(made):  # some have weights from the first forward on
        try:
            attempt(forward, **forward_arguments(forward, lay_in(x, layer.layout)))
            for history in (value for value in vars(made).values() if isinstance(value, list)):
                history.clear()
        except Failure as failure:
            return {"error": str(failure), "stage": "forward", "line": failure.line}
    try:
        put(made, layer.weights, w if layer.orientation == "in, out" else w.T)
        if layer.biases:
            put(made, layer.biases, bias)
    except (KeyError, ValueError, AttributeError, IndexError) as error:
        return {"error": f"its weights cannot be set: {error}", "stage": "build"}
    found: dict[str, Any] = {"inputs": x, "weights": w, "upstream": g, **({"biases": bias} if layer.biases else {})}
    before = copied(arrays(made))
    given = lay_in(x, layer.layout)
    kept = given.copy()
    try:
        result = attempt(forward, **forward_arguments(forward, given))
    except Failure as failure:
        return found | {"error": str(failure), "stage": "forward", "line": failure.line}
    wanted = [np.shape(lay_in(g, layer.layout)), *([(h,), (1, h), (h, 1)] if b == 1 else [])]
    output = output_of(result, changed(before, arrays(made)), wanted, given)
    if output is not None:
        found["output"] = np.array(lay_out(output, layer.layout, h))
    if not np.array_equal(given, kept):
        found["forward_changes_inputs"] = True
    if layer.backward:
        found |= gradients_of(layer, made, x, g, (b, d, h), result, None if output is None else output.shape)
    return found


STRENGTHS = {"weight_l1": r"w\w*l1|l1_?w|lambda_?l1_?w", "weight_l2": r"w\w*l2|l2_?w", "bias_l1": r"b\w*l1|l1_?b",
             "bias_l2": r"b\w*l2|l2_?b"}  # fmt: skip


def _penalised(layer: Layer) -> list[dict[str, Any]]:
    """The same layer with L1 and L2 strengths, where its constructor knows them."""
    probes = []
    for setting, pattern in STRENGTHS.items():
        fits = [one.name for one in parameters(layer.holder) if re.search(pattern, one.name, re.IGNORECASE)]
        if fits and layer.layout == "rows":
            b, d, h = SHAPES["batch"]
            probes.append({"setting": setting, "strength": 0.125,
                           **_probe(layer, b, d, h, "batch", {names.plain(fits[0]): 0.125})})  # fmt: skip
    return probes
