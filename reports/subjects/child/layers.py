"""Layers with weights: how they lie in memory, what they give, and where their gradients are.

Everything that leaves is laid out in one way, whatever theirs: inputs (B, D), weights (D, H), biases (1, H),
output (B, H), gradients likewise. Axes: B samples, D inputs, H outputs.
"""

import itertools
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from . import names
from .arrays import Array, arrays, changed, copied, put, tree
from .calling import (
    Failure,
    Recorder,
    attempt,
    attempt_turned,
    bound,
    choices,
    instances,
    nearest,
    parameters,
    remembers,
    required,
    text_of,
    twin,
    where,
)
from .networks.one_layer import goes_back_from_targets
from .networks.sizes import role
from .settled import OPTIMIZER, Initializer, initializers, settle, shapes_told

SHAPES = {"batch": (7, 5, 11), "one": (1, 5, 11), "square": (5, 5, 5), "zeros": (7, 5, 11)}  # B, D, H
MOST_WAYS = 40  # of building one layer
RATE = 0.0625  # a power of two, so that dividing a step by it is exact
WEIGHT = re.compile(r"(^|[._])(w|weights?|kernel|theta|coef|weight_?matrix)\d*$", re.IGNORECASE)
DW = re.compile(
    r"(d(?:iff)?_?_?w|w.*grad|grad.*w|^w$|delta_?w|weights?_?(grad|deriv|delta)|nabla_?w|[._]w$)", re.IGNORECASE
)
DB = re.compile(
    r"(d(?:iff)?_?_?b|b.*grad|grad.*b|^b$|delta_?b|bias\w*_?(grad|deriv|delta)|nabla_?b|[._]b$)", re.IGNORECASE
)
NO_WEIGHT = re.compile(r"grad|delta|momentum|cache|velocit|moment|nabla|(^|[._])d[._]?[wb]|input|output", re.IGNORECASE)
OUTPUTS = ("output", "outputs", "out", "z", "a", "y", "activation", "activations", "result")
DINPUTS = ("dinputs", "dx", "dinput", "dout", "da", "gradinput", "inputgrad", "dl", "delta", "dprev", "gradinputs")


def _one(z: Any) -> Any:
    return np.ones_like(z)


ACTIVATION_NAMES = {"activation", "activationfn", "actfn", "act", "activationfunction", "activator", "activationtype",
                    "activationname", "activationfunc", "actfunc", "nonlinearity"}  # fmt: skip
SPELT = ("relu", "sigmoid", "ReLU", "Sigmoid", "linear", "tanh")  # for those that take the name of one
DESCENT: list[Any] = []  # objects of the file's own that move parameters down their gradients
ACTIVATION: list[Any] = [None]  # what a layer gets that asks for an activation: one of the file's own


