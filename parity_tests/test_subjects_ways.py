"""Facts about the other ways in and out: adapter, exchange, command line, grading, plugin."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from parity_tests.work import dying
from reports.cli import main
from reports.subjects import grading
from reports.subjects.roles import roles_of
from reports.subjects.verdict import check

SUBJECTS = Path(__file__).parent / "subjects"
ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def section(name: str) -> str:
    """The code block of the README between two markers."""
    text = README.read_text(encoding="utf-8")
    inside = text.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]
    return inside.split("```python\n")[1].split("```")[0]


def copies(folder: Path, *names: str) -> Path:
    """A folder of submissions."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.py").write_text((SUBJECTS / f"{name}.txt").read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def test_the_adapter_of_the_readme_is_judged_right_and_has_at_most_15_lines(tmp_path: Path) -> None:
    """The whole example as it stands there; with one sign changed it fails."""
    text = section("adapter")
    assert len([line for line in text.splitlines() if line.strip()]) <= 15
    file = tmp_path / "adapter.py"
    file.write_text(text, encoding="utf-8")
    assert check(file).verdict == 0
    file.write_text(text.replace("(1 - self.h**2)", "(1 - self.h)"), encoding="utf-8")
    assert check(file).verdict == 1


@pytest.mark.parametrize(("slope", "status"), [("1 - np.tanh(z) ** 2", "right"), ("1 - np.tanh(z)", "defective")])
def test_functions_in_a_table_are_loaded(slope: str, status: str, tmp_path: Path) -> None:
    """A dict of pairs, a lambda that calls NumPy: an adapter that uses them is judged, right or wrong."""
    table = f"import numpy as np\n\nACTS = {{'tanh': (np.tanh, lambda z: {slope})}}\n"
    text = section("adapter").replace("(1 - self.h**2)", "ACTS['tanh'][1](np.arctanh(self.h))")
    file = tmp_path / "adapter.py"
    file.write_text(text.replace("import numpy as np\n", table, 1), encoding="utf-8")
    assert [(one.name, one.status) for one in check(file).components] == [("Adapter", status)]


def test_an_adapter_that_raises_is_told_with_its_line(tmp_path: Path) -> None:
    """It was once said to have no backward yet."""
    file = tmp_path / "adapter.py"
    file.write_text(section("adapter").replace("(1 - self.h**2)", "slope(self.h)"), encoding="utf-8")
    subject = check(file)
    assert "name 'slope' is not defined at line" in subject.components[0].says
    assert subject.verdict == 2


def test_an_adapter_that_gives_too_few_gradients_is_told_how_many(tmp_path: Path) -> None:
    """Three arrays for four parameters, before anything else that is said of it."""
    file = tmp_path / "adapter.py"
    text = section("adapter").replace("np.tanh(", "np.cbrt(")  # of which nothing else is known
    file.write_text(text.replace(", d.sum(axis=0)]", "]"), encoding="utf-8")
    assert "gradients(x, y) gives 3 arrays for 4 parameters" in check(file).components[0].says


HUBER = (
    "    def loss(self, x, y):\n        e = self.forward(x) - y\n"
    "        return np.where(abs(e) < 1, e * e / 2, abs(e) - 0.5).sum() / len(x)\n"
)


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        ("", "", "departs", "a loss of its own"),
        ("1 - self.h**2", "1 - self.h", "defective", "whatever the loss is"),
        ("/ len(x)\n        dh", "\n        dh", "departs", "7 times those of its own loss"),
        ("np.sign(e)", "-np.sign(e)", "defective", "not the gradient of its own loss, by differences of the loss: we"),
        ("np.tanh(", "np.cbrt(", "defective", "not the gradient of its own loss"),
        ("- 0.5).sum()", "- 0.5)", "unjudged", "an array of shape (7, 3), where one number is wanted"),
    ],
)
def test_an_adapter_that_gives_its_loss_is_judged_whatever_the_loss(
    old: str, new: str, status: str, words: str, tmp_path: Path
) -> None:
    """A loss that torch has, but not this list: its own differences decide, and each mistake is told."""
    text = section("adapter").replace("d = 2 * (self.forward(x) - y) / y.size", "e = self.forward(x) - y\n"
                                      "        d = np.where(abs(e) < 1, e, np.sign(e)) / len(x)") + HUBER  # fmt: skip
    assert old in text
    file = tmp_path / "adapter.py"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    (one,) = check(file).components
    assert one.status == status
    assert words in " ".join(row.says for row in one.rows if row.status == status)


