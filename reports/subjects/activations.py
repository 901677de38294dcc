"""Activations of a subject, judged: which one an output comes from, its values and its way back, within bounds.

Axes: B samples, H values.
"""

from typing import Any

import numpy as np

from reports.equations.rounding import Rounding
from reports.equations.step import exact
from reports.judge import used_share
from reports.measure import gaps, largest
from reports.subjects import curves
from reports.subjects.compared import FLOAT32, in_float32
from reports.subjects.formulas import ALPHA, ALSO, FORWARD, KINKED, backward, sigmoid, softmax
from reports.subjects.nearness import near, same, unexplained
from reports.subjects.verdicts import Component, Row

Array = np.ndarray
R = Rounding.of(np.float64)
CLIPS = (1e-7, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-5)


def recognise(z: Array, output: Array) -> tuple[str, float | None] | None:
    """The activation that makes `output` of `z`, with its slope; None when none does. A proposal, no verdict."""
    with np.errstate(all="ignore"):
        for kind, value in FORWARD.items():
            if kind not in ALPHA and near(output, value(z, 0.0)):
                return kind, None
        for kind in ALPHA:
            alpha = fitted_alpha(kind, z, output)
            if alpha is not None and near(output, FORWARD[kind](z, alpha)):
                return kind, alpha
    return None


def fitted_alpha(kind: str, z: Array, output: Array) -> float | None:
    """The slope of a leaky activation, read from its negative inputs; torch's own where rounding explains the rest."""
    negative = z < 0
    if not negative.any():
        return None
    basis = z[negative] if kind == "LeakyReLU" else np.expm1(z[negative])
    alpha, default = float(np.median(output[negative] / basis)), ALPHA[kind]
    rounded = R.growth(4) + 2 * R.elementary  # two products or exponentials, two quotients
    return default if abs(alpha - default) <= rounded * default else alpha


def activation_rows(made: Component, kind: str, alpha: float | None, probe: dict[str, Any], name: str) -> float | None:
    """Adds the rows of one probe of an activation; returns the slope alpha for the probes that follow."""
    output, z = probe.get("output"), probe["inputs"]
    if not isinstance(output, np.ndarray):
        return alpha
    output = probe["output"] = np.asarray(output, float)
    if kind in ALPHA and name == "batch":
        alpha = fitted_alpha(kind, z, output)
    slope = alpha if alpha is not None else ALPHA.get(kind, 0.0)
    with np.errstate(all="ignore"):
        right = FORWARD[kind](z, slope)
        allowed = curves.value(kind, slope, exact(z), R).allowed
    status, words = _forward_verdict(kind, slope, z, output, right, allowed)
    if name == "one" and output.shape != z.shape:
        return alpha
    gap = float(np.abs(output - right).max()) if output.shape == right.shape else float("nan")
    made.rows.append(Row("forward", name, status, _share(output, right, allowed), gap, words and f"forward: {words}"))
    _backward_row(made, kind, slope, probe, name, status)
    return alpha


def _share(have: Array, wanted: Array, allowed: Array) -> float:
    """The worst gap in allowances; infinite for another shape, and where a value is not finite."""
    if have.shape != wanted.shape or not np.isfinite(have).all():
        return float("inf")
    return largest(used_share(gaps(have, wanted), allowed))


def _forward_verdict(
    kind: str, alpha: float, z: Array, output: Array, right: Array, allowed: Array
) -> tuple[str, str]:  # fmt: skip
    """right, departs (which), or defective (words)."""

    def is_(form: Array) -> bool:
        return _share(output, form, allowed) <= 1

    if is_(right):
        default = ALPHA.get(kind, alpha)
        return ("right", "") if alpha == default else ("departs", f"slope {alpha:.4g}, torch's default is {default:g}")
    for words, value, _ in ALSO.get(kind, []):
        if is_(value(z)):
            return "departs", words
    if output.shape != z.shape:
        return "defective", f"it gives shape {output.shape} for {z.shape}"
    total = 1 / np.max(right, axis=1, keepdims=True) if kind == "Softmax" else np.ones(1)  # of exp(z - max)
    with np.errstate(all="ignore"):
        plain = np.exp(z).sum(axis=-1, keepdims=True)
        added = [c for c in CLIPS for of in (total, plain) if kind == "Softmax" and is_(right / (1 + c / of))]
    if added:
        return "departs", f"{added[0]:g} is added to the sum that it divides by"
    for c in CLIPS if kind in ("Sigmoid", "Softmax", "Tanh") else ():
        low = -1 + c if kind == "Tanh" else c
        if is_(np.clip(right, low, 1 - c)):
            return "departs", f"clipped to [{c:g}, 1 - {c:g}], torch does not clip"
    for c in (
        500.0,
        709.0,
        100.0,
        10.0,
        15.0,
        25.0,
        16.0,
        36.0,
        40.0,
        300.0,
        400.0,
        600.0,
        708.0,
        50.0,
        250.0,
        700.0,
        200.0,
        30.0,
        20.0,
        88.0,
    ):
        if is_(FORWARD[kind](np.clip(z, -c, c), alpha)):
            return "departs", f"inputs are clipped to [-{c:g}, {c:g}]"
    if line := _stretched(kind, output, right, allowed):
        factor, shift = line
        parts = [f"multiplied by {factor:.6g}"] * (factor != 1) + [f"shifted by {shift:.6g}"] * (shift != 0)
        return "departs", f"it is torch's {' and '.join(parts)}, by its own definition"
    if kind == "ReLU" and np.array_equal(output, np.minimum(right, 6)):
        return "departs", "it is ReLU6"
    holes = int((~np.isfinite(output)).sum())
    if holes:
        overflow = "exp overflows for large inputs" if float(np.abs(z).max()) > 300 else "it divides by 0"
        return "defective", f"{holes} of {output.size} values are NaN or infinite: {overflow}"
    if near(output, right):
        return "departs", FLOAT32 if in_float32(output) else unexplained(output, right)
    return "defective", f"values differ by up to {np.abs(output - right).max():.2g}"


