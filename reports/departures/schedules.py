"""Departures of the schedule: its form, its first step, and the clock it goes by."""

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, StepLR

import scratch
from reports.departures.departure import Change, Departure, Rule, excess, ratio
from reports.departures.exact import to_float
from reports.departures.running import Running, stacked

RATE = 0.2  # ANN III
UPDATES = 60
STEEP = 0.05  # a decay that shows within a few updates
STAIR = 10  # updates between two falls of StepLR
BATCHES = 5  # an epoch of so many
KS = tuple(f"k = {k}" for k in range(UPDATES))


def one_weight() -> Any:
    """A network of one weight, with a constant gradient of 1."""
    network = scratch.Network({"dense1": scratch.Dense(1, 1)})
    layer = network.layers["dense1"]
    layer.dweights, layer.dbiases = np.ones((1, 1)), np.zeros((1, 1))
    return network


def decayed(rate: float, decay: float, k: Any) -> Running:
    """The lecture's schedule, by its operations."""
    return rate * (1 / (1 + decay * Running.exact(k)))


def _scratch_rates() -> Any:
    network, rule, rates = one_weight(), scratch.SGD(RATE, STEEP), []
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
    bounds=lambda: (decayed(RATE, STEEP, np.arange(UPDATES)), _compounding()),
    how=excess,
    changes=(Change("torch", "ExponentialLR(rule, 1 / (1 + STEEP))", "LambdaLR(rule, lambda k: 1 / (1 + STEEP * k))"),),
    otherwise="multiply the rate by 1 / (1 + decay) after each update",
)


def _torch_stairs() -> Any:
    weight, rates = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)), []
    rule = torch.optim.SGD([weight], lr=RATE)
    schedule = StepLR(rule, step_size=STAIR, gamma=1 / (1 + STEEP * STAIR))
    for _ in range(UPDATES):
        weight.data.zero_()
        weight.grad = torch.ones_like(weight)
        rule.step()
        schedule.step()
        rates.append(-weight.item())
    return np.array(rates)


def _falling_in_stairs() -> Running:
    """A rate that is multiplied by 1 / (1 + decay s) after every s updates."""
    rate, rates = Running.exact(RATE), []
    for k in range(UPDATES):
        if k and k % STAIR == 0:
            rate = rate * (1 / (1 + Running.exact(STEEP) * STAIR))
        rates.append(rate)
    return stacked(rates)


DECAY_STAIRS = Departure(
    name="decay-stairs",
    title="StepLR falls in stairs, and each stair is the same factor",
    topics=("sgd", "train"),
    lecture=Rule(HYPERBOLA, "a little less after every update"),
    torch=Rule(
        r"\alpha_k = \alpha_0 \gamma^{\lfloor k / s \rfloor},\quad \gamma = \frac{1}{1 + \delta s}",
        "the rate stays for s updates, then falls by a factor; at k = s the two meet once",
    ),
    shows="learning_rate of every case with decay",
    quantity=f"rate of update k, lecture / StepLR with s = {STAIR}, minus 1",
    formula=r"\frac{(1 + \delta s)^{\lfloor k / s \rfloor}}{1 + \delta k} - 1",
    at=KS,
    scratch_side=_scratch_rates,
    torch_side=_torch_stairs,
    predict=lambda: to_float(
        (1 + EXACT_DECAY * STAIR) ** (k // STAIR) / (1 + EXACT_DECAY * k) - 1 for k in range(UPDATES)
    ),
    bounds=lambda: (decayed(RATE, STEEP, np.arange(UPDATES)), _falling_in_stairs()),
    how=excess,
    changes=(
        Change(
            "torch",
            "StepLR(rule, step_size=STAIR, gamma=1 / (1 + STEEP * STAIR))",
            "LambdaLR(rule, lambda k: 1 / (1 + STEEP * k))",
        ),
    ),
    otherwise="divide the rate only where iterations is a multiple of s",
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
    bounds=lambda: (decayed(RATE, STEEP, np.arange(UPDATES)), decayed(RATE, STEEP, np.arange(UPDATES) + 1)),
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
    bounds=lambda: (decayed(RATE, STEEP, np.arange(UPDATES)), decayed(RATE, STEEP, np.arange(UPDATES) // BATCHES)),
    how=ratio,
    changes=(Change("torch", "schedule.step() if (update + 1) % BATCHES == 0 else None", "schedule.step()"),),
    otherwise="count epochs in SGD.update",
)
