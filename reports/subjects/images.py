"""Convolutions, pooling and flattening, judged against torch; sums of products have the bound g(n) |a| |b|.

Axes: N samples, C channels, Y, X; F filters. The absolute values go through torch's own layer once more: what comes
out, and what its autograd gives, are the sums of magnitudes that the bounds are made of.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from reports.calibrated import SAME
from reports.equations.rounding import Rounding
from reports.subjects.compared import compared
from reports.subjects.components import component
from reports.subjects.nearness import same
from reports.subjects.verdicts import Component, Row, crashed, unwritten

Array = np.ndarray
R = Rounding.of(np.float64)


def _through(layer: Callable[..., Any], g: Array, *given: Array) -> list[Array]:
    """The output of a layer of torch, and the gradient of each thing that it is given."""
    tensors = [torch.tensor(np.ascontiguousarray(one), dtype=torch.float64, requires_grad=True) for one in given]
    out = layer(*tensors)
    (out * torch.tensor(np.ascontiguousarray(g), dtype=torch.float64)).sum().backward()
    gradients = [
        np.zeros_like(one) if t.grad is None else t.grad.numpy() for one, t in zip(given, tensors, strict=True)
    ]
    return [out.detach().numpy().copy(), *(one.copy() for one in gradients)]


def convolution(seen: dict[str, Any]) -> Component:
    """Judges a convolution: forward, and the gradients of inputs, weights and biases."""
    made = component(seen)
    x, w, b, g, out = (seen[key] for key in ("inputs", "weights", "biases", "upstream", "output"))
    made.convention = {"layout": seen["layout"]}
    spread = [(x.shape[axis], out.shape[axis]) for axis in (2, 3)]
    ways = [(s, p) for s in (1, 2) for p in (0, 1, 2) if all((i + 2 * p - 3) // s + 1 == o for i, o in spread)]
    if not ways:
        if x.shape[2] != x.shape[3] and out.shape[2:] == tuple(side - 2 for side in x.shape[:1:-1]):
            words = f"height and width are mixed up: images of {x.shape[2:]} become {out.shape[2:]}"
            made.rows.append(Row("forward", "", "defective", says=f"forward: {words}"))
            return made
        words = f"it makes images of {out.shape[2:]} out of {x.shape[2:]}, with kernels of (3, 3)"
        made.rows.append(Row("forward", "", "unjudged", says=f"forward: {words}: no stride or padding that is known"))
        return made
    stride, padding = ways[0]
    made.convention |= {"stride": str(stride), "padding": str(padding)}

    def layer(x_: Any, w_: Any, b_: Any) -> Any:
        return F.conv2d(x_, w_, b_, stride=stride, padding=padding)

    right = dict(zip(KEYS, _through(layer, g, x, w, b), strict=True))
    sizes = dict(zip(KEYS, _through(layer, np.abs(g), np.abs(x), np.abs(w), np.abs(b)), strict=True))
    turned = dict(zip(KEYS, _through(layer, g, x, w[:, :, ::-1, ::-1].copy(), b), strict=True))
    swapped = dict(zip(KEYS, _through(layer, g, x, w.transpose(0, 1, 3, 2).copy(), b), strict=True))
    terms = {"output": w[0].size + 1, "dinputs": g.shape[1] * 9, "dweights": g[:, 0].size, "dbiases": g[:, 0].size}
    n = len(x)
    others = {
        "output": {"each bias is added once per channel": right["output"] + 2 * b.reshape(1, -1, 1, 1),
                   "each bias is added once per product, inside the sum": right["output"]
                   + (w[0].size - 1) * b.reshape(1, -1, 1, 1),
                   "the biases are not added": right["output"] - b.reshape(1, -1, 1, 1),
                   **({"channels are not summed over: the first alone is there": right["output"]
                       - _through(layer, g, x[:, 1:], w[:, 1:], np.zeros_like(b))[0]} if x.shape[1] > 1 else {})},
        "dinputs": {"the kernel is turned by 180 degrees once too often, or not at all": turned["dinputs"]},
        "dweights": {"the gradient of the weights is turned by 180 degrees": right["dweights"][:, :, ::-1, ::-1]},
        "dbiases": {"it is the sum over images, but not over samples": right["dbiases"]},
    }  # fmt: skip
    for key, quantity in QUANTITIES.items():
        have = seen.get(key)
        if not isinstance(have, np.ndarray):
            continue
        stage = "forward" if key == "output" else "backward"
        if key == "output" and same(have, turned["output"]):
            words = "the kernel is turned by 180 degrees: a convolution as in mathematics, torch's is a correlation"
            made.rows.append(Row(quantity, "", "departs", says=words, stage=stage))
            right, sizes = turned, sizes | {"dweights": sizes["dweights"][:, :, ::-1, ::-1]}
            right["dweights"] = right["dweights"][:, :, ::-1, ::-1]
            continue
        if key == "output" and same(have, swapped["output"]):
            right = swapped | {"dweights": swapped["dweights"].transpose(0, 1, 3, 2)}
        if n > 1 and key in ("dweights", "dbiases") and same(have * n, right[key]):
            made.convention["gradient scale"] = "mean over the batch"
            have = have * n
        error = R.growth(terms[key] + 2) * sizes[key]
        strange = "unjudged" if key == "output" else "defective"  # it may mean another convolution than torch's
        made.rows.append(compared(quantity, "", have, right[key], error, stage, others[key], strange))
        if made.status == "unjudged":
            return made
    _missing(made, seen)
    return made


KEYS = ("output", "dinputs", "dweights", "dbiases")
QUANTITIES = {"output": "forward", "dinputs": "backward", "dweights": "gradient of weights",
              "dbiases": "gradient of biases"}  # fmt: skip


def _missing(made: Component, seen: dict[str, Any]) -> None:
    if "error" in seen:
        made.rows.append(crashed("backward", "", seen["error"], "backward"))
    elif not made.places.get("backward"):
        made.rows.append(unwritten())


def pooling(seen: dict[str, Any]) -> Component:
    """Judges a pooling: the largest or the mean of each window, and where the gradient goes, with ties too."""
    made = component(seen)
    x, out = seen["inputs"], seen["output"]
    made.convention = {"layout": seen["layout"]}
    ways = [
        (k, s)
        for k in (2, 3)
        for s in (2, 1, 3)
        if all((i - k) // s + 1 == o for i, o in zip(x.shape[2:], out.shape[2:], strict=True))
    ]
    for k, s in ways:
        for word, layer in (("maximum", F.max_pool2d), ("mean", F.avg_pool2d)):
            right, back = _through(lambda t, f=layer, k=k, s=s: f(t, k, s), seen["upstream"], x)
            if not same(out, right):
                continue
            made.convention |= {"windows": f"{k} by {k}, stride {s}, their {word}"}
            exact = word == "maximum"
            size, _ = _through(lambda t, k=k, s=s: F.avg_pool2d(t, k, s), seen["upstream"], np.abs(x))
            error = np.zeros_like(right) if exact else R.growth(k * k + 1) * size
            made.rows.append(compared("forward", "", out, right, error, "forward"))
            _pooled_back(made, seen, lambda t, f=layer, k=k, s=s: f(t, k, s), back, exact and s >= k)
            _missing(made, seen)
            return made
    status = "defective" if ways else "unjudged"
    made.rows.append(Row("forward", "", status, says=_not_pooled(x, out, ways)))
    return made


def _not_pooled(x: Array, out: Array, ways: list[tuple[int, int]]) -> str:
    """What an output is that is neither the largest nor the mean of its windows."""
    if not ways:
        return f"forward: it makes images of {out.shape[2:]} out of {x.shape[2:]}"
    return "forward: it is neither the largest nor the mean of each window"


def _pooled_back(made: Component, seen: dict[str, Any], layer: Callable[..., Any], back: Array, exact: bool) -> None:
    """Where the gradient goes: to the largest of each window, the first of several."""
    have, g = seen.get("dinputs"), seen["upstream"]
    if isinstance(have, np.ndarray):
        error = np.zeros_like(back) if exact else R.growth(10) * np.abs(back)
        made.rows.append(compared("backward", "", have, back, error, "backward"))
    tied = seen.get("tied_dinputs")
    if isinstance(tied, np.ndarray) and made.status == "right" and tied.shape == back.shape:
        right = _through(layer, g, seen["tied"])[1]
        if not same(tied, right):
            words = (
                "where several are the largest, the gradient goes to others than torch's first: any is a sub-gradient"
            )
            if tied.sum() > right.sum() * (1 + SAME):
                words = "where several are the largest, each gets the whole gradient; torch gives it to the first"
            made.rows.append(Row("backward", "ties", "departs", says=words, stage="backward"))


def flatten(seen: dict[str, Any]) -> Component:
    """Judges a flattening: one row per sample, in torch's order, and the way back."""
    made = component(seen)
    x, out, back = seen["inputs"], seen["output"], seen.get("dinputs")
    rows = x.reshape(len(x), -1) if x.ndim == 4 else x.reshape(1, -1)
    flat = out.T if out.shape == rows.T.shape != rows.shape else out.reshape(rows.shape)
    turn = out.shape == rows.T.shape != rows.shape
    made.convention["layout"] = (
        "one sample at a time" if x.ndim == 3 else "batch in columns" if turn else "batch in rows"
    )
    if np.array_equal(flat, rows):
        made.rows.append(Row("forward", "", "right", 0.0, 0.0))
    elif np.array_equal(np.sort(flat, axis=1), np.sort(rows, axis=1)):
        made.rows.append(Row("forward", "", "departs", says="it flattens in another order than torch's"))
    else:
        made.rows.append(Row("forward", "", "defective", says="forward: values of different samples are mixed"))
    if isinstance(back, np.ndarray):
        g = seen["upstream"]
        if back.shape != x.shape:
            words = f"backward: it gives shape {back.shape}, where the inputs had {x.shape}"
            made.rows.append(Row("backward", "", "defective", says=words, stage="backward"))
        elif made.rows[0].status == "right":
            right = (g.T if turn else g).reshape(x.shape)
            made.rows.append(compared("backward", "", back, right, np.zeros_like(right), "backward"))
    _missing(made, seen)
    return made
