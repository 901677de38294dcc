"""The number of a step, for update rules that are told it."""

import inspect
import re
from typing import Any

from . import names
from .signatures import text_of

STEP = names.ROUNDS | {"t", "step", "time", "k", "i", "it", "timestep", "currentepoch", "currentstep", "curriter"}


def first_number(function: Any, name: str) -> int:
    """Returns the number of the first step as its caller counts: 1 where a power of it corrects moments, else 0."""
    own = [text_of(one) for one in vars(type(getattr(function, "__self__", None))).values() if inspect.isfunction(one)]
    text = "\n".join(own) or text_of(function)
    return int("**" in re.sub(r"\*\*\s*(2|0?\.5)\b", "", text) and not re.search(rf"\b{name}\s*\+\s*1", text))
