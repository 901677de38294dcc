"""`pytest --parity my_network.py`: each component a test; and the fixture `parity` for a layer of one's own.

The one file of `reports` that knows pytest. It loads nothing heavy before it is asked for something.
"""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Assertion = Callable[..., None]
FAILS = ("defective", "unjudged")  # what nobody can judge must never look like a pass
SKIPPED = "parity: skipped"  # the property that carries its reason to the end of the output
WANTED = "a path, a class, a function or an object"


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

    subject = check(path)
    told = record(subject)
    if not told["components"]:  # nothing was judged, which is no pass
        yield _item(session, path, "network", "unjudged", f"{path}: {told['says']}")
    for one in told["components"]:
        yield _item(session, path, one["name"], one["status"], _words(one))
    if subject.unrecognised:
        words = f"not recognised, and not judged: {', '.join(subject.unrecognised)}"
        yield _item(session, path, "what was not recognised", "missing", words)


def _item(session: pytest.Session, path: Path, name: str, status: str, says: str) -> pytest.Item:
    return ParityItem.from_parent(session, name=name, nodeid=f"{path.as_posix()}::{name}", status=status, says=says)


def _words(one: dict[str, Any]) -> str:
    """What is said of a component, and its lines."""
    place = f"{one['file']}:{one['lines'][0]}" if one["file"] and one["lines"] else ""
    says = f"cannot be judged: {one['says']}" if one["status"] == "unjudged" else one["says"]
    return "\n".join(text for text in (says, *one["diagnoses"][1:], place, one["code"]) if text)


class ParityItem(pytest.Item):
    """One component's verdict as a test: a defect fails, and so does what cannot be judged.

    What is not written yet, or was not recognised, is skipped, and said at the end of the output.
    """

    def __init__(self, *, status: str, says: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.status, self.says = status, says
        if status == "missing":
            self.user_properties.append((SKIPPED, says.partition("\n")[0]))

    def runtest(self) -> None:
        """Fails or skips with the verdict's own words."""
        if self.status in FAILS:
            raise ParityError(self.says)
        if self.status == "missing":
            pytest.skip(self.says)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The words alone: a traceback of ours would tell nothing."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is shown."""
        return self.path, None, self.name


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says what was skipped and why: pytest itself counts it alone."""
    for report in terminalreporter.getreports("skipped"):
        for name, words in getattr(report, "user_properties", ()):  # a module that is skipped whole has none
            if name == SKIPPED:
                terminalreporter.write_line(f"parity: {report.nodeid}: {words}")


class ParityError(AssertionError):
    """A component that computes something else than torch, or cannot be judged."""


@pytest.fixture
def parity() -> Assertion:
    """A function that takes a class of one's own, or a path, and raises where it computes something else than torch."""

    def asserted(*given: Any, name: str | None = None) -> None:
        __tracebackhide__ = True
        from reports.show.subjects import record
        from reports.subjects.verdict import check

        what, name = _asked(given, name)
        path, own = _place(what)
        wanted = name or own
        told = record(check(path))
        chosen = [one for one in told["components"] if wanted in (None, one["name"])]
        if not chosen:
            have = ", ".join(one["name"] for one in told["components"]) or told["says"]
            raise ParityError(f"{wanted or 'a network'} was not recognised in {path}; what was: {have}")
        if wrong := [f"{one['name']}: {_words(one)}" for one in chosen if one["status"] in FAILS]:
            raise ParityError("\n".join(wrong))

    return asserted


def _asked(given: tuple[Any, ...], name: str | None) -> tuple[Any, str | None]:
    """What is to be asserted, and its name in a file, where that was given behind a path."""
    __tracebackhide__ = True
    if len(given) == 2 and name is None and isinstance(given[0], (str, Path)) and isinstance(given[1], str):
        return given[0], given[1]
    if len(given) != 1:
        words = (
            f"parity() was given {len(given) or 'no'} arguments: it takes one, {WANTED}; torch's side it makes itself"
        )
        raise ParityError(words)
    return given[0], name


def _place(what: Any) -> tuple[Path, str | None]:
    """The file of what is to be asserted, and its name there: of a path, a class, a function, or an object's class."""
    __tracebackhide__ = True
    if isinstance(what, (str, Path)):
        if not Path(what).exists():
            raise ParityError(f"parity({what!r}): there is no such file; give {WANTED}")
        return Path(what), None
    named: Any = what if inspect.isclass(what) or inspect.isroutine(what) else type(what)
    bases = [base for base in getattr(named, "__mro__", (named,)) if base is not object]
    if strange := {str(base.__module__).partition(".")[0] for base in bases} & {"torch", "numpy"}:
        raise ParityError(f"parity() was given {strange.pop()}'s {named.__name__}: give {WANTED}, written by hand")
    if "<" in named.__qualname__:
        raise ParityError(f"{named.__name__} is defined inside a function; define it at the top of a file")
    try:
        file = inspect.getsourcefile(named)
    except TypeError:
        file = None
    if file is None:
        raise ParityError(f"parity({what!r:.60}): {named.__name__} is not written in a Python file; give {WANTED}")
    return Path(file), named.__qualname__.partition(".")[0]
