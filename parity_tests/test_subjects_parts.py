"""Facts about single components: what is a defect, what a convention, what is not written yet."""

from pathlib import Path

import numpy as np
import pytest

from reports import calibrated
from reports.subjects.child import arrays
from reports.subjects.verdict import Subject, check

DENSE = """
class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.01 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)
"""
SIGMOID = """
class Activation_Sigmoid:
    def forward(self, inputs):
        self.output = 1 / (1 + np.exp(-inputs))
    def backward(self, dvalues):
        self.dinputs = dvalues * self.output * (1 - self.output)
"""
LOSS = """
class Loss_MSE:
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)
    def backward(self, dvalues, y_true):
        self.dinputs = -2 * (y_true - dvalues) / dvalues.size
"""
SOFTMAX = """
class Activation_Softmax:
    def forward(self, inputs):
        e = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = e / np.sum(e, axis=1, keepdims=True)
    def backward(self, dvalues):
        self.dinputs = self.output * (dvalues - np.sum(dvalues * self.output, axis=1, keepdims=True))
"""
SGD = """
class Optimizer_SGD:
    def __init__(self, learning_rate=1.0, decay=0.0, momentum=0.0):
        self.learning_rate = self.current_learning_rate = learning_rate
        self.decay, self.momentum, self.iterations = decay, momentum, 0
    def pre_update_params(self):
        self.current_learning_rate = self.learning_rate / (1 + self.decay * self.iterations)
    def update_params(self, layer):
        if not hasattr(layer, "vw"):
            layer.vw, layer.vb = np.zeros_like(layer.weights), np.zeros_like(layer.biases)
        layer.vw = self.momentum * layer.vw - self.current_learning_rate * layer.dweights
        layer.vb = self.momentum * layer.vb - self.current_learning_rate * layer.dbiases
        layer.weights += layer.vw
        layer.biases += layer.vb
    def post_update_params(self):
        self.iterations += 1
"""
PLANTED = [  # text, what is replaced, by what, words of the diagnosis
    (DENSE, "np.sum(dvalues, axis=0, keepdims=True)", "np.mean(dvalues, axis=0, keepdims=True)", "averaged"),
    (DENSE, "np.sum(dvalues, axis=0, keepdims=True)", "dvalues", "shape"),
    (DENSE, "np.dot(dvalues, self.weights.T)", "np.dot(dvalues, self.weights)", "transposed"),
    (DENSE, "+ self.biases", "", "bias is not added"),
    (SIGMOID, "dvalues * self.output * (1 - self.output)", "self.output * (1 - self.output)", "not multiplied in"),
    (SIGMOID, "* (1 - self.output)", "", "backward"),
    (SOFTMAX, "np.max(inputs, axis=1, keepdims=True)", "np.max(inputs)", "whole batch"),
    (SOFTMAX, "np.max(inputs, axis=1, keepdims=True)", "0", "overflow"),
    (
        SOFTMAX,
        "(dvalues - np.sum(dvalues * self.output, axis=1, keepdims=True))",
        "(1 - self.output) * dvalues",
        "diagonal",
    ),
    (LOSS, "-2 * (y_true", "2 * (y_true", "wrong sign"),
    (LOSS, "(y_true - dvalues)", "np.abs(y_true - dvalues)", "sign is lost"),
    (SGD, "layer.biases += layer.vb", "pass", "never updated"),
    (SGD, "layer.weights += layer.vw", "layer.weights -= layer.vw", "climbs"),
    (SGD, "self.momentum * layer.vw -", "-", "momentum is not used"),
]


def judged(text: str, folder: Path) -> Subject:
    """The verdict on a text as a file."""
    file = folder / "subject.py"
    file.write_text(f"import numpy as np\n{text}", encoding="utf-8")
    return check(file)


@pytest.mark.parametrize(("text", "old", "new", "words"), PLANTED, ids=lambda value: str(value).strip()[:20])
def test_a_planted_mistake_is_found_and_named_with_its_lines(
    text: str, old: str, new: str, words: str, tmp_path: Path
) -> None:
    """One line is wrong: exit code 1, the words of its cause, and the lines of the method that computes it."""
    assert text.count(old) == 1
    subject = judged((DENSE if text is SGD else "") + text.replace(old, new), tmp_path)
    assert subject.verdict == 1
    worst = subject.components[0]
    assert words in " ".join([worst.says, *worst.diagnoses])
    assert worst.lines


