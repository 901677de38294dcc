"""Plain scripts and functions that hold everything: the innermost loop that moves weights is run once.

What stands before the loop is run as far as it can be; data that are not there are lent. The weights before and after
are handed on, with every array around them; the parent tells inputs and targets by their shapes.

Axes: as theirs; B samples, D inputs, C outputs.
"""

import ast
import inspect
import re
import sys
import time
import types
from typing import Any

import numpy as np

from ..arrays import copied, put
from ..calling import Failure, Slow, attempt, slow_calls
from ..stubs import Stub
from .board import MOST_SLOW, deadline
from .chain import Chain
from .cut import alone, fresh, values
from .data import D
from .lent import Lender
from .moves import rate_in, told
from .places import File, Place, calls_of, functions_in, places, trains
from .rounds import shorten_batches

MOST_LINES = 400_000  # of theirs that may run in all before the loop
MOST_OF_ONE = 60_000  # in one statement; what does more is passed over
MOST_TRIALS = 8
MAKES = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.With, ast.Try)
FORMATS = (("one-hot", 3), ("indices", 3), ("column", 1), ("vector", 1), ("indices", 2))


def look_at(files: list[File]) -> dict[str, Any] | None:
    """The first script, or function that trains, whose loop can be run once, as plain data."""
    if time.monotonic() > deadline[0]:
        return None
    defined = functions_in(files)
    for place, paths in places(files, defined):
        place.calls = list(calls_of(place.function, files))[:3] if place.function else []
        for path in paths:
            trials = _trials(place, path, defined)
            if trials:
                outer = path[0] if path else place.statements[-1]
                lines = [outer.lineno, outer.end_lineno or outer.lineno]
                name = "script" if not place.function else place.function
                stage = {"name": "the loop", "file": place.file, "lines": lines}
                return {"name": name, "role": "network", "kind": "network", "form": 6, "forward": stage,
                        "backward": dict(stage), "trials": trials}  # fmt: skip
    return None


def _trials(place: Place, path: list[ast.stmt], defined: dict[str, ast.FunctionDef]) -> list[dict[str, Any]]:
    """The trials of one loop: with every format of labels and either layout, where data must be lent."""
    trials: list[dict[str, Any]] = []
    for labels, c in FORMATS:
        for layout in ("rows", "columns"):
            widths = (D, c)
            for _ in range(2):
                lender = Lender(labels, layout, widths, place.tables)
                run = _Run(place, path, defined, lender)
                try:
                    trial, real = run.look()
                except (Failure, SyntaxError, RecursionError):
                    break
                if trial:
                    trials.append(_ordinary(run, trial | {"failed": run.failed}, (place, path, defined, lender)))
                if real is None or real == widths or not lender.used or (real[1] == 1) != (c == 1):
                    break  # once more only where their own widths are others
                widths = real
            if trials and not lender.used:
                return _cleanest(trials)
    return _cleanest(trials)


def _ordinary(run: "_Run", trial: dict[str, Any], again: tuple[Any, ...]) -> dict[str, Any]:
    """The same round from ordinary weights and biases: small ones and zeros hide what an activation is."""
    second = _Run(*again)
    second.fill = run.chain
    try:
        other, _ = second.look() if run.chain else (None, None)
    except (Failure, SyntaxError, RecursionError, KeyError, ValueError, TypeError, IndexError):
        return trial  # they are made in the round itself
    fits = other is not None and second.failed <= run.failed and set(other["before"]) == set(trial["before"])
    return other | {"failed": second.failed} if other and fits else trial


