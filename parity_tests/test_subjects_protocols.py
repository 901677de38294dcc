"""Facts about protocols: what a part is given, and how, before it is called wrong; each right and with a mistake."""

from pathlib import Path

import pytest

from reports.subjects.verdict import check

CUT = """
class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y
    def backward(self, grad):
        return grad[:, :-1] * self.y * (1 - self.y)
"""
ROW = """
class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in + 1, n_out)
    def forward(self, x):
        self.x = np.hstack([x, np.ones((len(x), 1))])
        return self.x @ self.W
    def backward(self, grad):
        self.dW = self.x.T @ grad
        return grad @ self.W.T
"""
LISTS = """
class Dense:
    def __init__(self, n_in, n_out):
        self.weights = [[random.uniform(-1, 1) for _ in range(n_in)] for _ in range(n_out)]
        self.biases = [0.0] * n_out
    def forward(self, x):
        self.x = x
        return [sum(w * v for w, v in zip(row, x)) + b for row, b in zip(self.weights, self.biases)]
    def backward(self, grad):
        self.dw, self.db = [[g * v for v in self.x] for g in grad], list(grad)
        return [sum(row[i] * g for row, g in zip(self.weights, grad)) for i in range(len(self.x))]
"""
DESCENT = """
class SGD:
    def __init__(self, lr=0.1):
        self.lr = lr
    def update(self, layer):
        for j, row in enumerate(layer.weights):
            for i in range(len(row)):
                row[i] -= self.lr * layer.dw[j][i]
            layer.biases[j] -= self.lr * layer.db[j]
"""
NUMBERS = """
class ReLU:
    @staticmethod
    def forward(value):
        return max(0.0, value)
    @staticmethod
    def backward(value):
        return 1.0 if value > 0 else 0.0
"""
OF_LISTS = """
class Softmax:
    def forward(self, x):
        e = [math.exp(v - max(x)) for v in x]
        return [v / sum(e) for v in e]
class CrossEntropy:
    def forward(self, p, y):
        return -sum(t * math.log(max(q, 1e-7)) for q, t in zip(p, y))
    def backward(self, p, y):
        return [-t / q for q, t in zip(p, y)]
"""
PAIR = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def d_sigmoid(a):
    return a * (1 - a)
class Layer:
    def __init__(self, n_in, n_out, activation, d_activation):
        self.weights, self.bias = np.random.rand(n_out, n_in) - 0.5, np.zeros((n_out, 1))
        self.activation, self.d_activation = activation, d_activation
    def forward(self, x):
        self.x = x
        self.a = self.activation(self.weights @ x + self.bias)
        return self.a
    def backward(self, err, lr):
        delta = err * self.d_activation(self.a)
        back = self.weights.T @ delta
        self.weights -= lr * delta @ self.x.T
        self.bias -= lr * delta.sum(axis=1, keepdims=True)
        return back
"""
ENTROPY = """
class Activation_Softmax:
    def forward(self, inputs):
        e = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
class Loss_Entropy:
    def forward(self, y_pred, y_true):
        y_pred = np.clip(y_pred, 1e-7, 1 - 1e-7)
        if y_true.ndim == 1:
            return -np.log(y_pred[range(len(y_pred)), y_true])
        return -np.log((y_pred * y_true).sum(axis=1))
    def backward(self, dvalues, y_true):
        if y_true.ndim == 1:
            y_true = np.eye(dvalues.shape[1])[y_true]
        self.dinputs = -y_true / dvalues / len(dvalues)
"""
BOTH = """
class Entropy_Activation_Softmax:
    def __init__(self):
        self.activation, self.loss = Activation_Softmax(), Loss_Entropy()
    def forward(self, inputs, y_true):
        self.activation.forward(inputs)
        self.output = self.activation.output
        return self.loss.forward(self.output, y_true).mean()
    def backward(self, dvalues, y_true):
        y_true = y_true if y_true.ndim == 1 else y_true.argmax(axis=1)
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.dinputs / len(dvalues)
"""

TRACED = """
def traced(function):
    def wrapped(*args, **kwargs):
        wrapped.calls += 1
        return function(*args, **kwargs)
    wrapped.calls = 0
    return wrapped
