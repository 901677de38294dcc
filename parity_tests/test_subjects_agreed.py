"""Facts about an adapter or an exchange that is not as it was agreed: one line says what came and what to do."""

from pathlib import Path

import numpy as np
import pytest

from parity_tests.test_subjects_ways import section
from reports.subjects.verdict import check

ADAPTER = section("adapter")
LIST = "return [self.W1, self.b1, self.W2, self.b2]"
GIVEN = "return [x.T @ dh, dh.sum(axis=0), self.h.T @ d, d.sum(axis=0)]"
OUTPUT = "return self.h @ self.W2 + self.b2"
KEPT = "self.k = self.k if hasattr(self, 'k') else [self.W1 + 0, self.b1, self.W2, self.b2]\n        return self.k"
LIVE = "must be live arrays (return the arrays themselves, not copies)"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (LIST, "return [one.copy() for one in (self.W1, self.b1, self.W2, self.b2)]", LIVE),
        (LIST, "return [self.W1, self.b1, self.W2, self.b2 + 0]", "array 4 of parameters() is another each time"),
        (LIST, KEPT, LIVE),
        (LIST, "return {'W1': self.W1}", "parameters() gives a dict with W1: return a list of its arrays"),
        (LIST, "return [(self.W1, self.b1), (self.W2, self.b2)]", "a tuple of 2: return one flat list, [W1"),
        (LIST, "return self.W1", "parameters() gives an array of shape (4, 6): return a list of arrays"),
        (LIST, "self.W1", "parameters() gives None: is its return missing?"),
        (LIST, "return [self.W1, self.W2, self.b1, self.b2]", "array 3 is no biases of the weights before it"),
        (LIST, "return [self.W1.T, self.b1, self.W2.T, self.b2]", "they look like weights (out, in): return views"),
        (LIST, "return [self.W1, self.b1, self.W1, self.b2]", "array 3 of parameters() is an earlier one again"),
        ("np.zeros((4, 6))", "np.zeros((4, 6), np.float32)", "array 1 of parameters() is of float32: float64 is"),
        (OUTPUT, "return self.h @ self.W3", "forward(x) raises AttributeError: 'Adapter' object has no attribute 'W3'"),
        (OUTPUT, "self.h @ self.W2", "forward(x) gives None: is its return missing?"),
        (OUTPUT, "return (self.h @ self.W2).T", "forward(x) gives shape (3, 7): (samples, out) = (7, 3) is wanted"),
        (OUTPUT, "return self.h, self.h @ self.W2", "forward(x) gives a tuple of 2: return the output alone"),
        (OUTPUT, "return np.log(self.h @ self.W2)", "forward(x) is NaN or infinite in"),
        (OUTPUT, "while True: pass", "forward(x) does not come to an end within a second"),
        ("forward(self, x)", "forward(self, x, training)", "called as forward(x), and cannot be: "),
        (GIVEN, "return {'W1': x.T @ dh}", "gradients(x, y) gives a dict with W1: return a list"),
        (GIVEN, "return [x.T @ dh, self.h.T @ d, dh.sum(0), d.sum(0)]", "the gradient of biases 1 has shape (6, 3)"),
        (GIVEN, "return [x.T @ dh, dh.sum(0), self.h.T @ d, None]", "the gradient of biases 2 gives None: an array of"),
        ("d = 2 *", "x[0, y] = 0; d = 2 *", "for class numbers write labels = 'indices' in the class"),
        ("def forward(", "def forwrd(", "an Adapter is wanted with forward(x), the output (samples, out): write it"),
        ("    def __init__", "    labels = 'onehot'\n\n    def __init__", "labels is 'onehot': it is one of"),
        ("np.zeros(3)\n", "np.zeros(3)\n        np.load('w.npy')\n", "Adapter() raises FileNotFoundError"),
        ("import numpy as np\n", "import numpy as np\nfrom mine import W\n", ""),
    ],
)  # fmt: skip
def test_each_misuse_of_an_adapter_is_one_line_that_says_what_to_do(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    """Most of them once said that it could not be driven, or that its backward could not."""
    assert old in ADAPTER
    file = tmp_path / "adapter.py"
    file.write_text(ADAPTER.replace(old, new, 1), encoding="utf-8")
    (one,) = check(file).components
    assert says in one.says
    assert (one.status == "right") == (not says)
    assert "\n" not in one.says


def test_an_adapter_without_gradients_is_told_to_write_them(tmp_path: Path) -> None:
    """Its forward is judged, and right."""
    file = tmp_path / "adapter.py"
    file.write_text(ADAPTER.partition("    def gradients")[0], encoding="utf-8")
    (one,) = check(file).components
    assert [row.status for row in one.rows] == ["right", "missing"]
    assert one.says == "not there yet: gradients(x, y), the gradients in the order of parameters()"


STEP = "    def step(self, x, y, rate):\n        {}\n"
REBINDS = "self.W1, self.b1, self.W2, self.b2 = [p - rate * g for p, g in zip(self.parameters(), self.gradients(x, y))]"


@pytest.mark.parametrize(
    ("does", "status", "says"),
    [
        (REBINDS, "right", ""),
        ("pass", "defective", "step: it leaves every parameter as it is"),
        ("self.W1 -= rat", "unjudged", "step could not be used: step(x, y, rate) raises NameError: name 'rat'"),
    ],
)
def test_a_step_that_fails_or_does_nothing_is_no_pass(does: str, status: str, says: str, tmp_path: Path) -> None:
    """One that raised was once passed over; one that makes new arrays is a step."""
    file = tmp_path / "adapter.py"
    file.write_text(ADAPTER + STEP.format(does), encoding="utf-8")
    (one,) = check(file).components
    assert one.status == status
    assert says in one.says


def test_gradients_that_change_the_parameters_are_told(tmp_path: Path) -> None:
    """They are right all the same, and the step is measured from where it begins."""
    file = tmp_path / "adapter.py"
    file.write_text(ADAPTER.replace(GIVEN, f"self.W1 -= 0.1\n        {GIVEN}"), encoding="utf-8")
    (one,) = check(file).components
    assert one.status == "departs"
    assert "gradients(x, y) changes the parameters" in one.says


def test_an_adapter_of_no_known_loss_is_told_to_give_it(tmp_path: Path) -> None:
    """With loss(x, y) it is judged whatever the loss is."""
    file = tmp_path / "adapter.py"
    file.write_text(ADAPTER.replace("2 * (self.forward(x) - y)", "np.sin(self.forward(x) - y)"), encoding="utf-8")
    assert "write loss(x, y) in the adapter" in check(file).components[0].says


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """The arrays of the README's exchange."""
    monkeypatch.chdir(tmp_path)
    exec(section("exchange"), {})
    return dict(np.load("exchange.npz"))


def test_an_exchange_without_gradients_is_told_which_it_may_have(exchange: dict[str, np.ndarray]) -> None:
    """Its output is linear, and no softmax is seen in it."""
    np.savez("exchange.npz", **{name: a for name, a in exchange.items() if "gradient" not in name})
    (one,) = check(Path("exchange.npz")).components
    assert one.says == "not there yet: gradient_weights1, gradient_biases1, gradient_weights2, gradient_biases2"
    assert one.convention["network"] == "Dense → ReLU → Dense"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"weights0": np.ones((4, 6))}, "weights0 is no array of an exchange: its layers are numbered from 1"),
        ({"accuracy": np.ones(1)}, "accuracy is no array of an exchange: leave it out; write np.savez(path, inputs=x"),
        ({"biases1": np.ones((6, 1))}, "biases1 has shape (6, 1) for 6 outputs: it is (6,)"),
        ({"targets": np.arange(7) % 3}, "class numbers are written as one-hot rows, np.eye(classes)[numbers]"),
        ({"targets": np.ones((7, 1))}, "targets has shape (7, 1), but 3 values come out of weights2; class numbers"),
        ({"weights1": np.ones((6, 4))}, "it is (in, out): transpose all weights and their gradients"),
        ({"inputs": np.ones((4, 7)), "targets": np.ones((3, 7))}, "samples are rows: transpose both"),
        ({"inputs": np.ones((7, 4), complex)}, "inputs (complex128): only arrays of real numbers are read"),
        ({"inputs": np.array([{}])}, "it holds objects, not arrays of numbers alone; write np.savez(path, inputs=x"),
        ({name: np.zeros((4, 6)) for name in ()}, ""),
    ],
)  # fmt: skip
def test_each_misuse_of_an_exchange_is_one_line_that_says_what_to_do(
    changed: dict[str, np.ndarray], says: str, exchange: dict[str, np.ndarray]
) -> None:
    """Shapes that broadcast, class numbers and layouts were once our own judge's failures."""
    np.savez("exchange.npz", **{**exchange, **changed})
    subject = check(Path("exchange.npz"))
    assert (subject.verdict, says in subject.says) == (2 if says else 0, True)


def test_gradients_that_are_all_0_belong_to_nothing(exchange: dict[str, np.ndarray]) -> None:
    """They were once said to belong together, whatever the loss is."""
    np.savez("exchange.npz", **{name: a * ("gradient" not in name) for name, a in exchange.items()})
    assert check(Path("exchange.npz")).components[0].says == "all its gradients are 0"
