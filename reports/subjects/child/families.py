"""Families of free functions under any names, by what they take and give: a maker, a forward, a way back, a step.

Parameters may be lists of dicts, lists of tuples or dicts of lists; the way back may want the forward's tape.
Every way to bind arguments that gives gradients is handed on; the verdict is that of the one that is explained best.
Axes: B samples, D inputs, H hidden, C outputs.
"""

import copy
import inspect
import time
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np

from . import driving, names
from .arrays import Array, arrays, copied, put, tree
from .calling import Failure, attempt, parameters, required, where
from .driving import RATE, B, Chain, D, H

MOST_CALLS = 600  # of all functions of one file
MOST_BINDINGS = 3  # of one function that give gradients
MOST_FUNCTIONS = 40
RATES = names.RATE - {"a"}
Named = tuple[str, Any]


def look_at(functions: dict[str, Any]) -> dict[str, Any] | None:
    """Returns a family of functions as plain data, or None when no maker, forward and way back belong together."""
    functions = dict(list(functions.items())[:MOST_FUNCTIONS])
    calls = [0]
    for start in functions:
        for sizes in _arguments(functions[start]):
            chain = _chain(functions[start], sizes, 3, calls)
            if chain is None:
                continue
            found = _Family(functions, start, sizes, chain, calls).look()
            if found:
                return found
    return None


def _arguments(function: Any) -> Iterator[tuple[Any, ...]]:
    """What a maker of parameters may be given, with None where the number of outputs belongs."""
    match len(required(function)):
        case 0 if getattr(function, "__code__", None) and function.__code__.co_flags & inspect.CO_VARARGS:
            yield (D, H, None)
        case 1:
            yield from (([D, H, None],), ([(D, H), (H, None)],))
        case 2:
            yield from (([D, H, None], 1), ([D, H, None], "generator"), ("generator", [D, H, None]))
        case 3:
            yield (D, H, None)
        case 4:
            yield from ((D, H, None, "generator"), ("generator", D, H, None))


def _filled(value: Any, outputs: int) -> Any:
    """An argument with the number of outputs in its place."""
    if value is None:
        return outputs
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(inner, outputs) for inner in value)
    return np.random.default_rng(41) if value == "generator" else value


def _container(function: Any, sizes: tuple[Any, ...], outputs: int, calls: list[int]) -> Any:
    """Fresh parameters; raises Failure."""
    _count(calls)
    made = attempt(function, *(_filled(value, outputs) for value in sizes))
    return list(made) if isinstance(made, tuple) else made


def _count(calls: list[int]) -> None:
    """Counts a call; raises Failure when there were enough or the time is over."""
    calls[0] += 1
    if calls[0] > MOST_CALLS or time.monotonic() > driving.deadline[0]:
        raise Failure(RuntimeError("there was no time left to try it"))


def _chain(function: Any, sizes: tuple[Any, ...], outputs: int, calls: list[int]) -> Chain | None:
    """The parameters that a maker makes, as a chain from D over H to C; None when they are none."""
    try:
        made = _container(function, sizes, outputs, calls)
    except Failure:
        return None
    if not isinstance(made, (list, dict)):
        return None
    found = arrays(made)
    for orientation, wanted in (("in, out", [(D, H), (H, outputs)]), ("out, in", [(H, D), (outputs, H)])):
        weights = [path for shape in wanted for path, array in found.items() if array.shape == shape]
        if len(weights) == 2 and len(found) <= 4:
            rest = {path: array for path, array in found.items() if path not in weights}
            fits = [[p for p, a in rest.items() if a.size == width] for width in (H, outputs)]
            if sum(map(len, fits)) != len(rest) or any(len(one) > 1 for one in fits):
                return None
            chain = Chain(weights, [one[0] if one else None for one in fits], orientation)
            chain.shapes = {path: array.shape for path, array in found.items()}
            return chain
    return None


