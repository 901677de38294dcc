"""Departures of the layer that learns: layout, first weights, precision.

Axes: N samples, D inputs, H neurons.
"""

import numpy as np
import torch

import reference  # noqa: F401  # the changed lines use it
import scratch
from reports.departures.departure import BOUNDED, STATISTICAL, Change, Departure, Rule, difference, ratio
from reports.departures.running import Running
from reports.equations import rules
from reports.equations.rounding import Bounded, Rounding

INPUTS = np.array([[1.0, 2.0], [0.5, -1.0], [-3.0, 0.25]])  # (3, 2)
WEIGHTS = np.array([[0.5, -1.5], [2.0, 0.75]])  # (2, 2): only a square matrix goes in both ways
FAN_IN, NEURONS = 64, 4_000


def _scratch_layout() -> object:
    layer = scratch.Dense(2, 2)
    layer.weights[...] = WEIGHTS
    return layer.forward(INPUTS)


def _torch_layout() -> object:
    layer = torch.nn.Linear(2, 2, bias=False, dtype=torch.float64)
    layer.weight.data = torch.tensor(WEIGHTS)
    return layer(torch.tensor(INPUTS)).detach().numpy()


def _layout_bounds() -> tuple[Running, Running]:
    products = [
        Running.exact(INPUTS[:, [0]]) * w[0] + Running.exact(INPUTS[:, [1]]) * w[1] for w in (WEIGHTS, WEIGHTS.T)
    ]
    return products[0] + 0, products[1] + 0


LAYOUT = Departure(
    name="layout",
    title="Weights lie down in the lecture and stand up in torch",
    topics=("dense", "transplant"),
    lecture=Rule(r"z = a W + b,\quad W\,(D, H),\ b\,(1, H)", "a column of weights for each neuron, biases as a row"),
    torch=Rule(
        r"z = a W^\top + b,\quad W\,(H, D),\ b\,(H)",
        "a row of weights for each neuron, biases without a second axis; for most shapes a mix is an error, for a "
        "square matrix it is silent",
    ),
    shows="case square, every row: seven inputs and seven neurons fit both ways",
    quantity="output, lecture - torch, with the same numbers put into both",
    formula=r"a\,(W - W^\top)",
    at=tuple(f"sample {n}, neuron {h}" for n in range(3) for h in range(2)),
    scratch_side=_scratch_layout,
    torch_side=_torch_layout,
    predict=lambda: INPUTS @ (WEIGHTS - WEIGHTS.T),
    bounds=_layout_bounds,
    how=difference,
    changes=(
        Change("torch", "torch.tensor(WEIGHTS)", "torch.tensor(WEIGHTS.T)"),
        Change("scratch", "layer.weights[...] = WEIGHTS", "layer.weights[...] = WEIGHTS.T"),
    ),
)


def _scratch_start() -> object:
    layer = scratch.Dense(FAN_IN, NEURONS, rng=np.random.default_rng(0))
    return np.std(layer.weights)


def _torch_start() -> object:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = torch.nn.Linear(FAN_IN, NEURONS, dtype=torch.float64)
    return layer.weight.std().item()


def _three_standard_errors() -> tuple[Running, Running]:
    """A sample's standard deviation has a standard error of sigma sqrt((kurtosis - 1) / 4n)."""
    n = FAN_IN * NEURONS
    sigmas = 1.0, 1 / np.sqrt(3 * FAN_IN)
    kurtoses = 3.0, 1.8  # of the normal and of the uniform distribution
    ours, theirs = (
        Running(np.array(sigma), np.array(3 * sigma * np.sqrt((kurtosis - 1) / (4 * n))))
        for sigma, kurtosis in zip(sigmas, kurtoses, strict=True)
    )
    return ours, theirs


INITIALISATION = Departure(
    name="initialisation",
    title="The first weights are drawn from another distribution",
    topics=("dense",),
    lecture=Rule(r"W \sim \mathcal{N}(0, 1),\quad b = 0", "a standard normal, whatever the number of inputs"),
    torch=Rule(
        r"W, b \sim \mathcal{U}\left(-\frac{1}{\sqrt{D}},\ \frac{1}{\sqrt{D}}\right)",
        "uniform, and narrower the more inputs a neuron has, so that its net input keeps its size; biases too",
    ),
    shows="parameter/... at the start; the cases transplant the weights, or nothing could be compared",
    quantity=f"standard deviation of the weights at D = {FAN_IN}, lecture / torch",
    formula=r"\sqrt{3 D}",
    at=(f"D = {FAN_IN}",),
    scratch_side=_scratch_start,
    torch_side=_torch_start,
    predict=lambda: np.sqrt(3 * FAN_IN),
    bounds=_three_standard_errors,
    how=ratio,
    changes=(
        Change("torch", "torch.nn.Linear(FAN_IN, NEURONS, dtype=torch.float64)", "reference.Dense(FAN_IN, NEURONS)"),
        Change("scratch", "np.std(layer.weights)", "np.std(layer.weights / np.sqrt(3 * FAN_IN))"),
    ),
    kind=STATISTICAL,
)


def _scratch_dtype() -> object:
    layer = scratch.Dense(2, 2)
    layer.weights[...] = WEIGHTS / 3
    return layer.forward(INPUTS / 3)


def _torch_dtype() -> object:
    layer = torch.nn.Linear(2, 2, bias=False)
    layer.weight.data = torch.tensor(WEIGHTS.T / 3, dtype=layer.weight.dtype)
    return layer(torch.tensor(INPUTS / 3, dtype=layer.weight.dtype)).detach().double().numpy()


def _dtype_bounds() -> tuple[Running, Running]:
    """The bound of a Dense in each dtype; float32 rounds the inputs and weights besides."""
    inputs, weights = INPUTS / 3, WEIGHTS / 3
    wide, narrow = Rounding.of("float64"), Rounding.of("float32")
    output = inputs @ weights
    bias = Bounded(np.zeros((1, 2)), np.zeros((1, 2)))
    exact = Bounded(inputs, np.zeros_like(inputs)), Bounded(weights, np.zeros_like(weights)), bias
    rounded = Bounded(inputs, 2 * narrow.unit * np.abs(inputs)), *exact[1:]  # 2: once for a, once for W
    rule = rules.dense("dense1", "inputs")
    return Running(output, rule.error(wide, output, *exact)), Running(output, rule.error(narrow, output, *rounded))


DTYPE = Departure(
    name="dtype",
    title="NumPy counts in float64, torch in float32",
    topics=("dense", "network"),
    lecture=Rule(r"u = 2^{-53}", "NumPy's default: 16 digits"),
    torch=Rule(r"u = 2^{-24}", "torch's default: 7 digits, half the memory, and what graphics cards are fast at"),
    shows="every row of a case, with --dtype float32 on one side alone",
    quantity="output, lecture - torch; not zero, and no larger than float32's bound",
    formula=r"|\Delta| \le g(D + 1)\,|a|\,|W| + 2u\,|a|\,|W|",
    at=tuple(f"sample {n}, neuron {h}" for n in range(3) for h in range(2)),
    scratch_side=_scratch_dtype,
    torch_side=_torch_dtype,
    predict=lambda: np.zeros(6),
    bounds=_dtype_bounds,
    how=difference,
    changes=(
        Change("torch", "torch.nn.Linear(2, 2, bias=False)", "torch.nn.Linear(2, 2, bias=False, dtype=torch.float64)"),
    ),
    otherwise="scratch.Dense(2, 2, dtype=np.float32), and float32 inputs",
    kind=BOUNDED,
)
