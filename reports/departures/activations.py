"""Departures of the activations: the sigmoid's clip, ReLU at exactly 0, softmax over far rows.

Axes: N samples, H neurons, C classes.
"""

from typing import Any

import numpy as np
import torch

import reference  # noqa: F401  # the changed lines use it
import scratch
from reports.departures.departure import Change, Departure, Rule, difference, ratio
from reports.departures.exact import ball_exp, to_float
from reports.departures.running import ROUNDING, Running
from reports.departures.variants import WholeBatchSoftmax
from reports.equations import rules
from reports.equations.rounding import Bounded
from scratch.activations import CLIP

NETS = np.array([[0.0, 8.0, 16.0, 16.25, 20.0, -20.0]])  # the clip begins at log(1e7 - 1) = 16.118
KINK = np.array([[-1.0, 0.0, 1.0]])
GAPS = (0.0, 700.0, 745.0, 746.0, 800.0)  # how far a row lies below the largest value of the batch


def _labels(what: str) -> tuple[str, ...]:
    return tuple(f"{what} = {z:g}" for z in NETS[0])


def _scratch_sigmoid() -> Any:
    return scratch.Sigmoid().forward(NETS)


def _torch_sigmoid() -> Any:
    return torch.sigmoid(torch.tensor(NETS)).numpy()


def _exact_sigmoid() -> list[Any]:
    """The unclipped sigmoid in balls."""
    return [1 / (1 + ball_exp(-z)) for z in NETS[0]]


def _clipped(s: Any) -> Any:
    """A ball kept inside the lecture's limits, which are floats."""
    return min(max(s, s * 0 + CLIP), s * 0 + (1 - CLIP))


def _sigmoid_bounds() -> tuple[Running, Running]:
    """Scratch's rule is an equation; torch's is 1 / (1 + e^-z)."""
    z = Bounded(NETS, np.zeros_like(NETS))
    rule = rules.sigmoid("sigmoid1", "inputs")
    value = rule.value(NETS)
    return Running(value, rule.error(ROUNDING, value, z)), 1 / (1 + Running.exact(-NETS).exp())


SIGMOID_CLIP = Departure(
    name="sigmoid-clip",
    title="The lecture's sigmoid stops short of 0 and 1",
    topics=("sigmoid",),
    lecture=Rule(
        r"s = \operatorname{clip}\left(\frac{1}{1 + e^{-z}},\ 10^{-7},\ 1 - 10^{-7}\right)",
        "kept away from 0 and 1, so that a logarithm of it is finite",
    ),
    torch=Rule(r"s = \frac{1}{1 + e^{-z}}", "no clip: losses on the net input do not need one"),
    shows="probe 'saturated' of the cases with a Sigmoid, beyond |z| = log(1e7 - 1) = 16.118",
    quantity="output, lecture - torch",
    formula=r"\operatorname{clip}(s) - s",
    at=_labels("z"),
    scratch_side=_scratch_sigmoid,
    torch_side=_torch_sigmoid,
    predict=lambda: to_float([_clipped(s) - s for s in _exact_sigmoid()]),
    bounds=_sigmoid_bounds,
    how=difference,
    changes=(Change("torch", "torch.sigmoid(torch.tensor(NETS))", "reference.Sigmoid()(torch.tensor(NETS))"),),
    otherwise="set CLIP = 0 in scratch/activations.py",
)


def _scratch_slope() -> Any:
    layer = scratch.Sigmoid()
    layer.forward(NETS)
    return layer.backward(np.ones_like(NETS))


def _torch_slope() -> Any:
    z = torch.tensor(NETS, requires_grad=True)
    torch.sigmoid(z).sum().backward()
    return z.grad.numpy()  # type: ignore[union-attr]


def _slope_bounds() -> tuple[Running, Running]:
    ours, theirs = _sigmoid_bounds()
    return ours * (1 - ours), theirs * (1 - theirs)


