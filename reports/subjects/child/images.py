"""Convolutions, pooling and flattening: which axes are what, and what goes forward and back.

Axes: N samples, C channels, Y, X; F filters; K the side of a kernel. All sizes differ, so that a shape tells its axes.
"""

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import driven, names
from .arrays import Array, arrays, put, tree
from .calling import Failure, Recorder
from .layer import RATE
from .settled import OPTIMIZER, Initializer, initializers
from .signatures import parameters

N, C, F, K = 2, 3, 4, 3
PLANE = 1  # a convolution may know no channels, or images of one alone
MOST = 18  # ways to build one for one layout
SIDES = ((8, 6), (8, 8))  # a network may know squares alone
ORDERS = ((0, 1, 2, 3), (2, 3, 1, 0), (0, 2, 3, 1), (1, 0, 2, 3), (2, 3, 0, 1))  # of weights (F, C, K, K)
LAYOUTS = ("N C Y X", "N Y X C", "C Y X", "Y X C", "Y X")
CHANNELS = {"inchannels", "inputchannels", "nchannels", "channels", "inputdepth", "indepth", "cin", "inc",
            "numchannels", "inputchannel", "inchannel", "ninchannels", "numinputchannels", "depthin", "nin", "ninputs",
            "chin", "cinput", "infeatures", "inputfeatures", "nc", "prevchannels", "inputfilters", "ni"}  # fmt: skip
FILTERS = {"outchannels", "outputchannels", "nfilters", "numfilters", "filters", "depth", "cout", "outc", "kernels",
           "numkernels", "nkernels", "outputdepth", "outdepth", "outchannel", "nf", "filternum", "filtersnum",
           "noutputs", "numberoffilters", "noffilters", "kernelnum", "outfeatures", "nfilter", "filterscount", "nout",
           "outputchannel", "nkernel", "nofilters"}  # fmt: skip
KERNEL = {"kernelsize", "filtersize", "size", "k", "kernel", "ksize", "f", "poolsize", "pool", "window", "windowsize",
          "kernelshape", "filtershape", "poolshape", "poolheight", "poolwidth", "kernelheight", "kernelwidth", "poolh",
          "poolw", "kh", "kw", "kernelsizes", "filterdim", "filterheight", "filterwidth", "poolingsize", "hf",
          "wf", "poolingshape"}  # fmt: skip
STRIDE = {"stride", "strides", "s", "strideshape"}
PADDING = {"padding", "pad", "p"}
SHAPE = {"inputshape", "inshape", "shape", "inputdim", "inputsize", "indim"}


def _placed(x: Array, layout: str) -> Array:
    """An image batch (N, C, Y, X) as a layout has it; those of one sample get the first, of one plane its first."""
    one = x if layout.startswith("N") else x[0]
    one = one[0] if layout == "Y X" else one
    order = {"N Y X C": (0, 2, 3, 1), "Y X C": (1, 2, 0)}.get(layout)
    return np.ascontiguousarray(one.transpose(order)) if order else one.copy()


def back(a: Array, layout: str) -> Array:
    """What their layout holds, as (N, C, Y, X)."""
    if layout == "Y X":
        return a.reshape(1, 1, *a.shape)
    a = a if layout.startswith("N") else a[None]
    return a.transpose(0, 3, 1, 2) if layout.endswith("C") else a


def _sample(layout: str, side: tuple[int, int], c: int) -> tuple[int, ...]:
    """The shape of one sample."""
    if layout == "Y X":
        return side
    return (*side, c) if layout.endswith("C") else (c, *side)


def _ways(holder: type, layout: str, side: tuple[int, int], kernel: int, stride: int, c: int = C) -> Iterator[Any]:
    """Objects built for a layout: sizes as numbers and as pairs, in turns, then from arrays."""
    asks = [names.plain(one.name) for one in parameters(holder)]
    words = any(names.plain(one.name) in PADDING and isinstance(one.default, str) for one in parameters(holder))
    sample = _sample(layout, side, c)
    turns = []
    for pair in (0, 1, 2):  # none of them, the kernel, kernel and stride as pairs
        k: Any = (kernel, kernel) if pair else kernel
        flat = [ask for ask in asks if ask[-1] in "hw" or "height" in ask or "width" in ask]
        offers = [
            (OPTIMIZER, Recorder()), *[({ask}, kernel if ask in flat else k) for ask in asks if ask in KERNEL],
            (STRIDE, (stride, stride) if pair == 2 else stride), (PADDING, "valid" if words else 0),
            ({"convolutionshape"}, (c, kernel, kernel)),
            (CHANNELS, c), (FILTERS, F), (SHAPE, sample), *(({plain}, Initializer()) for plain in initializers(holder)),
        ]  # fmt: skip
        queues = [[c, F, k], [F, k, c], [F, k, sample], [F, c, k], [k, F], [F], [k], []]
        turns.append(driven.built(holder, offers, queues, sample))
    for three in itertools.zip_longest(*turns):
        yield from (one for one in three if one is not None)


