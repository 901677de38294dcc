"""What a path holds, as text that Python can read: files, folders, notebooks; what is broken is healed or told."""

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 5_000_000  # of one file
MOST_FILES = 200  # of one folder
SKIPPED = {"test", "tests", "docs", "doc", "build", "dist", "node_modules", "venv", "env", "__pycache__"}
MAGIC = re.compile(r"^\s*(!|%|pip\s+install|pip3\s|conda\s+install|\?)|\?\s*$")


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


def read(path: Path) -> list[Source]:
    """Returns the sources behind a path; raises Unreadable with one clear line."""
    try:
        if not path.exists():
            raise Unreadable("there is no such file")
        if path.is_dir():
            return _with_imports(_folder(path), path)
        return _with_imports([_file(path, path.parent)], path.parent)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror or error}") from error
    except RuntimeError as error:  # a symlink that leads to itself
        raise Unreadable(f"it cannot be read: {error}") from error


def _with_imports(sources: list[Source], folder: Path) -> list[Source]:
    """Sources and those of their neighbours that they import, looked for beside them and up to three folders above."""
    found = {one.path.resolve(): one for one in sources}
    waiting = [*sources]
    while waiting and len(found) < MOST_FILES:
        one = waiting.pop(0)
        for level, name in _imported(one.text):
            above = [one.path.parent, folder, *list(folder.parents)[:3]]
            places = [[one.path.parent, *one.path.parents[1:]][level - 1]] if level else above
            file = next((file for place in places if (file := _module(place, name))), None)
            if file is None or file.resolve() in found:
                continue
            try:
                made = _file(file, file.parent)
            except Unreadable:
                continue
            package = one.module.split(".")[: None if one.path.stem == "__init__" else -1]
            base = package[: max(len(package) - level + 1, 0)] if level else []
            made.module = ".".join([*filter(None, base), name])
            found[file.resolve()] = made
            waiting.append(made)
    return list(found.values())


def _module(folder: Path, name: str) -> Path | None:
    """The file of a module, or of a package, below a folder."""
    inner = folder.joinpath(*name.split("."))
    return next((file for file in (inner.with_suffix(".py"), inner / "__init__.py") if file.is_file()), None)


def _imported(text: str) -> list[tuple[int, str]]:
    """The modules that a text imports, and those that may be modules among the names it imports from them.

    Each with the number of dots before it.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            inner = [f"{base}.{alias.name}" if base else alias.name for alias in node.names if alias.name != "*"]
            found += [(node.level, name) for name in [*filter(None, [base]), *inner]]
    return [one for one in dict.fromkeys(found) if one[0] or one[1].split(".")[0] not in ("numpy", "torch", "pandas")]


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
        if file.name == "__init__.py" and not file.stat().st_size:
            continue  # it says that the folder is a package, and no more
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


def parsed(source: Source, notes: list[str]) -> ast.Module:
    """The tree of a source; where one place is broken, the definitions before and after it."""
    try:
        return ast.parse(source.text)
    except SyntaxError as error:
        if isinstance(error, TabError) and "\t" in source.text:
            source.text = source.text.expandtabs()
            notes.append(f"{source.path.name} mixes tabs and spaces, which Python 3 refuses: read as Python 2 reads it")
            return parsed(source, notes)
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
