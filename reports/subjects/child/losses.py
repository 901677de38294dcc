"""Losses: every label format, both orders of arguments; value and gradient where there is one.

Axes: B samples, C classes or outputs.
"""

import contextlib
import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import names
from .arrays import Array, arrays, changed, copied, near, numeric, tree
from .calling import Failure, Recorder, attempt, instances
from .loss_cases import FUSED, B, C, cases
from .signatures import nearest, parameters, required, where

GRADIENT = ("backward", "backwardpass", "gradient", "gradients", "grad", "derivative", "prime", "deriv", "backprop",
            "bprop", "delta", "dloss", "lossgradient", "lossprime", "lossderivative", "lossgrad", "gradloss",
            "costderivative", "bwd", "computegradient", "calculategradient", "derivate", "computegrad", "df",
            "differentiate", "backwards", "backwardstep", "computederivative", "diff", "funcprime", "fprime",
            "functionprime", "functionderivative", "calculatederivative", "computelossgradient", "getgrad",
            "getgradient", "getgradients", "calcgradient", "calcgrad", "gradientloss", "getderivative")  # fmt: skip


SETTINGS: list[tuple[set[str], Any]] = [
    ({"numclasses", "nclasses", "classes", "noutputs", "numoutputs", "outputsize", "c", "outputs", "nlabels"}, C),
    ({"batchsize", "nsamples", "n"}, B),
]  # what some want to be told when they are made


def from_class(name: str, holder: type, kind: str) -> dict[str, Any] | None:
    """Returns a loss class as plain data, or None when it takes no predictions and labels."""
    values = [m for m in names.methods(holder, names.LOSS) if len(parameters(getattr(holder, m))) >= 2]
    values.sort(key=lambda m: names.plain(m) not in ("calculate", "loss", "cost"))
    gradients = names.methods(holder, GRADIENT)
    gradients = gradients or [one for m in values for one in names.derivatives(holder, m)]
    values = [m for m in values if m not in gradients and not _hands_on_to_nothing(holder, m)]
    if not values and not gradients:
        return None
    made = next(instances(holder, SETTINGS, [[], [Recorder()]]), None)
    if made is None:
        return None
    within = kind in FUSES and bool(values) and _softens_within(made, values[0], FUSES[kind])
    if within or (kind in FUSES and values and _softens(made, values[0], FUSES[kind])):
        kind = FUSES[kind]
    rows = []
    for case in cases(kind):
        for order in _orders(getattr(holder, values[0]) if values else getattr(holder, gradients[0])):
            fresh = next(instances(holder, SETTINGS, [[], [Recorder()]]), made)
            rows.append({**case, "order": order, **_object(fresh, values, gradients, case, order, kind)})
    if not any("value" in row or "gradient" in row for row in rows):
        return None
    forward = values[0] if values else ""
    return {
        "name": name,
        "role": "loss",
        "kind": kind,
        "form": 1,
        "forward": {"name": forward, **(where(_own(holder, forward)) if forward else {})},
        "backward": {"name": gradients[0], **where(_own(holder, gradients[0]))} if gradients else {"name": ""},
        "cases": rows,
        "softens": within,
        "nearest": "" if gradients else nearest(holder),
    }


FUSES = {"CrossEntropy": "SoftmaxCrossEntropy", "BinaryCrossEntropy": "SigmoidCrossEntropy"}


def _softens(made: Any, method: str, fused: str) -> bool:
    """Whether a loss takes logits, whatever its name: its value for them is the one behind softmax, or sigmoid."""
    for case in cases(fused)[:2]:
        p, t = FUSED[fused](case["predicted"]), case["meant"]
        each = t * np.log(p) + (0 if fused == "SoftmaxCrossEntropy" else (1 - t) * np.log(1 - p))
        forms = [-each.sum(axis=1), -each, *(np.array(-each.sum() / n) for n in (1, B, B * C))]
        for order in _orders(getattr(made, method)):
            try:
                value = _first(prepared(partial(_given, made, method, _pair(case, order))))
            except Failure:
                continue
            if value is not None and any(near(value.ravel(), f.ravel()) for f in forms):
                return True
    return False


def _softens_within(made: Any, method: str, fused: str) -> bool:
    """Whether a loss runs softmax, or sigmoid, on what it is given: afterwards it holds what that gives."""
    case = cases(fused)[0]
    wanted = FUSED[fused](case["predicted"])
    for order in _orders(getattr(made, method)):
        before = copied(arrays(made))
        with contextlib.suppress(Failure):
            _given(made, method, _pair(case, order))
        if any(near(a, wanted) for a in changed(before, arrays(made)).values()):
            return True
    return False


