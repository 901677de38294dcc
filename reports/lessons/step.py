"""One training step of a network of 2-3-3, slowly: every quantity by both sides, one element of each written out.

Values come from the equations, and from a real step of scratch and of the reference. The arithmetic of an element
is written from the arrays that its equation reads, as an expression that Python itself can evaluate.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import reference
import scratch
from reports import traces
from reports.cases import Case, Layer, dense
from reports.equations.rounding import Rounding
from reports.equations.step import equations, evaluate
from reports.lessons.examples import INPUTS, LABELS, START
from reports.lessons.lesson import Stage, StepLesson, Worked
from scratch.activations import CLIP

Array = np.ndarray
CASE = Case(
    name="step",
    says="one training step of a network of 2-3-3, number by number",
    layers=(dense("dense1", 2, 3), Layer("relu1", "ReLU"), dense("dense2", 3, 3)),
    loss="SoftmaxCrossEntropy",
    learning_rate=0.2,
    decay=0.001,
    momentum=0.8,
    epochs=1,
)
PARTS = {"forward": "forward", "loss": "loss", "accuracy": "loss", "backward": "backward", "gradient": "backward"}
Known = Mapping[str, Array]
Reads = tuple[str, ...]


def step_lesson(case: Case = CASE) -> StepLesson:
    """Takes the step on both sides, evaluates its equations, and writes one element of each out."""
    data = traces.Data(INPUTS, LABELS, None, START)
    network = traces.planted(scratch, case, START)
    ((_, pause),) = traces.scratch_steps(case, data, network, lambda *_: True)
    assert pause is not None
    twin = traces.reference_trace(case, pause, traces.planted(reference, case, START))
    given, rules = pause.given(case), equations(case)
    bounds = evaluate(rules, given, Rounding.of(case.dtype))
    known = {**given, **{name: bounded.value for name, bounded in bounds.items()}}
    stages = []
    for rule in rules:
        ours, theirs = np.asarray(pause.trace[rule.name]), np.asarray(twin[rule.name])
        stages.append(
            Stage(
                name=rule.name,
                part=PARTS.get(rule.name.split("/")[0], "update"),
                formula=rule.formula,
                why=rule.why,
                value=known[rule.name],
                scratch=ours,
                reference=theirs,
                gap=float(np.max(np.abs(ours - theirs))),
                allowed=float(2 * np.max(bounds[rule.name].error)),
                worked=tuple(worked(rule.name, rule.reads, known, case)),
            )
        )
    return StepLesson("step", "One training step, slowly", case.says, given, tuple(stages))


def worked(name: str, reads: Reads, known: Known, case: Case) -> list[Worked]:
    """Returns one element of a quantity written out, and a second one where that is another branch."""
    kind = "/".join([name.split("/")[0], name.split("/")[-1].rstrip("0123456789").rsplit(".", 1)[-1]])
    write = WRITERS[kind]
    value = known[name]
    elements = [(0,) * value.ndim]
    if kind in ("forward/relu", "backward/relu"):
        elements += [tuple(map(int, other)) for other in np.argwhere(known[reads[-1]] <= 0)[:1]]
    found = []
    for index in dict.fromkeys(elements):
        template, numbers = write(index, [known[read] for read in reads], known, case)
        found.append(Worked(index, template, tuple(map(float, numbers)), float(value[index])))
    return found


Write = Callable[[Any, list[Array], Known, Case], tuple[str, Any]]


def _products(a: Array, b: Array, *rest: float) -> tuple[str, list[float]]:
    """a0 * b0 + a1 * b1 + ... and what is added to it."""
    terms = ["{} * {}"] * len(a) + ["{}"] * len(rest)
    return " + ".join(terms), [number for pair in zip(a, b, strict=True) for number in pair] + list(rest)


def _softmax(index: Any, reads: list[Array], known: Known, case: Case) -> tuple[str, Any]:
    row = reads[0][index[0]]
    return "exp({}) / (" + " + ".join(["exp({})"] * len(row)) + ")", [row[index[1]], *row]


def _sample_loss(index: Any, reads: list[Array], known: Known, case: Case) -> tuple[str, Any]:
    p = known["forward/probabilities"][index[0]]
    chosen = p[int(reads[1][index[0]].argmax())]
    return "-log({})", [min(max(chosen, CLIP), 1 - CLIP)]


def _mean(numbers: Array) -> tuple[str, Any]:
    return "(" + " + ".join(["{}"] * len(numbers)) + f") / {len(numbers)}", numbers


WRITERS: dict[str, Write] = {
    "forward/dense": lambda i, r, k, c: _products(r[0][i[0]], r[1][:, i[1]], r[2][0, i[1]]),
    "forward/relu": lambda i, r, k, c: ("max(0, {})", [r[0][i]]),
    "forward/probabilities": _softmax,
    "loss/samples": _sample_loss,
    "loss/data": lambda i, r, k, c: _mean(r[0]),
    "loss/loss": lambda i, r, k, c: ("{}", [r[0]]),
    "accuracy/accuracy": lambda i, r, k, c: _mean(r[0].argmax(axis=1) == r[1].argmax(axis=1)),
    "backward/loss": lambda i, r, k, c: ("({} - {}) / {}", [r[0][i], r[1][i], len(r[0])]),
    "gradient/weights": lambda i, r, k, c: _products(r[1][:, i[0]], r[0][:, i[1]]),
    "gradient/biases": lambda i, r, k, c: (" + ".join(["{}"] * len(r[0])), r[0][:, i[1]]),
    "backward/dense": lambda i, r, k, c: _products(r[0][i[0]], r[1][i[1]]),
    "backward/relu": lambda i, r, k, c: ("{} * ({} > 0)", [r[0][i], r[1][i]]),
    "learning_rate/learning_rate": lambda i, r, k, c: ("{} / (1 + {} * {})", [c.learning_rate, c.decay, r[0]]),
    "state/weights": lambda i, r, k, c: ("{} * {} - {} * {}", [c.momentum, r[1][i], r[2], r[0][i]]),
    "parameter/weights": lambda i, r, k, c: ("{} + {}", [r[0][i], r[1][i]]),
}
WRITERS["state/biases"], WRITERS["parameter/biases"] = WRITERS["state/weights"], WRITERS["parameter/weights"]
