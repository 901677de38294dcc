"""In which order a function of unknown names takes what is known: by the names of its parameters, else every way."""

from itertools import permutations
from typing import Any

from .. import names
from ..signatures import required
from .data import RATE
from .words import CACHES, OUTPUT, PARAMETERS

RATES = names.RATE - {"a"}
Named = tuple[str, Any]

GROUPS = {"y": names.TARGETS - {"output", "outputs", "a"}, "x": names.INPUTS - {"a", "z", "in", "values"},
          "net": PARAMETERS | {"layers", "p"}, "tape": CACHES | {"tape", "trace", "acts", "record"},
          "output": OUTPUT}  # fmt: skip


def guess(name: str) -> str:
    """What a parameter is by its name; empty where that says nothing."""
    return next((what for what, group in GROUPS.items() if names.plain(name) in group), "")


def told(function: Any, order: list[Named]) -> bool:
    """Whether the names of a function's parameters say this order themselves."""
    asks = [one for one in required(function) if names.plain(one.name) not in RATES]
    whats = [what for what, _ in order if what != "rate"]
    return all(guess(one.name) == what for one, what in zip(asks, whats, strict=False))


def orders_of(function: Any, known: list[Named]) -> list[list[Named]]:
    """Every way to give a function known values, those first that the names say; the targets are always among them."""
    asks = required(function)
    free = [one for one in asks if names.plain(one.name) not in RATES]
    if not 2 <= len(free) <= 4:
        return []
    orders: list[tuple[int, list[Named]]] = []
    for order in permutations(known, len(free)):
        whats = [what for what, _ in order]
        if "y" not in whats or len(whats) != len(free) or not {"x", "tape", "part", "output"} & set(whats):
            continue
        guesses = [guess(one.name) for one in free]
        wrong = sum(bool(guess) and guess != what and not (guess == "tape" and what == "part")
                    for guess, what in zip(guesses, whats, strict=True))  # fmt: skip
        rest = iter(order)
        whole = [("rate", RATE) if names.plain(one.name) in RATES else next(rest) for one in asks]
        orders.append((wrong, whole))
    orders.sort(key=lambda pair: pair[0])
    least = orders[0][0] if orders else 0
    return [whole for wrong, whole in orders if wrong <= least][:40]
