"""A plain script's arrays read as trials: parameters are what its loop moved, inputs and targets are looked for.

Axes: B samples, D inputs, H hidden, C outputs.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from reports.calibrated import PROPOSED
from reports.subjects.nearness import near
from reports.subjects.networks.architectures import shapes
from reports.subjects.networks.trial import Trial

Array = np.ndarray
MOST_WAYS = 24  # to read one chain of weights
FOR_ONES = " for ones"  # the weights of a 1 beside the inputs: a bias
BIAS = re.compile(r"b\d*$|b_|.*bias", re.IGNORECASE)  # a row or column of this name is no layer


def script_trials(one: dict[str, Any], gradients: bool = False) -> Iterator[Trial]:
    """Every way to read a script's arrays as parameters, inputs and targets: by its moves, or by `gradients`."""
    before, after, rest = one["before"], one["after"], one["arrays"]
    rate = float(one.get("rate") or 0.0)
    if gradients:
        beside = one.get("gradients", {})
        before = {k: a for k, a in before.items() if k in beside}
        after = {k: a - beside[k] for k, a in before.items() if beside[k].shape == a.shape}
        after |= {k: a - beside[k].reshape(a.shape) for k, a in before.items() if beside[k].size == a.size}
        before, rate = {k: a for k, a in before.items() if k in after}, 1.0
    matrices = {
        k: a
        for k, a in before.items()
        if a.ndim == 2 and a.size > 1 and not (1 in a.shape and BIAS.match(k)) and isinstance(after.get(k), np.ndarray)
    }
    if set(one.get("chain", ["?"])) <= set(matrices):
        lies = [bool(one["turned"])]
        lies += [not lies[0]] if len(one["chain"]) == 1 else []  # one matrix alone may lie either way
        for turned in lies:
            yield from _with_data(before, after, rest, one["chain"], turned, rate)
        return
    for turned in (False, True):
        for start in matrices:
            chain = [start]
            while True:
                width = matrices[chain[-1]].shape[0 if turned else 1]
                following = [k for k in matrices if k not in chain and matrices[k].shape[1 if turned else 0] == width]
                if not following:
                    break
                chain.append(following[0])
            if len(chain) < 2 or len([k for k, a in matrices.items() if min(a.shape) > 1 and k not in chain]) > 2:
                continue
            yield from _with_data(before, after, rest, chain, turned, rate)


def _with_data(
    before: dict[str, Array],
    after: dict[str, Array],
    rest: dict[str, Array],
    chain: list[str],
    turned: bool,
    rate: float,
) -> Iterator[Trial]:
    """The trials of one chain of weights; where layers are given a 1 beside their inputs, that comes last or first."""
    into, out = (1, 0) if turned else (0, 1)
    ones = [k for j, k in pairwise(chain) if before[k].shape[into] == before[j].shape[out] + 1]
    for first in (False, True) if ones else ():
        apart = []
        for held in (before, after):
            parts = {k: np.array_split(held[k], [1 if first else -1], into) for k in ones}
            biases = {k + FOR_ONES: two[not first] for k, two in parts.items()}
            apart.append({**held, **{k: two[first] for k, two in parts.items()}, **biases})
        yield from _with_data(apart[0], apart[1], rest, chain, turned, rate)
    if ones:
        return
    turn = (lambda a: a.T) if turned else (lambda a: a)
    parameters, gradients = [], []
    taken = set(chain)
    for k in chain:
        width = before[k].shape[0 if turned else 1]
        fits = [n for n, a in before.items() if n not in taken and a.size == width and (a.ndim < 2 or 1 in a.shape)]
        bias = next((n for n in fits if not n.endswith(FOR_ONES) or n == k + FOR_ONES), None)
        taken.add(bias or k)
        step = (before[k] - after[k]) / (rate or 1.0)
        db = (before[bias] - after[bias]) / (rate or 1.0) if bias else None
        if db is not None:  # one that has grown by the batch is told by its shape
            db = db.reshape(1, -1) if bias and db.size == before[bias].size else turn(db)
        parameters.append((turn(before[k]), before[bias].reshape(1, -1) if bias else None))
        gradients.append((turn(step), db))
    d, c = parameters[0][0].shape[0], parameters[-1][0].shape[1]
    everything = {**rest}
    inputs = [(n, x) for n, a in everything.items() for x in _rows(a, d, turned)]
    targets = [(n, y) for n, a in everything.items() for y in _rows(a, c, turned)]
    inputs.sort(key=lambda pair: _far(pair[0], ("x", "inputs", "l0", "layer_0", "input")))
    targets.sort(key=lambda pair: _far(pair[0], ("y", "target", "targets", "labels", "t", "outputs")))
    seen = set()
    made: list[Trial] = []
    for n, x in inputs:
        for m, y in targets:
            pair = x.tobytes(), y.tobytes()  # many names for the same numbers
            if n != m and len(x) == len(y) and len(made) < MOST_WAYS and pair not in seen:
                seen.add(pair)
                made.append(Trial(x, y, parameters, gradients, None, rate, True, "as in the script",
                                  "columns" if turned else "rows"))  # fmt: skip
    outputs = [y for _, y in targets if not np.isin(y, (0, 1)).all()]  # what is saturated tells nothing
    given: dict[bytes, Array | None] = {}
    for trial in made:
        key = trial.x.tobytes()
        if key not in given:
            given[key] = _output(trial, outputs)
        trial.output = given[key]
        if trial.output is not None and trial.output.shape == trial.t.shape and np.array_equal(trial.output, trial.t):
            continue
        yield trial


def _output(trial: Trial, candidates: list[Array]) -> Array | None:
    """The output among a script's arrays: what one of the usual architectures makes of these inputs."""
    fits = [one for one in candidates if len(one) == len(trial.x)]
    for shape in shapes(trial) if fits else ():
        last = trial.forward(shape)[1][-1]
        found = next((one for one in fits if np.isfinite(last).all() and near(one, last)), None)
        if found is not None:
            return found
    return None


def likely(trial: Trial) -> tuple[bool, bool, bool]:
    """What to look at first: ways with an output, whose first gradient lies among the inputs, of more than a row."""
    first = trial.gradients[0][0]
    spans = False
    if first is not None and len(trial.x) < trial.x.shape[1]:
        q = np.linalg.qr(trial.x.T)[0]
        spans = bool(np.abs(first - q @ (q.T @ first)).max() <= PROPOSED * np.abs(first).max())
    return trial.output is None, not spans, len(trial.x) == 1


def _far(name: str, likely: tuple[str, ...]) -> int:
    """How far a name is from that of a batch, of what was lent, of inputs or targets."""
    short = name.lower()
    if "batch" in short:
        return 0
    return 1 if short.startswith("lent") else 2 if short in likely else 3 + (short[:1] not in ("x", "y", "t"))


def _rows(a: Array, width: int, turned: bool) -> list[Array]:
    """An array read as rows of so many columns."""
    a = np.asarray(a, float)
    if a.ndim == 2 and turned and a.shape[0] == width:
        return [a.T]
    if a.ndim == 2 and a.shape[1] == width:
        return [a]
    if a.ndim == 1 and a.size == width:
        return [a.reshape(1, -1)]
    return [a.reshape(-1, 1)] if a.ndim == 1 and width == 1 else []
