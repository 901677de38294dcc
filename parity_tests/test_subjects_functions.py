"""Facts about networks of free functions: their cost by its value, what stands between forward and back."""

from pathlib import Path

import pytest

from reports.subjects.verdict import check
from reports.subjects.verdicts import Component

COLUMNS = """import numpy as np

def initialize_parameters(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x), "b1": np.zeros((n_h, 1)),
            "W2": np.random.randn(n_y, n_h), "b2": np.zeros((n_y, 1))}

def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    return A2, {"A1": A1, "A2": A2}

def compute_cost(A2, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m

def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dZ1 = parameters["W2"].T @ dZ2 * (1 - cache["A1"] ** 2)
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m,
            "dW2": dZ2 @ cache["A1"].T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m}
"""
COST = "-np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m"


def parts(tmp_path: Path, text: str, *changes: tuple[str, str]) -> dict[str, Component]:
    """The components of a file with some of its text replaced, by name."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    return {one.name: one for one in check(file).components}


@pytest.mark.parametrize(
    ("cost", "status", "words"),
    [
        (COST, "right", ""),
        (COST.replace("/ m", "/ (2 * m)"), "departs", "it is half the sum over outputs"),
        (COST.replace("/ m", "/ (m + 2)"), "unjudged", "no known loss"),
        (COST.replace("-np", "np"), "defective", "its sign is turned round"),
        ("-np.sum(Y * np.log(A2)) / m", "departs", "its value is cross-entropy on probabilities"),
        (COST.replace("+ (1 - Y)", "- (1 - Y)"), "defective", "are subtracted, not added"),
        ("-np.sum((1 - Y) * np.log(1 - A2)) / m", "defective", "the term y log(p) is missing"),
        ("np.sum((A2 - Y) ** 2) / m", "departs", "its value is squared error, its gradients are those of binary"),
        (COST.replace("A2)", "A2 + 1e-8)"), "departs", "1e-08 is added"),
    ],
)
def test_the_value_of_a_cost_is_judged(cost: str, status: str, words: str, tmp_path: Path) -> None:
    """Beside the loss whose gradients the functions give; the network is right all the time."""
    found = parts(tmp_path, COLUMNS, (COST, cost))
    assert found["forward_propagation"].status == "right"
    assert (found["compute_cost"].status, words in found["compute_cost"].says) == (status, True)


CACHED = """import numpy as np

def softmax(Z):
    e = np.exp(Z - Z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True), Z

def softmax_backward(dA, cache):
    S, _ = softmax(cache)
    return S * (dA - np.sum(dA * S, axis=0, keepdims=True))
"""
WHOLE = "S * (dA - np.sum(dA * S, axis=0, keepdims=True))"


@pytest.mark.parametrize(
    ("back", "status", "words"), [(WHOLE, "right", ""), ("dA * S * (1 - S)", "defective", "only the diagonal")]
)
def test_a_softmax_over_columns_goes_back_over_columns(back: str, status: str, words: str, tmp_path: Path) -> None:
    """What comes from above lies as its output does: a right Jacobian was once called wrong there."""
    found = parts(tmp_path, CACHED, (WHOLE, back))["softmax"]
    assert (found.status, words in found.says) == (status, True)


BETWEEN = """import numpy as np

def initialize_weights():
    W1, b1, W2, b2 = np.random.randn(5, 9), np.zeros((1, 9)), np.random.randn(9, 4), np.zeros((1, 4))
    return W1, b1, W2, b2

def forward_pass(x, W1, b1, W2, b2):
    z1 = x @ W1 + b1
    a1 = np.maximum(0, z1)
    z2 = a1 @ W2 + b2
    return a1, z1, z2

def softmax_and_loss(z2, y):
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    y_hat = e / e.sum(axis=1, keepdims=True)
    return y_hat, -np.mean(np.log(y_hat[np.arange(len(y)), y]))

def calculate_gradients(a1, y_hat, W2, z1, x, y):
    d = y_hat.copy()
    d[np.arange(len(y)), y] -= 1
    d = d / len(y)
    dh = d @ W2.T * (z1 > 0)
    return x.T @ dh, dh.sum(axis=0, keepdims=True), a1.T @ d, d.sum(axis=0, keepdims=True)
