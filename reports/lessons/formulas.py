"""A topic's formulas, taken from the equations of a small case that holds it: no formula is written twice."""

from typing import Any

from reports.cases import Case, Layer, dense
from reports.departures import DEPARTURES
from reports.equations.step import equations
from reports.lessons.lesson import Formula

SETTINGS: dict[str, Any] = {"learning_rate": 0.2, "decay": 0.001, "momentum": 0.8, "epochs": 1}


def formulas(topic: str, kind: str, is_layer: bool) -> tuple[Formula, ...]:
    """Returns the formulas of the rows that belong to a topic, in order of computation."""
    match topic:
        case "transplant":
            rules = DEPARTURES["layout"]
            return Formula("scratch", rules.lecture.formula), Formula("torch", rules.torch.formula)
        case "accuracy":
            return _of(small(), lambda row: row == "accuracy")
        case "sgd":
            return _of(small(), lambda row: row in ("learning_rate", "state/a.weights", "parameter/a.weights"))
        case "network" | "train":
            return _of(small(), lambda row: ".biases" not in row)
        case "dense":
            return _of(small(), lambda row: "/a" in row and row.split("/")[0] in ("forward", "gradient", "backward"))
    if is_layer:
        case = Case(name=topic, says="", layers=(Layer("a", kind),), loss="HalfSquaredError", **SETTINGS)
        return _of(case, lambda row: row in ("forward/a", "backward/a"))
    layers = (dense("d", 2, 3), *([Layer("p", "Softmax")] if kind == "CrossEntropy" else []))
    case = Case(name=topic, says="", layers=layers, loss=kind, **SETTINGS)
    return _of(case, lambda row: row.startswith("loss/") or row in ("backward/loss", "forward/probabilities"))


def small() -> Case:
    """A network of 2-3-3 with ReLU, softmax and cross-entropy, as the slow step has it."""
    layers = (dense("a", 2, 3), Layer("relu", "ReLU"), dense("b", 3, 3))
    return Case(name="small", says="", layers=layers, loss="SoftmaxCrossEntropy", **SETTINGS)


def _of(case: Case, wanted: Any) -> tuple[Formula, ...]:
    return tuple(Formula(rule.name, rule.formula, rule.why) for rule in equations(case) if wanted(rule.name))
