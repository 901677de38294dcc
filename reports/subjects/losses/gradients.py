"""The gradient of a loss beside torch's own, up to one constant that is told: to within a derived bound.

Axes: B samples, C classes or outputs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from reports.calibrated import PROPOSED
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import exact
from reports.measure import gaps, largest
from reports.subjects.losses.bounds import each, gradient_error
from reports.subjects.losses.values import DOUBLE, EPSILONS, SINGLE, meant
from reports.subjects.nearness import fitted, near, scaled, unexplained, used
from reports.subjects.verdicts import Row, crashed

Array = np.ndarray
TORCH: dict[str, Callable[[Any, Any], Any]] = {  # torch's own loss, a mean
    "CrossEntropy": lambda p, y: -torch.xlogy(y, p).sum(1).mean(),  # torch has none of probabilities but nll_loss
    "LogProbabilities": lambda p, y: -(p * y).sum(1).mean(),
    "SoftmaxCrossEntropy": F.cross_entropy,
    "SigmoidCrossEntropy": F.binary_cross_entropy_with_logits,
    "BinaryCrossEntropy": F.binary_cross_entropy,
    "MeanSquaredError": F.mse_loss,
    "MeanAbsoluteError": F.l1_loss,
    "Huber": F.huber_loss,
}


def torch_gradient(kind: str, p: Array, y: Array) -> Array:
    """The gradient of torch's own mean loss with respect to the predictions."""
    x = torch.tensor(p, dtype=torch.float64, requires_grad=True)
    TORCH[kind](x, torch.tensor(y, dtype=torch.float64)).backward()
    assert x.grad is not None
    return x.grad.numpy().copy()


def gradient_row(case: dict[str, Any], kind: str) -> Row | None:
    """Compares a gradient with torch's, up to one constant that is told; None where there is none."""
    if "gradient_unknown" in case:
        return _row(case, "unjudged", f"its gradient takes {case['gradient_unknown']}: it is not known how to call it")
    if "gradient_error" in case:
        failed = crashed("gradient", case["format"], case["gradient_error"], "backward")
        failed.says = failed.says.replace("it crashes", "backward crashes", 1)
        return failed
    have = case.get("gradient")
    if not isinstance(have, np.ndarray):
        return None
    p, y = meant(case)
    if have.shape != p.shape and have.T.shape == p.shape:
        have = have.T
    if have.size == p.size and have.shape != p.shape:
        have = have.reshape(p.shape)
    if have.shape != p.shape:
        return _row(case, "defective", f"gradient: it has shape {have.shape} for predictions {p.shape}")
    actual = case.get("actual", kind)
    proposed = {name: right for name, right in _candidates(actual, p, y).items() if _constant(have, right) is not None}
    roundings = [DOUBLE, SINGLE] if np.array_equal(have, have.astype(np.float32)) else [DOUBLE]
    for r in roundings:
        for name, right in proposed.items():
            if row := _within(case, have, _bounded(name, actual, p, y, right, r), name, actual, r):
                return row
    if proposed:
        name, right = next(iter(proposed.items()))
        return _smeared(case, actual, have, p, y) or _near(case, have, right, name, actual)
    return _explained(case, actual, have, p, y)


def _candidates(actual: str, p: Array, y: Array) -> dict[str, Array]:
    """The gradients that a loss of this kind may mean: torch's, and p - y combined with the activation before it."""
    found = {"": torch_gradient(actual, p, y)}
    if actual in ("CrossEntropy", "BinaryCrossEntropy"):
        found["fused"] = (p - y) / len(p)
    if actual == "SoftmaxCrossEntropy" and ((p >= 0) & (p <= 1)).all():
        found["of probabilities"] = (p - y) / len(p)
    return found


def _bounded(name: str, actual: str, p: Array, y: Array, right: Array, r: Rounding) -> Bounded:
    """A candidate with its bound."""
    given = exact(p) if r is DOUBLE else Bounded(p, r.unit * np.abs(p))
    return Bounded(right, gradient_error("fused" if name else actual, given, y, right, r))


def _constant(have: Array, wanted: Array) -> float | None:
    """The constant c for which a search takes `have` for c times `wanted`; None where there is none."""
    found = fitted(have, wanted, lambda c: np.zeros_like(wanted))
    return found[0] if found and found[0] and near(have, found[0] * wanted) else None


def _within(case: dict[str, Any], have: Array, right: Bounded, name: str, actual: str, r: Rounding) -> Row | None:
    """The row of a gradient that is a constant times the right one to within its bound, by the constant."""
    b, c = right.value.shape
    found = fitted(have, right.value, lambda ratio: abs(ratio) * right.allowed)
    if found is None:
        return None
    ratio, off = _known(*found, b, c)
    wanted = scaled(right, ratio, off)
    share, gap = used(have, wanted), largest(gaps(have, wanted.value))
    if not share <= 1:
        return None
    case["gradient_scale"] = ratio
    if ratio < 0 and case.get("turned"):
        told = f"it is {ratio:.4g} times torch's gradient, and its caller takes minus of it"
        return _row(case, "departs", told, share, gap)
    if ratio < 0:
        turned = f"gradient: it has the wrong sign, {ratio:.4g} times torch's everywhere"
        return _row(case, "defective", turned, share, gap)
    words = _scale_words(ratio, name, b, c, actual)
    if words is None:
        return _row(case, "defective", f"gradient: it is {ratio:.6g} times torch's everywhere", share, gap)
    if r is SINGLE:
        words = "it computes in float32: right to within the rounding of float32" + (f"; {words}" if words else "")
    return _row(case, "departs" if words else "right", words, share, gap)


