"""A plain script's arrays read as trials: parameters are what its loop moved, inputs and targets are looked for.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from reports.subjects.networks.trial import Trial

Array = np.ndarray


def script_trials(one: dict[str, Any]) -> Iterator[Trial]:
    """Every way to read a script's arrays as parameters, inputs and targets."""
    before, after, rest = one["before"], one["after"], one["arrays"]
    rate = float(one.get("rate") or 0.0)
    matrices = {k: a for k, a in before.items() if a.ndim == 2 and a.size > 1 and isinstance(after.get(k), np.ndarray)}
    for turned in (False, True):
        for start in matrices:
            chain = [start]
            while True:
                width = matrices[chain[-1]].shape[0 if turned else 1]
                following = [k for k in matrices if k not in chain and matrices[k].shape[1 if turned else 0] == width]
                if not following:
                    break
                chain.append(following[0])
            if len(chain) < 2 or len(chain) < len(matrices) - 2:
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
    """The trials of one chain of weights."""
    turn = (lambda a: a.T) if turned else (lambda a: a)
    parameters, gradients = [], []
    taken = set(chain)
    for k in chain:
        width = before[k].shape[0 if turned else 1]
        bias = next(
            (n for n, a in before.items() if n not in taken and a.size == width and (a.ndim < 2 or 1 in a.shape)), None
        )
        taken.add(bias or k)
        step = (before[k] - after[k]) / (rate or 1.0)
        db = (before[bias] - after[bias]).reshape(1, -1) / (rate or 1.0) if bias else None
        parameters.append((turn(before[k]), before[bias].reshape(1, -1) if bias else None))
        gradients.append((turn(step), db))
    d, c = parameters[0][0].shape[0], parameters[-1][0].shape[1]
    everything = {**rest}
    inputs = [(n, x) for n, a in everything.items() for x in _rows(a, d, turned)]
    targets = [(n, y) for n, a in everything.items() for y in _rows(a, c, turned)]
    inputs.sort(key=lambda pair: pair[0].lower() not in ("x", "inputs", "l0", "layer_0", "input"))
    targets.sort(key=lambda pair: pair[0].lower() not in ("y", "target", "targets", "labels", "t", "outputs"))
    count = 0
    for n, x in inputs:
        for m, y in targets:
            if n != m and len(x) == len(y) and count < 60:
                count += 1
                yield Trial(
                    x, y, parameters, gradients, None, rate, True, "as in the script", "columns" if turned else "rows"
                )


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