@pytest.mark.parametrize("text", [DENSE, SIGMOID, SOFTMAX, LOSS])
def test_the_right_component_is_right(text: str, tmp_path: Path) -> None:
    """The same texts without a mistake."""
    (one,) = judged(text, tmp_path).components
    assert one.status == "right", one.says


CONVENTIONS = [  # what must not be called a defect, and what is said of it
    (DENSE, "np.dot(self.inputs.T, dvalues)", "np.dot(self.inputs.T, dvalues) / len(dvalues)", None),
    (SIGMOID, "1 / (1 + np.exp(-inputs))", "np.clip(1 / (1 + np.exp(-inputs)), 1e-7, 1 - 1e-7)", "clipped"),
    (LOSS, "/ dvalues.size", "/ 2", "half the sum"),
    (SGD, "momentum=0.0", "momentum=0.9", "rate stands inside"),
]


@pytest.mark.parametrize(("text", "old", "new", "words"), CONVENTIONS, ids=lambda value: str(value).strip()[:20])
def test_a_convention_is_told_and_is_no_defect(
    text: str, old: str, new: str, words: str | None, tmp_path: Path
) -> None:
    """A constant over a layer, a clip, half a sum, the rate inside the velocity: exit code 0."""
    changed = text.replace(old, new)
    if words is None:
        changed = changed.replace("np.sum(dvalues, axis=0, keepdims=True)", "np.mean(dvalues, axis=0, keepdims=True)")
    subject = judged((DENSE if text is SGD else "") + changed, tmp_path)
    assert subject.verdict == 0, [(one.name, one.says) for one in subject.components]
    assert words is None or any(words in one.says for one in subject.components if one.status == "departs")


def test_what_is_not_written_yet_is_named_and_does_not_fail(tmp_path: Path) -> None:
    """Forward-only code: exit code 0, the missing backward said."""
    forward = DENSE.split("    def backward")[0]
    subject = judged(forward, tmp_path)
    assert (subject.verdict, subject.components[0].status) == (0, "missing")
    assert "not written yet" in subject.components[0].says


COLUMN = """
class Columns:
    def __init__(self, n_in, n_out):
        self.M, self.c = np.random.randn(n_out, n_in), np.zeros((n_out, 1))
    def forward(self, X):
        self.X = X
        return self.M @ X + self.c
    def backward(self, G):
        self.gM, self.gc = G @ self.X.T, G.sum(axis=1, keepdims=True)
        return self.M.T @ G
"""


@pytest.mark.parametrize(("wrong", "status"), [("G.sum(", "right"), ("G.mean(", "defective")])
def test_the_gradient_of_biases_is_found_by_its_size(wrong: str, status: str, tmp_path: Path) -> None:
    """An attribute called gc beside biases called c: no name says it, its shape does."""
    file = tmp_path / "layer.py"
    file.write_text("import numpy as np\n" + COLUMN.replace("G.sum(", wrong), encoding="utf-8")
    assert [one.status for one in check(file).components] == [status]


RELU_OF_INPUT = """
class ReluLayer:
    def forward(self, input):
        self.kept = np.maximum(0, input)
        return self.kept
    def backward(self, input):
        return input * (self.kept > 0)
"""


@pytest.mark.parametrize(("wrong", "status"), [("input * (", "right"), ("input * 2 * (", "defective")])
def test_what_comes_from_above_may_be_called_input(wrong: str, status: str, tmp_path: Path) -> None:
    """A backward that is linear in its one argument is given the gradient, whatever the argument is called."""
    subject = judged(RELU_OF_INPUT.replace("input * (", wrong), tmp_path)
    assert [one.status for one in subject.components] == [status]


KEEPS_DELTA = """
class Layer:
    def __init__(self, n_in, n_out):
        self.weight, self.bias = np.random.randn(n_in, n_out), np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.weight + self.bias
    def backward(self, lr, below, delta):
        self.delta = 1.0 * delta
        self.seen = below.shape
        return delta @ self.weight.T
    def update(self, lr):
        self.weight -= lr * self.x.T @ self.delta
"""


def test_in_a_square_layer_nothing_is_taken_for_a_gradient_that_is_none_elsewhere(tmp_path: Path) -> None:
    """The kept upstream gradient has the weights' shape where the layer is square; what came in may be asked for."""
    subject = judged(KEEPS_DELTA, tmp_path)
    assert [one.status for one in subject.components] == ["right"], subject.components[0].says


