"""One maker of parameters with the free functions beside it: every way to bind their arguments that gives gradients.

Axes: B samples, D inputs, C outputs.
"""

import copy
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np

from .. import names
from ..arrays import Array, arrays, copied, put
from ..calling import Failure, attempt
from ..signatures import parameters, required, where
from .bindings import RATES, Named, guess, orders_of, told
from .chain import Chain, nonzero
from .data import RATE, B, D, data, lay
from .made import container, count
from .outcome import find_output, rate_of
from .returned import gradients_in

MOST_BINDINGS = 3  # of one function that give gradients


class Family:
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
        x, y = data(B, D, 3, "one-hot")
        for layout in ("rows", "columns"):
            given_x, given_y = lay(x, y, layout)
            try:
                net = self._fresh(3)
            except (Failure, KeyError, ValueError, IndexError, TypeError):
                return []
            for name in self.functions:
                for result in self._results(name, [("net", net), ("x", given_x)]):
                    output = find_output(result, {}, B, 3, layout)
                    if output is None:
                        continue
                    self.forward = name
                    known = [("net", net), ("tape", result), ("y", given_y), ("x", given_x)]
                    known.append(("output", lay(output, output, layout)[0]))
                    return [{"inputs": x, "targets": y, "labels": "one-hot", "layout": layout,
                             "parameters": self.chain.values(arrays(net)), "output": np.array(output),
                             **self._raised(name, known)}]  # fmt: skip
        return []

    def _raised(self, forward: str, known: list[Named]) -> dict[str, str]:
        """What the likeliest way back raised, if there is any."""
        for name, function in self.functions.items():
            orders = orders_of(function, known) if name != forward else []
            if not orders or not any(guess(one.name) == "y" for one in required(function)):
                continue
            self.backward = name
            first, last = (where(function)["lines"] or [0, 0])[:2]
            errors = []
            for order in orders:
                try:
                    count(self.calls)
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
        made = container(self.maker, self.sizes, outputs, self.calls)
        self.chain.fill(lambda path, value: put(made, path, value), arrays(made))
        return made

    def _trials(self, outputs: int, labels: str, layout: str) -> list[dict[str, Any]]:
        """The trials of one format of labels and one layout: one for each way to bind that gives gradients."""
        batch = B if layout in ("rows", "columns") else 1
        x, y = data(batch, D, outputs, labels)
        given_x, given_y = lay(x, y, layout)
        try:
            net = self._fresh(outputs)
        except (Failure, KeyError, ValueError, IndexError, TypeError):
            return []
        values = self.chain.values(arrays(net))
        base = {"inputs": x, "targets": y, "labels": labels, "layout": layout, "parameters": values,
                "paths": self.chain.paths}  # fmt: skip
        found: list[dict[str, Any]] = []
        for name in [self.forward] if self.forward else list(self.functions):
            for result in self._results(name, [("net", net), ("x", given_x)]):
                output = find_output(result, {}, batch, outputs, layout)
                if output is None or _is_target(output, y):
                    continue
                known = [("net", net), ("tape", result), ("y", given_y), ("x", given_x)]
                known += [("output", lay(output, output, layout)[0])]
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
                count(self.calls)
                yield attempt(function, *(copy.deepcopy(value) for _, value in order))
            except (Failure, TypeError):
                continue

    def _back(self, forward: str, known: list[Named], layout: str) -> list[dict[str, Any]]:
        """Gradients, or moves, from any other function, in every order of arguments that gives some."""
        likely = [self.backward] if self.backward else [name for name in self.functions if name != forward]
        for moved in (False, True):  # gradients that are given come before those that are measured
            for name in likely:
                found: list[dict[str, Any]] = []
                for order in orders_of(self.functions[name], known):
                    one = self._one(name, order, moved)
                    if one:
                        found.append(one)
                    if len(found) == MOST_BINDINGS or (found and told(self.functions[name], order)):
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
            count(self.calls)
            result = attempt(function, *given, **rates)
        except Failure:
            return None
        after = arrays(net) if net is not None else {}
        steps = net is not None and self.chain.moved(before, after)
        if not moved:
            gradients = None if steps or self._renewed(name, order) else gradients_in(result, self.chain)
            if gradients is None or not nonzero(gradients):
                return None
            return {"gradients": gradients, **self._moves(name, order, result)}
        if not steps and net is not None:
            for part in (result, *(result if isinstance(result, tuple) else ())):
                fresh = arrays(part) if isinstance(part, (list, dict, tuple)) else {}
                if set(before) == set(fresh) and self.chain.moved(before, fresh):
                    after, steps = fresh, True
        if not steps:
            return None
        rate = rate_of(function, None)
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
            count(self.calls)
            result = attempt(function, **dict(zip(asks, rest, strict=False)), **rates)
        except Failure:
            return False
        old = arrays(net)
        for part in (result, *(result if isinstance(result, tuple) else ())):
            new = arrays(part) if isinstance(part, (list, dict, tuple)) else {}
            if set(old) == set(new) and all(np.array_equal(old[path], new[path]) for path in old):
                return True
        return False

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
                count(self.calls)
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


def _is_target(output: Array, y: Array) -> bool:
    return output.shape == y.shape and bool(np.array_equal(output, y))
