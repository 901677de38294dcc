"""What a network wants between its constructor and its way forward: the methods that make or set what it reads.

They are called in the order in which the file calls them; where it does not, those that set what a way forward reads
and the constructor has not set, then those whose names say so.

Axes: D inputs, H hidden, C outputs.
"""

import ast
import functools
import inspect
import re
import textwrap
from itertools import pairwise
from typing import Any

from .. import names
from ..arrays import Array, arrays
from ..calling import Failure, attempt, bound
from ..signatures import constructor_of, parameters, required, text_of
from . import usage
from .board import PART_OF_INPUTS, PART_OF_TARGETS
from .chain import Chain
from .data import D, H, settings
from .sizes import Offer, as_used, last_of, named, spoken, words_in
from .words import WORDS_BACKWARD, WORDS_FORWARD, WORDS_TRAIN_FIRST, fitting

SETUP = re.compile(r"^_*(init|initiali[sz]e|build|set_?up|make|create|reset|compile|generate|random)", re.IGNORECASE)
ADD = re.compile(r"^_*(add|append|push|insert)_*(new)?_*(dense|hidden|fc|linear)?_*(layer)?s?$", re.IGNORECASE)
READ = re.compile(r"\bself\.(\w+)\b(?!\s*\()")
UNITS = {"neurons", "units", "nodes", "size", "numneurons", "nneurons", "outputsize", "outputdim", "nout", "width"}


@functools.cache
def setups(holder: type) -> list[str]:
    """The methods that set a network up, in the order in which they are to be called."""
    own, short = _methods(holder)
    driven = _driven(short)
    written = [name for name in usage.called_after(holder) if name in own and name not in driven]
    made = stored(constructor_of(holder))
    wanted = {name for word in fitting(short, WORDS_FORWARD) for name in READ.findall(text_of(own[short[word]]))}
    sets = [name for name, method in own.items() if name not in driven
            and (stored(method) & wanted) - made]  # fmt: skip
    said = [name for name in own if SETUP.search(name)]
    return [name for name in dict.fromkeys([*written, *sets, *said]) if not ADD.search(name)]


def setters(holder: type, attribute: str) -> list[str]:
    """The methods that set an attribute and are none that goes forward, back or trains."""
    own, short = _methods(holder)
    driven = _driven(short)
    return [name for name, method in own.items() if name not in driven and attribute in stored(method)]


@functools.cache
def stored(function: Any) -> set[str]:
    """The attributes that a method sets, or adds to."""
    try:
        tree = ast.parse(textwrap.dedent(text_of(function)))
    except (SyntaxError, ValueError):
        return set()
    found = set()
    for node in ast.walk(tree):
        adds = isinstance(node, ast.Attribute) and node.attr == "append"
        part = node.value if adds else node  # type: ignore[attr-defined]
        while isinstance(part, ast.Subscript):
            adds, part = adds or isinstance(part.ctx, ast.Store), part.value
        if isinstance(part, ast.Attribute) and getattr(part.value, "id", "") == "self" and (
                adds or isinstance(part.ctx, ast.Store)):  # fmt: skip
            found.add(part.attr)
    return found


def _methods(holder: type) -> tuple[dict[str, Any], dict[str, str]]:
    """The methods of a class in the order in which they are written, and their names by their plain names."""
    own = {name: value for base in reversed(holder.__mro__) for name, value in vars(base).items()
           if inspect.isfunction(value) and not name.startswith("__")}  # fmt: skip
    return own, {names.plain(name): name for name in own}


def _driven(short: dict[str, str]) -> set[str]:
    """The methods that go forward or back, or train."""
    return {short[word] for word in fitting(short, (*WORDS_FORWARD, *WORDS_BACKWARD, *WORDS_TRAIN_FIRST))}


def prepared(made: Any, outputs: int, x: Array, y: Array) -> None:
    """Calls what sets a network up, until it has parameters that follow one another."""
    holder: Any = type(made)
    for name in setups(holder):
        function = getattr(made, name)
        rest = [(names.N_IN, D), (names.N_HIDDEN, H), (names.N_OUT, outputs), (names.INPUTS, x), (names.TARGETS, y)]
        for sizes in ([D, H, outputs], [D, outputs]):
            known = [*named(function, outputs), *spoken(type(made), function, outputs)]
            offers = [*known, (names.SIZES, sizes), *rest, *settings()]
            offers += data_for(function, offers, x, y)
            try:
                attempt(function, **bound(function, offers, [D, H, outputs]))
            except Failure:
                continue
            if Chain.find(arrays(made), D, outputs):
                return
            break
    _grown(made, outputs)


def _grown(made: Any, outputs: int) -> None:
    """Adds two layers by their sizes, where a method adds one."""
    kinds = [text for text in words_in(type(made))[0] if names.kind(text) in names.ACTIVATIONS and " " not in text]
    hidden = next((text for text in kinds if names.kind(text) != "Softmax"), None)
    for name in [name for name in dir(made) if ADD.search(name) and callable(getattr(made, name))]:
        function = getattr(made, name)
        try:
            for k, (d, h) in enumerate(pairwise([D, H, outputs])):
                offers: list[Offer] = [(names.N_IN, d), (UNITS | names.N_OUT | names.N_HIDDEN, h)]
                word = last_of(as_used(kinds), outputs) if k else hidden
                offers += [({names.plain(one.name)}, word) for one in parameters(function)
                           if word and re.search("act|func", one.name)]  # fmt: skip
                attempt(function, **bound(function, offers, [d, h, word]))
        except Failure:
            continue
        if Chain.find(arrays(made), D, outputs):
            return


def data_for(function: Any, offers: list[Any], x: Array, y: Array) -> list[Offer]:
    """Inputs and targets for parameters whose names say so in part: one_hot_labels, x_train_batch."""
    made: list[Offer] = []
    for one in required(function):
        short = names.plain(one.name)
        data = y if PART_OF_TARGETS.search(short) else x if PART_OF_INPUTS.search(short) else None
        if data is not None and not any(short in group for group, _ in offers):
            made.append(({short}, data))
    return made
