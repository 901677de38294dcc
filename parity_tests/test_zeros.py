"""What happens at exactly 0, where a derivative has to be chosen; and what loads when nothing is asked for."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import reference
import scratch


def test_relu_has_derivative_zero_at_zero_on_both_sides() -> None:
    """At an input of exactly 0 (of either sign) no gradient passes, by hand and in torch."""
    inputs, dvalues = np.array([[0.0, -0.0, 2.0, -3.0]]), np.array([[5.0, 7.0, 11.0, 13.0]])
    layer = scratch.ReLU()
    layer.forward(inputs)
    tensor = torch.tensor(inputs, requires_grad=True)
    reference.ReLU()(tensor).backward(torch.tensor(dvalues))
    assert layer.backward(dvalues).tolist() == [[0.0, 0.0, 11.0, 0.0]]
    assert tensor.grad is not None
    assert tensor.grad.tolist() == [[0.0, 0.0, 11.0, 0.0]]


def test_l1_has_slope_zero_at_zero_on_both_sides() -> None:
    """A weight of exactly 0 gets no L1 gradient, by hand and in torch; the book's code has 1 there."""
    ours, theirs = scratch.Dense(2, 3, weight_l1=0.5), reference.Dense(2, 3, weight_l1=0.5)
    ours.weights[...] = [[0.0, 2.0, -3.0], [-1.0, 0.0, 4.0]]
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(ours.weights.T))
    ours.forward(np.zeros((1, 2)))
    ours.backward(np.zeros((1, 3)))
    theirs.penalty().backward()
    assert ours.dweights.tolist() == [[0.0, 0.5, -0.5], [-0.5, 0.0, 0.5]]
    assert theirs.weight.grad is not None
    assert np.array_equal(theirs.weight.grad.numpy().T, ours.dweights)


@pytest.mark.parametrize("command", [["--help"], ["list"], ["report", "--help"]])
def test_help_and_lists_load_neither_torch_nor_pandas(command: list[str]) -> None:
    """What prints no number needs no library that computes numbers."""
    script = (
        "import sys\n"
        "from reports.cli import main\n"
        f"main({command!r}, standalone_mode=False)\n"
        "sys.exit(' '.join({'torch', 'pandas', 'matplotlib'} & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_packages_say_that_they_are_typed() -> None:
    """scratch, reference and reports ship their types."""
    root = Path(scratch.__file__).parent.parent
    assert all((root / package / "py.typed").exists() for package in ("scratch", "reference", "reports"))
