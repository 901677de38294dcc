"""Training: the lecture's printed lines, its schedule, its batches, and a network open to look into."""

import itertools
import re
import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

import reference
import scratch
from reports import CASES, traces
from reports.cases import Case, Layer, dense

Array = np.ndarray
LINE = re.compile(r"epoch: (\d+), accuracy: (0\.\d{3}), loss: (\d+\.\d{3}), actual learning rate: (0\.\d+)")
both = pytest.mark.parametrize("side", [scratch, reference], ids=["scratch", "reference"])


def main(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs python -m scratch."""
    command = [sys.executable, "-m", "scratch", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_main_prints_the_lectures_lines() -> None:
    """`python -m scratch 200` prints the summary, and at epochs 0 and 100 the lecture's line with its exact rate."""
    done = main("200")
    assert (done.returncode, done.stderr) == (0, "")
    summary, lines = done.stdout.split("\n\n")
    assert summary.splitlines()[0].split("  ")[0] == "layer"
    assert summary.splitlines()[-2].split() == ["total", "1,029"]
    assert summary.splitlines()[-1] == "loss: SoftmaxCrossEntropy"
    found = [LINE.fullmatch(line) for line in lines.splitlines()]
    assert all(found)
    assert [(int(line[1]), float(line[4])) for line in found if line] == [(0, 0.2), (100, 0.2 * (1 / 1.1))]


@pytest.mark.parametrize("arguments", [["many"], ["-5"], ["1.5"], ["1", "2"]])
def test_main_says_how_it_is_called(arguments: list[str]) -> None:
    """Anything but one whole number ends with the usage and exit code 2, and trains nothing."""
    done = main(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python -m scratch [EPOCHS]")


def run(side: ModuleType, case: Case) -> list:
    """A case's steps on one side, from the case's own start."""
    data = traces.load(case)
    network = traces.planted(side, case, data.parameters)
    return list(side.steps(network, traces.optimizer(side, case), data.inputs, data.labels, case.epochs, data.batches))


TOY = Case(
    name="toy",
    says="a small classifier",
    layers=(dense("dense1", 3, 5), Layer("tanh1", "Tanh"), dense("dense2", 5, 2)),
    data_settings={"samples": 17, "features": 3, "classes": 2},
    loss="SoftmaxCrossEntropy",
    learning_rate=0.2,
    decay=0.001,
    epochs=5,
    seed=11,
)


@both
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_the_rate_of_every_update(side: ModuleType, momentum: float) -> None:
    """Update k uses 0.2 * (1 / (1 + 0.001 k)), to the last bit, and the first one uses 0.2."""
    rates = [step.learning_rate for step in run(side, replace(TOY, epochs=300, momentum=momentum))]
    assert rates == [0.2 * (1 / (1 + 0.001 * k)) for k in range(300)]
    assert rates[0] == 0.2


@both
def test_the_schedule_counts_updates(side: ModuleType) -> None:
    """With mini-batches the rate falls from batch to batch, not from epoch to epoch."""
    updates = run(side, replace(TOY, epochs=3, batch_size=5))
    assert [step.learning_rate for step in updates] == [0.2 * (1 / (1 + 0.001 * k)) for k in range(12)]


@both
def test_mini_batches_visit_the_ragged_last(side: ModuleType) -> None:
    """103 samples in batches of 16 are six full batches and one of 7, each sample once an epoch."""
    case = replace(CASES["mini-batches"], epochs=2)
    for _, epoch in itertools.groupby(run(side, case), lambda step: step.epoch):
        batches = list(epoch)
        assert [step.samples for step in batches] == [16] * 6 + [7]
        assert sorted(np.concatenate([step.batch for step in batches]).tolist()) == list(range(103))


@both
def test_fold_weighs_by_samples(side: ModuleType) -> None:
    """An epoch's loss and accuracy are means over samples, its rate is the last update's; a lone step is kept."""
    updates = [
        side.Step(0, slice(None), 3, 1.0, 0.0, 1.0, 0.5, 0.25),
        side.Step(0, slice(None), 1, 5.0, 0.0, 5.0, 1.0, 0.125),
        side.Step(1, slice(None), 4, 0.1, 0.2, 0.3, 0.7, 0.0625),
    ]
    epochs = side.fold(iter(updates))
    assert epochs.loss.tolist() == [2.0, 0.3]
    assert epochs.accuracy.tolist() == [0.625, 0.7]
    assert epochs.learning_rate.tolist() == [0.125, 0.0625]


@both
def test_train_is_fold_of_steps(side: ModuleType) -> None:
    """`train` gives what folding the steps gives, bit for bit, and for the full batch the losses of the steps."""
    case = replace(TOY, momentum=0.5)
    data = traces.load(case)
    network = traces.planted(side, case, data.parameters)
    epochs = side.train(network, traces.optimizer(side, case), data.inputs, data.labels, case.epochs)
    updates = run(side, case)
    assert all(np.array_equal(a, b) for a, b in zip(epochs, side.fold(updates), strict=True))
    assert epochs.loss.tolist() == [float(step.loss) for step in updates]


@both
def test_regression_has_no_accuracy(side: ModuleType) -> None:
    """A regression's accuracy is NaN, not 0."""
    case = replace(TOY, epochs=2, loss="MeanSquaredError", targets="one-hot")
    assert np.isnan(side.fold(run(side, case)).accuracy).all()


def test_a_paused_network_holds_its_step() -> None:
    """At each yield every layer holds that step's inputs, output and gradients, all finite, and no two share memory."""
    case = replace(CASES["mini-batches"], epochs=2)
    data = traces.load(case)
    network = traces.planted(scratch, case, data.parameters)
    rule = traces.optimizer(scratch, case)
    for step in scratch.steps(network, rule, data.inputs, data.labels, case.epochs, data.batches):
        layers = list(network.layers.values())
        assert np.array_equal(layers[0].inputs, data.inputs[step.batch])
        assert all(after.inputs is before.output for before, after in itertools.pairwise(layers))
        assert np.array_equal(network.loss.labels, data.labels[step.batch])
        held = [layers[0].inputs, network.loss.output, network.loss.dinputs, network.loss.sample_losses, data.inputs]
        held += [array for layer in layers for array in (layer.output, layer.dinputs)]
        held += [*network.parameters().values(), *network.gradients().values(), *rule.velocities.values()]
        assert len(held) == 5 + 2 * 3 + 3 * 4
        assert all(np.isfinite(array).all() for array in held)
        assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(held, 2))


def test_a_paused_network_is_of_this_step() -> None:
    """What a layer holds at one yield is recomputed at the next: running forward again from the start gives it."""
    data = traces.load(TOY)
    network = traces.planted(scratch, TOY, data.parameters)
    start = data.parameters
    for step in scratch.steps(network, traces.optimizer(scratch, TOY), data.inputs, data.labels, TOY.epochs):
        twin = traces.planted(scratch, TOY, start)
        assert step.data_loss == twin.loss.forward(twin.forward(data.inputs), data.labels)
        twin.backward()
        for ours, theirs in zip(network.layers.values(), twin.layers.values(), strict=True):
            assert np.array_equal(ours.output, theirs.output)
            assert np.array_equal(ours.dinputs, theirs.dinputs)
        start = traces.copied(network.parameters())


@pytest.mark.parametrize("case", CASES.values(), ids=str)
def test_both_sides_print_the_same_network(case: Case) -> None:
    """The summary of a network is the same text on both sides, down to the last blank, with its true total."""
    ours, theirs = str(traces.build(scratch, case)), str(traces.build(reference, case))
    assert ours == theirs
    total = sum((layer.sizes[0] + 1) * layer.sizes[1] for layer in case.layers if layer.sizes)
    assert re.search(rf"^total +{total:,}$", ours, re.MULTILINE)
