"""Facts about parts that are asked as their file asks them: single samples, samples in columns, with a cache."""

from pathlib import Path

import pytest

from reports.subjects.verdict import check
from reports.subjects.verdicts import Component

ALONE = """
import numpy as np
class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.B = np.random.rand(n_out, n_in) - 0.5, np.random.rand(n_out, 1) - 0.5
    def forward(self, x):
        self.x = x
        return self.W @ x + self.B
    def backward(self, grad, lr):
        back = self.W.T @ grad
        self.W, self.B = self.W - lr * grad @ self.x.T, self.B - lr * grad
        return back
def mse(y_true, y_pred):
    return np.mean(np.power(y_true - y_pred, 2))
def mse_prime(y_true, y_pred):
    y_true = np.array(y_true).reshape(len(y_true), 1)
    y_pred = np.array(y_pred).reshape(len(y_pred), 1)
    return 2 * (y_pred - y_true) / y_true.size
def train(layers, pairs, lr):
    for x, y in pairs:
        out = x
        for layer in layers:
            out = layer.forward(out)
        grad = mse_prime(y, out)
        for layer in reversed(layers):
            grad = layer.backward(grad, lr)
"""
COLUMNS = """
import numpy as np
class Dense:
    def __init__(self, in_d, n_d):
        self.weights, self.biases = np.random.randn(n_d, in_d), np.zeros((n_d, 1))
    def forward(self, x):
        self.x, self.pushed = x, self.weights @ x + self.biases
        return self.pushed
    def backward(self, dvalues):
        self.dweights, self.dbiases = dvalues @ self.x.T, dvalues.sum(axis=1, keepdims=True)
        self.dinputs = self.weights.T @ dvalues
class Softmax_Loss:
    def forward(self, z, y):
        e = np.exp(z - z.max(axis=0, keepdims=True))
        self.soft, self.y = e / e.sum(axis=0, keepdims=True), y
        return -np.mean(np.sum(y * np.log(self.soft), axis=0))
    def backward(self):
        self.dz = (self.soft - self.y) / self.y.shape[1]
"""
CACHED = """
import numpy as np
class LinearClassifier:
    def __init__(self, input_dim=30, num_classes=10):
        self.W, self.b = np.random.randn(input_dim, num_classes), np.zeros(num_classes)
    def forward(self, X):
        return X @ self.W + self.b, (X, self.W)
    def backward(self, grad_scores, cache):
        X, W = cache
        return {"W": X.T @ grad_scores, "b": grad_scores.sum(axis=0)}
"""
LISTS = """
import numpy as np
class Layer:
    def __init__(self, weights, biases):
        self.weights, self.biases = np.array(weights, dtype=float), np.array(biases, dtype=float)
    def forward(self, inputs):
        self.inputs = np.array(inputs, dtype=float)
        self.output = self.inputs @ self.weights + self.biases
    def backward(self, dvalues, rate):
        self.dweights, self.dbiases = self.inputs.T @ dvalues, dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T
        self.weights -= rate * self.dweights
        self.biases -= rate * self.dbiases
X = [[1, 2, 3]]
y_true = [[5]]
layer1 = Layer([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [[0.1, 0.2]])
layer2 = Layer([[0.7], [0.8]], [[0.1]])
for step in range(5):
    layer1.forward(X)
    layer2.forward(np.maximum(layer1.output, 0))
    y_pred = layer2.output
    layer2.backward(2 * (y_pred - y_true) / len(y_pred), rate=0.01)
    layer1.backward(layer2.dinputs * (layer1.output > 0), rate=0.01)
"""
ADDED = """
import numpy as np
class Layer:
    def __init__(self, n_in, n_out, rate):
        self.w, self.b, self.rate = np.random.randn(n_in, n_out), np.random.randn(1, n_out), rate
        self.wgrad, self.bgrad = 0.0, 0.0
    def forward(self, x):
        self.x, self.a = x, 1 / (1 + np.exp(-(x @ self.w + self.b)))
        return self.a
    def compgrad(self, grad):
        grad = grad * self.a * (1 - self.a)
        self.bgrad, self.wgrad = self.bgrad + grad, self.wgrad + self.x.T @ grad
        return grad @ self.w.T
    def step(self):
        self.w -= self.rate * self.wgrad
        self.b -= self.rate * self.bgrad
        self.wgrad, self.bgrad = 0.0, 0.0
class Model:
    def __init__(self, sizes, rate):
        self.layers = [Layer(n, m, rate) for n, m in zip(sizes, sizes[1:])]
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def compgrad(self, grad):
        for layer in reversed(self.layers):
            grad = layer.compgrad(grad)
    def backprop(self):
        for layer in self.layers:
            layer.step()
def train(model, batch):
    for x, y in batch:
        a = model.forward(x)
        model.compgrad(2 * (a - y) / len(batch))
    model.backprop()
"""
NAMELESS = """
import numpy as np
class Affine:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def rescale(self, factor):
        self.W = self.W * factor
    def pullback(self, grad):
        self.dW, self.db = self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.T
"""


