"""Loads one subject, looks at everything in it, and writes what was seen."""

import inspect
import time
from pathlib import Path
from typing import Any

from . import (
    activations,
    assembled,
    bases,
    dropout,
    images,
    layer,
    layers,
    loops,
    losses,
    names,
    namespaces,
    networks,
    normalisation,
    optimizers,
    stubs,
    unrecognised,
)
from .calling import Failure, attempt, stopped
from .loading import Loaded, definitions
from .networks.containers import derivative_of
from .reading import Unreadable, read
from .results import Results
from .signatures import required

DRIVEN: dict[str, Any] = {  # layers that are no affine map of vectors and yet are judged
    "Dropout": dropout.look_at,
    "BatchNorm": normalisation.look_at,
    "LayerNorm": normalisation.look_at,
    "Convolution": images.convolution,
    "Pooling": images.pooling,
    "Flatten": images.flatten,
}
MOST_STOPPED = 3  # notes of what a limit has stopped
NETWORK_SECONDS = 4.0  # for driving whole networks


def look(task: dict[str, Any], folder: Path, held: list[str]) -> None:
    """Writes result.json and arrays.npz for one subject; an unreadable one is an answer too."""
    results = Results()
    try:
        loaded = definitions(read(Path(task["path"])), stubs.install())
    except Unreadable as error:
        results.write(folder, unreadable=str(error), isolation=held)
        return
    results.notes += loaded.notes
    namespaces.free_functions(loaded)
    names.TOLD.update(task.get("roles", {}))
    parts = components(loaded)
    for component in parts:
        results.add(component)
    seen = {"classes": list(loaded.classes), "functions": list(loaded.functions)}
    stubbed = sorted({name.split(".")[0] for name in loaded.stubs})
    more = {"isolation": held, "seen": seen, "stubs": stubbed, "files": list(loaded.sources)}
    if results.components:  # what is known by now is not lost if a network never comes to an end
        results.write(folder, unfinished=True, **more)
    deadline = time.process_time() + min(task["seconds"] / 2, NETWORK_SECONDS)
    single = any(map(loops.one_by_one, loaded.sources.values()))
    for found in networks.look_at_all(loaded, results.components, deadline):
        results.add({**found, "one_by_one": single})
    for whole in _some(lambda: assembled.look_at(loaded.classes, parts)):
        results.add(whole)
    known = {str(one["name"]) for one in results.components}
    for name, kind in names.TOLD.items():  # what the user named is never passed over
        if kind != "ignore" and name not in known:
            results.add({"name": name, "role": "unknown", "kind": kind, "form": 1,
                         "error": f"as {kind} its constructor or its call is not understood"})  # fmt: skip
    results.notes[:0] = stopped[:MOST_STOPPED]
    seen["unrecognised"] = unrecognised.classes(loaded, {str(one["name"]) for one in results.components})
    if loose := unrecognised.functions(loaded, results.components):
        seen["unrecognised"] += loose
        if not any(one["role"] in unrecognised.LEARN for one in results.components):
            results.add(unrecognised.network_of(loaded, loose))
    results.write(folder, **more)


