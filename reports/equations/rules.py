"""One training step as rules: for each quantity its formula, its value in float64, and its rounding bound.

A rule makes an Equation. Its `value` uses neither scratch nor torch; its `error` bounds |computed - exact| for
every implementation with unit roundoff u, from the values and errors of what it reads. Two sides may then differ
by 2 E. Notation: M(x) = |x| + 2 E(x) bounds a computed x on either side; g(n) is Rounding.growth.
The derivations follow N. Higham's running error analysis; where a rule has a kink (ReLU, sign, argmax) and the
value lies within its error of it, either answer is right: the element is undecided and its bound covers both.

Axes: N samples, D inputs, H neurons, C classes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.equations.kernels import clip, kept, log_softmax, positive_part, product, row_sums, sign
from reports.equations.rounding import Bounded, Rounding

Array = np.ndarray
CLIP = 1e-7  # the lecture keeps probabilities inside [CLIP, 1 - CLIP]
LOST = 300.0  # a logit known to within e^300 says nothing about its probability; keeps the bound finite


@dataclass(frozen=True)
class Equation:
    """One quantity of a step: `name` is its row, `reads` the quantities that `value` and `error` take."""

    name: str
    formula: str
    why: str
    reads: tuple[str, ...]
    value: Callable[..., Array]
    error: Callable[..., Array]
    undecided: Callable[..., Array] | None = None


def undecided_sign(x: Bounded) -> Array:
    """Returns where x lies within both sides' error of 0, so that its sign may honestly differ; NaN errors do."""
    return x.sign_undecided


def dense(name: str, source: str) -> Equation:
    """The affine map of a Dense layer."""

    def error(r: Rounding, z: Array, a: Bounded, w: Bounded, b: Bounded) -> Array:
        g = r.growth(len(w.value) + 1)
        e = a.grown(g) @ np.abs(w.value)
        e += g * np.abs(b.value)
        return r.with_underflow(e, len(w.value) + 1)

    return Equation(
        f"forward/{name}",
        r"z = a W + b",
        "a sum of D products and a bias has D + 1 roundings in any order; an inherited error passes through |W|",
        (source, f"start/{name}.weights", f"start/{name}.biases"),
        lambda a, w, b: product(a, w) + b,
        error,
    )


def relu(name: str, source: str) -> Equation:
    """max(0, z): passes an error on where z may be positive, and is exactly 0 elsewhere."""
    return Equation(
        f"forward/{name}",
        r"a = \max(0, z)",
        "the maximum rounds nothing and is 1-Lipschitz; below -2 E(z) both sides give exactly 0",
        (source,),
        lambda z: positive_part(z, z),
        lambda r, a, z: kept(~(z.value <= -z.allowed), z.error),
    )


def sigmoid(name: str, source: str) -> Equation:
    """The logistic function inside the lecture's clip."""

    def error(r: Rounding, s: Array, z: Bounded) -> Array:
        raw = _logistic(z.value)
        moved = np.minimum(z.error, LOST)
        spread = np.exp(moved) * np.expm1(moved)
        inherited = np.minimum(np.minimum(raw * (1 - raw) * spread, z.error / 4), 1.0)
        e = inherited + (2 * r.elementary + 3 * r.unit) * raw + (r.elementary / 2 + 2 * r.unit) + r.smallest
        return _through_clip(raw, e, CLIP, 1 - CLIP, r.unit * CLIP, r.unit)

    return Equation(
        f"forward/{name}",
        r"s = \operatorname{clip}\left(\frac{1}{1 + e^{-z}},\ 10^{-7},\ 1 - 10^{-7}\right)",
        "|s''/s'| is at most 1, so s' grows by at most e^E over an error E; one exp, one sum, one division; "
        "or through tanh: (1 + tanh(z/2)) / 2, whose rounding is of the size of 1",
        (source,),
        lambda z: clip(_logistic(z), CLIP, 1 - CLIP),
        error,
    )


