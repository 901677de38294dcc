"""Activations that strangers write, as torch defines them: value, derivative, bound; which one an output comes from.

Axes: B samples, H values.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reports.equations.rounding import Rounding
from reports.subjects.verdicts import Component, Row

Array = np.ndarray
R = Rounding.of(np.float64)
CLIPS = (1e-7, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-5)


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def softmax(z: Array) -> Array:
    """Row-wise softmax."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _elu(z: Array, a: float) -> Array:
    return np.where(z > 0, z, a * np.expm1(np.minimum(z, 0)))


def _normal(z: Array) -> Array:
    """The distribution function of the standard normal."""
    return np.asarray(np.vectorize(math.erfc, otypes=[float])(-z / math.sqrt(2)) / 2)


def _gelu(z: Array) -> tuple[Array, Array]:
    """GELU by tanh, and its derivative."""
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (z + 0.044715 * z**3))
    return z * (1 + t) / 2, (1 + t) / 2 + z * (1 - t * t) * c * (1 + 3 * 0.044715 * z * z) / 2


SELU = 1.6732632423543772, 1.0507009873554805

# name -> (value, derivative), each from z and the slope alpha; torch's default alpha beside
FORWARD: dict[str, Callable[[Array, float], Array]] = {
    "Identity": lambda z, a: z,
    "ReLU": lambda z, a: np.maximum(z, 0),
    "LeakyReLU": lambda z, a: np.where(z > 0, z, a * z),
    "Sigmoid": lambda z, a: sigmoid(z),
    "Tanh": lambda z, a: np.tanh(z),
    "Softmax": lambda z, a: softmax(z),
    "ELU": _elu,
    "SELU": lambda z, a: SELU[1] * _elu(z, SELU[0]),
    "Softplus": lambda z, a: np.logaddexp(0, z),
    "Swish": lambda z, a: z * sigmoid(z),
    "GELU": lambda z, a: z * _normal(z),
    "Mish": lambda z, a: z * np.tanh(np.logaddexp(0, z)),
    "Softsign": lambda z, a: z / (1 + np.abs(z)),
    "HardTanh": lambda z, a: np.clip(z, -1, 1),
    "HardSigmoid": lambda z, a: np.clip(z / 6 + 0.5, 0, 1),
    "HardSwish": lambda z, a: z * np.clip(z / 6 + 0.5, 0, 1),
}
SLOPE: dict[str, Callable[[Array, float], Array]] = {
    "Identity": lambda z, a: np.ones_like(z),
    "ReLU": lambda z, a: (z > 0) * 1.0,
    "LeakyReLU": lambda z, a: np.where(z > 0, 1.0, a),
    "Sigmoid": lambda z, a: sigmoid(z) * sigmoid(-z),
    "Tanh": lambda z, a: 1 - np.tanh(z) ** 2,
    "ELU": lambda z, a: np.where(z > 0, 1.0, a * np.exp(np.minimum(z, 0))),
    "SELU": lambda z, a: SELU[1] * np.where(z > 0, 1.0, SELU[0] * np.exp(np.minimum(z, 0))),
    "Softplus": lambda z, a: sigmoid(z),
    "Swish": lambda z, a: sigmoid(z) * (1 + z * sigmoid(-z)),
    "GELU": lambda z, a: _normal(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi),
    "Mish": lambda z, a: (t := np.tanh(np.logaddexp(0, z))) + z * (1 - t * t) * sigmoid(z),
    "Softsign": lambda z, a: 1 / (1 + np.abs(z)) ** 2,
    "HardTanh": lambda z, a: (np.abs(z) < 1) * 1.0,
    "HardSigmoid": lambda z, a: (np.abs(z) < 3) / 6,
    "HardSwish": lambda z, a: np.where(z >= 3, 1.0, np.where(z > -3, z / 3 + 0.5, 0.0)),
}
ALSO: dict[str, list[tuple[str, Callable[[Array], Array], Callable[[Array], Array]]]] = {  # other definitions: words
    "GELU": [("it is the approximation by tanh, torch's with approximate='tanh'", lambda z: _gelu(z)[0],
              lambda z: _gelu(z)[1]),
             ("it is the approximation z sigmoid(1.702 z)", lambda z: z * sigmoid(1.702 * z),
              lambda z: sigmoid(1.702 * z) * (1 + 1.702 * z * sigmoid(-1.702 * z)))],
    "HardSigmoid": [("it is clip(0.2 z + 0.5), Keras's, torch's is clip(z/6 + 0.5)",
                     lambda z: np.clip(0.2 * z + 0.5, 0, 1), lambda z: (np.abs(z) < 2.5) * 0.2)],
}  # fmt: skip
ALPHA = {"LeakyReLU": 0.01, "ELU": 1.0}
KINKED = ("ReLU", "LeakyReLU", "ELU", "SELU")  # where one probe lies, at 0


