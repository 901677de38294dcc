"""Facts about networks that want a call between their constructor and their way forward: it is made."""

from pathlib import Path

import pytest

from parity_tests.test_subjects_told import judged

NET = """
import numpy as np

class Net:
    def __init__(self, n_inputs, n_hidden, n_outputs):
        self.shape = (n_inputs, n_hidden, n_outputs)
    def STARTED(self):
        n_inputs, n_hidden, n_outputs = self.shape
        self.W1, self.b1 = np.random.randn(n_inputs, n_hidden), np.zeros((1, n_hidden))
        self.W2, self.b2 = np.random.randn(n_hidden, n_outputs), np.zeros((1, n_outputs))
    def velocities(self, momentum=0.9):
        self.momentum = momentum
        self.v = [np.zeros_like(one) for one in (self.W1, self.b1, self.W2, self.b2)]
    def forward(self, X):
        self.X = X
        self.a = np.tanh(X @ self.W1 + self.b1)
        return self.a @ self.W2 + self.b2
    def backward(self, y):
        d = 2 * (self.a @ self.W2 + self.b2 - y) / y.size
        dz = d @ self.W2.T * (1 - self.a ** 2)
        self.grads = [self.X.T @ dz, dz.sum(0, keepdims=True), self.a.T @ d, d.sum(0, keepdims=True)]
    def update(self, lr):
        for w, v, g in zip((self.W1, self.b1, self.W2, self.b2), self.v, self.grads):
            v *= self.momentum
            v += g
            w -= lr * v
"""
USED = """
net = Net(4, 5, 2)
net.STARTED()
"""


@pytest.mark.parametrize("name", ["init_weights", "begin", "compile"])
@pytest.mark.parametrize("used", ["", USED])
def test_a_network_is_set_up_as_its_file_does_it_or_by_what_it_reads(name: str, used: str, tmp_path: Path) -> None:
    """A method sets the parameters that the way forward reads, another the velocities that the update reads."""
    (one,) = judged(tmp_path, NET + used, *([("STARTED", name)])).components
    assert one.status == "right", one.says
    assert "update by update" in {row.quantity for row in one.rows}
    assert one.convention["update"] == "update: Momentum"


ADDED = """
import numpy as np

class Net:
    def __init__(self):
        self.weights, self.biases, self.kinds = [], [], []
    def add_layer(self, n_in, n_out, activation):
        self.weights.append(np.random.randn(n_in, n_out))
        self.biases.append(np.zeros(n_out))
        self.kinds.append(activation)
    def forward(self, x):
        self.outputs = [x]
        for w, b, kind in zip(self.weights, self.biases, self.kinds):
            z = self.outputs[-1] @ w + b
            self.outputs.append(np.tanh(z) if kind == "tanh" else 1 / (1 + np.exp(-z)))
        return self.outputs[-1]
    def backward(self, y, lr):
        d = self.outputs[-1] - y
        for k in range(len(self.weights) - 1, -1, -1):
            a = self.outputs[k + 1]
            d = d * (1 - a ** 2 if self.kinds[k] == "tanh" else a * (1 - a))
            dw, db, d = self.outputs[k].T @ d, d.sum(axis=0), d @ self.weights[k].T
            self.weights[k] -= lr * dw
            self.biases[k] -= lr * db
"""


@pytest.mark.parametrize(
    ("change", "status"), [(("db\n", "db\n"), "right"), (("-= lr * db", "+= lr * db"), "defective")]
)
def test_layers_that_are_added_by_their_sizes_are_added(change: tuple[str, str], status: str, tmp_path: Path) -> None:
    """A network without layers gets two, with sizes and an activation that its source knows."""
    (one,) = judged(tmp_path, ADDED, change).components
    assert one.status == status, one.says