class Tanh:
    @traced
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    @traced
    def backward(self, grad):
        return grad * (1 - self.y ** 2)
"""
HANDED_ON = """
class Optimizer:
    def __init__(self, lr=1e-3, lr_decay=0.0):
        self.lr, self.lr_decay = lr, lr_decay
    def next_epoch(self):
        self.lr *= 1 - self.lr_decay
class Adagrad(Optimizer):
    def __init__(self, epsilon=1e-7, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.epsilon, self.caches = epsilon, None
    def update(self, parameters, gradients):
        if self.caches is None:
            self.caches = [np.zeros_like(p) for p in parameters]
        for p, g, c in zip(parameters, gradients, self.caches):
            c += g ** 2
            p -= self.lr * g / (np.sqrt(c) + self.epsilon)
"""
ONE_OUTPUT = """
class Sigmoid_Loss_BinaryCrossentropy:
    def forward(self, logits, y_true):
        self.output = 1 / (1 + np.exp(-logits))
        y = np.asarray(y_true).reshape(-1, 1)
        return float(np.mean(-(y * np.log(self.output) + (1 - y) * np.log(1 - self.output))))
    def backward(self, dvalues, y_true):
        self.dinputs = (dvalues - np.asarray(y_true).reshape(-1, 1)) / len(dvalues)
"""
KEPT_LABELS = """
class CrossEntropy:
    def forward(self, y_pred, y_true):
        self.y_true = y_true
        return -np.log(np.clip((y_pred * y_true).sum(axis=1), 1e-7, 1 - 1e-7))
    def backward(self, dvalues):
        self.dinputs = -self.y_true / dvalues / len(dvalues)
"""
CONNECTED = """
class Zeros:
    def initialize(self, shape):
        return np.zeros(shape)
class Dense:
    def __init__(self, units, weights_initializer, input_shape=None):
        self.units, self.weights_initializer, self.input_shape = units, weights_initializer, input_shape
        self.W = self.b = None
    def connect_with(self, layer):
        self.input_shape = layer.output_shape
        self._initialize_parameters()
    def _initialize_parameters(self):
        self.W = self.weights_initializer.initialize((self.input_shape[1], self.units))
        self.b = np.zeros(self.units)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, grad):
        self.dW, self.db = self.x.T @ grad, grad.sum(axis=0)
        return grad @ self.W.T
"""
ALONE = """
class Dense:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.random.randn(n_out, n_in), np.zeros(n_out)
        self.grad_w, self.grad_b = np.zeros((n_out, n_in)), np.zeros(n_out)
    def forward(self, x):
        self.x = x.ravel()
        return self.w @ self.x + self.b
    def backward(self, grad):
        self.grad_w += np.outer(grad, self.x)
        self.grad_b += grad
        return grad @ self.w
"""

INDICES = """
class SoftmaxLoss:
    def forward(self, logits, y_true):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return -np.log(self.p[range(len(y_true)), y_true]).mean()
    def backward(self, y_true):
        d = self.p.copy()
        d[range(len(y_true)), y_true] -= 1
        return d / len(y_true)
"""
LEAKY = """
class LeakyReLU:
    def __init__(self, slope):
        self.slope = slope
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)
    def backward(self, grad):
        return grad * np.where(self.x > 0, 1, self.slope)
