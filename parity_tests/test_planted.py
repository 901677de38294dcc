"""Negative controls: one changed character on a side is caught, on the right row, in the right words."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

import reference
import scratch
from reports import CASES, compare
from reports.judge import PASSES, verdict
from reports.show.text import failure

Array = np.ndarray


def dense_backward(weights: str = "T", inputs: str = "T", axis: int = 0) -> Callable[..., Array]:
    """Dense.backward with one character changed: a transpose dropped, or the axis of the bias gradient."""

    def backward(self: scratch.Dense, dvalues: Array) -> Array:
        self.dweights = (self.inputs.T if inputs == "T" else self.inputs) @ dvalues
        self.dbiases = dvalues.sum(axis=axis).reshape(1, -1)
        self.dinputs = dvalues @ (self.weights.T if weights == "T" else self.weights)
        return self.dinputs

    return backward


def relu_backward(self: scratch.ReLU, dvalues: Array) -> Array:
    """ReLU.backward with the mask turned round."""
    self.dinputs = np.where(self.inputs < 0, dvalues, 0)
    return self.dinputs


def fused_backward(self: scratch.SoftmaxCrossEntropy) -> Array:
    """SoftmaxCrossEntropy.backward with + in place of -."""
    self.dinputs = self.output.copy()
    self.dinputs[np.arange(len(self.labels)), self.labels] += 1
    self.dinputs /= len(self.labels)
    return self.dinputs


def summed_backward(self: scratch.SoftmaxCrossEntropy) -> Array:
    """SoftmaxCrossEntropy.backward without the division by the batch."""
    self.dinputs = self.output.copy()
    self.dinputs[np.arange(len(self.labels)), self.labels] -= 1
    return self.dinputs


def uphill(self: scratch.SGD, network: scratch.Network) -> None:
    """SGD.update that climbs."""
    for name, parameter in network.parameters().items():
        velocity = self.velocities.setdefault(name, np.zeros_like(parameter))
        velocity *= self.momentum
        velocity += self.current_learning_rate * network.gradients()[name]
        parameter += velocity


FAULTS = {
    "weights not transposed": (scratch.Dense, "backward", dense_backward(weights=""), "backward/dense2"),
    "inputs not transposed": (scratch.Dense, "backward", dense_backward(inputs=""), "gradient/dense2.weights"),
    "bias axis": (scratch.Dense, "backward", dense_backward(axis=1), "gradient/dense2.biases"),
    "mask turned round": (scratch.ReLU, "backward", relu_backward, "backward/relu1"),
    "sign of the label": (scratch.SoftmaxCrossEntropy, "backward", fused_backward, "backward/loss"),
    "not divided by N": (scratch.SoftmaxCrossEntropy, "backward", summed_backward, "backward/loss"),
    "uphill": (scratch.SGD, "update", uphill, "state/dense1.weights"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught_on_its_row(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the square net, where no shape gives it away, each fault turns the verdict to 1 at its own row."""
    owner, method, mutant, row = FAULTS[fault]
    monkeypatch.setattr(owner, method, mutant)
    rows = compare(CASES["square"], epochs=2)
    assert verdict(rows["status"]) == 1
    assert rows[~rows["status"].isin(PASSES)].iloc[0]["quantity"] == row