def test_a_root_of_the_mean_square_is_not_judged_as_a_mean_square(tmp_path: Path) -> None:
    """A figure to report, which no loss of torch is."""
    text = "def get_rmse(y, y_pred):\n    return np.sqrt(np.mean((y - y_pred) ** 2))\n"
    assert not [one for one in judged(DENSE + text, tmp_path).components if one.name == "get_rmse"]


LOGS = DENSE.replace("self.inputs = inputs", "self.inputs = inputs\n        {call}")


@pytest.mark.parametrize(
    ("setting", "call", "status"),
    [
        ("logger = make_logger('net')", "logger.info('forward')", "right"),  # what its calls give nobody uses
        ("if True:\n    scale = make_scale()", "inputs = inputs * scale", "unjudged"),
        ("", "inputs = inputs * scale", "defective"),
    ],
)
def test_a_name_that_is_set_where_nothing_runs_is_no_slip(setting: str, call: str, status: str, tmp_path: Path) -> None:
    """Statements at the top of a file do not run: that one of their names is missing is our doing."""
    subject = judged(f"from logs import make_logger, make_scale\n{setting}\n{LOGS.format(call=call)}", tmp_path)
    assert {one.status for one in subject.components} <= {status}, [one.says for one in subject.components]


GROWS = """
class Optimizer:
    def __init__(self, learning_rate=1.0):
        self.learning_rate = learning_rate
class Steepest(Optimizer):
    def update_params(self, layer):
        layer.weights -= self.learning_rate * layer.dweights
        layer.biases -= self.learning_rate * layer.dbiases
class AdGrad(Optimizer):
    def __init__(self, learning_rate=1.0, eps=1e-7):
        super().__init__(learning_rate)
        self.eps = eps
    def update_params(self, layer):
        if not hasattr(layer, "cw"):
            layer.cw, layer.cb = np.zeros_like(layer.weights), np.zeros_like(layer.biases)
        layer.cw += layer.dweights ** 2
        layer.cb += layer.dbiases ** 2
        layer.weights -= self.learning_rate * layer.dweights / (np.sqrt(layer.cw) + self.eps)
        layer.biases -= self.learning_rate * layer.dbiases / (np.sqrt(layer.cb) + self.eps)
"""


def test_an_optimizer_whose_name_says_nothing_is_known_by_its_base(tmp_path: Path) -> None:
    """Its arguments and the numbers say which rule it is; a mistake in it is found as in any other."""
    found = {one.name: one for one in judged(DENSE + GROWS, tmp_path).components}
    assert [(found[name].kind, found[name].status) for name in ("Steepest", "AdGrad")] == [
        ("SGD", "right"), ("AdaGrad", "right")]  # fmt: skip
    wrong = GROWS.replace("layer.weights -= self.learning_rate * layer.dweights\n", "layer.weights += self."
                          "learning_rate * layer.dweights\n")  # fmt: skip
    found = {one.name: one for one in judged(DENSE + wrong, tmp_path).components}
    assert found["Steepest"].status == "defective"
    assert "climbs" in found["Steepest"].says


COUNTED = """
class Optimizer_SGD:
    def __init__(self, learning_rate=1.0, decay=0.0):
        self.learning_rate, self.decay = learning_rate, decay
    def rate(self, epoch):
        return self.learning_rate / (1 + self.decay * epoch)
    def update_params(self, layer, epoch):
        layer.weights -= self.rate(epoch) * layer.dweights
        layer.biases -= self.rate(epoch) * layer.dbiases
"""


def test_the_first_epoch_that_an_update_is_told_is_0(tmp_path: Path) -> None:
    """As range() counts: a rate that decays from there on is torch's, and the parts can be put together."""
    text = DENSE + SIGMOID.replace("Sigmoid", "Tanh").replace("1 / (1 + np.exp(-inputs))", "np.tanh(inputs)").replace(
        "self.output * (1 - self.output)", "(1 - self.output ** 2)") + COUNTED  # fmt: skip
    found = {one.name: one.status for one in judged(text, tmp_path).components}
    assert found["Optimizer_SGD"] == "right"


FUSED = """
class SoftmaxCategoricalCrossentropy:
    def calculate(self, y_pred, y_true):
        return np.mean(-np.log(np.sum(y_pred * y_true, axis=1)))
    def backward(self, dvalues, y_true=None):
        if y_true is None:
            return
        self.dinputs = (dvalues - y_true) / len(dvalues)
"""