"""


def told(folder: Path, text: str) -> dict[str, tuple[str, str]]:
    """The status of every component of a text, and what is said of it, by its name."""
    path = folder / "net.py"
    path.write_text("import math, random\nimport numpy as np\n" + text)
    return {one.name: (one.status, one.says) for one in check(path).components}


@pytest.mark.parametrize(
    ("text", "right", "wrong", "name"),
    [
        (CUT, "(1 - self.y)", "self.y", "Sigmoid"),
        (ROW, "self.x.T @ grad", "self.x.T @ grad * 3 + 1", "Linear"),
        (ROW, "grad @ self.W.T", "-grad @ self.W.T", "Linear"),
        (LISTS, "row[i] * g", "row[0] * g", "Dense"),
        (LISTS + DESCENT, "-= self.lr * layer.db[j]", "+= self.lr * layer.db[j]", "SGD"),
        (NUMBERS, "1.0 if value > 0 else 0.0", "1.0", "ReLU"),
        (OF_LISTS, "-t / q for", "-t * q for", "CrossEntropy"),
        (PAIR, "a * (1 - a)", "a * (1 + a)", "Layer"),
        (ENTROPY, "np.eye(dvalues.shape[1])[y_true]", "np.eye(dvalues.shape[1])(y_true)", "Loss_Entropy"),
        (TRACED, "(1 - self.y ** 2)", "self.y", "Tanh"),
        (ONE_OUTPUT, "(dvalues - np", "(dvalues + np", "Sigmoid_Loss_BinaryCrossentropy"),
        (KEPT_LABELS, "-self.y_true / dvalues", "self.y_true / dvalues", "CrossEntropy"),
        (CONNECTED, "grad.sum(axis=0)", "grad.mean(axis=0)", "Dense"),
        (ALONE, "self.grad_b += grad", "self.grad_b -= grad", "Dense"),
        (INDICES, " - logits.max(axis=1, keepdims=True)", "", "SoftmaxLoss"),
        (LEAKY, "1, self.slope)", "1, 0)", "LeakyReLU"),
        (ENTROPY + BOTH, "forward(self.output,", "forward(inputs,", "Entropy_Activation_Softmax"),
    ],
)
def test_a_part_is_given_what_its_own_code_wants(tmp_path: Path, text: str, right: str, wrong: str, name: str) -> None:
    """A part with a protocol of its own is right, and the same part with a mistake is defective."""
    assert right in text
    assert told(tmp_path, text)[name][0] in ("right", "departs")
    assert told(tmp_path, text.replace(right, wrong))[name][0] == "defective"


def test_a_loss_of_what_it_is_given_in_place_of_its_softmax_is_told(tmp_path: Path) -> None:
    """A loss that runs softmax, and then takes the logarithm of the logits, is told so."""
    says = told(tmp_path, ENTROPY + BOTH.replace("forward(self.output,", "forward(inputs,"))
    assert "not of its softmax" in says["Entropy_Activation_Softmax"][1]


def test_of_lists_a_softmax_is_one_sample_at_a_time(tmp_path: Path) -> None:
    """A softmax over a list of numbers is right, with nothing said of batches."""
    assert told(tmp_path, OF_LISTS)["Softmax"] == ("missing", "backward is not written yet")


def test_a_rate_that_the_base_takes_is_set(tmp_path: Path) -> None:
    """What a constructor hands on to its base is known: the rate; a decay that another method applies is no defect."""
    assert told(tmp_path, HANDED_ON)["Adagrad"] == (
        "departs",
        "the decay is applied by next_epoch, which its user is to call",
    )
    wrong = told(tmp_path, HANDED_ON.replace("p -= self.lr * g", "p -= self.lr * g * 2"))
    assert wrong["Adagrad"][0] == "defective"


def test_a_softmax_over_the_samples_is_told_so(tmp_path: Path) -> None:
    """Beside layers that take rows, a softmax that adds up the samples is told that, whatever else is odd in it."""
    dense = (
        "class Layer_Dense:\n    def __init__(self, n_inputs, n_neurons):\n"
        "        self.weights, self.biases = np.random.randn(n_inputs, n_neurons), np.zeros((1, n_neurons))\n"
        "    def forward(self, inputs):\n        self.output = inputs @ self.weights + self.biases\n"
    )
    text = dense + ENTROPY.replace("e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)")
    assert "use axis=1" in told(tmp_path, text)["Activation_Softmax"][1]


def test_a_folder_may_import_itself_by_its_name(tmp_path: Path) -> None:
    """The files of a package that import the package by its name find each other."""
    folder = tmp_path / "tinynet"
    folder.mkdir()
    (folder / "__init__.py").write_text("from tinynet.layer import Layer\nfrom tinynet.dense import Dense\n")
    (folder / "layer.py").write_text("class Layer:\n    scale = 1.0\n")
    (folder / "dense.py").write_text(
        "import numpy as np\nfrom tinynet import Layer\n" + ALONE.replace("Dense", "Dense(Layer)")
    )
    assert [(one.name, one.status) for one in check(folder).components] == [("Dense", "right")]
