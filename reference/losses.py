"""How wrong the network is: torch.nn.functional's losses, with the lecture's clip and half sum.

Every loss keeps `sample_losses` (N,) beside the number that it returns, as scratch's do.

Axes: N samples, D outputs, C classes.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reference.activations import CLIP


class HalfSquaredError(nn.Module):
    """Half the sum of squares; stock torch.nn.MSELoss is the mean, smaller by a factor of N D / 2.

    Source: torch.nn.functional.mse_loss.
    """

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the half sum: predictions (N, D), targets (N, D)."""
        self.sample_losses = F.mse_loss(inputs, targets, reduction="none").sum(dim=1) / 2
        self.printed = F.l1_loss(inputs, targets)  # the lecture prints this and calls it "MSE"
        return F.mse_loss(inputs, targets, reduction="sum") / 2


class MeanSquaredError(nn.Module):
    """The mean of squares.

    Source: torch.nn.functional.mse_loss.
    """

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the mean: predictions (N, D), targets (N, D)."""
        self.sample_losses = F.mse_loss(inputs, targets, reduction="none").mean(dim=1)
        return F.mse_loss(inputs, targets)


class MeanAbsoluteError(nn.Module):
    """The mean distance; its gradient at exactly 0 is 0, as the lecture's.

    Source: torch.nn.functional.l1_loss.
    """

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the mean: predictions (N, D), targets (N, D)."""
        self.sample_losses = F.l1_loss(inputs, targets, reduction="none").mean(dim=1)
        return F.l1_loss(inputs, targets)


class CrossEntropy(nn.Module):
    """The surprise at the true class, on probabilities, the value clipped.

    Stock torch has no loss on probabilities, because log(softmax) in two steps loses what log_softmax keeps. The
    label's probability is gathered before the logarithm: nll_loss(p.log()) would make 0 * inf = NaN of every other
    probability that underflowed.

    Source: torch.gather, torch.log; the clip is the lecture's.
    """

    def forward(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Returns the mean loss: probabilities (N, C); labels (N,) indices or (N, C) one-hot."""
        chosen = inputs.gather(1, _indices(labels).unsqueeze(1)).squeeze(1)
        self.sample_losses = -chosen.clamp(CLIP, 1 - CLIP).log()
        return _value_with_gradient_of(self.sample_losses.mean(), -chosen.log().mean())


class SoftmaxCrossEntropy(nn.Module):
    """torch's cross_entropy, the value clipped as in the lecture, the gradient that of the unclipped loss.

    `output` holds the probabilities. Stock torch does not clip: where p_y < 1e-7 its loss goes on growing.

    Source: torch.nn.functional.cross_entropy; the clip is the lecture's.
    """

    def forward(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Returns the mean loss: inputs (N, C) of any size; labels (N,) indices or (N, C) one-hot."""
        labels = _indices(labels)
        self.output = F.softmax(inputs, dim=1)
        self.sample_losses = F.nll_loss(self.output.clamp(CLIP, 1 - CLIP).log(), labels, reduction="none")
        return _value_with_gradient_of(self.sample_losses.mean(), F.cross_entropy(inputs, labels))


class _ValueWithGradientOf(torch.autograd.Function):
    """Returns one tensor's value and sends the gradient into another."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, differentiable: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *dvalues: Tensor) -> tuple[None, Tensor]:
        return None, dvalues[0]


def _value_with_gradient_of(value: Tensor, differentiable: Tensor) -> Tensor:
    """Says that the lecture's backward is not the derivative of its forward: the clip is in the value alone."""
    result: Tensor = _ValueWithGradientOf.apply(value.detach(), differentiable)
    return result


def _indices(labels: Tensor) -> Tensor:
    """Returns class indices (N,) int64 from indices or one-hot rows, as torch's losses want them."""
    return labels.argmax(dim=1) if labels.ndim == 2 else labels.long()


def accuracy(outputs: Tensor, labels: Tensor) -> float:
    """Returns the share of samples whose largest output is the label's: outputs (N, C)."""
    hits = (outputs.argmax(dim=1) == _indices(labels)).sum()
    return hits.item() / len(outputs)
