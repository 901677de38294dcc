"""Training as PyTorch writes it: zero_grad, forward, backward, step.

Axes: N samples, B samples of one batch.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from reference.losses import CrossEntropy, SoftmaxCrossEntropy, accuracy
from reference.network import Network
from reference.optimizers import SGD

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
    """Yields a Step after every update.

    `batches(epoch)` returns the index arrays of an epoch; without it every step sees the full batch.
    Shapes: inputs (N, D); labels (N,), one-hot (N, C), or targets (N, D); copied to the network's device.
    Raises: ValueError when the network has no loss.
    """
    if network.loss is None:
        raise ValueError("this network has no loss to train on: give Network a loss")
    samples = torch.tensor(inputs, device=network.device)
    answers = torch.tensor(labels, device=network.device)
    everything = [slice(None)]
    classifies = isinstance(network.loss, CrossEntropy | SoftmaxCrossEntropy)
    torch_optimizer = optimizer.attach(network)
    for epoch in range(epochs):
        for batch in batches(epoch) if batches else everything:
            torch_optimizer.zero_grad()
            output = network(samples[batch])
            data_loss = network.loss(output, answers[batch])
            penalty = network.penalty()
            loss = data_loss + penalty
            hits = accuracy(getattr(network.loss, "output", output), answers[batch]) if classifies else np.nan
            loss.backward()
            optimizer.update(network)
            parts = (data_loss.item(), penalty.item(), loss.item())
            yield Step(epoch, batch, len(output), *parts, hits, optimizer.current_learning_rate)


def fold(updates: Iterable[Step]) -> Epochs:
    """Folds steps into epochs: loss and accuracy are means over the samples, the rate is the last update's."""
    losses: list[float] = []
    hits: list[float] = []
    rates: list[float] = []
    samples, last = 0, None
    for step in updates:
        if step.epoch != last:
            losses.append(0.0)
            hits.append(0.0)
            rates.append(0.0)
            samples, last = 0, step.epoch
        samples += step.samples
        losses[-1] += (step.loss - losses[-1]) * step.samples / samples
        hits[-1] += (step.accuracy - hits[-1]) * step.samples / samples
        rates[-1] = step.learning_rate
    return Epochs(np.array(losses), np.array(hits), np.array(rates))


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
