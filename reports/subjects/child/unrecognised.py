"""What computes or learns something in a subject and is no component, nor a part of one."""

import inspect
import re
import types
from typing import Any

from . import bases, names
from .loading import Loaded
from .networks import places, words
from .signatures import parameters, where

CHECKS = re.compile(r"num(eric|erical)?_?(grad|diff|deriv)|numeric|grad\w*_?check|check_?\w*grad", re.IGNORECASE)
LEARN = {"network", "dense", "unknown", "assembled"}  # roles of what has weights


def classes(loaded: Loaded, known: set[str]) -> list[str]:
    """The classes that compute or learn something and are no component, nor a part of one."""
    values = {**loaded.functions, **loaded.classes}  # what a component mentions is part of it
    inside = [_source(value) for name, value in values.items() if name in known]  # each is a walk through its file
    if "script" in known:
        inside += loaded.sources.values()
    parents = {base for holder in loaded.classes.values() for base in holder.__mro__[1:]}
    found = []
    for name, holder in loaded.classes.items():
        works = any(names.methods(holder, group) for group in (names.FORWARD, names.BACKWARD, names.UPDATE))
        part = any(re.search(rf"\b{re.escape(name.split(' ')[0])}\b", text) for text in inside)
        aside = name in known or names.kind(name) in ("ignore", "other") or name.endswith("Adapter")
        if works and not (part or aside or holder in parents or bases.alone(holder)):
            found.append(name)
    return found


def functions(loaded: Loaded, components: list[dict[str, Any]]) -> list[str]:
    """The free functions that go forward or back through weights, and that no component calls or is called by."""
    if any(one["name"] == "script" for one in components):
        return []
    files = [(file, body, space, space) for file, body, space in loaded.scripts]
    defined = places.functions_in(files)
    multiply = {name for name in loaded.functions if name in defined and places.products(defined[name], defined)}
    calls = {name: _called(loaded.functions[name].__code__) for name in multiply}
    known = {str(one[stage].get("name")) for one in components for stage in ("forward", "backward") if stage in one}
    known |= {str(one["name"]) for one in components}
    for name, holder in loaded.classes.items():
        if name in known:
            for value in vars(holder).values():
                known |= _called(value.__code__) if inspect.isfunction(value) else set()
    part = known & multiply
    while more := {one for one in multiply - part if calls[one] & part or any(one in calls[other] for other in part)}:
        part |= more
    loose = [name for name in loaded.functions if name in multiply - part and not CHECKS.search(name)]
    learn = [name for name in loose if _back(name) < 99 or _takes_a_rate(loaded.functions[name])]
    ways = [name for name in loose if name in learn or words.rank(name, words.WORDS_FORWARD[:-2]) < 99]
    return ways if learn else []  # a hypothesis alone is no network


def network_of(loaded: Loaded, loose: list[str]) -> dict[str, Any]:
    """Functions that were not understood, as a component that cannot be judged."""
    forward = min(loose, key=lambda name: words.rank(name, words.WORDS_FORWARD))
    backward = min(loose, key=_back)
    both = ", ".join(dict.fromkeys((forward, backward)))
    return {"name": forward, "role": "unknown", "kind": "network of functions", "form": 3,
            "forward": {"name": forward, **where(loaded.functions[forward])},
            "backward": {"name": backward, **where(loaded.functions[backward])},
            "error": f"how weights are given to {both} is not understood"}  # fmt: skip


def _back(name: str) -> int:
    return words.rank(name, words.WORDS_BACKWARD[:-1])


def _takes_a_rate(function: Any) -> bool:
    return any(names.ranked(one.name, names.RATE - {"a", "step"}) == 0 for one in parameters(function))


def _called(code: types.CodeType) -> set[str]:
    """The names that a function reads, those of the functions within it too."""
    inner = (_called(one) for one in code.co_consts if isinstance(one, types.CodeType))
    return set(code.co_names).union(*inner)


def _source(value: Any) -> str:
    try:
        return inspect.getsource(value)
    except (OSError, TypeError, SyntaxError):  # it parses the whole file of a class, a broken one too
        return ""
