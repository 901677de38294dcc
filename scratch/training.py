"""Training: forward, loss, backward, update, again and again.

`steps` is a generator that pauses after every update, so whoever wants to look inside looks at the network
between two updates; there is no hook, no callback and no flag.

Axes: N samples, B samples of one batch.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from scratch import checks
from scratch.losses import CrossEntropy, SoftmaxCrossEntropy, accuracy
from scratch.network import Network
from scratch.optimizers import SGD

Array = np.ndarray


class Step(NamedTuple):
    """One update: its epoch, its samples, and what they gave before the parameters moved."""

    epoch: int
    batch: Any  # index array (B,), or slice(None) for the full batch
    samples: int  # B
    data_loss: float
    penalty: float
    loss: float  # the sum of both
    accuracy: float  # NaN for regression
    learning_rate: float


class Epochs(NamedTuple):
    """The printed line of every epoch, as arrays (epochs,)."""

    loss: Array
    accuracy: Array
    learning_rate: Array


def steps(
    network: Network,
    optimizer: SGD,
    inputs: Array,
    labels: Array,
    epochs: int,
    batches: Callable[[int], list[Array]] | None = None,
) -> Iterator[Step]:
    """Yields a Step after every update; the network then still holds that step's values, and moved parameters.

    `batches(epoch)` returns the index arrays of an epoch; without it every step sees the full batch.
    Shapes: inputs (N, D); labels (N,), one-hot (N, C), or targets (N, D).
    Raises: ValueError when inputs and labels differ in length or the network has no loss; what the layers raise.
    Source: lecture, "Building a fully functional ANN" (the training loop).
    """
    if network.loss is None:
        raise ValueError("this network has no loss to train on: give Network a loss")
    checks.whole_number("steps", "epochs", epochs, least=0)
    checks.matrix("steps", "inputs", inputs)
    checks.plain_array("steps", "labels", labels)
    if len(inputs) != len(labels):
        raise ValueError(f"steps takes one label per sample but got {len(inputs)} inputs and {len(labels)} labels")
    everything = [slice(None)]
    classifies = isinstance(network.loss, CrossEntropy | SoftmaxCrossEntropy)
    for epoch in range(epochs):
        for batch in batches(epoch) if batches else everything:
            output = network.forward(inputs[batch])
            data_loss = network.loss.forward(output, labels[batch])
            penalty = network.penalty()
            hits = accuracy(getattr(network.loss, "output", output), labels[batch]) if classifies else np.nan
            network.backward()
            optimizer.update(network)
            loss = data_loss + penalty
            yield Step(epoch, batch, len(output), data_loss, penalty, loss, hits, optimizer.current_learning_rate)


def fold(updates: Iterable[Step]) -> Epochs:
    """Folds steps into epochs: loss and accuracy are means over the samples, the rate is the last update's."""
    rows: list[list[float]] = []  # samples so far, mean loss, mean accuracy, rate
    last = None
    for step in updates:
        if step.epoch != last:
            rows.append([0.0, 0.0, 0.0, 0.0])
            last = step.epoch
        row = rows[-1]
        row[0] += step.samples
        share = step.samples / row[0]  # 1 for the full batch, whose loss is then kept to the last bit
        row[1] += (float(step.loss) - row[1]) * share
        row[2] += (step.accuracy - row[2]) * share
        row[3] = step.learning_rate
    _, losses, hits, rates = np.array(rows).reshape(-1, 4).T
    return Epochs(losses, hits, rates)


def train(
    network: Network,
    optimizer: SGD,
    inputs: Array,
    labels: Array,
    epochs: int,
    batches: Callable[[int], list[Array]] | None = None,
) -> Epochs:
    """Trains for `epochs` epochs and returns loss, accuracy and learning rate of each; see `steps`."""
    return fold(steps(network, optimizer, inputs, labels, epochs, batches))
