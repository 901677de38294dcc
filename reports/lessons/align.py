"""Two columns of lines -> pairs: lines that compute the same number stand side by side.

Two lines belong together when they computed equal arrays (torch's weights stand upright, so a transpose counts) or
write to the same name. The pairing that joins most is found as in any diff, by dynamic programming.
"""

from dataclasses import replace

import numpy as np

from reports.lessons.lesson import TITLE, Line, Pair, Value
from reports.lessons.source import RESULT

Array = np.ndarray
SAME_HEAD, SAME_VALUE, SAME_NAME = 8, 4, 3  # what a pair is worth; any order of these magnitudes does
ALIKE = 1e-12  # far above rounding and far below a clip: which lines are shown together, no verdict


def paired(ours: list[Line], theirs: list[Line], by_value: bool = True) -> list[Pair]:
    """Returns the two columns as pairs in order; lines without a counterpart fill up the space beside each other.

    Where two rules differ on purpose their values say nothing: then only names join lines (`by_value` False).
    """
    ours = _finished(ours)
    best = np.zeros((len(ours) + 1, len(theirs) + 1))
    worth = np.array([[_worth(a, b, by_value) for b in theirs] for a in ours]).reshape(len(ours), len(theirs))
    for i in range(len(ours) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            together = worth[i, j] + best[i + 1, j + 1] if worth[i, j] else 0
            best[i, j] = max(together, best[i + 1, j], best[i, j + 1])
    pairs: list[Pair] = []
    alone: tuple[list[Line], list[Line]] = ([], [])
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if worth[i, j] and best[i, j] == worth[i, j] + best[i + 1, j + 1]:
            pairs += [*_beside(*alone), _linked(ours[i], theirs[j])]
            alone, i, j = ([], []), i + 1, j + 1
        elif best[i, j] == best[i + 1, j]:
            alone[0].append(ours[i])
            i += 1
        else:
            alone[1].append(theirs[j])
            j += 1
    return pairs + _beside(alone[0] + ours[i:], alone[1] + theirs[j:])


def _finished(lines: list[Line]) -> list[Line]:
    """The lines of one side, where of several that work on one array in place the last alone has its name."""
    done: list[Line] = []
    later: set[str] = set()
    for line in reversed(lines):
        done.append(replace(line, key="") if line.kind != TITLE and line.key in later else line)
        later = set() if line.kind == TITLE else later | {line.key}
    return done[::-1]


def gap_between(a: Array, b: Array) -> float | None:
    """The largest difference of an element, None where the shapes do not fit; torch's layouts are turned."""
    turned = _turned(a, b)
    if turned is None:
        return None
    if a.size == 0:
        return 0.0
    with np.errstate(invalid="ignore"):
        return float(np.max(np.abs(a.astype(np.float64) - turned.astype(np.float64))))


def _turned(a: Array, b: Array) -> Array | None:
    """`b` in the layout of `a`, None where it has none."""
    if a.shape == b.shape:
        return b
    if a.ndim == 2 and b.ndim in (1, 2) and (b.reshape(len(b), -1).T.shape == a.shape):
        return b.reshape(len(b), -1).T
    return b.reshape(a.shape) if a.size == b.size == 1 else None


def _worth(a: Line, b: Line, by_value: bool) -> float:
    """How much two lines belong together; 0 for not at all."""
    if TITLE in (a.kind, b.kind):
        return SAME_HEAD if a.kind == b.kind and (a.key == b.key or not by_value) else 0
    named = SAME_NAME if a.key == b.key and a.key else 0
    if not by_value:
        return named
    equal = SAME_VALUE if _equal(a, b) else 0
    fits = named and any(gap_between(x.array, y.array) is not None for x, y in _passes(a, b))
    return equal + (named if equal or (fits and a.key != RESULT) else 0)


def _equal(a: Line, b: Line) -> bool:
    """Whether both lines computed the same arrays, but for rounding."""
    pairs = _passes(a, b)
    return bool(pairs) and all(_close(x.array, y.array) for x, y in pairs)


def _passes(a: Line, b: Line) -> list[tuple[Value, Value]]:
    """Which values of two lines belong together: pass by pass, or the last of each where one loops and one does not."""
    if len(a.values) == len(b.values):
        return list(zip(a.values, b.values, strict=True))
    return [(a.values[-1], b.values[-1])] if a.values and b.values else []


def _close(a: Array, b: Array) -> bool:
    """Whether two arrays are alike enough to be the same quantity; this pairs lines, it judges nothing."""
    turned = _turned(a, b)
    return turned is not None and np.allclose(a, turned, rtol=ALIKE, atol=ALIKE, equal_nan=True)


def _linked(a: Line, b: Line) -> Pair:
    """Two lines of one quantity, with the gap over all passes."""
    if a.kind == TITLE:
        return Pair(a, b, linked=True)
    passes = _passes(a, b)
    gaps = [gap for x, y in passes if (gap := gap_between(x.array, y.array)) is not None]
    return Pair(a, b, linked=True, gap=max(gaps) if gaps else None, passes=tuple(passes))


def _beside(ours: list[Line], theirs: list[Line]) -> list[Pair]:
    """Lines without a counterpart, side by side as they come."""
    longest = max(len(ours), len(theirs))
    padded = ([*column, *[None] * (longest - len(column))] for column in (ours, theirs))
    return [Pair(a, b) for a, b in zip(*padded, strict=True)]
