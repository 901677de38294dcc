"""The rules by which a stranger's optimizer is replayed, and the activations: as torch itself computes them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from parity_tests.test_subjects_parts import DENSE, SGD
from reports.subjects import formulas, update_rules
from reports.subjects.verdict import check

SINGLE = ("Nadam", "HardSigmoid")  # torch itself keeps a number of these in float32: the momentum's product, 1/6
OPTIONS = {"momentum": 0.8, "beta1": 0.85, "beta2": 0.97, "rho": 0.9, "epsilon": 1e-6, "weight_decay": 0.05}
BETAS: dict[str, Any] = {"betas": (0.85, 0.97), "eps": 1e-6}
RULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "SGD": (torch.optim.SGD, {}),
    "Momentum": (torch.optim.SGD, {"momentum": 0.8}),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    "Adam": (torch.optim.Adam, BETAS),
    "AdamW": (torch.optim.AdamW, BETAS | {"weight_decay": 0.05}),
    "Adamax": (torch.optim.Adamax, BETAS),
    "Nadam": (torch.optim.NAdam, BETAS),
    "RMSprop": (torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-6}),
    "AdaGrad": (torch.optim.Adagrad, {"eps": 1e-6}),
    "Adadelta": (torch.optim.Adadelta, {"rho": 0.9, "eps": 1e-6}),
}


@pytest.mark.parametrize("kind", list(update_rules.RULES))
def test_the_right_rule_is_torchs(kind: str) -> None:
    """Five updates of the first rule of each kind end where torch.optim ends, to within the rounding of five steps."""
    make, settings = RULES[kind]
    rng = np.random.default_rng(3)
    ours = rng.standard_normal((4, 3))
    theirs = torch.tensor(ours, requires_grad=True)
    rule = make([theirs], lr=0.1, **settings)
    state: dict[str, Any] = {}
    for k in range(5):
        g = rng.standard_normal((4, 3))
        theirs.grad = torch.tensor(g)
        rule.step()
        state["before"] = ours
        ours = ours + update_rules.RULES[kind][0][2](state, g, 0.1, k, OPTIONS)
    eps = np.finfo(np.float32 if kind in SINGLE else np.float64).eps
    assert np.abs(ours - theirs.detach().numpy()).max() <= 5 * 64 * eps


TORCH = {"Identity": lambda z: z, "ReLU": F.relu, "LeakyReLU": F.leaky_relu, "Sigmoid": torch.sigmoid,
         "Tanh": torch.tanh, "ELU": F.elu, "SELU": F.selu, "Softplus": F.softplus, "Swish": F.silu, "GELU": F.gelu,
         "Mish": F.mish, "Softsign": F.softsign, "HardTanh": F.hardtanh, "HardSigmoid": F.hardsigmoid,
         "HardSwish": F.hardswish}  # fmt: skip


@pytest.mark.parametrize("kind", list(TORCH))
def test_an_activation_and_its_derivative_are_torchs(kind: str) -> None:
    """At ordinary values and far out both agree to within what is allowed to a stranger."""
    z = np.random.default_rng(5).standard_normal((6, 5)) * np.array([1, 1, 2, 5, 12])
    x = torch.tensor(z, requires_grad=True)
    out = TORCH[kind](x)
    out.sum().backward()
    assert x.grad is not None
    allowed = 64 * np.finfo(np.float32 if kind in SINGLE else np.float64).eps * np.maximum(np.abs(z), 1)
    slope = formulas.ALPHA.get(kind, 0.0)
    assert (np.abs(formulas.FORWARD[kind](z, slope) - out.detach().numpy()) <= allowed).all()
    assert (np.abs(formulas.backward(kind, z, np.ones_like(z), slope) - x.grad.numpy()) <= allowed).all()


COUNTED = """import numpy as np

class Layer:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out)
        self.biases = np.zeros((1, n_out))
    def forward(self, x):
        self.x = x
        return x @ self.weights + self.biases
    def backward(self, g):
        self.dweights = self.x.T @ g
        self.dbiases = g.sum(axis=0, keepdims=True)
        return g @ self.weights.T

class Adam:
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps, self.t = lr, beta1, beta2, eps, 0
    def iteration_update(self):
        self.t += 1
    def update(self, layer):
        if not hasattr(layer, "mw"):
            layer.mw, layer.vw = np.zeros_like(layer.weights), np.zeros_like(layer.weights)
            layer.mb, layer.vb = np.zeros_like(layer.biases), np.zeros_like(layer.biases)
        for p, g, m, v in ((layer.weights, layer.dweights, layer.mw, layer.vw),
                           (layer.biases, layer.dbiases, layer.mb, layer.vb)):
            m[...] = self.beta1 * m + (1 - self.beta1) * g
            v[...] = self.beta2 * v + (1 - self.beta2) * g * g
            p -= self.lr * (m / (1 - self.beta1 ** self.t)) / (np.sqrt(v / (1 - self.beta2 ** self.t)) + self.eps)

def train(layers, opt, X, Y):
    for epoch in range(100):
        out = X
        for l in layers:
            out = l.forward(out)
        g = 2 * (out - Y) / Y.size
        for l in reversed(layers):
            g = l.backward(g)
        opt.iteration_update()
        for l in layers:
            opt.update(l)
"""


@pytest.mark.parametrize(("first", "status"), [(True, "right"), (False, "defective")])
def test_a_method_that_only_counts_is_called_where_the_file_calls_it(first: bool, status: str, tmp_path: Path) -> None:
    """Adam that counts by a method of its own: before the update it is right, after it the first step divides by 0."""
    count, update = "        opt.iteration_update()\n", "        for l in layers:\n            opt.update(l)\n"
    file = tmp_path / "counted.py"
    file.write_text(COUNTED.replace(count + update, count + update if first else update + count), encoding="utf-8")
    (adam,) = [one for one in check(file).components if one.kind == "Adam"]
    assert adam.status == status


@pytest.mark.parametrize(
    ("more", "status"), [("", "defective"), ("def lr_decay(self, epoch):\n        pass", "departs")]
)
def test_a_decay_that_a_method_of_its_own_applies_is_not_missed(more: str, status: str, tmp_path: Path) -> None:
    """A decay that nothing uses is a defect; one that `lr_decay(epoch)` uses is for its user to call."""
    file = tmp_path / "rule.py"
    file.write_text(
        "import numpy as np\n\nclass SGD:\n    def __init__(self, learning_rate=1.0, decay=0.0):\n"
        "        self.learning_rate, self.decay = learning_rate, decay\n"
        "    def update_params(self, layer):\n        layer.weights -= self.learning_rate * layer.dweights\n"
        f"        layer.biases -= self.learning_rate * layer.dbiases\n    {more}\n",
        encoding="utf-8",
    )
    assert [one.status for one in check(file).components] == [status]


def test_all_that_is_wrong_with_an_optimizer_is_said_each_once(tmp_path: Path) -> None:
    """A decay that nobody applies and a momentum that is not kept are two defects, of weights and biases alike."""
    text = f"import numpy as np\n{DENSE}{SGD}".replace("self.learning_rate / (1 + ", "self.learning_rate + 0 * (1 + ")
    (tmp_path / "one.py").write_text(text.replace("layer.vw = self.mom", "layer.lost = self.mom"))
    (made,) = (one for one in check(tmp_path / "one.py").components if one.name == "Optimizer_SGD")
    assert any("decay is not applied" in one for one in made.diagnoses)
    assert len(made.diagnoses) == len(set(made.diagnoses)) < len(made.rows)