def _near(case: dict[str, Any], have: Array, right: Array, name: str, actual: str) -> Row:
    """The row of a gradient that is near a known constant times the right one, beyond what rounding explains."""
    b, c = right.shape
    ratio = _constant(have, right) or 1.0
    known, _ = _known(ratio, 0.0, b, c)
    p, y = meant(case)
    bound = scaled(_bounded(name, actual, p, y, right, DOUBLE), known)
    case["gradient_scale"] = known
    words = f"gradient: {unexplained(have, bound.value)}"
    if scale := _scale_words(known, name, b, c, actual):
        words += f"; {scale}"
    status = "departs" if known > 0 else "defective"
    return _row(case, status, words, used(have, bound), largest(gaps(have, bound.value)))


def _known(ratio: float, off: float, b: int, c: int) -> tuple[float, float]:
    """The known constant that a search takes a fitted one for, exact; the fitted one itself where there is none."""
    known = (number for number, _ in _scales(b, c) if abs(ratio - number) <= PROPOSED * number)
    return next(((number, 0.0) for number in known), (ratio, off))


def _scales(b: int, c: int) -> list[tuple[float, str]]:
    """The constants that mean something beside torch's mean."""
    return [(1.0, ""), (float(b), "not divided by the batch size"), (float(c), f"not divided by the {c} outputs"),
            (float(b * c), "neither divided by batch nor outputs"), (0.5, "half of torch's"),
            (b / 2, "half, and not divided by the batch size"), (c / 2, "half, and not divided by the outputs"),
            (b * c / 2, "half the sum"), (1 / c, f"divided by the {c} classes besides"), (1 / b, "divided by B twice"),
            (2.0, "twice torch's")]  # fmt: skip


def _scale_words(ratio: float, name: str, b: int, c: int, actual: str) -> str | None:
    """What a constant says: empty for torch's own size, None for a number that means nothing."""
    words = next((words for number, words in _scales(b, c) if number == ratio), None)
    words = f"gradient is {words}" if words else words
    if name != "fused":
        return words
    activation = "softmax" if actual == "CrossEntropy" else "sigmoid"
    return f"it is p - y, combined with {activation}" + (f", {words}" if words else "")


def _smeared(case: dict[str, Any], kind: str, have: Array, p: Array, y: Array) -> Row | None:
    """The row of a gradient that has an epsilon in its denominator, to within the bound."""
    for epsilon in EPSILONS[1:]:
        with np.errstate(all="ignore"):
            smeared = {
                "CrossEntropy": -y / (p + epsilon) / len(y),
                "BinaryCrossEntropy": (-y / (p + epsilon) + (1 - y) / (1 - p + epsilon)) / y.size,
            }.get(kind)
        if smeared is None:
            return None
        bound = Bounded(smeared, gradient_error(kind, exact(p), y, smeared, DOUBLE))
        if share := _share(have, bound):
            return _row(case, "departs", f"{epsilon:g} is added to the probability in the denominator", share)
    return None


def _share(have: Array, bound: Bounded) -> float:
    """The share of the allowance, when a gradient is a positive constant times another to within its bound, else 0."""
    found = fitted(have, bound.value, lambda ratio: abs(ratio) * bound.allowed)
    share = used(have, scaled(bound, *_known(*found, *have.shape))) if found and found[0] > 0 else np.inf
    return max(share, np.finfo(float).tiny) if share <= 1 else 0.0


def _explained(case: dict[str, Any], kind: str, have: Array, p: Array, y: Array) -> Row:
    """A gradient that is no multiple of the right one: which mistake it is."""
    with np.errstate(all="ignore"):
        mistakes = {
            "the label is multiplied, not divided by p": -y * p,
            "only 1/p is there, for every class": -1 / p,
            "the targets have no part in it": p,
            "the targets are added": p + y,
            "it is the value of the loss, not its derivative": each(kind, exact(p), y, 0.0, DOUBLE).value,
            "it is the absolute difference: its sign is lost": np.abs(p - y),
            "it is the square, not the difference": (p - y) ** 2,
            "it is a sign: the derivative of the absolute error": np.sign(p - y),
            "it is the difference: the derivative of a square": p - y,
            "it is the gradient of the binary cross-entropy": (p - y) / (p * (1 - p)),
            "it is the gradient of the cross-entropy of the label alone": -y / p,
            "the sum over all samples stands in every row": np.broadcast_to((p - y).sum(0), p.shape),
        }
    for words, form in mistakes.items():
        if _constant(have, np.asarray(form, float)) is not None:
            return _row(case, "defective", f"gradient: {words}")
    if row := _smeared(case, kind, have, p, y):
        return row
    if not np.isfinite(have).all():
        return _row(case, "defective", "gradient: NaN or infinite")
    off = np.abs(have - torch_gradient(kind, p, y)).max()
    return _row(case, "defective", f"gradient: it is no multiple of torch's; they differ by up to {off:.2g}")


def _row(case: dict[str, Any], status: str, says: str, share: float = np.nan, gap: float = np.nan) -> Row:
    return Row("gradient", case["format"], status, share, gap, says, "backward")
