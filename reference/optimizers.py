"""Gradient descent: torch.optim.SGD where its rule is the lecture's, a small optimizer where it is not.

Axes: each parameter has the shape of its gradient.
"""

from typing import Any

import torch
from torch.optim.lr_scheduler import LambdaLR

from reference.network import Network


class SGD:
    """Gradient descent with a decaying learning rate and momentum.

    Without momentum: stock torch.optim.SGD under LambdaLR(1 / (1 + decay * k)), which is the lecture's rule.
    With momentum stock torch keeps v <- momentum * v + g and w <- w - rate * v, the rate outside the velocity;
    the lecture's rule, the rate inside, is RateInsideVelocity below.

    Source: torch.optim.SGD, torch.optim.lr_scheduler.LambdaLR.
    """

    def __init__(self, learning_rate: float, decay: float = 0.0, momentum: float = 0.0) -> None:
        self.learning_rate = learning_rate
        self.decay = decay
        self.momentum = momentum
        self.current_learning_rate = learning_rate
        self.iterations = 0
        self.optimizer: torch.optim.Optimizer | None = None

    def attach(self, network: Network) -> torch.optim.Optimizer:
        """Builds torch's optimizer over the network's parameters, at the first call, and its schedule."""
        if self.optimizer is None:
            self.network = network
            if self.momentum:
                self.optimizer = RateInsideVelocity(network.parameters(), self.learning_rate, self.momentum)
            else:
                self.optimizer = torch.optim.SGD(network.parameters(), lr=self.learning_rate)
            start = self.iterations
            self.schedule = LambdaLR(self.optimizer, lambda k: 1 / (1 + self.decay * (start + k)))
        if network is not self.network:
            raise ValueError("this SGD moves another network: each network needs an optimizer of its own")
        return self.optimizer

    def update(self, network: Network) -> None:
        """Moves every parameter one step down its gradient, then the schedule (torch's order)."""
        optimizer = self.attach(network)
        self.current_learning_rate = optimizer.param_groups[0]["lr"]
        optimizer.step()
        self.schedule.step()
        self.iterations += 1


class RateInsideVelocity(torch.optim.Optimizer):
    """The lecture's momentum: v <- momentum * v - rate * g, then w <- w + v.

    Source: lecture, Optimizer_SGD, stated as a torch.optim.Optimizer.
    """

    def __init__(self, parameters: Any, lr: float, momentum: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # torch types the closure's float
        """Takes one step; a closure is not supported, the lecture's rule evaluates the loss once."""
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                if "velocity" not in state:
                    state["velocity"] = torch.zeros_like(parameter)
                state["velocity"].mul_(group["momentum"]).add_(parameter.grad, alpha=-group["lr"])
                parameter.add_(state["velocity"])