def tanh(name: str, source: str) -> Equation:
    """The hyperbolic tangent."""

    def error(r: Rounding, t: Array, z: Bounded) -> Array:
        e = np.minimum(z.error, LOST)
        steep = (1 - t * t) * np.exp(2 * e) * np.expm1(2 * e) / 2
        inherited = np.minimum(np.minimum(steep, z.error), 2.0)
        through_exp = np.where(t == 0, 0.0, r.elementary + 3 * r.unit)
        return r.with_underflow(inherited + r.elementary * np.abs(t) + through_exp, 1)

    return Equation(
        f"forward/{name}",
        r"t = \tanh z",
        "t' = 1 - t^2 grows by at most e^2E over an error E, and is at most 1; one elementary function, "
        "or a difference of two exponentials of the size of 1",
        (source,),
        np.tanh,
        error,
    )


def softmax(name: str, source: str) -> Equation:
    """Row-wise softmax, by exp over sum of exp or by log-sum-exp: one bound covers both."""

    def error(r: Rounding, p: Array, z: Bounded) -> Array:
        d = softmax_logit_error(r, z)
        growth = _logit_growth(r, z)
        e = p * (growth + (1 + growth) * row_sums(p * growth))
        return np.where(d < LOST, np.minimum(e + r.smallest, 1.0), 1.0)

    return Equation(
        name,
        r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}",
        "every rounding acts as a perturbation d of a logit; an error in the row's maximum cancels exactly",
        (source,),
        lambda z: np.exp(log_softmax(z)),
        error,
    )


def softmax_logit_error(r: Rounding, z: Bounded) -> Array:
    """Returns d_i: the perturbation of logit i that stands for all roundings of softmax or log-softmax."""
    return z.once(("logits", r), lambda: _logit_error(r, z))


def _logit_growth(r: Rounding, z: Bounded) -> Array:
    """Returns e^d - 1: by how much of itself an exponential moves."""
    return z.once(("growth", r), lambda: np.expm1(softmax_logit_error(r, z)))


def _logit_error(r: Rounding, z: Bounded) -> Array:
    """Works out `softmax_logit_error`."""
    top = z.value.max(axis=1, keepdims=True)
    classes = z.value.shape[1]
    shift = (top - z.value) + z.allowed + 2 * z.error.max(axis=1, keepdims=True)  # M(z_i - max)
    k = r.elementary / r.unit / 2  # ulps of an elementary function
    local = 2 * shift + np.abs(log_softmax(z.value)) + 2 * k * np.log(classes) + 4 * k + classes + 3
    return np.minimum(z.error + r.unit * local, LOST)


def sample_losses_from_logits(source: str) -> Equation:
    """-log p_y of the clipped probability, from the logits."""

    def error(r: Rounding, loss: Array, z: Bounded, onehot: Bounded) -> Array:
        log_p = log_softmax(z.value)
        d = softmax_logit_error(r, z)
        chosen = onehot.value == 1
        raw = -row_sums(np.where(chosen, log_p, 0.0))[:, 0]
        own = row_sums(np.where(chosen, d, 0.0))[:, 0]
        e = own + np.log1p(row_sums(np.exp(log_p) * _logit_growth(r, z))[:, 0])
        return _negative_log_error(r, raw, e)

    return Equation(
        "loss/samples",
        r"\ell_n = -\log \operatorname{clip}(p_{n,y},\ 10^{-7},\ 1 - 10^{-7})",
        "log p_y moves by d_y plus the log of how much the sum moves; clipped, it is a constant",
        (source, "labels"),
        lambda z, onehot: _negative_log(np.sum(np.where(onehot == 1, np.exp(log_softmax(z)), 0), axis=1)),
        error,
    )


