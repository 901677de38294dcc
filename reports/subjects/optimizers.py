"""Update rules of a subject, judged: each is replayed by the rules that it may be, right ones first.

Letters: w parameter, g gradient, v velocity, a rate, k the number of the update from 0.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.optim.sgd import sgd as torch_sgd

from reports.subjects.components import component
from reports.subjects.verdicts import Component, Row, undriven

Array = np.ndarray
Rule = Callable[[dict[str, Array], Array, float, int, dict[str, float]], Array]  # state, g, a, k, settings -> step
U = 2.0**-53


def sgd(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """W - a g."""
    return -a * g


def _v(s: dict[str, Array], g: Array) -> Array:
    return s.setdefault("v", np.zeros_like(g))


def lecture(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """V = m v - a g; w + v."""
    s["v"] = o["momentum"] * _v(s, g) - a * g
    return s["v"]


def heavy(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """V = m v + g; w - a v: torch's."""
    s["v"] = o["momentum"] * _v(s, g) + g
    return -a * s["v"]


def average(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """V = m v + (1 - m) g; w - a v."""
    s["v"] = o["momentum"] * _v(s, g) + (1 - o["momentum"]) * g
    return -a * s["v"]


def corrected(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """The average with Adam's correction."""
    return average(s, g, a, k, o) / (1 - o["momentum"] ** (k + 1))


def nesterov(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """V = m v - a g; w + m v - a g."""
    s["v"] = o["momentum"] * _v(s, g) - a * g
    return o["momentum"] * s["v"] - a * g


def nesterov_old(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """W + m m v - (1 + m) a g with the old v, as in an O'Reilly book: the same."""
    m, old = o["momentum"], _v(s, g)
    s["v"] = m * old - a * g
    return m * m * old - (1 + m) * a * g


def adam(correct: str, eps: str) -> Rule:
    """Adam, with the bias correction and the place of epsilon as said."""

    def rule(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
        b1, b2, e = o["beta1"], o["beta2"], o["epsilon"]
        s["m"] = b1 * s.setdefault("m", np.zeros_like(g)) + (1 - b1) * g
        s["s"] = b2 * s.setdefault("s", np.zeros_like(g)) + (1 - b2) * g * g
        t = {"right": k + 1, "constant": 1, "none": 0, "late": k + 2, "early": max(k, 1), "first": 2 * k + 1,
             "second": 2 * k + 2}[correct]  # fmt: skip
        m, v = (s["m"] / (1 - b1**t), s["s"] / (1 - b2**t)) if t else (s["m"], s["s"])
        if eps == "hat":  # a sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + e)
            rate = a * np.sqrt(1 - b2 ** (k + 1)) / (1 - b1 ** (k + 1))
            return -rate * s["m"] / (np.sqrt(s["s"]) + e)
        return -a * m / (np.sqrt(v + e) if eps == "inside" else np.sqrt(v) + e)

    return rule


def adam_written_back(eps: str) -> Rule:
    """Adam whose corrected moments take the place of the moments themselves."""

    def rule(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
        b1, b2, e = o["beta1"], o["beta2"], o["epsilon"]
        s["m"] = (b1 * s.setdefault("m", np.zeros_like(g)) + (1 - b1) * g) / (1 - b1 ** (k + 1))
        s["s"] = (b2 * s.setdefault("s", np.zeros_like(g)) + (1 - b2) * g * g) / (1 - b2 ** (k + 1))
        return -a * s["m"] / (np.sqrt(s["s"] + e) if eps == "inside" else np.sqrt(s["s"]) + e)

    return rule


def rmsprop(eps: str) -> Rule:
    """RMSprop."""

    def rule(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
        s["s"] = o["rho"] * s.setdefault("s", np.zeros_like(g)) + (1 - o["rho"]) * g * g
        return -a * g / (np.sqrt(s["s"] + o["epsilon"]) if eps == "inside" else np.sqrt(s["s"]) + o["epsilon"])

    return rule


def adagrad(eps: str) -> Rule:
    """AdaGrad."""

    def rule(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
        s["s"] = s.setdefault("s", np.zeros_like(g)) + g * g
        return -a * g / (np.sqrt(s["s"] + o["epsilon"]) if eps == "inside" else np.sqrt(s["s"]) + o["epsilon"])

    return rule


def adamw(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """Adam, and the parameter itself shrinks by a lambda: s["before"] is what it was."""
    return adam("right", "outside")(s, g, a, k, o) - a * o["weight_decay"] * s["before"]


def adamax(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """U = max(b2 u, |g| + eps); w - a / (1 - b1^t) m / u."""
    s["m"] = o["beta1"] * s.setdefault("m", np.zeros_like(g)) + (1 - o["beta1"]) * g
    s["u"] = np.maximum(o["beta2"] * s.setdefault("u", np.zeros_like(g)), np.abs(g) + o["epsilon"])
    return -a / (1 - o["beta1"] ** (k + 1)) * s["m"] / s["u"]


def adamax_outside(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """The same with epsilon in the denominator."""
    s["m"] = o["beta1"] * s.setdefault("m", np.zeros_like(g)) + (1 - o["beta1"]) * g
    s["u"] = np.maximum(o["beta2"] * s.setdefault("u", np.zeros_like(g)), np.abs(g))
    return -a / (1 - o["beta1"] ** (k + 1)) * s["m"] / (s["u"] + o["epsilon"])


def nadam(scheduled: bool) -> Rule:
    """Nadam: torch lets its momentum grow by a schedule, most others keep it constant."""

    def rule(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
        b1, b2, e, t = o["beta1"], o["beta2"], o["epsilon"], k + 1
        s["m"] = b1 * s.setdefault("m", np.zeros_like(g)) + (1 - b1) * g
        s["s"] = b2 * s.setdefault("s", np.zeros_like(g)) + (1 - b2) * g * g
        root = np.sqrt(s["s"] / (1 - b2**t)) + e
        if not scheduled:
            return -a * (b1 * s["m"] / (1 - b1**t) + (1 - b1) * g / (1 - b1**t)) / root
        now, later = (b1 * (1 - 0.5 * 0.96 ** (n * 0.004)) for n in (t, t + 1))
        product = s.setdefault("product", np.ones(1)) * now
        s["product"] = product
        return -a * ((1 - now) / (1 - product) * g + later / (1 - product * later) * s["m"]) / root

    return rule


def adadelta(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
    """The step is the root of past steps over the root of past gradients, times g; torch multiplies it by a."""
    r, e = o["rho"], o["epsilon"]
    s["s"] = r * s.setdefault("s", np.zeros_like(g)) + (1 - r) * g * g
    step = np.sqrt(s.setdefault("d", np.zeros_like(g)) + e) / np.sqrt(s["s"] + e) * g
    s["d"] = r * s["d"] + (1 - r) * step * step
    return -a * step


def stray(rule: Rule) -> Rule:
    """A rule whose epsilon stands outside of the fraction: a / sqrt(s) + eps."""

    def strayed(s: dict[str, Array], g: Array, a: float, k: int, o: dict[str, float]) -> Array:
        return rule(s, g, a, k, {**o, "epsilon": 0.0}) + o["epsilon"]

    return strayed


STILL = "nothing moves in the first step"
PLAINLY = {"plain": "without momentum and decay", "decay": "with decay alone", "momentum": "with momentum alone",
           "momentum and decay": "with momentum and decay"}  # fmt: skip
STRAY = "epsilon is added to the step, not to the denominator: brackets are missing"
NO_POWER = "the bias correction lacks the power t: it is right in the first step alone"
EPS = "epsilon stands inside the root"
INSIDE = "the rate stands inside the velocity, torch's outside: they differ under decay from the second update on"
RULES: dict[str, list[tuple[str, str, Rule]]] = {  # kind -> (status, words, rule), the right one first
    "SGD": [("right", "", sgd)],
    "Momentum": [
        ("right", "", heavy), ("departs", INSIDE, lecture),
        ("departs", "the gradient is weighted with 1 - momentum, torch takes it whole", average),
        ("departs", "the gradient is weighted with 1 - momentum and corrected as in Adam", corrected),
        ("departs", "it is Nesterov's momentum", nesterov),
        ("defective", "the momentum is not used: it moves by the gradient alone", sgd),
        ("defective", "the velocity is not weighted", lambda s, g, a, k, o: lecture(s, g, a, k, {"momentum": 1.0})),
        ("defective", "the velocity is not weighted, the gradient is",
         lambda s, g, a, k, o: heavy(s, o["momentum"] * g, a, k, {"momentum": 1.0})),
        ("defective", "it climbs: the gradient is added", lambda s, g, a, k, o: -lecture(s, g, a, k, o)),
    ],
    "Nesterov": [
        ("right", "", nesterov), ("departs", "another way to write it", nesterov_old),
        ("defective", "it is plain momentum, not Nesterov's", lecture),
        ("defective", "it is plain momentum, not Nesterov's", heavy),
    ],
    "Adam": [
        ("right", "", adam("right", "outside")), ("departs", EPS, adam("right", "inside")),
        ("departs", "epsilon is added before the correction (epsilon hat)", adam("right", "hat")),
        ("defective", "the bias correction is missing", adam("none", "outside")),
        ("defective", "the bias correction is missing", adam("none", "inside")),
        ("defective", NO_POWER, adam("constant", "outside")),
        ("defective", NO_POWER, adam("constant", "inside")),
        ("defective", "t advances with every parameter or layer, not with every step", adam("first", "outside")),
        ("defective", "t advances with every parameter or layer, not with every step", adam("second", "outside")),
        ("defective", "the corrected moments are written back into the moments", adam_written_back("outside")),
        ("defective", "the corrected moments are written back into the moments", adam_written_back("inside")),
        ("defective", "t is one ahead in the bias correction", adam("late", "outside")),
        ("defective", "t is one behind in the bias correction", adam("early", "outside")),
    ],
    "RMSprop": [("right", "", rmsprop("outside")), ("departs", EPS, rmsprop("inside")),
                ("defective", "the squares are summed, not averaged: it is AdaGrad", adagrad("outside"))],
    "AdaGrad": [("right", "", adagrad("outside")), ("departs", EPS, adagrad("inside"))],
    "AdamW": [
        ("right", "", adamw),
        ("departs", "the weight decay is not multiplied by the rate",
         lambda s, g, a, k, o: adam("right", "outside")(s, g, a, k, o) - o["weight_decay"] * s["before"]),
        ("defective", "the weight decay is added to the gradient: it is Adam with L2, not AdamW",
         lambda s, g, a, k, o: adam("right", "outside")(s, g + o["weight_decay"] * s["before"], a, k, o)),
        ("defective", "the weight decay is not applied", adam("right", "outside")),
        ("defective", NO_POWER, lambda s, g, a, k, o: adam("constant", "outside")(s, g, a, k, o)
         - a * o["weight_decay"] * s["before"]),
    ],
    "Adamax": [("right", "", adamax), ("departs", "epsilon is added to the maximum, not under it", adamax_outside)],
    "Nadam": [("right", "", nadam(True)), ("departs", "its momentum is constant, torch's follows a schedule",
                                           nadam(False))],
    "Adadelta": [("right", "", adadelta), ("departs", "it has no rate: torch's with lr=1",
                                           lambda s, g, a, k, o: adadelta(s, g, 1.0, k, o))],
}  # fmt: skip
for _kind, _rule in (
    ("Adam", adam("right", "outside")),
    ("RMSprop", rmsprop("outside")),
    ("AdaGrad", adagrad("outside")),
):
    RULES[_kind].append(("defective", STRAY, stray(_rule)))
COMMON: list[tuple[str, str, Rule]] = [
    ("defective", "it climbs: the gradient is added", lambda s, g, a, k, o: a * g),
    ("defective", "it is plain gradient descent", sgd),
    ("defective", "the rate is missing", lambda s, g, a, k, o: -g),
    ("defective", "the rate is multiplied in twice", lambda s, g, a, k, o: -a * a * g),
]
NOT_DECAYED = "the decay is not applied"
RATES: list[tuple[str, str, Callable[[float, float, int], float]]] = [
    ("right", "", lambda a, d, k: a / (1 + d * k)),
    ("departs", "the rate decays one update early: the first is smaller", lambda a, d, k: a / (1 + d * (k + 1))),
    ("departs", "the decay is another: (1 - decay)^k", lambda a, d, k: a * (1 - d) ** k),
    ("departs", "the decay is another: decay^k", lambda a, d, k: a * d**k),
    ("departs", "the decay is another: 1 - decay k", lambda a, d, k: a * (1 - d * k)),
    ("departs", "the decay is another: exp(-decay k)", lambda a, d, k: a * float(np.exp(-d * k))),
    ("defective", "the decay compounds: the decayed rate is decayed again",
     lambda a, d, k: a / float(np.prod(1 + d * np.arange(k + 1)))),
    ("defective", NOT_DECAYED, lambda a, d, k: a),
]  # fmt: skip


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
