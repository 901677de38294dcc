"""Facts about networks in dialects of other people, written for this purpose: each gets the verdict that it earns."""

import json
from pathlib import Path

import pytest

from reports.subjects.verdict import Subject, check

FOLDER = Path(__file__).parent / "subjects"
FILES = sorted(FOLDER.glob("*.txt"))


def told(subject: Subject) -> str:
    """Everything that is said of a subject's defects."""
    return " ".join(" ".join([one.says, *one.diagnoses]) for one in subject.components if one.status == "defective")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dialect_gets_the_verdict_that_its_first_line_names(file: Path) -> None:
    """`# expect: 0` or `# expect: 1 words`: the exit code, and words that the diagnosis must hold."""
    code, _, words = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expect: ").partition(" ")
    subject = check(file)
    assert subject.verdict == int(code), [(one.name, one.status, one.says) for one in subject.components]
    assert words in told(subject)


def test_a_file_is_not_changed_and_its_top_level_never_runs(tmp_path: Path) -> None:
    """Definitions are judged; the training below them does not run, the bytes stay."""
    text = (FOLDER / "updates_inside.txt").read_text(encoding="utf-8") + "\nopen('ran', 'w')\nraise SystemExit\n"
    file = tmp_path / "my.py"
    file.write_text(text, encoding="utf-8")
    assert check(file).verdict == 0
    assert file.read_text(encoding="utf-8") == text
    assert not (tmp_path / "ran").exists()


def test_a_notebook_is_read_cell_by_cell_and_a_broken_one_is_passed_over(tmp_path: Path) -> None:
    """Lines of magic are dropped, the last definition wins, the broken cell is told by number."""
    cells = [
        "!pip install numpy\nimport numpy as np",
        "def (",
        (FOLDER / "params_and_grads.txt").read_text(encoding="utf-8"),
    ]
    notebook = {"cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]}
    file = tmp_path / "my.ipynb"
    file.write_text(json.dumps(notebook), encoding="utf-8")
    subject = check(file)
    assert subject.verdict == 0
    assert any("cell 2 is broken" in note for note in subject.notes)


AFFINE = """import numpy as np
from MATHS import product

class Affine:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.ones((n_in, n_out)), np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return product(x, self.w) + self.b
    def backward(self, g):
        self.dw, self.db = product(self.x.T, g), g.sum(axis=0)
        return product(g, self.w.T)
"""


def test_a_package_is_one_namespace_with_relative_imports(tmp_path: Path) -> None:
    """Layers in one file, activations in another, imported relatively and by a package name."""
    package = tmp_path / "nn"
    package.mkdir()
    (package / "__init__.py").write_text("from .layers import *\n", encoding="utf-8")
    (package / "maths.py").write_text("import numpy as np\n\ndef product(a, b):\n    return a @ b\n", encoding="utf-8")
    (package / "layers.py").write_text(AFFINE.replace("MATHS", ".maths"), encoding="utf-8")
    (subject,) = [check(tmp_path)]
    assert [(one.name, one.status) for one in subject.components] == [("Affine", "right")]


@pytest.mark.parametrize("path", ["nn/layers", "nn/layers/affine.py"])
def test_what_lies_above_a_folder_is_found_by_its_dots(path: str, tmp_path: Path) -> None:
    """`from ..maths import product` leads out of the folder that is checked, to a package beside it."""
    for folder in ("nn/layers", "nn/maths"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "nn/maths/__init__.py").write_text("from .of_two import product\n", encoding="utf-8")
    (tmp_path / "nn/maths/of_two.py").write_text("def product(a, b):\n    return a @ b\n", encoding="utf-8")
    (tmp_path / "nn/layers/affine.py").write_text(AFFINE.replace("MATHS", "..maths"), encoding="utf-8")
    assert [(one.name, one.status) for one in check(tmp_path / path).components] == [("Affine", "right")]


def test_float32_patched_into_numpy_is_not_there(tmp_path: Path) -> None:
    """nnfs.init() does nothing: the book's layers are judged in float64, and the parent's NumPy is its own."""
    import numpy as np

    file = tmp_path / "book.py"
    file.write_text(
        "import nnfs\nimport numpy as np\nnnfs.init()\nnp.dot = None\n\nclass Activation_ReLU:\n"
        "    def forward(self, inputs):\n        self.output = np.maximum(0, inputs)\n",
        encoding="utf-8",
    )
    subject = check(file)
    assert subject.verdict == 0
    assert callable(np.dot)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "import numpy as np\n\nclass Memory:\n    def forward(self, xs, h_prev):\n"
            "        for x in xs:\n            h_prev = np.tanh(x @ self.Wxh + h_prev @ self.Whh)\n"
            "        return h_prev\n",
            "recurrent",
        ),
        (
            "class Scalar:\n    def __init__(self, data):\n        self.data, self.grad = data, 0\n"
            "    def __add__(self, other):\n        return Scalar(self.data + other.data)\n"
            "    def __mul__(self, other):\n        return Scalar(self.data * other.data)\n"
            "    def backward(self):\n        self.grad = 1\n",
            "Adapter",
        ),
        (
            "import numpy as np\n\ndef relu(Z):\n    return np.maximum(0, Z)\n\n"
            "def relu_backward(dA, cache):\n    below, W, b, Z = cache\n    dZ = dA * (Z > 0)\n"
            "    return W.T @ dZ, dZ @ below.T, dZ.sum(axis=1, keepdims=True)\n",
            "it is not known how to call it",
        ),
    ],
)
def test_what_cannot_be_judged_yet_is_told_as_what_it_is(source: str, words: str, tmp_path: Path) -> None:
    """A recurrent network, an engine of automatic differentiation, a helper that wants a whole layer: no wrong word."""
    file = tmp_path / "my.py"
    file.write_text(source, encoding="utf-8")
    subject = check(file)
    assert subject.verdict == 2
    assert words in " ".join(one.says for one in subject.components)


@pytest.mark.parametrize(("name", "judged"), [("erelu", False), ("my_relu", True)])
def test_a_relative_of_relu_is_not_held_to_be_relu(name: str, judged: bool, tmp_path: Path) -> None:
    """An own prefix says that it is meant to be another function; `my` says nothing."""
    text = f"import numpy as np\n\ndef tanh(x):\n    return np.tanh(x)\n\ndef {name}(x):\n    return x * x * (x > 0)\n"
    file = tmp_path / "my.py"
    file.write_text(text, encoding="utf-8")
    assert check(file).verdict == int(judged)
