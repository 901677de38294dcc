"""A finding as words: what it is, why we think so, how to mend it; or, where no cause fits, what is known."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from reports.cases import Case
from reports.diagnosis.synthesis import Explanation, Finding, Witness, findings

Array = np.ndarray
ROWS = {
    "output": "forward/{}",
    "dinputs": "backward/{}",
    "dweights": "gradient/{}.weights",
    "dbiases": "gradient/{}.biases",
}
# A side effect's id and mend, by who does what; the first that fits.
EFFECTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("effects/repeats", "state/*", "*", "O4", "Keep velocities in the optimizer, one for each training"),
    ("effects/repeats", "parameter/*", "*", "O4", "Keep velocities in the optimizer, one for each training"),
    ("effects/repeats", "*", "*", "L17", "Start buffers from zeros, and draw nothing at random in a step"),
    ("effects/warnings", "*", "*", "S36", "Do not compute what has to be repaired afterwards"),
    ("*", "*", "labels", "L35", "Work on a copy of the targets"),
    ("*", "labels", "*", "L35", "Work on a copy of the targets"),
    ("*", "inputs", "*", "L35", "Work on a copy of the inputs"),
    ("*", "*", "inputs", "L35", "Work on a copy of the inputs"),
    ("*", "*", "loss.residuals", "L34", "Make the gradient in an array of its own"),
    ("*", "loss.residuals", "*", "L34", "Make the gradient in an array of its own"),
    ("*", "loss.backward", "loss.output", "L23", "Work on a copy: output.copy()"),
    ("*", "loss.output", "loss.dinputs", "L23", "Work on a copy: output.copy()"),
    ("*", "loss.forward", "*.output", "S37", "Clip into a new array"),
    ("effects/arguments", "update", "*", "L36", "Let the optimizer leave the gradients as they are"),
    ("*", "*.backward", "*.output", "A23", "Keep what forward gave; compute in a new array"),
    ("*", "*.backward", "*.dinputs", "L22", "Work on a copy: dvalues.copy()"),
    ("*", "*.dinputs", "*.dinputs", "L22", "Work on a copy: dvalues.copy()"),
    ("*", "dense*.forward", "*.output", "L30", "Give each layer a buffer of its own"),
    ("*", "dense*.output", "dense*.output", "L30", "Give each layer a buffer of its own"),
    ("*", "*.forward", "*.output", "A16", "Make a new array: np.maximum(0, inputs), not inputs[inputs < 0] = 0"),
    ("*", "*.output", "*.output", "A16", "Make a new array: np.maximum(0, inputs), not inputs[inputs < 0] = 0"),
    ("*", "*", "*", "L22", "Work on a copy"),
)  # fmt: skip


def diagnose(case: Case, checked: Iterable[Any], effects: Iterable[Any] = ()) -> list[dict[str, Any]]:
    """Returns the diagnoses of a case as plain data, in order of computation; an empty list of causes is "unknown".

    Each holds `causes` (ids, equals), `says`, `rows`, `residual` and `runner_up_residual` (in allowances; 1 is the
    limit), and `runner_up`.
    """
    effects = list(effects)
    told = [entry for finding in findings(case, checked, _spoilt(case, effects)) for entry in _entries(finding)]
    told = _with_conventions(told, case)
    known_effects = _known(effects)
    return known_effects + told if _spoilt(case, effects) else told + known_effects


def _with_conventions(told: list[dict[str, Any]], case: Case) -> list[dict[str, Any]]:
    """Two diagnoses that undo each other are a convention, not a defect: the parameters get the right update."""
    gradients = {f"gradient/{name}" for layer in case.layers if layer.kind == "Dense" for name in layer.parameters()}
    averaged = [one for one in told if "L2" in one["causes"] and gradients <= set(one["rows"])]
    summed = [one for one in told if "L1" in one["causes"] and "backward/loss" in one["rows"]]
    if averaged and summed:
        rows = tuple(summed[0]["rows"] + averaged[0]["rows"])
        text = "the division by the batch size stands in the layers, not in the loss; the gradients are right"
        rest = [one for one in told if one not in (averaged[0], summed[0])]
        return [_entry(["L3"], f"{_named(rows)}: a convention, no defect: {text}.", rows, 0.0), *rest]
    for one in told:
        updates = [row for row in one["rows"] if row.startswith(("state/", "parameter/"))]
        if "L20" in one["causes"] and "backward/loss" in one["rows"] and len(updates) >= len(gradients):
            text = "the gradient is that of minus the loss, and the update climbs it; the parameters are right"
            one |= {"causes": ["L20"], "says": f"{_named(tuple(one['rows']))}: a convention, no defect: {text}."}
    return told


def _known(effects: list[Any]) -> list[dict[str, Any]]:
    """The side effects as diagnoses: one per id, with all that was seen of it."""
    told: dict[str, dict[str, Any]] = {}
    repeats = [effect for effect in effects if effect.row == "effects/repeats"]
    if any(effect.actor.partition("/")[0] not in ("state", "parameter") for effect in repeats):
        effects = [effect for effect in effects if effect not in repeats] + repeats[:1]  # the rest follows from it
    for effect in effects:
        id, mend = next(
            (id, mend)
            for row, actor, what, id, mend in EFFECTS
            if fnmatchcase(effect.row, row) and fnmatchcase(effect.actor, actor) and fnmatchcase(effect.what, what)
        )
        entry = told.setdefault(id, _entry([id], "", (), 0.0) | {"seen": [], "mend": mend})
        entry["seen"].append(str(effect))
        entry["rows"] = list(dict.fromkeys([*entry["rows"], effect.row]))
    return [_with_words(entry) for entry in told.values()]


def _with_words(entry: dict[str, Any]) -> dict[str, Any]:
    """An effect's entry with its sentence in place of its parts."""
    seen, mend = entry.pop("seen"), entry.pop("mend")
    more = f", and {len(seen) - SEEN} more" if len(seen) > SEEN else ""
    return entry | {"says": f"{'; '.join(seen[:SEEN])}{more}. {mend}."}


