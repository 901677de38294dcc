"""Facts about networks that hand all gradients back in one vector."""

from pathlib import Path

import pytest

from parity_tests.test_subjects_told import judged

NET = """
import numpy as np

class Net:
    def __init__(self):
        self.d, self.h, self.c = 3, 4, 2
        self.W1, self.b1 = np.random.randn(self.d, self.h), np.zeros(self.h)
        self.W2, self.b2 = np.random.randn(self.h, self.c), np.zeros(self.c)
    def forward(self, X):
        self.a = np.tanh(X @ self.W1 + self.b1)
        return self.a @ self.W2 + self.b2
    def gradients(self, X, y):
        d = (self.forward(X) - y) / len(X)
        dz = d @ self.W2.T * (1 - self.a ** 2)
        parts = X.T @ dz, dz.sum(axis=0), self.a.T @ d, d.sum(axis=0)
        return np.concatenate([one.ravel() for one in (PARTS)])
"""
GIVES = """
    def get_params(self):
        return np.concatenate([self.W2.ravel(), self.b2, self.W1.ravel(), self.b1])
"""
TAKES = """
    def set_params(self, theta):
        self.W2, theta = theta[:8].reshape(4, 2), theta[8:]
        self.b2, theta = theta[:2], theta[2:]
        self.W1, self.b1 = theta[:12].reshape(3, 4), theta[12:]
"""


@pytest.mark.parametrize(
    ("more", "parts"),
    [("", "parts"), (GIVES, "parts[2:] + parts[:2]"), (TAKES, "parts[2:] + parts[:2]")],
    ids=["layer by layer", "as it is given", "as it is taken"],
)
def test_a_vector_of_gradients_is_read_in_its_own_order(more: str, parts: str, tmp_path: Path) -> None:
    """The order is that of the parameters' own vector; a wrong derivative is found in it."""
    (one,) = judged(tmp_path, NET + more, ("PARTS", parts)).components
    assert one.status == "right", one.says
    (one,) = judged(tmp_path, NET + more, ("PARTS", parts), ("1 - self.a ** 2", "1 - self.a")).components
    assert one.status == "defective", one.says