def backward(kind: str, z: Array, g: Array, alpha: float = 0.01) -> Array:
    """The gradient with respect to z."""
    if kind == "Softmax":
        p = softmax(z)
        return p * (g - np.sum(p * g, axis=1, keepdims=True))
    return g * SLOPE[kind](z, alpha)


def recognise(z: Array, output: Array) -> tuple[str, float | None] | None:
    """The activation that makes `output` of `z`, with its slope; None when none does."""
    with np.errstate(all="ignore"):
        for kind, value in FORWARD.items():
            if kind not in ("LeakyReLU", "ELU") and np.allclose(output, value(z, 0.0), rtol=1e-6, atol=1e-7):
                return kind, None
        alpha = fitted_alpha("LeakyReLU", z, output)
        if alpha is not None and np.allclose(output, FORWARD["LeakyReLU"](z, alpha), rtol=1e-9):
            return "LeakyReLU", alpha
    return None


def constant(have: Array, wanted: Array) -> float | None:
    """The constant c with have = c * wanted everywhere, to within rounding; None where there is none."""
    if have.shape != wanted.shape or not np.isfinite(have).all() or not have.any():
        return None
    scale = float(np.abs(wanted).max(initial=0.0))
    if scale == 0:
        return None
    c = float(np.sum(have * wanted) / np.sum(wanted * wanted))
    return c if np.abs(have - c * wanted).max() <= 1e-10 * abs(c) * scale + 1e-300 else None


def fitted_alpha(kind: str, z: Array, output: Array) -> float | None:
    """The slope of a leaky activation, read from a negative input; None without one."""
    negative = z < -1e-3
    if not negative.any():
        return None
    basis = z[negative] if kind == "LeakyReLU" else np.expm1(z[negative])
    return float(np.median(output[negative] / basis))


def activation_rows(made: Component, kind: str, alpha: float | None, probe: dict[str, Any], name: str) -> float | None:
    """Adds the rows of one probe of an activation; returns the slope alpha for the probes that follow."""
    output, z = probe.get("output"), probe["inputs"]
    if not isinstance(output, np.ndarray):
        return alpha
    if kind in ALPHA and name == "batch":
        alpha = fitted_alpha(kind, z, output)
    slope = alpha if alpha is not None else ALPHA.get(kind, 0.0)
    with np.errstate(all="ignore"):
        right = FORWARD[kind](z, slope)
    status, words = _forward_verdict(kind, slope, z, output, right)
    if name == "one" and output.shape != z.shape:
        return alpha
    gap = float(np.abs(output - right).max()) if output.shape == right.shape else float("nan")
    made.rows.append(Row("forward", name, status, _used(kind, output, right), gap, words and f"forward: {words}"))
    _backward_row(made, kind, slope, probe, name, status)
    return alpha


def _allowed(kind: str, right: Array) -> Array:
    """Twice the rounding bound of one evaluation from an exact input, written in whatever usual way."""
    classes = right.shape[1] if kind == "Softmax" else 0
    return 2 * ((2 * R.elementary + (8 + 2 * classes) * R.unit) * np.maximum(np.abs(right), 1.0) + R.smallest)


def _used(kind: str, output: Array, right: Array) -> float:
    if output.shape != right.shape:
        return float("inf")
    return float(np.max(np.abs(output - right) / _allowed(kind, right)))


def _close(kind: str, output: Array, right: Array) -> bool:
    allowed = _allowed(kind, right)
    if kind == "Softmax":  # logits of 1000 round by 1000 u before anything is computed from them
        allowed = allowed + 4e3 * R.unit
    return bool(output.shape == right.shape and np.isfinite(output).all() and (np.abs(output - right) <= allowed).all())


def _forward_verdict(kind: str, alpha: float, z: Array, output: Array, right: Array) -> tuple[str, str]:
    """right, departs (which), or defective (words)."""
    if _close(kind, output, right):
        default = ALPHA.get(kind)
        if default is not None and abs(alpha - default) > 1e-9:
            return "departs", f"slope {alpha:.4g}, torch's default is {default:g}"
        return "right", ""
    for words, value, _ in ALSO.get(kind, []):
        if _close(kind, output, value(z)):
            return "departs", words
    if output.shape != z.shape:
        return "defective", f"it gives shape {output.shape} for {z.shape}"
    for c in CLIPS if kind in ("Sigmoid", "Softmax", "Tanh") else ():
        low = -1 + c if kind == "Tanh" else c
        if _close(kind, output, np.clip(right, low, 1 - c)):
            return "departs", f"clipped to [{c:g}, 1 - {c:g}], torch does not clip"
    for c in (500.0, 709.0, 100.0, 50.0, 250.0, 700.0, 200.0, 30.0, 20.0, 88.0):
        if kind in FORWARD and _close(kind, output, FORWARD[kind](np.clip(z, -c, c), alpha)):
            return "departs", f"inputs are clipped to [-{c:g}, {c:g}]"
    if kind == "ReLU" and np.array_equal(output, np.minimum(right, 6)):
        return "departs", "it is ReLU6"
    holes = int((~np.isfinite(output)).sum())
    if holes:
        overflow = "exp overflows for large inputs" if float(np.abs(z).max()) > 300 else "it divides by 0"
        return "defective", f"{holes} of {output.size} values are NaN or infinite: {overflow}"
    finite = np.isfinite(output)
    if kind == "Softmax" and np.abs(output[finite] - right[finite]).max() < 1e-6:
        return "departs", "a small number is added or subtracted somewhere"
    return "defective", f"values differ by up to {np.abs(output - right).max():.2g}"