def test_the_exchange_of_the_readme_is_judged_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example writes one .npz file, which is judged without running any code; a wrong gradient in it fails."""
    monkeypatch.chdir(tmp_path)
    exec(section("exchange"), {})
    (file,) = tmp_path.glob("*.npz")
    assert check(file).verdict == 0
    arrays = dict(np.load(file))
    arrays["gradient_biases1"] = arrays["gradient_biases1"] / len(arrays["inputs"])
    np.savez(tmp_path / "wrong.npz", **arrays)
    assert check(tmp_path / "wrong.npz").verdict == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"output": None}, ""),
        ({"gradient_weights1": None}, "the exchange lacks gradient_weights1"),
        ({"gradient_biases2": None}, "the exchange lacks gradient_biases2"),
        ({"weights1": None}, "the exchange lacks weights1"),
        ({"targets": None}, "the exchange lacks targets"),
        ({"biases2": None}, "the exchange lacks biases2"),
        ({"bias2": np.ones(3)}, "bias2 is no array of an exchange"),
        ({"output": np.ones((3, 7))}, "output has shape (3, 7): 7 samples and 3 outputs are (7, 3)"),
        ({"output": np.full((7, 3), np.nan)}, "output is not finite in 21 of 21 places, first nan at [0, 0]"),
        ({"gradient_weights1": np.ones((6, 4))}, "gradient_weights1 has shape (6, 4) for weights (4, 6)"),
        ({"gradient_biases1": np.full(6, np.inf)}, "gradient_biases1 is not finite in 6 of 6 places"),
        ({"biases2": np.ones(5)}, "biases2 has shape (5,) for 3 outputs"),
    ],
)
def test_an_exchange_in_part_never_passes(
    change: dict[str, object], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output alone may be left out beside gradients; all else is refused in one line that names the array."""
    monkeypatch.chdir(tmp_path)
    exec(section("exchange"), {})
    arrays = {name: a for name, a in {**np.load("exchange.npz"), **change}.items() if a is not None}
    np.savez(tmp_path / "changed.npz", **arrays)
    subject = check(tmp_path / "changed.npz")
    assert (subject.verdict, says in subject.says) == (2 if says else 0, True)


def test_the_command_prints_writes_and_exits_with_the_verdict(tmp_path: Path) -> None:
    """Table, JSON, annotations and files; exit codes 0 and 1."""
    folder = copies(tmp_path / "in", "book_wrong_bias", "updates_inside")
    wrong, right = str(folder / "book_wrong_bias.py"), str(folder / "updates_inside.py")
    run = CliRunner().invoke
    assert run(main, ["check", right]).exit_code == 0
    result = run(main, ["check", wrong, "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"check.csv", "check.parquet", "check.json", "index.html"}
    told = json.loads(run(main, ["check", wrong, "--json"]).stdout)
    assert told["verdict"] == 1
    first = run(main, ["check", wrong, right, "--annotate"]).stdout.splitlines()[0]
    assert first.startswith("::error file=")
    assert ",line=" in first


def test_a_role_corrects_what_was_recognised(tmp_path: Path) -> None:
    """By flag, and by parity.toml beside the file; an unknown kind is a clear error."""
    file = tmp_path / "odd.py"
    file.write_text(
        "import numpy as np\n\nclass Bend:\n    def forward(self, x):\n        return x + abs(x) / 8\n",
        encoding="utf-8",
    )
    run = CliRunner().invoke
    assert run(main, ["check", str(file)]).exit_code == 2
    assert run(main, ["check", str(file), "--role", "Bend=leakyrelu"]).exit_code == 1
    (tmp_path / "parity.toml").write_text('[roles]\nBend = "relu"\n', encoding="utf-8")
    assert run(main, ["check", str(file)]).exit_code == 1
    for slip in ("banana", "densee"):
        assert "a kind is one of" in run(main, ["check", str(file), "--role", f"Bend={slip}"]).stderr


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ("Bend=relu", ""),
        ("squash=sigmoid", ""),
        ("Wierd=dense", "there is no such class or function; it holds Bend, Weird, squash"),
        ("Weird=dense", "as Dense its constructor or its call is not understood"),
    ],
)
def test_a_role_is_applied_or_said_not_to_be(role: str, says: str, tmp_path: Path) -> None:
    """To classes and to functions; one that names nothing, or cannot be driven as what it is said to be, is told."""
    file = tmp_path / "odd.py"
    file.write_text(
        "import numpy as np\n\nclass Bend:\n    def forward(self, x):\n        return np.maximum(0, x)\n\n"
        "class Weird:\n    def forward(self, a, b, c, d):\n        return a\n\n"
        "def squash(x):\n    return 1 / (1 + np.exp(-x))\n",
        encoding="utf-8",
    )
    subject = check(file, roles=roles_of(file, [role]))
    told = [subject.says, *(one.says for one in subject.components)]
    assert any(says in line for line in told)
    assert subject.verdict == (2 if says else 0)


