"""Losses of a subject, judged: which loss its value is, whether its gradient is the derivative, and by what constant.

Axes: B samples, C classes or outputs.
"""

from typing import Any

import numpy as np

from reports.subjects.components import component
from reports.subjects.losses.gradients import gradient_row
from reports.subjects.losses.values import WORDS, meant, reduction, value_row
from reports.subjects.verdicts import REFUSES, Component, Row, crashed, slip, unwritten

Array = np.ndarray
COLUMN = "class indices in a column"
BESIDE = "class indices beside columns"
MORE = (COLUMN, "soft labels")  # formats that a loss may take besides


def loss(seen: dict[str, Any]) -> Component:
    """Judges a loss: its value and its gradient, in every label format that it takes."""
    made = component(seen)
    kind = seen["kind"]
    if kind not in WORDS:
        made.rows.append(Row("forward", "", "unjudged", says=f"no equation for {kind} yet"))
        return made
    if kind == "SoftmaxCrossEntropy" and not _takes_logits(seen):
        kind = made.kind = "CrossEntropy"
        seen = {**seen, "cases": [case for case in seen["cases"] if "probabilities" in case["format"]]}
    elif kind == "SoftmaxCrossEntropy":
        seen = {**seen, "cases": [case for case in seen["cases"] if "probabilities" not in case["format"]]}
    cases = _best_order(seen, kind)
    formats, refused, careful = [], [], False
    told = [(case, [row for row in (value_row(case, kind), gradient_row(case, kind)) if row]) for case in cases]
    some = any(rows and all(row.status in ("right", "departs") for row in rows) for _, rows in told)
    alone_right = any(
        case["format"] == "one vector" and rows and all(row.status in ("right", "departs") for row in rows)
        for case, rows in told
    )
    alone = bool(told) and all(_refused(rows) for case, rows in told if case["format"] in USUAL)
    for case, rows in told:
        if _refused(rows) and (some or alone):
            refused.append(case["format"])
            continue
        if case["format"] in MORE and alone:
            pass  # the only format that it takes
        elif case["format"] == "class indices" and "error" not in case and _none(told):
            pass  # it runs, and no other format of labels shows what it does
        elif not some and "error" not in case and all(_optional(one["format"]) for one in cases):
            pass  # a single sample, or a single output, is all that it takes
        elif not some and case["format"] == "one row" and kind == "BinaryCrossEntropy" and _rows_alone(cases):
            pass  # the only batch that it takes
        elif slip(str(case.get("gradient_error", ""))) and some and "error" not in case:
            pass  # it goes forward with labels of this format, and what it raises on its way back lies not in them
        elif _optional(case["format"]) and any(row.status in ("defective", "unjudged") for row in rows):
            refused.append(case["format"])
            careful |= "class indices" in formats and _broadcasts(case, rows)
            continue  # a format that it does not take
        if alone_right and _mixes(case):
            for row in rows:
                row.status, row.says = "departs", "one sample at a time: of a batch it makes a product of samples"
        made.rows += rows
        formats += [case["format"]] if rows else []
    made.convention = {"labels": ", ".join(formats), "arguments": cases[0]["order"] if cases else ""}
    if careful:
        made.convention["careful"] = "class indices of shape (N, 1) give another number, and no error"
    if more := [name for name in MORE if name in refused]:
        made.convention["labels not supported"] = ", ".join(more)
    for key, title in (("reduction", "value"), ("gradient_scale", "gradient scale")):
        told = [case[key] for case in cases if key in case]
        if told:
            made.convention[title] = told[0] if isinstance(told[0], str) else f"{told[0]:.4g} times torch's mean"
    if not made.rows:
        errors = [case["error"] for case in cases if "error" in case]
        unfit = Row("forward", "", "unjudged", says="no known format fits")
        row = crashed("forward", "", errors[0]) if errors else unfit
        if any("value" in case or "gradient" in case for case in cases):
            row.status = "unjudged"
        made.rows.append(row)
    given = any(isinstance(case.get("gradient"), np.ndarray) for case in cases)  # beside the value
    if not made.places.get("backward") and seen["form"] == 1 and not given:
        made.rows.append(unwritten(seen.get("nearest", "")))
    return made


def _rows_alone(cases: list[dict[str, Any]]) -> bool:
    """Whether labels in one row are the only batch for which it raises nothing."""
    return all(("error" in case) == (case["format"] != "one row") for case in cases if len(case["meant"]) > 1)


USUAL = ("one-hot", "class indices")
LARGE = ", logits near 1000"  # shown in the format that it takes
ALONE = ("one vector", "one class index")  # of a single sample


def _mixes(case: dict[str, Any]) -> bool:
    """Whether a value is a square of samples or of classes: the matrix product of what is meant for one vector."""
    value = case.get("value")
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[0] == value.shape[1] > 1


def _refused(rows: list[Row]) -> bool:
    """Whether its own code raises on a format."""
    return any(REFUSES in row.says for row in rows)