def components(loaded: Loaded) -> list[dict[str, Any]]:
    """All layers, activations, losses and optimizers of a subject, as plain data."""
    found: list[dict[str, Any]] = []
    layer.ACTIVATION[0], layer.SLOPE[0] = _own_activation(loaded)
    layer.DESCENT[:] = _own_descents(loaded)
    optimizers.TEXTS[:] = loaded.sources.values()
    activations.TEXTS[:] = loaded.sources.values()
    losses.TEXTS[:] = loaded.sources.values()
    layers.TEXTS[:] = loaded.sources.values()
    losses.CALLED[0] = losses.order_of_calls(list(loaded.sources.values()))
    own_layers: list[tuple[dict[str, Any], type]] = []
    later, guesses = [], set()
    for name, holder in loaded.classes.items():
        kind = names.TOLD.get(name) or _kind(name.split(" ")[0], holder)
        if kind in ("ignore", "network") or name.endswith("Adapter") or bases.alone(holder):
            continue
        if kind in names.UNKNOWN:
            drive = DRIVEN.get(kind)
            seen = _some(lambda n=name, h=holder, k=kind, d=drive: d(n, h, k)) if drive else []
            untold = "its constructor or its call is not understood" if drive else ""
            found += seen or [{"name": name, "role": "unknown", "kind": kind, "form": 1, "error": untold}]
        elif kind in names.ACTIVATIONS:
            seen = _some(lambda n=name, h=holder, k=kind: activations.from_class(n, h, k))
            seen = seen or _some(lambda n=name, h=holder: layers.look_at(n, h))  # one that has weights besides
            found += seen
            own_layers += [(one, holder) for one in seen if one["role"] == "dense"]
        elif kind in names.LOSSES:
            found += _some(lambda n=name, h=holder, k=kind: losses.from_class(n, h, k))
        elif kind in names.OPTIMIZERS:
            later.append((name, holder, kind))
        elif not kind and (kind := optimizers.guessed(holder)):
            guesses.add(name)
            later.append((name, holder, kind))
        elif networks.is_whole(holder):
            continue
        elif names.methods(holder, names.FORWARD) and not _trains(holder) and not _network(name):
            seen = _some(lambda n=name, h=holder: layers.look_at(n, h))
            found += seen
            own_layers += [(one, holder) for one in seen]
            if not seen and kind == "Dense":
                seen = _some(lambda n=name, h=holder: layers.look_at(n, h))
                found += seen
            if not seen and not kind:
                seen = _some(lambda n=name, h=holder: activations.by_behaviour(n, h))
                found += seen
            found += [one for one in [_misspelt(name, holder)] if not seen and one]
        elif misspelt := _misspelt(name, holder):
            found.append(misspelt)
    for name, holder, kind in later:
        seen = _some(lambda n=name, h=holder, k=kind: optimizers.from_class(n, h, k, own_layers))
        found += [one | {"guessed": True} for one in seen if one["runs"]] if name in guesses else seen
    found += _functions(loaded)
    return found


def _functions(loaded: Loaded) -> list[dict[str, Any]]:
    """The activations and losses among functions, each with its derivative: of its own file, else of another."""
    files: dict[str, dict[str, Any]] = {}
    for name, function in [*loaded.functions.items(), *(two for some in loaded.twins.values() for two in some.items())]:
        files.setdefault(str(function.__module__), {})[name] = function
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for paired, look_at in ((activations.pairs, activations.from_functions), (losses.pairs, losses.from_functions)):
        own = [(file, functions, paired(functions)) for file, functions in files.items()]
        used = {partner for _, _, pairs in own for _, partner, _ in pairs}
        others = {name: partner for name, partner, _ in paired(loaded.functions) if partner not in used}
        own.append(("", static := _static(loaded), paired(static)))
        for file, functions, pairs in own:
            for name, partner, kind in pairs:
                partner = partner or others.get(name)
                slope = functions.get(partner) or loaded.functions.get(partner) if partner else None
                given = name, functions[name], partner, slope, kind
                one = _some(lambda look_at=look_at, given=given: look_at(*given))
                shown = f"{name} ({file.split('.')[-1]})" if name in seen else name
                found += [{**part, "name": shown} for part in one]
                seen |= {name} if one else set()
    return found


def _static(loaded: Loaded) -> dict[str, Any]:
    """The functions that a class only collects: they take no self, and no other function has their name."""
    found: dict[str, Any] = {}
    for holder in loaded.classes.values():
        for name, value in vars(holder).items():
            function = getattr(value, "__func__", value) if isinstance(value, staticmethod) else value
            if inspect.isfunction(function) and name not in loaded.functions and not name.startswith("__"):
                first = next(iter(inspect.signature(function).parameters), "self")
                if first not in ("self", "cls") and not isinstance(value, classmethod):
                    found.setdefault(name, function)
    return found


