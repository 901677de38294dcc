"""What the class of a network raises whatever it is given: a name that nothing has, a call that NumPy has not."""

import ast
import re
from typing import Any

from .. import names
from ..calling import Failure, attempt, bound
from ..signatures import constructor_of, lines, required, where
from .data import idle, settings
from .objects import sizes_of
from .sizes import role
from .words import WORDS_BACKWARD, WORDS_FORWARD, WORDS_TRAIN_FIRST, fitting

set_somewhere: set[str] = set()  # every name, and every attribute, that the files set, import or take
everything = [False]  # whether they import whatever another module has, or could not be read to the end
UNREAD = re.compile(r"is broken|read without it|cannot read")


def learn(scripts: list[Any], notes: list[str]) -> None:
    """Keeps what the files set anywhere, in what is left out too."""
    everything[0] |= any(UNREAD.search(note) for note in notes)
    for node in (node for _, body, _ in scripts for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            set_somewhere.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            set_somewhere.add(node.attr)
        elif isinstance(node, ast.alias):
            everything[0] |= node.name == "*"
            set_somewhere.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            set_somewhere.add(node.name)
        elif isinstance(node, ast.arg):
            set_somewhere.add(node.arg)


def is_slip(failure: Failure) -> bool:
    """Whether a call raised for a name that nothing in the files sets."""
    error = failure.error
    return isinstance(error, NameError) and not everything[0] and (error.name or "") not in {"", *set_somewhere}


def look_at(name: str, holder: type, short: dict[str, str], slip: str | None) -> dict[str, Any] | None:
    """A class with a way forward and a way back that always raises, as plain data; None where it is none such."""
    forward = fitting(short, WORDS_FORWARD)
    backward = [word for word in fitting(short, (*WORDS_BACKWARD, *WORDS_TRAIN_FIRST)) if word not in forward]
    crash = slip or _of_constructor(holder) if forward and backward else None
    if crash is None:
        return None
    stages = {"forward": short[forward[0]], "backward": short[backward[0]]}
    return {"name": name, "role": "network", "kind": "network", "form": 2, "trials": [{"crash": str(crash)}],
            **{stage: {"name": one, **where(getattr(holder, one))} for stage, one in stages.items()}}  # fmt: skip


def _of_constructor(holder: type) -> Failure | None:
    """What a constructor raises that no way to call it avoids; None where what we give it may be to blame."""
    constructor = constructor_of(holder)
    asks = [one.name for one in required(constructor)]
    if not all(role(one) or names.plain(one) in names.SIZES | names.RATE for one in asks):
        return None
    raised: list[Failure] = []
    for sizes in sizes_of(holder, 3):
        try:
            attempt(holder, **bound(constructor, [*sizes, *settings(), *idle(constructor)]))
        except Failure as failure:
            raised.append(failure)
        else:
            return None
    first = raised[0]
    own = lines(constructor)
    inside = bool(own) and own[0] <= (first.line or 0) <= own[1] and first.file == where(constructor)["file"]
    if not inside or first.refusal or first.binding:
        return None
    sized = all(role(one) for one in asks) and isinstance(first.error, TypeError)
    return first if is_slip(first) or sized else None
