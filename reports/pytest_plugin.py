"""`pytest --parity my_network.py`: each component a test; and the fixture `parity` for a layer of one's own.

The one file of `reports` that knows pytest. It loads nothing heavy before it is asked for something.
"""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Assertion = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --parity PATH, which may be repeated."""
    group = parser.getgroup("parity", "a hand-written network against torch")
    group.addoption(
        "--parity",
        action="append",
        default=[],
        metavar="PATH",
        help="judge each component of a file, notebook or folder; once for each: --parity a.py --parity b.py",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses a path that is not there: a slip of the pen must not look like a pass."""
    for path in config.getoption("--parity"):
        if not Path(path).exists():
            raise pytest.UsageError(f"--parity {path}: there is no such file")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts an item for each component in place of what was found by default, or beside what was asked for."""
    paths = config.getoption("--parity")
    if not paths:
        return
    if config.args_source != pytest.Config.ArgsSource.ARGS:
        items.clear()
    for path in paths:
        items += _items(session, Path(path))


def _items(session: pytest.Session, path: Path) -> Iterator[pytest.Item]:
    from reports.show.subjects import record
    from reports.subjects.verdict import check

    told = record(check(path))
    if all(one["status"] == "unjudged" for one in told["components"]):  # nothing was judged, which is no pass
        yield _item(session, path, "network", "refused", f"{path}: {told['says']}")
    for one in told["components"]:
        yield _item(session, path, one["name"], one["status"], _words(one))


def _item(session: pytest.Session, path: Path, name: str, status: str, says: str) -> pytest.Item:
    return ParityItem.from_parent(session, name=name, nodeid=f"{path.as_posix()}::{name}", status=status, says=says)


def _words(one: dict[str, Any]) -> str:
    """What is said of a component, and its lines."""
    place = f"{one['file']}:{one['lines'][0]}" if one["file"] and one["lines"] else ""
    return "\n".join(text for text in (one["says"], *one["diagnoses"][1:], place, one["code"]) if text)


class ParityItem(pytest.Item):
    """One component's verdict as a test: a defect fails, what cannot be judged or is not written is skipped.

    A file of which nothing can be judged fails.
    """

    def __init__(self, *, status: str, says: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status, self.says = status, says

    def runtest(self) -> None:
        """Fails or skips with the verdict's own words."""
        if self.status in ("defective", "refused"):
            raise ParityError(self.says)
        if self.status in ("unjudged", "missing"):
            pytest.skip(self.says)  # neither agrees nor differs: pytest's third outcome, with the reason in its summary

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The words alone: a traceback of ours would tell nothing."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is shown."""
        return self.path, None, self.name


class ParityError(AssertionError):
    """A component that computes something else than torch."""


@pytest.fixture
def parity() -> Assertion:
    """A function that takes a class of one's own, or a path, and raises where it computes something else than torch."""

    def asserted(what: Any, name: str | None = None) -> None:
        __tracebackhide__ = True
        from reports.show.subjects import record
        from reports.subjects.verdict import check

        path, own = _place(what)
        wanted = name or own
        told = record(check(path))
        chosen = [one for one in told["components"] if wanted in (None, one["name"])]
        if not chosen:
            have = ", ".join(one["name"] for one in told["components"]) or told["says"]
            raise ParityError(f"{wanted or 'a network'} was not recognised in {path}; what was: {have}")
        wrong = [f"{one['name']}: {_words(one)}" for one in chosen if one["status"] == "defective"]
        if wrong:
            raise ParityError("\n".join(wrong))
        if all(one["status"] == "unjudged" for one in chosen):
            raise ParityError("\n".join(f"{one['name']} cannot be judged: {one['says']}" for one in chosen))

    return asserted


def _place(what: Any) -> tuple[Path, str | None]:
    """The file of what is to be asserted, and its name there: of a path, a class, a function, or an object's class."""
    __tracebackhide__ = True
    if isinstance(what, (str, Path)):
        if not Path(what).exists():
            raise ParityError(f"parity({what!r}): there is no such file; give a path, a class, a function or an object")
        return Path(what), None
    named: Any = what if inspect.isclass(what) or inspect.isroutine(what) else type(what)
    if "<locals>" in named.__qualname__:
        raise ParityError(f"{named.__name__} is defined inside a function; define it at the top of a file")
    try:
        return Path(inspect.getsourcefile(named) or ""), named.__name__
    except TypeError:
        words = f"parity({what!r:.60}): {named.__name__} is not written in a Python file; give a class of your own"
        raise ParityError(words) from None
