"""Facts about the value of a network's own loss: conventions are named, wrong values are defects."""

from pathlib import Path

import pytest

from parity_tests.test_subjects_told import judged

NET = """
import numpy as np

class Net:
    def __init__(self, n_inputs, n_hidden, n_outputs):
        self.W1, self.b1 = np.random.randn(n_inputs, n_hidden), np.zeros((1, n_hidden))
        self.W2, self.b2 = np.random.randn(n_hidden, n_outputs), np.zeros((1, n_outputs))
        self.strength = 0.03
    def forward(self, X):
        self.a = np.tanh(X @ self.W1 + self.b1)
        self.p = 1 / (1 + np.exp(-0.1 * (self.a @ self.W2 + self.b2)))
        return self.p
    def backward(self, X, y):
        n = len(X)
        d = 0.1 * (self.p - y) / n
        dW2, db2 = self.a.T @ d, d.sum(axis=0, keepdims=True)
        dz = d @ self.W2.T * (1 - self.a ** 2)
        dW1, db1 = X.T @ dz, dz.sum(axis=0, keepdims=True)
        return dW1, db1, dW2, db2
    def compute_loss(self, y, p):
        return VALUE
""".replace("-0.1 * (self.a @ self.W2 + self.b2)", "-(self.a @ self.W2 + self.b2)").replace("0.1 * (self.p", "(self.p")
BINARY = "-np.mean(np.sum(y * np.log(p) + (1 - y) * np.log(1 - p), axis=1))"


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [
        (BINARY, "right", ""),
        (f"len(y) * {BINARY}", "right", ""),
        (f"{BINARY} + self.strength / 2 * np.sum(self.W1 ** 2)", "right", ""),
        (BINARY.replace("log(p)", "log(p + 1e-8)").replace("log(1 - p)", "log(1 - p + 1e-8)"), "departs", "1e-08"),
        (
            "np.mean((p - y) ** 2)",
            "departs",
            "its value is squared error, its gradients are those of binary cross-entropy",
        ),
        (BINARY.replace("np.log(", "np.log10("), "defective", "log10 stands where"),
        (f"{BINARY} + np.log(-np.abs(p)).sum()", "defective", "NaN or infinite"),
        (f"{BINARY} + 0.3 * np.sum(y * p)", "right", ""),
    ],
)
def test_the_value_of_its_own_loss_is_judged(value: str, status: str, words: str, tmp_path: Path) -> None:
    """Sums and penalties are conventions, another loss and an epsilon depart, a wrong logarithm is a defect."""
    (one,) = judged(tmp_path, NET, ("VALUE", value)).components
    assert one.status == status, one.says
    assert words in one.says


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (BINARY, ""),
        (f"len(y) * {BINARY}", "it is the sum over the batch"),
        (f"{BINARY} + self.strength / 2 * np.sum(self.W1 ** 2)", "with a penalty of"),
        (f"{BINARY} + 0.3 * np.sum(y * p)", ""),
    ],
)
def test_the_convention_of_its_value_is_named(value: str, told: str, tmp_path: Path) -> None:
    """What is torch's own or not known is not named; what hangs on the targets is no penalty."""
    (one,) = judged(tmp_path, NET, ("VALUE", value)).components
    assert one.convention.get("value of its loss", "").startswith(told)
    assert bool(one.convention.get("value of its loss")) == bool(told)


COLUMN = """
    def loss(self, X, y):
        p = self.forward(X)
        return np.mean((y.ravel() - p) ** 2)
"""


def test_targets_that_are_subtracted_from_a_column_are_told(tmp_path: Path) -> None:
    """(N, 1) minus (N,) is a square of N numbers, whose mean is no loss."""
    text = NET.replace("        return VALUE", "        pass").replace("    def compute_loss(self, y, p):\n", "")
    text = text.replace("        pass\n", "").replace(
        "(self.p - y) / n", "2 * (self.p - y) * self.p * (1 - self.p) / n"
    )
    text = text.replace("n_inputs, n_hidden, n_outputs)", "n_inputs, n_hidden)")
    text = text.replace("n_hidden, n_outputs), np.zeros((1, n_outputs))", "n_hidden, 1), np.zeros((1, 1))")
    (one,) = judged(tmp_path, text + COLUMN).components
    assert one.status == "defective", one.says
    assert "(N, 1) minus (N,) has become (N, N)" in one.says
