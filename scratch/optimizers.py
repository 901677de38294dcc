"""Gradient descent: how the parameters move.

Axes: each parameter has the shape of its gradient.
"""

import numpy as np

from scratch import checks
from scratch.network import Network

Array = np.ndarray


class SGD:
    """Gradient descent with a decaying learning rate and momentum.

    Formula, at update k = 0, 1, 2, ...: rate = learning_rate * 1 / (1 + decay * k);
    without momentum w <- w - rate * g; with it v <- momentum * v - rate * g, then w <- w + v.
    The rate stands inside the velocity, which under decay is not torch.optim.SGD's rule.

    Raises: TypeError or ValueError for a negative or infinite setting, or momentum of 1 and more.
    Source: lecture, "Building a fully functional ANN" (Optimizer_SGD). The velocity is kept here, not on the layer.
    """

    def __init__(self, learning_rate: float, decay: float = 0.0, momentum: float = 0.0) -> None:
        self.learning_rate = checks.non_negative("SGD", "learning_rate", learning_rate)
        self.decay = checks.non_negative("SGD", "decay", decay)
        self.momentum = checks.non_negative("SGD", "momentum", momentum, below=1)
        self.current_learning_rate = self.learning_rate
        self.iterations = 0
        self.velocities: dict[str, Array] = {}  # by parameter name, empty without momentum
        self._scratch: dict[str, Array] = {}  # rate * gradient, by parameter name

    def update(self, network: Network) -> None:
        """Moves every parameter of `network` one step down its gradient, in place."""
        self.current_learning_rate = self.learning_rate * (1 / (1 + self.decay * self.iterations))
        gradients = network.gradients()
        for name, parameter in network.parameters().items():
            if self.momentum:
                if name not in self.velocities:
                    self.velocities[name] = np.zeros_like(parameter)
                velocity = self.velocities[name]
                if velocity.shape != parameter.shape:
                    raise ValueError(
                        f"SGD keeps a velocity {velocity.shape} for {name} but got {parameter.shape}: "
                        f"each network needs an optimizer of its own"
                    )
                velocity *= self.momentum
                velocity -= self._scaled(name, gradients[name])
                parameter += velocity
            else:
                parameter -= self._scaled(name, gradients[name])
        self.iterations += 1

    def _scaled(self, name: str, gradient: Array) -> Array:
        """Returns rate * gradient, in one array per parameter that is made once and filled in every step."""
        scaled = self._scratch.get(name)
        if scaled is None or scaled.shape != gradient.shape or scaled.dtype != gradient.dtype:
            scaled = self._scratch[name] = np.empty_like(gradient)
        return np.multiply(self.current_learning_rate, gradient, out=scaled)
