"""A component as a tiny case, so that equations, bounds, judge and causes of the main pipeline work on it unchanged.

A layer alone is a network of one layer under the half sum of squares, whose gradient is whatever was fed from above:
`evaluate_locally` takes it from the trace. The reference's values come from torch through `reference`.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

import reference
from reports.cases import Case, Layer
from reports.diagnosis.words import diagnose
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import equations, evaluate_locally
from reports.judge import PASSES, judge
from reports.lockstep import Checked
from reports.traces import Data, Pause

Array = np.ndarray
NAME = "layer1"


class Try(NamedTuple):
    """One probe of one layer: rows of the judge, and what a diagnosis needs."""

    probe: str
    rows: list[dict[str, Any]]
    checked: Checked


def case_of(kind: str, d: int, h: int, dtype: str = "float64", **settings: float) -> Case:
    """The tiny case around one layer."""
    layer = Layer(NAME, kind, (d, h) if kind == "Dense" else (), tuple(sorted(settings.items())))
    return Case(
        name="subject",
        says="one layer",
        layers=(layer,),
        loss="HalfSquaredError",
        learning_rate=1.0,
        epochs=1,
        dtype=dtype,
    )


def tried(
    case: Case,
    probe: str,
    trace: Mapping[str, Array],
    inputs: Array,
    parameters: Mapping[str, Array],
    error: Array | None = None,
) -> Try:
    """Judges the rows of one layer that `trace` holds; its `backward/loss` is what was fed from above.

    `error` bounds that of what was fed, where the layer made it itself: behind an activation of its own.
    """
    upstream = trace["backward/loss"]
    pause = Pause(0, 0, inputs, np.zeros_like(upstream), dict(parameters), {}, dict(trace))
    known = {**pause.given(case), **pause.trace}
    step = [equation for equation in equations(case) if equation.name in trace and equation.name != "backward/loss"]
    local = evaluate_locally(step, known, Rounding.of(case.dtype), {} if error is None else {"backward/loss": error})
    theirs = torch_values(case, inputs, parameters, upstream)
    rows = []
    for equation in step:
        name = equation.name
        if name in local:
            row = judged(name, trace[name], theirs.get(name, local[name].value), local[name])
            rows.append({**row, "epoch": 0, "update": 0, "probe": "", "undecided": 0})
    return Try(probe, rows, Checked(rows, True, Data(inputs, pause.labels, None, dict(parameters)), pause))


def judged(name: str, ours: Array, theirs: Array, bound: Bounded) -> dict[str, Any]:
    """One row of the judge: NaN and infinity of theirs alone are a difference, not a doubt."""
    row = judge(name, ours, theirs, bound, bound)
    if ours.shape == theirs.shape and np.isfinite(theirs).all() and not np.isfinite(ours).all():
        holes = int((~np.isfinite(ours)).sum())
        row |= {"status": "apart", "used": np.inf, "hint": f"{holes} of {ours.size} elements are NaN or infinite"}
    return row


def torch_values(case: Case, inputs: Array, parameters: Mapping[str, Array], upstream: Array) -> dict[str, Array]:
    """What `reference` gives for the same inputs and the same gradient from above."""
    (spec,) = case.layers
    layer: Any = getattr(reference, spec.kind)(*spec.sizes, **dict(spec.settings))
    x = torch.tensor(inputs, dtype=torch.float64, requires_grad=True)
    if spec.kind == "Dense":
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(parameters[f"{NAME}.weights"]).T)
            layer.bias.copy_(torch.tensor(parameters[f"{NAME}.biases"]).reshape(-1))
    output = layer(x)
    values = {f"forward/{NAME}": output.detach().numpy().copy()}
    if upstream.shape != tuple(output.shape):
        return values
    objective = (output * torch.tensor(upstream, dtype=torch.float64)).sum()
    if spec.kind == "Dense":
        objective = objective + layer.penalty()
    objective.backward()
    assert x.grad is not None
    values[f"backward/{NAME}"] = x.grad.numpy().copy()
    if spec.kind == "Dense":
        values[f"gradient/{NAME}.weights"] = layer.weight.grad.numpy().T.copy()
        values[f"gradient/{NAME}.biases"] = layer.bias.grad.numpy().reshape(1, -1).copy()
    return values


def diagnosed(case: Case, tries: list[Try]) -> list[str]:
    """What the rows that are apart look like, in the words of the diagnosis; the layer's place-holder name left out.

    Nor does it say by which probe other causes were told apart: a subject has no updates that it could name.
    """
    said = [entry["says"].replace(f"{NAME}.", "").replace(f"/{NAME}", "") for entry in diagnose(
        case, [one.checked for one in tries])]  # fmt: skip
    return [re.sub(r" \(\S+ fits .* as well, but not .*\.\)", "", text) for text in said]


def passes(row: Mapping[str, Any]) -> bool:
    """Whether a row of the judge passes."""
    return row["status"] in PASSES
