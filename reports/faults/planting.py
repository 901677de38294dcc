"""A fault: a small mutation of scratch's code, as data, and how it is planted for a while."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock


@dataclass(frozen=True)
class Patch:
    """A whole method (or function of a module) and what makes its replacement from it."""

    owner: Any  # a class of scratch, or a module
    name: str
    make: Callable[[Callable[..., Any]], Callable[..., Any]]  # takes what stood there, returns what stands there now
    wraps: bool = False  # it disturbs what stood there, whatever that gives: such patches may be stacked


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One defect: what it is called, where it is planted, and where it must be caught first."""

    name: str  # a few words, unique
    cause: str  # the id in shared/causes.md: what a right diagnosis names
    says: str  # one sentence for a user
    net: str  # a name in `nets.NETS`
    row: str  # the first row that must be apart, e.g. "backward/relu1"
    patches: tuple[Patch, ...]
    probe: str = ""  # the probe on which that row lies, "" for the training itself
    other_form: bool = False  # written in a deliberately different form than a one-character slip


@contextmanager
def planted(faults: Sequence[Fault]) -> Iterator[None]:
    """Plants faults one upon the other while the context lasts; what stood there before comes back."""
    with ExitStack() as stack:
        for fault in faults:
            for patch in fault.patches:
                replacement = patch.make(getattr(patch.owner, patch.name))
                stack.enter_context(mock.patch.object(patch.owner, patch.name, replacement))
        yield
