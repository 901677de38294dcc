"""Facts about verdicts on strangers' parts: a bound decides, a doubt stays a doubt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parity_tests.test_subjects_layers import CONV
from reports.equations.rounding import Bounded, Rounding
from reports.subjects import curves, isolation, verdict
from reports.subjects.activations import fitted_alpha
from reports.subjects.networks.network import judged as network_judged
from reports.subjects.networks.network import network
from reports.subjects.networks.trial import Trial
from reports.subjects.verdict import check
from reports.subjects.verdicts import Component

SUBJECTS = Path(__file__).parent / "subjects"
R = Rounding.of(np.float64)
DENSE = """
import numpy as np

class Layer:
    def __init__(self, n_inputs, n_neurons, weight_l2=0.0):
        self.weights, self.biases = np.random.randn(n_inputs, n_neurons), np.zeros((1, n_neurons))
        self.weight_l2 = weight_l2
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases
    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues) + 2 * self.weight_l2 * self.weights
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)
"""
INSIDE = """
import numpy as np

class Layer:
    def __init__(self, n_inputs, n_neurons):
        self.weights, self.biases = np.random.randn(n_inputs, n_neurons), np.zeros((1, n_neurons))
    def forward(self, inputs):
        self.inputs = inputs
        self.z = inputs @ self.weights + self.biases
        self.output = (1 + np.tanh(self.z / 2)) / 2
    def backward(self, dvalues):
        dz = dvalues * (1 - np.tanh(self.z / 2) ** 2) / 4
        self.dweights, self.dbiases, self.dinputs = self.inputs.T @ dz, dz.sum(axis=0), dz @ self.weights.T
"""
MOVES = """
import numpy as np

class Layer:
    def __init__(self, n_inputs, n_neurons):
        self.weights, self.biases = np.random.randn(n_inputs, n_neurons), np.random.randn(1, n_neurons)
    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.weights + self.biases
    def backward(self, dvalues, learning_rate):
        back = dvalues @ self.weights.T
        self.weights -= learning_rate * (self.inputs.T @ dvalues)
        self.biases -= learning_rate * dvalues.sum(axis=0, keepdims=True)
        return back
"""


def judged(folder: Path, text: str, right: str = "", wrong: str = "") -> Component:
    """The one component of a file, changed in one place."""
    assert text.count(right) == 1 or not right
    file = folder / "subject.py"
    file.write_text(text.replace(right, wrong) if right else text, encoding="utf-8")
    (one,) = check(file, seconds=60).components
    return one


@pytest.mark.parametrize("text", [DENSE, INSIDE, MOVES])
def test_honest_layers_are_right(text: str, tmp_path: Path) -> None:
    """With a penalty, behind an activation written another way, and with gradients that only a step shows."""
    assert judged(tmp_path, text).status == "right"


@pytest.mark.parametrize(
    ("text", "right", "wrong", "status", "says"),
    [
        (DENSE, "2 * self.weight_l2", "2.0000001 * self.weight_l2", "defective", "not the derivative of the penalty"),
        (DENSE, " + 2 * self.weight_l2 * self.weights", "", "defective", "no part in the gradient"),
        (DENSE, "2 * self.weight_l2", "self.weight_l2", "departs", "torch's weight_decay"),
        (DENSE, "np.dot(inputs, self.weights)", "np.dot(inputs, self.weights) * (1 + 1e-10)", "departs", "10 digits"),
        (DENSE, "np.dot(inputs, self.weights) + self.biases",
         "np.float32(np.dot(inputs, self.weights) + self.biases)", "departs", "float32"),
        (INSIDE, "/ 4", "/ 4 * (1 + 1e-10)", "departs", "digits"),
        (MOVES, "learning_rate * (self", "(1 + 1e-9) * learning_rate * (self", "departs", "digits"),
        (DENSE, "self.dbiases =", "self.rule = None; self.rule.update(); self.dbiases =", "unjudged", "not been set"),
        (f"import numpy as np\n{CONV}", "self.w) + self.b\n", "1.5 * self.w) + self.b\n", "unjudged", "forward"),
    ],
)  # fmt: skip
def test_a_bound_or_a_doubt_decides(text: str, right: str, wrong: str, status: str, says: str, tmp_path: Path) -> None:
    """What lies beyond rounding is never right, what is not known is no defect."""
    one = judged(tmp_path, text, right, wrong)
    assert (one.status, says in one.says) == (status, True), one.says


def test_a_slope_within_rounding_of_torchs_is_torchs() -> None:
    """Z / 100 and 0.01 z are one activation; 0.01 (1 + 1e-12) is another."""
    z = -np.geomspace(1e-3, 30, 40)
    assert all(fitted_alpha("LeakyReLU", z[k : k + 1], z[k : k + 1] / 100) == 0.01 for k in range(40))
    assert fitted_alpha("LeakyReLU", z, z * 0.01 * (1 + 1e-12)) != 0.01


@pytest.mark.parametrize(("kind", "kink"), [("ReLU", 0.0), ("HardTanh", -1.0), ("HardTanh", 1.0), ("HardSwish", 3.0)])
def test_a_kink_within_an_error_passes_it_on(kind: str, kink: float) -> None:
    """Where a net input lies within its error of a kink, on its flat side too, the activation may move as far."""
    flat = np.array([[kink - 1e-12 if kink <= 0 else kink + 1e-12]])
    error = curves.value(kind, 0.0, Bounded(flat, np.full((1, 1), 1e-10)), R).error
    assert error[0, 0] >= 0.5e-10


def test_a_container_that_we_put_together_is_doubted() -> None:
    """With a loss of the file that must be meant the defect stands; with one of our choice it is a doubt."""
    path = SUBJECTS / "added_layers_wrong.txt"
    (seen,) = [one for one in isolation.see(path).components if one["role"] == "network"]
    assert network(seen).status == "defective"
    doubted = network({**seen, "put_together": "CrossEntropy"})
    assert (doubted.status, "put together by us" in doubted.says) == ("unjudged", True)


def test_a_loop_that_says_nothing_is_left_out_beside_a_network(tmp_path: Path) -> None:
    """Alone, a loop that could not be read is a doubt; beside a network that was judged it adds none."""
    file = tmp_path / "subject.py"
    file.write_text((SUBJECTS / "updates_inside.txt").read_text(encoding="utf-8"), encoding="utf-8")
    seen = isolation.see(file)
    loop = {"name": "script", "role": "network", "form": 6, "trials": []}
    assert [one.status for one in verdict.judged(replace(seen, components=[loop])).components] == ["unjudged"]
    both = verdict.judged(replace(seen, components=[*seen.components, loop])).components
    assert "script" not in [one.name for one in both]


def test_a_large_network_without_an_output_is_not_searched() -> None:
    """What no output narrows down, and is too large to try everything on, cannot be judged, with its size."""
    w, g = np.ones((500, 500)), np.ones((500, 500))
    trial = Trial(np.ones((3, 500)), np.ones((3, 500)), [(w, None)], [(g, None)], None, 0.0, False)
    level, (row,), _, _ = network_judged(trial)
    assert (level, row.status, "250,000 weights" in row.says) == (5, "unjudged", True)
