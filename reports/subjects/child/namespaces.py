"""Classes that only hold functions: called as Sigmoid.prime(z), never made."""

import inspect
import re
from typing import Any

from .signatures import parameters


def free_functions(loaded: Any) -> None:
    """Makes the functions of such classes static, which they are for who calls them by the class."""
    for name, holder in loaded.classes.items():
        plain = {key: value for key, value in vars(holder).items() if inspect.isfunction(value)}
        firsts = [next(iter(inspect.signature(value).parameters), "") for value in plain.values()]
        if not plain or "self" in firsts or "cls" in firsts or any(key.startswith("__") for key in plain):
            continue
        made = re.compile(rf"(?<!class )\b{re.escape(name)}\(")
        called = re.compile(rf"\b{re.escape(name)}\b\s*(?![(\w])")
        texts = [re.sub(rf"class {re.escape(name)}\b.*", "", text) for text in loaded.sources.values()]
        used = any(map(called.search, texts)) or any(isinstance(one, staticmethod) for one in vars(holder).values())
        if any(map(made.search, texts)) or not used:
            continue  # objects of it are made, and a self is missing
        for key, value in plain.items():
            if parameters(value):
                setattr(holder, key, staticmethod(value))
