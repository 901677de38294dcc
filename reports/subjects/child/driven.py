"""Objects whose forward keeps or changes a shape: built, called once in each direction, everything new collected."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from . import names
from .arrays import Array, arrays, changed, copied, tree
from .calling import MODES, Failure, Recorder, attempt, bound, instances
from .layer import OUTPUTS, RATE
from .layer_gradients import DINPUTS
from .networks.sizes import role
from .settled import settle, shapes_told, waits
from .signatures import parameters, required, where
from .stubs import Stub

MOST_WAYS = 12  # of building one object


def built(holder: type, offers: list[Any], queues: list[list[Any]], shape: tuple[int, ...] = ()) -> Iterator[Any]:
    """Yields objects of a class in every way that seems possible, told the shape of one sample."""
    offers = [*offers, *(({names.plain(one.name)}, shape[0]) for one in parameters(holder) if shape and
                         one.default == 0 and role(one.name) in ("in", "out"))]  # fmt: skip
    for told in shapes_told(shape) if shape else [None]:
        for made in islice(instances(holder, offers, queues), MOST_WAYS):
            if told is not None and (told is shape or waits(made)):
                settle(made, [told], Recorder())
            elif told is not None:
                break
            yield made


def place(holder: type, methods: list[str]) -> dict[str, Any]:
    """The first of some methods, and where it stands in their file."""
    return {"name": methods[0], **where(getattr(holder, methods[0]))} if methods else {"name": ""}


def knows_mode(made: Any) -> bool:
    """Whether an object can be told that it is not being trained."""
    forward = names.methods(type(made), names.FORWARD)
    asks = [names.plain(one.name) for one in parameters(getattr(made, forward[0]))] if forward else []
    switches = {"eval", "evaluate", "seteval", "evalmode", "test"}
    return (
        any(name in names.TRAINING | {"test", "inference", "isinference"} for name in asks)
        or any(isinstance(vars(made).get(name), bool) for name in MODES)
        or any(names.plain(name) in switches for name in dir(made))
    )


def switched(made: Any, training: bool) -> None:
    """Tells an object whether it is being trained, where it has a way to be told."""
    for name in MODES:
        if isinstance(vars(made).get(name), bool):
            setattr(made, name, training)
    for method in names.methods(type(made), ("train",) if training else ("eval", "evalmode", "seteval")):
        if not required(getattr(made, method)):
            attempt(getattr(made, method))


def forward(made: Any, method: str, x: Array, shapes: list[tuple[int, ...]] | None, training: bool = True) -> Array:
    """What a forward gives, of one of the shapes (None: of any); raises Failure where it gives nothing such."""
    function = getattr(made, method)
    before = copied(arrays(made))
    switched(made, training)
    offers = [(names.TRAINING, training), ({"test", "inference", "isinference"}, not training)]
    asks = {names.plain(one.name) for one in parameters(function)}
    given = bound(function, [], [x, training], optional=False)
    for one in parameters(function):  # a flag is always given, though it has a default
        for group, value in offers:
            if names.plain(one.name) in group & asks:
                given[one.name] = value
    result = attempt(function, **given)
    if isinstance(result, Stub):
        raise Failure(TypeError("it rests on a module that is not installed"))
    fits = [a for a in tree(result).values() if shapes is None or a.shape in shapes]
    if shapes is None:
        fits = [a for a in fits if a.ndim > 0]
    if fits:
        masks = [a for a in fits if a.dtype.kind == "b" or np.isin(a, (0, 1)).all()]
        return np.array(next((a for a in fits if all(a is not mask for mask in masks)), fits[0]), dtype=float)
    have = changed(before, arrays(made)) | arrays(made)  # what is new first; an output may be what it was
    new = {p: a for p, a in have.items() if shapes is None or a.shape in shapes}
    named = [p for p in new if names.plain(p.split(".")[-1]) in OUTPUTS]
    named.sort(key=lambda p: OUTPUTS.index(names.plain(p.split(".")[-1])))
    if not named:
        raise Failure(ValueError("its forward gives no output of a shape that is known"))
    return np.array(new[named[0]], dtype=float)


def backward(made: Any, method: str, g: Array, x: Array) -> tuple[Array | None, dict[str, Array]]:
    """Goes back once: the gradient of the inputs, and all that is new, by path."""
    function = getattr(made, method)
    before = copied(arrays(made))
    offers = [(names.UPSTREAM, g.copy()), (names.RATE, RATE), (names.TRAINING, True),
              ({"x", "inputs", "input", "aprev"}, x.copy())]  # fmt: skip

    def elsewhere(**given: Any) -> Any:
        np.random.seed(1)  # noqa: NPY002  # so that what is drawn again is drawn otherwise
        return function(**given)

    given = bound(function, offers, [g.copy(), RATE, True], optional=False)
    result = attempt(elsewhere, **given)
    new = changed(before, arrays(made))
    pool = {f"returned {p}".strip(): a for p, a in tree(result).items()} | new
    back = [a for p, a in pool.items() if p.startswith("returned") and a.shape == x.shape]
    if not back:
        named = [p for p, a in new.items() if names.plain(p.split(".")[-1]) in DINPUTS and a.shape == x.shape]
        named.sort(key=lambda p: DINPUTS.index(names.plain(p.split(".")[-1])))
        back = [new[p] for p in named]
    return (np.array(back[0], dtype=float) if back else None), pool