def clamped_loss(self: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The lecture's clip as torch.clamp under autograd, whose gradient is 0 beyond the clip."""
    labels = labels.argmax(dim=1) if labels.ndim == 2 else labels.long()
    self.output = torch.softmax(inputs, dim=1)
    self.sample_losses = -self.output.clamp(1e-7, 1 - 1e-7)[torch.arange(len(labels)), labels].log()
    return self.sample_losses.mean()


def test_a_plain_clamp_in_the_references_loss_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge takes no side: where samples are clipped at epoch 0, clamp's zero gradient is apart there."""
    monkeypatch.setattr(reference.SoftmaxCrossEntropy, "forward", clamped_loss)
    row = (rows := compare(CASES["ann3-clipped"], epochs=1))[~rows["status"].isin(PASSES)].iloc[0]
    assert (row["epoch"], row["quantity"], row["probe"]) == (0, "backward/loss", "")
    assert row["nearer"] == "scratch"
    assert row["scratch_off"] <= 1 < row["reference_off"]


def test_a_plain_clamp_in_the_references_sigmoid_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond |z| = 16.1 clamp's derivative is 0 and the lecture's is not: a probe goes there, and finds it."""
    monkeypatch.setattr(reference.Sigmoid, "forward", lambda self, inputs: torch.sigmoid(inputs).clamp(1e-7, 1 - 1e-7))
    rows = compare(CASES["mean-squared-error"], epochs=1)
    row = rows[~rows["status"].isin(PASSES)].iloc[0]
    assert (row["probe"], row["quantity"]) == ("saturated, start", "backward/sigmoid1")


@pytest.mark.parametrize("factor", [1 + 1e-11, 1 - 1e-11])
def test_a_gradient_off_by_one_in_a_hundred_billion_is_caught(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is no formality: dweights scaled by 1 + 1e-11 are apart in float64."""
    right = scratch.Dense.backward

    def scaled(self: scratch.Dense, dvalues: Array) -> Array:
        dinputs = right(self, dvalues)
        self.dweights *= factor
        return dinputs

    monkeypatch.setattr(scratch.Dense, "backward", scaled)
    rows = compare(CASES["ann3"], epochs=1)
    assert rows[rows["status"] == "apart"].iloc[0]["quantity"] == "gradient/dense2.weights"


def test_float32_inside_a_float64_network_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient rounded to float32 and back keeps its dtype, and is apart all the same."""
    monkeypatch.setattr(scratch.ReLU, "backward", lambda self, dvalues: _keep(self, dvalues * (self.inputs > 0)))
    rows = compare(CASES["square"], epochs=1)
    assert rows[~rows["status"].isin(PASSES)].iloc[0]["quantity"] == "backward/relu1"


def _keep(layer: scratch.ReLU, dinputs: Array) -> Array:
    """Rounds to float32 on the way."""
    layer.dinputs = dinputs.astype(np.float32).astype(np.float64)
    return layer.dinputs


def test_state_lost_between_two_steps_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A velocity that is forgotten after each update is apart at the second step, at the velocity's row."""
    right = scratch.SGD.update

    def forgetful(self: scratch.SGD, network: scratch.Network) -> None:
        self.velocities = {}
        right(self, network)

    monkeypatch.setattr(scratch.SGD, "update", forgetful)
    row = (rows := compare(CASES["square"], epochs=3))[~rows["status"].isin(PASSES)].iloc[0]
    assert (row["epoch"], row["quantity"]) == (1, "state/dense1.weights")


def test_the_failure_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says what, where, how big against rounding and what to run next, in at most 15 lines."""
    monkeypatch.setattr(scratch.SoftmaxCrossEntropy, "backward", summed_backward)
    lines = failure(compare(CASES["one-hot"], epochs=2)).splitlines()
    assert lines[0] == "one-hot, float64: parity is lost first at epoch 0, backward/loss (41, 7)"
    assert lines[1].startswith("  apart        287 of 287 elements, worst ")
    labels = [line.split()[0] for line in lines[1:]]
    assert labels == [
        "apart", "scratch", "reference", "nearer", "origin", "allowed", "np.allclose", "looks", "agreed", "lost", "see",
        "again",
    ]  # fmt: skip
    assert lines[8].startswith(
        "  looks like   backward/loss is 41 times what its own inputs give, everywhere: the loss gradient is not "
        "divided by the batch size, N = 41. Divide by len(inputs) in the loss's backward. [L1; it leaves "
    )
    assert lines[4].startswith("  nearer truth reference; scratch is ")
    assert lines[4].endswith("scratch convicted")
    assert lines[5] == "  origin       introduced here: scratch's own inputs to this row do not give it"
    assert lines[-2].endswith("parity explain one-hot --dtype float64")
    assert lines[-1].endswith("pytest parity_tests -k one-hot")
    assert len(lines) <= 15


def test_the_command_fails_on_a_planted_fault() -> None:
    """`parity explain` on a faulty scratch exits with 1 and names the row."""
    script = (
        "import numpy as np, scratch\n"
        "def inverted(self, dvalues):\n"
        "    self.dinputs = np.where(self.inputs < 0, dvalues, 0)\n"
        "    return self.dinputs\n"
        "scratch.ReLU.backward = inverted\n"
        "from reports.cli import main\n"
        "main(['explain', 'square', '--epochs', '1'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "square, float64: parity is lost first at epoch 0, backward/relu1 (7, 7)" in done.stdout