def _hands_on_to_nothing(holder: type, method: str) -> bool:
    """Whether a method of a base calls a forward that this class has not: a gradient alone is all that it gives."""
    code = getattr(getattr(holder, method), "__code__", None)
    return code is not None and "forward" in code.co_names and not hasattr(holder, "forward")


def _first(result: Any, shape: tuple[int, ...] = ()) -> Array | None:
    """The loss itself, where a penalty or the gradient, of this shape, is returned beside it."""
    if isinstance(result, tuple) and result and numeric(result[0]) is not None:
        parts = [one for one in map(numeric, result) if one is not None]
        result = next((one for one in parts if one.shape != shape), result[0])
    return next(iter(tree(result).values()), None)


def _beside(result: Any, shape: tuple[int, ...]) -> Array | None:
    """The gradient that is returned beside the loss; None where there is none."""
    parts = [numeric(one) for one in result] if isinstance(result, tuple) and len(result) == 2 else []
    fits = [one for one in parts if one is not None and one.shape == shape]
    return np.array(fits[0]) if len(fits) == 1 and len(parts) == 2 else None


def _given(made: Any, method: str, pair: list[Array]) -> Any:
    function = getattr(made, method)
    flags = [one.name for one in required(function)[2:] if names.plain(one.name) in names.TRAINING]
    return attempt(function, *[a.copy() for a in pair], **dict.fromkeys(flags, True))


def prepared(call: Callable[[], Any], tries: int = 3) -> Any:
    """What a call gives; where an attribute is not there yet, after the method that sets it (`new_pass`) was called."""
    try:
        return call()
    except Failure as failure:
        if not tries:
            raise
        owner, wanted = getattr(failure.error, "obj", None), getattr(failure.error, "name", None)
        for name, method in inspect.getmembers(type(owner), inspect.isfunction):
            asks = [one for one in required(method) if one.name != "self"]
            if wanted in method.__code__.co_names and not name.startswith("__") and len(asks) <= 1:
                try:
                    attempt(getattr(owner, name), *[[]][: len(asks)])
                    return prepared(call, tries - 1)
                except Failure:
                    continue
        raise


def _own(holder: type, method: str) -> Any:
    """The method that computes: `calculate` of a base class hands on to forward."""
    if method == "calculate" and "forward" in vars(holder):
        method = "forward"
    return getattr(holder, method)


CALLS = re.compile(
    r"(?<!def )\b\w*(?:loss|cost|criterion|error)\w*(?:\.\w+)?\(\s*([\w.]+)\s*,\s*([\w.]+)", re.IGNORECASE
)
GIVEN = {"pred", "preds", "prediction", "predictions", "predicted", "ypred", "yhat", "output", "outputs", "out",
         "probs", "logits", "scores"}  # fmt: skip
CALLED = [""]  # the order of arguments in which the file calls losses, where it does and the names there say so


def order_of_calls(texts: list[str]) -> str:
    """The order in which losses are called, where all calls that say so agree; empty else."""
    seen = set()
    for text in texts:
        for pair in CALLS.findall(re.sub(r"def .*", "", text)):
            first, second = (names.plain(one.split(".")[-1]) in GIVEN for one in pair)
            seen |= {"predicted, labels" if first else "labels, predicted"} if first != second else set()
    return seen.pop() if len(seen) == 1 else ""


TEXTS: list[str] = []  # of the files that are looked at


def turned_by_callers(gradient: str) -> bool:
    """Whether the files call a gradient of the loss with a minus before it, by its name or by a parameter's."""
    names_of = rf"(?:{re.escape(gradient)}|\w*(?:loss|cost|error)\w*(?:prime|deriv\w*|grad\w*))"
    call = re.compile(rf"(?:[=(,]|return)\s*-\s*(?:1(?:\.0?)?\s*\*\s*)?(?:\w+\.)*{names_of}\(")
    return any(call.search(text) for text in TEXTS)


