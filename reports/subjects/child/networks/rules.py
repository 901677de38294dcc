"""The function that updates a network of functions: three steps with its own gradients, and what moved in each."""

import inspect
import re
from typing import TYPE_CHECKING, Any

from .. import names
from ..arrays import Array, arrays, copied, tree
from ..calling import Failure
from ..counting import STEP, first_number
from ..signatures import parameters, required, where
from . import board as boards
from .chain import Chain, nonzero
from .makers import returned_names
from .outcome import find_output, rate_of
from .words import GRADIENTS, PARAMETERS

if TYPE_CHECKING:
    from .makers import Box

STEPS = 3
UPDATES = re.compile(r"update|adam|momentum|rms_?prop|sgd|descent|optimi|step|ada_?grad|nesterov|apply")
OTHER = re.compile(r"init|batch|random|model|train|fit|plot|predict|schedul|decay|test|check|forward|backw")
STATE = re.compile(r"[vsm]|m_?t|v_?t|velocit\w+|moment\w*|(adam_?)?(cache|state)s?", re.IGNORECASE)
SETTINGS = {"beta": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "eps": 1e-8, "rho": 0.9, "gamma": 0.9,
            "momentum": 0.9, "mu": 0.9}  # fmt: skip


def _zeros(value: Any) -> Any:
    """A container of zeros that lies as another does."""
    if isinstance(value, dict):
        return {key: _zeros(inner) for key, inner in value.items()}
    return [_zeros(inner) for inner in value] if isinstance(value, (list, tuple)) else 0 * value


class Updating:
    """A family whose forward, way back and parameters are known; every function of it that may update is tried."""

    def __init__(self, functions: dict[str, Any], box: "Box", chain: Chain, board: boards.Board, stages: dict[str, Any]
                 ) -> None:  # fmt: skip
        self.functions, self.box, self.chain, self.board = functions, box, chain, board
        self.forward, self.backward = stages.get("forward", ""), stages["backward"]

    def look(self) -> list[dict[str, Any]]:
        """The runs of all functions that move the parameters when they are given gradients."""
        found = []
        asked = {*returned_names(self.functions[self.backward])} - {""}
        for name, function in self.functions.items():
            takes = {one.name for one in parameters(function)}
            given = takes & asked or any(names.plain(one) in GRADIENTS for one in takes)
            low = name.lower()
            if name in (self.forward, self.backward) or not given or not UPDATES.search(low) or OTHER.search(low):
                continue
            kept = copied(self.box.arrays())
            for like in (GRADIENTS, PARAMETERS):
                try:
                    run = self._run(name, function, like)
                except (Failure, KeyError, ValueError, TypeError, IndexError, AttributeError):
                    run = None
                for path, value in kept.items():
                    self.box.put(path, value)
                if run:
                    found.append(run)
                    break
        return found

    def _run(self, name: str, function: Any, like: set[str]) -> dict[str, Any] | None:
        """Three steps of one function; None where it moves nothing in the first of them.

        A state that nothing in the file begins is zeros, as gradients lie or `like` parameters do.
        """
        board = self.board.given(self.board.x, self.board.y)
        board.names, board.output, board.result = dict(self.board.names), self.board.output, self.board.result
        self._begin(name, board)
        used = self._settings(function, board)
        steps: list[dict[str, Any]] = []
        counted = [one.name for one in parameters(function) if names.ranked(one.name, STEP) == 0]
        for step in range(STEPS):
            gradients = self._gradients(board)
            board.names |= {one: step + first_number(function, one) for one in counted}
            lie = board.gradients if like is GRADIENTS else board.container
            for one in required(function) if not step else ():
                if STATE.fullmatch(one.name) and one.name not in board.exact() and isinstance(lie, (dict, list)):
                    board.names[one.name] = _zeros(lie)
            before = copied(self.box.arrays())
            result, _ = boards.called(None, function, board)
            self._take(function, result, board)
            if not step and not self.chain.moved(before, self.box.arrays()):
                return None
            steps.append({"parameters": self.chain.values(before), "gradients": gradients,
                          "after": self.chain.values(self.box.arrays())})  # fmt: skip
        kind = names.kind(name)
        return {"by": name, "kind": kind if kind in names.OPTIMIZERS else "SGD", "rate": rate_of(function, None),
                "samples": board.batch, "settings": used, "steps": steps,
                "forward": {"name": name, **where(function)}}  # fmt: skip

    def _begin(self, name: str, board: boards.Board) -> None:
        """Makes the state of a rule by the functions of the file that begin it: v, s = initialize_adam(parameters)."""
        kind = names.kind(name)
        begins = [one for one in self.functions if re.search("init|zeros|create|begin", one, re.IGNORECASE)
                  and re.search("adam|veloc|moment|rms|optim|cache|state|grad", one, re.IGNORECASE)]  # fmt: skip
        for one in sorted(begins, key=lambda one: names.kind(one) != kind):
            try:
                result, _ = boards.called(None, self.functions[one], board)
            except Failure:
                continue
            told = returned_names(self.functions[one])
            parts = result if isinstance(result, tuple) and len(result) == len(told) else (result,)
            for called, part in zip(told, parts, strict=False):
                board.names.setdefault(called, part)

    def _settings(self, function: Any, board: boards.Board) -> dict[str, float]:
        """The numbers that a rule uses, by name; those without a default are given their usual values."""
        used: dict[str, float] = {}
        for one in parameters(function):
            short = names.plain(one.name)
            if names.ranked(one.name, names.RATE - {"beta"}) == 0:
                continue
            if isinstance(one.default, (int, float)) and not isinstance(one.default, bool):
                used[short] = float(one.default)
            elif one.default is inspect.Parameter.empty and short in SETTINGS:
                used[short] = board.names[one.name] = SETTINGS[short]
        space = getattr(function, "__globals__", {})
        return used | {names.plain(key): float(space[key]) for key in function.__code__.co_names
                       if isinstance(space.get(key), float) and names.ranked(key, names.RATE) < 0}  # fmt: skip

    def _gradients(self, board: boards.Board) -> list[list[Any]]:
        """Goes forward and back from the parameters as they are."""
        if self.forward:
            result, _ = boards.called(None, self.functions[self.forward], board)
            output = find_output(result, {}, board.batch, self.chain.widths(self.box.arrays())[-1], board.layout)
            board.remember(result, output, returned_names(self.functions[self.forward]))
        result, _ = boards.called(None, self.functions[self.backward], board)
        board.remember_gradients(result)
        told = returned_names(self.functions[self.backward])
        if isinstance(result, tuple) and len(told) == len(result) and all(told):
            result = dict(zip(told, result, strict=True))
            board.names |= result
        found = self.chain.gradients({f"returned.{path}": array for path, array in tree(result).items()})
        if found is None or not nonzero(found):
            raise ValueError("no gradients")
        return found

    def _take(self, function: Any, result: Any, board: boards.Board) -> None:
        """Puts new parameters, and a new state, where the next step finds them."""
        told = returned_names(function)
        parts = list(result) if isinstance(result, tuple) and len(result) == len(told) else [result]
        whole: list[tuple[str, Any]] = list(zip(told, parts, strict=False))
        pools: list[dict[str, Array]] = [tree(dict(whole)), *(arrays(part) for _, part in whole)]
        new = next((pool for pool in pools if all(path in pool for path in self.chain.shapes)), {})
        for path, shape in self.chain.shapes.items():
            if path in new and new[path].shape == shape:
                self.box.put(path, new[path])
        board.names |= {name: part for name, part in whole if name and name not in self.box.named()}
