"""The value of a loss: which reduction it is, with which epsilon, to within a derived bound.

Axes: B samples, C classes or outputs.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import exact
from reports.measure import gaps, largest
from reports.subjects.losses.bounds import CLASSES, each, root, summed
from reports.subjects.nearness import near, scaled, unexplained, used
from reports.subjects.verdicts import Row, crashed

Array = np.ndarray
DOUBLE, SINGLE = Rounding.of(np.float64), Rounding.of(np.float32)
EPSILONS = (0.0, 1e-7, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-5, 2.220446049250313e-16, 1e-16, 1e-20, 1e-3, 1e-4)
WORDS = {
    "CrossEntropy": "cross-entropy on probabilities", "SoftmaxCrossEntropy": "softmax and cross-entropy",
    "BinaryCrossEntropy": "binary cross-entropy", "MeanSquaredError": "squared error",
    "MeanAbsoluteError": "absolute error", "SigmoidCrossEntropy": "sigmoid and binary cross-entropy",
    "Huber": "Huber's loss with delta 1", "LogProbabilities": "negative log-likelihood of log-probabilities",
}  # fmt: skip


class Found(NamedTuple):
    """What a value is: status, words, the reduction, the share of the allowance, the gap."""

    status: str
    words: str
    reduction: str
    used: float = 0.0
    gap: float = 0.0


def meant(case: dict[str, Any]) -> tuple[Array, Array]:
    """Predictions and labels as rows."""
    predicted, labels = case["predicted"], case["meant"]
    if predicted.ndim == 1:
        predicted = predicted.reshape(labels.shape)
    elif predicted.shape != labels.shape and predicted.T.shape == labels.shape:
        predicted = predicted.T
    return predicted, labels


def value_row(case: dict[str, Any], kind: str) -> Row | None:
    """Compares a value with all reductions of the loss; None where there is no value."""
    value = case.get("value")
    if not isinstance(value, np.ndarray):
        if "error" not in case:
            return None
        return crashed("value", case["format"], case["error"])
    p, y = meant(case)
    found = reduction(kind, value, p, y)
    if found is None and kind == "BinaryCrossEntropy" and (found := reduction("SigmoidCrossEntropy", value, p, y)):
        case["actual"] = "SigmoidCrossEntropy"
    if found is None and kind in CLASSES:
        found = _other_kind(case, value, p, y)
    if found is None:
        found = nearly(kind, value, p, y)
    if found is None:
        if not np.isfinite(value).all():
            return Row("value", case["format"], "defective", says="its value is NaN or infinite")
        if _is_error(value, p, y):
            return Row("value", case["format"], "departs", says=ERROR)
        return Row("value", case["format"], "defective", says=_strange(kind, value, p, y))
    case["reduction"] = found.reduction
    return Row("value", case["format"], found.status, found.used, found.gap, found.words)


ERROR = "it gives the error of each element, as its gradient does: another quantity than the value of a loss"


def _is_error(value: Array, p: Array, y: Array) -> bool:
    """Whether each element is the plain error, in either order, or that times the constant of a mean's gradient."""
    have = value if value.shape == p.shape else value.T
    sizes = (1, *p.shape, p.size)
    signed = [sign * factor / n * (p - y) for sign in (1, -1) for factor in (1, 2) for n in sizes]
    return have.shape == p.shape and any(near(have, one) for one in signed)


def _other_kind(case: dict[str, Any], value: Array, p: Array, y: Array) -> Found | None:
    """A loss called cross-entropy may be the binary one; one called fused may take probabilities."""
    found = reduction("BinaryCrossEntropy", value, p, y) if ((p > 0) & (p < 1)).all() else None
    if found:
        case["actual"] = "BinaryCrossEntropy"
        words = "it is the binary cross-entropy of each class, not that of torch's cross_entropy"
        return found._replace(status="departs", words=words)
    if found := reduction("LogProbabilities", value, p, y):
        case["actual"] = "LogProbabilities"
        return found._replace(reduction=f"{found.reduction}, of log-probabilities, as torch's nll_loss")
    if (p < 0).any() and (found := reduction("SoftmaxCrossEntropy", value, p, y)):
        return found
    if found := reduction("SoftmaxCrossEntropy", value, p, y):
        case["actual"] = "SoftmaxCrossEntropy"
        return found._replace(reduction=f"{found.reduction}, of logits, as torch's cross_entropy")
    return None


def reduction(kind: str, value: Array, p: Array, y: Array) -> Found | None:
    """The reduction and the epsilon that make the value to within rounding; status and words beside."""
    if not np.isfinite(value).all():
        return None
    for epsilon in EPSILONS if "CrossEntropy" in kind else (0.0,):
        found = _reduced(kind, value, p, y, epsilon, lambda have, form: used(have, form) <= 1)
        if found and epsilon and found.reduction != "negative":
            words = f"{epsilon:g} is added to the probability in the logarithm"
            return found._replace(status="departs", words=words + (f"; {found.words}" if found.words else ""))
        if found:
            return found
    return None


