"""The parameters of a network: matrices that follow one another, the biases beside them, their gradients.

Axes: D inputs, H hidden, C outputs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arrays import Array

NO_PARAMETER = re.compile(r"grad|delta|momentum|cache|velocit|moment|nabla|error|history|(^|[._])d[._]?[a-z]?\d*$|"
                          r"(^|[._])d_?(w|b|z|a)", re.IGNORECASE)  # fmt: skip
VALUE = re.compile(
    r"input|output|(^|[._])(x|y|a|z|h)_?\d*$|activation|hidden|layer|train|test|data|pred", re.IGNORECASE
)
WEIGHT = re.compile(
    r"w(eight|ts?)?s?(_|\d|$)|weight|bias|(^|[._])b(_|\d|$)|theta|syn|kernel|param|coef|^\d+$", re.IGNORECASE
)


STORED = re.compile(r"(^|[._])(activations?|outputs?|inputs?|zs?|as?|pre_?activations?|errors?)[.]\d+$", re.IGNORECASE)
BIAS = re.compile(r"^b(ias(es)?)?_?\d*$|bias|(^|[._])b\d*([._]|$)|^b_", re.IGNORECASE)


def parameter_like(path: str) -> bool:
    """Whether a name may be that of a parameter: no gradient, and no value of a layer unless it says weight or bias."""
    if NO_PARAMETER.search(path) or STORED.search(path):
        return False
    return not VALUE.search(path.split(".")[-1]) or bool(WEIGHT.search(path))


@dataclass
class Chain:
    """Weights (and biases) of layers in order: paths into an object, and how the matrices lie."""

    weights: list[str]
    biases: list[str | None]
    orientation: str

    @classmethod
    def find(
        cls,
        found: dict[str, Array],
        d: int | None,
        c: int | None,
        ones: bool = False,
        alone: bool = False,
        sure: bool = False,
    ) -> "Chain | None":
        """The chain from D inputs to C outputs among arrays; None when there is none.

        With `ones` a matrix may have one more input than the one before it has outputs; `alone` one matrix will do;
        `sure` says that all arrays are parameters, whatever their names.
        """
        distinct: dict[str, Array] = {}
        for path, array in found.items():
            if (
                array.dtype.kind == "f"
                and (sure or parameter_like(path))
                and not any(array is a for a in distinct.values())
            ):
                distinct[path] = array
        matrices = {
            p: a
            for p, a in distinct.items()
            if a.ndim == 2
            and a.size > 1
            and not (1 in a.shape and BIAS.search(p.split(".")[-1] if not p[-1:].isdigit() else p))
        }
        if alone:
            matrices = {p: a for p, a in matrices.items() if sure or WEIGHT.search(p.split(".")[-1])}
            if len(matrices) != 1:
                return None
        best: tuple[list[str], str, int] | None = None
        for orientation, (first, second) in {"in, out": (0, 1), "out, in": (1, 0)}.items():
            for start in matrices:
                if d is not None and matrices[start].shape[first] != d:
                    continue
                chain = cls._grow(matrices, start, (first, second), c, ones, alone)
                if chain and (best is None or cls._rank(chain, matrices) > cls._rank(best[0], matrices)):
                    best = chain, orientation, second
        if best is None:
            return None
        made = cls(best[0], cls._biases(distinct, best[0], best[2], sure), best[1])
        made.shapes = {p: found[p].shape for p in (*made.weights, *made.biases) if p}
        return made

    @staticmethod
    def _rank(chain: list[str], matrices: dict[str, Array]) -> tuple[int, bool]:
        """Longer chains first, then those in the order in which the matrices were found."""
        places = [list(matrices).index(path) for path in chain]
        return len(chain), places == sorted(places)

    @staticmethod
    def _grow(
        matrices: dict[str, Array], start: str, axes: tuple[int, int], c: int | None, ones: bool, alone: bool
    ) -> list[str] | None:
        first, second = axes
        chain = [start]
        width = matrices[start].shape[second]
        paths = list(matrices)
        while True:
            position = paths.index(chain[-1])
            rest = [p for p in [*paths[position + 1 :], *paths[:position]] if p not in chain]
            rest = [p for p in rest if matrices[p].shape[first] in (width, width + ones) and max(matrices[p].shape) > 1]
            rest = [p for p in rest if matrices[p].shape[first] != 1]
            if not rest:
                break
            chain.append(rest[0])
            width = matrices[rest[0]].shape[second]
        whole = len(chain) + alone > 1 and (c is None or width == c)
        return chain if whole else None

    @staticmethod
    def _biases(found: dict[str, Array], chain: list[str], second: int, sure: bool) -> list[str | None]:
        taken: set[str] = set(chain)
        biases: list[str | None] = []
        for path in chain:
            width = found[path].shape[second]
            fits = [p for p, a in found.items() if p not in taken and a.size == width and a.ndim in (1, 2)
                    and (a.ndim == 1 or 1 in a.shape)]  # fmt: skip
            number = re.search(r"(\d+)\D*$", path)
            fits.sort(key=lambda p: not (number and re.search(rf"(?<!\d){number.group(1)}\D*$", p)))
            named = [p for p in fits if re.search(r"b|w0|v0|theta|intercept|thresh", p, re.IGNORECASE)]
            named = named or [p for p in fits if sure or not re.search("[a-z]", p, re.IGNORECASE)]
            biases.append(named[0] if named else None)
            taken.update(named[:1])
        return biases

    @property
    def paths(self) -> list[list[str | None]]:
        """Where the weights and the biases of each layer stand."""
        return [list(pair) for pair in zip(self.weights, self.biases, strict=True)]

    def widths(self, found: dict[str, Array]) -> list[int]:
        """D, H, ..., C."""
        first, second = (0, 1) if self.orientation == "in, out" else (1, 0)
        return [found[self.weights[0]].shape[first], *(found[path].shape[second] for path in self.weights)]

    def ones(self, found: dict[str, Array]) -> list[bool]:
        """For each matrix whether it has one more input than the matrix before it has outputs; the first one has."""
        first, second = (0, 1) if self.orientation == "in, out" else (1, 0)
        pairs = zip(self.weights, self.weights[1:], strict=False)
        return [True, *(found[b].shape[first] == found[a].shape[second] + 1 for a, b in pairs)]

    def fill(self, write: Callable[[str, Array], None], found: dict[str, Array]) -> None:
        """Writes ordinary numbers into all parameters, biases too."""
        rng = np.random.default_rng(37)
        for path in [p for pair in zip(self.weights, self.biases, strict=True) for p in pair if p]:
            scale = 1.0 if path not in self.weights else min(1.0, 3.0 / np.sqrt(max(found[path].shape)))
            value = rng.standard_normal(found[path].shape) * scale
            try:
                write(path, value)
            except (KeyError, ValueError, AttributeError, IndexError, TypeError):
                continue

    def turn_last(self, write: Callable[[str, Array], None], found: dict[str, Array]) -> None:
        """Gives the weights and biases of the last layer the other sign."""
        for path in (self.weights[-1], self.biases[-1]):
            if path:
                write(path, -found[path])

    def _turned(self, array: Array) -> Array:
        return np.array(array.T if self.orientation == "out, in" else array)

    def values(self, found: dict[str, Array]) -> list[list[Any]]:
        """[[weights (in, out), biases (1, out) or None], ...]."""
        return [[self._turned(found[w]), np.array(found[b]).reshape(1, -1) if b else None]
                for w, b in zip(self.weights, self.biases, strict=True)]  # fmt: skip

    def moved(self, before: dict[str, Array], after: dict[str, Array]) -> bool:
        """Whether any parameter has changed."""
        paths = [p for p in (*self.weights, *self.biases) if p]
        return any(p in before and p in after and before[p].shape == after[p].shape
                   and not np.array_equal(before[p], after[p]) for p in paths)  # fmt: skip

    def finite(self, found: dict[str, Array]) -> bool:
        """Whether all weights are numbers."""
        return all(np.isfinite(found[path]).all() for path in self.weights if path in found)

    def steps(self, before: dict[str, Array], after: dict[str, Array], rate: float) -> list[list[Any]]:
        """(before - after) / rate of every parameter; a parameter of another shape is given as it is."""
        made = []
        for w, b in zip(self.weights, self.biases, strict=True):
            dw = (before[w] - after[w]) / rate if before[w].shape == after[w].shape else after[w]
            db = None
            if b:
                db = (before[b] - after[b]) / rate if before[b].shape == after[b].shape else after[b]
                db = db.reshape(1, -1) if db.size == before[b].size else db
            made.append([self._turned(dw), db])
        return made

    def read(self, pool: dict[str, Array]) -> dict[str, Array] | None:
        """The parameters among returned arrays that keep their names or places."""
        found = {}
        for path in (*self.weights, *self.biases):
            if path and f"returned.{path}" in pool:
                found[path] = pool[f"returned.{path}"]
        return found if len(found) >= len(self.weights) else None

    def gradients(self, pool: dict[str, Array]) -> list[list[Any]] | None:
        """Gradients of all weights among arrays, by shape and by the number in their names; None when some lack."""
        own = {p for p in (*self.weights, *self.biases) if p}
        rest = {p: a for p, a in pool.items() if (p not in own and p.removeprefix("returned.") not in own)
                or re.search(r"grad|^returned", p)}  # fmt: skip
        return self._assigned({p: a for p, a in rest.items() if a.dtype.kind == "f"})

    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def _assigned(self, rest: dict[str, Array]) -> list[list[Any]] | None:
        made: list[list[Any]] = []
        used: set[str] = set()
        for w, b in zip(self.weights, self.biases, strict=True):
            dw = self._pick(rest, used, self.shapes[w], w, "w")
            if dw is None:
                return None
            used.add(dw)
            db = None
            if b:
                db = self._pick(rest, used, self.shapes[b], b, "b", dw)
                if db:
                    used.add(db)
            value = None if db is None else rest[db]
            if value is not None and b and value.size == int(np.prod(self.shapes[b])):
                value = value.reshape(1, -1)
            made.append([self._turned(rest[dw]), value])
        lacking = [pair for pair, b in zip(made, self.biases, strict=True) if b and pair[1] is None]
        left = [a for p, a in rest.items() if p not in used and p.startswith("returned.") and a.size == 1]
        if lacking and len(left) == len(lacking):  # one number for all biases of a layer
            for pair, number in zip(lacking, left, strict=True):
                pair[1] = number
        return made

    def _pick(
        self, rest: dict[str, Array], used: set[str], shape: tuple[int, ...], path: str, letter: str, beside: str = ""
    ) -> str | None:
        size = int(np.prod(shape))
        fits = [
            p
            for p, a in rest.items()
            if p not in used and (a.shape == shape or (letter == "b" and a.size == size and a.ndim <= 2))
        ]
        number = re.search(r"(\d+)\D*$", path)
        place = re.search(r"(\d+)\D*$", beside)

        def rank(p: str) -> tuple[bool, bool, bool, bool]:
            tail = p.removeprefix("returned.").split(".")[-1]
            same = bool(number and re.search(rf"(?<!\d){number.group(1)}\D*$", p))
            return (
                not re.search(r"grad|^d|delta|nabla|returned", p, re.IGNORECASE),
                not (place and re.search(rf"(?<!\d){place.group(1)}\D*$", p)),  # where the weights' gradient stands
                not same,
                letter not in tail.lower(),
            )

        fits.sort(key=rank)
        own = re.compile(rf"d_?{re.escape(path)}|grad_?{re.escape(path)}|{re.escape(path)}_?grad", re.IGNORECASE)
        called = [p for p in rest if p not in used and own.fullmatch(p.removeprefix("returned."))]
        if letter == "b" and called:  # whatever its shape
            return called[0]
        if not fits and letter == "b":  # of a wrong shape, but called so
            place_of = f"{number.group(1)}" if number else ""
            wrong = [
                p
                for p in rest
                if p not in used and re.search(rf"d_?b\w*{place_of}$|b\w*{place_of}.*grad", p, re.IGNORECASE)
            ]
            fits = wrong[:1]
        return fits[0] if fits else None


def nonzero(gradients: list[list[Any]]) -> bool:
    """Whether the gradients of the weights are there and not all zero."""
    return any(dw is not None and np.any(dw) for dw, _ in gradients)