def _backward_row(made: Component, kind: str, alpha: float, probe: dict[str, Any], name: str, forward: str) -> None:
    """The row of the gradient: in product form, or as a derivative at the input or at the output."""
    z, g, output = probe["inputs"], probe["upstream"], probe["output"]
    if kind != "Softmax" and output.shape == z.shape and isinstance(probe.get("derivative"), np.ndarray):
        forms = {
            key: probe[key] for key in ("derivative", "derivative_at_output") if isinstance(probe.get(key), np.ndarray)
        }
        upstream = np.ones_like(z)
    else:
        keys = ("dinputs", "dinputs_at_output", "dinputs_cache", "derivative", "derivative_at_output")
        forms = {key: probe[key] for key in keys if isinstance(probe.get(key), np.ndarray)}
        upstream = g
    if not forms or output.shape != z.shape:
        return
    if kind == "Softmax":
        forms = {k: f * g if k.startswith("derivative") and f.shape == g.shape else f for k, f in forms.items()}
    with np.errstate(all="ignore"):
        wanted = _gradients(kind, alpha, z, upstream, output)
    verdicts = [_backward_verdict(kind, form, wanted, z, upstream, key) for key, form in forms.items()]
    order = ("right", "departs", "defective")
    status, words = min(verdicts, key=lambda one: order.index(one[0]))
    if status == "defective" and forward == "defective" and name not in ("batch", "one"):
        return  # the same overflow, once
    made.rows.append(Row("backward", name, status, says=words and f"backward: {words}", stage="backward"))


def _gradients(kind: str, alpha: float, z: Array, g: Array, output: Array) -> dict[str, Array]:
    """The right gradient, from z and from their own output."""
    wanted = {"": backward(kind, z, g, alpha)}
    wanted |= {words: g * slope(z) for words, value, slope in ALSO.get(kind, []) if _close(kind, output, value(z))}
    if kind == "Sigmoid":
        wanted["own"] = g * output * (1 - output)
    elif kind == "Tanh":
        wanted["own"] = g * (1 - output * output)
    elif kind == "Softmax":
        wanted["own"] = output * (g - np.sum(output * g, axis=1, keepdims=True))
    return wanted


def _backward_verdict(
    kind: str, have: Array, wanted: dict[str, Array], z: Array, g: Array, key: str
) -> tuple[str, str]:
    """right, departs (which), or defective."""
    right = wanted[""]
    if have.shape != right.shape:
        if kind == "Softmax" and have.ndim == 3:
            return "departs", "it gives the whole Jacobian"
        return "defective", f"it gives shape {have.shape} for {right.shape}"
    allowed = 16 * R.unit * np.maximum(np.abs(g), 1.0) + 1e-14 * np.abs(g)
    for form in wanted.values():
        if np.isfinite(have).all() and (np.abs(have - form) <= allowed).all():
            return "right", ""
    if kind in KINKED:
        smooth = z != 0
        if np.isfinite(have).all() and (np.abs(have - right) <= allowed)[smooth].all():
            return "departs", "at exactly 0 its derivative is another than torch's (0): either is a sub-gradient"
    if kind == "Softmax":
        p = softmax(z)
        if np.allclose(have, g, rtol=0, atol=1e-12):
            return "departs", "it hands the gradient on as it is: right only behind a loss that gives p - y"
        if np.allclose(have, p - g, rtol=0, atol=1e-12) or np.allclose(have, (p - g) / len(p), rtol=0, atol=1e-12):
            return "departs", "it is the combined gradient p - y with cross-entropy: give it labels, not a gradient"
        if np.allclose(have, g * p * (1 - p), atol=1e-12) or (np.allclose(have, p * (1 - p), atol=1e-12)):
            return (
                "defective",
                "only the diagonal p (1 - p) of the Jacobian is there: every class depends on every logit",
            )
    if kind == "Sigmoid" and np.abs(z).max() > 10 and np.isfinite(have).all() and np.abs(have - right).max() < 1e-4:
        return "departs", "far out the derivative is that of the clipped value"
    if kind != "Softmax" and key == "dinputs" and np.allclose(have, backward(kind, z, np.ones_like(z)), atol=1e-12):
        return "defective", "it returns its derivative and forgets to multiply by the gradient from above"
    if not np.isfinite(have).all():
        return "defective", f"{int((~np.isfinite(have)).sum())} of {have.size} values are NaN or infinite"
    return "defective", f"values differ by up to {np.abs(have - right).max():.2g}"
