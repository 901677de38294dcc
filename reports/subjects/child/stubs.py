"""Modules that are not there: any attribute of a stub is a stub, any call gives one, nothing happens."""

import ast
import importlib.abc
import importlib.machinery
import re
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from . import datasets

BAR = re.compile("tqdm|progress|track", re.IGNORECASE)
FORBIDDEN = ("torch", "tensorflow", "jax", "pandas", "scratch", "reference", "reports", "keras")  # even if installed


class Stub(types.ModuleType):
    """Stands for anything: attributes, calls, items, loops over nothing."""

    __path__: list[str] = []  # noqa: RUF012  # a module's own attribute: a stub is a package too

    def __init__(self, name: str = "stub", *_: Any, **__: Any) -> None:
        super().__init__(name if isinstance(name, str) else "stub")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        made = Stub(name)
        setattr(self, name, made)
        return made

    def __call__(self, *args: Any, **_: Any) -> Any:
        """Gives a stub; as a decorator it changes nothing."""
        if len(args) == 1 and isinstance(args[0], (types.FunctionType, type)):
            return args[0]  # used as a decorator, it changes nothing
        if self.__name__ == "trange" and all(isinstance(one, int) for one in args):
            return Bar(range(*args))
        if args and (isinstance(args[0], (range, zip, enumerate)) or BAR.search(self.__name__)):
            return Bar(args[0]) if isinstance(args[0], Iterable) and not isinstance(args[0], str) else Stub("result")
        return Stub("result")

    def __getitem__(self, _: Any) -> Any:
        return Stub("item")

    def __iter__(self) -> Iterator[Any]:
        return iter((Stub("a"), Stub("b")))

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("a module that is not installed gives no numbers")

    def __mro_entries__(self, _: Any) -> tuple[type, ...]:
        return ()  # two of them beside each other would be one base twice

    def __instancecheck__(self, _: Any) -> bool:
        return False  # nothing is made of a class that is not there

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0


class Bar(Stub):
    """A progress bar: it goes over what it is given."""

    def __init__(self, given: Iterable[Any]) -> None:
        super().__init__("bar")
        vars(self)["_given"] = given

    def __iter__(self) -> Iterator[Any]:
        return iter(vars(self)["_given"])


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Comes last: whatever no other finder knows becomes a stub."""

    def __init__(self) -> None:
        self.stubbed: list[str] = []

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """Says that the module is a stub, unless the standard library or NumPy has it."""
        if name.split(".")[0] in sys.stdlib_module_names or name.startswith("numpy"):
            return None
        self.stubbed.append(name)
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> types.ModuleType:
        made = MADE.get(spec.name)
        return made() if made else Stub(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing to execute."""


class _Refusal(importlib.abc.MetaPathFinder):
    """Comes first: third-party libraries other than NumPy are never loaded, so that none runs code or takes time."""

    def __init__(self, finder: _Finder) -> None:
        self.finder = finder

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        top = name.split(".")[0]
        if top in sys.stdlib_module_names or top in ("numpy", "parity_child", "__main__"):
            return None
        return self.finder.find_spec(name, path, target)


def install() -> list[str]:
    """Makes every import of a missing module succeed; returns the list that the names of stubs are added to."""
    _lend_gone()
    finder = _Finder()
    sys.meta_path.insert(0, _Refusal(finder))
    sys.meta_path.append(finder)
    return finder.stubbed


def _nnfs() -> types.ModuleType:
    """The book's package without its patching of NumPy: init() does nothing, float64 stays."""
    module: Any = Stub("nnfs")
    module.init = lambda *_, **__: None
    module.datasets = _datasets()
    return module


def _datasets() -> types.ModuleType:
    """Small data in the shapes of nnfs.datasets."""
    module: Any = Stub("nnfs.datasets")
    rng = np.random.default_rng(0)

    def points(samples: int = 5, classes: int = 3, **_: Any) -> tuple[np.ndarray, np.ndarray]:
        samples = min(int(samples), 20)
        return rng.standard_normal((samples * classes, 2)), np.repeat(np.arange(classes), samples).astype(np.uint8)

    def sine(samples: int = 20, **_: Any) -> tuple[np.ndarray, np.ndarray]:
        x = np.linspace(0, 1, min(int(samples), 20)).reshape(-1, 1)
        return x, np.sin(2 * np.pi * x)

    module.spiral_data = module.vertical_data = module.spiral = module.vertical = points
    module.sine_data = module.sine = sine
    return module


