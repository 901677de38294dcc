"""Losses of a subject, judged: which loss its value is, whether its gradient is the derivative, and by what constant.

Axes: B samples, C classes or outputs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from reports.subjects.components import component
from reports.subjects.formulas import constant, sigmoid, softmax
from reports.subjects.verdicts import Component, Row, crashed, unwritten

Array = np.ndarray
EPSILONS = (0.0, 1e-7, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-5, 2.220446049250313e-16, 1e-16, 1e-20, 1e-3, 1e-4)
ELEMENTS: dict[str, Callable[[Array, Array, float], Array]] = {  # the loss of each element
    "CrossEntropy": lambda p, y, e: -y * np.log(p + e),
    "SoftmaxCrossEntropy": lambda z, y, e: -y * np.log(softmax(z) + e),
    "SigmoidCrossEntropy": lambda z, y, e: -y * np.log(sigmoid(z) + e) - (1 - y) * np.log(sigmoid(-z) + e),
    "BinaryCrossEntropy": lambda p, y, e: -y * np.log(p + e) - (1 - y) * np.log(1 - p + e),
    "MeanSquaredError": lambda p, y, e: (p - y) ** 2,
    "MeanAbsoluteError": lambda p, y, e: np.abs(p - y),
    "Huber": lambda p, y, e: np.where(np.abs(p - y) <= 1, 0.5 * (p - y) ** 2, np.abs(p - y) - 0.5),
}
TORCH: dict[str, Callable[[Any, Any], Any]] = {  # torch's own loss, a mean
    "CrossEntropy": lambda p, y: F.nll_loss(p.log(), y.argmax(1)),
    "SoftmaxCrossEntropy": lambda z, y: F.cross_entropy(z, y.argmax(1)),
    "SigmoidCrossEntropy": F.binary_cross_entropy_with_logits,
    "BinaryCrossEntropy": F.binary_cross_entropy,
    "MeanSquaredError": F.mse_loss,
    "MeanAbsoluteError": F.l1_loss,
    "Huber": F.huber_loss,
}
WORDS = {
    "CrossEntropy": "cross-entropy on probabilities", "SoftmaxCrossEntropy": "softmax and cross-entropy",
    "SigmoidCrossEntropy": "sigmoid and binary cross-entropy",
    "BinaryCrossEntropy": "binary cross-entropy", "MeanSquaredError": "squared error",
    "MeanAbsoluteError": "absolute error", "Huber": "Huber's loss with delta 1",
}  # fmt: skip
SMALL = 1e-11


def loss(seen: dict[str, Any]) -> Component:
    """Judges a loss: its value and its gradient, in every label format that it takes."""
    made = component(seen)
    kind = seen["kind"]
    if kind not in ELEMENTS:
        made.rows.append(Row("forward", "", "unjudged", says=f"no equation for {kind} yet"))
        return made
    if kind == "SoftmaxCrossEntropy" and not _takes_logits(seen):
        kind = made.kind = "CrossEntropy"
        seen = {**seen, "cases": [case for case in seen["cases"] if "probabilities" in case["format"]]}
    elif kind == "SoftmaxCrossEntropy":
        seen = {**seen, "cases": [case for case in seen["cases"] if "probabilities" not in case["format"]]}
    cases = _best_order(seen, kind)
    formats = []
    for case in cases:
        value_row = _value_row(case, kind)
        gradient_row = _gradient_row(case, kind, value_row)
        rows = [row for row in (value_row, gradient_row) if row]
        if _optional(case["format"]) and any(row.status in ("defective", "unjudged") for row in rows):
            continue  # a format that it does not take
        made.rows += rows
        formats += [case["format"]] if rows else []
    made.convention = {"labels": ", ".join(formats), "arguments": cases[0]["order"] if cases else ""}
    for key, title in (("reduction", "value"), ("gradient_scale", "gradient scale")):
        told = [case[key] for case in cases if key in case]
        if told:
            made.convention[title] = told[0] if isinstance(told[0], str) else f"{told[0]:.4g} times torch's mean"
    if not made.rows:
        errors = [case["error"] for case in cases if "error" in case]
        row = (
            crashed("forward", "", errors[0]) if errors else Row("forward", "", "unjudged", says="no known format fits")
        )
        if any("value" in c or "gradient" in c for c in cases):
            row.status = "unjudged"
        made.rows.append(row)
    if not made.places.get("backward") and seen["form"] == 1:
        made.rows.append(unwritten(seen.get("nearest", "")))
    return made


def _takes_logits(seen: dict[str, Any]) -> bool:
    """Whether a loss that is called fused takes logits: it does unless it is right for probabilities alone."""
    values = {case["format"]: case for case in seen["cases"] if isinstance(case.get("value"), np.ndarray)}
    logits, given = values.get("one-hot"), values.get("one-hot, probabilities")
    if logits is None or given is None:
        return True
    fits = _reduction("SoftmaxCrossEntropy", logits["value"], *_meant(logits))
    return bool(fits) or not _reduction("CrossEntropy", given["value"], *_meant(given))


def _optional(name: str) -> bool:
    """Formats that a loss need not take; of the first two of each kind it must take one."""
    return name in ("one vector", "one row", "one-hot columns", "three rows", "vector", "class indices", "one column",
                    "one sample",
                    "one-hot, one sample", "class indices, probabilities")  # fmt: skip


def _best_order(seen: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The cases in the order of arguments that fits best, and the format that none fits left out."""
    orders: dict[str, list[dict[str, Any]]] = {}
    for case in seen["cases"]:
        orders.setdefault(case["order"], []).append(case)
    scores = {}
    for order, cases in orders.items():
        rows = [row for case in cases for row in (_value_row(dict(case), kind),) if row]
        scores[order] = sum(row.status in ("right", "departs") for row in rows), -sum("error" in case for case in cases)
    cases = orders[max(orders, key=lambda order: scores[order])] if orders else []
    must = [case for case in cases if case["format"] in ("one-hot", "class indices")]
    fits = [c for c in must if "error" not in c and (row := _value_row(dict(c), kind)) and row.status != "defective"]
    values = {case["format"]: _value_row(dict(case), kind) for case in cases if "error" not in case}
    for usual, turned in (("one-hot", "one-hot columns"), ("three columns", "three rows")):
        here, there = values.get(usual), values.get(turned)
        wrong = here is None or here.status == "defective"
        if wrong and there is not None and there.status != "defective" and not fits:
            cases = [case for case in cases if case["format"] == turned]  # samples stand in columns
    if any(case["format"] == "three columns" for case in cases):
        cases = [case for case in cases if case["format"] != "three rows"]
    plain = values.get("one-hot")
    no_onehot = plain is None or plain.status == "defective"
    if no_onehot and any(case["format"] == "class indices" for case in fits):  # large logits in one-hot say no more
        cases = [case for case in cases if case["format"] != "one-hot, logits near 1000"]
    if fits and len(must) == 2:  # one of the two label formats is enough; the other is shown when it works
        good = {id(case) for case in fits}
        cases = [case for case in cases if case["format"] not in ("one-hot", "class indices") or id(case) in good]
    return cases


