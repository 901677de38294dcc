"""Departures of the optimizer: the rate inside the velocity, the velocity's home, the schedule and its clock."""

import warnings
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR

import reference  # noqa: F401  # the changed lines use it
import scratch
from reports.departures.departure import Change, Departure, Inside, Rule, difference, excess, ratio
from reports.departures.exact import to_float
from reports.departures.running import Running, stacked
from reports.departures.variants import VelocityOnLayer

RATE, DECAY, MOMENTUM = 0.2, 0.001, 0.8  # ANN III
UPDATES = 60
STEEP = 0.05  # a decay that shows within a few updates
BATCHES = 5  # an epoch of so many
KS = tuple(f"k = {k}" for k in range(UPDATES))


def _network() -> Any:
    """A network of one weight, with a constant gradient of 1."""
    network = scratch.Network({"dense1": scratch.Dense(1, 1)})
    layer = network.layers["dense1"]
    layer.dweights, layer.dbiases = np.ones((1, 1)), np.zeros((1, 1))
    return network


def _scratch_updates() -> Any:
    network, rule, updates = _network(), scratch.SGD(RATE, DECAY, MOMENTUM), []
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


def _rates(decay: float, k: Any) -> Running:
    """The lecture's schedule, by its operations."""
    return RATE * (1 / (1 + decay * Running.exact(k)))


def _momentum_bounds() -> tuple[Running, Running]:
    """Both rules under a gradient of 1."""
    inside, outside, ours, theirs = Running.exact(0.0), Running.exact(0.0), [], []
    for k in range(UPDATES):
        inside = MOMENTUM * inside - _rates(DECAY, k)
        outside = MOMENTUM * outside + 1
        ours.append(inside)
        theirs.append(-(_rates(DECAY, k) * outside))
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
    network, kind = _network(), VelocityOnLayer
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


def _scratch_rates() -> Any:
    network, rule, rates = _network(), scratch.SGD(RATE, STEEP), []
    for _ in range(UPDATES):
        network.layers["dense1"].weights[...] = 0
        rule.update(network)
        rates.append(-network.layers["dense1"].weights.item())
    return np.array(rates)


def _torch_exponential() -> Any:
    weight, rates = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)), []
    rule = torch.optim.SGD([weight], lr=RATE)
    schedule = ExponentialLR(rule, 1 / (1 + STEEP))
    for _ in range(UPDATES):
        weight.data.zero_()
        weight.grad = torch.ones_like(weight)
        rule.step()
        schedule.step()
        rates.append(-weight.item())
    return np.array(rates)


def _compounding() -> Running:
    """A rate that is multiplied by 1 / (1 + decay) after each update."""
    rate, rates = Running.exact(RATE), []
    for _ in range(UPDATES):
        rates.append(rate)
        rate = rate * (1 / (1 + Running.exact(STEEP)))
    return stacked(rates)


HYPERBOLA = r"\alpha_k = \frac{\alpha_0}{1 + \delta k}"
EXACT_DECAY = Fraction(STEEP)
DECAY_SCHEDULE = Departure(
    name="decay-schedule",
    title="The lecture's decay is a hyperbola; torch's named schedules are not",
    topics=("sgd", "train"),
    lecture=Rule(HYPERBOLA, "falls ever more slowly: half of it after 1/decay updates, a third after twice as many"),
    torch=Rule(
        r"\alpha_k = \alpha_0 \gamma^k,\quad \gamma = \frac{1}{1 + \delta}",
        "ExponentialLR (and StepLR, in stairs) compound; LambdaLR takes the lecture's formula as it is",
    ),
    shows="learning_rate of every case with decay",
    quantity="rate of update k, lecture / ExponentialLR with the same first drop, minus 1",
    formula=r"\frac{(1 + \delta)^k}{1 + \delta k} - 1",
    at=KS,
    scratch_side=_scratch_rates,
    torch_side=_torch_exponential,
    predict=lambda: to_float((1 + EXACT_DECAY) ** k / (1 + EXACT_DECAY * k) - 1 for k in range(UPDATES)),
    bounds=lambda: (_rates(STEEP, np.arange(UPDATES)), _compounding()),
    how=excess,
    changes=(Change("torch", "ExponentialLR(rule, 1 / (1 + STEEP))", "LambdaLR(rule, lambda k: 1 / (1 + STEEP * k))"),),
    otherwise="multiply the rate by 1 / (1 + decay) after each update",
)


