"""Update rules of a subject, judged: each is replayed by the rules that it may be, right ones first.

Letters: w parameter, g gradient, v velocity, a rate, k the number of the update from 0.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.optim.sgd import sgd as torch_sgd

from reports.subjects.components import component
from reports.subjects.update_rules import COMMON, NOT_DECAYED, RATES, RULES, Rule, U
from reports.subjects.verdicts import Component, Row, undriven

Array = np.ndarray


STILL = "nothing moves in the first step"
PLAINLY = {"plain": "without momentum and decay", "decay": "with decay alone", "momentum": "with momentum alone",
           "momentum and decay": "with momentum and decay"}  # fmt: skip


def optimizer(seen: dict[str, Any]) -> Component:
    """Judges an update rule in each of its settings over several updates."""
    made = component(seen)
    kind = seen["kind"]
    if kind not in RULES:
        made.rows.append(Row("update", "", "unjudged", says=f"no equation for {kind} yet"))
        return made
    if not seen["runs"]:
        made.rows.append(undriven(seen.get("error", ""), seen["name"]))
        return made
    for run in seen["runs"]:
        made.convention["takes"] = {
            "layer": "a layer",
            "layers": "a list of layers",
            "lists": "lists of arrays",
            "dicts": "dicts of arrays",
            "arrays": "one array and its gradient",
            "own parameters": "the layer's parameter objects",
            "layer objects": "layers, when it is made",
            "layer and gradient": "a layer and a gradient, for weights and biases apart",
            "model": "a model of layers",
            "at once": "weights, biases and their gradients at once",
        }[run["way"]]
        made.rows += _run_rows(kind, seen, run)
    for row in made.rows if seen.get("decays_by") else ():
        if NOT_DECAYED in row.says:
            row.status, row.says = "departs", f"the decay is applied by {seen['decays_by']}, which its user is to call"
    for one in seen.get("failed", []):
        told = STILL if one["error"] == "nothing moved" else f"it crashes: {one['error']}"
        made.rows.append(Row("update", one["setting"], "defective", says=f"{PLAINLY[one['setting']]}: {told}"))
    made.diagnoses = _each_once(made.rows)
    return made


def _each_once(rows: list[Row]) -> list[str]:
    """The defects of all settings: what is wrong with weights and biases alike, or in two settings, is said once."""
    told: set[str] = set()
    found = []
    for row in rows:
        said = row.says.replace("biases", "weights")
        causes = set((said.partition(": ")[2] or said).split("; "))
        if row.status == "defective" and not causes <= told:
            told |= causes
            found.append(row.says)
    return found


def _settings(run: dict[str, Any]) -> Iterator[dict[str, float]]:
    """The settings of a run: given ones, and what the object's attributes say; defaults of torch beside."""
    have = {key.lower().replace("_", ""): value for key, value in run["attributes"].items()}

    def get(*names: str) -> float | None:
        return next((have[name] for name in names if name in have), None)

    own = get("momentum", "beta", "mu", "gamma", "beta1", "b1")
    epsilon = get("epsilon", "eps", "e")
    for other in (epsilon,) if epsilon is not None else (1e-8, 1e-7, 1e-10, 1e-6, 1e-15, 0.0):
        yield {
            "momentum": run["values"].get("momentum", 0.9 if own is None else own),
            "beta1": get("beta1", "b1", "rho1", "betaone", "betam") or 0.9,
            "beta2": get("beta2", "b2", "rho2", "betatwo", "betav") or 0.999,
            "rho": get("rho", "decayrate", "beta", "gamma", "alpha", "beta2", "decay") or 0.9,
            "epsilon": other,
            "weight_decay": get("weightdecay", "wd", "lambda", "lambd", "lmbda", "l2", "decay") or 0.0,
        }


def _run_rows(kind: str, seen: dict[str, Any], run: dict[str, Any]) -> list[Row]:
    """One setting: the first rule and schedule that replay it to within rounding."""
    own = run["attributes"].get("momentum", 0.0)
    rule_kind = "Momentum" if kind == "SGD" and ("momentum" in run["values"] or own) else kind
    rows = []
    for part, name in ((0, "weights"), (1, "biases")):
        rows.append(_replayed(rule_kind, name, seen, run, part))
    return rows


