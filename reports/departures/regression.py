"""Departures of the losses of regression: sums against means, the printed "MSE", a wrong sign.

Axes: N samples, D outputs.
"""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import reference  # noqa: F401  # the changed lines use it
import scratch
from reports.departures.departure import Change, Departure, Rule, difference, ratio
from reports.departures.running import Running
from reports.departures.variants import WrongSignAbsoluteError

PREDICTIONS = np.array([[2.0, 0.5], [-1.0, 3.0], [0.25, -2.0], [4.0, 1.0]])  # (N, D)
TARGETS = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [2.0, 1.5]])  # (N, D)
RESIDUALS = PREDICTIONS - TARGETS  # exact: all are quarters
ELEMENTS = tuple(f"y - t = {residual:g}" for residual in RESIDUALS.ravel())


def _scratch_half_sum() -> Any:
    rule = scratch.HalfSquaredError()
    rule.forward(PREDICTIONS, TARGETS)
    return rule.backward()


def _torch_mean() -> Any:
    y = torch.tensor(PREDICTIONS, requires_grad=True)
    torch.nn.MSELoss()(y, torch.tensor(TARGETS)).backward()
    return y.grad.numpy()  # type: ignore[union-attr]


HALF_SUM = Departure(
    name="half-sum",
    title="Half a sum of squares, or their mean",
    topics=("half-squared-error", "mean-squared-error"),
    lecture=Rule(
        r"E = \frac{1}{2} \sum (y - t)^2,\quad \frac{\partial E}{\partial y} = y - t",
        "the half makes the derivative short; the sum makes the step grow with the number of samples",
    ),
    torch=Rule(
        r"L = \frac{1}{N D} \sum (y - t)^2,\quad \frac{\partial L}{\partial y} = \frac{2 (y - t)}{N D}",
        "a mean: one learning rate serves any number of samples",
    ),
    shows="case ann2: with 1,500 samples the rate 0.001 acts as 0.75 would on the mean, and every ReLU dies",
    quantity="gradient, lecture / torch",
    formula=r"\frac{N D}{2}",
    at=ELEMENTS,
    scratch_side=_scratch_half_sum,
    torch_side=_torch_mean,
    predict=lambda: np.full(RESIDUALS.size, RESIDUALS.size / 2),
    bounds=lambda: (Running.exact(RESIDUALS), Running.exact(RESIDUALS) * 2 / RESIDUALS.size),
    how=ratio,
    changes=(
        Change("torch", "torch.nn.MSELoss()", "reference.HalfSquaredError()"),
        Change("scratch", "scratch.HalfSquaredError()", "scratch.MeanSquaredError()"),
    ),
)


def _scratch_printed() -> Any:
    rule = scratch.HalfSquaredError()
    rule.forward(PREDICTIONS, TARGETS)
    return rule.printed


def _torch_mse() -> Any:
    return F.mse_loss(torch.tensor(PREDICTIONS), torch.tensor(TARGETS)).numpy()


PRINTED_MSE = Departure(
    name="printed-mse",
    title='What ANN II prints as "MSE" is the mean absolute error',
    topics=("half-squared-error", "mean-absolute-error"),
    lecture=Rule(r"\text{``MSE''} = \frac{1}{N D} \sum |y - t|", "np.sum(abs(dE)) over the number of values"),
    torch=Rule(r"\text{MSE} = \frac{1}{N D} \sum (y - t)^2", "torch calls the lecture's number L1Loss"),
    shows="case ann2, loss/printed",
    quantity="printed number, lecture - torch.nn.MSELoss",
    formula=r"\frac{1}{N D} \sum \left(|y - t| - (y - t)^2\right)",
    at=(f"{RESIDUALS.size} residuals",),
    scratch_side=_scratch_printed,
    torch_side=_torch_mse,
    predict=lambda: np.mean(np.abs(RESIDUALS) - RESIDUALS**2),  # quarters and their squares: exact
    bounds=lambda: (
        Running.exact(np.abs(RESIDUALS)).sum() / RESIDUALS.size,
        (Running.exact(RESIDUALS) * RESIDUALS).sum() / RESIDUALS.size,
    ),
    how=difference,
    changes=(
        Change("torch", "F.mse_loss", "F.l1_loss"),
        Change("scratch", "return rule.printed", "return np.mean(rule.residuals**2)"),
    ),
)


def _book_absolute_error() -> Any:
    rule = WrongSignAbsoluteError()
    rule.forward(PREDICTIONS, TARGETS)
    return rule.backward()


def _torch_absolute_error() -> Any:
    y = torch.tensor(PREDICTIONS, requires_grad=True)
    torch.nn.L1Loss()(y, torch.tensor(TARGETS)).backward()
    return y.grad.numpy()  # type: ignore[union-attr]


ABSOLUTE_ERROR_SIGN = Departure(
    name="absolute-error-sign",
    title="The book's mean absolute error climbs",
    topics=("mean-absolute-error",),
    lecture=Rule(
        r"\frac{\partial L}{\partial y} = \frac{\operatorname{sign}(t - y)}{N D}",
        "the book's; scratch has the right sign",
    ),
    torch=Rule(r"\frac{\partial L}{\partial y} = \frac{\operatorname{sign}(y - t)}{N D}", "downhill is minus this"),
    shows="case mean-absolute-error, backward/loss",
    quantity="gradient, lecture's book / torch",
    formula="-1",
    at=ELEMENTS,
    scratch_side=_book_absolute_error,
    torch_side=_torch_absolute_error,
    predict=lambda: np.full(RESIDUALS.size, -1.0),
    bounds=lambda: (
        Running.exact(-np.sign(RESIDUALS)) / RESIDUALS.size,
        Running.exact(np.sign(RESIDUALS)) / RESIDUALS.size,
    ),
    how=ratio,
    changes=(Change("scratch", "WrongSignAbsoluteError()", "scratch.MeanAbsoluteError()"),),
    otherwise="torch has no such rule",
)
