"""Batch and layer normalisation, judged against torch, with a bound that its own equations carry.

x^ = (x - mean) / sqrt(var + eps), y = gamma x^ + beta;  dx = gamma / sqrt(var + eps) (g - mean g - x^ mean(g x^)),
dgamma = sum g x^, dbeta = sum g.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from reports.calibrated import SAME
from reports.subjects.carried import Carried, carried
from reports.subjects.compared import compared
from reports.subjects.components import component
from reports.subjects.nearness import same
from reports.subjects.verdicts import Component, Row, crashed, unwritten

Array = np.ndarray
EPSILONS = (1e-5, 1e-8, 1e-7, 1e-6, 1e-3, 1e-10, 1e-12, 1e-9, 1e-4, 1e-2, 1e-15, 0.0)
TORCH_EPSILON, TORCH_MOMENTUM = 1e-5, 0.1


class Form(NamedTuple):
    """Which normalisation an output is: where epsilon stands, its size, and over which axes."""

    name: str  # root: sqrt(var + eps), torch's; deviation: sqrt(var) + eps; unbiased: sqrt(n/(n-1) var + eps)
    epsilon: float
    axes: tuple[int, ...]


TOLD = {
    "deviation": "epsilon is added to the deviation, torch adds it to the variance",
    "unbiased": "it divides by the unbiased variance, torch by the biased",
}


def normalisation(seen: dict[str, Any]) -> Component:
    """Judges a normalisation: forward and backward in training, what it keeps, and its evaluation."""
    made = component(seen)
    x, out = seen["inputs"], seen["output"]
    layer = seen["kind"] == "LayerNorm"
    form = _fitted(seen, layer)
    if form is None:
        mistake = _strange(seen)
        words = mistake or "it is not the normalisation of its inputs, over samples or over features, that is known"
        made.rows.append(Row("forward", "training", "defective" if mistake else "unjudged", says=f"forward: {words}"))
        return made
    other = "" if form.epsilon == TORCH_EPSILON else f", torch's is {TORCH_EPSILON:g}"
    made.convention["epsilon"] = f"{form.epsilon:g}{other}"
    with np.errstate(all="ignore"):
        bounds = _equations(x, seen["upstream"], seen["gamma"], seen["beta"], form)
        torchs = _torch(x, seen["upstream"], seen["gamma"], seen["beta"], form)
    made.rows.append(compared("forward", "training", out, torchs["output"], bounds["output"].error, "forward"))
    if form.name in TOLD:
        made.rows.append(Row("forward", "epsilon", "departs", says=f"forward: {TOLD[form.name]}"))
    if form.axes == (0,) and x.ndim == 4:
        words = "its statistics are those of every position; torch's BatchNorm2d takes them over a whole channel"
        made.rows.append(Row("forward", "images", "departs", says=words))
    _backward(made, seen, bounds, torchs, form)
    if not layer and seen["kept"]:
        _kept(made, seen, form.axes)
        if form.name == "root":
            _evaluated(made, seen, form.epsilon)
    return made


def _axes(x: Array, layer: bool) -> tuple[tuple[int, ...], ...]:
    if layer:
        return ((x.ndim - 1,), tuple(range(1, x.ndim)))
    return ((0,),) if x.ndim == 2 else ((0, 2, 3), (0,))


def _shaped(values: Array, x: Array) -> Array:
    """One number per feature, so that it broadcasts over x; features are axis 1."""
    return values.reshape(1, -1, *[1] * (x.ndim - 2))


def _fitted(seen: dict[str, Any], layer: bool) -> Form | None:
    """The form under which their output is the normalisation; None where there is none."""
    own = [seen["settings"][key] for key in ("epsilon", "eps", "e") if key in seen["settings"]]
    x = seen["inputs"]
    for name in ("root", "deviation", "unbiased"):
        for axes in _axes(x, layer):
            centred, var = (
                x - x.mean(axis=axes, keepdims=True),
                x.var(axis=axes, keepdims=True, ddof=name == "unbiased"),
            )
            for epsilon in (*own, *EPSILONS):
                root = np.sqrt(var) + epsilon if name == "deviation" else np.sqrt(var + epsilon)
                right = centred / root * _shaped(seen["gamma"], x) + _shaped(seen["beta"], x)
                if same(seen["output"], right):
                    return Form(name, epsilon, axes)
    return None


def _strange(seen: dict[str, Any]) -> str:
    """Which mistake gives an output that is not normalised; empty where none does."""
    x = seen["inputs"]
    gamma, beta = _shaped(seen["gamma"], x), _shaped(seen["beta"], x)
    for axes in (*_axes(x, False), *_axes(x, True)):
        centred, var = x - x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
        for epsilon in EPSILONS:
            mistakes = {
                "it divides by the variance, not by its root": gamma * centred / (var + epsilon) + beta,
                "the mean is not subtracted": gamma * x / np.sqrt(var + epsilon) + beta,
                "gamma and beta have no part in it": centred / np.sqrt(var + epsilon),
            }
            for words, mistake in mistakes.items():
                if same(seen["output"], mistake):
                    return words
    return ""


def _equations(x: Array, g: Array, gamma: Array, beta: Array, form: Form) -> dict[str, Carried]:
    """All quantities with their bounds; dx = (g - mean g - c mean(g c) / (D s)) / D with D what c is divided by."""
    axes, count = form.axes, float(np.prod([x.shape[axis] for axis in form.axes]))
    factor = count / (count - 1) if form.name == "unbiased" else 1.0
    centred = carried(x) - carried(x).mean(axes)
    var = (centred * centred).mean(axes) * factor
    divisor = var.root() + form.epsilon if form.name == "deviation" else (var + form.epsilon).root()
    inner = var.root() if form.name == "deviation" else divisor
    normal = centred / divisor
    features = tuple(axis for axis in range(x.ndim) if axis != 1)
    scaled = carried(g) * _shaped(gamma, x)  # for batch norm gamma is constant over the axes; for layer norm it is not
    back = (scaled - scaled.mean(axes) - normal * ((scaled * centred).mean(axes) * factor / inner)) / divisor
    return {"output": normal * _shaped(gamma, x) + _shaped(beta, x), "dinputs": back,
            "dgamma": (normal * g).sum(features), "dbeta": carried(g).sum(features)}  # fmt: skip


def _torch(x: Array, g: Array, gamma: Array, beta: Array, form: Form) -> dict[str, Array]:
    """The same from torch: its own normalisation where it has this form, else its autograd."""
    t = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    scale = torch.tensor(gamma, dtype=torch.float64, requires_grad=True)
    shift = torch.tensor(beta, dtype=torch.float64, requires_grad=True)
    if form.name == "root" and 0 in form.axes and len(form.axes) == x.ndim - 1:
        out = F.batch_norm(t, None, None, scale, shift, training=True, eps=form.epsilon)
    else:
        shape = (1, -1, *[1] * (x.ndim - 2))
        var = t.var(form.axes, unbiased=form.name == "unbiased", keepdim=True)
        divisor = var.sqrt() + form.epsilon if form.name == "deviation" else (var + form.epsilon).sqrt()
        out = (t - t.mean(form.axes, keepdim=True)) / divisor * scale.reshape(shape) + shift.reshape(shape)
    (out * torch.tensor(g, dtype=torch.float64)).sum().backward()
    values: dict[str, Any] = {"output": out, "dinputs": t.grad, "dgamma": scale.grad, "dbeta": shift.grad}
    return {name: value.detach().numpy().copy() for name, value in values.items()}


def _backward(
    made: Component, seen: dict[str, Any], bounds: dict[str, Carried], torchs: dict[str, Array], form: Form
) -> None:
    """The gradients, with what is usually forgotten."""
    if "error" in seen:
        made.rows.append(crashed("backward", "training", seen["error"], "backward"))
    elif not made.places.get("backward"):
        made.rows.append(unwritten())
    x, g = seen["inputs"], seen["upstream"]
    for key, quantity in (("dinputs", "backward"), ("dgamma", "gradient of gamma"), ("dbeta", "gradient of beta")):
        have = seen.get(key)
        if not isinstance(have, np.ndarray):
            continue
        right, error = torchs[key], bounds[key].error.reshape(torchs[key].shape)
        other = {}
        if key == "dinputs":
            simple = g * _shaped(seen["gamma"], x) / np.sqrt(x.var(axis=form.axes, keepdims=True) + form.epsilon)
            other = {"mean and variance are taken for constants: two terms of it are missing": simple}
        else:
            other = {"it is divided by the batch size, the gradient of the inputs is not": right / len(x)}
        made.rows.append(compared(quantity, "training", have, right, error, "backward", other))


def _kept(made: Component, seen: dict[str, Any], axes: tuple[int, ...]) -> None:
    """What is kept for evaluation after one batch: torch keeps 0.9 of the old and 0.1 of the unbiased new."""
    x, count = seen["inputs"], float(np.prod([seen["inputs"].shape[axis] for axis in axes]))
    settings = [v for k, v in seen["settings"].items() if k in ("momentum", "decay", "alpha", "rho", "m", "beta")]
    news = {"mean": x.mean(axis=axes).reshape(-1), "variance": x.var(axis=axes).reshape(-1)}
    for name, new in news.items():
        have, old = seen["kept"].get(name), seen["kept_before"].get(name)
        if have is None or have.shape != new.shape:
            continue
        old = np.zeros_like(new) if old is None else old
        row = None
        for m in (TORCH_MOMENTUM, 0.9, 0.99, 0.999, *settings):
            for unbiased in (1.0, count / (count - 1)) if name == "variance" else (1.0,):
                for keep in (1 - m, m):
                    if row is None and same(have, keep * old + (1 - keep) * new * unbiased):
                        told = (
                            [f"it keeps {keep:g} of the old, torch {1 - TORCH_MOMENTUM:g}"]
                            if abs(keep - 0.9) > SAME
                            else []
                        )
                        told += (
                            ["it is the biased variance, torch keeps the unbiased"]
                            if name == "variance" and unbiased == 1
                            else []
                        )
                        row = Row(f"running {name}", "training", "departs" if told else "right", says="; ".join(told))
        if row is None and same(have, new):
            row = Row(f"running {name}", "training", "departs", says="the first batch replaces it whole")
        if row is None and np.array_equal(have, old):
            row = Row(f"running {name}", "training", "defective", says=f"running {name}: it is never updated")
        words = f"running {name}: it is no weighted mean of the old one and the batch's"
        made.rows.append(row or Row(f"running {name}", "training", "unjudged", says=words))


def _evaluated(made: Component, seen: dict[str, Any], epsilon: float) -> None:
    """In evaluation the kept statistics are used, not the batch's."""
    out, y, kept = seen.get("evaluated"), seen.get("later"), seen["kept"]
    if "evaluation_error" in seen:
        made.rows.append(crashed("forward", "evaluation", seen["evaluation_error"]))
    if (
        out is None
        or y is None
        or "mean" not in kept
        or "variance" not in kept
        or kept["mean"].shape != seen["gamma"].shape
    ):
        return
    mean, var = _shaped(kept["mean"], y), _shaped(kept["variance"], y)
    gamma, beta = _shaped(seen["gamma"], y), _shaped(seen["beta"], y)
    right = (carried(y) - mean) / (carried(var) + epsilon).root() * gamma + beta
    batch = (y - y.mean(axis=0)) / np.sqrt(y.var(axis=0) + epsilon) * gamma + beta
    mistakes = {"in evaluation it uses the statistics of the batch": batch}
    made.rows.append(compared("forward", "evaluation", out, right.value, right.error, "forward", mistakes))
