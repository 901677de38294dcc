"""Departures of the optimizer: the rate inside the velocity, and the velocity's home."""

from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR

import reference  # noqa: F401  # the changed lines use it
import scratch
from reports.departures.departure import Change, Departure, Inside, Rule, difference, excess
from reports.departures.exact import to_float
from reports.departures.running import Running, stacked
from reports.departures.schedules import decayed, one_weight
from reports.departures.variants import VelocityOnLayer

RATE, DECAY, MOMENTUM = 0.2, 0.001, 0.8  # ANN III
UPDATES = 60
KS = tuple(f"k = {k}" for k in range(UPDATES))


def _scratch_updates() -> Any:
    network, rule, updates = one_weight(), scratch.SGD(RATE, DECAY, MOMENTUM), []
    for _ in range(UPDATES):
        network.layers["dense1"].weights[...] = 0  # so that the weight is the update
        rule.update(network)
        updates.append(network.layers["dense1"].weights.item())
    return np.array(updates)


def _torch_updates() -> Any:
    weight, updates = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)), []
    rule = torch.optim.SGD([weight], lr=RATE, momentum=MOMENTUM)
    schedule = LambdaLR(rule, lambda k: 1 / (1 + DECAY * k))
    for _ in range(UPDATES):
        weight.data.zero_()  # so that the weight is the update
        weight.grad = torch.ones_like(weight)
        rule.step()
        schedule.step()
        updates.append(weight.item())
    return np.array(updates)


def _momentum_bounds() -> tuple[Running, Running]:
    """Both rules under a gradient of 1."""
    inside, outside, ours, theirs = Running.exact(0.0), Running.exact(0.0), [], []
    for k in range(UPDATES):
        inside = MOMENTUM * inside - decayed(RATE, DECAY, k)
        outside = MOMENTUM * outside + 1
        ours.append(inside)
        theirs.append(-(decayed(RATE, DECAY, k) * outside))
    return stacked(ours), stacked(theirs)


def _momentum_excess() -> Any:
    """sum_j m^(k-j) (lr_j / lr_k - 1) / sum_j m^(k-j), in fractions of the floats that both sides are given."""
    m, decay = Fraction(MOMENTUM), Fraction(DECAY)
    rates = [1 / (1 + decay * k) for k in range(UPDATES)]
    sizes = []
    for k in range(UPDATES):
        weights = [m ** (k - j) for j in range(k + 1)]
        sizes.append(sum(w * (rates[j] / rates[k] - 1) for j, w in enumerate(weights)) / sum(weights))
    return to_float(sizes)


MOMENTUM_RATE = Departure(
    name="momentum",
    title="Momentum: the learning rate stands inside the velocity, or outside",
    topics=("sgd", "train"),
    lecture=Rule(
        r"v \leftarrow m v - \alpha_k g,\quad w \leftarrow w + v",
        "each gradient enters the velocity with the rate of its own time, and keeps it",
    ),
    torch=Rule(
        r"v \leftarrow m v + g,\quad w \leftarrow w - \alpha_k v",
        "the velocity holds plain gradients, old and new; today's rate scales them all, so a schedule acts at once",
    ),
    shows="cases ann3 and ann3-momentum, state/... and parameter/... from the second update on; at constant rate never",
    quantity="update k under a constant gradient, lecture / torch.optim.SGD, minus 1",
    formula=r"\frac{\sum_{j \le k} m^{k-j} \left(\frac{\alpha_j}{\alpha_k} - 1\right)}{\sum_{j \le k} m^{k-j}}",
    at=KS,
    scratch_side=_scratch_updates,
    torch_side=_torch_updates,
    predict=_momentum_excess,
    bounds=_momentum_bounds,
    how=excess,
    changes=(Change("torch", "torch.optim.SGD([", "reference.optimizers.RateInsideVelocity(["),),
    otherwise="in SGD.update: velocity += gradient, parameter -= rate * velocity",
    inside=Inside((scratch.SGD.update,), (import_module("torch.optim.sgd")._single_tensor_sgd,)),
)


def _fresh_lecture() -> Any:
    network, kind = one_weight(), VelocityOnLayer
    kind(RATE, momentum=MOMENTUM).update(network)
    layer = network.layers["dense1"]
    layer.weights[...], layer.dweights = 0, np.zeros((1, 1))
    kind(RATE, momentum=MOMENTUM).update(network)
    return layer.weights


def _fresh_torch() -> Any:
    weight = torch.nn.Parameter(torch.zeros(1, 1, dtype=torch.float64))
    weight.grad = torch.ones_like(weight)
    torch.optim.SGD([weight], lr=RATE, momentum=MOMENTUM).step()
    weight.data.zero_()
    weight.grad.zero_()
    torch.optim.SGD([weight], lr=RATE, momentum=MOMENTUM).step()
    return weight.detach().numpy()


VELOCITY_HOME = Departure(
    name="velocity-home",
    title="A fresh optimizer of the lecture's still moves",
    topics=("sgd",),
    lecture=Rule(
        r"v \text{ on the layer}",
        "the velocity is an attribute of the layer, so it outlives its optimizer; scratch keeps it in the optimizer",
    ),
    torch=Rule(r"v \text{ in the optimizer's state}", "a fresh optimizer starts at rest"),
    shows="two trainings of one network, one after the other",
    quantity="first update of a fresh optimizer at gradient 0, after one update at gradient 1, lecture - torch",
    formula=r"-m \alpha",
    at=("weight",),
    scratch_side=_fresh_lecture,
    torch_side=_fresh_torch,
    predict=lambda: to_float([-Fraction(MOMENTUM) * Fraction(RATE)]),
    bounds=lambda: (-(MOMENTUM * Running.exact(RATE)), Running.exact(0.0)),
    how=difference,
    changes=(Change("scratch", "VelocityOnLayer", "scratch.SGD"),),
    otherwise="nothing to mend in torch",
)
