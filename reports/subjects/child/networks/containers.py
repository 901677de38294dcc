"""Networks whose layers the user adds: a container, filled with the file's own layers, activations and loss.

Which loss goes with which activation at the end is the user's choice; squared error goes with any and comes first.
Axes: D inputs, H hidden, C outputs.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

from .. import names
from ..arrays import arrays
from ..calling import Failure, attempt, instances, twin
from ..settled import asks_activation
from ..signatures import constructor_of, parameters, required
from . import classes
from .board import LOSS_DERIVATIVE
from .data import RATE, B, D, H
from .sizes import words_in

ADD = ("add", "addlayer", "append", "addlayers", "push", "insertlayer", "appendlayer")
LAYERS = {"layers", "layer", "modules", "layerlist", "network", "stack", "layerslist", "sequence", "model"}
COMPILE = re.compile(r"^(compile|use|set|build|configure|setup|init)", re.IGNORECASE)
FINAL = ("finalize", "finalise", "finalizelayers", "link", "connect", "buildmodel", "prepare")  # after all are told
GOES = re.compile(r"forward|backward|__call__$")
MOST_WANTED = 4
DERIVATIVE = re.compile(r"prime|deriv|grad|backward|^d_|_d$|^d[A-Z]")
HIDDEN = ("Tanh", "Sigmoid", "ReLU", "LeakyReLU")
ENDS = (("MeanSquaredError", ""), ("CrossEntropy", "Softmax"), ("SoftmaxCrossEntropy", ""),
        ("BinaryCrossEntropy", "Sigmoid"), ("CrossEntropy", "Sigmoid"))  # fmt: skip


def look_at(loaded: Any, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Containers of a file, each filled and looked at as a class; none where a part is lacking."""
    known = {one["name"] for one in components}
    found = []
    for name, holder in loaded.classes.items():
        if name in known or not _way_in(holder):
            continue
        done: set[bool] = set()  # with a squared error; with a loss over classes: a model may treat them apart
        for loss, filled in _filled(holder, loaded):
            if ("Entropy" in loss) in done:
                continue
            one = classes.look_at(name, filled)
            if one and any("gradients" in trial for trial in one["trials"]):
                found.append({**one, "put_together": loss, "name": f"{name}, {loss}" if done else name})
                done.add("Entropy" in loss)
    return found


def _way_in(holder: type) -> str:
    """How layers come into a container: the method that adds one, or the constructor's parameter; empty without."""
    short = {names.plain(name): name for name in dir(holder) if not name.startswith("__")}
    if adds := [short[word] for word in ADD if word in short]:
        return str(adds[0])
    wants = [one.name for one in parameters(constructor_of(holder)) if names.plain(one.name) in LAYERS]
    forward = set(short) & {*names.FORWARD, *names.TRAIN} or "__call__" in vars(holder)
    return f"({wants[0]})" if wants and forward else ""


def _filled(holder: type, loaded: Any) -> Iterator[tuple[str, type]]:
    """(its loss, the container as a class that is built from sizes alone), for every loss that the file knows."""
    bends = list(_bends(loaded))
    some = next((make for want in HIDDEN for k, make in bends if k == want), None)
    dense = [one for one in loaded.classes.values() if one is not holder and _dense(one, D, H, some) is not None]
    losses = list(losses_of(loaded))
    ends = [(kind, last, pair) for kind, last in ENDS for k, pair in losses if k == kind] or [("", "", (None, None))]
    for layer in dense[:2]:
        for kind, last, pair in ends:
            for pairs in (False, True):
                end = next((make for k, make in bends if k == last), None) if last else some
                if (some is None and bends) or (last and end is None and bends):
                    continue
                world = {"last": last, "loss": pair, "optimizer": _optimizer(loaded)}
                yield (
                    kind,
                    _as_class(holder, layer, (some, None if kind == "SoftmaxCrossEntropy" else end), world, pairs),
                )


def _bent(holder: type) -> list[str]:
    """The parameters in which a layer takes its activation."""
    return [names.plain(one.name) for one in required(constructor_of(holder)) if asks_activation(one)]


def _dense(holder: type, d: int, h: int, bend: Any = None) -> Any:
    """A layer with weights from d to h, or one that makes them when it sees its inputs; None for any other class.

    One that takes its activation is given what `bend` makes.
    """
    constructor = constructor_of(holder)
    asks = _bent(holder) if bend else []
    wanted = [name for one in required(constructor) if (name := names.plain(one.name)) not in asks]
    if not wanted or len(wanted) > MOST_WANTED or not any(GOES.search(name) for name in dir(holder)):
        return None
    offers = [(names.N_IN, d), (names.N_OUT | names.N_HIDDEN, h), (names.SIZES, (d, h)), (names.RATE, RATE)]
    offers = [({name}, bend()) for name in asks] + offers
    ways = [*instances(holder, offers, [[d, h], [h]]), *instances(holder, [], [[(d, h)], [d, h]])]
    for made in ways:
        shapes = {array.shape for array in arrays(made).values()}
        if {(d, h), (h, d)} & shapes or (len(wanted) == 1 and names.kind(holder.__name__) == "Dense" and not shapes):
            return made
    return None