class Layer:
    """One class seen as a layer: how to build it, and which of its arrays is what."""

    def __init__(self, holder: type) -> None:
        self.holder = holder
        self.orientation = ""  # "in, out" or "out, in"
        self.layout = ""  # rows, columns or sample
        self.weights = ""
        self.biases: str | None = None
        self.choice = 0  # which of the ways to build it gives a layer that works
        self.recorder = Recorder()
        self.crash: Failure | None = None  # what its forward raised first, where it had weights
        self.forward = names.methods(holder, names.FORWARD)
        if "__call__" in self.forward and remembers(holder.__call__):  # it keeps what its backward needs
            self.forward.sort(key=lambda method: method != "__call__")
        self.backward = names.methods(holder, names.BACKWARD)

    def build(self, d: int, h: int, more: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yields objects with `d` inputs and `h` outputs, in every way that seems possible."""
        rng = np.random.default_rng(3)
        self.recorder = Recorder()
        asked = {names.plain(one.name) for one in required(self.holder)}
        slopes = {"a"} | {"alpha"} - asked  # (a, b) may be widths, alpha=0.01 a slope
        bias = {"b"} if asked & {"w", "weights", "weight"} else set()
        wanted = [one for one in parameters(self.holder) if names.plain(one.name) in ACTIVATION_NAMES and
                  (one.default is one.empty or one.kind is one.KEYWORD_ONLY)]  # fmt: skip
        for shape, activation in itertools.product(
            (d, (d,), (None, d)), (ACTIVATION[0], *SPELT) if wanted else (ACTIVATION[0],)
        ):
            for weights, biases in (((d, h), (h,)), ((d, h), (1, h)), ((h, d), (h, 1)), ((h, d), (1, h))):
                offers = [
                    (names.N_IN - {"inputs"} | {"inputs"}, shape),
                    (names.N_OUT, h),
                    ({"w", "weights", "weight"}, rng.standard_normal(weights)),
                    (bias | {"bias", "biases"}, rng.standard_normal(biases)),
                    (names.RATE - slopes, RATE),
                    (OPTIMIZER, self.recorder),
                    (ACTIVATION_NAMES, twin(activation)),  # a fresh one: it may remember what it was given
                    ({"activationprime", "activationderivative", "dactivation"}, _one),
                    *(({plain}, Initializer()) for plain in initializers(self.holder)),
                    *(({key}, value) for key, value in (more or {}).items()),
                ]
                for one in parameters(self.holder):
                    if names.ranked(one.name, names.N_IN, names.N_OUT) < 0 and (side := role(one.name)):
                        offers.append(({names.plain(one.name)}, shape if side == "in" else h))
                taken = [one for one in required(self.holder) if names.ranked(one.name, names.N_IN) == 0]
                queues: list[list[Any]] = (
                    [[h], [d, h], [h, d]] if taken else [[d, h], [h, d], [d, h, None], [d, h, None, None]]
                )
                for made in instances(self.holder, offers, queues):
                    self._set_up(made, d)
                    yield made
                if not any(names.plain(one.name) in ("w", "weights", "weight") for one in parameters(self.holder)):
                    break

    def _set_up(self, made: Any, d: int) -> None:
        """Calls what some layers want before they have weights."""
        if any(array.ndim == 2 for array in arrays(made).values()):
            return
        settle(made, shapes_told((d,)), self.recorder)

    def fresh(self, d: int, h: int, more: dict[str, Any] | None = None) -> Any:
        """A new object, built in the way that works; None where there is none."""
        return next(islice(self.build(d, h, more), self.choice, None), None)

    def find_weights(self, made: Any, d: int, h: int) -> bool:
        """Looks for the array of weights and the one of biases; says whether there are weights."""
        found = arrays(made)
        if several(found):
            return False
        both = {path: a for path, a in found.items() if a.shape in ((d, h), (h, d))}
        both = {path: a for path, a in both.items() if not NO_WEIGHT.search(path)} or both
        if not both:
            return False
        self.weights = max(
            both, key=lambda path: (bool(WEIGHT.search(path)), not DW.match(path.split(".")[-1]), -len(path))
        )
        self.orientation = "in, out" if found[self.weights].shape == (d, h) else "out, in"
        flat = {p: a for p, a in found.items() if a.size == h and p != self.weights and a.ndim <= 2}
        named = [p for p in flat if re.search(r"b(ias(es)?)?_?\d*$|w0", p, re.IGNORECASE)]
        self.biases = min(named or flat, key=lambda p: ("d" in p.lower().split("bias")[0], len(p)), default=None)
        return True

    def settle_on_what_matters(self, d: int, h: int, x: Array) -> None:
        """Where the array taken for weights, or biases, has no part in the output, takes one that has."""
        made = self.fresh(d, h)
        forward = getattr(made, self.forward[0])
        wanted = [(h,), (1, h), (h, 1), (len(x), h), (h, x.shape[-1])]

        def shown() -> Array | None:
            before = copied(arrays(made))
            result = attempt(forward, **_forward_arguments(forward, x.copy()))
            return _output(result, changed(before, arrays(made)), wanted, x)

        def matters(path: str) -> bool:
            first = shown()
            put(made, path, arrays(made)[path] + 1.0)
            second = shown()
            return first is not None and second is not None and not np.array_equal(first, second)

        try:
            shown()
            found = arrays(made)
            alike = [p for p, a in found.items() if a.shape in ((d, h), (h, d))]
            if len(alike) > 1 and not matters(self.weights):
                self.weights = next((p for p in alike if p != self.weights and matters(p)), self.weights)
                self.orientation = "in, out" if found[self.weights].shape == (d, h) else "out, in"
            alike = [p for p, a in found.items() if a.size == h and a.ndim <= 2 and p != self.weights]
            if self.biases in alike[:-1] + alike[1:] and not matters(str(self.biases)):
                self.biases = next((p for p in alike if p != self.biases and matters(p)), self.biases)
        except (Failure, ValueError, KeyError, AttributeError, IndexError):
            return


def look_at(name: str, holder: type) -> dict[str, Any] | None:
    """Returns a layer with weights as plain data, or None when the class is none."""
    layer = Layer(holder)
    if not layer.forward or goes_back_from_targets(holder):
        return None
    made, rows = _first(layer)
    if made is None:
        return _crashing(name, layer)
    probes = []
    for probe, (b, d, h) in SHAPES.items():
        if layer.layout in ("sample", "sample flat") and probe != "one":
            continue
        if probe == "square" and (b != 5):
            continue
        probes.append({"probe": probe, **_probe(layer, b, d, h, probe)})
    probes = _alone(layer, [_as_told_apart(probes[0], probe) for probe in probes])
    backward = layer.backward[0] if layer.backward else ""
    return {
        "name": name,
        "role": "dense",
        "form": 5 if rows.get("returned") and not rows.get("stored") else 1,
        "orientation": layer.orientation,
        "choice": layer.choice,
        "layout": layer.layout,
        "weights": layer.weights,
        "biases": layer.biases or "",
        "forward": {"name": layer.forward[0], **where(getattr(holder, layer.forward[0]))},
        "backward": {"name": backward, **(where(getattr(holder, backward)) if backward else {})},
        "nearest": "" if backward else nearest(holder),
        "probes": probes,
        "penalised": _penalised(layer),
    }


def _as_told_apart(batch: dict[str, Any], probe: dict[str, Any]) -> dict[str, Any]:
    """A probe without a gradient that is none where shapes tell arrays apart: in a square layer all look alike."""
    if probe["probe"] != "square" or "dweights_name" not in probe or "error" in batch:
        return probe
    if probe["dweights_name"] == batch.get("dweights_name"):
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
    """The probes, of one sample as a vector or a column where a batch goes forward but not back."""
    batch = probes[0]
    if layer.layout != "rows" or batch.get("stage") != "backward":
        return probes
    for layout in ("sample flat", "sample column"):
        layer.layout = layout
        one = {"probe": "one", **_probe(layer, *SHAPES["one"], "one")}
        if "error" not in one and "dweights" in one:
            return [batch, one]
    layer.layout = "rows"
    return probes


def _first(layer: Layer) -> tuple[Any, dict[str, Any]]:
    """The first object whose forward gives (B, H) from (B, D), and whose backward takes (B, H) where one does so."""
    best: tuple[Any, dict[str, Any]] = None, {}
    for made, rows in islice(_forwards(layer), 12):
        if best[0] is None:
            best, kept = (made, rows), dict(vars(layer))
        batch = layer.layout in ("rows", "columns")
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
        for layout, (inputs, wanted) in layouts.items():
            x = np.random.default_rng(1).standard_normal(inputs)
            for method in layer.forward[:3]:
                try:
                    fresh = layer.fresh(d, h)
                    before = copied(arrays(fresh))
                    result = attempt(getattr(fresh, method), **_forward_arguments(getattr(fresh, method), x))
                except (Failure, AttributeError) as error:
                    told = isinstance(error, Failure) and not error.binding and has_weights
                    layer.crash = layer.crash or (error if told else None)  # type: ignore[assignment]
                    continue
                if not has_weights and not layer.find_weights(fresh, d, h):
                    continue
                output = _output(result, changed(before, arrays(fresh)), wanted, x)
                if output is None:
                    continue
                layer.layout = layout
                layer.forward.remove(method)
                layer.forward.insert(0, method)
                layer.settle_on_what_matters(d, h, x)
                yield fresh, {"returned": result is not None, "stored": result is None}


def _forward_arguments(function: Any, x: Array) -> dict[str, Any]:
    """Inputs, and training=True, which some need to remember what goes back."""
    given = bound(function, [(names.INPUTS, x), (names.TRAINING, True)], [x, True], optional=False)
    flags = [one.name for one in parameters(function) if names.plain(one.name) in names.TRAINING - {"mode"}]
    return given | dict.fromkeys(flags, True)


def _output(result: Any, new: dict[str, Array], wanted: list[tuple[int, ...]], x: Array) -> Array | None:
    """What a forward gave: its return value, else the attribute that is called so, else the last that is new."""
    returned = {p: a for p, a in tree(result).items() if a.shape in wanted}
    if returned:
        return next(iter(returned.values()))
    kept = {p: a for p, a in new.items() if a.shape in wanted and not np.array_equal(a, x)}
    if not kept:
        return None
    named = [p for p in kept if names.plain(p.split(".")[-1]) in OUTPUTS]
    named.sort(key=lambda p: OUTPUTS.index(names.plain(p.split(".")[-1])))
    return kept[named[0] if named else list(kept)[-1]]


def lay_in(x: Array, layout: str) -> Array:
    """Rows (B, D) as their layout wants them."""
    if layout in ("columns", "sample column"):
        return x.T.copy()
    return x[0].copy() if layout == "sample flat" else x.copy()


def lay_out(x: Array, layout: str, width: int) -> Array:
    """What their layout gave, as rows (B, width); untouched where it has another shape."""
    if layout in ("columns", "sample column") and x.ndim == 2 and x.shape[0] == width:
        return x.T
    return x.reshape(1, width) if layout == "sample flat" and x.size == width else x


def _probe(layer: Layer, b: int, d: int, h: int, probe: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """One fresh object, one forward, one backward: all arrays in our layout, or what was raised."""
    rng = np.random.default_rng([7, b, d, h])
    x, g = rng.standard_normal((b, d)), rng.standard_normal((b, h))
    w, bias = rng.standard_normal((d, h)), rng.standard_normal((1, h))
    if probe == "zeros":
        x[:2], g[:, 3] = 0.0, 0.0
    if more:
        w[0, 0] = 0.0
    made = layer.fresh(d, h, more)
    if made is None:
        return {"error": "it cannot be built in this shape", "stage": "build"}
    forward = getattr(made, layer.forward[0])
    if layer.weights not in arrays(made):  # some have weights from the first forward on
        try:
            attempt(forward, **_forward_arguments(forward, lay_in(x, layer.layout)))
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
        result = attempt(forward, **_forward_arguments(forward, given))
    except Failure as failure:
        return found | {"error": str(failure), "stage": "forward", "line": failure.line}
    wanted = [lay_in(g, layer.layout).shape, (h,), (1, h), (h, 1)] if b == 1 else [lay_in(g, layer.layout).shape]
    output = _output(result, changed(before, arrays(made)), wanted, given)
    if output is not None:
        found["output"] = np.array(lay_out(output, layer.layout, h))
    if not np.array_equal(given, kept):
        found["forward_changes_inputs"] = True
    if layer.backward:
        found |= _backward(layer, made, x, g, (b, d, h))
    return found


def _backward(layer: Layer, made: Any, x: Array, g: Array, shape: tuple[int, int, int]) -> dict[str, Any]:
    """Goes back once; finds the gradients by name and shape among what is returned, stored, or moved."""
    b, d, h = shape
    function = getattr(made, layer.backward[0])
    before = copied(arrays(made))
    upstream = lay_in(g, layer.layout)
    del layer.recorder.seen[:]
    below = lay_in(x, layer.layout)
    offers = [(names.UPSTREAM, upstream), (names.RATE, RATE), (names.TRAINING, True),
              ({"x", "inputs", "input", "aprev"}, below)]  # fmt: skip
    offers += _objects(layer, function)
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
    pool = {f"returned {p}".strip(): a for p, a in returned.items()} | new
    pool |= {f"recorded {k}": np.asarray(a) for k, a in enumerate(layer.recorder.seen) if isinstance(a, np.ndarray)}
    pool |= {p: a for p, a in after.items() if DW.search(p.split(".")[-1]) and p not in before}
    theirs = (layer.weights, layer.biases)
    found: dict[str, Any] = {}
    shape_w = (d, h) if layer.orientation == "in, out" else (h, d)
    tail = {p: p.split(".")[-1].split(" ")[-1] for p in pool}
    beside = f"{layer.weights.rpartition('.')[0]}.grad"  # of a parameter that keeps its own gradient
    dw = [p for p, a in pool.items() if (a.shape == shape_w or p == beside) and p not in theirs]
    dw.sort(key=lambda p: (p != beside, not DW.search(tail[p]), bool(is_db(p)), not p.startswith("returned")))
    dx = [p for p, a in returned.items() if a.shape == lay_in(x, layer.layout).shape]
    dx.sort(key=lambda p: names.plain(p.split(".")[-1]) not in ("", *DINPUTS))
    named = [p for p in pool if names.plain(tail[p]) in DINPUTS and p not in theirs]
    dx_path = f"returned {dx[0]}".strip() if dx else next(iter(sorted(named, key=lambda p: DINPUTS.index(
        names.plain(tail[p])))), None)  # fmt: skip
    if dx_path is None and dw and b != h:
        left = [p for p, a in new.items() if a.shape == lay_in(x, layer.layout).shape]
        dx_path = left[0] if left else None
    if dx_path is not None:
        dw = [p for p in dw if p == beside or not np.array_equal(pool[p], pool[dx_path])]
        found["dinputs"] = np.array(lay_out(pool[dx_path], layer.layout, d))
    db = [p for p, a in pool.items() if p not in theirs and p != dx_path and p not in dw[:1]
          and (is_db(p) or (a.size == h and (p.startswith(("returned", "recorded")) or not dw)))]  # fmt: skip
    db = db or [p for p, a in new.items() if a.size == h and p not in (*theirs, dx_path, *dw[:1])]  # by its size alone
    db.sort(key=lambda p: (not is_db(p), pool[p].size != h))
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
    if not np.array_equal(upstream, lay_in(g, layer.layout)):
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


def several(found: dict[str, Array]) -> bool:
    """Whether arrays are the weights of more than one layer: matrices of different shapes."""
    batch = SHAPES["batch"][0]
    matrices = {
        a.shape
        for path, a in found.items()
        if a.ndim == 2 and min(a.shape) > 1 and batch not in a.shape and not NO_WEIGHT.search(path)
    }
    return len({tuple(sorted(shape)) for shape in matrices}) > 1


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
