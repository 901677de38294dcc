"""What one round of a loop did: parameters are what it moved; gradients may lie beside them.

Axes: B samples, D inputs, C outputs.
"""

import re
from typing import Any

import numpy as np

from .. import names
from ..arrays import Array, numeric
from .chain import BIAS, NO_PARAMETER, Chain, nonzero, parameter_like
from .chain import WEIGHT as PARAMETER
from .lent import INPUTS, TARGETS, Lender

GRADIENT = re.compile(r"grad|delta|nabla|upd|chang|(^|[._])d[a-z_]|(^|[._])(g|del)_?[wb]", re.IGNORECASE)
SMALL, LARGE = 20_000, 100_000  # numbers of an array that is handed on, of one that may be the inputs
WEIGHT = re.compile(r"w|theta|syn|coef", re.IGNORECASE)
STATE = re.compile(r"(^|[._])(v|m|s|vd|sd|md)[._]?(w|b|d)|(^|[._])(del|upd)|"
                   r"veloc|moment|cache|history|best|prev|old|sum|total|avg",
                   re.IGNORECASE)  # fmt: skip


def told(
    before: dict[str, Array],
    after: dict[str, Array],
    held: set[str] | None,
    space: dict[str, Any],
    lender: Lender,
    rate: float,
    still: bool,
) -> tuple[dict[str, Any] | None, tuple[int, int] | None, Chain | None]:
    """(The trial of one round, the widths of the network, its weights); None where nothing like one was moved."""
    moved = [k for k in before if k in after and before[k].shape == after[k].shape and before[k].dtype.kind == "f"
             and np.isfinite(after[k]).all() and not np.array_equal(before[k], after[k])]  # fmt: skip
    if held is None:
        moved = [k for k in moved if parameter_like(k) and not STATE.search(k) and not _data_like(k)]
    else:
        moved = [k for k in moved if k in held and not NO_PARAMETER.search(k) and not STATE.search(k)]
    _upright(moved, before, after)
    rest = [k for k in before if k in after and k not in moved and re.match(r"b\d*$|b_|bias", k.split(".")[-1], re.I)
            and before[k].dtype.kind == "f" and before[k].ndim in (1, 2) and before[k].shape == after[k].shape
            and not STATE.search(k)]  # fmt: skip
    moved = [k for k in moved if np.any(before[k]) or not any(before[k].shape == before[n].shape for n in before
             if n != k and parameter_like(n) and np.any(before[n]))]  # fmt: skip
    grown = {k for k in before if k in after and BIAS.search(k.split(".")[-1]) and before[k].shape != after[k].shape
             and 1 in before[k].shape and before[k].ndim == after[k].ndim == 2 and not STATE.search(k)}  # fmt: skip
    own = {k: a for k, a in before.items() if k in moved or k in grown}
    chain = Chain.find(own, None, None, sure=held is not None)
    if chain is None and held:  # a column of ones put beside what a layer gives
        chain = Chain.find(own, None, None, sure=True, ones=True)
    alone = chain is None and bool(held)
    if alone:  # a network of one layer, or a sum that begins with zeros
        chain = Chain.find({k: a for k, a in own.items() if a.any()}, None, None, alone=True, sure=True)
    widths = chain.widths(before) if chain else []
    real = (widths[0], widths[-1]) if chain else None
    if chain is None:
        lent = [one for one in (lender.x, lender.y) if lender.used]
        likely = [k for k, a in after.items() if not STATE.search(k) and not _data_like(k)
                  and not any(np.array_equal(a, one) for one in lent)]  # fmt: skip
        after, before = dict(after), dict(after)
        _upright([k for k in likely if parameter_like(k)], after, before)
        chain = Chain.find({k: after[k] for k in likely}, None, None)
        widths = chain.widths(after) if chain else []
        real = (widths[0], widths[-1]) if chain else None
        moved = [k for k in (*chain.weights, *chain.biases) if k] if chain else []
        if not chain or not still or not _gradients(chain, after, moved):
            return None, real, None
        rest = []
    moved += [*rest, *grown]
    wide = widths[0] if widths else 0
    small = {k: a for k, a in after.items() if a.size < (LARGE if wide in a.shape else SMALL) and k not in moved}
    extra = _more(small, space, lender, widths[-1] if widths else 0)
    trial: dict[str, Any] = {
        "script": True,
        "before": {k: np.array(before[k], float) for k in moved},
        "after": {k: np.array(after[k], float) for k in moved},
        "arrays": {**extra, **small},
        "rate": rate,
        "alone": alone and chain is not None,
    }
    if chain:
        if len(chain.weights) == _layers(
            [k for k in moved if min(before[k].shape, default=1) > 1 or k in chain.weights], before
        ):
            trial["chain"] = list(chain.weights)  # all of them in a row: no other order is looked for
            trial["turned"] = chain.orientation == "out, in"
        gradients = _gradients(chain, after, moved)
        if gradients:
            trial["gradients"] = _placed(chain, gradients, before)
    return trial, real, chain