def _bends(loaded: Any) -> Iterator[tuple[str, Any]]:
    """(kind, how to make one) of every activation that can stand in a list of layers."""
    for name, holder in loaded.classes.items():
        kind = names.kind(name)
        if kind in names.ACTIVATIONS and not required(constructor_of(holder)):
            yield kind, holder
    for holder in loaded.classes.values():  # one class for all of them, given functions or a word
        asks = required(constructor_of(holder))
        if not asks or not re.search(r"act", names.plain(asks[0].name)) or len(asks) > 2:
            continue
        for text in words_in(holder)[0] if len(asks) == 1 else []:
            if names.kind(text) in names.ACTIVATIONS and " " not in text:
                yield names.kind(text), partial(holder, text)
        for name, function in loaded.functions.items():
            kind = names.kind(name)
            if kind in names.ACTIVATIONS and not DERIVATIVE.search(name):
                back = derivative_of(loaded, name)
                if len(asks) == 1 or back is not None or kind == "Softmax":
                    yield kind, partial(holder, *(function, back)[: len(asks)])


def losses_of(loaded: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """(kind, (loss, its derivative)) of the file: an object, or a pair of functions."""
    for name, holder in loaded.classes.items():
        if names.kind(name) in names.LOSSES:
            for made in instances(holder, [], [[]]):
                yield names.kind(name), (made, made)
                break
    for name, function in loaded.functions.items():
        kind = names.kind(name)
        if kind in names.LOSSES and not DERIVATIVE.search(name):
            back = derivative_of(loaded, name)
            if back is not None:
                yield kind, (function, back)


def derivative_of(loaded: Any, name: str) -> Any:
    """The function whose name is another function's with a mark of a derivative; None without one."""
    bare = re.compile(r"prime|deriv(ative)?|grad(ient)?|backward")
    for other, function in loaded.functions.items():
        short = bare.sub("", names.plain(other))
        if other != name and names.plain(name) in (short, short.removeprefix("d"), short.removesuffix("d")):
            return function
    return None


def _optimizer(loaded: Any) -> Any:
    """Plain gradient descent of the file; None where it has no such class."""
    for name, holder in loaded.classes.items():
        if names.kind(name) == "SGD":
            return next(instances(holder, [(names.RATE, RATE)], [[], [RATE]]), None)
    return None


def _as_class(holder: type, layer: type, bends: tuple[Any, Any], world: dict[str, Any], pairs: bool) -> type:
    """A container that fills itself when it is built."""

    def built(self: Any, sizes: list[int], x: Any = None) -> None:
        loss, slope = world["loss"]
        fresh = twin(loss)  # what it remembers of another network is not this one's
        here = world | {"loss": (fresh, fresh if slope is loss else slope), "optimizer": twin(world["optimizer"])}
        if world["last"] == "Softmax" and sizes[-1] == 1:
            raise ValueError("softmax over one output")
        layers: list[Any] = []
        for k, (d, h) in enumerate(pairwise(sizes)):
            last = k == len(sizes) - 2
            bend = bends[1] if last else bends[0]
            both = [_dense(layer, d, h, bend), *([bend()] if bend and not _bent(layer) else [])]
            layers += [tuple(both)] if pairs else both
        way = _way_in(holder)
        values = [
            layers if f"({one.name})" == way else _value(one.name, here) for one in required(constructor_of(holder))
        ]
        start: Any = constructor_of(holder)
        if getattr(holder, "__init__") is start:  # noqa: B009  # it has one of its own
            start(self, *values)
        if not way.startswith("("):
            for one in layers:
                getattr(self, way)(*one) if pairs else getattr(self, way)(one)
        for name in [name for name in dir(holder) if COMPILE.search(name) and callable(getattr(self, name))]:
            _told(getattr(self, name), here)
        for name in names.methods(holder, FINAL):
            if not required(getattr(self, name)):
                attempt(getattr(self, name))
        if x is not None and not arrays(self):
            _seen(self, x)

    made: type = type(holder.__name__, (holder,), {"__init__": built})
    return made


def _told(function: Any, world: dict[str, Any]) -> None:
    """Tells a container its loss, its rate and its optimizer, where a method asks for nothing else."""
    given = {one.name: _value(one.name, world) for one in parameters(function)}
    asked = {one.name for one in required(function)}
    if not given or any(given[name] is None for name in asked) or not any(v is not None for v in given.values()):
        return
    for some in (given, asked):  # what has a default may want a word where an object is given
        try:
            attempt(function, **{name: given[name] for name in some if given[name] is not None})
        except Failure:
            continue
        return


def _value(name: str, world: dict[str, Any]) -> Any:
    """What a container is told, by the name that it asks by; None where nothing is known."""
    short = names.plain(name)
    if LOSS_DERIVATIVE.search(short):
        return world["loss"][1]
    if "loss" in short or "cost" in short:
        return world["loss"][0]
    if "optim" in short:
        return world["optimizer"]
    if re.search(r"beta|momentum|decay", short):
        return 0.0
    if re.search(r"accuracy|metric", short):
        return Idle()
    return RATE if short in names.RATE else B if short in names.BATCH else None


class Idle:
    """Stands for what only reports, as an accuracy does: whatever is called gives 0."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_, **__: 0.0


def _seen(made: Any, x: Any) -> None:
    """Shows the inputs to layers that make their weights when they see some."""
    for name in ("forward", "__call__", "predict"):
        try:
            attempt(getattr(made, name), x)
        except (Failure, AttributeError):
            continue
        if arrays(made):
            return
