"""Facts about what a network does with its gradients: methods that train or apply them, judged beside them."""

from pathlib import Path

import pytest

from parity_tests.test_subjects_told import judged

HEAD = """
import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.params = {"W1": 0.1 * np.random.randn(n_in, n_hidden), "b1": np.zeros(n_hidden),
                       "W2": 0.1 * np.random.randn(n_hidden, n_out), "b2": np.zeros(n_out)}
    def scores(self, X):
        self.h = np.tanh(X @ self.params["W1"] + self.params["b1"])
        return self.h @ self.params["W2"] + self.params["b2"]
    def loss(self, X, y):
        scores = self.scores(X)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(len(X))
        loss = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        p /= len(X)
        dz = p @ self.params["W2"].T * (1 - self.h ** 2)
        return loss, {"W2": self.h.T @ p, "b2": p.sum(axis=0), "W1": X.T @ dz, "b1": dz.sum(axis=0)}
"""
TRAIN = """
    def train(self, X, y, X_val, y_val, learning_rate=1e-3, decay=0.95, num_iters=100, batch_size=200):
        v = {k: 0 for k in self.params}
        s = {k: 0 for k in self.params}
        for t in range(num_iters):
            chosen = np.random.choice(len(X), batch_size)
            loss, grads = self.loss(X[chosen], y[chosen])
            for k in self.params:
                self.params[k] -= learning_rate * grads[k]
            if t % 100 == 99:
                learning_rate *= decay
"""
LINE = "self.params[k] -= learning_rate * grads[k]"


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        (LINE, "right", ""),
        (LINE.replace("-=", "+="), "defective", "train: the step climbs"),
        (LINE.replace("-= learning_rate", "-= learning_rate * learning_rate"), "defective", "multiplied in twice"),
        (LINE.replace("learning_rate * ", ""), "defective", "train: the rate is missing"),
        (f"if 'W' in k: {LINE}", "defective", "train: biases 1 never move; biases 2 never move"),
        (f"if k != 'W2': {LINE}", "defective", "train: weights 2 never move"),
        (LINE.replace("grads[k]", "(grads[k] if k != 'b1' else -grads[k])"), "defective", "biases 1 move -1 times"),
        (LINE.replace("grads[k]", "(grads[k] + 0.01 * self.params[k])"), "right", ""),
        (LINE.replace("grads[k]", "(grads[k] - 0.01 * self.params[k])"), "defective", "makes the weights grow"),
        (f"v[k] = 0.9 * v[k] + grads[k]; {LINE.replace('grads', 'v')}", "right", ""),
        (f"v[k] = 0.9 * v[k] - learning_rate * grads[k]; {LINE.replace('-= learning_rate * grads', '+= v')}",
         "right", ""),
        (f"v[k] = v[k] + grads[k]; {LINE.replace('grads', 'v')}", "defective", "the velocity is not weighted"),
        (f"s[k] = 0.9 * s[k] + 0.1 * grads[k] ** 2; {LINE} / (np.sqrt(s[k]) + 1e-8)", "right", ""),
    ],
)  # fmt: skip
def test_a_training_is_judged_beside_the_gradients_that_it_uses(
    line: str, status: str, words: str, tmp_path: Path
) -> None:
    """A step that climbs, forgets an array or the rate, takes it twice: defects, although each gradient is right."""
    (one,) = judged(tmp_path, HEAD + TRAIN, (LINE, line)).components
    assert one.status == status, one.says
    assert words in one.says


ADAM = """
    def update(self, grads, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        self.t = getattr(self, "t", 0) + 1
        for k in self.params:
            if self.t == 1:
                self.m = {k: 0 for k in self.params} if k == "W1" else self.m
                self.v = {k: 0 for k in self.params} if k == "W1" else self.v
            self.m[k] = beta1 * self.m[k] + (1 - beta1) * grads[k]
            self.v[k] = beta2 * self.v[k] + (1 - beta2) * grads[k] ** 2
            m = self.m[k] / (1 - beta1 ** self.t)
            v = self.v[k] / (1 - beta2 ** self.t)
            self.params[k] = self.params[k] - lr * m / (np.sqrt(v) + eps)
"""


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ((), "right", ""),
        (((" ** self.t", ""),), "defective", "the bias correction lacks the power t"),
        ((("np.sqrt(v) + eps", "np.sqrt(v + eps)"),), "departs", "epsilon stands inside the root"),
        ((("(np.sqrt(v) + eps)", "np.sqrt(v) + eps"),), "defective", "brackets are missing"),
        ((("- lr * m", "+ lr * m"),), "defective", "climbs"),
    ],
)
def test_a_rule_with_a_memory_is_judged_over_several_steps(
    changes: tuple[tuple[str, str], ...], status: str, words: str, tmp_path: Path
) -> None:
    """Adam in a method of the network, with its own constants, beside the gradients that the network hands back."""
    (one,) = judged(tmp_path, HEAD + ADAM, *changes).components
    assert one.status == status, one.says
    assert words in one.says


APPLY = """
    def backward(self, X, y):
        self.loss_value, self.grads = self.loss(X, y)
    def step(self, lr):
        for k in self.params:
            self.params[k] -= lr * self.grads[k]
    def train(self, X, y, epochs=10, learning_rate=0.1):
        for _ in range(epochs):
            for n in range(len(X)):
                self.backward(X[n:n + 1], y[n:n + 1])
                self.step(learning_rate)
"""


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (("lr * ", "lr * "), "right", ""),
        (("-= lr", "+= lr"), "defective", "step: the step climbs"),
        (("(learning_rate)", "(-learning_rate)"), "defective", "train: the step climbs"),
    ],
)
def test_what_applies_stored_gradients_and_what_trains_sample_by_sample_are_judged(
    change: tuple[str, str], status: str, words: str, tmp_path: Path
) -> None:
    """A method that applies and a training that calls it for one sample after the other are each a row of their own."""
    (one,) = judged(tmp_path, HEAD + APPLY, change).components
    assert one.status == status, one.says
    assert words in one.says
    assert {"update by step", "update by train"} <= {row.quantity for row in one.rows}
