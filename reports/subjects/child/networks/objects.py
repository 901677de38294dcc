"""Objects of network classes: what their constructors are given, and the methods that make parameters after them.

Axes: D inputs, H hidden, C outputs.
"""

import ast
import contextlib
import inspect
import textwrap
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from .. import names
from ..arrays import Array, arrays
from ..calling import Failure, attempt, instances
from ..signatures import constructor_of, parameters, required, text_of
from . import stepwise
from .chain import Chain
from .data import RATE, D, H, idle, settings
from .setup import data_for
from .sizes import ACTIVATION, LAST, LOSS, SECOND, Offer, described, named, role, spoken, words_in


def sizes_of(holder: type, outputs: int) -> Iterator[list[Any]]:
    """What a constructor may want for the sizes of a network."""
    d, h = D, H
    constructor = constructor_of(holder)
    known = [*named(constructor, outputs), *spoken(holder, constructor, outputs)]
    rest = [(names.N_IN, d), (names.N_HIDDEN, h), (names.N_OUT, outputs)]
    yield [*known, (names.SIZES, [d, h, outputs]), *rest]
    if not parameters(constructor):
        return
    plural = [one.name for one in required(constructor) if role(one.name) == "hidden" and one.name.endswith("s")]
    if plural:  # a list of widths
        yield [*known, *(({names.plain(name)}, [h]) for name in plural), (names.SIZES, [d, h, outputs]), *rest]
    lists = [(group, [value] if value in (h, SECOND) else value) for group, value in known]  # one width for each layer
    yield [*lists, (names.N_IN, d), (names.N_HIDDEN | names.SIZES, [h]), (names.N_OUT, outputs)]
    if any(role(one.name) == "in" for one in required(constructor)):  # told apart, they are not among the others
        yield [*known, (names.SIZES, [h, outputs]), *rest]
    yield [*known, (names.SIZES, ((d, h), (h, outputs))), *rest]
    yield [*known, ({"size", "arch", "config", "units", "neurons", "nodes", "args"}, [d, h, outputs]), *rest]
    if kept := keyed(holder, outputs):
        yield [*kept, *rest]
    for layers in described(holder, outputs):
        yield [*known, (names.SIZES, layers), *rest]


def keyed(holder: type, outputs: int) -> list[Offer]:
    """Settings that a constructor reads by key or as attributes of one parameter: config["hidden"], args.lr."""
    constructor = constructor_of(holder)
    try:
        tree = ast.parse(textwrap.dedent(text_of(constructor)))
    except (SyntaxError, ValueError):
        return []
    offers: list[Offer] = []
    for one in required(constructor):
        keys: set[str] = set()
        dotted: set[str] = set()
        for node in ast.walk(tree):
            held = getattr(node, "value", None)
            if not (isinstance(held, ast.Name) and held.id == one.name):
                continue
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(
                    node.slice.value, str):  # fmt: skip
                keys.add(node.slice.value)
            elif isinstance(node, ast.Attribute):
                dotted.add(node.attr)
        values = {key: _setting(key, holder, outputs) for key in keys or dotted - set(dir(dict)) - set(dir(list))}
        if values and not dotted & {"shape", "T", "ndim", "size"}:
            offers.append(({names.plain(one.name)}, dict(values) if keys else SimpleNamespace(**values)))
    return offers


def _setting(key: str, holder: type, outputs: int) -> Any:
    """A value for one setting, by its name."""
    short = names.plain(key)
    for group, value in settings():
        if short in group:
            return value
    for group, value in ((names.SIZES, [D, H, outputs]), (names.N_IN, D), (names.N_HIDDEN, H), (names.N_OUT, outputs)):
        if short in group:
            return value
    if what := role(key):
        return {"in": D, "hidden": H, "out": outputs}[what]
    if short in ACTIVATION | LAST | LOSS:
        texts = [text for text in words_in(holder)[0] if names.kind(text) in (*names.ACTIVATIONS, *names.LOSSES)]
        return texts[0] if texts else "sigmoid"
    return RATE if "rate" in short else 0


def built(holder: type, sizes: list[Any], x: Array, y: Array) -> Any:
    """An object of a network class; None when it cannot be built."""
    outputs = sizes[-1][1]
    layers = next((value for group, value in sizes if group is names.SIZES), None)
    offers = [*sizes, *settings(), *idle(constructor_of(holder)), (names.INPUTS, x), (names.TARGETS, y)]
    offers += data_for(constructor_of(holder), offers, x, y)
    queues = [[D, H, outputs], [[D, H, outputs]], [x, y], [], [None, None],
              [H, outputs], [D, H, outputs, RATE]]  # fmt: skip
    if any(one.kind is one.VAR_POSITIONAL for one in inspect.signature(holder).parameters.values()):
        with contextlib.suppress(Failure):
            return attempt(holder, D, H, outputs)
    first = None
    for made in instances(holder, offers, [[layers], *queues] if isinstance(layers, list) else queues):
        if Chain.find(found := arrays(made), D, outputs) or Chain.find(found, D + 1, outputs, ones=True):
            return made
        first = made if first is None else first
    return _by_defaults(holder, offers, outputs) or first or stepwise.made_of(holder, offers, x, y)


def _by_defaults(holder: type, offers: list[Any], outputs: int) -> Any:
    """An object whose sizes are parameters of unknown names with a default: element_number=1; None where none fits."""
    constructor = constructor_of(holder)
    known = set().union(*(group for group, _ in offers))
    asks = [one.name for one in parameters(constructor)
            if type(one.default) is int and names.plain(one.name) not in known]  # fmt: skip
    for sizes in ([D], [D, outputs], [D, H, outputs]):
        if len(sizes) != len(asks) or required(constructor):
            continue
        with contextlib.suppress(Failure):
            made = attempt(holder, **dict(zip(asks, sizes, strict=True)))
            if Chain.find(arrays(made), D, outputs, alone=len(sizes) < 3):
                return made
    return None