DEAD = """
import numpy as np

class Net:
    def __init__(self, layers):
        self.weights = [np.random.randn(n, m) for n, m in zip(layers[:-1], layers[1:])]
        self.biases = [np.zeros((1, m)) for m in layers[1:]]
    def forward(self, X):
        self.outputs = [X]
        for w, b in zip(self.weights, self.biases):
            self.outputs.append(np.maximum(0, self.outputs[-1] @ w + b))
        return self.outputs[-1]
    def backward(self, y, lr):
        d = 2 * (self.outputs[-1] - y.reshape(-1, 1)) * (self.outputs[-1] > 0) / len(y)
        for k in range(len(self.weights) - 1, -1, -1):
            dw, db = self.outputs[k].T @ d, d.sum(axis=0, keepdims=True)
            d = d @ self.weights[k].T * (self.outputs[k] > 0)
            self.weights[k] -= lr * dw
            self.biases[k] -= lr * db
"""


def test_an_output_that_is_dead_for_our_numbers_is_woken(tmp_path: Path) -> None:
    """Behind a ReLU with one output nothing would move; the last layer is then given the other sign."""
    (one,) = judged(tmp_path, DEAD).components
    assert (one.status, one.convention["loss"]) == ("right", "squared error"), one.says


DESCRIBED = """
import numpy as np

class Net:
    def __init__(self, layers):
        self.kinds = [kind for _, _, kind in layers]
        self.W = {k: np.random.randn(m, n) for k, (n, m, _) in enumerate(layers)}
        self.b = {k: np.zeros((m, 1)) for k, (_, m, _) in enumerate(layers)}
    def forward(self, X):
        self.A = [X]
        for k, kind in enumerate(self.kinds):
            z = self.W[k] @ self.A[-1] + self.b[k]
            if kind == "softmax":
                e = np.exp(z - z.max(axis=0))
                self.A.append(e / e.sum(axis=0))
            elif kind in ("tanh", "sigmoid"):
                self.A.append(np.tanh(z) if kind == "tanh" else 1 / (1 + np.exp(-z)))
        return self.A[-1]
    def backward(self, Y):
        p, self.dW, self.db = self.A[-1], {}, {}
        dA = -(Y / p - (1 - Y) / (1 - p))
        for k in range(len(self.kinds) - 1, -1, -1):
            a = self.A[k + 1]
            dz = dA * (1 - a ** 2 if self.kinds[k] == "tanh" else a if self.kinds[k] == "softmax" else a * (1 - a))
            self.dW[k], self.db[k] = dz @ self.A[k].T / Y.shape[1], dz.mean(axis=1, keepdims=True)
            dA = self.W[k].T @ dz
"""


def test_one_output_is_tried_in_the_way_in_which_several_were_built(tmp_path: Path) -> None:
    """Behind softmax its binary cross-entropy is no known loss; behind a sigmoid it is right."""
    (one,) = judged(tmp_path, DESCRIBED).components
    assert one.status == "right", one.says
    assert one.convention["loss"] == "binary cross-entropy"


POOL = """
import numpy as np

class MaxPool2D:
    def __init__(self, pool_size=2, stride=2):
        self.pool_size, self.stride, self.channels, self.ready = pool_size, stride, None, False
    def _initialize(self):
        self.channels_seen, self.ready = self.channels, True
    def forward(self, x):
        if not self.ready:
            self.channels = x.shape[3]
            self._initialize()
        n, k, s = self.pool_size, self.pool_size, self.stride
        rows, columns = (x.shape[1] - k) // s + 1, (x.shape[2] - k) // s + 1
        out = np.zeros((x.shape[0], rows, columns, self.channels_seen))
        for i in range(rows):
            for j in range(columns):
                out[:, i, j] = x[:, i * s : i * s + k, j * s : j * s + k].max(axis=(1, 2))
        return out
"""


def test_what_a_way_forward_sets_up_itself_is_left_to_it(tmp_path: Path) -> None:
    """Called before, it would find nothing that it needs, and the way forward would not call it again."""
    (one,) = judged(tmp_path, POOL).components
    assert one.status == "missing", one.says  # forward is right, and backward is not there
