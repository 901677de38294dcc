"""A stranger's file as definitions: imports, functions, classes and literal assignments are kept, the rest is not.

Training, plots, data and input() stand at the top of half of all such files and never run here. The file is parsed,
never imported. Several files make one namespace of modules, so that `from common.layers import X` and relative
imports find each other.
"""

import __future__

import ast
import builtins
import copy
import linecache
import sys
import types
from dataclasses import dataclass, field
from typing import Any

from . import elsewhere
from .lending import lend
from .reading import Source, Unreadable, parsed
from .stubs import LENT, Older, Stub

UNIT = "parity_subject"


@dataclass
class Loaded:
    """Definitions by name, of all files together; `notes` say what was passed over."""

    functions: dict[str, Any] = field(default_factory=dict)
    classes: dict[str, type] = field(default_factory=dict)
    twins: dict[str, dict[str, Any]] = field(default_factory=dict)  # file -> functions that another file names too
    sources: dict[str, str] = field(default_factory=dict)  # file name -> text
    scripts: list[tuple[str, list[ast.stmt], dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stubs: list[str] = field(default_factory=list)


def definitions(sources: list[Source], stubs: list[str]) -> Loaded:
    """Executes the kept definitions of all sources; raises Unreadable when nothing of any of them could be."""
    loaded = Loaded(stubs=stubs)
    trees: dict[str, tuple[Source, ast.Module]] = {}
    failures = []
    for source in sources:
        loaded.notes += source.notes
        try:
            trees[source.module or UNIT] = source, Older().visit(parsed(source, loaded.notes))
        except Unreadable as error:
            failures.append(f"{source.path.name}: {error}")
            continue
        loaded.sources[str(source.path)] = source.text
        lines = source.text.splitlines(keepends=True)
        linecache.cache[str(source.path)] = len(source.text), None, lines, str(source.path)  # a notebook's file is JSON
    if not trees:
        raise Unreadable(failures[0].split(": ", 1)[1] if len(failures) == 1 else "; ".join(failures[:3]))
    loaded.notes += failures
    _Modules(trees, loaded).execute_all()
    return loaded


class _Modules:
    """The files as modules that may import one another; each is executed when it is first asked for."""

    def __init__(self, trees: dict[str, tuple[Source, ast.Module]], loaded: Loaded) -> None:
        self.trees, self.loaded = trees, loaded
        self.done: dict[str, types.ModuleType] = {}

    def execute_all(self) -> None:
        for name in self.trees:  # a package before what is in it, as Python does
            if self.trees[name][0].path.stem == "__init__":
                self.get(name)
        for name in self.trees:
            module = self.get(name)
            source = self.trees[name][0]
            for key, value in vars(module).items():
                if getattr(value, "__module__", None) == module.__name__ and not key.startswith("__"):
                    known: dict[str, Any] = self.loaded.classes if isinstance(value, type) else self.loaded.functions
                    if not isinstance(value, (type, types.FunctionType)):
                        continue
                    if known.setdefault(key, value) is value or self._alike(known[key], value):
                        continue
                    if isinstance(value, type):  # Linear the layer, Linear the activation; a class that grew
                        known.setdefault(f"{key} ({name.split('.')[-1]})", value)
                    else:
                        self.loaded.twins.setdefault(name.split(".")[-1], {})[key] = value
            self.loaded.scripts.append((str(source.path), self.trees[name][1].body, vars(module)))

    def _alike(self, one: Any, other: Any) -> bool:
        """Whether two definitions of one name in two files say the same."""
        texts = [
            [ast.dump(node) for node in ast.walk(self.trees[value.__module__.removeprefix(f"{UNIT}.")][1])
             if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == value.__name__]
            for value in (one, other)
        ]  # fmt: skip
        return texts[0] == texts[1]

    def find(self, name: str, package: str = "") -> str | None:
        """The file that a module name means: by full name, below the importing package, or by its ending."""
        for full in (f"{package}.{name}" if package else name, name):
            if full in self.trees:
                return full
        root = self.trees[UNIT][0].path if UNIT in self.trees else None
        if root is not None and root.stem == "__init__" and root.parent.name == name:
            return UNIT  # the folder itself, by its name
        ends = [key for key in self.trees if key.endswith(f".{name}") or name.endswith(f".{key}")]
        return min(ends, key=len) if ends else None

    def get(self, name: str) -> types.ModuleType:
        if name in self.done:
            return self.done[name]
        source, tree = self.trees[name]
        module = types.ModuleType(f"{UNIT}.{name}")
        module.__file__ = str(source.path)
        self.done[name] = sys.modules[module.__name__] = module  # dataclasses look their module up there
        space = vars(module)
        space["__builtins__"] = {**vars(builtins), "__import__": self._importer(name), "input": _no_input,
                                 "raw_input": _no_input, "xrange": range,
                                 "exit": _no_exit, "quit": _no_exit, **LENT}  # fmt: skip
        for statement in kept(tree.body, SAFE_CALLS | holders(tree.body)):
            try:
                _define(statement, str(source.path), space)
            except (Exception, SystemExit, KeyboardInterrupt) as error:  # one that fails takes no other with it
                if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
                    line = statement.lineno
                    self.loaded.notes.append(f"{source.path.name}, line {line}: {statement.name} cannot be defined: "
                                             f"{type(error).__name__}: {str(error)[:200]}")  # fmt: skip
        elsewhere.learn(tree.body)
        elsewhere.stand_in(tree.body, space)
        return module

    def _importer(self, importing: str) -> Any:
        source = self.trees[importing][0]
        parts = importing.split(".")
        package = parts if source.path.stem == "__init__" else parts[:-1]

        def load(name: str, space: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> types.ModuleType:
            base = package[: len(package) - level + 1] if level else []
            full = ".".join([*base, name] if name else base)
            found = self.find(full) or (self.find(name, ".".join(package)) if name else None)
            if found and found != importing:
                module = self.get(found)
                for key in wanted or ():
                    inner = self.find(f"{found}.{key}")
                    if inner and not hasattr(module, key):
                        setattr(module, key, self.get(inner))
                return module if wanted or "." not in name else _nested(name, module)
            if level or (wanted and any(self.find(f"{full}.{one}") for one in wanted)):
                holder = types.ModuleType(full or "package")
                for key in wanted or ():
                    inner = self.find(f"{full}.{key}" if full else key)
                    setattr(holder, key, self.get(inner) if inner else _missing(key))
                return holder
            module = __import__(name, None, None, wanted, 0)
            elsewhere.everything[0] |= isinstance(module, Stub) and "*" in (wanted or ())
            if isinstance(module, Stub) and (told := lend(module, name, tuple(wanted or ()))):
                self.loaded.notes += [told] if told not in self.loaded.notes else []
            return module

        return load


def _define(statement: ast.stmt, file: str, space: dict[str, Any]) -> None:
    """Executes one definition; defaults that are computed by what never ran here become arguments to be given."""
    flag = __future__.annotations.compiler_flag
    try:
        exec(compile(ast.Module(body=[statement], type_ignores=[]), file, "exec", flag, dont_inherit=True), space)
    except NameError as error:
        if not isinstance(statement, ast.FunctionDef) or not any(
            isinstance(part, ast.Name) and part.id == error.name for part in _defaults(statement.args)
        ):
            raise
        asks = copy.deepcopy(statement)
        given = asks.args
        known = [not any(isinstance(part, ast.Name) for part in ast.walk(one)) for one in given.defaults]
        given.defaults = given.defaults[len(known) - known[::-1].index(False) if False in known else 0 :]
        given.kw_defaults = [
            one if one and not any(isinstance(part, ast.Name) for part in ast.walk(one)) else None
            for one in given.kw_defaults
        ]
        exec(compile(ast.Module(body=[asks], type_ignores=[]), file, "exec", flag, dont_inherit=True), space)


def _defaults(given: ast.arguments) -> list[ast.AST]:
    return [part for one in (*given.defaults, *given.kw_defaults) if one for part in ast.walk(one)]


def _nested(name: str, module: types.ModuleType) -> types.ModuleType:
    """What `import a.b.c` binds: a, which holds b, which holds c."""
    for part in reversed(name.split(".")[1:]):
        holder = types.ModuleType("package")
        setattr(holder, part, module)
        module = holder
    return module


def _missing(name: str) -> Any:
    return Stub(name)


def _no_input(*_: object) -> str:
    return "1"


def _no_exit(*_: object) -> None:
    raise RuntimeError("exit() was called")


def kept(body: list[ast.stmt], makers: set[str]) -> list[ast.stmt]:
    """The statements that only define: imports, functions, classes, literal assignments, and what is hoisted."""
    result: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            result.append(statement)
            if isinstance(statement, ast.FunctionDef):
                own = (ast.ClassDef, ast.ClassDef if statement.args.args else ast.FunctionDef)
                result += [one for one in statement.body if isinstance(one, own)]
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            if literal(statement.value, makers):
                result.append(statement)
        elif isinstance(statement, ast.Expr) and _fills(statement.value, result):
            result += [statement] if literal(statement.value, makers | FILLS) else []
        elif isinstance(statement, (ast.If, ast.Try, ast.With)):
            inner = list(statement.body)
            if isinstance(statement, ast.Try):
                inner += [one for handler in statement.handlers for one in handler.body if _defines(one)]
            result += kept(inner, makers)
    return [s for s in result if not (isinstance(s, ast.ImportFrom) and s.module == "__future__")]


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom))


def holders(body: list[ast.stmt]) -> set[str]:
    """The names of a file's own classes whose constructors only keep what they are given: making one does nothing."""
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.ClassDef) and not statement.keywords:
            written = [one for one in statement.body if isinstance(one, ast.FunctionDef)]
            makers = [one for one in written if one.name in ("__init__", "__new__", "__post_init__")]
            bases = {getattr(base, "id", getattr(base, "attr", "")) for base in statement.bases}
            if bases <= {"object", "ABC", "NamedTuple", *found} and all(_keeps(one) for one in makers):
                found.add(statement.name)
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            called = getattr(statement.value.func, "attr", getattr(statement.value.func, "id", ""))
            found |= {one.id for one in statement.targets if isinstance(one, ast.Name) and called == "namedtuple"}
    return found


