"""A loop that moves weights, run once: the statements before it as far as they go, then the body of its innermost loop.

Axes: as theirs.
"""

import ast
import contextlib
import inspect
import re
import sys
import time
import types
from typing import Any

import numpy as np

from ..arrays import Array, copied, put
from ..calling import NUMPY, Failure, Slow, attempt, slow_calls
from ..loading import literal
from ..stubs import Stub
from .board import MOST_SLOW, deadline
from .chain import Chain
from .cut import alone, as_it_was, fresh, needed, values
from .lent import Lender
from .moves import rate_in, told
from .places import Place, products, trains
from .rounds import shorten_batches

MOST_LINES = 400_000  # of theirs that may run in all before the loop
MOST_OF_ONE = 60_000  # in one statement; what does more is passed over
LIBRARIES = (NUMPY, ast.__file__.rpartition("/")[0] + "/", "<frozen")
MAKES = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.With, ast.Try)
MOST_HELD, MOST_SECONDS = 16, 0.1  # arrays that are looked at one by one, and the processor's time for that


def _written(statements: list[ast.stmt]) -> dict[str, np.ndarray]:
    """The arrays that are written down as arguments of calls in a round: data that stand in no variable."""
    texts = [one for statement in statements for call in ast.walk(statement) if isinstance(call, ast.Call)
             for one in call.args if isinstance(one, (ast.Call, ast.List)) and literal(one)]  # fmt: skip
    found = {}
    for k, text in enumerate(texts):
        lists = text.args[0] if isinstance(text, ast.Call) and text.args else text
        try:
            found[f"data_written_{k}"] = np.array(ast.literal_eval(lists), float)
        except (ValueError, TypeError):
            continue
    return found


class Run:
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
        self.space.update(_written(current))
        real = None
        for again in (False, True):  # some make their weights in the first round
            if self.fill:
                self.fill.fill(self._put, values(self.space))
            if again and iterator is not None:
                self._next(self.path[-1], iterator)
            before, rate = copied(values(self.space)), rate_in(self.space)
            began = time.thread_time()
            failures = self._round(current)
            self.failed = len(failures)
            after = copied(values(self.space))
            rate = rate or rate_in(self.space)
            held = self._held(before, after, current, time.thread_time() - began)
            trial, real, self.chain = told(before, after, held, self.space, self.lender, rate, still=not self.path)
            if trial:
                lacking = needed(current, trial["before"], failures)
                return trial | ({"raised": lacking} if lacking else {}), real
        return None, real

    def _round(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Runs the body once; the statements that failed."""
        failed = []
        for statement in statements:
            if isinstance(statement, (ast.Break, ast.Continue, ast.Return)):
                break
            if not self._execute(statement, whole=True):
                failed.append(statement)
        return failed

    def _held(self, before: dict[str, Array], after: dict[str, Array], current: list[ast.stmt], took: float
              ) -> set[str] | None:  # fmt: skip
        """The arrays whose new numbers build upon their old ones, as those of parameters do and activations do not.

        The round is run again from where it began, with one array shifted each time. None where that cannot be told.
        """
        new = [k for k in before if k in after and before[k].shape == after[k].shape and before[k].dtype.kind == "f"
               and not np.array_equal(before[k], after[k])]  # fmt: skip
        if not 0 < len(new) <= MOST_HELD or took * len(new) > MOST_SECONDS or not self.path:
            return None
        final = {name: self.space[name] for name in self.space}
        found = set()
        try:
            for one in new:
                for k in new:
                    self._put(k, before[k] + 0.125 if k == one else before[k].copy())
                self._round(current)
                now = values(self.space).get(one)
                if now is not None and not np.array_equal(now, after[one], equal_nan=True):
                    found.add(one)
        except (KeyError, ValueError, AttributeError, IndexError, TypeError):
            return None
        finally:
            self.space.update(final)
            for k in new:
                with contextlib.suppress(KeyError, ValueError, AttributeError, IndexError, TypeError):
                    self._put(k, after[k].copy())
        return found

    def _put(self, path: str, value: np.ndarray) -> None:
        """Writes one array where it stands among the variables."""
        name, _, rest = path.partition(".")
        old = values({name: self.space[name]})[path]
        if rest:
            put(self.space[name], rest, value.reshape(old.shape))
        else:
            self.space[name] = as_it_was(value.reshape(old.shape), self.space[name])

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
            if loop is None and not (isinstance(statement, MAKES) or self._makes_data(statement)):
                continue
            self.lender.read(statement, self.space)
            if not trains(statement, self.defined):
                made = self._execute(statement)
                if not made and (sized := self.lender.sized(statement, self.space)):
                    made = self._execute(sized)
                if not made:
                    self.lender.forget(statement, self.space)
                shorten_batches(statement, self.space)
            self.lender.missing(statement, self.space, ast.unparse(getattr(statement, "value", None) or statement))

    def _makes_data(self, statement: ast.stmt) -> bool:
        """Whether a statement is a loop that computes no network: one that writes class indices as rows, say."""
        return isinstance(statement, ast.For) and products(statement, self.defined) < 2

    def _bind(self) -> None:
        """Gives a function's parameters their arguments."""
        function = self.space.get(self.place.function) or self.place.space.get(self.place.function)
        if not isinstance(function, types.FunctionType):
            return
        texts = map(ast.unparse, self.place.before)
        depth = max((int(n) for text in texts for n in re.findall(r"\bd?[Ww]_?(\d)\b", text)), default=2)
        given = self._given(function)
        self.space.update(self.lender.arguments(function, self.space, depth, set(given)) | given)

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
        if time.process_time() > deadline[0] or slow_calls[0] > MOST_SLOW:
            raise Failure(TimeoutError("there was no time left to run it"))
        code = compile(ast.fix_missing_locations(ast.Module(body=[alone(statement)], type_ignores=[])),
                       self.place.file, "exec", dont_inherit=True)  # fmt: skip
        most = self.lines + MOST_OF_ONE

        def counted(frame: Any, event: str, arg: Any) -> Any:
            if frame.f_code.co_filename.startswith(LIBRARIES):
                return None  # what they call is no work of theirs: a library may make its tables at the first call
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
