"""The explicit way: a class Adapter with parameters(), forward(x), gradients(x, y); if it likes loss, step, labels.

`parameters()` gives the live arrays in order, each weights (in, out) before its biases; `gradients(x, y)` theirs in
the same order. `labels` may say "one-hot" (the default), "indices" or "column"; loss(x, y) gives one number;
step(x, y, rate) makes one update. What is not as it should be is told in one line: what came, what is wanted.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .agreed import LIVE, Misused, gradients, kind, output, pairs, parameters, titles
from .calling import Failure, Slow, attempt
from .differences import slope_at_0
from .networks.data import RATE, B, data
from .signatures import where

Array = np.ndarray
WANTED = ("parameters", "forward", "gradients")
WRITE = {
    "parameters": "parameters(), the live arrays, each weights (in, out) before its biases",
    "forward": "forward(x), the output (samples, out)",
    "gradients": "gradients(x, y), the gradients in the order of parameters()",
}
STAGES = {"forward": "forward", "backward": "gradients", **{one: one for one in ("parameters", "loss", "step")}}
LABELS = ("one-hot", "indices", "column")


def is_adapter(name: str, holder: type) -> bool:
    """Whether a class is an adapter, and whole."""
    return name.endswith("Adapter") and set(WANTED) <= set(dir(holder))


def in_part(classes: dict[str, type]) -> list[dict[str, Any]]:
    """A class Adapter that lacks something, where nothing else of its file could be driven: what there is, judged."""
    for name, holder in classes.items():
        if name.endswith("Adapter") and (name == "Adapter" or {"parameters", "forward"} <= set(dir(holder))):
            return [look_at(name, holder)]
    return []


def look_at(name: str, holder: type) -> dict[str, Any]:
    """An adapter as a network; what it raises is told with its line."""
    seen: dict[str, Any] = {
        "name": name, "role": "network", "kind": "network", "form": 0, "adapter": True,
        **{stage: {"name": name, **where(getattr(holder, name, None))} for stage, name in STAGES.items()},
    }  # fmt: skip
    lacking = [method for method in WANTED if not callable(getattr(holder, method, None))]
    seen["lacking"] = "; ".join(WRITE[method] for method in lacking)
    if lacking and lacking != ["gradients"]:
        words = f"an Adapter is wanted with {seen['lacking']}: write it as a method"
        return {**seen, "trials": [{"wrong": words}]}
    trials = []
    for batch in (B, 1):
        trial: dict[str, Any] = {}
        try:
            _try(holder, batch, trial)
        except Misused as misuse:
            trial["wrong"] = str(misuse)
        trials.append(trial)
    return {**seen, "trials": trials}


def called(what: str, function: Callable[..., Any], *given: Any) -> Any:
    """What one of their methods gives; Misused where it raises, or cannot be called so."""
    try:
        return attempt(function, *given)
    except Failure as failure:
        told = str(failure)
        if failure.binding and isinstance(failure.error, TypeError):
            bare = told.rpartition("TypeError: ")[2]
            raise Misused(f"it is called as {what}, and cannot be: {bare}; let it take these arguments alone") from None
        if isinstance(failure.error, IndexError) and "used as indices" in told:
            told = f"{told}; y is one-hot, (samples, out): for class numbers write labels = 'indices' in the class"
        raised = "" if isinstance(failure.error, Slow) else "raises "
        shapes = ", ".join(f"{name} {one.shape}" for name, one in zip("xy", given, strict=False))
        bare = told.removeprefix("it refuses what it is given: ").replace(":  at line", " at line")
        raise Misused(f"{what} {raised}{bare.removeprefix('it ')}{f'; given {shapes}' if shapes else ''}") from None


def _try(holder: type, batch: int, trial: dict[str, Any]) -> None:
    made = called(f"{holder.__name__}()", holder)
    rng = np.random.default_rng(41)
    ask = lambda: called("parameters()", made.parameters)  # noqa: E731
    live = parameters(ask(), ask())
    for array in live:
        array[...] = rng.standard_normal(array.shape)
    held = pairs([a.copy() for a in live])
    labels = getattr(made, "labels", "one-hot")
    if labels not in LABELS:
        raise Misused(f"labels is {labels!r}: it is one of {', '.join(map(repr, LABELS))}")
    x, y = data(batch, held[0][0].shape[0], held[-1][0].shape[1], labels)
    trial |= {"inputs": x, "targets": y, "labels": labels, "layout": "rows", "parameters": held}
    forward = lambda: called("forward(x)", made.forward, x.copy())  # noqa: E731
    found = output(forward(), (batch, held[-1][0].shape[1]))
    _listens(forward, live, rng)
    trial["output"] = found
    if not callable(getattr(made, "gradients", None)):
        return
    given = gradients(called("gradients(x, y)", made.gradients, x.copy(), y.copy()), live)
    trial["gradients"] = pairs(given)
    before = [array for pair in held for array in pair if array is not None]
    if not all(np.array_equal(array.ravel(), now.ravel()) for array, now in zip(before, live, strict=True)):
        trial["changes"] = "gradients(x, y) changes the parameters: it is to give their gradients, step to change them"
        for array, now in zip(before, live, strict=True):
            now[...] = array.reshape(now.shape)
    if hasattr(made, "loss"):
        try:
            trial["slopes"] = [_slope(made, array, x, y, rng) for array in live]
        except Misused as misuse:
            trial["loss_error"] = str(misuse)
    if hasattr(made, "step"):
        try:
            called("step(x, y, rate)", made.step, x.copy(), y.copy(), RATE)
            moved = parameters(ask(), ask())  # theirs may be new arrays after a step
            trial["moves"] = [(old - now.reshape(old.shape)) / RATE for old, now in zip(before, moved, strict=True)]
        except Misused as misuse:
            trial["step_error"] = str(misuse)


def _listens(forward: Callable[[], Any], live: list[Array], rng: np.random.Generator) -> None:
    """Raises Misused where weights that were written have no part in the output: they are copies."""
    for array, what in zip(live, titles(live), strict=True):
        if array.ndim < 2 or min(array.shape) < 2:
            continue
        before, old = np.array(forward()), array.copy()
        array[...] = rng.standard_normal(array.shape)
        same = np.array_equal(before, np.array(forward()))
        array[...] = old
        if same:
            raise Misused(f"what is written into {what} has no part in forward(x): parameters() {LIVE}")


def _slope(made: Any, live: Array, x: Array, y: Array, rng: np.random.Generator) -> list[Any]:
    """A direction of one parameter, the slope of the loss along it, and how far off that may be."""
    direction, before = rng.standard_normal(live.shape), live.copy()

    def value(h: float) -> float:
        live[...] = before + h * direction
        given = called("loss(x, y)", made.loss, x.copy(), y.copy())
        try:
            found = np.asarray(given, dtype=float)
        except (TypeError, ValueError):
            found = np.array([])
        if given is None or found.size != 1:
            raise Misused(f"loss(x, y) gives {kind(given)}, where one number is wanted")
        return float(found.reshape(()))

    try:
        return [direction, *slope_at_0(value)]
    finally:
        live[...] = before
