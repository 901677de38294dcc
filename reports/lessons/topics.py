"""The topics in the lecture's order: the names that both sides mirror, then the departures, then `step`.

The mirrored names are read from the two sides' files, so that a new layer is a new topic by itself.
"""

import inspect
import re
from difflib import get_close_matches
from types import ModuleType
from typing import Any

import reference
import scratch
from reference import transplant
from reports.departures import DEPARTURES

FILES = ("layers", "activations", "losses", "network", "optimizers", "training")  # scratch's reading order
PARTS_OF_TRAIN = ("steps", "fold")  # they are told with `train`
STEP = "step"
SPOKEN = {"ReLU": "relu", "SGD": "sgd"}


def mirrored() -> dict[str, tuple[Any, Any]]:
    """Returns each mirrored topic with its object on either side, in reading order."""
    found: dict[str, tuple[Any, Any]] = {}
    for file in FILES:
        ours, theirs = getattr(scratch, file), getattr(reference, file)
        for name in _defined(ours):
            if name in _defined(theirs) and name not in PARTS_OF_TRAIN:
                found[slug(name)] = getattr(ours, name), getattr(theirs, name)
    return found | {"transplant": (scratch.Network, transplant)}


def topics() -> list[str]:
    """Returns the names of all topics in the lecture's order."""
    return [*mirrored(), *DEPARTURES, STEP]


def slug(name: str) -> str:
    """A class's name as a topic: SoftmaxCrossEntropy is softmax-cross-entropy."""
    return SPOKEN.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def find(name: str) -> str:
    """Returns the topic that a name means, whatever its case and hyphens; raises KeyError with the nearest ones."""
    there = topics()
    for topic in there:
        if _letters(topic) == _letters(name):
            return topic
    near = get_close_matches(name.lower(), there, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "parity diff lists them"
    raise KeyError(f"there is no topic {name!r}: {hint}")


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _defined(module: ModuleType) -> list[str]:
    """The public classes and functions that a file defines, in order, but for named tuples."""
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and getattr(thing, "__module__", None) == module.__name__
        and (inspect.isfunction(thing) or (inspect.isclass(thing) and not hasattr(thing, "_fields")))
    ]