def judged(folder: Path, text: str) -> dict[str, Component]:
    """The components of a file with this text, by name."""
    (folder / "one.py").write_text(text)
    return {one.name: one for one in check(folder / "one.py").components}


def test_a_layer_for_single_columns_is_right_beside_a_loop_over_samples(tmp_path: Path) -> None:
    """A gradient of the biases that is not summed is right where the file trains on one sample after the other."""
    parts = judged(tmp_path, ALONE)
    assert parts["Dense"].status == "departs"
    assert "one sample at a time: a batch does not work (the gradient of the biases" in parts["Dense"].says
    assert parts["mse"].status == "departs"


def test_the_same_layer_is_defective_beside_a_loop_over_batches(tmp_path: Path) -> None:
    """Where batches are trained on, the sum over the samples is missing."""
    text = ALONE.replace("for x, y in pairs", "for x, y in batches").replace("mse_prime(y, out)", "out - y")
    assert judged(tmp_path, text)["Dense"].status == "defective"


def test_a_layer_for_single_columns_that_steps_first_is_defective(tmp_path: Path) -> None:
    """One sample shows that the error goes back through the new weights."""
    first = "        back = self.W.T @ grad\n"
    text = ALONE.replace(first, "").replace("        return back", f"{first}        return back")
    assert "the weights are updated before" in judged(tmp_path, text)["Dense"].says


def test_sizes_are_tried_in_both_orders_where_names_say_one_side_alone(tmp_path: Path) -> None:
    """`n_d` beside `in_d` is no name of inputs, and columns hold the samples of the fused loss too."""
    parts = judged(tmp_path, COLUMNS)
    assert (parts["Dense"].status, parts["Softmax_Loss"].status) == ("right", "right")
    assert parts["Softmax_Loss"].convention["labels"] == "one-hot columns"


def test_a_fused_loss_over_columns_of_the_wrong_sign_is_seen(tmp_path: Path) -> None:
    """In columns too, a gradient of another sign is a defect."""
    text = COLUMNS.replace("(self.soft - self.y)", "(self.y - self.soft)")
    assert judged(tmp_path, text)["Softmax_Loss"].status == "defective"


@pytest.mark.parametrize(("scores", "status"), [("X.T @ grad_scores", "right"), ("X.T @ -grad_scores", "defective")])
def test_a_layer_gets_the_cache_that_it_returned(scores: str, status: str, tmp_path: Path) -> None:
    """A way back that returns no gradient of the inputs is judged by those that it returns, in a square too."""
    assert judged(tmp_path, CACHED.replace("X.T @ grad_scores", scores))["LinearClassifier"].status == status


def test_targets_in_a_list_of_lists_are_found(tmp_path: Path) -> None:
    """Of one sample and one output every loss has some slope, and only the targets tell which it is."""
    assert judged(tmp_path, LISTS)["script"].convention["loss"] == "squared error"
    assert judged(tmp_path, LISTS.replace("(y_pred - y_true)", "(y_true - y_pred)"))["script"].status == "defective"


def test_a_network_of_single_samples_is_right_beside_a_loop_over_samples(tmp_path: Path) -> None:
    """Gradients that are added up over the samples of a batch, each of which goes forward and back alone."""
    assert judged(tmp_path, ADDED)["Model"].convention["layout"] == "one sample at a time"
    assert judged(tmp_path, ADDED)["Model"].status == "right"
    alone = ADDED.replace("for x, y in batch", "for x, y in batches")
    assert judged(tmp_path, alone)["Model"].status == "defective"


@pytest.mark.parametrize(("back", "status"), [("grad @ self.W.T", "right"), ("grad @ -self.W.T", "defective")])
def test_a_way_back_of_any_name_is_told_by_what_it_leaves(back: str, status: str, tmp_path: Path) -> None:
    """A method that takes a gradient and leaves arrays of the shapes of gradients goes back."""
    assert judged(tmp_path, NAMELESS.replace("grad @ self.W.T", back))["Affine"].status == status