class _Family:
    """One maker of parameters with the functions beside it."""

    def __init__(
        self, functions: dict[str, Any], start: str, sizes: tuple[Any, ...], chain: Chain, calls: list[int]
    ) -> None:
        self.functions = {name: f for name, f in functions.items() if name != start and len(parameters(f)) >= 2}
        self.maker, self.sizes, self.chain, self.calls = functions[start], sizes, chain, calls
        self.forward, self.backward, self.step = "", "", ""

    def look(self) -> dict[str, Any] | None:
        """All trials of the family, or its forward alone; None where there is not even that."""
        trials: list[dict[str, Any]] = []
        for layouts in (("rows", "columns"), ("one row", "sample", "sample column")):
            for outputs, labels in ((3, "one-hot"), (1, "column"), (3, "indices"), (1, "vector")):
                for layout in layouts:
                    trials += self._trials(outputs, labels, layout)
            if trials:
                break
        if not trials:
            trials = self._forward_alone()
        if not trials:
            return None
        places = {"forward": self.forward, "backward": self.backward}
        return {
            "name": self.forward or self.backward,
            "role": "network",
            "kind": "network",
            "form": 3,
            "by_shape": True,
            **{
                stage: {"name": name, **(where(self.functions[name]) if name else {})} for stage, name in places.items()
            },
            "trials": trials[:16],
        }

    def _forward_alone(self) -> list[dict[str, Any]]:
        """One trial without gradients; what was raised by a function that takes targets is told."""
        x, y = driving.data(B, D, 3, "one-hot")
        for layout in ("rows", "columns"):
            given_x, given_y = driving.lay(x, y, layout)
            try:
                net = self._fresh(3)
            except (Failure, KeyError, ValueError, IndexError, TypeError):
                return []
            for name in self.functions:
                for result in self._results(name, [("net", net), ("x", given_x)]):
                    output = driving.find_output(result, {}, B, 3, layout)
                    if output is None:
                        continue
                    self.forward = name
                    known = [("net", net), ("tape", result), ("y", given_y), ("x", given_x)]
                    known.append(("output", driving.lay(output, output, layout)[0]))
                    return [{"inputs": x, "targets": y, "labels": "one-hot", "layout": layout,
                             "parameters": self.chain.values(arrays(net)), "output": np.array(output),
                             **self._raised(name, known)}]  # fmt: skip
        return []

    def _raised(self, forward: str, known: list[Named]) -> dict[str, str]:
        """What the likeliest way back raised, if there is any."""
        for name, function in self.functions.items():
            orders = _orders(function, known) if name != forward else []
            if not orders or not any(_guess(one.name) == "y" for one in required(function)):
                continue
            self.backward = name
            first, last = (where(function)["lines"] or [0, 0])[:2]
            errors = []
            for order in orders:
                try:
                    _count(self.calls)
                    attempt(function, *(copy.deepcopy(value) for _, value in order))
                except Failure as failure:
                    at = failure.line or 0
                    errors.append((at if first <= at <= last else 0, str(failure)))
            line, text = max(errors, key=lambda one: one[0], default=(0, ""))  # the call that came furthest
            return {
                "backward_error": f"{name}: {text}" if line else f"{name} gives no gradients that are known as such"
            }
        return {}

    def _fresh(self, outputs: int) -> Any:
        """Parameters with ordinary numbers in them, biases too."""
        made = _container(self.maker, self.sizes, outputs, self.calls)
        self.chain.fill(lambda path, value: put(made, path, value), arrays(made))
        return made

    def _trials(self, outputs: int, labels: str, layout: str) -> list[dict[str, Any]]:
        """The trials of one format of labels and one layout: one for each way to bind that gives gradients."""
        batch = B if layout in ("rows", "columns") else 1
        x, y = driving.data(batch, D, outputs, labels)
        given_x, given_y = driving.lay(x, y, layout)
        try:
            net = self._fresh(outputs)
        except (Failure, KeyError, ValueError, IndexError, TypeError):
            return []
        values = self.chain.values(arrays(net))
        base = {"inputs": x, "targets": y, "labels": labels, "layout": layout, "parameters": values,
                "orientation": self.chain.orientation}  # fmt: skip
        found: list[dict[str, Any]] = []
        for name in [self.forward] if self.forward else list(self.functions):
            for result in self._results(name, [("net", net), ("x", given_x)]):
                output = driving.find_output(result, {}, batch, outputs, layout)
                if output is None or _same(output, y):
                    continue
                known = [("net", net), ("tape", result), ("y", given_y), ("x", given_x)]
                known += [("output", driving.lay(output, output, layout)[0])]
                if isinstance(result, tuple):
                    known += [("part", part) for part in result if isinstance(part, (list, dict, tuple))]
                for more in self._back(name, known, layout):
                    self.forward = name
                    found.append({**base, "output": np.array(output), **more})
            if found:
                break
        return found

    def _results(self, name: str, known: list[Named]) -> Iterator[Any]:
        """What a function gives for all of the known values, in either order."""
        function = self.functions[name]
        if len(required(function)) != len(known):
            return
        for order in permutations(known):
            try:
                _count(self.calls)
                yield attempt(function, *(copy.deepcopy(value) for _, value in order))
            except (Failure, TypeError):
                continue

    def _back(self, forward: str, known: list[Named], layout: str) -> list[dict[str, Any]]:
        """Gradients, or moves, from any other function, in every order of arguments that gives some."""
        likely = [self.backward] if self.backward else [name for name in self.functions if name != forward]
        for moved in (False, True):  # gradients that are given come before those that are measured
            for name in likely:
                found: list[dict[str, Any]] = []
                for order in _orders(self.functions[name], known):
                    one = self._one(name, order, moved)
                    if one:
                        found.append(one)
                    if len(found) == MOST_BINDINGS or (found and _told(self.functions[name], order)):
                        break
                if found:
                    self.backward = name
                    return found
        return []

    def _one(self, name: str, order: list[Named], moved: bool) -> dict[str, Any] | None:
        """One call of a way back: the gradients that it gives, or the step that it makes."""
        given = [copy.deepcopy(value) for _, value in order]
        net = next((value for (what, _), value in zip(order, given, strict=True) if what == "net"), None)
        before = copied(arrays(net)) if net is not None else {}
        function = self.functions[name]
        rates = {one.name: RATE for one in parameters(function)[len(given) :] if names.plain(one.name) in RATES}
        try:
            _count(self.calls)
            result = attempt(function, *given, **rates)
        except Failure:
            return None
        after = arrays(net) if net is not None else {}
        steps = net is not None and self.chain.moved(before, after)
        if not moved:
            gradients = None if steps or self._renewed(name, order) else self._gradients(result)
            if gradients is None or not driving.nonzero(gradients):
                return None
            return {"gradients": gradients, **self._moves(name, order, result)}
        if not steps and net is not None:
            for part in (result, *(result if isinstance(result, tuple) else ())):
                fresh = arrays(part) if isinstance(part, (list, dict, tuple)) else {}
                if set(before) == set(fresh) and self.chain.moved(before, fresh):
                    after, steps = fresh, True
        if not steps:
            return None
        rate = driving.rate_of(function, None)
        return {"gradients": self.chain.steps(before, after, rate or 1.0), "rate": rate, "moved": True}

    def _renewed(self, name: str, order: list[Named]) -> bool:
        """Whether a function gives new parameters and no gradients: with a rate of 0 they are the old ones."""
        function = self.functions[name]
        rates = {one.name: 0.0 for one in parameters(function) if names.plain(one.name) in RATES}
        net = next((value for what, value in order if what == "net"), None)
        if not rates or net is None:
            return False
        rest = [copy.deepcopy(value) for what, value in order if what != "rate"]
        asks = [one.name for one in parameters(function) if one.name not in rates]
        try:
            _count(self.calls)
            result = attempt(function, **dict(zip(asks, rest, strict=False)), **rates)
        except Failure:
            return False
        old = arrays(net)
        for part in (result, *(result if isinstance(result, tuple) else ())):
            new = arrays(part) if isinstance(part, (list, dict, tuple)) else {}
            if set(old) == set(new) and all(np.array_equal(old[path], new[path]) for path in old):
                return True
        return False

    def _gradients(self, result: Any) -> list[list[Any]] | None:
        """Gradients in a result: at the parameters' own places, else by shape; None where weights lack."""
        for part in (result, *(result if isinstance(result, tuple) else ())):
            if not isinstance(part, (list, dict, tuple)):
                continue
            pool = tree(part)
            places = {path: path for path in self.chain.shapes}
            if not all(path in pool for path in self.chain.shapes):
                places = self._by_shape(pool)
            weights = [pool.get(places.get(path, "")) for path in self.chain.weights]
            if any(w is None or w.ndim != 2 for w in weights) or not self._fit(weights):
                continue
            made = []
            for w, b in zip(weights, self.chain.biases, strict=True):
                db = pool.get(places.get(b, "")) if b else None
                flat = db is not None and (db.ndim == 1 or 1 in db.shape)
                turned = w.T if self.chain.orientation == "out, in" and w is not None else w
                made.append([np.array(turned), db.reshape(1, -1) if db is not None and flat else db])
            return made
        return None

    def _fit(self, weights: list[Array | None]) -> bool:
        """Whether matrices are as large as the weights; the last one may have another number of outputs."""
        axes = (0, 1) if self.chain.orientation == "in, out" else (1, 0)
        shapes = [(w.shape[axes[0]], w.shape[axes[1]]) for w in weights if w is not None]
        return shapes in ([(D, H), (H, 3)], [(D, H), (H, 1)])

    def _by_shape(self, pool: dict[str, Array]) -> dict[str, str]:
        """The place of each parameter's gradient among arrays: by shape, one for each."""
        wide = 1 if any(array.ndim == 2 and sorted(array.shape) == [1, H] for array in pool.values()) else 3
        places: dict[str, str] = {}
        for path, shape in self.chain.shapes.items():
            wanted = tuple(wide if n == 3 else n for n in shape)
            size = int(np.prod(wanted))
            if path in self.chain.weights:
                fits = [p for p, a in pool.items() if a.shape == wanted]
            else:
                fits = [p for p, a in pool.items() if a.size == size and (a.ndim == 1 or 1 in a.shape)]
            fits = [p for p in fits if p not in places.values()]
            if fits:
                places[path] = fits[0]
        return places if len(pool) <= len(self.chain.shapes) + 1 else {}

    def _moves(self, backward: str, order: list[Named], gradients: Any) -> dict[str, Any]:
        """What a step with these gradients does, for a function of parameters, gradients and a rate."""
        net = next((value for what, value in order if what == "net"), None)
        for name, function in self.functions.items():
            asks = parameters(function)
            rates = [one.name for one in asks if names.plain(one.name) in RATES]
            rest = [one.name for one in required(function) if one.name not in rates]
            if net is None or name in (backward, self.forward) or len(rates) != 1 or len(rest) != 2:
                continue
            own, grads = copy.deepcopy(net), copy.deepcopy(gradients)
            before = copied(arrays(own))
            try:
                _count(self.calls)
                result = attempt(function, **{rest[0]: own, rest[1]: grads, rates[0]: RATE})
            except Failure:
                continue
            after = arrays(own)
            if not self.chain.moved(before, after) and isinstance(result, (list, dict, tuple)):
                after = arrays(result)
            if set(after) == set(before) and self.chain.moved(before, after):
                steps = self.chain.steps(before, after, RATE)
                return {"moves": [array for pair in steps for array in pair if array is not None]}
        return {}


