"""The house: which rooms there are, that both sides mirror each other, and that nothing is left untested."""

import ast
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import reference
import scratch
from reports import CASES

ROOT = Path(scratch.__file__).parents[1]
ROOMS = {"pyproject.toml", "README.md", "scratch", "reference", "reports", "parity_tests"}
ONLY_SCRATCH = {"datasets.py", "checks.py", "buffers.py", "__main__.py", "iris.csv"}
ONLY_REFERENCE = {"transplant.py", "observe.py"}
HELPERS = {"minibatches", "one_hot"}  # functions of datasets.py that are no data sets
OWN = {  # public definitions of mirrored files that need no counterpart, and why
    "scratch.losses.negative_log_likelihood": "torch.nn.functional.nll_loss does this",
    "reference.network.available": "scratch has no devices",
    "reference.optimizers.RateInsideVelocity": "scratch.SGD is this rule; stock torch has another",
}
SETTINGS_OF_ONE_SIDE = {"self", "dtype", "rng", "device"}


def files(side: str) -> set[str]:
    """The names of a side's files."""
    return {path.name for path in (ROOT / side).iterdir() if path.is_file()}


def definitions(side: str, file: str) -> dict[str, ast.stmt]:
    """The public classes and functions of a file, in order."""
    body = ast.parse((ROOT / side / file).read_text(encoding="utf-8")).body
    found = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return {node.name: node for node in found if not node.name.startswith("_")}


MIRRORED = sorted(name for name in files("scratch") - ONLY_SCRATCH if name.endswith(".py") and name[0] != "_")


def unmirrored(names: list[str]) -> list[str]:
    """A sentence for each public name of scratch that the reference lacks; data sets are scratch's alone."""
    sentences = []
    for name in names:
        module = getattr(scratch, name).__module__
        twin = module.replace("scratch", "reference")
        if module != "scratch.datasets" and name not in reference.__all__:
            sentences.append(f"{module}.{name} has no counterpart in {twin}")
    return sentences


@pytest.mark.parametrize("heavy", ["torch", "pandas"])
def test_scratch_needs_numpy_alone(heavy: str) -> None:
    """After importing every file of scratch in a fresh Python, neither torch nor pandas is loaded."""
    code = f"import scratch, scratch.__main__, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    control = code.replace("import scratch,", f"import {heavy}, scratch,")
    assert subprocess.run([sys.executable, "-c", control], check=False).returncode == 1


def test_every_public_name_is_mirrored() -> None:
    """Every public name of scratch stands in the reference but the data sets, and the reference has no other."""
    assert unmirrored(scratch.__all__) == []
    alone = {name for name in scratch.__all__ if getattr(scratch, name).__module__ == "scratch.datasets"}
    assert alone == {"gaussian", "iris", "minibatches", "one_hot", "spiral"}
    assert set(reference.__all__) == set(scratch.__all__) - alone


