"""Calling what one does not know: arguments bound by the meaning of their names, failures told with their line."""

import copy
import inspect
import random
import re
import signal
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import names
from .elsewhere import is_elsewhere
from .signatures import choices, constructor_of, parameters, text_of, where

NUMPY = np.__file__.rpartition("/")[0] + "/"
SEED = 20240611


class Recorder:
    """Stands for an optimizer or anything else that is asked for: keeps what it is given, changes nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.seen: list[Any] = []
        self.learning_rate = self.lr = 0.05

    def update(self, weights: Any = None, gradient: Any = None, *_: Any, **__: Any) -> Any:
        """Keeps a gradient and returns the weights as they are."""
        self.seen.append(gradient)
        return weights

    __call__ = step = apply = update_params = calculate_update = update

    def __copy__(self) -> "Recorder":
        twin = Recorder()
        twin.seen = self.seen  # all copies record into one list
        return twin

    def __deepcopy__(self, _: Any) -> "Recorder":
        return self.__copy__()


REFUSES = "it refuses what it is given: "  # begins the text of an exception that their own code raises
UNKNOWN_CALL = "it is not known how to call it"  # begins the text of a failure that is ours, not theirs


class Unbound(TypeError):  # noqa: N818  # no error of theirs: what we do not know
    """A parameter for which there is no value."""


class Failure(Exception):  # noqa: N818  # what a stranger's code raised, in words
    """Their code raised: type, message, and their line."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.near = False  # raised by an object that has all that it was looked for
        frames = traceback.extract_tb(error.__traceback__)
        theirs = [frame for frame in frames if "parity_child" not in frame.name and "/subjects/child/" not in
                  frame.filename and not frame.filename.startswith((NUMPY, "<"))]  # fmt: skip
        self.line = theirs[-1].lineno if theirs else 0
        self.file = theirs[-1].filename if theirs else ""
        text = str(error).split("\n")[0][:200]
        where = f" at line {self.line}" if self.line else ""
        ours = isinstance(error, TypeError) and not theirs and "argument" in text  # a call that we made wrongly
        ours |= isinstance(error, AttributeError) and "'Recorder' object" in text
        ours |= isinstance(error, TypeError) and "'Stub'" in text  # of a module that is not here
        self.binding = isinstance(error, Unbound) or ours or is_elsewhere(error) or _set_elsewhere(error)
        raised = bool(theirs) and bool(re.match(r"\s*(raise|assert)\b", theirs[-1].line or ""))
        self.refusal = raised and not isinstance(error, (NameError, NotImplementedError))
        self.refusal |= isinstance(error, IndexError) and "used as indices" in text  # whole numbers were wanted
        unknown = f"{UNKNOWN_CALL}: " if self.binding else REFUSES if self.refusal else ""
        kind = (
            ""
            if isinstance(error, Slow)
            else f"{'TypeError' if isinstance(error, Unbound) else type(error).__name__}: "
        )
        super().__init__(f"{unknown}{kind}{text}{where}")


def _set_elsewhere(error: BaseException) -> bool:
    """Whether an attribute is missing that another method of the same class sets, one that we did not call."""
    if not isinstance(error, AttributeError) or not isinstance(error.name, str):
        return False
    sets = re.compile(
        rf"self\.{re.escape(error.name)}\b[^=\n(\[.]*(, self\.\w+)*[^=\n(\[.]*=[^=]"
    )  # alone or of several
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    raising = frame.tb_frame.f_code.co_name if frame is not None else ""
    methods = [value for base in type(error.obj).__mro__ for value in vars(base).values() if inspect.isfunction(value)]
    known = {"__init__", raising}
    return any(sets.search(text_of(method)) for method in methods if method.__name__ not in known | FORWARDS)


FORWARDS = {"forward", "__call__"}  # these we do call


class Slow(BaseException):
    """A call has taken its time; no exception of the usual kind, so that theirs do not swallow it."""


CALL_SECONDS = 1.0
slow_calls = [0]  # a subject that is slow again and again is driven no further
endless: list[tuple[Any, BaseException]] = []  # what did not come to an end, and how it was stopped
stopped: list[str] = []  # what a limit or the guard has stopped, in words, each once


