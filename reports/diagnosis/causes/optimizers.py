"""Causes in gradient descent: the rate, the velocity, the update.

Letters: g the gradient, v the old velocity, v' the new one, a the rate, m the momentum, k the number of the update.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reports.diagnosis.place import Array, Cause, Place

RATE, STATE = ("learning_rate",), ("state",)
MOMENTUM, PLAIN = ("parameter/momentum",), ("parameter/plain",)
UPDATES = MOMENTUM + PLAIN
LECTURE = "The lecture's rule: v = m * v - rate * g; w += v."
SCHEDULE = "rate = learning_rate / (1 + decay * k), with k = 0 at the first update."


def _rate(p: Place, k: float) -> float:
    return p.case.learning_rate / (1 + p.case.decay * k)


def _k(p: Place) -> float:
    return float(p["iteration"])


def _per_epoch(p: Place) -> int:
    """Updates in an epoch."""
    return -(-len(p.everything[0]) // p.configured)


OTHER_RATES: tuple[tuple[str, str, Callable[[Place], float]], ...] = (
    ("O6", "it is that of the next update: the count is one ahead", lambda p: _rate(p, _k(p) + 1)),
    ("O6", "it is that of the update before: the count is one behind", lambda p: _rate(p, max(_k(p) - 1, 0))),
    ("O8", "it counts epochs where the rule counts updates", lambda p: _rate(p, p.epoch)),
    ("O8", "it counts updates as if each epoch had one more", lambda p: _rate(p, p.epoch * (_per_epoch(p) + 1))),
    ("O28", "the decay is not applied", lambda p: p.case.learning_rate),
    ("O7", "the decay compounds: the decayed rate is decayed again",
     lambda p: p.case.learning_rate / float(np.prod(1 + p.case.decay * np.arange(_k(p) + 1)))),
    ("O7", "it decays as a power, rate * (1 / (1 + decay))^k", lambda p: p.case.learning_rate
     / (1 + p.case.decay) ** _k(p)),
    ("O29", "it decays exponentially, exp(-decay * k)", lambda p: p.case.learning_rate * np.exp(-p.case.decay * _k(p))),
    ("O29", "it decays as (1 - decay)^k", lambda p: p.case.learning_rate * (1 - p.case.decay) ** _k(p)),
    ("O29", "it decays linearly, 1 - decay * k", lambda p: p.case.learning_rate * (1 - p.case.decay * _k(p))),
    ("O29", "it decays with the root of k", lambda p: p.case.learning_rate / np.sqrt(1 + p.case.decay * _k(p))),
    ("O29", "it decays with k squared", lambda p: p.case.learning_rate / (1 + p.case.decay * _k(p)) ** 2),
    ("X18", "it grows with k", lambda p: p.case.learning_rate * (1 + p.case.decay * _k(p))),
    ("T11", "the rate is rounded to float32", lambda p: float(np.float32(_rate(p, _k(p))))),
    ("T11", "the first rate is rounded to float32",
     lambda p: float(np.float32(p.case.learning_rate)) / (1 + p.case.decay * _k(p))),
)  # fmt: skip


ONCE = {"O6": "O23"}  # a count that is wrong from some update on has skipped or repeated one


def _with_rate(rate: Callable[[Place], float]) -> Callable[[Place], Place]:
    return lambda p: p.reading(2, np.asarray(rate(p)))


def _stale(p: Place) -> Place:
    """The gradient of the step before."""
    return p.reading(p.equation.reads.index(_gradient_name(p)), p.before(_gradient_name(p)))


def _gradient_name(p: Place) -> str:
    return f"gradient/{p.row.split('/', 1)[1]}"


def _g(p: Place) -> Array:
    return p[_gradient_name(p)]


def _w(p: Place) -> Array:
    return p[f"start/{p.row.split('/', 1)[1]}"]


def _a(p: Place) -> Array:
    return p["learning_rate"]


def _v(p: Place) -> Array:
    return p[f"velocity/{p.row.split('/', 1)[1]}"]


def _new_v(p: Place) -> Array:
    return p[f"state/{p.row.split('/', 1)[1]}"]


def _but_one(p: Place, at: int) -> Array:
    """The right update, but for one entry."""
    made = p.usual().copy()
    made.reshape(-1)[at] = np.asarray(_w(p)).reshape(-1)[at]
    return made


def _biases(p: Place, made: Array) -> Array:
    """What is made, for biases alone."""
    if not p.row.endswith(".biases"):
        raise ValueError("not biases")
    return made


def _m(p: Place) -> float:
    return p.case.momentum


def _state(id: str, says: str, formula: Callable[[Array, Array, Array, float], Any], once: str = "") -> Cause:
    """A cause in the velocity, from g, v, a and m."""
    return Cause(id=id, says=says, mend=LECTURE, where=STATE, once=once,
                 formula=lambda p: formula(_g(p), _v(p), _a(p), _m(p)))  # fmt: skip


def _update(where: tuple[str, ...], id: str, says: str, mend: str, formula: Callable[[Place], Any]) -> Cause:
    return Cause(id=id, says=says, mend=mend, where=where, formula=formula)


CAUSES: tuple[Cause, ...] = (
    *(Cause(id=id, says=says, mend=SCHEDULE, where=RATE, formula=rate, once=ONCE.get(id, ""))
      for id, says, rate in OTHER_RATES),
    *(Cause(id="O31" if id == "O6" else id, mend=SCHEDULE,
            says=f"the update uses another rate than the one shown: {says}",
            where=("state", "parameter/plain"), reads=_with_rate(rate), once=ONCE.get(id, ""))
      for id, says, rate in OTHER_RATES),
    # the velocity
    _state("O1", "the rate stands outside the velocity, as in torch.optim.SGD: v = m v + g",
           lambda g, v, a, m: m * v + g),
    Cause(id="O1", says="the velocity is rescaled with the rate, which comes to torch.optim.SGD's rule",
          mend=LECTURE, where=STATE, formula=lambda p: _m(p) * _v(p) * _rate(p, _k(p)) / _rate(p, max(_k(p) - 1, 0))
          - _a(p) * _g(p)),
    _state("O2", "the gradient is weighted with 1 - momentum: v = m v - (1 - m) a g",
           lambda g, v, a, m: m * v - (1 - m) * a * g),
    _state("O2", "the gradient is weighted with 1 - momentum: v = m v + (1 - m) g",
           lambda g, v, a, m: m * v + (1 - m) * g),
    _state("O3", "the velocity of before is lost: v = -a g", lambda g, v, a, m: -a * g, once="O24"),
    _state("O24", "the velocity is zero", lambda g, v, a, m: np.zeros_like(v), once="O24"),
    _state("X13", "momentum is multiplied in twice", lambda g, v, a, m: m * m * v - a * g),
    _state("X13", "momentum acts on the gradient too: v = m (v - a g)", lambda g, v, a, m: m * (v - a * g)),
    _state("X13", "the velocity is not weighted: v = v - a g", lambda g, v, a, m: v - a * g),
    _state("X13", "1 - momentum weighs the old velocity", lambda g, v, a, m: (1 - m) * v - a * g),
    _state("X13", "the old velocity has the wrong sign", lambda g, v, a, m: -m * v - a * g),
    _state("L20", "it climbs: v = m v + a g", lambda g, v, a, m: m * v + a * g),
    Cause(id="L2", says="the gradient is divided by the batch size N = {N} in the update", mend=LECTURE, where=STATE,
          formula=lambda p: _m(p) * _v(p) - _a(p) * _g(p) / p.samples),
    _state("L19", "it is not updated", lambda g, v, a, m: v),
    _state("X14", "the rate is multiplied in twice", lambda g, v, a, m: m * v - a * a * g),
    _state("X14", "the rate is missing: v = m v - g", lambda g, v, a, m: m * v - g),
    _state("X15", "the sign of the gradient is used, not the gradient", lambda g, v, a, m: m * v - a * np.sign(g)),
    _state("X15", "the gradient is divided by its norm", lambda g, v, a, m: m * v - a * g / np.linalg.norm(g)),
    Cause(id="L18", says="it uses the gradient of the step before", mend="Read gradients after backward.",
          where=("state", "parameter/plain"), reads=_stale),
    # the update
    _update(UPDATES, "L19", "the parameter is not updated", "Update every parameter of every layer.", _w),
    *(_update(UPDATES, "O32", "one entry of the parameter is never updated", "Update the whole array.",
              lambda p, at=at: _but_one(p, at)) for at in (0, -1)),
    _update(MOMENTUM, "O5", "it is Nesterov's: w + m v' - a g", LECTURE,
            lambda p: _w(p) + _m(p) * _new_v(p) - _a(p) * _g(p)),
    _update(MOMENTUM, "O1", "the rate stands outside the velocity, as in torch.optim.SGD: w - a v'", LECTURE,
            lambda p: _w(p) - _a(p) * _new_v(p)),
    _update(MOMENTUM, "X19", "it moves by the velocity of before, not by the new one", LECTURE,
            lambda p: _w(p) + _v(p)),
    _update(MOMENTUM, "O3", "it moves by the gradient alone, the velocity is not used", LECTURE,
            lambda p: _w(p) - _a(p) * _g(p)),
    Cause(id="O3", says="the velocity is lost after the update", mend=LECTURE, where=MOMENTUM, once="O24",
          formula=lambda p: _w(p) + _m(p) * _v(p) - _a(p) * _g(p)),
    _update(MOMENTUM, "L20", "it moves against the velocity", LECTURE, lambda p: _w(p) - _new_v(p)),
    _update(MOMENTUM, "X20", "it is updated twice", LECTURE, lambda p: _w(p) + 2 * _new_v(p)),
    _update(MOMENTUM, "X20", "it moves by velocity and gradient both", LECTURE,
            lambda p: _w(p) + _new_v(p) - _a(p) * _g(p)),
    _update(MOMENTUM, "X14", "the rate is multiplied in twice: w + a v'", LECTURE, lambda p: _w(p) + _a(p) * _new_v(p)),
    _update(PLAIN, "L20", "it climbs: the gradient is added", "w -= rate * g.", lambda p: _w(p) + _a(p) * _g(p)),
    _update(PLAIN, "X20", "it is updated twice", "w -= rate * g, once.", lambda p: _w(p) - 2 * _a(p) * _g(p)),
    _update(PLAIN, "L2", "the gradient is divided by the batch size N = {N} in the update", "Divide in the loss alone.",
            lambda p: _w(p) - _a(p) * _g(p) / p.samples),
    _update(PLAIN, "X14", "the rate is multiplied in twice", "w -= rate * g.",
            lambda p: _w(p) - _a(p) * _a(p) * _g(p)),
    _update(PLAIN, "X14", "the rate is missing: w - g", "w -= rate * g.", lambda p: _w(p) - _g(p)),
    _update(PLAIN, "X15", "the sign of the gradient is used, not the gradient", "w -= rate * g.",
            lambda p: _w(p) - _a(p) * np.sign(_g(p))),
    _update(PLAIN, "X15", "the gradient is divided by its norm", "w -= rate * g.",
            lambda p: _w(p) - _a(p) * _g(p) / np.linalg.norm(_g(p))),
    _update(UPDATES, "L21", "the new value is the step, not the old value plus the step", "Add to the old value.",
            lambda p: p.usual() - _w(p)),
    Cause(id="O30", says="momentum acts on the weights alone", mend=LECTURE, where=STATE, formula=lambda p: _biases(
        p, -_a(p) * _g(p))),
    Cause(id="O21", says="it is off by a constant factor, {f}", mend="Use the rate that was set.",
          where=RATE, direction=lambda p: p.usual()),
    # one number fitted
    Cause(id="O21", says="the learning rate is off by a constant factor, {f}", mend="Use the rate that was set.",
          where=STATE, direction=lambda p: -_a(p) * _g(p)),
    Cause(id="O21", says="the learning rate is off by a constant factor, {f}", mend="Use the rate that was set.",
          where=PLAIN, direction=lambda p: -_a(p) * _g(p)),
    Cause(id="X13", says="the momentum is off by {c:+}", mend="Use the momentum that was set.",
          where=STATE, direction=_v),
    Cause(id="O22", says="the parameter is multiplied by {f} after the update: a weight decay hides there",
          mend="Remove it, or make it a penalty of the layer.", where=UPDATES, direction=lambda p: p.usual()),
    *(Cause(id=id, says="a weight decay hides in the update: {c} * w is added to the parameter",
            mend="Remove it, or make it a penalty of the layer.", where=UPDATES, direction=_w)
      for id in ("O22", "O12")),
    Cause(id="O22", says="a weight decay hides in the update: rate * {c} * w is subtracted",
          mend="Remove it, or make it a penalty of the layer.", where=("state", "parameter/*"),
          direction=lambda p: -_a(p) * _w(p)),
)  # fmt: skip
