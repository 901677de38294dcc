"""Families of free functions under any names, by what they take and give: a maker, a forward, a way back, a step.

Parameters may be lists of dicts, lists of tuples or dicts of lists; the way back may want the forward's tape.
Every way to bind arguments that gives gradients is handed on; the verdict is that of the one that is explained best.
Axes: B samples, D inputs, H hidden, C outputs.
"""

from typing import Any

from .family import Family
from .made import arguments_of, chain_of

MOST_FUNCTIONS = 40


def look_at(functions: dict[str, Any]) -> dict[str, Any] | None:
    """Returns a family of functions as plain data, or None when no maker, forward and way back belong together."""
    functions = dict(list(functions.items())[:MOST_FUNCTIONS])
    calls = [0]
    for start in functions:
        for sizes in arguments_of(functions[start]):
            chain = chain_of(functions[start], sizes, 3, calls)
            if chain is None:
                continue
            found = Family(functions, start, sizes, chain, calls).look()
            if found:
                return found
    return None