def _orders(function: Any) -> list[str]:
    """Predicted first, labels first, or both where the names do not say; y and y_hat alone are taken either way."""
    first = [names.plain(one.name) for one in parameters(function)][:2]
    if CALLED[0] and set(first) == {"y", "yhat"}:
        return [CALLED[0]]
    if len(first) == 2:
        strong_labels = {"ytrue", "target", "targets", "labels", "t", "truth", "actual", "y", "ytrain", "ytest",
                         "expected", "desired", "label", "groundtruth", "yactual"}  # fmt: skip
        strong_predicted = {"ypred", "yhat", "pred", "predictions", "output", "p", "predicted", "dvalues", "a", "probs",
                            "al", "logits", "x", "inputs", "prediction"}  # fmt: skip
        if first[1] in strong_labels and first[0] not in strong_labels:
            return ["predicted, labels"]
        if first[0] in strong_labels and first[1] in strong_predicted:
            return ["labels, predicted"]
        if first[0] in strong_predicted and first[1] not in strong_predicted:
            return ["predicted, labels"]
    return ["predicted, labels", "labels, predicted"]


def _pair(case: dict[str, Any], order: str) -> list[Array]:
    both = [case["predicted"].copy(), case["labels"].copy()]
    return both if order == "predicted, labels" else both[::-1]


def _object(
    made: Any, values: list[str], gradients: list[str], case: dict[str, Any], order: str, kind: str
) -> dict[str, Any]:
    """Value, then gradient, of one object."""
    found: dict[str, Any] = {}
    before = copied(arrays(made))
    pair = _pair(case, order)
    predicted = pair[0] if order == "predicted, labels" else pair[1]
    kept = predicted.copy()
    for position, method in enumerate(values[:2]):
        try:
            result = prepared(partial(_given, made, method, pair))
            found.pop("error", None)
            value = _first(result, predicted.shape)
            if not gradients and (gradient := _beside(result, predicted.shape)) is not None:
                found["gradient"] = gradient
            if value is None:
                new = changed(before, arrays(made))
                value = next((a for p, a in new.items() if "loss" in p.lower()), None)
            if value is not None:
                found["value"] = np.array(value)
            break
        except Failure as failure:  # a `calculate` may want to be set up; what it hands on to may not
            if position == 0:
                found |= {"error": str(failure), "stage": "forward", "line": failure.line}
    if not np.array_equal(predicted, kept):
        found["changes_predictions"] = True
    if not gradients:
        return found
    function = getattr(made, gradients[0])
    asked = [one for one in parameters(function) if one in required(function) or _for_labels(one.name)]
    output = next((a for p, a in arrays(made).items() if names.plain(p) in ("output", "y", "probs", "ypred", "out", "p",
                   "softmax", "probabilities", "predictions") and a.shape == predicted.shape), None)  # fmt: skip
    if kind in FUSED and len(asked) == 2 and output is not None:
        pair = [output.copy(), case["labels"].copy()]
    else:
        pair = _pair(case, order)
    if kind in FUSED and output is None and len(asked) == 2 and "probabilities" not in case.get("format", ""):
        columns = case.get("format") == "one-hot columns"
        pair[0] = FUSED[kind](case["predicted"].T).T if columns else FUSED[kind](case["predicted"])
    before = copied(arrays(made))
    try:
        count = len(asked)
        labels_only = count == 1 and (_for_labels(asked[0].name) or asked[0].name == _labels_of(made, values, order))
        if count == 0:
            result = attempt(function)
        elif count == 1:
            result = _of_one(function, case["labels"].copy() if labels_only else _one(asked[0].name, case), case)
        elif count == 3 and (at_zero := _behind(function, asked, case)) is not None:
            return found | {"gradient": at_zero}
        elif count > 2:
            return found | {"gradient_unknown": ", ".join(one.name for one in asked)}
        else:
            if [order] != _orders(function) and len(_orders(function)) == 1:  # other names, another order
                pair = pair[::-1]
            result = attempt(function, *pair)
    except Failure as failure:
        return found | {"gradient_error": str(failure), "line": failure.line}
    shape = case["predicted"].shape
    returned = [a for a in tree(result).values() if a.shape == shape]
    stored = [(p, a) for p, a in changed(before, arrays(made)).items() if a.shape == shape]
    stored.sort(key=lambda both: not names.plain(both[0]).startswith(("d", "grad")))
    if returned or stored:
        found["gradient"] = np.array(returned[0] if returned else stored[0][1])
    elif other := [a for a in tree(result).values() if a.size]:
        found["gradient"] = np.array(other[0])
    return found