def _gradients(chain: Chain, after: dict[str, Array], moved: list[str]) -> list[list[Any]] | None:
    """Gradients of all parameters among the arrays around them; None where one lacks."""
    pool = {k: a for k, a in after.items() if k not in moved and GRADIENT.search(k)}
    for k in [k for k in pool if pool[k].ndim == 1]:
        for w in chain.weights:
            if sorted(chain.shapes[w]) == [1, pool[k].size]:
                pool[k] = pool[k].reshape(chain.shapes[w])
    found = chain.gradients(pool)
    if found is None or not nonzero(found):
        return None
    return None if any(db is None and b for (_, db), b in zip(found, chain.biases, strict=True)) else found


def _data_like(path: str) -> bool:
    """Whether a name is that of inputs or targets, and says of no weight that it lies behind them."""
    return bool(INPUTS.search(path) or TARGETS.search(path)) and not PARAMETER.search(path)


def rate_in(space: dict[str, Any]) -> float:
    """The rate that a script's variables name; 0 where none does."""
    rates = [float(v) for k, v in space.items() if isinstance(v, (int, float)) and not isinstance(v, bool)
             and names.plain(k) in names.RATE and v > 0]  # fmt: skip
    return rates[0] if rates else 0.0


def _layers(paths: list[str], found: dict[str, Array]) -> int:
    return len([k for k in paths if found[k].ndim == 2 and found[k].size > 1])


def _upright(moved: list[str], before: dict[str, Array], after: dict[str, Array]) -> None:
    """Turns weights of one output that lie as a vector into a column, where they follow a matrix."""
    wide = [before[k] for k in moved if before[k].ndim == 2 and min(before[k].shape) > 1]
    for k in moved:
        if before[k].ndim == 1 and before[k].size > 1 and not BIAS.search(k) and WEIGHT.search(k):
            if any(before[k].size == a.shape[1] for a in wide):
                before[k], after[k] = before[k].reshape(-1, 1), after[k].reshape(-1, 1)
            elif any(before[k].size == a.shape[0] for a in wide):
                before[k], after[k] = before[k].reshape(1, -1), after[k].reshape(1, -1)


def _more(small: dict[str, Array], space: dict[str, Any], lender: Lender, c: int) -> dict[str, Array]:
    """Inputs and targets that stand in no array of theirs: what was lent, class indices as rows, numbers and lists."""
    more: dict[str, Array] = {}
    if lender.used and c == lender.c:
        y = lender.plain_y
        wide = np.eye(c)[y.astype(int)] if lender.labels == "indices" else y.reshape(len(y), -1)
        turned = lender.layout == "columns"
        more["lent_x"] = np.array(lender.plain_x.T if turned else lender.plain_x)
        more["lent_y"] = np.array(wide.T if turned else wide)
        for n in (0, 1):  # taken one by one, they stand in no variable
            for name, rows in (("x", lender.plain_x), ("y", wide)):
                more[f"lent_{name}_{n}"] = rows[n : n + 1].T.copy() if turned else rows[n : n + 1].copy()
        axis = 1 if turned else 0  # or in batches: a list of targets is no array
        sizes = {a.shape[axis] for a in small.values() if a.ndim == 2 and a.shape[1 - axis] == lender.d}
        for n in sorted(size for size in sizes if 1 < size < len(wide))[:2]:
            more[f"lent_y_batch_{n}"] = wide[:n].T.copy() if turned else wide[:n].copy()
    for k, a in small.items():
        flat = np.asarray(a).ravel()
        if c > 1 and flat.size == max(a.shape, default=0) and flat.size > 1 and np.all(flat == np.floor(flat)) and (
                flat.min() >= 0 and flat.max() < c and len(more) < 16):  # fmt: skip
            wide = np.eye(c)[flat.astype(int)]
            more[f"{k}_rows"], more[f"{k}_columns"] = wide, wide.T.copy()
    for k, v in space.items():
        if isinstance(v, (bool, np.ndarray)) or not re.match(r"y|t|target|label", k, re.I):
            continue
        if (value := numeric(v)) is not None and value.size < SMALL:  # a number, or lists of them
            more[k] = np.atleast_1d(value.astype(float))
    return more


def _placed(chain: Chain, gradients: list[list[Any]], before: dict[str, Array]) -> dict[str, Array]:
    """Gradients at the paths of their parameters, in the parameters' own orientation."""
    found = {}
    for w, b, (dw, db) in zip(chain.weights, chain.biases, gradients, strict=True):
        found[w] = np.array(dw.T if chain.orientation == "out, in" else dw, float)
        if b and db is not None:
            found[b] = np.array(db, float)
    return found