def _same(output: Array, y: Array) -> bool:
    return output.shape == y.shape and bool(np.array_equal(output, y))


GROUPS = {"y": names.TARGETS - {"output", "outputs", "a"}, "x": names.INPUTS - {"a", "z", "in", "values"},
          "net": driving.PARAMETERS | {"layers", "p"}, "tape": driving.CACHES | {"tape", "trace", "acts", "record"},
          "output": driving.OUTPUT}  # fmt: skip


def _guess(name: str) -> str:
    """What a parameter is by its name; empty where that says nothing."""
    return next((what for what, group in GROUPS.items() if names.plain(name) in group), "")


def _told(function: Any, order: list[Named]) -> bool:
    """Whether the names of a function's parameters say this order themselves."""
    asks = [one for one in required(function) if names.plain(one.name) not in RATES]
    whats = [what for what, _ in order if what != "rate"]
    return all(_guess(one.name) == what for one, what in zip(asks, whats, strict=False))


def _orders(function: Any, known: list[Named]) -> list[list[Named]]:
    """Every way to give a function known values, those first that the names say; the targets are always among them."""
    asks = required(function)
    free = [one for one in asks if names.plain(one.name) not in RATES]
    if not 2 <= len(free) <= 4:
        return []
    orders: list[tuple[int, list[Named]]] = []
    for order in permutations(known, len(free)):
        whats = [what for what, _ in order]
        if "y" not in whats or len(whats) != len(free) or not {"x", "tape", "part", "output"} & set(whats):
            continue
        guesses = [_guess(one.name) for one in free]
        wrong = sum(bool(guess) and guess != what and not (guess == "tape" and what == "part")
                    for guess, what in zip(guesses, whats, strict=True))  # fmt: skip
        rest = iter(order)
        whole = [("rate", RATE) if names.plain(one.name) in RATES else next(rest) for one in asks]
        orders.append((wrong, whole))
    orders.sort(key=lambda pair: pair[0])
    least = orders[0][0] if orders else 0
    return [whole for wrong, whole in orders if wrong <= least][:40]