def test_a_table_that_parity_toml_does_not_have_is_told(tmp_path: Path) -> None:
    """[role] for [roles] was once passed over in silence."""
    (tmp_path / "parity.toml").write_text('[role]\nBend = "relu"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"role is not known here: it holds one table, \[roles\]"):
        roles_of(tmp_path / "odd.py")


PARTS = """import numpy as np

class Sine:
    def forward(self, x):
        self.x = x
        return np.sin(x)
    def backward(self, g):
        return g * np.cos(self.x)

class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out
    def backward(self, g):
        return g * self.out * (1 - self.out)
"""


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ("", 0, "parity of what was recognised: "),
        ("class RNN:\n    def forward(self, x):\n        return x\n", 2, "cannot judge in full: "),
        ("def relu(x):\n    return np.minimum(0, x)\n", 1, "no parity: "),
    ],
)
def test_what_was_not_recognised_or_not_judged_is_in_the_first_line(
    more: str, code: int, says: str, tmp_path: Path
) -> None:
    """A class that computes and was not recognised is named; one that was and cannot be judged makes exit code 2."""
    file = tmp_path / "parts.py"
    file.write_text(PARTS + more, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(file)])
    first = result.output.splitlines()[0]
    assert (result.exit_code, first.startswith(says)) == (code, True), first
    assert "not recognised: Sine" in first


def test_a_step_that_climbs_is_defective(tmp_path: Path) -> None:
    """An adapter's step adds rate times the gradient where it is to subtract it."""
    step = ("    def step(self, x, y, rate):\n        for p, g in zip(self.parameters(), self.gradients(x, y)):\n"
            "            p -= rate * g\n")  # fmt: skip
    file = tmp_path / "adapter.py"
    for sign, status in (("-=", "right"), ("+=", "defective")):
        file.write_text(section("adapter") + step.replace("-=", sign), encoding="utf-8")
        assert [one.status for one in check(file).components] == [status]


def test_a_class_is_graded_by_cause_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Two submissions with one cause are one group; a second run grades only what is new."""
    folder = copies(tmp_path / "in", "book_wrong_bias", "updates_inside", "odd_scalars")
    (folder / "twin.py").write_text(
        (folder / "book_wrong_bias.py").read_text(encoding="utf-8").replace("fan_in", "n"), encoding="utf-8"
    )
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["check", str(folder), "--jobs", "2", "--out", str(out)])
    assert result.exit_code == 1, result.output
    book = pd.read_csv(out / "gradebook.csv").set_index("submission")
    assert list(book["verdict"]) == ["no parity", "cannot judge", "no parity", "parity"]
    assert book.loc["twin.py", "causes"] == book.loc["book_wrong_bias.py", "causes"] == "#1, #2"
    assert book.loc["twin.py", "alike"] == book.loc["book_wrong_bias.py", "alike"]
    lines = (out / "gradebook.jsonl").read_text(encoding="utf-8").splitlines()
    (out / "gradebook.jsonl").write_text("\n".join([*lines[:2], lines[2][:40]]), encoding="utf-8")
    asked: list[int] = []
    grading.grade(grading.submissions([folder]), out, 1, progress=asked.append)
    assert asked[0] == 2, "two rows were there, the line cut short and the fourth are graded"


def test_a_dying_worker_loses_nothing(tmp_path: Path) -> None:
    """The pool breaks once; every submission has its row in the end."""
    folder = copies(tmp_path / "in", "updates_inside", "book_wrong_bias")
    (folder / "fragile.py").write_text((folder / "updates_inside.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "out").mkdir()
    rows = grading.grade(grading.submissions([folder]), tmp_path / "out", 2, work=dying)
    assert [(row["submission"], row["says"]) for row in rows] == [
        (f"{name}.py", "it was handed in") for name in ("book_wrong_bias", "fragile", "updates_inside")
    ]


def test_the_first_verdict_takes_seconds(tmp_path: Path) -> None:
    """From a cold start, torch's import included, in processor time; pandas and torch's compiler are not loaded."""
    file = copies(tmp_path, "book_assembled") / "book_assembled.py"
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print({'pandas', 'torch._dynamo'} & set(sys.modules) or 'light'))\n"
        "from reports.cli import main\n"
        "main()\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", script, "check", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.splitlines()[-1] == "light"
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 6
