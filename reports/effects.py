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
from typing import Any, NamedTuple

import numpy as np

import scratch
from reports import traces
from reports.cases import Case
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import equations, evaluate
from reports.judge import judge, used_share
from reports.measure import gaps
from reports.probes import PROBES
from reports.traces import Array, Data

EFFECTS = {"effects/arguments": "edits", "effects/memory": "shares memory with", "effects/warnings": "warns",
           "effects/repeats": "differs from run to run"}  # fmt: skip
CORNERS = ("five samples", "saturated", "huge logits")  # the probes on which effects are looked for
OWN = ("output", "dinputs", "dweights", "dbiases", "sample_losses", "residuals")  # what a part makes and should own


class Effect(NamedTuple):
    """One side effect: its row, who has it, and on what."""

    row: str
    actor: str  # "relu1.backward", or the array that shares its memory
    what: str  # "dense2.dinputs", or a warning's text

    def __str__(self) -> str:
        return " ".join(part for part in (self.actor, EFFECTS[self.row], self.what) if part)


def effect_rows(case: Case, data: Data) -> list[dict[str, Any]]:
    """Returns a row per kind of side effect; `scratch` is how many were seen, the hint says which."""
    seen: dict[Effect, None] = {}
    for number, probe in enumerate(PROBES):
        if probe.name in CORNERS:
            batch = probe.make(replace(case, epochs=1), data, np.random.default_rng([case.seed, 3, number]))
            if batch is not None:
                _watch_a_step(replace(case, epochs=1), batch, seen)
                _repeat_a_step(replace(case, epochs=1), batch, seen)
    none = Bounded(np.zeros(()), np.zeros(()))
    rows = []
    for name in EFFECTS:
        found = [effect for effect in seen if effect.row == name]
        row = judge(name, np.asarray(float(len(found))), np.zeros(()), none)
        row |= {"hint": "; ".join(map(str, found)), "epoch": -1, "update": -1, "probe": "side effects", "undecided": 0}
        rows.append(row | {"effects": found})
    return rows


def _watch_a_step(case: Case, data: Data, seen: dict[Effect, None]) -> None:
    """Takes one step of scratch with every call watched; what a side refuses to compute has no effects."""
    network = traces.planted(scratch, case, data.parameters)
    rule = traces.optimizer(scratch, case)
    inputs, labels = data.inputs.copy(), data.labels.copy()
    parts: dict[str, Any] = {**network.layers, "loss": network.loss}

    def arrays(state: bool = True) -> dict[str, Array]:
        kept = network.parameters() if state else {}
        velocities = {f"velocity of {name}": array for name, array in rule.velocities.items()} if state else {}
        return {"inputs": inputs, "labels": labels, **_own_arrays(parts), **kept, **velocities}

    for name, part in parts.items():
        for method in ("forward", "backward"):
            setattr(part, method, _watched(getattr(part, method), f"{name}.{method}", arrays, seen))
    rule.update = _watched(rule.update, "update", lambda: arrays(state=False), seen)
    with _warnings_noted(seen):
        try:
            for _ in scratch.steps(network, rule, inputs, labels, epochs=1):
                pass
        except Exception:  # the trace of the same probe tells of it
            return
    for (a, first), (b, second) in itertools.combinations(arrays().items(), 2):
        if np.shares_memory(first, second):
            seen[Effect("effects/memory", a, b)] = None


def _repeat_a_step(case: Case, data: Data, seen: dict[Effect, None]) -> None:
    """Takes the same step twice, from scratch; beyond rounding nothing may differ."""
    runs: list[Any] = []
    for _ in range(2):
        network = traces.planted(scratch, case, data.parameters)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                own = replace(data, inputs=data.inputs.copy(), labels=data.labels.copy())
                pauses = [pause for _, pause in traces.scratch_steps(case, own, network, lambda *step: True)]
            except Exception:  # the trace of the same probe tells of it
                return
        runs.append(pauses[0])
    if runs[0] is None or runs[1] is None:
        return
    bounds = evaluate(equations(case), runs[0].given(case), Rounding.of(case.dtype))
    for name, bound in bounds.items():
        first, second = runs[0].trace.get(name), runs[1].trace.get(name)
        if first is None or second is None or first.shape != second.shape or first.shape != bound.error.shape:
            continue
        if (used_share(gaps(first, second), 2 * bound.error) > 1).any():
            seen[Effect("effects/repeats", name, "")] = None


def _watched(
    call: Callable[..., Any], name: str, arrays: Callable[[], dict[str, Array]], seen: dict[Effect, None]
) -> Callable[..., Any]:
    """The same call, which notes every array that was there before and is another after it."""

    @functools.wraps(call)
    def watched(*arguments: Any) -> Any:
        before = {what: (array, array.tobytes()) for what, array in arrays().items()}
        result = call(*arguments)
        now = arrays()
        for what, (array, kept) in before.items():
            if array.tobytes() != kept and (now.get(what) is array or not what.startswith(name.split(".")[0] + ".")):
                seen[Effect("effects/arguments", name, what)] = None
        return result

    return watched


def _own_arrays(parts: dict[str, Any]) -> dict[str, Array]:
    """Every array that a part has made and should own, by name; its `inputs` belong to whoever gave them."""
    return {
        f"{name}.{attribute}": getattr(part, attribute)
        for name, part in parts.items()
        for attribute in OWN
        if isinstance(getattr(part, attribute, None), np.ndarray)
    }


@contextmanager
def _warnings_noted(seen: dict[Effect, None]) -> Iterator[None]:
    """Notes every warning's text.

    Underflow is in the nature of softmax; an overflow on the way to a right number (1 / (1 + exp(1000)) is 0) is a
    matter of taste, and to a wrong one the numbers tell.
    """
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore", over="ignore"):
        warnings.simplefilter("always")
        yield
    for warning in caught:
        seen[Effect("effects/warnings", "", str(warning.message))] = None
