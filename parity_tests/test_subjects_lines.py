"""Facts about what a verdict on a network leads to: the lines that compute what is wrong, what agrees nonetheless."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from parity_tests.test_subjects_told import NET, judged
from reports.cli import main

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