def test_labels_with_a_default_are_given_all_the_same(tmp_path: Path) -> None:
    """A gradient that asks for labels only where it is given any is judged, and a wrong one found."""
    right, wrong = (
        judged(text, tmp_path).components[0] for text in (FUSED, FUSED.replace("dvalues - y", "dvalues + y"))
    )
    assert (right.status, wrong.status) == ("departs", "defective"), (right.says, wrong.says)


AT_ONCE = """
class GradientDescent:
    def minimize(self, w, b, dW, dB, vW, vB, learning_rate=0.01):
        return w - learning_rate * dW, b - learning_rate * dB, vW, vB
class Momentum:
    def minimize(self, w, b, dW, dB, vW, vB, learning_rate=0.01, beta=0.9):
        vW, vB = beta * vW + dW, beta * vB + dB
        return w - learning_rate * vW, b - learning_rate * vB, vW, vB
class Dense:
    def __init__(self, input_size, output_size):
        self.weights, self.bias = np.random.rand(input_size, output_size), np.zeros((1, output_size))
        self.vW, self.vB = np.zeros_like(self.weights), np.zeros_like(self.bias)
    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias
    def backward(self, error, optimizer_fn, learning_rate):
        below, dW, dB = error @ self.weights.T, self.x.T @ error, error.sum(axis=0, keepdims=True)
        self.weights, self.bias, self.vW, self.vB = optimizer_fn.minimize(
            self.weights, self.bias, dW, dB, self.vW, self.vB, learning_rate)
        return below
"""


def test_updates_that_take_and_give_their_state_are_judged_with_the_layer_that_calls_them(tmp_path: Path) -> None:
    """What moves is held against the rate times the gradients, in the layer and in the rule alone."""
    right = {one.name: one.status for one in judged(AT_ONCE, tmp_path).components}
    assert right == dict.fromkeys(("GradientDescent", "Momentum", "Dense"), "right")
    wrong = judged(AT_ONCE.replace("vW, vB = beta * vW + dW", "vW, vB = beta * vW - dW"), tmp_path)
    assert {one.name for one in wrong.components if one.status == "defective"} == {"Momentum"}


STALE = """
class Linear:
    def __init__(self, n_in, n_out):
        self.weights, self.biases = np.random.randn(n_out, n_in), np.random.randn(n_out, 1)
    def forward(self, x):
        self.x = x
        return self.weights @ x + self.biases
    def backward(self, gradient, learning_rate):
        self.weights -= learning_rate * gradient @ self.x.T
        self.biases -= learning_rate * gradient
        return self.weights.T @ gradient
"""


def test_weights_updated_before_they_are_used_are_told(tmp_path: Path) -> None:
    """The gradient of the inputs was taken with the weights after the step."""
    (layer,) = judged(STALE, tmp_path).components
    assert (layer.status, layer.lines) == ("defective", [9, 12])
    assert "the weights are updated before" in layer.says


TURNED = """
def mse(y, y_hat):
    return np.mean((y - y_hat) ** 2)
def mse_prime(y, y_hat):
    return 2 * (y - y_hat) / np.size(y)
def train(layers, x, y, loss_prime):
    return {sign}loss_prime(y, x)
"""


@pytest.mark.parametrize(("sign", "status"), [("-", "departs"), ("", "defective")])
def test_a_gradient_whose_caller_turns_it_is_no_defect(sign: str, status: str, tmp_path: Path) -> None:
    """Minus the gradient, and a minus where it is called."""
    assert [one.status for one in judged(TURNED.format(sign=sign), tmp_path).components] == [status]


GATHERED = STALE.replace(
    "n_in, n_out):", "n_in, n_out, **kwargs):\n        self.act = {'tanh': np.tanh}[kwargs.get('act')]"
)


def test_what_a_constructor_takes_out_of_its_kwargs_is_given(tmp_path: Path) -> None:
    """It asks for an activation by a key."""
    assert judged(GATHERED, tmp_path).components[0].name == "Linear"


SEARCH = (
    DENSE
    + """
first, second = Layer_Dense(2, 3), Layer_Dense(3, 3)
for k in range(100):
    first.weights += 0.05 * np.random.randn(2, 3)
    first.biases += 0.05 * np.random.randn(1, 3)
    second.weights += 0.05 * np.random.randn(3, 3)
    second.biases += 0.05 * np.random.randn(1, 3)
    first.forward(X)
    second.forward(np.maximum(0, first.output))
    loss = np.mean((second.output - y) ** 2)
"""
)