"""


def test_what_stands_between_forward_and_back_is_called(tmp_path: Path) -> None:
    """The way back asks for y_hat, which neither the forward nor the file's parameters hold."""
    network = parts(tmp_path, BETWEEN)["forward_pass"]
    assert (network.status, network.convention["network"][-7:]) == ("right", "Softmax")


PLAIN = """
def update_parameters(parameters, grads, learning_rate=0.1):
    for l in (1, 2):
        parameters[f"W{l}"] = parameters[f"W{l}"] - learning_rate * grads[f"dW{l}"]
        parameters[f"b{l}"] = parameters[f"b{l}"] - learning_rate * grads[f"db{l}"]
    return parameters
"""
ADAM = """
def initialize_adam(parameters):
    v = {f"d{key}": np.zeros_like(value) for key, value in parameters.items()}
    s = {f"d{key}": np.zeros_like(value) for key, value in parameters.items()}
    return v, s

def update_parameters_with_adam(parameters, grads, v, s, t, learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
    for key in parameters:
        g = grads["d" + key]
        v["d" + key] = beta1 * v["d" + key] + (1 - beta1) * g
        s["d" + key] = beta2 * s["d" + key] + (1 - beta2) * g**2
        mean, square = v["d" + key] / (1 - beta1**t), s["d" + key] / (1 - beta2**t)
        parameters[key] = parameters[key] - learning_rate * mean / (np.sqrt(square) + epsilon)
    return parameters, v, s
"""


@pytest.mark.parametrize(
    ("rule", "change", "status", "words"),
    [
        (PLAIN, ("", ""), "right", ""),
        (PLAIN, ("] - l", "] + l"), "defective", "the step climbs"),
        (PLAIN, ('f"W{l}"] - l', 'f"W{l}"] + l'), "defective", "weights 1 move -1 times as far"),
        (
            PLAIN,
            ('"b{l}"] - learning_rate * grads', '"b{l}"] - 0 * grads'),
            "defective",
            "biases 1 never move; biases 2 never move",
        ),
        (PLAIN, ('grads[f"dW{l}"]', '(grads[f"dW{l}"] + 0.3 * parameters[f"W{l}"])'), "right", ""),
        (
            PLAIN,
            ('grads[f"dW{l}"]', '(grads[f"dW{l}"] - 0.3 * parameters[f"W{l}"])'),
            "defective",
            "makes the weights grow",
        ),
        (ADAM, ("", ""), "right", ""),
        (ADAM, ("**t", ""), "defective", "lacks the power t"),
        (ADAM, ("np.sqrt(square) + epsilon", "np.sqrt(square + epsilon)"), "departs", "epsilon stands inside"),
        (ADAM, ("(1 - beta2) * g**2", "(1 - beta2) * g"), "unjudged", "of a rule that is not known here"),
    ],
)
def test_what_updates_is_judged_in_every_layer(
    rule: str, change: tuple[str, str], status: str, words: str, tmp_path: Path
) -> None:
    """Three steps with the network's own gradients, from a state that the file itself begins."""
    found = parts(tmp_path, COLUMNS + rule.replace(*change))
    update = next(one for name, one in found.items() if name.startswith("update"))
    assert found["forward_propagation"].status == "right"
    assert (update.status, words in update.says) == (status, True)


@pytest.mark.parametrize(("form", "status"), [("-t.T.dot(np.log(p))", "departs"), ("t.T.dot(np.log(p))", "defective")])
def test_a_loss_of_one_vector_is_no_wrong_loss_of_a_batch(form: str, status: str, tmp_path: Path) -> None:
    """Of a batch the product of what are meant to be two vectors is a matrix, which nobody asks for."""
    text = f"import numpy as np\n\ndef cross_entropy(t, p):\n    return {form}\n"
    assert parts(tmp_path, text)["cross_entropy"].status == status


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('parameters["W2"].T @', '-parameters["W2"].T @'), "the sign turns on the way back from layer 2 to layer 1"),
        (('* (1 - cache["A1"] ** 2)', ""), "the derivative of the hidden activation is missing"),
        (('dZ2 @ cache["A1"].T', 'dZ2 @ np.arctanh(cache["A1"]).T'), "weights 2 is wrong; it is made of the net input"),
        (
            ("dZ1.sum(axis=1, keepdims=True) / m", "dZ1.sum(axis=1, keepdims=True)"),
            "biases 1 has 7 (the batch size) times",
        ),
    ],
)
def test_a_wrong_gradient_is_told_with_what_is_wrong_and_where(
    change: tuple[str, str], words: str, tmp_path: Path
) -> None:
    """The lines are those of the way back, and its right update is accused of nothing."""
    text = COLUMNS + PLAIN
    found = parts(tmp_path, text.replace(*change))
    network = found["forward_propagation"]
    assert (network.status, words in network.says) == ("defective", True)
    assert found["update_parameters"].status == "right"
    start = text[: text.index("def backward")].count("\n") + 1
    assert network.lines[0] >= start


