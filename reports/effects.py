"""Side effects: what a network does besides computing. Each is a row of its own, a count of calls that should be 0.

A layer that edits what it was given, or hands out the memory it was given, may compute right numbers today and
wrong ones after the next change; a warning is a number that went wrong and was swallowed.
"""

import functools
import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

import scratch
from reports import traces
from reports.cases import Case
from reports.equations.rounding import Bounded
from reports.judge import judge
from reports.probes import PROBES
from reports.traces import Array, Data

EFFECTS = ("effects/arguments", "effects/memory", "effects/warnings")
CORNERS = ("five samples", "saturated", "huge logits")  # the probes on which effects are looked for


def effect_rows(case: Case, data: Data) -> list[dict[str, Any]]:
    """Returns a row per kind of side effect; `scratch` is how many were seen, the hint says which."""
    seen: dict[str, dict[str, None]] = {name: {} for name in EFFECTS}
    for number, probe in enumerate(PROBES):
        if probe.name in CORNERS:
            batch = probe.make(replace(case, epochs=1), data, np.random.default_rng([case.seed, 3, number]))
            if batch is not None:
                _watch_a_step(replace(case, epochs=1), batch, seen)
    none = Bounded(np.zeros(()), np.zeros(()))
    rows = []
    for name, found in seen.items():
        row = judge(name, np.asarray(float(len(found))), np.zeros(()), none)
        row |= {"hint": "; ".join(found), "epoch": -1, "update": -1, "probe": "side effects", "undecided": 0}
        rows.append(row)
    return rows


def _watch_a_step(case: Case, data: Data, seen: dict[str, dict[str, None]]) -> None:
    """Takes one step of scratch with every call watched; what a side refuses to compute has no effects."""
    network = traces.planted(scratch, case, data.parameters)
    rule = traces.optimizer(scratch, case)
    inputs, labels = data.inputs.copy(), data.labels.copy()
    parts: dict[str, Any] = {**network.layers, "loss": network.loss}
    parameters = list(network.parameters().values())
    for name, part in parts.items():
        for method in ("forward", "backward"):
            setattr(part, method, _watched(getattr(part, method), f"{name}.{method}", parameters, seen))
    with _warnings_noted(seen["effects/warnings"]):
        try:
            for _ in scratch.steps(network, rule, inputs, labels, epochs=1):
                pass
        except Exception:  # the trace of the same probe tells of it
            return
    for what, array, before in (("inputs", inputs, data.inputs), ("labels", labels, data.labels)):
        if array.tobytes() != before.tobytes():
            seen["effects/arguments"][f"the training edits its {what}"] = None
    own = {"inputs": inputs, "labels": labels, **_own_arrays(parts, rule), **network.parameters()}
    for (a, first), (b, second) in itertools.combinations(own.items(), 2):
        if np.shares_memory(first, second):
            seen["effects/memory"][f"{a} and {b} share memory"] = None


def _watched(
    call: Callable[..., Any], name: str, parameters: list[Array], seen: dict[str, dict[str, None]]
) -> Callable[..., Any]:
    """The same call, which notes when it edits an array that it was given, or a parameter."""

    @functools.wraps(call)
    def watched(*arguments: Any) -> Any:
        arrays = [array for array in (*arguments, *parameters) if isinstance(array, np.ndarray)]
        before = [array.tobytes() for array in arrays]
        result = call(*arguments)
        if any(array.tobytes() != kept for array, kept in zip(arrays, before, strict=True)):
            seen["effects/arguments"][f"{name} edits what it was given"] = None
        return result

    return watched


def _own_arrays(parts: dict[str, Any], rule: Any) -> dict[str, Array]:
    """Every array that a part has made and should own, by name; its `inputs` belong to whoever gave them."""
    found = {
        f"{name}.{attribute}": getattr(part, attribute)
        for name, part in parts.items()
        for attribute in ("output", "dinputs", "dweights", "dbiases", "sample_losses", "residuals")
        if isinstance(getattr(part, attribute, None), np.ndarray)
    }
    return found | {f"velocity of {name}": velocity for name, velocity in rule.velocities.items()}


@contextmanager
def _warnings_noted(noted: dict[str, None]) -> Iterator[None]:
    """Notes every warning's text; underflow is in the nature of softmax and warns of nothing."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        yield
    noted |= {str(warning.message): None for warning in caught}
