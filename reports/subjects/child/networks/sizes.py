"""What a constructor, or a maker of parameters, is given: sizes, activations, losses, by what its source says.

Axes: D inputs, H hidden, C outputs.
"""

import ast
import functools
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import names
from ..signatures import parameters, required, text_of
from .data import D, H

Offer = tuple[set[str], Any]
SECOND = 13  # the width of every hidden layer after the first
FILLERS = re.compile(
    r"num(ber)?|size|dim(ension)?s?|units?|nodes?|neurons?|count|layers?|features?|of|width|len(gth)?|^no?|no?$|\d+$"
)
IN, OUT = {"in", "input", "inputs", "i", "visible", "x", "d"}, {"out", "output", "outputs", "o", "y", "class",
                                                                "classes", "c", "k", "label", "labels"}  # fmt: skip
HIDDEN = {"h", "hid", "hidden", "hiddens", "middle", "inner", "mid"}
ACTIVATION = {"activation", "activationfunction", "act", "actfn", "activationfn", "hiddenactivation", "nonlinearity",
              "activationfunc", "actfunc", "hiddenact", "activationname", "activationtype", "fn"}  # fmt: skip
SEVERAL = re.compile(r"activations$|act(ivation)?_?(functions|funcs|fns)$|^acts$|activationlist$")
LAST = {"outputactivation", "outactivation", "finalactivation", "lastactivation", "activationoutput", "outputact"}
LOSS = {"loss", "lossfunction", "lossfn", "lossmethod", "costfunction", "cost", "losstype", "criterion", "method",
        "lossname", "lossfunc", "objective", "costfn", "task"}  # fmt: skip
LOSSES = re.compile(r"^(mse|bce|cce|ce|rmse|l2|mae)$|entropy|squared|quadratic|loss", re.IGNORECASE)


def source_of(made: Any) -> str:
    """The source of a function, or of all methods of a class."""
    if isinstance(made, type):
        return "\n".join(textwrap.dedent(text_of(one)) for one in vars(made).values() if hasattr(one, "__code__"))
    return text_of(made)


def words_in(made: Any) -> tuple[list[str], list[str]]:
    """(All texts in a source, those that stand in brackets), in order."""
    texts: list[str] = []
    keys: list[str] = []
    for part in vars(made).values() if isinstance(made, type) else made if isinstance(made, list) else [made]:
        texts += [key for key in part if isinstance(key, str)] if isinstance(part, dict) else []  # a table of its own
        more, inside = _words_in(text_of(part))
        texts, keys = texts + more, keys + inside
    return list(dict.fromkeys(texts)), list(dict.fromkeys(keys))