SEEN = 3  # side effects of one kind that are spelled out


def _spoilt(case: Case, effects: list[Any]) -> frozenset[str]:
    """The rows whose arrays were edited after they had been computed, or differ from run to run."""
    rows = {effect.actor for effect in effects if effect.row == "effects/repeats"}
    for effect in effects:
        part, _, attribute = effect.what.partition(".")
        if effect.row == "effects/arguments" and attribute in ROWS:
            rows.add("forward/probabilities" if effect.what == "loss.output" else ROWS[attribute].format(part))
        if effect.row == "effects/arguments" and effect.what in ("inputs", "labels"):
            rows.add(effect.what)
    return frozenset(rows)


def _entries(finding: Finding) -> list[dict[str, Any]]:
    """A finding as one entry per cause: one, or two that act at once."""
    rows = finding.rows
    runner_up = _runner_up(finding)
    if not finding.equals:
        text = f"{_named(rows)}: unknown; {known(finding.witness)}"
        return [_entry([], text, rows) | runner_up]
    best = min(finding.equals, key=lambda one: one.residual)
    entries = []
    for position, cause in enumerate(best.causes):
        equals = _equals(finding.equals, best, position)
        says = "; or, which gives the same numbers here: ".join(
            dict.fromkeys(_says(one, k, finding) for one, k in equals)
        )
        ids = list(dict.fromkeys(one.ids[k] for one, k in equals))
        evidence = ratio_text(finding.witness)
        where = f"{_named(rows)} is {evidence}" if evidence and position == 0 else _named(rows)
        text = f"{where}: {says}{_when(best)}. {cause.mend}"
        if finding.told_apart and position == 0:
            text += f" ({finding.told_apart[0]} fits {finding.witness.where} as well, but not {finding.told_apart[1]}.)"
        entries.append(_entry(ids, text, rows, best.residual) | runner_up)
    return entries


def _equals(equals: tuple[Explanation, ...], best: Explanation, position: int) -> list[tuple[Explanation, int]]:
    """The explanations that differ from the best in one of its causes at most, each with that cause's position."""
    found = [(best, position)]
    others = {cause.id for k, cause in enumerate(best.causes) if k != position}
    for one in equals:
        for k in range(len(one.causes)):
            rest = {cause.id for j, cause in enumerate(one.causes) if j != k}
            if one is not best and rest == others and one.causes[k].id not in others:
                found.append((one, k))
    return found


