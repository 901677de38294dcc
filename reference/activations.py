"""What a neuron does with its net input: torch.nn's activations.

Axes: N samples, H neurons (C classes for Softmax).
"""

from typing import Any

import torch
from torch import Tensor, nn

CLIP = 1e-7  # the lecture keeps probabilities inside [CLIP, 1 - CLIP]; stock torch does not


class ReLU(nn.ReLU):
    """Lets positive values pass; torch's derivative at exactly 0 is 0, as the lecture's.

    Source: torch.nn.ReLU.
    """


class _ClippedSigmoid(torch.autograd.Function):
    """The lecture's backward: s (1 - s) at the clipped s. Autograd through clamp would give 0 beyond the clip."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor) -> Tensor:
        output = torch.sigmoid(inputs).clamp(CLIP, 1 - CLIP)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx: Any, *dvalues: Tensor) -> Tensor:
        (output,) = ctx.saved_tensors
        return dvalues[0] * output * (1 - output)


class Sigmoid(nn.Module):
    """torch.sigmoid inside [1e-7, 1 - 1e-7]; stock torch.nn.Sigmoid has no clip.

    Source: torch.sigmoid; the clip and its backward are the lecture's.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns the clipped sigmoid: (N, H) -> (N, H)."""
        output: Tensor = _ClippedSigmoid.apply(inputs)
        return output


class Tanh(nn.Tanh):
    """Squeezes values into (-1, 1).

    Source: torch.nn.Tanh.
    """


class Softmax(nn.Softmax):
    """Turns each sample's values into probabilities; torch must be told the axis, here 1.

    Source: torch.nn.Softmax.
    """

    def __init__(self) -> None:
        super().__init__(dim=1)
