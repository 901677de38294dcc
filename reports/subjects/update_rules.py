"""The update rules that an optimizer may follow, as formulas: torch's own first, others with what they are called.

Letters: w parameter, g gradient, v velocity, a rate, k the number of the update from 0.
"""

from collections.abc import Callable

import numpy as np

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
