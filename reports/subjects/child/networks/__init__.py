"""Whole networks: parameters found as a chain of matrices, one training step driven, gradients read or measured."""

import ast
import inspect
from typing import Any

from .. import adapters
from ..calling import Failure
from . import board, classes, computed, containers, families, functions, scripts, sizes, slips, unclipped, usage
from .places import untouched
from .strangers import strangers
from .unshuffled import keep_order
from .variables import counted


def look_at_all(loaded: Any, components: list[dict[str, Any]], deadline: float) -> list[dict[str, Any]]:
    """Returns whole networks as plain data: classes, families of functions, scripts; none after `deadline`."""
    board.deadline[0] = deadline
    keep_order()
    unclipped.let_through()
    known = {one["name"] for one in components}
    found: list[dict[str, Any]] = []
    for name, holder in loaded.classes.items():
        if adapters.is_adapter(name, holder):
            return computed.add([adapters.look_at(name, holder)], loaded.scripts)
    board.counts |= set(counted(loaded.scripts))
    files = untouched(loaded.scripts)
    slips.learn(loaded.scripts, loaded.notes)
    usage.learn(loaded.scripts)
    sizes.used |= {node.value for _, body, _ in loaded.scripts for statement in body for node in ast.walk(statement)
                   if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # fmt: skip
    board.own_loss[:] = [pair[0] for kind, pair in containers.losses_of(loaded) if kind == "MeanSquaredError"][:1]
    if strange := strangers(loaded, known):
        return strange
    for name, holder in loaded.classes.items():
        if name not in known:
            found += _guarded(lambda n=name, h=holder: classes.look_at(n, h))
    if not any(_useful(one) for one in found):
        filled = _several(lambda: containers.look_at(loaded, components))
        found = [one for one in found if one["name"] not in {more["name"] for more in filled}] + filled
    free = {name: f for name, f in loaded.functions.items() if name not in known}
    if not found:
        found += _guarded(lambda: functions.look_at(free, loaded.scripts))
    lacks = [one for one in found if one["form"] == 3 and _lacks_biases(one)]  # their names may say nothing
    if lacks and (more := _guarded(lambda: families.look_at(free))) and not _lacks_biases(more[0]):
        found = more if _useful(more[0]) else found
    if not any(_useful(one) for one in found) and (more := _guarded(lambda: families.look_at(free))):
        found = [one for one in found if one["form"] != 3] + more  # a forward alone is part of the family
    for look in (
        lambda: functions.of_one_layer(free),  # what hands its gradients back says more than what a loop moved
        lambda: scripts.look_at(files),
        lambda: functions.of_trainers(free),
    ):
        if not any(_useful(one) for one in found) and (more := _guarded(look)):
            found = [one for one in found if one["form"] != 3] + more  # what a loop does says more than a forward alone
            break
    found = found if any(_useful(one) for one in found) else adapters.in_part(loaded.classes) or found
    return computed.add(found, loaded.scripts)


def _useful(one: dict[str, Any]) -> bool:
    return any("gradients" in trial for trial in one["trials"])


def _lacks_biases(one: dict[str, Any]) -> bool:
    return any(bias is None for trial in one["trials"] for _, bias in trial.get("parameters", []))


def _several(look: Any) -> list[dict[str, Any]]:
    """What looking gives; nothing where their code surprises us."""
    found: list[Any] = _guarded(look)
    return found[0] if found else []


def _guarded(look: Any) -> list[dict[str, Any]]:
    """What looking gives, in a list; nothing where their code surprises us."""
    try:
        one = look()
    except (
        Failure,
        StopIteration,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,
        NameError,
        SyntaxError,
    ):
        return []
    return [one] if one else []


def is_whole(holder: type) -> bool:
    """Whether objects of a class hold several matrices that follow one another: a network, whatever its methods."""
    computes = any(inspect.isfunction(value) for base in holder.__mro__ for value in vars(base).values())
    return computes and bool(_guarded(lambda: classes.matrices(holder)))