def _behind(function: Any, asked: list[inspect.Parameter], case: dict[str, Any]) -> Array | None:
    """The gradient of a loss that is told the net input as well, without the slope of the sigmoid that it may hold.

    At 0 that slope is exactly 1/4; None where it is no sigmoid's.
    """
    short = [names.plain(one.name) for one in asked]
    nets = [one for one in short if one in ("z", "zs", "netinput", "netinputs", "preactivation", "weightedinput")]
    labels = [one for one in short if one not in nets and names.ranked(one, names.TARGETS - {"output"}) == 0]
    if len(nets) != 1 or len(labels) != 1:
        return None
    z = np.zeros(case["predicted"].shape)

    def at(net: Array) -> Array | None:
        values = [net if one in nets else case["labels"] if one in labels else case["predicted"] for one in short]
        return numeric(attempt(function, *map(np.array, values)))

    first, second = at(z), at(z + 1)
    if first is None or second is None or first.shape != z.shape:
        return None
    e = np.exp(1.0)
    slopes = 4 * e / (1 + e) ** 2  # of a sigmoid at 1, beside the one at 0
    return 4 * first if near(second, slopes * first) else first if near(second, first) else None


def _labels_of(made: Any, values: list[str], order: str) -> str:
    """What the way forward calls the labels, where it goes forward."""
    asked = [one.name for one in parameters(getattr(made, values[0]))] if values else []
    return asked[1 if order == "predicted, labels" else 0] if len(asked) > 1 else ""


def _for_labels(name: str) -> bool:
    """Whether a parameter of this name takes the labels."""
    return names.ranked(name, names.TARGETS - {"output"}) == 0


def _of_one(function: Any, given: Any, case: dict[str, Any]) -> Any:
    """What a gradient of one argument gives: for an upstream 1, or for the predictions where it takes no number."""
    try:
        return attempt(function, given)
    except Failure:
        if isinstance(given, np.ndarray):
            raise
        return attempt(function, case["predicted"].copy())


def _one(name: str, case: dict[str, Any]) -> Any:
    """What a gradient with one argument wants: an upstream 1, or the predictions."""
    return 1.0 if names.plain(name) in ("dout", "grad", "dvalues", "upstream", "dl") else case["predicted"].copy()


def pairs(functions: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """Functions that are losses by name, each with its gradient where there is one: (f, f', kind)."""
    short = {names.plain(name): name for name in functions}
    found = []
    for plain, name in short.items():
        kind = names.kind(name)
        if kind not in names.LOSSES or plain.startswith(("d", "grad")) or len(required(functions[name])) != 2:
            continue
        if any(word in plain for word in ("deriv", "prime", "backward", "grad", "delta")):
            continue
        partner = next((short[other] for other in short if other != plain and plain in other and
                        other.replace(plain, "", 1) in (*GRADIENT, "backward", "d", "der")), None)  # fmt: skip
        found.append((name, partner, kind))
    return found


def from_functions(name: str, function: Any, partner: str | None, gradient: Any, kind: str) -> dict[str, Any] | None:
    """Returns a pair of loss functions as plain data."""
    rows = []
    for case in cases(kind):
        for order in _orders(function):
            found: dict[str, Any] = {}
            try:
                result = attempt(function, *_pair(case, order))
                value = _first(result, case["predicted"].shape)
                if value is not None:
                    found["value"] = np.array(value)
                if gradient is None and (beside := _beside(result, case["predicted"].shape)) is not None:
                    found["gradient"] = beside
            except Failure as failure:
                found |= {"error": str(failure), "stage": "forward", "line": failure.line}
            if gradient is not None and len(required(gradient)) == 2:
                try:
                    pair = _pair(case, order if len(_orders(gradient)) == 2 else _orders(gradient)[0])
                    result = next(iter(tree(attempt(gradient, *pair)).values()), None)
                    if result is not None:
                        found["gradient"] = np.array(result)
                except Failure as failure:
                    found |= {"gradient_error": str(failure), "line": failure.line}
            turned = {"turned": True} if partner and turned_by_callers(partner) else {}
            rows.append({**case, "order": order, **turned, **found})
    if not any("value" in row for row in rows):
        return None
    if kind == "CrossEntropy" and all("error" in row for row in rows if row["format"] in ("one-hot", "class indices")):
        binary = from_functions(
            name, function, partner, gradient, "BinaryCrossEntropy"
        )  # it may want one row of labels
        if binary and any("value" in row and len(row["meant"]) > 1 for row in binary["cases"]):
            return binary
    return {
        "name": name,
        "role": "loss",
        "kind": kind,
        "form": 3,
        "forward": {"name": name, **where(function)},
        "backward": {"name": partner or "", **(where(gradient) if gradient else {})},
        "cases": rows,
    }
