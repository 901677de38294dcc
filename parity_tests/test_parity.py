"""The two sides agree: every case, in both dtypes, in every value of every checked step."""

from dataclasses import replace

import numpy as np
import pytest

import reference
import scratch
from reports import CASES, compare, traces
from reports.calibrated import PLAIN_FREE_RUN_GAP
from reports.cases import DTYPES, Case
from reports.judge import verdict
from reports.show.text import failure

EPOCHS = 100  # what the suite trains of long cases; the report trains them in full


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES.values(), ids=str)
def test_case(case: Case, dtype: str) -> None:
    """Every row of the case passes: forward, loss, backward, gradient, rate, velocity and parameter."""
    rows = compare(case, epochs=EPOCHS, dtype=dtype)
    assert verdict(rows["status"]) == 0, failure(rows)


def test_rows_cover_a_whole_step() -> None:
    """A step has a row for every value that either side computes, in order of computation."""
    rows = compare(CASES["square"], epochs=1).query("probe == ''")
    assert rows["quantity"].tolist() == [
        "forward/dense1", "forward/relu1", "forward/dense2", "forward/probabilities",
        "loss/samples", "loss/data", "loss", "accuracy", "backward/loss",
        "gradient/dense2.weights", "gradient/dense2.biases", "backward/dense2", "backward/relu1",
        "gradient/dense1.weights", "gradient/dense1.biases", "backward/dense1", "learning_rate",
        "state/dense1.weights", "state/dense1.biases", "state/dense2.weights", "state/dense2.biases",
        "parameter/dense1.weights", "parameter/dense1.biases", "parameter/dense2.weights", "parameter/dense2.biases",
    ]  # fmt: skip


def trajectories(case: Case) -> tuple[scratch.Epochs, reference.Epochs]:
    """Both sides' free runs from the same weights."""
    data = traces.load(case)
    runs = []
    for side in (scratch, reference):
        network = traces.planted(side, case, data.parameters)
        runs.append(side.train(network, traces.optimizer(side, case), data.inputs, data.labels, case.epochs))
    return runs[0], runs[1]


def test_free_trajectories_without_momentum() -> None:
    """Left alone for 4,000 epochs, the two sides of plain ANN III keep the same accuracy, rate and loss.

    `parity report` prints the same of all 20,000.
    """
    ours, theirs = trajectories(replace(CASES["ann3-plain"], epochs=4000))
    np.testing.assert_array_equal(ours.accuracy, theirs.accuracy)
    np.testing.assert_array_equal(ours.learning_rate, theirs.learning_rate)
    assert len(ours.loss) == 4000
    assert np.abs(ours.loss - theirs.loss).max() <= PLAIN_FREE_RUN_GAP


def test_ann2_collapses_to_the_mean_on_both_sides() -> None:
    """ANN II ends with every prediction at the mean of the targets, 2, as on the slide, on both sides."""
    case = CASES["ann2"]
    data = traces.load(case)
    for side in (scratch, reference):
        network = traces.planted(side, case, data.parameters)
        side.train(network, traces.optimizer(side, case), data.inputs, data.labels, case.epochs)
        predictions = traces.predict(side, case, network, data.inputs)
        assert np.unique(predictions).size == 1
        assert round(float(predictions[0, 0]), 8) == data.labels.mean()


def test_ann3_clipped_starts_with_clipped_samples() -> None:
    """The case has probabilities below the clip at epoch 0, so that clipped loss and unclipped gradient both count."""
    case = CASES["ann3-clipped"]
    data = traces.load(case)
    network = traces.planted(scratch, case, data.parameters)
    network.loss.forward(network.forward(data.inputs), data.labels)
    chosen = network.loss.output[np.arange(len(data.labels)), data.labels]
    assert (chosen < scratch.activations.CLIP).sum() > 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_seeds(dtype: str) -> None:
    """Parity does not hang on a lucky seed: ten others of the deep case agree as well."""
    for seed in range(1, 11):
        rows = compare(replace(CASES["deep"], seed=seed, dtype=dtype), epochs=5)
        assert verdict(rows["status"]) == 0, failure(rows)
