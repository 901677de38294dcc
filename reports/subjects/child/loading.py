"""A stranger's file as definitions: imports, functions, classes and literal assignments are kept, the rest is not.

Training, plots, data and input() stand at the top of half of all such files and never run here. The file is parsed,
never imported. Several files make one namespace of modules, so that `from common.layers import X` and relative
imports find each other.
"""

import __future__

import ast
import builtins
import json
import linecache
import re
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .calling import required
from .lending import lend
from .stubs import Stub

MOST_BYTES = 5_000_000  # of one file
MOST_FILES = 200  # of one folder
SKIPPED = {"test", "tests", "docs", "doc", "build", "dist", "node_modules", "venv", "env", "__pycache__"}
MAGIC = re.compile(r"^\s*(!|%|pip\s+install|pip3\s|conda\s+install|\?)|\?\s*$")
UNIT = "parity_subject"


class Unreadable(Exception):  # noqa: N818  # it is an answer, not a fault of ours
    """The input cannot be judged, and why."""


@dataclass
class Source:
    """One file's text, ready to be parsed."""

    path: Path
    text: str
    notes: list[str] = field(default_factory=list)
    module: str = ""
    broken: bool = False


@dataclass
class Loaded:
    """Definitions by name, of all files together; `notes` say what was passed over."""

    functions: dict[str, Any] = field(default_factory=dict)
    classes: dict[str, type] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)  # file name -> text
    scripts: list[tuple[str, list[ast.stmt], dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stubs: list[str] = field(default_factory=list)


def read(path: Path) -> list[Source]:
    """Returns the sources behind a path; raises Unreadable with one clear line."""
    try:
        if not path.exists():
            raise Unreadable("there is no such file")
        if path.is_dir():
            return _folder(path)
        return _with_imports(_file(path, path.parent), path.parent)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror or error}") from error
    except RuntimeError as error:  # a symlink that leads to itself
        raise Unreadable(f"it cannot be read: {error}") from error


def _with_imports(source: Source, folder: Path) -> list[Source]:
    """A file and those of its neighbours that it imports, looked for beside it and up to three folders above."""
    found = {source.path.resolve(): source}
    waiting = [source]
    while waiting and len(found) < MOST_FILES:
        one = waiting.pop(0)
        for name in _imported(one.text):
            for place in (one.path.parent, folder, *list(folder.parents)[:3]):
                file = place / Path(*name.split(".")).with_suffix(".py")
                if file.is_file() and file.resolve() not in found:
                    try:
                        made = _file(file, file.parent)
                    except Unreadable:
                        break
                    made.module = name
                    found[file.resolve()] = made
                    waiting.append(made)
                    break
    return list(found.values())


def _imported(text: str) -> list[str]:
    """The modules that a text imports, and those that may be modules among the names it imports from them."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            found += [base] if base else []
            found += [f"{base}.{alias.name}" if base else alias.name for alias in node.names if alias.name != "*"]
    return [name for name in dict.fromkeys(found) if name.split(".")[0] not in ("numpy", "torch", "pandas")]


def _folder(path: Path) -> list[Source]:
    """All files of a folder, packages included."""
    found: list[Source] = []
    notes: list[str] = []
    for file in sorted(path.rglob("*")):
        inner = file.relative_to(path).parts
        if any(part in SKIPPED or part.startswith(".") for part in inner[:-1]) or file.suffix not in (".py", ".ipynb"):
            continue
        if not file.is_file() or file.name.startswith(("test_", ".")) or file.name in ("setup.py", "conftest.py"):
            continue
        if len(found) == MOST_FILES:
            notes.append(f"only the first {MOST_FILES} files are read")
            break
        try:
            found.append(_file(file, path))
        except Unreadable as error:
            notes.append(f"{'/'.join(inner)}: {error}")
    if not found:
        raise Unreadable("; ".join(notes[:3]) or "the folder holds no .py file and no notebook")
    found[0].notes += notes
    return found


def _file(path: Path, root: Path) -> Source:
    if not path.is_file():
        raise Unreadable("it is no file")
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(f"the file is larger than {MOST_BYTES:,} bytes")
    raw = path.read_bytes()
    if not raw.strip():
        raise Unreadable("the file is empty")
    if b"\0" in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("it is a binary file, not Python text")
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    relative = path.relative_to(root).with_suffix("")
    parts = [re.sub(r"\W", "_", part) for part in relative.parts]
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    if path.suffix == ".ipynb":
        return Source(path, *_notebook(text), module)
    if path.suffix not in (".py", ".txt", ""):
        raise Unreadable(f"a {path.suffix} file is neither Python nor a notebook")
    return Source(path, _without_magic(text), [], module)


def _notebook(text: str) -> tuple[str, list[str]]:
    """The code cells of a notebook joined; a cell that is broken is reported and passed over."""
    try:
        cells = json.loads(text)
        cells = cells.get("cells") or [cell for sheet in cells.get("worksheets", []) for cell in sheet["cells"]]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"the notebook is not valid JSON: {error}") from error
    kept, notes = [], []
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))
        code = _without_magic("".join(source) if isinstance(source, list) else str(source))
        try:
            ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            notes.append(f"cell {number} is broken and passed over: {getattr(error, 'msg', error)}")
            continue
        kept.append(code)
    if not kept:
        raise Unreadable("; ".join(notes[:3]) or "the notebook has no code")
    return "\n\n".join(kept), notes


def _without_magic(text: str) -> str:
    """The text with notebook commands blanked, so that line numbers stay."""
    lines = text.splitlines()
    if lines and lines[0].startswith("%%") and not re.match(r"%%(time|capture|writefile .*\.py)", lines[0]):
        return "\n" * len(lines)
    return "\n".join("" if MAGIC.match(line) and not line.strip().startswith("#") else line for line in lines)


def definitions(sources: list[Source], stubs: list[str]) -> Loaded:
    """Executes the kept definitions of all sources; raises Unreadable when nothing of any of them could be."""
    loaded = Loaded(stubs=stubs)
    trees: dict[str, tuple[Source, ast.Module]] = {}
    failures = []
    for source in sources:
        loaded.notes += source.notes
        try:
            trees[source.module or UNIT] = source, _parsed(source, loaded.notes)
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


def _parsed(source: Source, notes: list[str]) -> ast.Module:
    """The tree of a source; where one place is broken, the definitions before and after it."""
    try:
        return ast.parse(source.text)
    except SyntaxError as error:
        if "print" in str(error.msg) and (tree := _of_python_2(source)) is not None:
            notes.append(f"{source.path.name} is written for Python 2: its print statements are left out")
            return tree
        if (tree := _healed(source, error)) is not None:
            source.broken = True
            notes.append(f"{source.path.name}, line {error.lineno}: {error.msg}; the rest is read without it")
            return tree
        raise Unreadable(f"Python cannot read line {error.lineno}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"Python cannot read it: {error or type(error).__name__}") from error


PRINT = re.compile(r"^(\s*|.*:\s+)print\b(?!\s*\()[ \t]*(.*)$")


def _of_python_2(source: Source) -> ast.Module | None:
    """The tree of a source of Python 2, its print statements left out; None where that is not all that is old in it."""
    lines = []
    open_brackets = 0
    for line in source.text.splitlines():
        if open_brackets > 0:  # the rest of a print statement
            lines.append("")
        elif found := PRINT.match(line):
            lines.append(f"{found[1]}pass")
        else:
            lines.append(line)
            continue
        open_brackets += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
    text = "\n".join(lines)
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _healed(source: Source, first: SyntaxError) -> ast.Module | None:
    """What is left when the top-level blocks that do not parse are dropped; None when no definition is."""
    blocks: list[list[str]] = [[]]
    lines = source.text.splitlines()
    for line in lines:
        if line[:1] not in (" ", "\t", "#", ")", "]", "}", "") and not line.startswith(("else", "elif", "except")):
            blocks.append([])
        blocks[-1].append(line)
    body: list[ast.stmt] = []
    start = 0
    for block in blocks:
        try:
            tree = ast.parse("\n".join(block))
            ast.increment_lineno(tree, start)
            body += tree.body
        except (SyntaxError, ValueError):
            pass
        start += len(block)
    if not any(isinstance(one, (ast.ClassDef, ast.FunctionDef)) for one in body):
        return None
    return ast.Module(body=body, type_ignores=[])


class _Modules:
    """The files as modules that may import one another; each is executed when it is first asked for."""

    def __init__(self, trees: dict[str, tuple[Source, ast.Module]], loaded: Loaded) -> None:
        self.trees, self.loaded = trees, loaded
        self.done: dict[str, types.ModuleType] = {}

    def execute_all(self) -> None:
        for name in self.trees:
            module = self.get(name)
            source = self.trees[name][0]
            for key, value in vars(module).items():
                if getattr(value, "__module__", None) == module.__name__ and not key.startswith("__"):
                    if isinstance(value, type):
                        other = self.loaded.classes.setdefault(key, value)
                        if len(required(other)) != len(required(value)):  # Linear the layer, Linear the activation
                            self.loaded.classes.setdefault(f"{key} ({name.split('.')[-1]})", value)
                    elif isinstance(value, types.FunctionType):
                        self.loaded.functions.setdefault(key, value)
            self.loaded.scripts.append((str(source.path), self.trees[name][1].body, vars(module)))

    def find(self, name: str, package: str = "") -> str | None:
        """The file that a module name means: by full name, below the importing package, or by its ending."""
        for full in (f"{package}.{name}" if package else name, name):
            if full in self.trees:
                return full
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
                                 "exit": _no_exit, "quit": _no_exit}  # fmt: skip
        for statement in kept(tree.body):
            try:
                tree_of_one = ast.Module(body=[statement], type_ignores=[])
                code = compile(
                    tree_of_one, str(source.path), "exec", __future__.annotations.compiler_flag, dont_inherit=True
                )
                exec(code, space)
            except (Exception, SystemExit, KeyboardInterrupt) as error:  # one that fails takes no other with it
                if isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
                    line = statement.lineno
                    self.loaded.notes.append(f"{source.path.name}, line {line}: {statement.name} cannot be defined: "
                                             f"{type(error).__name__}: {str(error)[:200]}")  # fmt: skip
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
            if isinstance(module, Stub) and (told := lend(module, name, tuple(wanted or ()))):
                self.loaded.notes += [told] if told not in self.loaded.notes else []
            return module

        return load


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


def kept(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements that only define: imports, functions, classes, literal assignments, and what is hoisted."""
    result: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            result.append(statement)
            if isinstance(statement, ast.FunctionDef):
                own = (ast.ClassDef, ast.ClassDef if statement.args.args else ast.FunctionDef)
                result += [one for one in statement.body if isinstance(one, own)]
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            if literal(statement.value):
                result.append(statement)
        elif isinstance(statement, (ast.If, ast.Try, ast.With)):
            inner = list(statement.body)
            if isinstance(statement, ast.Try):
                inner += [one for handler in statement.handlers for one in handler.body if _defines(one)]
            result += kept([one for one in inner if not isinstance(one, (ast.Assign, ast.AnnAssign)) or _is_main(one)])
    return [s for s in result if not (isinstance(s, ast.ImportFrom) and s.module == "__future__")]


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom))


def _is_main(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Assign, ast.AnnAssign))


SAFE_CALLS = {"array", "zeros", "ones", "eye", "arange", "linspace", "sqrt", "log", "exp", "float", "int", "list",
              "dict", "tuple", "range", "finfo", "float32", "float64", "default_rng", "RandomState"}  # fmt: skip


def literal(node: ast.expr) -> bool:
    """Whether an expression is made of constants, of simple NumPy calls on constants, or is a lambda."""
    if isinstance(node, ast.Lambda):
        return True  # it is made, not called
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(literal(part) for part in node.elts)
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if name not in SAFE_CALLS:
                return False
            numbers = [n.value for n in ast.walk(part) if isinstance(n, ast.Constant) and isinstance(n.value, int)]
            if any(number > 10_000 for number in numbers):
                return False
        elif isinstance(part, (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, ast.Await, ast.Yield)):
            return False
        elif isinstance(part, ast.BinOp) and isinstance(part.op, (ast.Pow, ast.LShift, ast.Mult)):
            numbers = [n.value for n in ast.walk(part) if isinstance(n, ast.Constant) and isinstance(n.value, int)]
            if any(number > 10_000 for number in numbers):
                return False
    return True