def _signal() -> types.ModuleType:
    """The two sliding sums of scipy.signal that convolutions by hand are made of."""
    module: Any = Stub("scipy.signal")

    def correlate2d(x: Any, k: Any, mode: str = "full", *_: Any, **__: Any) -> Any:
        x, k = np.asarray(x, float), np.asarray(k, float)
        (rows, columns), (high, wide) = x.shape, k.shape
        padded = np.pad(x, ((high - 1, high - 1), (wide - 1, wide - 1)))
        sums = np.einsum("ijkl,kl->ij", np.lib.stride_tricks.sliding_window_view(padded, k.shape), k)
        if mode == "full":
            return sums
        if mode == "same":
            return sums[high // 2 : high // 2 + rows, wide // 2 : wide // 2 + columns]
        return sums[high - 1 : rows, wide - 1 : columns]

    module.correlate2d = module.correlate = correlate2d
    module.convolve2d = module.convolve = lambda x, k, mode="full", *_, **__: correlate2d(
        x, np.asarray(k)[::-1, ::-1], mode)  # fmt: skip
    return module


def _scipy() -> types.ModuleType:
    module: Any = Stub("scipy")
    module.signal = _signal()
    module.special, module.stats = _special(), _stats()
    return module


def _special() -> types.ModuleType:
    """The few functions of scipy.special that networks use."""
    module: Any = Stub("scipy.special")

    def expit(x: Any) -> Any:
        small = np.exp(-np.abs(x))
        return np.where(np.asarray(x) >= 0, 1 / (1 + small), small / (1 + small))

    def softmax(x: Any, axis: int | None = None) -> Any:
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)

    module.expit, module.softmax = expit, softmax
    module.logsumexp = lambda x, axis=None, keepdims=False: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))
    module.xlogy = lambda x, y: np.where(np.asarray(x) == 0, 0.0, x * np.log(np.where(np.asarray(x) == 0, 1.0, y)))
    return module


def _cupy() -> types.ModuleType:
    """NumPy under another name, as cupy is on a graphics card."""
    module: Any = types.ModuleType("cupy")
    module.asnumpy = np.asarray
    module.__getattr__ = lambda name: getattr(np, name)
    return module


GONE = {"float": float, "int": int, "object": object, "NaN": np.nan, "Inf": np.inf, "infty": np.inf,
        "float_": np.float64, "product": np.prod, "row_stack": np.vstack, "asfarray": np.asarray}  # fmt: skip


def _lend_gone() -> None:
    """Gives NumPy the names that it had when many networks were written."""
    for name, value in GONE.items():
        if name not in vars(np):
            setattr(np, name, value)


def _stats() -> types.ModuleType:
    """The distributions of scipy.stats from which weights are drawn: what is drawn is not what is looked at."""
    module: Any = Stub("scipy.stats")
    for name in ("truncnorm", "norm", "uniform"):
        drawn = _Drawn(name)
        setattr(module, name, drawn)
    return module


class _Drawn(Stub):
    """A distribution, or one with its parameters: both give numbers."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        """The same distribution."""
        return self

    def rvs(self, *given: Any, size: Any = None, **_: Any) -> Any:
        """As many numbers as are asked for: a shape by name, or alone."""
        shape = size if size is not None else given[0] if len(given) == 1 else 1
        return np.random.default_rng(5).standard_normal(shape) * 0.5


def _numba() -> types.ModuleType:
    """Its loops are Python's, slower."""
    module: Any = Stub("numba")
    module.prange = range
    return module


class Older(ast.NodeTransformer):
    """Makes float(x) and int(x) take an array of one number, as they did before NumPy 2.4."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """Another name for what is called; everything else stays."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ("float", "int") and len(node.args) == 1:
            node.func.id = f"parity_{node.func.id}"
        return node


def _of_one(make: type) -> Any:
    return lambda value: make(value.item() if isinstance(value, np.ndarray) and value.size == 1 else value)


LENT = {"parity_float": _of_one(float), "parity_int": _of_one(int)}
MADE = {
    "numba": _numba,
    "cupy": _cupy,
    "nnfs": _nnfs,
    "nnfs.datasets": _datasets,
    "scipy": _scipy,
    "scipy.stats": _stats,
    "scipy.signal": _signal,
    "scipy.special": _special,
    **datasets.modules(Stub),
}
