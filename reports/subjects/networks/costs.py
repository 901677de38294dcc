"""The value of a network's own cost, judged: which loss of its output it is, beside that of its gradients.

Axes: B samples, C outputs.
"""

from typing import Any

import numpy as np

from reports.subjects.losses.values import WORDS as LOSSES
from reports.subjects.losses.values import reduction
from reports.subjects.nearness import near
from reports.subjects.networks.architectures import WORDS
from reports.subjects.networks.trial import Trial, read
from reports.subjects.verdicts import STATUSES, Component, Row

Array = np.ndarray
LOGARITHMS = {"log10": np.log(10.0), "log2": np.log(2.0)}
SAME = {"CrossEntropy": ("CrossEntropy", "SoftmaxCrossEntropy", "LogProbabilities"),
        "BinaryCrossEntropy": ("BinaryCrossEntropy", "SigmoidCrossEntropy"),
        "SquaredError": ("MeanSquaredError",), "AbsoluteError": ("MeanAbsoluteError",)}  # fmt: skip


def costs(seen: dict[str, Any], network: Component) -> list[Component]:
    """Every cost function that was called with the network's output, judged by the trial that explains it best."""
    own = next((loss for loss, words in WORDS.items() if words == network.convention.get("loss")), "")
    ascent = "ascent" in network.convention.get("gradient scale", "")
    judged: dict[str, tuple[dict[str, Any], list[Row]]] = {}
    trials = [(one, trial) for one in seen["trials"] if one.get("costs") and (trial := read(one)) is not None]
    batches = [pair for pair in trials if len(pair[1].x) > 1]  # of one sample, half of a cost may be all of it
    for one, trial in batches or trials:
        for cost in one["costs"] if trial.output is not None else ():
            rows = [value_row(np.asarray(value, float), trial, own, ascent) for value in cost["values"]]
            judged.setdefault(str(cost["name"]), (cost, []))[1].extend(rows)
    made = []
    order = list(STATUSES)
    for name, (cost, rows) in judged.items():
        best = max(rows, key=lambda row: order.index(row.status))
        kind = best.quantity
        component = Component(name, "loss", kind, [best], places={"forward": cost["forward"]})
        best.quantity = "value"
        if best.status == "defective":
            component.diagnoses = [best.says]
        made.append(component)
    return made


def value_row(value: Array, trial: Trial, own: str, ascent: bool) -> Row:
    """One value: the loss of the gradients, another one, a mistake with a name, or nothing that is known."""
    assert trial.output is not None
    p, t = trial.output, trial.t
    first = SAME.get(own, ())
    for sign in (1.0, -1.0):
        for kind in (*first, *(kind for kinds in SAME.values() for kind in kinds if kind not in first)):
            found = reduction(kind, sign * value, p, t)
            if found is None or found.reduction == "negative":
                continue
            status, words = found.status, found.words
            if sign < 0 and not (ascent and kind in first):
                status, words = "defective", "value: its sign is turned round"
            elif own and kind not in first:
                status, words = "departs", f"its value is {LOSSES[kind]}, its gradients are those of {WORDS[own]}"
                if own == "BinaryCrossEntropy" and kind == "CrossEntropy" and t.shape[1] == 1:
                    status, words = "defective", "value: the term (1 - y) log(1 - p) is missing"
            return Row(kind, "batch", status, found.used, found.gap, words)
    if words := _mistake(value, p, t):
        return Row(SAME[own][0] if own else "", "batch", "defective", says=f"value: {words}")
    return Row(SAME[own][0] if own else "", "batch", "unjudged", says="its value is that of no known loss")


def _mistake(value: Array, p: Array, t: Array) -> str:
    """Which mistake gives a value; empty where none is known."""
    b, c = p.shape
    inside = bool(((p > 0) & (p < 1)).all())
    if not np.isfinite(value).all():
        return "it is NaN or infinite where every probability lies between 0 and 1" if inside else ""
    for name, factor in LOGARITHMS.items() if inside else ():
        if any(reduction(kind, value * factor, p, t) for kind in ("CrossEntropy", "BinaryCrossEntropy")):
            return f"{name} stands where the natural logarithm is meant"
    with np.errstate(all="ignore"):
        one, other = t * np.log(p), (1 - t) * np.log(1 - p)
        forms = {
            "the terms y log(p) and (1 - y) log(1 - p) are subtracted, not added": other - one,
            "the term y log(p) is missing": -other,
            "the difference is not squared": p - t,
            "the logarithm is of 1 - p for both terms": -t * np.log(1 - p) - other,
        }
        spread = p.reshape(b, -1) - t.reshape(b, -1).T if c == 1 else None
        if spread is not None and value.size == 1 and near(value.reshape(1), np.mean(spread**2).reshape(1)):
            return "(N, 1) minus (N,) has become (N, N)"
        for words, form in forms.items():
            for factor in (1 / b, 1.0, 1 / (b * c), 1 / (2 * b), 0.5, 1 / c):
                for sign in (1, -1):
                    made = np.asarray(sign * factor * form.sum())
                    if value.size == 1 and np.isfinite(made) and near(value.reshape(1), made.reshape(1)):
                        return words
    return ""