def _own_activation(loaded: Loaded) -> tuple[Any, Any]:
    """(An activation of the file, its derivative), for layers that ask: an object, else a function, else nothing."""
    for wanted in ("ReLU", "Sigmoid", "Tanh"):
        for name, holder in loaded.classes.items():
            if names.kind(name) == wanted and not required(holder):
                try:
                    return attempt(holder), None
                except Failure:
                    continue
        for name, function in loaded.functions.items():
            if names.plain(name) == wanted.lower():
                return function, derivative_of(loaded, name)
    return None, None


def _own_descents(loaded: Loaded) -> list[Any]:
    """Objects of the file's plain gradient descents, for layers that hand their parameters to one."""
    made = []
    for name, holder in loaded.classes.items():
        if names.kind(name) == "SGD" and not required(holder):
            try:
                made.append(attempt(holder))
            except Failure:
                continue
    return made


def _some(look_at: Any) -> list[dict[str, Any]]:
    """What looking gives, in a list; nothing where their code surprises us."""
    try:
        one = look_at()
    except (Failure, StopIteration, KeyError, ValueError, TypeError, IndexError, AttributeError):
        return []
    return [one] if one else []


def _kind(name: str, holder: type) -> str:
    """What a class is by its name, or, where that says nothing, by the names of its bases."""
    kind = names.kind(name)
    if not kind:
        for base in holder.__mro__[1:-1]:
            word = names.plain(base.__name__)
            if "loss" in word:
                return "other"
            if kind := names.kind(base.__name__):
                break
    if (
        kind == "Dense"
        and not required(holder)
        and len(names.methods(holder, names.BACKWARD))
        and "linear" in name.lower()
    ):
        return "Identity"
    if kind in WITH_LABELS and _takes_labels(holder):
        return WITH_LABELS[kind]
    if kind in names.OPTIMIZERS and not names.methods(holder, names.UPDATE):
        return ""
    if kind == "Flatten" and _network(name):
        return ""  # a network with few layers
    if kind == "Convolution" and names.methods(holder, WHOLE):
        return "network with convolutions"
    return kind


WHOLE = ("predict", "accuracy", "fit", "train", "loss", "evaluate")  # what a network has and no layer
WITH_LABELS = {"Softmax": "SoftmaxCrossEntropy", "Sigmoid": "SigmoidCrossEntropy"}


def _takes_labels(holder: type) -> bool:
    """Whether a class takes labels beside its inputs: an activation and a loss in one."""
    forward = names.methods(holder, names.FORWARD)
    asks = [one for one in required(getattr(holder, forward[0])) if one.name != "self"] if forward else []
    return len(asks) == 2 and names.ranked(asks[1].name, names.TARGETS - {"output", "outputs"}) == 0


def _network(name: str) -> bool:
    """Whether a class is a whole network by its name: it is looked at as one."""
    return any(word in names.plain(name) for word in ("network", "neuralnet", "model", "multilayer"))


def _trains(holder: type) -> bool:
    """Whether a class is a whole network that trains itself; a train() without arguments is a switch."""
    return any(required(getattr(holder, method)) for method in names.methods(holder, ("train", "fit")))


def _misspelt(name: str, holder: type) -> dict[str, Any] | None:
    """A class whose constructor or forward is nearly spelt right."""
    from difflib import get_close_matches

    own = [key for key in vars(holder) if callable(vars(holder)[key])]
    known = names.methods(holder, names.FORWARD) or names.methods(holder, (*names.LOSS, *names.UPDATE))
    if known and "__int__" not in own:
        return None
    for wanted in ("__init__", "forward", "backward"):
        near = [key for key in get_close_matches(wanted, own, n=1, cutoff=0.75) if key != wanted]
        if near and wanted not in own:
            from .signatures import where

            place = where(vars(holder)[near[0]])
            return {"name": name, "role": "misspelt", "kind": "", "form": 1, "method": near[0], "wanted": wanted,
                    "forward": {"name": near[0], **place}}  # fmt: skip
    return None
