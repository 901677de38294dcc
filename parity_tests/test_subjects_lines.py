"""Facts about what a verdict on a network leads to: the lines that compute what is wrong, what agrees nonetheless."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from parity_tests.test_subjects_bounds import trial
from parity_tests.test_subjects_told import NET, judged
from parity_tests.test_subjects_ways import section
from reports.cli import main
from reports.subjects.networks.trial import Shape

FIT = """
import numpy as np

class Net:
    def __init__(self, n_inputs, n_hidden, n_outputs, lr=0.1):
        self.W1, self.b1 = np.random.randn(n_inputs, n_hidden), np.zeros((1, n_hidden))
        self.W2, self.b2 = np.random.randn(n_hidden, n_outputs), np.zeros((1, n_outputs))
        self.lr = lr

    def forward(self, X):
        self.a = np.tanh(X @ self.W1 + self.b1)
        return self.a @ self.W2 + self.b2

    def {name}(self, X, y):
        out = self.forward(X)
        delta = (out - y) / len(X)
        self.{d}W2, self.{d}b2 = self.a.T @ delta, delta.sum(axis=0, keepdims=True)
        back = delta @ self.W2.T * (1 - self.a)
        self.{d}W1, self.{d}b1 = X.T @ back, back.sum(axis=0, keepdims=True)

    def fit(self, X, y, epochs=100):
        for _ in range(epochs):
            self.{name}(X, y)
            self.W1 -= self.lr * self.{d}W1
            self.b1 -= self.lr * self.{d}b1
            self.W2 -= self.lr * self.{d}W2
            self.b2 -= self.lr * self.{d}b2
"""
LOOP = """
import numpy as np
X, y = np.random.randn(20, 4), np.random.randn(20, 2)
first, second = np.random.randn(4, 6), np.random.randn(6, 2)
for turn in range(1000):
    h = np.tanh(X @ first)
    guess = h @ second
    slip = guess - y
    back = slip @ second.T
    second -= 0.01 * h.T @ slip
    first -= 0.01 * X.T @ back
"""
PLAIN = """
import numpy as np

def init_params(n_in, n_hid, n_out):
    W1, b1, W2, b2 = np.random.randn(n_in, n_hid), np.zeros(n_hid), np.random.randn(n_hid, n_out), np.zeros(n_out)
    return W1, b1, W2, b2