def _meant(case: dict[str, Any]) -> tuple[Array, Array]:
    """Predictions and labels as rows."""
    predicted, meant = case["predicted"], case["meant"]
    if predicted.ndim == 1:
        predicted = predicted.reshape(meant.shape)
    elif predicted.shape != meant.shape and predicted.T.shape == meant.shape:
        predicted = predicted.T
    return predicted, meant


def _value_row(case: dict[str, Any], kind: str) -> Row | None:
    """Compares a value with all reductions of the loss; None where there is no value."""
    value = case.get("value")
    if not isinstance(value, np.ndarray):
        if "error" not in case:
            return None
        return crashed("value", case["format"], case["error"])
    p, y = _meant(case)
    found = _reduction(kind, value, p, y)
    if found is None and kind == "BinaryCrossEntropy" and (found := _reduction("SigmoidCrossEntropy", value, p, y)):
        case["actual"] = "SigmoidCrossEntropy"
    if found is None and kind in ("CrossEntropy", "SoftmaxCrossEntropy"):
        found = _other_kind(case, value, p, y)
    if found is None:
        if not np.isfinite(value).all():
            return Row("value", case["format"], "defective", says="its value is NaN or infinite")
        return Row("value", case["format"], "defective", says=_strange(kind, value, p, y))
    status, words, reduction = found
    case["reduction"] = reduction
    return Row("value", case["format"], status, 0.0, says=words)