def sample_losses_from_probabilities(source: str) -> Equation:
    """-log p_y of the clipped probability, from the probabilities."""

    def error(r: Rounding, loss: Array, p: Bounded, onehot: Bounded) -> Array:
        chosen = np.sum(np.where(onehot.value == 1, p.value, 0.0), axis=1)
        wobble = np.sum(np.where(onehot.value == 1, p.error, 0.0), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            raw = -np.log(chosen)
            e = np.where(wobble < chosen, -np.log1p(-wobble / chosen), np.inf)
        return _negative_log_error(r, raw, e)

    return Equation(
        "loss/samples",
        r"\ell_n = -\log \operatorname{clip}(p_{n,y},\ 10^{-7},\ 1 - 10^{-7})",
        "a relative error rho of p_y moves its logarithm by at most -log(1 - rho); clipped, it is a constant",
        (source, "labels"),
        lambda p, onehot: _negative_log(np.sum(np.where(onehot == 1, p, 0), axis=1)),
        error,
    )


def squared_losses(source: str, divisor: Callable[[Array], int], formula: str) -> Equation:
    """Per-sample sums of squares over a divisor (2 for the half sum, D for the mean)."""

    def error(r: Rounding, loss: Array, y: Bounded, t: Bounded) -> Array:
        m, e = _residual(r, y, t)
        inside = np.sum(2 * m * e + r.growth(y.value.shape[1] + 3) * m * m, axis=1)
        return r.with_underflow(inside / divisor(y.value), y.value.shape[1] + 3)

    return Equation(
        "loss/samples",
        formula,
        "(r + e)^2 - r^2 is at most 2 M(r) e; then D squares, their sum and one scaling",
        (source, "labels"),
        lambda y, t: np.sum((y - t) * (y - t), axis=1) / divisor(y),
        error,
    )


def absolute_losses(name: str, source: str) -> Equation:
    """Per-sample mean distance (or, as `loss/printed`, the mean over everything)."""
    axis = 1 if name == "loss/samples" else None

    def error(r: Rounding, loss: Array, y: Bounded, t: Bounded) -> Array:
        m, e = _residual(r, y, t)
        terms = m.size if axis is None else m.shape[1]
        return np.asarray(np.mean(e + r.growth(terms + 3) * m, axis=axis))

    return Equation(
        name,
        r"\ell = \operatorname{mean} |y - t|",
        "the absolute value rounds nothing and is 1-Lipschitz; then a sum and one division",
        (source, "labels"),
        lambda y, t: np.mean(np.abs(y - t), axis=axis),
        error,
    )


def data_loss(mean: bool, source: str) -> Equation:
    """The mean (or sum) of the per-sample losses, summed in any order over samples and outputs."""

    def error(r: Rounding, loss: Array, samples: Bounded, y: Bounded) -> Array:
        terms = y.value.size + 4
        errors = samples.error + r.growth(terms) * samples.magnitude
        return r.with_underflow(np.asarray(np.mean(errors) if mean else np.sum(errors)), terms)

    return Equation(
        "loss/data",
        r"L = \frac{1}{N}\sum_n \ell_n" if mean else r"E = \sum_n \ell_n",
        "a sum of N losses of D outputs each, in any order; all terms are non-negative",
        ("loss/samples", source),
        lambda samples, y: np.asarray(np.mean(samples) if mean else np.sum(samples)),
        error,
    )


def penalty(strengths: dict[str, tuple[float, float]]) -> Equation:
    """The sum of all L1 and L2 penalties; `strengths` gives (l1, l2) per parameter."""

    def value(*parameters: Array) -> Array:
        pairs = zip(strengths.values(), parameters, strict=True)
        return np.asarray(sum(l1 * np.sum(np.abs(w)) + l2 * np.sum(w * w) for (l1, l2), w in pairs))

    def error(r: Rounding, total: Array, *parameters: Bounded) -> Array:
        terms = max(w.value.size for w in parameters) + 2 * len(parameters) + 4
        return r.with_underflow(r.growth(terms) * np.abs(total), terms)

    return Equation(
        "loss/penalty",
        r"\Omega = \sum \lambda_1 \sum |w| + \lambda_2 \sum w^2",
        "sums of non-negative terms of exact parameters; the strengths round once",
        tuple(f"start/{name}" for name in strengths),
        value,
        error,
    )


def total_loss(reads: tuple[str, ...]) -> Equation:
    """The loss that is printed: the data's and the penalty's."""
    return Equation(
        "loss",
        r"L + \Omega" if len(reads) == 2 else "L",
        "one addition",
        reads,
        lambda *parts: sum(parts[1:], parts[0]),
        lambda r, loss, *parts: sum(part.error for part in parts) + r.unit * (len(parts) - 1) * np.abs(loss),
    )


def accuracy(source: str) -> Equation:
    """The share of samples whose largest output is the label's; its bound is half the width of the honest interval."""

    def undecided(p: Bounded, onehot: Bounded) -> Array:
        return p.top_undecided

    return Equation(
        "accuracy",
        r"\frac{1}{N}\sum_n [\operatorname{arg\,max} p_n = y_n]",
        "a sample is decided if its largest output leads by both errors; both sides may differ in the others",
        (source, "labels"),
        lambda p, onehot: np.mean(p.argmax(axis=1) == onehot.argmax(axis=1)),
        lambda r, value, p, onehot: np.mean(undecided(p, onehot)) / 2 + np.finfo(np.float64).eps * value,
        undecided,
    )


def fused_gradient(source: str) -> Equation:
    """The gradient of softmax and cross-entropy together; the clip is not in it."""
    return Equation(
        "backward/loss",
        r"\frac{\partial L}{\partial z} = \frac{p - y}{N}",
        "one subtraction and one division; the label is exact",
        (source, "labels"),
        lambda p, onehot: (p - onehot) / len(p),
        lambda r, dz, p, onehot: (p.error + 3 * r.unit * (p.magnitude + onehot.value)) / len(p.value) + 4 * r.smallest,
    )


def probability_gradient(source: str) -> Equation:
    """The gradient of the cross-entropy at the unclipped probability."""

    def error(r: Rounding, dp: Array, p: Bounded, onehot: Bounded) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.where(p.error < p.value, p.error / (p.value - p.error), np.inf)
            e = np.abs(dp) * (relative + 3 * r.unit * (1 + relative))
        return np.where(onehot.value == 1, e, 0.0)

    def value(p: Array, onehot: Array) -> Array:
        return np.where(onehot == 1, -1 / np.where(onehot == 1, p, 1) / len(p), 0)

    return Equation(
        "backward/loss",
        r"\frac{\partial L}{\partial p} = -\frac{y}{N p}",
        "1/p moves by E/(p (p - E)); two divisions; 0 off the label",
        (source, "labels"),
        value,
        error,
    )


def squared_gradient(mean: bool, source: str) -> Equation:
    """The residual (half sum), or twice the residual over N D (mean)."""

    def error(r: Rounding, dy: Array, y: Bounded, t: Bounded) -> Array:
        m, e = _residual(r, y, t)
        return 2 * (e + 3 * r.unit * m) / dy.size if mean else e

    return Equation(
        "backward/loss",
        r"\frac{\partial L}{\partial y} = \frac{2 (y - t)}{N D}" if mean else r"\frac{\partial E}{\partial y} = y - t",
        "one subtraction; a mean doubles and divides besides",
        (source, "labels"),
        lambda y, t: 2 * (y - t) / y.size if mean else y - t,
        error,
    )


def absolute_gradient(source: str) -> Equation:
    """The sign of the residual over N D; undecided where the residual lies within its error of 0."""

    def undecided(y: Bounded, t: Bounded) -> Array:
        return undecided_sign(Bounded(y.value - t.value, y.error))

    return Equation(
        "backward/loss",
        r"\frac{\partial L}{\partial y} = \frac{\operatorname{sign}(y - t)}{N D}",
        "one division; either sign is right where the residual is within its error of 0",
        (source, "labels"),
        lambda y, t: sign(y - t) / y.size,
        lambda r, dy, y, t: np.where(undecided(y, t) & r.kinks, 2 / dy.size, 2 * r.unit * np.abs(dy)),
        undecided,
    )


def weights_gradient(name: str, upstream: str, source: str, l1: float, l2: float) -> Equation:
    """dL/dW of a Dense layer, penalties included."""

    def error(r: Rounding, dw: Array, dz: Bounded, a: Bounded, w: Bounded) -> Array:
        m = dz.magnitude
        e = a.magnitude.T @ dz.grown(r.growth(len(m)))
        if not a.exact:
            e += a.error.T @ m
        e = r.with_underflow(e, len(m))
        return e + _penalty_error(r, a.magnitude.T @ m, w.value, l1, l2) if l1 or l2 else e

    return Equation(
        f"gradient/{name}.weights",
        r"\frac{\partial L}{\partial W} = a^\top \frac{\partial L}{\partial z}" + _penalty_formula("W", l1, l2),
        "a sum over N samples in any order; an inherited error of either factor passes through the other",
        (upstream, source, f"start/{name}.weights"),
        lambda dz, a, w: product(a.T, dz) + (l1 * sign(w) + 2 * l2 * w),
        error,
    )


def biases_gradient(name: str, upstream: str, l1: float, l2: float) -> Equation:
    """dL/db of a Dense layer, penalties included."""

    def error(r: Rounding, db: Array, dz: Bounded, b: Bounded) -> Array:
        m = dz.magnitude
        e = r.with_underflow(np.sum(dz.grown(r.growth(len(m))), axis=0, keepdims=True), len(m))
        return e + _penalty_error(r, np.sum(m, axis=0, keepdims=True), b.value, l1, l2) if l1 or l2 else e

    return Equation(
        f"gradient/{name}.biases",
        r"\frac{\partial L}{\partial b} = \sum_n \frac{\partial L}{\partial z_n}" + _penalty_formula("b", l1, l2),
        "a sum over N samples in any order",
        (upstream, f"start/{name}.biases"),
        lambda dz, b: np.sum(dz, axis=0, keepdims=True) + (l1 * sign(b) + 2 * l2 * b),
        error,
    )


def dense_backward(name: str, upstream: str) -> Equation:
    """dL/da of a Dense layer's inputs."""

    def error(r: Rounding, da: Array, dz: Bounded, w: Bounded) -> Array:
        k = w.value.shape[1]
        return r.with_underflow(dz.grown(r.growth(k)) @ np.abs(w.value).T, k)

    return Equation(
        f"backward/{name}",
        r"\frac{\partial L}{\partial a} = \frac{\partial L}{\partial z} W^\top",
        "a sum over H neurons in any order",
        (upstream, f"start/{name}.weights"),
        lambda dz, w: product(dz, w.T),
        error,
    )


def relu_backward(name: str, upstream: str, source: str) -> Equation:
    """The mask of ReLU: undecided where z lies within its error of 0."""

    def error(r: Rounding, dz: Array, da: Bounded, z: Bounded) -> Array:
        e = kept(z.value > 0, da.error)
        if r.kinks and (undecided := undecided_sign(z)).any():
            e[undecided] = np.abs(da.value[undecided]) + da.allowed[undecided]
        return e

    return Equation(
        f"backward/{name}",
        r"\frac{\partial L}{\partial z} = [z > 0]\, \frac{\partial L}{\partial a}",
        "a mask rounds nothing; where z is within its error of 0 either answer is right",
        (upstream, source),
        lambda da, z: positive_part(z, da),
        error,
        lambda da, z: undecided_sign(z),
    )


def sigmoid_backward(name: str, upstream: str) -> Equation:
    """The derivative s (1 - s) at the clipped output, times the gradient from above."""

    def error(r: Rounding, dz: Array, da: Bounded, s: Bounded) -> Array:
        slope = s.value * (1 - s.value)
        wobble = s.error * (np.abs(1 - 2 * s.value) + 3 * s.error)
        return _chain(r, da, slope, wobble, 3 * r.unit * (slope + 2 * wobble))

    return Equation(
        f"backward/{name}",
        r"\frac{\partial L}{\partial z} = s (1 - s)\, \frac{\partial L}{\partial s}",
        "s (1 - s) moves by E |1 - 2s| + E^2; two roundings in it and one in the product",
        (upstream, f"forward/{name}"),
        lambda da, s: da * (s * (1 - s)),
        error,
    )


def tanh_backward(name: str, upstream: str) -> Equation:
    """The derivative 1 - t^2, times the gradient from above."""

    def error(r: Rounding, dz: Array, da: Bounded, t: Bounded) -> Array:
        slope = 1 - t.value * t.value
        wobble = t.error * (2 * np.abs(t.value) + 3 * t.error)
        return _chain(r, da, slope, wobble, r.unit * (t.magnitude**2 + np.abs(slope) + 2 * wobble))

    return Equation(
        f"backward/{name}",
        r"\frac{\partial L}{\partial z} = (1 - t^2)\, \frac{\partial L}{\partial t}",
        "1 - t^2 moves by 2 |t| E + E^2; a square, a difference and a product round",
        (upstream, f"forward/{name}"),
        lambda da, t: da * (1 - t * t),
        error,
    )


def softmax_backward(name: str, upstream: str) -> Equation:
    """The softmax Jacobian times the gradient from above, in the short form or as a matrix per sample."""

    def error(r: Rounding, dz: Array, dp: Bounded, p: Bounded) -> Array:
        pm, gm = p.magnitude, dp.magnitude
        total = np.sum(pm * gm, axis=1, keepdims=True)
        moved = np.sum(p.error * gm + pm * dp.error, axis=1, keepdims=True)
        e = p.error * (gm + total) + pm * (dp.error + moved) + r.smallest * np.sum(gm, axis=1, keepdims=True)
        classes = p.value.shape[1]
        return r.with_underflow(e + r.growth(classes + 5) * pm * (gm + total), classes + 5)

    return Equation(
        f"backward/{name}",
        r"\frac{\partial L}{\partial z_i} = p_i \left(g_i - \sum_j p_j g_j\right)",
        "C products, their sum, a difference and a product, in any order; errors of p and g pass through the other; "
        "in the Jacobian p_i p_j may underflow before it meets g_j",
        (upstream, f"forward/{name}"),
        lambda dp, p: p * (dp - np.sum(p * dp, axis=1, keepdims=True)),
        error,
    )


def learning_rate(rate: float, decay: float) -> Equation:
    """The decayed rate of update k, a Python float on both sides, whatever the dtype of the network."""
    return Equation(
        "learning_rate",
        r"\alpha_k = \frac{\alpha_0}{1 + \delta k}",
        "a product, a sum, a division and a product, in float64",
        ("iteration",),
        lambda k: rate * (1 / (1 + decay * k)),
        lambda r, alpha, k: 4 * np.finfo(np.float64).eps / 2 * alpha,
    )


def velocity(parameter: str, momentum: float) -> Equation:
    """The lecture's velocity, the rate inside."""

    def error(r: Rounding, v: Array, g: Bounded, old: Bounded, rate: Bounded) -> Array:
        moved = rate.value * g.error + rate.error * g.magnitude
        rounded = 4 * r.unit * (rate.value * g.magnitude + momentum * np.abs(old.value))
        return r.with_underflow(moved + rounded, 3)

    return Equation(
        f"state/{parameter}",
        r"v' = m v - \alpha\, \frac{\partial L}{\partial w}",
        "two products and a sum; rate and momentum round once to the network's dtype",
        (f"gradient/{parameter}", f"velocity/{parameter}", "learning_rate"),
        lambda g, v, rate: momentum * v - rate * g,
        error,
    )


def momentum_update(parameter: str) -> Equation:
    """The parameter moves by its velocity."""
    return Equation(
        f"parameter/{parameter}",
        r"w' = w + v'",
        "one addition",
        (f"start/{parameter}", f"state/{parameter}"),
        lambda w, v: w + v,
        lambda r, new, w, v: v.error + r.unit * (np.abs(w.value) + v.magnitude),
    )


def plain_update(parameter: str) -> Equation:
    """The parameter moves down its gradient."""

    def error(r: Rounding, new: Array, w: Bounded, g: Bounded, rate: Bounded) -> Array:
        moved = rate.value * (g.error + 3 * r.unit * g.magnitude) + rate.error * g.magnitude
        return r.with_underflow(moved + r.unit * (np.abs(w.value) + rate.value * g.magnitude), 2)

    return Equation(
        f"parameter/{parameter}",
        r"w' = w - \alpha\, \frac{\partial L}{\partial w}",
        "a product and a difference; the rate rounds once to the network's dtype",
        (f"start/{parameter}", f"gradient/{parameter}", "learning_rate"),
        lambda w, g, rate: w - rate * g,
        error,
    )


def _logistic(z: Array) -> Array:
    """1 / (1 + exp(-z)), stable on both sides of 0."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def _negative_log(p: Array) -> Array:
    """-log of the clipped probability."""
    return -np.log(clip(p, CLIP, 1 - CLIP))


def _negative_log_error(r: Rounding, raw: Array, inherited: Array) -> Array:
    """Bounds the computed -log clip(p), where `raw` is -log p and `inherited` the error that its input brings.

    Clipping p to [c, 1 - c] clips -log p to [-log(1 - c), -log c]; never can the two answers lie further apart.
    """
    low, high = -np.log1p(-CLIP), -np.log(CLIP)
    clipped = np.clip(raw, low, high)
    log_rounding = r.elementary * (clipped + 2 * np.minimum(inherited, high)) + r.unit  # of 1/p, in log(1/p)
    moved = _through_clip(raw, inherited, low, high, r.unit, r.unit)
    return np.minimum(moved, high - low + r.unit) + log_rounding


def _through_clip(
    raw: Array, error: Array, low: float, high: float, low_rounding: float, high_rounding: float
) -> Array:
    """The error after a clip: only the limit's own rounding where both sides surely clip, else as before."""
    surely = (raw + 2 * error < low) | (raw - 2 * error > high)
    near = (raw - 2 * error < low) | (raw + 2 * error > high)
    limit = np.where(raw < low, low_rounding, high_rounding)
    return np.where(surely, 0.0, error) + np.where(near, limit, 0.0)


def _residual(r: Rounding, y: Bounded, t: Bounded) -> tuple[Array, Array]:
    """Returns M(y - t) and its error: one subtraction of an exact target."""
    difference = np.abs(y.value - t.value)
    error = y.error + r.unit * (difference + 2 * y.error)
    return difference + 2 * error, error


def _chain(r: Rounding, da: Bounded, slope: Array, wobble: Array, rounded: Array) -> Array:
    """The error of da * slope, when the slope moves by `wobble` and is rounded by `rounded`."""
    error = wobble + rounded
    magnitude = np.abs(slope) + 2 * error
    return r.with_underflow(da.magnitude * (error + 2 * r.unit * magnitude) + da.error * magnitude, 2)


def _penalty_error(r: Rounding, data: Array, w: Array, l1: float, l2: float) -> Any:
    """What adding l1 sign(w) + 2 l2 w to a gradient of size `data` rounds; the sign of an exact w is exact."""
    size = l1 * np.abs(np.sign(w)) + 2 * l2 * np.abs(w)
    return 4 * r.unit * size + 2 * r.unit * (data + size) if l1 or l2 else 0.0


def _penalty_formula(letter: str, l1: float, l2: float) -> str:
    """The penalty's part of a gradient, as it is typeset."""
    parts = [rf" + \lambda_1 \operatorname{{sign}} {letter}"] if l1 else []
    return "".join(parts + ([rf" + 2 \lambda_2 {letter}"] if l2 else []))