def _torch_early() -> Any:
    weight, rates = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)), []
    rule = torch.optim.SGD([weight], lr=RATE)
    schedule = LambdaLR(rule, lambda k: 1 / (1 + STEEP * k))
    for _ in range(UPDATES):
        weight.data.zero_()
        weight.grad = torch.ones_like(weight)
        with warnings.catch_warnings(action="ignore"):  # torch warns of just this
            for one in (schedule, rule):
                one.step()
        rates.append(-weight.item())
    return np.array(rates)


DECAY_STEP = Departure(
    name="decay-step",
    title="A schedule that steps before the update is one update ahead",
    topics=("sgd", "train"),
    lecture=Rule(HYPERBOLA + r",\quad k = 0, 1, \dots", "the first update uses the whole rate"),
    torch=Rule(
        r"\alpha_k = \frac{\alpha_0}{1 + \delta (k + 1)}",
        "with scheduler.step() before optimizer.step(), as torch once wanted it; now it warns",
    ),
    shows="learning_rate of update 0 of every case with decay",
    quantity="rate of update k, lecture / a schedule stepped too early, minus 1",
    formula=r"\frac{\delta}{1 + \delta k}",
    at=KS,
    scratch_side=_scratch_rates,
    torch_side=_torch_early,
    predict=lambda: to_float(EXACT_DECAY / (1 + EXACT_DECAY * k) for k in range(UPDATES)),
    bounds=lambda: (_rates(STEEP, np.arange(UPDATES)), _rates(STEEP, np.arange(UPDATES) + 1)),
    how=excess,
    changes=(Change("torch", "in (schedule, rule)", "in (rule, schedule)"),),
    otherwise="count iterations from 1",
)


def _torch_per_epoch() -> Any:
    weight, rates = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)), []
    rule = torch.optim.SGD([weight], lr=RATE)
    schedule = LambdaLR(rule, lambda k: 1 / (1 + STEEP * k))
    for update in range(UPDATES):
        weight.data.zero_()
        weight.grad = torch.ones_like(weight)
        rule.step()
        schedule.step() if (update + 1) % BATCHES == 0 else None
        rates.append(-weight.item())
    return np.array(rates)


DECAY_CLOCK = Departure(
    name="decay-clock",
    title="The lecture's decay counts updates, torch's schedules usually count epochs",
    topics=("sgd", "train"),
    lecture=Rule(HYPERBOLA + r",\quad k \text{ updates}", "post_update_params counts every update"),
    torch=Rule(
        r"\alpha_k = \frac{\alpha_0}{1 + \delta \lfloor k / B \rfloor}",
        "scheduler.step() customarily stands at the end of an epoch of B batches; with the full batch they agree",
    ),
    shows="case mini-batches, learning_rate from the second update on",
    quantity=f"rate of update k, lecture / a schedule stepped once in {BATCHES} updates",
    formula=r"\frac{1 + \delta \lfloor k / B \rfloor}{1 + \delta k}",
    at=KS,
    scratch_side=_scratch_rates,
    torch_side=_torch_per_epoch,
    predict=lambda: to_float((1 + EXACT_DECAY * (k // BATCHES)) / (1 + EXACT_DECAY * k) for k in range(UPDATES)),
    bounds=lambda: (_rates(STEEP, np.arange(UPDATES)), _rates(STEEP, np.arange(UPDATES) // BATCHES)),
    how=ratio,
    changes=(Change("torch", "schedule.step() if (update + 1) % BATCHES == 0 else None", "schedule.step()"),),
    otherwise="count epochs in SGD.update",
)