def _stretched(kind: str, output: Array, right: Array, allowed: Array) -> tuple[float, float] | None:
    """The factor and the shift that make their output of torch's; None where none do, or it is torch's."""
    if kind in ("Softmax", "Identity") or not np.isfinite(output).all() or output.shape != right.shape:
        return None
    low, high = right.argmin(), right.argmax()
    span = float(right.flat[high] - right.flat[low])
    factor = float(output.flat[high] - output.flat[low]) / span if span else 0.0
    shift = float(output.flat[low] - factor * right.flat[low])
    shift = 0.0 if abs(shift) <= 8 * R.unit * np.abs(output).max() else shift
    factor = 1.0 if abs(factor - 1) <= 8 * R.unit else factor
    rounded = factor * allowed + 16 * R.unit * (np.abs(output).max() + abs(shift))
    fits = factor > 0 and (np.abs(output - (factor * right + shift)) <= rounded).all()
    return (factor, shift) if fits and (factor, shift) != (1.0, 0.0) else None


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
        allowed = curves.back(kind, alpha, exact(z), upstream, R).allowed
    verdicts = [_backward_verdict(kind, form, wanted, z, upstream, key, allowed) for key, form in forms.items()]
    order = ("right", "departs", "defective")
    status, words, share = min(verdicts, key=lambda one: order.index(one[0]))
    if status == "defective" and forward == "defective" and name not in ("batch", "one"):
        return  # the same overflow, once
    made.rows.append(Row("backward", name, status, share, says=words and f"backward: {words}", stage="backward"))


def _gradients(kind: str, alpha: float, z: Array, g: Array, output: Array) -> dict[str, Array]:
    """The right gradient, from z and from their own output."""
    wanted = {"": backward(kind, z, g, alpha)}
    with np.errstate(all="ignore"):
        allowed = curves.value(kind, alpha, exact(z), R).allowed
        line = _stretched(kind, output, FORWARD[kind](z, alpha), allowed)
    if line and not any(_share(output, value(z), allowed) <= 1 for _, value, _ in ALSO.get(kind, [])):
        return {"": line[0] * wanted[""]}
    for words, value, slope in ALSO.get(kind, []):
        if _share(output, value(z), allowed) <= 1:
            wanted[words] = g * slope(z)
    if kind == "Sigmoid":
        wanted["own"] = g * output * (1 - output)
    elif kind == "Tanh":
        wanted["own"] = g * (1 - output * output)
    elif kind == "Softmax":
        wanted["own"] = output * (g - np.sum(output * g, axis=1, keepdims=True))
    return wanted


def _backward_verdict(
    kind: str, have: Array, wanted: dict[str, Array], z: Array, g: Array, key: str, allowed: Array
) -> tuple[str, str, float]:
    """right, departs (which), or defective; and the share of the allowance."""
    right = wanted[""]
    if have.shape != right.shape:
        if kind == "Softmax" and have.ndim == 3:
            return "departs", "it gives the whole Jacobian", np.nan
        return "defective", f"it gives shape {have.shape} for {right.shape}", np.inf
    share = min(_share(have, form, allowed) for form in wanted.values())
    if share <= 1:
        return "right", "", share
    smooth = z != 0
    if kind in KINKED and _share(have[smooth], right[smooth], allowed[smooth]) <= 1:
        return "departs", "at exactly 0 its derivative is another than torch's (0): either is a sub-gradient", share
    status, words = _mistaken(kind, have, right, z, g, key)
    return status, words, share


def _mistaken(kind: str, have: Array, right: Array, z: Array, g: Array, key: str) -> tuple[str, str]:
    """What a gradient is that is not right: another definition, or which mistake."""
    if kind == "Softmax":
        p = softmax(z)
        if same(have, g):
            return "departs", "it hands the gradient on as it is: right only behind a loss that gives p - y"
        if same(have, p - g) or same(have, (p - g) / len(p)):
            return "departs", "it is the combined gradient p - y with cross-entropy: give it labels, not a gradient"
        if same(have, g * p * (1 - p)) or same(have, p * (1 - p)):
            return (
                "defective",
                "only the diagonal p (1 - p) of the Jacobian is there: every class depends on every logit",
            )
    clipped = [np.clip(sigmoid(z), c, 1 - c) for c in CLIPS] if kind == "Sigmoid" else []
    if any(same(have, g * s * (1 - s)) for s in clipped):
        return "departs", "far out the derivative is that of the clipped value"
    if kind != "Softmax" and key == "dinputs" and same(have, backward(kind, z, np.ones_like(z))):
        return "defective", "it returns its derivative and forgets to multiply by the gradient from above"
    if not np.isfinite(have).all():
        return "defective", f"{int((~np.isfinite(have)).sum())} of {have.size} values are NaN or infinite"
    if near(have, right):
        return "departs", FLOAT32 if in_float32(have) else unexplained(have, right)
    return "defective", f"values differ by up to {np.abs(have - right).max():.2g}"