def forward_prop(X, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    A2 = A1 @ W2 + b2
    return A1, A2

def backward_prop(X, Y, A1, A2, W1, b1, W2, b2):
    far = (A2 - Y) / len(X)
    near = far @ W2.T
    return X.T @ near, near.sum(0), A1.T @ far, far.sum(0)
"""


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (FIT.format(name="backprop", d="d"), "back = delta", "self.dW1, self.db1"),
        (FIT.format(name="_step", d="grad_"), "back = delta", "self.grad_W1, self.grad_b1"),
        (FIT.format(name="learn_once", d="slope_of_"), "back = delta", "self.slope_of_W1, self.slope_of_b1"),
        (LOOP, "back = slip", "first -= 0.01"),
        (PLAIN, "near = far", "return X.T"),
    ],
)
def test_a_defect_leads_to_the_lines_that_compute_the_gradient(
    text: str, first: str, last: str, tmp_path: Path
) -> None:
    """Not to the method or the loop that was driven: the calls are followed to where the gradient is assigned."""
    (one,) = [one for one in judged(tmp_path, text).components if one.role == "network"]
    assert one.status == "defective"
    lines = text.splitlines()
    assert [first in lines[one.lines[0] - 1], last in lines[one.lines[1] - 1]] == [True, True], one.lines


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ((("np.tanh(X", "np.cbrt(X"), ("1 - self.a ** 2", "1 / 3")), "unjudged", "layers of 5 → 11 → 3 were"),
        ((("np.tanh(X", "np.cbrt(X"),), "unjudged", "its outputs sum to 1, as those of a softmax do"),
        ((("(self.p - y) / n", "(self.p - y) ** 5"),), "unjudged", "its loss is none that is known here"),
        (
            (("(self.p - y) / n", "(self.p - y) ** 5"), ("X.T @ dz,", "X.T @ dz ** 2,"), ("@ d,", "@ d ** 3,")),
            "unjudged",
            "its forward is recognised (Dense → Tanh → Dense → Softmax), its gradients are those of no known loss",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_says_what_was_recognised(
    changes: tuple[tuple[str, str], ...], status: str, words: str, tmp_path: Path
) -> None:
    """Its layers, its forward, what agrees: once it was said alone that something was not known."""
    (one,) = judged(tmp_path, NET, *changes).components
    assert one.status == status
    assert words in one.says


def test_a_loop_that_cannot_be_read_says_what_it_moves(tmp_path: Path) -> None:
    """Its parameters and their shapes are known."""
    text = LOOP.replace("X.T @ back", "np.cbrt(X.T @ back)").replace("np.tanh(X @ first)", "np.cbrt(X @ first)")
    (one,) = judged(tmp_path, text).components
    assert one.status == "unjudged"
    assert "layers of 4 → 6 → 2 were recognised, moved by a step, and their output was not seen" in one.says


def test_the_terminal_quotes_the_lines_of_a_defect(tmp_path: Path) -> None:
    """A few of them, with their numbers; where they are many, the page shows them."""
    file = tmp_path / "net.py"
    file.write_text(FIT.format(name="backprop", d="d"), encoding="utf-8")
    told = CliRunner().invoke(main, ["check", str(file)]).stdout
    assert "  18          back = delta @ self.W2.T * (1 - self.a)" in told


def test_a_square_that_is_missing_in_the_derivative_of_tanh_is_named(tmp_path: Path) -> None:
    """Its cause was once unknown."""
    (one,) = judged(tmp_path, FIT.format(name="backprop", d="d")).components
    assert one.says == "gradients: 1 - a stands in place of the activation's derivative"


DEEP = """
import numpy as np

class Deep:
    def __init__(self, n_in, n_hidden1, n_hidden2, n_out):
        self.W1, self.b1 = np.random.randn(n_in, n_hidden1), np.zeros(n_hidden1)
        self.W2, self.b2 = np.random.randn(n_hidden1, n_hidden2), np.zeros(n_hidden2)
        self.W3, self.b3 = np.random.randn(n_hidden2, n_out), np.zeros(n_out)
    def forward(self, X):
        self.X = X
        self.a1 = np.tanh(X @ self.W1 + self.b1)
        self.a2 = np.tanh(self.a1 @ self.W2 + self.b2)
        return self.a2 @ self.W3 + self.b3
    def backward(self, out, y):
        d3 = 2 * (out - y) / y.size
        d2 = d3 @ self.W3.T * (1 - self.a2 ** 2)
        d1 = d2 @ self.W2.T * (1 - self.a1 ** 2)
        self.dW3, self.db3 = self.a2.T @ d3, d3.sum(0)
        self.dW2, self.db2 = self.a1.T @ d2, d2.sum(0)
        self.dW1, self.db1 = self.X.T @ d1, d1.sum(0)
"""


@pytest.mark.parametrize("layer", [1, 2])
def test_a_derivative_that_is_missing_in_one_of_two_hidden_layers_is_named(layer: int, tmp_path: Path) -> None:
    """Of several layers only a mistake in all was once named."""
    (one,) = judged(tmp_path, DEEP, (f" * (1 - self.a{layer} ** 2)", "")).components
    assert one.says == f"gradients: the derivative of the hidden activation is missing (in hidden layer {layer} alone)"
    assert DEEP.splitlines()[one.lines[0] - 1].startswith(f"        d{layer} =")


RUNDEN = """
import numpy as np

class Netz:
    def __init__(self, n_in, n_mitte, n_out):
        self.w1, self.w2 = np.random.randn(n_in, n_mitte), np.random.randn(n_mitte, n_out)
        self.lernrate = 0.1
    def vorwaerts(self, x):
        self.mitte = 1 / (1 + np.exp(-x @ self.w1))
        self.ende = 1 / (1 + np.exp(-self.mitte @ self.w2))
        return self.ende
    def zurueck(self, x, ziel):
        d2 = (self.ende - ziel) * self.ende * (1 - self.ende)
        d1 = d2 @ self.w2.T * self.mitte * (1 - self.mitte)
        self.w2 -= self.lernrate * self.mitte.T @ d2
        self.w1 -= self.lernrate * x.T @ d1
    def trainiere(self, x, ziel, runden=1000):
        for _ in range(runden):
            self.vorwaerts(x)
            self.zurueck(x, ziel)
"""


@pytest.mark.parametrize(
    ("change", "status"), [(("0.1", "0.1"), "right"), ((" * self.mitte * (", " * ("), "defective")]
)
def test_a_default_that_counts_rounds_is_one_round_whatever_its_name(
    change: tuple[str, str], status: str, tmp_path: Path
) -> None:
    """A thousand rounds of an unknown name were once one step, whose gradients no loss has."""
    assert [one.status for one in judged(tmp_path, RUNDEN, change).components] == [status]


def test_a_loop_that_cannot_be_judged_beside_activations_alone_is_no_parity(tmp_path: Path) -> None:
    """A sigmoid that is right once made it parity, with the network in a note."""
    strange = LOOP.replace("X.T @ back", "np.cbrt(X.T @ back)").replace("np.tanh(X @ first)", "np.cbrt(X @ first)")
    text = f"{strange}\n\ndef sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"
    assert judged(tmp_path, text).verdict == 2


def test_an_adapter_leads_to_the_lines_that_it_calls(tmp_path: Path) -> None:
    """Not to its own method that hands on what a network gives."""
    text = section("adapter").replace("(1 - self.h**2)", "(1 - self.h)")
    text = text.replace(
        "def gradients(", "def gradients(self, x, y):\n        return self.learn(x, y)\n\n    def learn("
    )
    (one,) = judged(tmp_path, text).components
    assert (one.status, text.splitlines()[one.lines[0] - 1].split(" =")[0].strip()) == ("defective", "d")


def test_architectures_that_begin_alike_are_computed_once() -> None:
    """Wide networks took seconds for hundreds of ways forward that differ in their last layer alone."""
    one = trial()
    (zs, _), (others, _) = (one.forward(Shape(("Sigmoid", last))) for last in ("Softmax", "Identity"))
    assert all(z is other for z, other in zip(zs, others, strict=True))
    assert one.forward(Shape(("Tanh", "Identity")))[0][1] is not zs[1]