@functools.cache
def _words_in(text: str) -> tuple[list[str], list[str]]:
    texts: list[str] = []
    keys: list[str] = []
    try:
        tree = ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError):
        return [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 40:
            texts.append(node.value)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            keys.append(str(node.slice.value))
    return texts, keys


def role(name: str) -> str:
    """Whether a name is that of the inputs, of a hidden layer or of the outputs; empty where it does not say."""
    stem = names.plain(name)
    for _ in range(4):
        for what, group in (("in", IN), ("hidden", HIDDEN), ("out", OUT)):
            if stem in group:
                return what
        stem = FILLERS.sub("", stem) or stem
    return "in" if "feature" in names.plain(name) else ""


def named(function: Any, outputs: int) -> list[Offer]:
    """Sizes for parameters whose names say what they are, each by its exact name."""
    offers: list[Offer] = []
    hidden = 0
    for one in parameters(function):
        what = role(one.name)
        default = one.default
        if what == "hidden" and isinstance(default, (list, tuple)) and all(isinstance(n, int) for n in default):
            offers.append(({names.plain(one.name)}, type(default)([H, *[SECOND] * len(default)][: len(default)])))
            continue
        if not what or len(one.name) < 2 or isinstance(default, (list, tuple, str, bool, float)):
            continue
        if what == "hidden" and re.search(r"layers$|s$|layers_?(no|num(ber)?|count|n)$", one.name):
            continue  # a list of widths, or how many there are
        if what == "out" and _listed(function, one.name):
            offers.append(({names.plain(one.name)}, list(range(outputs))))
            continue
        hidden += what == "hidden"
        width = {"in": D, "out": outputs, "hidden": H if hidden == 1 else SECOND}[what]
        offers.append(({names.plain(one.name)}, width))
    return offers


def _listed(function: Any, name: str) -> bool:
    """Whether a constructor's class takes the length of a parameter, or looks into it: it is the list of classes."""
    owner = getattr(function, "__qualname__", "").rpartition(".")[0]
    space = getattr(function, "__globals__", {})
    text = source_of(space[owner]) if isinstance(space.get(owner), type) else source_of(function)
    return bool(re.search(rf"len\((self\.)?{name}\)|\b{name}\.index\(", text))


def spoken(made: Any, function: Any, outputs: int) -> list[Offer]:
    """Activations and losses for parameters that ask for one by a word of the source; files that need not be.

    Without a function, for every name that asks so.
    """
    texts, _ = words_in(made)
    kinds = as_used([text for text in texts if names.kind(text) in names.ACTIVATIONS])
    hidden = [text for text in kinds if names.kind(text) != "Softmax"]
    losses = as_used([text for text in texts if LOSSES.search(text) and " " not in text])
    last = last_of(kinds, outputs)
    offers: list[Offer] = []
    asked = {names.plain(one.name) for one in required(function)} if function else ACTIVATION | LAST | LOSS
    for group, value in ((ACTIVATION, hidden[:1]), (LAST, [last] if last else []), (LOSS, losses[:1])):
        offers += [({name}, value[0]) for name in asked & group if value]
    several = [name for name in asked if SEVERAL.search(name)] if function else []
    offers += [({name}, [hidden[0], last or hidden[0]]) for name in several if hidden]
    space = getattr(function, "__globals__", None) or getattr(getattr(function, "__func__", None), "__globals__", {})
    offers += [({name}, bends) for name in several if not hidden and (bends := _own_bends(space, outputs))]
    for group, known in ((LOSS | {"costfunc"}, names.LOSSES), (ACTIVATION, names.ACTIVATIONS)):
        own = [value for key, value in space.items() if names.kind(key) in known and callable(value)]
        offers += [({name}, own[0]) for name in asked & group if own and function]
    offers += _keys(made, function)
    offers += _callables(made, function) if function and not kinds else []
    for one in parameters(function) if function else ():
        if isinstance(one.default, str) and re.search(r"path|file", one.name, re.IGNORECASE):
            offers.append(({names.plain(one.name)}, None))
    return offers


def _keys(made: Any, function: Any) -> list[Offer]:
    """Activations for parameters with which a source looks into a table of the file: ways[name], self.ways[self.name].

    Each is a key of that table.
    """
    text, space = source_of(made), getattr(function, "__globals__", {})
    offers: list[Offer] = []
    for one in required(function) if function else ():
        kept = "|".join([one.name, *(rf"self\.{name}" for name in re.findall(rf"self\.(\w+) = {one.name}\b", text))])
        for dotted in re.findall(rf"([A-Za-z_][\w.]*)(?:\[|\.get\()\s*(?:{kept})\s*[\])]", text):
            table: Any = space.get(dotted.split(".")[0])
            for name in dotted.split(".")[1:]:
                table = getattr(table, name, None)
            kinds = {key: names.kind(str(key)) for key in table} if isinstance(table, dict) else {}
            bends = as_used([key for key, kind in kinds.items() if kind in names.ACTIVATIONS and kind != "Softmax"])
            offers += [({names.plain(one.name)}, bends[0])] if bends else []
    return offers


def _own_bends(space: dict[str, Any], outputs: int) -> list[Any]:
    """The file's own activations for two layers, as functions, those that are keys of a table too; empty without."""
    tables = [key for value in space.values() if isinstance(value, dict) for key in value if callable(key)]
    known = {getattr(one, "__name__", ""): one for one in [*space.values(), *tables] if callable(one)}
    kinds = [name for name in known if names.kind(name) in names.ACTIVATIONS]
    hidden = [name for name in kinds if names.kind(name) != "Softmax"]
    return [known[hidden[0]], known[last_of(kinds, outputs)]] if hidden else []


def _callables(made: Any, function: Any) -> list[Offer]:
    """A sigmoid and its derivative for parameters that ask for functions, or for a list of them."""
    text = source_of(made)
    offers: list[Offer] = []
    for one in required(function):
        short = names.plain(one.name)
        if re.search(r"^(act|g$|sigma|nonlin|transfer)", short) or short in ACTIVATION:
            value = _slope if re.search(r"prime|deriv|grad", short) else _sigmoid
            several = re.search(rf"\b{one.name}\[", text)
            offers.append(({short}, [value, value] if several else value))
    return offers


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _slope(z: Any) -> Any:
    return _sigmoid(z) * (1 - _sigmoid(z))


used: set[str] = set()  # the texts in what a file does with its definitions


def as_used(words: list[str]) -> list[str]:
    """Those words that the file itself uses; all where it uses none."""
    return [word for word in words if word in used] or words


def last_of(kinds: list[str], outputs: int) -> str:
    """The activation of the last layer among those that a source knows."""
    wanted = ("Softmax", "Sigmoid") if outputs > 1 else ("Sigmoid", "Identity")
    fits = [text for want in wanted for text in kinds if names.kind(text) == want]
    return fits[0] if fits else kinds[0] if kinds else ""


def described(made: Any, outputs: int) -> Iterator[Any]:
    """Lists of layers as a source may want them: dicts with its own keys, tuples of widths and activations."""
    texts, keys = words_in(made)
    kinds = as_used([text for text in texts if names.kind(text) in names.ACTIVATIONS and " " not in text])
    hidden = next((text for text in kinds if names.kind(text) != "Softmax"), "")
    lasts = list(dict.fromkeys([last_of(kinds, outputs), hidden, *kinds[-1:]]))[:2]
    first = [key for key in keys if role(key) == "in"]
    then = [key for key in keys if role(key) == "out" or names.plain(key) in names.N_OUT]
    act = [key for key in keys if "act" in key.lower()]
    for last in lasts if hidden or then else []:
        if then:
            layers = []
            for n, m, word in ((D, H, hidden), (H, outputs, last)):
                layer: dict[str, Any] = dict.fromkeys(then, m) | dict.fromkeys(first, n)
                layers.append(layer | dict.fromkeys(act, word))
            yield layers
        if hidden:
            yield [(D, H, hidden), (H, outputs, last)]
            yield [(D, "*"), (H, hidden), (outputs, last)]
            yield [(H, hidden), (outputs, last)]
