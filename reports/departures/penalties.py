"""Departures of the penalties: what an L2 strength means, and the sign of a weight of exactly 0."""

import numpy as np
import torch

import scratch
from reports.departures.departure import Change, Departure, Rule, difference, ratio
from reports.departures.running import Running
from reports.departures.variants import NoZeroSign

INPUTS = np.ones((3, 2))
WEIGHTS = np.array([[0.5, -1.5], [2.0, 0.75]])
L1, L2 = 0.1, 0.3


def _scratch_l2() -> object:
    layer = scratch.Dense(2, 2, weight_l2=L2)
    layer.weights[...] = WEIGHTS
    layer.forward(INPUTS)
    layer.backward(np.zeros((3, 2)))
    return layer.dweights


def _torch_l2() -> object:
    weight = torch.nn.Parameter(torch.tensor(WEIGHTS))
    weight.grad = torch.zeros_like(weight)
    torch.optim.SGD([weight], lr=1.0, weight_decay=L2).step()
    return WEIGHTS - weight.detach().numpy()  # at rate 1 the step is what weight_decay added to the gradient


def _l2_bounds() -> tuple[Running, Running]:
    decayed = Running.exact(WEIGHTS) * L2
    return decayed * 2, WEIGHTS - (WEIGHTS - decayed)


L2_PENALTY = Departure(
    name="l2-penalty",
    title="An L2 strength is half of torch's weight_decay",
    topics=("dense", "sgd"),
    lecture=Rule(
        r"\Omega = \lambda \sum w^2,\quad \frac{\partial \Omega}{\partial w} = 2 \lambda w", "a penalty in the loss"
    ),
    torch=Rule(
        r"g \leftarrow g + \lambda w",
        "weight_decay adds to the gradient inside the optimizer, biases included; the loss that is printed has none",
    ),
    shows="case penalties, gradient/dense1.weights",
    quantity="what the penalty adds to the gradient, lecture / torch, at one strength",
    formula=r"2",
    at=tuple(f"w = {w:g}" for w in WEIGHTS.ravel()),
    scratch_side=_scratch_l2,
    torch_side=_torch_l2,
    predict=lambda: np.full(4, 2.0),
    bounds=_l2_bounds,
    how=ratio,
    changes=(
        Change("torch", "weight_decay=L2", "weight_decay=2 * L2"),
        Change("scratch", "weight_l2=L2", "weight_l2=L2 / 2"),
    ),
)


def _book_l1() -> object:
    layer = NoZeroSign(2, 2, weight_l1=L1)
    layer.weights[...] = WEIGHTS * [[0, 1], [1, 0]]
    layer.forward(INPUTS)
    layer.backward(np.zeros((3, 2)))
    return layer.dweights


def _torch_l1() -> object:
    weight = torch.tensor(WEIGHTS * [[0, 1], [1, 0]], requires_grad=True)
    (L1 * weight.abs().sum()).backward()
    return weight.grad.numpy()  # type: ignore[union-attr]


L1_AT_ZERO = Departure(
    name="l1-at-zero",
    title="An L1 penalty pushes a weight of exactly 0 in the book",
    topics=("dense",),
    lecture=Rule(
        r"\frac{\partial |w|}{\partial w} = 1 \text{ at } w = 0",
        "the book's: ones, and -1 where negative; scratch has sign(0) = 0",
    ),
    torch=Rule(r"\frac{\partial |w|}{\partial w} = \operatorname{sign}(0) = 0", "the middle of all subgradients"),
    shows="biases, which start at exactly 0: case penalties, gradient/dense1.biases",
    quantity="gradient of the penalty, lecture - torch",
    formula=r"\lambda_1 [w = 0]",
    at=tuple(f"w = {w:g}" for w in (0, -1.5, 2.0, 0)),
    scratch_side=_book_l1,
    torch_side=_torch_l1,
    predict=lambda: np.array([L1, 0, 0, L1]),
    bounds=lambda: (Running.exact([L1, -L1, L1, L1]), Running.exact([0, -L1, L1, 0])),
    how=difference,
    changes=(Change("scratch", "NoZeroSign(2, 2", "scratch.Dense(2, 2"),),
    otherwise="torch has no other sign; add L1 * (weight == 0) to the gradient",
)