def _from_arrays(holder: type, c: int) -> Iterator[Any]:
    """Objects that are given their weights and biases."""
    offers = [(STRIDE, 1), (PADDING, 0)]
    weights = [np.zeros(_turned(order, c)) for order in ORDERS]
    return driven.built(holder, offers, [[w, b] for w in weights for b in (np.zeros(F), np.zeros((F, 1)))])


def convolution(name: str, holder: type, kind: str) -> dict[str, Any] | None:
    """Returns a convolution as plain data; None or an unknown where it cannot be driven."""
    error = ""
    for side, c in ((SIDES[0], C), (SIDES[1], C), (SIDES[0], PLANE)):
        rng = np.random.default_rng(41)
        x = rng.standard_normal((N, c, *side))
        for layout in LAYOUTS[: len(LAYOUTS) - (c != PLANE)]:
            ways = itertools.islice(_ways(holder, layout, side, K, 1, c), MOST)
            for made in itertools.chain(ways, _from_arrays(holder, c)):
                for method in names.methods(holder, names.FORWARD)[:2]:
                    try:
                        return {"name": name, "kind": kind, **_convolved(holder, made, method, x, layout)}
                    except Failure as failure:
                        error = error if error and not failure.near else str(failure)
                    except (ValueError, KeyError, IndexError, AttributeError):
                        continue
    return {"name": name, "role": "unknown", "kind": kind, "form": 1, "error": error} if error else None


def _convolved(holder: type, made: Any, method: str, x: Array, layout: str) -> dict[str, Any]:
    """One forward and one backward, weights as (F, C, K, K)."""
    given, c = _placed(x, layout), x.shape[1]
    if not any(a.ndim > 2 and a.size > F * K for a in arrays(made).values()):  # some have weights from here on
        driven.forward(made, method, given.copy(), None)
    path, order = _weights(made, method, given, c)
    bias = next((p for p, a in arrays(made).items() if a.size == F and "b" in p.lower() and "d" not in p.lower()), "")
    for p, a in arrays(made).items():  # a bias of every pixel has no like in torch
        if a.ndim == 3 and a.shape[0] == F and "b" in p.lower():
            put(made, p, np.zeros(a.shape))
    rng = np.random.default_rng(43)
    w, b = rng.standard_normal((F, c, K, K)), rng.standard_normal(F)
    put(made, path, np.ascontiguousarray(w.transpose(order)).reshape(arrays(made)[path].shape))
    if bias:
        put(made, bias, b.reshape(arrays(made)[bias].shape))
    try:
        out = driven.forward(made, method, given.copy(), None)
    except Failure as failure:
        failure.near = True  # it has such weights as a convolution has: what it raises says most
        raise
    plane = layout == "Y X" and out.ndim == given.ndim + 1  # the filters come with it
    if out.ndim != given.ndim and not plane:
        raise Failure(ValueError(f"its output has {out.ndim} axes"))
    behind = layout if not plane else "Y X C" if out.shape[-1] == F else "C Y X"
    result = back(out, behind)
    if result.shape[:2] != (len(back(given, layout)), F):
        raise Failure(ValueError(f"its output has shape {out.shape} for {given.shape}"))
    g = rng.standard_normal(out.shape)
    found: dict[str, Any] = {"inputs": back(given, layout), "weights": w, "biases": b if bias else np.zeros(F),
                             "output": result, "upstream": back(g, behind)}  # fmt: skip
    backwards = names.methods(holder, names.BACKWARD)
    if backwards:
        weights_before = arrays(made)[path].copy()
        try:
            dx, pool = driven.backward(made, backwards[0], g, given)
        except Failure as failure:
            found["error"] = str(failure)
        else:
            for recorder in (one for one in vars(made).values() if isinstance(one, Recorder)):
                pool |= {f"recorded {k}": a for k, a in tree(recorder.seen).items()}
            shape = arrays(made)[path].shape
            moved = (weights_before - arrays(made)[path]) / RATE
            new = [a for p, a in pool.items() if a.shape == shape and p != path] or ([moved] if moved.any() else [])
            if new:
                found["dweights"] = (
                    np.array(new[0], dtype=float).reshape(_turned(order, c)).transpose(np.argsort(order))
                )
            flat = [p for p, a in pool.items() if a.size == F and p != bias]
            named = [p for p in flat if "b" in p.lower()] or flat
            if named:
                found["dbiases"] = np.array(pool[named[0]], dtype=float).reshape(-1)
            if dx is not None:
                found["dinputs"] = back(dx, layout)
    return {"role": "convolution", "form": 1, "layout": layout, "forward": driven.place(holder, [method]),
            "backward": driven.place(holder, backwards), **found}  # fmt: skip


def _turned(order: tuple[int, ...], c: int) -> list[int]:
    """The shape of weights (F, C, K, K) whose axes lie in another order."""
    return [(F, c, K, K)[axis] for axis in order]