SIGMOID_SLOPE = Departure(
    name="sigmoid-slope",
    title="Beyond its clip the lecture's sigmoid keeps a slope of 1e-7",
    topics=("sigmoid",),
    lecture=Rule(r"\frac{ds}{dz} = s (1 - s) \text{ at the clipped } s", "frozen at 1e-7 where the output is clipped"),
    torch=Rule(r"\frac{ds}{dz} = s (1 - s)", "goes on falling; and torch.clamp under autograd would give exactly 0"),
    shows="probe 'saturated', backward/sigmoid1",
    quantity="derivative, lecture / torch",
    formula=r"\frac{c (1 - c)}{s (1 - s)},\quad c = \operatorname{clip}(s)",
    at=_labels("z"),
    scratch_side=_scratch_slope,
    torch_side=_torch_slope,
    predict=lambda: to_float([_clipped(s) * (1 - _clipped(s)) / (s * (1 - s)) for s in _exact_sigmoid()]),
    bounds=_slope_bounds,
    how=ratio,
    changes=(Change("torch", "torch.sigmoid(z)", "reference.Sigmoid()(z)"),),
    otherwise="set CLIP = 0 in scratch/activations.py",
)


def _scratch_kink() -> Any:
    layer = scratch.ReLU()
    layer.forward(KINK)
    return layer.backward(np.ones_like(KINK))


def _torch_kink() -> Any:
    z = torch.tensor(KINK, requires_grad=True)
    torch.clamp(z, min=0).sum().backward()
    return z.grad.numpy()  # type: ignore[union-attr]


RELU_AT_ZERO = Departure(
    name="relu-at-zero",
    title="max(0, z) has several derivatives at 0, also within torch",
    topics=("relu",),
    lecture=Rule(r"\frac{da}{dz} = [z > 0]", "0 at exactly 0, which torch.relu shares"),
    torch=Rule(
        r"\frac{da}{dz} = [z \ge 0]",
        "torch.clamp(z, min=0) and a mask z >= 0 have 1 there, torch.maximum(z, 0) shares it out: 1/2",
    ),
    shows="probe 'zeros, unbalanced'; the spiral's own five points (0, 0) cancel and cannot show it",
    quantity="derivative, lecture - torch.clamp's",
    formula=r"-[z = 0]",
    at=tuple(f"z = {z:g}" for z in KINK[0]),
    scratch_side=_scratch_kink,
    torch_side=_torch_kink,
    predict=lambda: -(KINK == 0).astype(np.float64),
    bounds=lambda: (Running.exact(KINK > 0), Running.exact(KINK >= 0)),
    how=difference,
    changes=(Change("torch", "torch.clamp(z, min=0)", "torch.relu(z)"),),
    otherwise="a mask of inputs >= 0 in scratch.ReLU.backward",
)


def _rows(gap: float) -> Any:
    return np.array([[0.0, 1.0], [-gap, 1.0 - gap]])


def _module_softmax() -> Any:
    return np.array([np.isnan(WholeBatchSoftmax().forward(_rows(gap))[1]).mean() for gap in GAPS])


def _torch_softmax() -> Any:
    rows = torch.tensor(np.array([_rows(gap) for gap in GAPS]))
    return torch.softmax(rows, dim=-1)[:, 1].isnan().double().mean(dim=1).numpy()


UNDERFLOW = 1075 * np.log(2)  # e^-x is below half the smallest float64, 2^-1074, beyond x = 745.13


SOFTMAX_SHIFT = Departure(
    name="softmax-shift",
    title="Shifted by the whole batch's maximum, softmax loses its lower rows",
    topics=("softmax", "softmax-cross-entropy"),
    lecture=Rule(
        r"p_i = \frac{e^{z_i - M}}{\sum_j e^{z_j - M}},\quad M = \max_{n,j} z_{nj}",
        "the module MyANN.py; the notebook, and scratch, shift each row by its own maximum",
    ),
    torch=Rule(r"M_n = \max_j z_{nj}", "each row by its own maximum: its largest exponential is exactly 1"),
    shows="probe 'rows apart', forward/probabilities",
    quantity="share of a row's probabilities that are NaN, lecture - torch, by its gap to the batch's maximum",
    formula=r"[\text{gap} > 1075 \log 2 = 745.13]",
    at=tuple(f"gap {gap:g}" for gap in GAPS),
    scratch_side=_module_softmax,
    torch_side=_torch_softmax,
    predict=lambda: np.array([float(gap > UNDERFLOW) for gap in GAPS]),
    bounds=lambda: (Running.exact([gap > UNDERFLOW for gap in GAPS]), Running.exact(np.zeros(len(GAPS)))),
    how=difference,
    changes=(Change("scratch", "WholeBatchSoftmax()", "scratch.Softmax()"),),
    otherwise="nothing to mend in torch",
)