def _other_kind(case: dict[str, Any], value: Array, p: Array, y: Array) -> tuple[str, str, str] | None:
    """A loss called cross-entropy may be the binary one; one called fused may take probabilities."""
    found = _reduction("BinaryCrossEntropy", value, p, y) if ((p > 0) & (p < 1)).all() else None
    if found:
        case["actual"] = "BinaryCrossEntropy"
        return "departs", "it is the binary cross-entropy of each class, not that of torch's cross_entropy", found[2]
    if (p < 0).any() and (found := _reduction("CrossEntropy", value, softmax(p), y)):
        return found
    if found := _reduction("SoftmaxCrossEntropy", value, p, y):
        case["actual"] = "SoftmaxCrossEntropy"
        return found[0], found[1], f"{found[2]}, of logits, as torch's cross_entropy"
    return None


def _reduction(kind: str, value: Array, p: Array, y: Array) -> tuple[str, str, str] | None:
    """The reduction and the epsilon that make the value; status and words beside."""
    b = len(p)
    for epsilon in EPSILONS if "CrossEntropy" in kind else (0.0,):
        with np.errstate(all="ignore"):
            each = ELEMENTS[kind](p, y, epsilon)
        classes = kind in ("CrossEntropy", "SoftmaxCrossEntropy")
        sample = each.sum(axis=1) if classes else each.mean(axis=1)
        forms = {
            "mean": (sample.mean(), ""),
            "one value per sample": (sample, ""),
            "one value per element": (each, ""),
            "sum over outputs, mean over samples": (each.sum() / b, ""),
            "sum": (each.sum(), "it is the sum over the batch, torch takes the mean"),
            "mean over all elements": (each.mean(), "it is averaged over classes too" if classes else ""),
            "half the mean": (each.mean() / 2, "it is half of torch's"),
            "half the sum": (each.sum() / 2, "it is half the sum of squares, torch takes the mean"),
            "half the sum, mean over samples": (each.sum() / (2 * b), "it is half the sum over outputs"),
            "each element divided by the outputs": (each / each.shape[1], ""),
            "half of each element": (each / 2, "it is half of each element"),
            "half of each sample": (each.sum(axis=1) / 2, "it is half the sum over outputs"),
            "sum of each sample": (each.sum(axis=1), ""),
            "mean of each output": (each.mean(axis=0), "it is averaged over samples alone"),
            "negative": (-sample.mean(), "its sign is turned round"),
            "root of the mean": (np.sqrt(each.mean()), "it is the root of the mean"),
        }
        for reduction, (form, words) in forms.items():
            form = np.asarray(form)
            if value.size == form.size and _same(value.reshape(form.shape), form):
                if reduction == "negative":
                    return "defective", words, reduction
                if epsilon:
                    words = f"{epsilon:g} is added to the probability in the logarithm" + (
                        f"; {words}" if words else ""
                    )
                return ("departs" if words else "right"), words, reduction
            if form.shape == each.shape and value.shape == form.T.shape and _same(value.T, form):
                return ("departs" if words else "right"), words, reduction
    return None


