"""What some objects want before they work: the shape of their inputs, a call that makes weights, an initializer."""

import inspect
import re
from typing import Any

import numpy as np

from . import names
from .arrays import Array, arrays
from .calling import Failure, attempt, bound
from .signatures import required

SET_UP = ("setinputshape", "initialize", "build", "initweights", "initializeweights", "initparams", "initparameters",
          "setup", "compile", "initializeparameters", "init")  # fmt: skip
OPTIMIZER = {"optimizer", "optimiser", "opt", "optim"}
SHAPE_OF_INPUT = ("inputshape", "inshape", "shapein", "inputdim", "inputsize", "insize")

ACTIVATION_NAMES = {"activation", "activationfn", "actfn", "act", "activationfunction", "activator", "activationtype",
                    "activationname", "activationfunc", "actfunc", "nonlinearity"}  # fmt: skip


def asks_activation(one: inspect.Parameter) -> bool:
    """Whether a parameter wants an activation, by its name or a part of it: activation_model."""
    short = names.plain(one.name)
    return short in ACTIVATION_NAMES or ("activ" in short and not re.search(r"prime|deriv|grad|^is|^d", short))


def waits(made: Any) -> list[str]:
    """The attributes in which an object wants the shape of its inputs."""
    return [key for key, value in vars(made).items() if value is None and names.plain(key) in SHAPE_OF_INPUT]


def shapes_told(shape: tuple[int, ...]) -> list[Any]:
    """The ways to say the shape of one sample."""
    return [shape, (None, *shape), shape[0]]


def settle(made: Any, told: list[Any], recorder: Any = None) -> None:
    """Tells an object the shape of one sample, as the model it is made for would, and calls what sets it up."""
    waiting = waits(made)
    for key, value in vars(made).items():
        if value is None and recorder is not None and names.plain(key) in OPTIMIZER:
            setattr(made, key, recorder)
    for given in told:
        for key in waiting:
            setattr(made, key, given)
        methods = [one for one in names.methods(type(made), SET_UP) if not _in_forward(type(made), one)]
        for method in [one for one in methods if not one.startswith("_")] or methods:
            function = getattr(made, method)
            offers = [(names.N_IN | {"shape"}, given), (OPTIMIZER, recorder)]
            try:
                attempt(function, **bound(function, offers, [given]))
            except Failure:
                continue
        if arrays(made):
            return


def _in_forward(holder: type, method: str) -> bool:
    """Whether a way forward calls a set-up method itself, when it knows more."""
    forward = (getattr(getattr(holder, one), "__code__", None) for one in names.methods(holder, names.FORWARD))
    return any(code is not None and method in code.co_names for code in forward)


class Initializer:
    """Stands for whatever makes weights: called, or asked by any method, it gives random numbers of a shape."""

    def __call__(self, *shape: Any, **_: Any) -> Array:
        """Random numbers; takes the shape as a tuple or as numbers."""
        sizes = shape[0] if shape and isinstance(shape[0], (tuple, list)) else shape
        return np.random.default_rng(5).standard_normal([int(size) for size in sizes])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.__call__


def initializers(holder: type) -> list[str]:
    """The parameters of a constructor that want an initializer and have no default."""
    return [p for p in (names.plain(one.name) for one in required(holder)) if "initiali" in p or "initfn" in p]