def test_a_parameter_that_moves_along_the_gradient_of_another_is_told(tmp_path: Path) -> None:
    """Hidden and output layers are of one width, so that nothing crashes."""
    text = (COLUMNS + PLAIN).replace("n_x, n_h, n_y):\n", "n_x, n_h, n_y):\n    n_h = n_y = 4\n")
    taken = text.replace('* grads[f"db{l}"]', '* grads["db1"]')
    assert parts(tmp_path, text)["update_parameters"].status == "right"
    assert "biases 2 move along the gradient of biases 1" in parts(tmp_path, taken)["update_parameters"].says


def test_a_number_of_samples_of_any_name_is_one(tmp_path: Path) -> None:
    """Without it the way back could not be called, and the update was taken for a way back without gradients."""
    text = COLUMNS.replace("cache, X, Y):\n    m = X.shape[1]", "cache, X, Y, m_train):\n    m = m_train") + PLAIN
    assert {one.status for one in parts(tmp_path, text).values()} == {"right"}


INDICES = """import numpy as np

def one_hot(Y):
    wide = np.zeros((Y.size, Y.max() + 1))
    wide[np.arange(Y.size), Y] = 1
    return wide.T

def cross_entropy(A, Y):
    return -np.sum(one_hot(Y) * np.log(A)) / Y.size
"""


@pytest.mark.parametrize(("sign", "status"), [("-np", "right"), ("np", "defective")])
def test_a_loss_may_take_class_indices_beside_columns(sign: str, status: str, tmp_path: Path) -> None:
    """It makes its own one-hot columns, and raises on every other format of labels."""
    assert parts(tmp_path, INDICES, ("-np", sign))["cross_entropy"].status == status


def test_a_numerical_gradient_is_no_network(tmp_path: Path) -> None:
    """A function that checks gradients by differences stands aside; what is right beside it stays parity."""
    text = """
import numpy as np
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def sigmoid_grad(x):
    return sigmoid(x) * (1 - sigmoid(x))
def numerical_gradient(f, x, y, W):
    grad = np.zeros_like(W)
    for i in np.ndindex(W.shape):
        h = np.zeros_like(W)
        h[i] = 1e-4
        grad[i] = (f(np.dot(x, W + h), y) - f(np.dot(x, W - h), y)) / 2e-4
    return grad
"""
    (tmp_path / "one.py").write_text(text)
    assert check(tmp_path / "one.py").verdict == 0
    (tmp_path / "one.py").write_text(text.replace("numerical_gradient", "backward_pass"))
    assert check(tmp_path / "one.py").verdict == 2


ROW = """import numpy as np

def cross_entropy(y_true, y_hat):
    m = y_true.shape[1]
    cost = -(np.dot(y_true, np.log(y_hat).T) + np.dot(1 - y_true, np.log(1 - y_hat).T)) / m
    cost = np.squeeze(cost)
    assert(cost.shape == ())
    return cost
"""


@pytest.mark.parametrize(("sign", "status"), [("= -(", "right"), ("= (", "defective")])
def test_an_assertion_that_labels_of_another_format_break_is_no_crash(sign: str, status: str, tmp_path: Path) -> None:
    """It wants its labels in one row, and is judged as the binary cross-entropy that it then is."""
    assert parts(tmp_path, ROW, ("= -(", sign))["cross_entropy"].status == status


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("t - y", "departs"),
        ("2 * (y - t) / t.size", "departs"),
        ("np.mean(t - y)", "defective"),
        ("t + y", "defective"),
    ],
)
def test_a_loss_that_gives_the_error_itself_is_another_quantity(form: str, status: str, tmp_path: Path) -> None:
    """Nothing says that it is the value; a mean of errors that are not squared is wrong."""
    assert parts(tmp_path, f"import numpy as np\n\ndef mse(t, y):\n    return {form}\n")["mse"].status == status