def _weights(made: Any, method: str, given: Array, c: int) -> tuple[str, tuple[int, ...]]:
    """The path of the weights, on which the output depends, and how (F, C, K, K) is turned to lie as they do."""
    found = [
        (path, order)
        for path, a in arrays(made).items()
        for order in ORDERS
        if list(a.shape) == _turned(order, c)
        or (c == PLANE and [side for side in a.shape if side > 1] == [side for side in _turned(order, c) if side > 1])
    ]
    if not found:
        raise Failure(ValueError("it has no weights of shape (filters, channels, kernel, kernel)"))
    for path, order in found if len({path for path, _ in found}) > 1 else []:  # one may hold their gradient
        outputs = []
        for value in (0.0, 1.0):
            twin = copy.deepcopy(made)  # what is tried leaves no trace
            put(twin, path, np.full(arrays(made)[path].shape, value))
            outputs.append(driven.forward(twin, method, given.copy(), None))
        if not np.array_equal(outputs[0], outputs[1]):
            return path, order
    return found[0]


def pooling(name: str, holder: type, kind: str) -> dict[str, Any] | None:
    """Returns a pooling as plain data: windows of 2 by 2, then with ties."""
    errors: list[str] = []
    methods = names.methods(holder, names.FORWARD)[:2]
    for side in SIDES:
        for layout in LAYOUTS:
            x = np.random.default_rng(47).permutation(N * C * side[0] * side[1]).reshape(N, C, *side) * 0.25 - 20.0
            for made in itertools.islice(_ways(holder, layout, side, 2, 2), MOST):
                for method in methods:
                    try:
                        found = _pooled(holder, made, method, x, layout)
                    except Failure as failure:
                        usual = (side, layout, method) == (SIDES[0], LAYOUTS[0], methods[0])
                        errors += [str(failure)] if usual else []
                        continue
                    except (ValueError, KeyError, IndexError, AttributeError):
                        continue
                    return {"name": name, "kind": kind, **found}
    if not errors:
        return None
    return {"name": name, "role": "unknown", "kind": kind, "form": 1, "error": max(errors, key=errors.count)}


def _pooled(holder: type, made: Any, method: str, x: Array, layout: str) -> dict[str, Any]:
    given = _placed(x, layout)
    tied = _placed(np.round(x / 4) * 4, layout)
    backwards = names.methods(holder, names.BACKWARD)
    found: dict[str, Any] = {"inputs": back(given, layout), "tied": back(tied, layout)}
    for key, values in (("output", given), ("tied_output", tied)):
        out = driven.forward(made, method, values.copy(), None)
        if out.ndim != given.ndim:
            raise Failure(ValueError(f"its output has {out.ndim} axes"))
        result = back(out, layout)
        shape = found["inputs"].shape
        if result.shape[:2] != shape[:2] or not 1 < result.shape[2] <= shape[2] or not 1 < result.shape[3] <= shape[3]:
            raise Failure(ValueError(f"its output has shape {out.shape} for {given.shape}"))
        found[key] = result
        g = np.random.default_rng(53).permutation(out.size).reshape(out.shape) + 1.0
        found["upstream"] = back(g, layout)
        if backwards:
            try:
                dx, _ = driven.backward(made, backwards[0], g, values)
            except Failure as failure:
                found["error"] = str(failure)
            else:
                if dx is not None:
                    found[key.replace("output", "dinputs")] = back(dx, layout)
    return {"role": "pooling", "form": 1, "layout": layout, "forward": driven.place(holder, [method]),
            "backward": driven.place(holder, backwards), **found}  # fmt: skip


def flatten(name: str, holder: type, kind: str) -> dict[str, Any] | None:
    """Returns a flattening as plain data: a batch, or one sample where it takes no more."""
    error = ""
    x = np.random.default_rng(59).permutation(N * C * 4 * 5).reshape(N, C, 4, 5) * 1.0
    sample = (C, 4, 5)
    pairs: list[tuple[Array, list[tuple[int, ...]]]] = [(x, [(N, 60), (60, N)]), (x[0], [(60,), (1, 60), (60, 1)])]
    for given, wanted in pairs:
        offers = [(SHAPE, sample), ({"inputshape"}, sample), ({"outputshape", "outshape"}, 60)]
        for made in driven.built(holder, offers, [[], [sample], [sample, 60], [sample, (60, 1)], [(-1, 60)]], sample):
            for method in names.methods(holder, names.FORWARD)[:2]:
                try:
                    out = driven.forward(made, method, given.copy(), wanted)
                except Failure as failure:
                    error = error or str(failure)
                    continue
                g = np.random.default_rng(61).standard_normal(out.shape)
                found: dict[str, Any] = {"inputs": given, "output": out, "upstream": g}
                backwards = names.methods(holder, names.BACKWARD)
                if backwards:
                    try:
                        dx, pool = driven.backward(made, backwards[0], g, given)
                        others = [a for a in pool.values() if a.size == g.size]
                        if dx is not None or others:
                            found["dinputs"] = dx if dx is not None else others[0]
                    except Failure as failure:
                        found["error"] = str(failure)
                return {"name": name, "role": "flatten", "kind": kind, "form": 1,
                        "forward": driven.place(holder, [method]), "backward": driven.place(holder, backwards),
                        **found}  # fmt: skip
    return {"name": name, "role": "unknown", "kind": kind, "form": 1, "error": error} if error else None