def _same(value: Array, form: Array) -> bool:
    if not np.isfinite(form).all():
        return False
    return bool((np.abs(value - form) <= SMALL * np.maximum(np.abs(form).max(), 1e-3)).all())


def _strange(kind: str, value: Array, p: Array, y: Array) -> str:
    """What a value is that is no reduction of its loss."""
    b = len(p)
    spread = p.reshape(b, -1) - y.reshape(b, -1).T if p.shape[1] == 1 else None
    if spread is not None and value.size == 1 and np.isclose(float(value.reshape(())), np.mean(spread**2)):
        return "value: (N, 1) minus (N,) has become (N, N)"
    with np.errstate(all="ignore"):
        mean = float(np.sum(ELEMENTS[kind](p, y, 0.0))) / b
    have = float(np.mean(value))
    return f"value: {have:.6g} in the mean, where {WORDS[kind]} gives {mean:.6g} per sample"


def torch_gradient(kind: str, p: Array, y: Array) -> Array:
    """The gradient of torch's own mean loss with respect to the predictions."""
    x = torch.tensor(p, dtype=torch.float64, requires_grad=True)
    TORCH[kind](x, torch.tensor(y, dtype=torch.float64)).backward()
    assert x.grad is not None
    return x.grad.numpy().copy()


def _gradient_row(case: dict[str, Any], kind: str, value_row: Row | None) -> Row | None:
    """Compares a gradient with torch's, up to one constant that is told; None where there is none."""
    if "gradient_unknown" in case:
        return Row("gradient", case["format"], "unjudged", stage="backward",
                   says=f"its gradient takes {case['gradient_unknown']}: it is not known how to call it")  # fmt: skip
    if "gradient_error" in case:
        row = crashed("gradient", case["format"], case["gradient_error"], "backward")
        row.says = row.says.replace("it crashes", "backward crashes", 1)
        return row
    have = case.get("gradient")
    if not isinstance(have, np.ndarray):
        return None
    p, y = _meant(case)
    b, c = p.shape
    if have.shape != p.shape and have.T.shape == p.shape:
        have = have.T
    if have.size == p.size and have.shape != p.shape:
        have = have.reshape(p.shape)
    if have.shape != p.shape:
        return Row("gradient", case["format"], "defective", stage="backward",
                   says=f"gradient: it has shape {have.shape} for predictions {p.shape}")  # fmt: skip
    actual = case.get("actual", kind)
    candidates = {actual: torch_gradient(actual, p, y)}
    if actual in ("CrossEntropy", "BinaryCrossEntropy"):
        candidates["fused"] = (p - y) / b
    if actual == "SoftmaxCrossEntropy":
        candidates["of probabilities"] = (p - y) / b if ((p >= 0) & (p <= 1)).all() else candidates[actual]
    for name, right in candidates.items():
        ratio = constant(have, right)
        if ratio is None:
            continue
        case["ratio"] = ratio / 1.0
        words = _scale_words(ratio, b, c)
        if name == "fused":
            words = f"it is p - y, combined with {'softmax' if actual == 'CrossEntropy' else 'sigmoid'}" + (
                f", {words}" if words else ""
            )
        case["gradient_scale"] = ratio
        if ratio < 0:
            return Row("gradient", case["format"], "defective", stage="backward",
                       says=f"gradient: it has the wrong sign, {ratio:.4g} times torch's everywhere")  # fmt: skip
        if words is None:
            return Row("gradient", case["format"], "defective", stage="backward",
                       says=f"gradient: it is {ratio:.6g} times torch's everywhere")  # fmt: skip
        return Row("gradient", case["format"], "departs" if words else "right", 0.0, says=words, stage="backward")
    return _explained(case, actual, have, p, y)