def test_a_loop_that_tries_weights_out_is_no_training(tmp_path: Path) -> None:
    """It follows no gradient: there is nothing to hold against one."""
    subject = judged(SEARCH, tmp_path)
    assert [one.name for one in subject.components] == ["Layer_Dense"]
    assert not subject.notes


COLUMNS = """
def softmax(z):
    e = np.exp(z - np.max(z, axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.b1 = np.random.randn(n_hidden, n_in), np.zeros((n_hidden, 1))
        self.W2, self.b2 = np.random.randn(n_out, n_hidden), np.zeros((n_out, 1))
    def forward(self, X):
        self.h = np.tanh(self.W1 @ X.T + self.b1)
        self.p = softmax(self.W2 @ self.h + self.b2)
        return self.p
    def backward(self, X, y, lr):
        d = (self.p - y.T) / len(X)
        dh = self.W2.T @ d * (1 - self.h**2)
        self.W2 -= lr * d @ self.h.T
        self.b2 -= lr * d.sum(axis=1, keepdims=True)
        self.W1 -= lr * dh @ X
        self.b1 -= lr * dh.sum(axis=1, keepdims=True)
"""


def test_a_network_that_turns_its_inputs_calls_softmax_over_columns(tmp_path: Path) -> None:
    """It takes samples in rows, and is right: how softmax runs inside it is its own affair."""
    found = {one.name: one.status for one in judged(COLUMNS, tmp_path).components}
    assert "defective" not in found.values()
    assert found["Net"] == "right"


@pytest.mark.parametrize(("slope", "status"), [("(1 - self.output)", "right"), ("self.output", "defective")])
def test_an_activation_of_another_name_is_known_by_its_values(slope: str, status: str, tmp_path: Path) -> None:
    """A class whose forward gives a sigmoid's values is judged as one."""
    file = tmp_path / "parts.py"
    file.write_text(
        "import numpy as np\n" + SIGMOID.replace("Activation_Sigmoid", "Squash").replace("(1 - self.output)", slope),
        encoding="utf-8",
    )
    assert [(one.kind, one.status) for one in check(file).components] == [("Sigmoid", status)]


OWN_WAYS = {
    "set up by a method of its own": """
class BatchNorm:
    def __init__(self, width):
        self.width = width
    def ready(self):
        self.gamma, self.beta = np.ones(self.width), np.zeros(self.width)
        self.tiny = 1e-5
    def forward(self, x):
        return self.gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + self.tiny) + self.beta
""",
    "hands back the step": """
class SGD:
    def __init__(self, lr=0.1):
        self.lr = lr
    def update(self, lr, dw):
        return lr * dw
""",
}


@pytest.mark.parametrize("text", OWN_WAYS.values(), ids=OWN_WAYS.keys())
def test_a_protocol_that_is_not_known_is_no_defect(text: str, tmp_path: Path) -> None:
    """What fails because we do not drive it as its author does is not called defective."""
    file = tmp_path / "parts.py"
    file.write_text("import numpy as np\n" + text, encoding="utf-8")
    assert not {one.status for one in check(file).components} & {"defective"}


def test_the_child_proposes_by_the_nearness_that_was_measured() -> None:
    """It cannot import the calibrated constants, so its own is held against them."""
    assert arrays.NEAR == calibrated.PROPOSED
    assert arrays.near(np.ones(3), np.ones(3) + arrays.NEAR / 2)
    for other in (np.ones(3) + 2 * arrays.NEAR, np.ones(4), np.full(3, np.nan)):
        assert not arrays.near(other, np.ones(3))


@pytest.mark.parametrize(("sign", "status"), [("-", "departs"), ("+", "defective")])
def test_a_softmax_that_goes_back_from_labels_is_given_some(sign: str, status: str, tmp_path: Path) -> None:
    """Its way back takes probabilities and labels: p - y, and no gradient from above."""
    change = ("def backward(self, dvalues):", "def backward(self, dvalues, y_true):")
    text = SOFTMAX.split("        self.dinputs")[0] + f"        self.dinputs = (dvalues {sign} y_true) / len(dvalues)\n"
    file = tmp_path / "mine.py"
    file.write_text("import numpy as np\n" + text.replace(*change), encoding="utf-8")
    (component,) = check(file).components
    assert component.status == status