def _none(told: list[tuple[dict[str, Any], list[Row]]]) -> bool:
    """Whether neither of the two usual formats of labels is right."""
    usual = [rows for case, rows in told if case["format"] in USUAL]
    return all(any(row.status == "defective" for row in rows) for rows in usual)


def _broadcasts(case: dict[str, Any], rows: list[Row]) -> bool:
    """Whether integer labels of shape (N, 1) give another number and no error: torch refuses them."""
    clean = case["format"] == COLUMN and "error" not in case and "gradient_error" not in case
    return clean and any(row.status == "defective" for row in rows)


def _takes_logits(seen: dict[str, Any]) -> bool:
    """Whether a loss that is called fused takes logits: it does unless it is right for probabilities alone."""
    values = {case["format"]: case for case in seen["cases"] if isinstance(case.get("value"), np.ndarray)}
    logits, given = values.get("one-hot"), values.get("one-hot, probabilities")
    if logits is None or given is None or seen.get("softens"):
        return True
    fits = reduction("SoftmaxCrossEntropy", logits["value"], *meant(logits))
    return bool(fits) or not reduction("CrossEntropy", given["value"], *meant(given))


def _optional(name: str) -> bool:
    """Formats that a loss need not take; of the first two of each kind it must take one."""
    return name in (*ALONE, "one row", "one-hot columns", BESIDE, "three rows", "vector", "class indices", "one column",
                    "one sample", "one-hot, one sample", "class indices, probabilities", *MORE)  # fmt: skip


def _best_order(seen: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The cases in the order of arguments that fits best, and the format that none fits left out."""
    orders: dict[str, list[dict[str, Any]]] = {}
    for case in seen["cases"]:
        orders.setdefault(case["order"], []).append(case)
    scores = {}
    for order, cases in orders.items():
        usual = [case for case in cases if case["format"] not in MORE]
        rows = [row for case in usual for row in (value_row(dict(case), kind),) if row]
        scores[order] = sum(row.status in ("right", "departs") for row in rows), -sum("error" in case for case in cases)
    cases = orders[max(orders, key=lambda order: scores[order])] if orders else []
    must = [case for case in cases if case["format"] in ("one-hot", "class indices")]
    fits = [c for c in must if "error" not in c and (row := value_row(dict(c), kind)) and row.status != "defective"]
    cases = _laid_out(cases, kind, bool(fits))
    taken = next((name for name in USUAL if any(case["format"] == name for case in fits)), USUAL[0])
    cases = [case for case in cases if not case["format"].endswith(LARGE) or case["format"] == f"{taken}{LARGE}"]
    if fits and len(must) == 2:  # one of the two label formats is enough; the other is shown when it works
        good = {id(case) for case in fits}
        cases = [case for case in cases if case["format"] not in ("one-hot", "class indices") or id(case) in good]
    return cases


def _laid_out(cases: list[dict[str, Any]], kind: str, fits: bool) -> list[dict[str, Any]]:
    """The cases of a loss by its layout: those with samples in columns alone, where only they fit."""
    rows = {case["format"]: value_row(dict(case), kind) for case in cases if "error" not in case}
    alone = [case for case in cases if case["format"] in ALONE and "error" not in case]
    if all("error" in case for case in cases if case["format"] in USUAL) and any(
        (row := rows[case["format"]]) and row.status != "defective" for case in alone
    ):
        return alone  # of lists of numbers, or by an index: a batch does not work
    for usual, turned in (
        ("one-hot", "one-hot columns"),
        ("one-hot", BESIDE),
        ("one-hot", COLUMN),
        ("three columns", "three rows"),
        ("three columns", "one row"),
    ):
        here, there = rows.get(usual), rows.get(turned)
        wrong = here is None or here.status == "defective"
        if turned == "one row" and here is not None:
            continue  # three columns work, if wrongly
        if wrong and there is not None and there.status != "defective" and not fits:
            cases = [case for case in cases if case["format"] == turned]
    column = rows.get("one column")
    if "three columns" not in rows and column is not None and column.status != "defective":
        cases = [case for case in cases if case["format"] not in ("three columns", "three rows")]  # of one output
    if any(case["format"] == "three columns" for case in cases):
        cases = [case for case in cases if case["format"] != "three rows"]
    return cases


def one_by_one(made: Component) -> None:
    """Beside layers that take one sample at a time, a batch that goes wrong is none of a loss that is right for one."""
    alone = {*ALONE, "one column", "vector", "one row", "one sample", "one-hot, one sample"}
    for quantity in ("value", "gradient"):
        rows = [row for row in made.rows if row.quantity == quantity]
        if any(row.probe in alone and row.status in ("right", "departs") for row in rows):
            for row in rows:
                if row.status == "defective" and row.probe not in alone:
                    row.status, row.says = "departs", f"one sample at a time, as the layers: of a batch, {row.says}"
    made.diagnoses = [] if made.status != "defective" else made.diagnoses


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
    exact = [name for name, (ratio, _) in scales.items() if ratio == 1]
    odd = [(name, ratio, made) for name, (ratio, made) in scales.items() if ratio != 1]
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