def test_a_missing_half_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that only scratch has is told with its file and the file where its counterpart belongs."""
    monkeypatch.setattr(reference, "__all__", [name for name in reference.__all__ if name != "Tanh"])
    assert unmirrored(scratch.__all__) == ["scratch.activations.Tanh has no counterpart in reference.activations"]


def test_public_names_are_what_the_files_define() -> None:
    """Each name in `__all__` comes from the file of the same name on both sides."""
    for name in reference.__all__:
        module = getattr(scratch, name).__module__
        assert getattr(reference, name).__module__ == module.replace("scratch", "reference")


def test_the_files_are_mirrored() -> None:
    """Both sides have files of the same names; each has only those of its own that are listed here."""
    assert files("scratch") - files("reference") == ONLY_SCRATCH
    assert files("reference") - files("scratch") == ONLY_REFERENCE
    assert MIRRORED == ["activations.py", "layers.py", "losses.py", "network.py", "optimizers.py", "training.py"]


@pytest.mark.parametrize("file", MIRRORED)
def test_definitions_are_in_the_same_order(file: str) -> None:
    """Mirrored files define the same public names in the same order, but for those that need no counterpart."""
    ours, theirs = (
        [name for name in definitions(side, file) if f"{side}.{file[:-3]}.{name}" not in OWN]
        for side in ("scratch", "reference")
    )
    assert ours == theirs


def test_what_needs_no_counterpart_exists() -> None:
    """The list of definitions without a counterpart names nothing that is gone."""
    for name in OWN:
        side, file, definition = name.split(".")
        assert definition in definitions(side, f"{file}.py"), name


def settings_of(node: ast.stmt) -> list[str]:
    """What a class's own __init__ or a function takes: names, kinds and defaults, without one side's own."""
    if isinstance(node, ast.ClassDef):
        inits = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
        if not inits:
            return []
        node = inits[0]
    assert isinstance(node, ast.FunctionDef)
    positional, named = node.args.args, node.args.kwonlyargs
    defaults = [None] * (len(positional) - len(node.args.defaults)) + node.args.defaults + node.args.kw_defaults
    kinds = ["positional"] * len(positional) + ["keyword"] * len(named)
    return [
        f"{kind} {argument.arg} = {ast.unparse(default) if default else '...'}"
        for kind, argument, default in zip(kinds, positional + named, defaults, strict=True)
        if argument.arg not in SETTINGS_OF_ONE_SIDE
    ]


@pytest.mark.parametrize("file", MIRRORED)
def test_signatures_are_mirrored(file: str) -> None:
    """Mirrored classes and functions take the same settings with the same defaults, but for dtype, rng and device."""
    ours, theirs = definitions("scratch", file), definitions("reference", file)
    for name in ours.keys() & theirs.keys():
        assert settings_of(ours[name]) == settings_of(theirs[name]), f"{file}: {name}"


def test_named_tuples_are_mirrored() -> None:
    """Step and Epochs have the same fields on both sides."""
    for name in ("Step", "Epochs"):
        assert getattr(scratch, name)._fields == getattr(reference, name)._fields


def test_everything_is_run_by_a_case() -> None:
    """Each layer, activation, loss, optimizer and data set of scratch is run by at least one case."""
    used = {layer.kind for case in CASES.values() for layer in case.layers}
    used |= {case.loss for case in CASES.values()} | {case.data for case in CASES.values()}
    used |= {"SGD" for case in CASES.values() if case.momentum} & {
        "SGD" for case in CASES.values() if not case.momentum
    }
    wanted = {"layers.py", "activations.py", "losses.py", "optimizers.py"}
    public = [name for file in wanted for name in definitions("scratch", file) if name in scratch.__all__]
    data = [name for name in definitions("scratch", "datasets.py") if name not in HELPERS]
    assert [f"{name} is run by no case" for name in (*public, *data) if name not in used] == []
    assert len(public) == 11
    assert sorted(data) == ["gaussian", "iris", "spiral"]


def test_every_public_definition_says_what_it_is() -> None:
    """Every public class and function of both sides has a docstring, and so has every file."""
    for side in (scratch, reference):
        for name in side.__all__:
            assert inspect.getdoc(getattr(side, name)), name
        for file in Path(side.__file__).parent.glob("*.py"):
            assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), file


def test_the_top_level_is_small() -> None:
    """The repository's top level holds six names, besides files that begin with a dot."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is no git checkout, so there is no list of its files")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {line.split("/")[0] for line in listed.stdout.splitlines() if line[0] != "."} == ROOMS


@pytest.mark.parametrize("file", sorted(Path(__file__).parent.glob("test_*.py")), ids=lambda path: path.stem)
def test_every_test_states_its_fact(file: Path) -> None:
    """Every test function has a docstring, and it ends in a full stop."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            fact = ast.get_docstring(node)
            assert fact, f"{file.name}: {node.name} has no docstring"
            assert fact.endswith("."), f"{file.name}: {node.name}"


def test_the_map_of_subjects_names_every_file() -> None:
    """The docstrings of reports/subjects and of its packages are the way in: no file is missing there."""
    folder = ROOT / "reports" / "subjects"
    maps = " ".join((package.read_text(encoding="utf-8")) for package in folder.rglob("__init__.py"))
    files = [file.name for file in folder.rglob("*.py") if file.name != "__init__.py"]
    assert not [name for name in files if not re.search(rf"\b{re.escape(name)}\b", maps)]