def _scale_words(ratio: float, b: int, c: int) -> str | None:
    """What a constant ratio to torch's mean says: empty for 1, None for a number that means nothing."""
    if abs(ratio) <= 0:
        return None
    known = [(1.0, ""), (float(b), "not divided by the batch size"), (float(c), f"not divided by the {c} outputs"),
             (float(b * c), "neither divided by batch nor outputs"), (0.5, "half of torch's"),
             (b / 2, "half, and not divided by the batch size"), (c / 2, "half, and not divided by the outputs"),
             (b * c / 2, "half the sum"), (1 / c, f"divided by the {c} classes besides"), (1 / b, "divided by B twice"),
             (2.0, "twice torch's")]  # fmt: skip
    for number, words in known:
        if abs(ratio / number - 1) < 1e-9:
            return f"gradient is {words}" if words else ""
    return None


def _explained(case: dict[str, Any], kind: str, have: Array, p: Array, y: Array) -> Row:
    """A gradient that is no multiple of the right one: which mistake it is."""
    with np.errstate(all="ignore"):
        mistakes = {
            "the label is multiplied, not divided by p": -y * p,
            "only 1/p is there, for every class": -1 / p,
            "the targets have no part in it": p,
            "the targets are added": p + y,
            "it is the value of the loss, not its derivative": ELEMENTS[kind](p, y, 0.0),
            "it is the absolute difference: its sign is lost": np.abs(p - y),
            "it is the square, not the difference": (p - y) ** 2,
            "it is a sign: the derivative of the absolute error": np.sign(p - y),
            "it is the difference: the derivative of a square": p - y,
            "it is the gradient of the binary cross-entropy": (p - y) / (p * (1 - p)),
            "it is the gradient of the cross-entropy of the label alone": -y / p,
            "the sum over all samples stands in every row": np.broadcast_to((p - y).sum(0), p.shape),
        }
    for words, form in mistakes.items():
        if constant(have, np.asarray(form, float)) is not None:
            return Row("gradient", case["format"], "defective", says=f"gradient: {words}", stage="backward")
    right = torch_gradient(kind, p, y)
    for epsilon in EPSILONS[1:]:
        with np.errstate(all="ignore"):
            smeared = {"CrossEntropy": -y / (p + epsilon),
                       "BinaryCrossEntropy": -y / (p + epsilon) + (1 - y) / (1 - p + epsilon)}.get(kind)  # fmt: skip
        if smeared is not None and (ratio := constant(have, smeared)) is not None and ratio > 0:
            return Row("gradient", case["format"], "departs", stage="backward",
                       says=f"{epsilon:g} is added to the probability in the denominator")  # fmt: skip
    if not np.isfinite(have).all():
        return Row("gradient", case["format"], "defective", stage="backward", says="gradient: NaN or infinite")
    off = np.abs(have - right).max()
    return Row("gradient", case["format"], "defective", stage="backward",
               says=f"gradient: it is no multiple of torch's; they differ by up to {off:.2g}")  # fmt: skip


def consistent(losses: list[tuple[dict[str, Any], Component]]) -> None:
    """Where all other losses of a file have torch's size and one has not, that one is wrong, no convention."""
    scales = {}
    for seen, made in losses:
        ratios = [
            case["gradient_scale"]
            for case in seen["cases"]
            if case.get("gradient_scale", 0) > 0
            and len(case["meant"]) > 1
            and case["format"] in ("one-hot", "class indices", "three columns")
        ]
        if ratios and made.status in ("right", "departs", "missing"):
            scales[made.name] = ratios[0], made
    exact = [name for name, (ratio, _) in scales.items() if abs(ratio - 1) < 1e-9]
    odd = [(name, ratio, made) for name, (ratio, made) in scales.items() if abs(ratio - 1) > 1e-9]
    if len(exact) >= 2 and len(odd) == 1:
        _, ratio, made = odd[0]
        made.rows.append(
            Row(
                "gradient",
                "beside the other losses",
                "defective",
                stage="backward",
                says=f"gradient: {ratio:.4g} times torch's, while the file's other losses have torch's size",
            )
        )