def _says(explanation: Explanation, position: int, finding: Finding) -> str:
    """A cause's words with its numbers filled in."""
    place = finding.witness.place
    reads = [np.asarray(read) for read in place.reads]
    width = reads[0].shape[1] if reads and reads[0].ndim == 2 else 1
    words = explanation.causes[position].says
    c = explanation.coefficient
    factor = f"1 {c:+.3g}" if abs(c) < NEAR_ONE else f"{1 + c:.4g}"
    return words.format(N=place.samples, C=width, D=width, c=_Short(c), f=factor)


NEAR_ONE = 1e-3  # a factor nearer to 1 is told as 1 and a difference


class _Short(float):
    """A number that prints in three digits."""

    def __format__(self, spec: str) -> str:
        return float(self).__format__(spec + ".3g" if spec in ("", "+") else spec)


def _when(explanation: Explanation) -> str:
    """At which updates it happens, where not at all."""
    if not explanation.updates:
        return ""
    if len(explanation.updates) == 1:
        return f", at update {explanation.updates[0]} alone"
    return f", from update {explanation.updates[0]} on"


def _runner_up(finding: Finding) -> dict[str, Any]:
    """The best of the causes that do not fit."""
    rival = finding.runner_up
    if rival is None:
        return {}
    return {"runner_up": f"{rival.ids[0]}: {_says(rival, 0, finding)}", "runner_up_residual": rival.residual}


def _entry(causes: list[str], says: str, rows: tuple[str, ...], residual: float = float("nan")) -> dict[str, Any]:
    return {
        "causes": causes,
        "says": says,
        "rows": list(rows),
        "residual": residual,
        "runner_up": "",
        "runner_up_residual": float("nan"),
    }


def _named(rows: tuple[str, ...]) -> str:
    """The rows in a few words."""
    return rows[0] if len(rows) == 1 else f"{rows[0]} and {len(rows) - 1} more row{'s' if len(rows) > 2 else ''}"


def ratio_text(witness: Witness) -> str:
    """Says by what constant a row differs from what it should be, where it does by one."""
    right, actual = witness.right.value, witness.actual
    if right.shape != actual.shape:
        return f"of shape {actual.shape} where {right.shape} is wanted"
    clear = np.isfinite(right) & np.isfinite(actual) & (np.abs(right) > CLEAR * witness.right.error)
    if not clear.any() or not np.isfinite(actual).all():
        return ""
    ratio = float(np.median(actual[clear] / right[clear]))
    allowed = 4 * max(1.0, abs(ratio)) * witness.right.error + 4 * np.finfo(np.float64).eps * np.abs(actual)
    if ratio == 0 or (np.abs(actual - ratio * right) > allowed).any():
        return ""
    number = f"1 {ratio - 1:+.3g}" if abs(ratio - 1) < NEAR_ONE else f"{ratio:.4g}"
    return f"{number} times what its own inputs give, everywhere"


CLEAR = 1e3  # a value this many bounds from 0 shows by what factor another differs from it


def known(witness: Witness) -> str:
    """What can be said of a row that no cause explains: ratio, sign, transposition, where it differs."""
    right, actual = witness.right.value, witness.actual
    if text := ratio_text(witness):
        return text if right.shape != actual.shape else f"it is {text}"
    if not np.isfinite(actual).all():
        return f"{int((~np.isfinite(actual)).sum())} of {actual.size} elements are not finite"
    allowed = witness.right.allowed
    off = np.abs(actual - right) > allowed
    facts = [f"{int(off.sum())} of {off.size} elements differ"]
    if actual.ndim == 2 and 1 not in actual.shape:
        rows, columns = np.flatnonzero(off.any(axis=1)), np.flatnonzero(off.any(axis=0))
        for what, which, count in (("row", rows, len(off)), ("column", columns, off.shape[1])):
            if 0 < len(which) <= 3 and len(which) < count:
                facts.append(f"only in {what} {', '.join(map(str, which))}")
        if actual.shape[0] == actual.shape[1] and (np.abs(actual - right.T) <= allowed.T).all():
            facts.append("it is the transpose of what it should be")
    if off.any() and (np.abs(actual + right) <= allowed)[off].all():
        facts.append("their sign is turned round")
    elif off.any() and not actual[off].any():
        facts.append("they are exactly 0")
    if (
        np.array_equal(np.float32(actual).astype(float), actual)
        and actual.any()
        and witness.place.case.dtype != "float32"
    ):
        facts.append("every element is a float32 number: somewhere float32 is computed with")
    return ", ".join(facts)
