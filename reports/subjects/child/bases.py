"""Which classes are bases alone, and hold nothing to judge."""

import ast
import textwrap
from typing import Any

from . import names
from .signatures import text_of


def alone(holder: type) -> bool:
    """Whether a class is a base alone: its forward is missing or raises NotImplementedError; or a test of others."""
    if any(base.__name__ == "TestCase" for base in holder.__mro__):
        return True
    if getattr(holder, "__abstractmethods__", None):
        return True
    if names.plain(holder.__name__) not in (
        "loss",
        "layer",
        "activation",
        "optimizer",
        "module",
        "baselayer",
        "layerbase",
        "activationbase",
        "base",
    ):
        return False
    own = [vars(holder)[name] for name in names.methods(holder, names.FORWARD) if name in vars(holder)]
    return not any(_does_something(function) for function in own)


def _does_something(function: Any) -> bool:
    """Whether a function has a body beyond a docstring, pass and raise."""
    try:
        body = ast.parse(textwrap.dedent(text_of(function))).body[0].body  # type: ignore[attr-defined]
    except (SyntaxError, ValueError, IndexError, AttributeError):
        return True
    return any(
        not isinstance(s, (ast.Pass, ast.Raise))
        and not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        and not (isinstance(s, ast.Return) and (s.value is None or isinstance(s.value, (ast.Constant, ast.Name))))
        for s in body
    )
