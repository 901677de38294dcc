"""Dense, the layer that learns: torch.nn.Linear with the lecture's initialisation and penalties.

Axes: N samples, D inputs (features), H neurons.
"""

import torch
from torch import Tensor, nn


class Dense(nn.Linear):
    """Every neuron looks at every input: output = inputs . weight^T + bias.

    torch stores `weight` (H, D) and `bias` (H,), the transposes of the lecture's. The lecture's start is kept:
    weights from a standard normal, biases at zero; stock torch draws both uniformly within 1/sqrt(D).

    Source: torch.nn.Linear.
    """

    def __init__(
        self,
        n_inputs: int,
        n_neurons: int,
        *,
        weight_l1: float = 0.0,
        weight_l2: float = 0.0,
        bias_l1: float = 0.0,
        bias_l2: float = 0.0,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__(n_inputs, n_neurons, dtype=dtype)
        self.weight_l1 = weight_l1
        self.weight_l2 = weight_l2
        self.bias_l1 = bias_l1
        self.bias_l2 = bias_l2

    def reset_parameters(self) -> None:
        """Draws the lecture's start instead of torch's."""
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)

    def penalty(self) -> Tensor:
        """Returns l1 * sum|w| + l2 * sum(w^2); autograd differentiates it, with sign(0) = 0.

        Stock torch has no penalty in the loss: weight_decay adds its gradient, lambda * w, inside the optimizer.
        """
        penalty = self.weight.new_zeros(())
        if self.weight_l1:
            penalty = penalty + self.weight_l1 * self.weight.abs().sum()
        if self.weight_l2:
            penalty = penalty + self.weight_l2 * self.weight.square().sum()
        if self.bias_l1:
            penalty = penalty + self.bias_l1 * self.bias.abs().sum()
        if self.bias_l2:
            penalty = penalty + self.bias_l2 * self.bias.square().sum()
        return penalty