def nearly(kind: str, value: Array, p: Array, y: Array) -> Found | None:
    """A value that is near, and not to within the rounding of float64: float32's, or told by its digits."""
    if np.array_equal(value, value.astype(np.float32)):
        found = _reduced(kind, value, p, y, 0.0, lambda have, form: used(have, form) <= 1, SINGLE)
        if found:
            words = "it computes in float32: right to within the rounding of float32"
            return found._replace(status="departs", words=words + (f"; {found.words}" if found.words else ""))
    found = _reduced(kind, value, p, y, 0.0, lambda have, form: near(have, form.value))
    return found and found._replace(status="departs", words=f"value: {found.words}")


def _reduced(
    kind: str, value: Array, p: Array, y: Array, epsilon: float, fits: Callable[[Array, Bounded], bool],
    r: Rounding = DOUBLE,
) -> Found | None:  # fmt: skip
    """The first reduction of a loss that fits a value."""
    b, c = p.shape
    given = exact(p) if r is DOUBLE else Bounded(p, r.unit * np.abs(p))
    one = each(kind, given, y, epsilon, r)
    for name, axis, factor, words in _forms(b, c, kind in CLASSES):
        if value.size != {None: 1, 0: c, 1: b, EACH: p.size}[axis]:
            continue
        form = scaled(one, factor) if axis == EACH else summed(one, axis, factor, r)
        if name == ROOT:
            form = root(form, r)
        for have in _shaped(value, form.value):
            if np.isfinite(form.value).all() and fits(have, form):
                share, gap = used(have, form), largest(gaps(have, form.value))
                if factor < 0:
                    return Found("defective", words, name, share, gap)
                if not share <= 1:
                    words = unexplained(have, form.value) + (f"; {words}" if words else "")
                return Found("departs" if words else "right", words, name, share, gap)
    return None


EACH = 2  # in place of an axis: nothing is summed
ROOT = "root of the mean"


def _forms(b: int, c: int, classes: bool) -> list[tuple[str, int | None, float, str]]:
    """Every reduction: its name, the axis of its sum (None for all), the factor before it, what torch says to it."""
    every, outputs = 1 / (b * c), 1.0 if classes else 1 / c
    return [
        ("mean", None, outputs / b, ""),
        ("one value per sample", 1, outputs, ""),
        ("one value per element", EACH, 1.0, ""),
        ("sum over outputs, mean over samples", None, 1 / b, ""),
        ("sum", None, 1.0, "it is the sum over the batch, torch takes the mean"),
        ("mean over all elements", None, every, "it is averaged over classes too" if classes else ""),
        ("half the mean", None, every / 2, "it is half of torch's"),
        ("half the sum", None, 0.5, "it is half the sum of squares, torch takes the mean"),
        ("half the sum, mean over samples", None, 0.5 / b, "it is half the sum over outputs"),
        ("each element divided by the outputs", EACH, 1 / c, ""),
        ("half of each element", EACH, 0.5, "it is half of each element"),
        ("each element divided by the samples", EACH, 1 / b, ""),
        ("half of each element, divided by the samples", EACH, 0.5 / b, "it is half of torch's"),
        ("half of each element, divided by the outputs", EACH, 0.5 / c, "it is half of torch's"),
        ("half of each sample", 1, 0.5, "it is half the sum over outputs"),
        ("sum of each sample", 1, 1.0, ""),
        ("mean of each output", 0, 1 / b, "it is averaged over samples alone"),
        ("negative", None, -outputs / b, "its sign is turned round"),
        (ROOT, None, every, "it is the root of the mean"),
    ]


def _shaped(value: Array, form: Array) -> list[Array]:
    """A value of as many numbers in the shape of a form: as it is, or turned."""
    turned = [value.T] if value.ndim == 2 and value.shape != form.shape and value.T.shape == form.shape else []
    return [*turned, value.reshape(form.shape)]


def _strange(kind: str, value: Array, p: Array, y: Array) -> str:
    """What a value is that is no reduction of its loss."""
    b = len(p)
    spread = p.reshape(b, -1) - y.reshape(b, -1).T if p.shape[1] == 1 else None
    if spread is not None and value.size == 1 and near(value.reshape(1), np.mean(spread**2).reshape(1)):
        return "value: (N, 1) minus (N,) has become (N, N)"
    clipped = np.clip(p, 1e-7, 1 - 1e-7)
    if kind == "SoftmaxCrossEntropy" and reduction("CrossEntropy", value, clipped, y):
        return "value: it is the logarithm of what it is given, and not of its softmax"
    mean = float(np.sum(each(kind, exact(p), y, 0.0, DOUBLE).value)) / b
    have = float(np.mean(value))
    return f"value: {have:.6g} in the mean, where {WORDS[kind]} gives {mean:.6g} per sample"