def _asks_the_base(node: ast.expr) -> bool:
    """Whether an expression is super().__init__(...) with what the constructor is given."""
    return ast.unparse(node).startswith("super().__init__(") and literal(node, {"super", "__init__"})


FILLS = {"update", "append", "extend", "setdefault", "insert"}


def _fills(node: ast.expr, before: list[ast.stmt]) -> bool:
    """Whether a call puts something into a dict or a list that was written out before."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FILLS):
        return False
    made = [one for one in before if isinstance(one, ast.Assign) and isinstance(one.value, (ast.Dict, ast.List))]
    names = {target.id for one in made for target in one.targets if isinstance(target, ast.Name)}
    return isinstance(node.func.value, ast.Name) and node.func.value.id in names


def _keeps(constructor: ast.FunctionDef) -> bool:
    """Whether a constructor is made of assignments of what it is given, or of constants, alone."""
    return constructor.name == "__init__" and all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and (isinstance(one.value, ast.Constant) or _asks_the_base(one.value)))
        or (isinstance(one, (ast.Assign, ast.AnnAssign)) and (one.value is None or literal(one.value, set())))
        for one in constructor.body
    )


SAFE_CALLS = {"array", "zeros", "ones", "eye", "arange", "linspace", "sqrt", "log", "exp", "float", "int", "list",
              "dict", "tuple", "range", "finfo", "float32", "float64", "default_rng", "RandomState", "namedtuple",
              "partial", "vectorize", "frompyfunc", "zip", "len", "SimpleNamespace", "OrderedDict",
              "defaultdict"}  # fmt: skip
COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, ast.Await, ast.Yield)
GROWS = (ast.Pow, ast.LShift, ast.Mult)


def literal(node: ast.expr, makers: set[str] = SAFE_CALLS) -> bool:
    """Whether an expression is made of constants, names and lambdas, and of calls of `makers` on such."""
    if isinstance(node, ast.Lambda):
        return True  # it is made, not called
    if isinstance(node, COMPREHENSIONS):
        return False
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in makers or _large(node):
            return False
    if isinstance(node, ast.BinOp) and isinstance(node.op, GROWS) and _large(node):
        return False
    return all(literal(part, makers) for part in _parts(node))


def _parts(node: ast.AST) -> list[ast.expr]:
    """The expressions right below one, through what is none: the arguments of a call, a slice."""
    found: list[ast.expr] = []
    for part in ast.iter_child_nodes(node):
        found += [part] if isinstance(part, ast.expr) else _parts(part)
    return found


def _large(node: ast.expr) -> bool:
    """Whether it holds a whole number of which an array would be too large to be made for nothing."""
    return any(isinstance(n, ast.Constant) and isinstance(n.value, int) and n.value > 10_000 for n in ast.walk(node))
