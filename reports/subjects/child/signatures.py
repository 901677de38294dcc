"""What a function or a class says of itself: its parameters, its place in its file, its text."""

import difflib
import dis
import functools
import inspect
import linecache
import re
import types
from collections.abc import Callable
from typing import Any


def parameters(function: Any) -> list[inspect.Parameter]:
    """The parameters that can be bound, without self."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return []
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if (bare := _wrapped(function)) is not None:
        return parameters(bare)
    gathered = [_gathered(function, one.name) for one in found if one.kind is inspect.Parameter.VAR_KEYWORD]
    plainly = [one for one in found if one.kind not in kinds and one.name not in ("self", "cls")]
    return plainly + [one for some in gathered for one in some if one.name not in {other.name for other in plainly}]


def _gathered(function: Any, name: str) -> list[inspect.Parameter]:
    """The parameters that a function takes out of its **kwargs by name: kwargs["x"], or kwargs.get("x", default)."""
    text = text_of(constructor_of(function) if isinstance(function, type) else function)
    must = re.findall(rf"\b{name}\[['\"](\w+)['\"]\]", text)
    may = re.findall(rf"\b{name}\.(?:get|pop)\(\s*['\"](\w+)['\"]", text)
    named = dict.fromkeys(may) | dict.fromkeys(must, inspect.Parameter.empty)
    if re.search(rf"super\([^)]*\)\.__init__\(.*\*\*{name}\b", text, re.DOTALL) and (base := _next_after(function)):
        return [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters(base)]
    return [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=value) for key, value in named.items()]


def _wrapped(function: Any) -> Any:
    """The function that a decorator's own stands for: it takes whatever comes, and closes over one; None for others."""
    plainly = getattr(function, "__func__", function)
    code = getattr(plainly, "__code__", None)
    if code is None or code.co_argcount > 1 or not code.co_flags & inspect.CO_VARARGS:
        return None
    cells = [cell for cell in getattr(plainly, "__closure__", None) or () if cell != types.CellType()]
    functions = [one for cell in cells if inspect.isfunction(one := cell.cell_contents) and one is not plainly]
    return functions[0] if len(functions) == 1 else None


def _next_after(function: Any) -> Any:
    """The constructor that `super().__init__` means in a constructor, or in that of a class; None without one."""
    constructor = constructor_of(function) if isinstance(function, type) else function
    names_of = getattr(getattr(constructor, "__code__", None), "co_freevars", ())
    cells = dict(zip(names_of, getattr(constructor, "__closure__", None) or (), strict=True))
    owner = cells["__class__"].cell_contents if "__class__" in cells else None
    line = owner.__mro__[1:-1] if owner is not None else ()
    return next((vars(base)["__init__"] for base in line if "__init__" in vars(base)), None)


def required(function: Any) -> list[inspect.Parameter]:
    """The parameters without a default."""
    return [one for one in parameters(function) if one.default is inspect.Parameter.empty]


@functools.cache
def choices(file: str, name: str) -> list[str]:
    """The words with which a file compares a parameter of this name, or the attribute that keeps it."""
    text = "".join(linecache.getlines(file)) if file else ""
    bare = re.escape(name.lstrip("_"))
    alone = re.findall(rf"\b_?{bare}(?:\.lower\(\))?\s*(?:==|!=)\s*['\"](\w+)['\"]", text)
    among = re.findall(rf"\b_?{bare}(?:\.lower\(\))?\s+(?:not )?in\s*[\[({{]([^\])}}]*)", text)
    return list(dict.fromkeys(alone + [word for one in among for word in re.findall(r"['\"](\w+)['\"]", one)]))


def lines(function: Any) -> list[int]:
    """The first and last line of a function in its file; empty where it has none."""
    function = inspect.unwrap(function) if callable(function) else function
    bare = _wrapped(function) or function
    code = getattr(getattr(bare, "__func__", bare), "__code__", None)
    if code is None:
        return []
    numbers = [number for _, _, number in code.co_lines() if number]
    return [code.co_firstlineno, max(numbers, default=code.co_firstlineno)]


def where(function: Any) -> dict[str, Any]:
    """File and lines of a function, and what it calls its arguments."""
    bare = _wrapped(function) or function
    code = getattr(getattr(bare, "__func__", bare), "__code__", None)
    asked = [name for name in (code.co_varnames[: code.co_argcount] if code else ()) if name != "self"]
    return {"file": code.co_filename if code else "", "lines": lines(function), "arguments": asked}


def remembers(function: Any) -> bool:
    """Whether a function sets attributes."""
    code = getattr(function, "__code__", None)
    return code is not None and any(one.opname == "STORE_ATTR" for one in dis.get_instructions(code))


def nearest(holder: type) -> str:
    """A method whose name is nearly `backward`."""
    have = [name for name in vars(holder) if not name.startswith("__") or name.endswith("it__")]
    return next(iter(difflib.get_close_matches("backward", have, n=1, cutoff=0.7)), "")


def text_of(function: Any) -> str:
    """The source text of a function."""
    place = where(function)
    if not place["lines"]:
        return ""
    first, last = place["lines"]
    return "".join(linecache.getlines(place["file"])[first - 1 : last])


def constructor_of(holder: type) -> Callable[..., Any]:
    """The __init__ of a class, or a function without parameters."""
    own = getattr(holder, "__init__")  # noqa: B009  # of the class, not of an instance
    return own if own is not object.__init__ else _nothing


def _nothing() -> None:
    """An object without a constructor takes no arguments."""