def _replayed(kind: str, name: str, seen: dict[str, Any], run: dict[str, Any], part: int) -> Row:
    start = seen["start"][part]
    gradients = [pair[part] for pair in seen["gradients"]]
    steps = [step[part] for step in run["steps"]]
    setting = run["setting"]
    if any(not isinstance(step, np.ndarray) or step.shape != start.shape for step in steps):
        shape = getattr(steps[-1], "shape", None)
        return Row(
            f"update of {name}", setting, "defective", says=f"{name} change their shape from {start.shape} to {shape}"
        )
    if all(np.array_equal(step, start) for step in steps):
        return Row(f"update of {name}", setting, "defective", says=f"the {name} are never updated")
    best = float("inf")
    default = run["attributes"].get("decay", 0.0)  # 0.9 would be the share that RMSprop keeps, no schedule
    decay = run["values"].get("decay", default if 0 <= default < 0.5 else 0.0)
    status = "departs" if seen.get("kind", "SGD") == "SGD" or seen.get("guessed") else "defective"
    others = [(status, f"it is {other}, whatever its name", rules[0][2]) for other, rules in RULES.items()
              if other != kind and other in ("Adam", "RMSprop", "AdaGrad", "Adamax", "Adadelta")]  # fmt: skip
    for status, words, rule in [*RULES[kind], *COMMON, *others]:
        for rate_status, rate_words, rate in RATES if decay else RATES[:1]:
            for options in _settings(run):
                used = _gap(rule, rate, start, gradients, steps, run["values"]["rate"], decay, options)
                best = min(best, used)
                if used <= 1:
                    order = ("right", "departs", "defective")
                    worst = max(status, rate_status, key=order.index)
                    text = "; ".join(part for part in (words, rate_words) if part)
                    if kind == "SGD" and worst == "right" and not _torch_agrees(start, gradients, steps, run, decay):
                        worst, text = "departs", text or "it rounds otherwise than torch"
                    return Row(f"update of {name}", setting, worst, used, says=text and f"update of {name}: {text}")
    return Row(f"update of {name}", setting, "unjudged" if seen.get("guessed") else "defective", best,
               says=f"update of {name}: no known rule gives these numbers")  # fmt: skip


def _gap(
    rule: Rule, rate: Callable[[float, float, int], float], start: Array, gradients: list[Array], steps: list[Array],
    a: float, decay: float, options: dict[str, float],
) -> float:  # fmt: skip
    """The worst gap of all updates in allowances of rounding, each update replayed from their own parameters."""
    state: dict[str, Array] = {}
    before, worst, drift = start, 0.0, 0.0
    with np.errstate(all="ignore"):
        for k, (g, after) in enumerate(zip(gradients, steps, strict=True)):
            state["before"] = before
            step = rule(state, g, rate(a, decay, k), k, options)
            drift += 16 * U * float(np.nanmax(np.abs(step), initial=0.0))
            allowed = 4 * U * (np.abs(before) + np.abs(after)) + 32 * U * np.abs(step) + drift
            gap = np.abs(after - (before + step)) / allowed
            gap = np.where(np.isnan(after) & np.isnan(before + step), 0.0, gap)  # the mistake explains the NaN as well
            worst = max(worst, float(np.max(gap)) if np.isfinite(gap).all() else float("inf"))
            before = after
    return worst


def replayed(
    kind: str, start: Array, gradients: list[Array], steps: list[Array], rate: float, attributes: dict[str, float]
) -> tuple[str, str, float]:
    """(status, words, share of the allowance) of the first rule of a kind that explains one array's steps."""
    best = float("inf")
    for status, words, rule in RULES[kind]:
        for options in _settings({"attributes": attributes, "values": {}}):
            used = _gap(rule, RATES[0][2], start, gradients, steps, rate, 0.0, options)
            if used <= 1:
                return status, words, used
            best = min(best, used)
    return "", "", best


def _torch_agrees(start: Array, gradients: list[Array], steps: list[Array], run: dict[str, Any], decay: float) -> bool:
    """Whether torch.optim.SGD, under the same schedule, makes the same updates to within rounding.

    By the function that its step calls: making the object loads torch's compiler, which takes a second.
    """
    w = torch.tensor(start, dtype=torch.float64)
    plain: dict[str, Any] = {"nesterov": False, "maximize": False, "foreach": False}
    plain |= dict.fromkeys(("momentum", "dampening", "weight_decay"), 0.0)
    for k, (g, after) in enumerate(zip(gradients, steps, strict=True)):
        rate = run["values"]["rate"] / (1 + decay * k)
        torch_sgd([w], [torch.tensor(g, dtype=torch.float64)], [None], lr=rate, **plain)
        if np.abs(w.numpy() - after).max() > 64 * U * (np.abs(start).max() + 1):
            return False
    return True