def _cleanest(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The trials in whose round the fewest statements failed; where data fit, none does."""
    trials = [one for one in trials if "lent_y" in one["arrays"]] or trials  # as many outputs as were lent
    least = min((one["failed"] for one in trials), default=0)
    return [one for one in trials if one["failed"] == least][:MOST_TRIALS]


class _Run:
    """One run: a copy of the namespace in which functions see each other, the statements before, the loop's body."""

    def __init__(self, place: Place, path: list[ast.stmt], defined: dict[str, ast.FunctionDef], lender: Lender) -> None:
        self.place, self.path, self.defined, self.lender = place, path, defined, lender
        self.space = fresh(place.space, place.origin)
        self.lines = 0
        self.failed = 0  # statements of the round
        self.chain: Chain | None = None  # what was moved
        self.fill: Chain | None = None  # what is given ordinary numbers before the round

    def look(self) -> tuple[dict[str, Any] | None, tuple[int, int] | None]:
        """(A trial, or None where nothing was moved; the network's own widths where they are known)."""
        if self.place.function:
            self._prepare(self.place.before, None)
            self._bind()
        current = self.place.statements
        iterator: Any = None
        if not self.path:  # no loop at all: what it computes is looked for when all has run
            self._prepare(current[:-1], current[-1])
            current = current[-1:]
        for loop in self.path:
            self._prepare(current, loop)
            self.lender.needed(loop, self.space)
            iterator = self._enter(loop)
            current = loop.body  # type: ignore[attr-defined]
        real = None
        for again in (False, True):  # some make their weights in the first round
            if self.fill:
                self.fill.fill(self._put, values(self.space))
            before, self.failed, rate = copied(values(self.space)), 0, rate_in(self.space)
            if again and iterator is not None:
                self._next(self.path[-1], iterator)
            for statement in current:
                if isinstance(statement, (ast.Break, ast.Continue, ast.Return)):
                    break
                self.failed += not self._execute(statement, whole=True)
            after = copied(values(self.space))
            rate = rate or rate_in(self.space)
            trial, real, self.chain = told(before, after, self.space, self.lender, rate, still=not self.path)
            if trial:
                return trial, real
        return None, real

    def _put(self, path: str, value: np.ndarray) -> None:
        """Writes one array where it stands among the variables."""
        name, _, rest = path.partition(".")
        old = values({name: self.space[name]})[path]
        if rest:
            put(self.space[name], rest, value.reshape(old.shape))
        else:
            self.space[name] = value.reshape(old.shape)

    def _prepare(self, statements: list[ast.stmt], loop: ast.stmt | None) -> None:
        """Runs the statements before a loop; what fails is passed over, what should have been read is lent."""
        for statement in statements:
            inside = loop is not None and any(part is loop for part in ast.walk(statement))
            if inside and statement is not loop and isinstance(statement, (ast.If, ast.With, ast.Try)):
                self._prepare(statement.body, loop)
            if inside:
                return
            if isinstance(statement, (ast.ClassDef, ast.While, ast.Return, ast.Import, ast.ImportFrom)):
                continue
            if isinstance(statement, ast.FunctionDef):
                if self.place.function and statements is self.place.statements:
                    self._execute(statement)
                continue
            if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
                if loop is None:
                    self._prepare(statement.body, None)
                continue
            if loop is None and not isinstance(statement, MAKES):
                continue
            self.lender.read(statement, self.space)
            if not trains(statement, self.defined):
                if not self._execute(statement) and (sized := self.lender.sized(statement, self.space)):
                    self._execute(sized)
                shorten_batches(statement, self.space)
            self.lender.missing(statement, self.space, ast.unparse(getattr(statement, "value", None) or statement))

    def _bind(self) -> None:
        """Gives a function's parameters their arguments."""
        function = self.space.get(self.place.function) or self.place.space.get(self.place.function)
        if not isinstance(function, types.FunctionType):
            return
        texts = map(ast.unparse, self.place.before)
        depth = max((int(n) for text in texts for n in re.findall(r"\bd?[Ww]_?(\d)\b", text)), default=2)
        self.space.update(self.lender.arguments(function, self.space, depth))
        self.space.update(self._given(function))

    def _given(self, function: types.FunctionType) -> dict[str, Any]:
        """The arguments that the file itself gives the function, as far as they are known outside."""
        known = inspect.signature(function).parameters
        for call in self.place.calls:
            found = {}
            pairs = [*zip(known, call.args, strict=False), *((one.arg, one.value) for one in call.keywords)]
            for name, value in pairs:
                if name is None or isinstance(value, ast.Starred) or trains(ast.Expr(value), self.defined):
                    continue
                made = ast.Assign(targets=[ast.Name("__parity_value", ast.Store())], value=value)
                self.space.pop("__parity_value", None)
                for part in ast.walk(value):  # a counter of rounds that are not gone
                    if (
                        isinstance(part, ast.Name)
                        and part is not value
                        and part.id not in self.space
                        and len(part.id) == 1
                    ):
                        self.space[part.id] = 1
                self._execute(ast.fix_missing_locations(ast.copy_location(made, call)))
                result = self.space.pop("__parity_value", None)
                if result is not None and not isinstance(result, Stub):
                    found[name] = result
            if found:
                return found
        return {}

    def _enter(self, loop: ast.stmt) -> Any:
        """Gives a for-loop's variables their first values; returns the iterator."""
        if not isinstance(loop, ast.For):
            return None
        made = ast.Assign(targets=[ast.Name("__parity_it", ast.Store())], value=ast.Call(
            func=ast.Name("iter", ast.Load()), args=[loop.iter], keywords=[]))  # fmt: skip
        self._execute(ast.fix_missing_locations(ast.copy_location(made, loop)))
        iterator = self.space.pop("__parity_it", None)
        if iterator is not None:
            self._next(loop, iterator)
        return iterator

    def _next(self, loop: ast.stmt, iterator: Any) -> None:
        """Gives a for-loop's variables their next values."""
        if not isinstance(loop, ast.For):
            return
        try:
            self.space["__parity_value"] = attempt(next, iterator)
        except Failure:
            return
        made = ast.Assign(targets=[loop.target], value=ast.Name("__parity_value", ast.Load()))
        self._execute(ast.fix_missing_locations(ast.copy_location(made, loop)))
        self.space.pop("__parity_value", None)

    def _execute(self, statement: ast.stmt, whole: bool = False) -> bool:
        """Runs one statement, and tells whether it raised nothing; raises Failure when there is no time left.

        What stands before the round may do a little only; what stands in it runs as a `whole`, as long as a call may.
        """
        if time.monotonic() > deadline[0] or slow_calls[0] > MOST_SLOW:
            raise Failure(TimeoutError("there was no time left to run it"))
        code = compile(ast.fix_missing_locations(ast.Module(body=[alone(statement)], type_ignores=[])),
                       self.place.file, "exec", dont_inherit=True)  # fmt: skip
        most = self.lines + MOST_OF_ONE

        def counted(frame: Any, event: str, arg: Any) -> Any:
            self.lines += 1
            if self.lines > most:
                raise TimeoutError("it does too much")
            return counted

        sys.settrace(None if whole else counted)
        try:
            attempt(exec, code, self.space)
        except Failure as failure:
            if isinstance(failure.error, Slow) or self.lines > MOST_LINES:
                raise
            return False
        finally:
            sys.settrace(None)
        return True