def _stop(*_: object) -> None:
    raise Slow("it does not come to an end within a second")


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls with a fixed seed and a time limit; raises Failure for whatever their code raises.

    The alarm goes on ringing, so that a call that swallows everything is stopped as well. What has twice not come to an
    end is not called again.
    """
    called = getattr(function, "__func__", function)
    before = [error for one, error in endless if one is called]
    if len(before) > 1:
        raise Failure(before[0])
    np.random.seed(SEED)  # noqa: NPY002  # theirs: the global generator is what they use
    random.seed(SEED)
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS, 0.2)
    try:
        try:
            with np.errstate(all="ignore"):
                return function(*args, **kwargs)
        except (Exception, SystemExit, KeyboardInterrupt, Slow) as error:
            signal.setitimer(signal.ITIMER_REAL, 0)
            slow_calls[0] += isinstance(error, Slow)
            endless.extend([(called, error)] if isinstance(error, Slow) else [])
            ours = isinstance(error, (Slow, MemoryError, PermissionError))
            if isinstance(error, MemoryError):
                error = RuntimeError("it asks for more memory than it may have").with_traceback(error.__traceback__)
            failure = Failure(error)
            if ours and (told := f"it was stopped: {failure}") not in stopped:
                stopped.append(told)
            raise failure from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Slow as late:  # the alarm rang just when the call had ended
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise Failure(late) from None


def attempt_turned(function: Callable[..., Any], given: dict[str, Any], upstream: np.ndarray) -> Any:
    """Calls with an upstream gradient; where it raises, with the gradient laid in other ways that some want.

    What comes back in such a way is laid as the gradient was. Raises the first Failure where no way works.
    """
    try:
        return attempt(function, **given)
    except Failure as failure:
        key = next((name for name, value in given.items() if value is upstream or np.array_equal(value, upstream)), "")
        if (
            np.ndim(upstream) != 2
            or not key
            or failure.binding
            or isinstance(failure.error, (NameError, AttributeError))
        ):
            raise
        if "broadcast" in str(failure) and (cut := _cut(function, given, key, upstream)) is not None:
            return cut
        lay: Callable[[np.ndarray], np.ndarray]
        for lay, unlay in ((lambda g: g.T, lambda a: a.T), (lambda g: g.T[:, None, :], lambda a: a[:, 0, :].T),
                           (lambda g: g[:, None, :], lambda a: a[:, 0, :]),
                           (lambda g: g[:, :, None], lambda a: a[:, :, 0])):  # fmt: skip
            try:
                result = attempt(function, **given | {key: np.ascontiguousarray(lay(upstream))})
                return unlay(result) if isinstance(result, np.ndarray) and result.ndim >= 2 else result
            except (Failure, IndexError):
                continue
        raise


def _cut(function: Callable[..., Any], given: dict[str, Any], key: str, upstream: np.ndarray) -> np.ndarray | None:
    """What comes back for a gradient with a column more, where it cuts one off: that of a bias in the layer above.

    Which column that is shows in that a NaN in it has no part in what comes back.
    """
    column = np.full((len(upstream), 1), np.nan)
    for wider in ([upstream, column], [column, upstream]):
        try:
            result = attempt(function, **given | {key: np.concatenate(wider, axis=1)})
        except Failure:
            continue
        if isinstance(result, np.ndarray) and result.shape == upstream.shape and np.isfinite(result).all():
            return result
    return None


def bound(
    function: Any, offers: list[tuple[set[str], Any]], queue: list[Any] | None = None, optional: bool = True
) -> dict[str, Any]:
    """Returns arguments by name: the first offer whose names fit, else the next of `queue` for a required one.

    Raises Failure (TypeError) when a required parameter can have no value.
    """
    queue = list(queue or [])
    taken: set[int] = set()
    arguments: dict[str, Any] = {}
    waiting = []
    for one in parameters(function):
        short = names.plain(one.name)
        free = [k for k, (group, _) in enumerate(offers) if short in group and k not in taken]
        if free and (optional or one.default is inspect.Parameter.empty):
            arguments[one.name] = copied(offers[free[0]][1])
            taken.add(free[0])
            queue = [value for value in queue if value is not offers[free[0]][1] or isinstance(value, int)]
        elif one.default is inspect.Parameter.empty:
            waiting.append(one)
    for one in waiting:
        if (known := commonplace(function, one.name)) is not None:
            arguments[one.name] = known
            continue
        if not queue:
            raise Failure(Unbound(f"no value for the parameter {one.name}"))
        arguments[one.name] = copied(queue.pop(0))
    positional = [one.name for one in parameters(function) if one.kind is inspect.Parameter.POSITIONAL_ONLY]
    if positional:
        raise Failure(Unbound("positional-only parameters"))
    return arguments


class Random:
    """A generator of random numbers for those that want one: NumPy's new one and its old one in one object."""

    def __init__(self) -> None:
        self._new, self._old = np.random.default_rng(SEED), np.random.RandomState(SEED)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._new, name, None) or getattr(self._old, name)


STRENGTHS = {"l1", "l2", "reg", "lambda", "lambd", "lmbda", "lambda1", "lambda2", "l1reg", "l2reg", "regularization",
             "weightdecay", "l1lambda", "l2lambda", "l1ratio", "regstrength", "regularizationstrength"}  # fmt: skip


def commonplace(function: Any, name: str) -> Any:
    """A value for a parameter that has nothing to do with what is looked at, or whose words the source says."""
    short = names.plain(name)
    if short in ("rng", "randomstate", "generator", "random", "prng", "randomgenerator"):
        return Random()
    if short in ("seed", "randomseed"):
        return 0
    if short == "dtype":
        return np.float64
    if short in STRENGTHS:
        return 0.0
    return next(iter(choices(where(function)["file"], name)), None)


def copied(value: Any) -> Any:
    """A copy of arrays and of containers of arrays; objects are handed on as they are."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(copied(inner) for inner in value) if type(value) in (list, tuple) else value
    return value


def twin(value: Any) -> Any:
    """A deep copy, or the value itself where it cannot be copied."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def instances(
    holder: type, offers: list[tuple[set[str], Any]], queues: list[list[Any]], defaults: bool = False
) -> Iterator[Any]:
    """Yields objects of a class, built in every way that works, its own defaults kept if asked; raises nothing."""
    constructor = constructor_of(holder)
    tried = set()
    for queue in queues:
        for optional in (False,) if defaults else (True, False):
            try:
                arguments = bound(constructor, offers, queue, optional)
                key = repr([(name, getattr(value, "shape", value)) for name, value in arguments.items()])
                if key not in tried:
                    tried.add(key)
                    yield in_training(attempt(holder, **arguments))
            except Failure:
                continue


MODES = (
    "training",
    "train",
    "is_training",
    "train_mode",
    "train_flag",
    "_training",
    "_is_training",
)  # attributes that switch, where they are bools


def in_training(made: Any) -> Any:
    """The object, told that it is being trained where it has an attribute for that: some remember nothing else."""
    for mode in MODES:
        if getattr(made, "__dict__", {}).get(mode) is False:
            setattr(made, mode, True)
    return made
