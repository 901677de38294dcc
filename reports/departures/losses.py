"""Departures of the cross-entropy: the clip, a clamp's gradient, the unfused path.

Axes: N samples, C classes.
"""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import reference  # noqa: F401  # the changed lines use it
import scratch
from reports.departures.departure import Change, Departure, Rule, difference
from reports.departures.exact import ball_exp, ball_log, to_float
from reports.departures.running import ROUNDING, Running
from reports.departures.variants import UncheckedCrossEntropy
from reports.equations import rules
from reports.equations.rounding import Bounded
from scratch.activations import CLIP

LOGITS = np.array([[0.0, 40.0], [0.0, 20.0], [0.0, 1.0], [40.0, 0.0]])  # (N, C)
LABELS = np.zeros(4, np.int64)  # (N,)
ONEHOT = np.eye(2)[LABELS]
SAMPLES = tuple(f"logits {row[0]:g}, {row[1]:g}; label 0" for row in LOGITS)


def _scratch_loss() -> Any:
    rule = scratch.SoftmaxCrossEntropy()
    rule.forward(LOGITS, LABELS)
    return rule.sample_losses


def _torch_loss() -> Any:
    rule = torch.nn.CrossEntropyLoss(reduction="none")
    losses = rule(torch.tensor(LOGITS), torch.tensor(LABELS))
    return getattr(rule, "sample_losses", losses).numpy()


def _loss_bounds() -> tuple[Running, Running]:
    """Scratch's rule is an equation; torch's is log(sum e^(z - max)) - (z_y - max), in any form of it."""
    z = Bounded(LOGITS, np.zeros_like(LOGITS))
    rule = rules.sample_losses_from_logits("inputs")
    value = rule.value(LOGITS, ONEHOT)
    ours = Running(value, rule.error(ROUNDING, value, z, Bounded(ONEHOT, 0 * ONEHOT)))
    shifted = Running.exact(LOGITS) - LOGITS.max(axis=1, keepdims=True)
    theirs = shifted.exp().sum(axis=1).log() - shifted[:, 0]
    return ours, Running(theirs.value, theirs.error + ROUNDING.growth(4))  # or -log of a rounded quotient


def _exact_losses() -> list[Any]:
    """-log p of the label, unclipped, in balls."""
    return [ball_log(1 + ball_exp(other - own)) for own, other in LOGITS]


def _clipped(loss: Any) -> Any:
    """-log of the clipped probability."""
    p = ball_exp(-loss)
    return -ball_log(min(max(p, p * 0 + CLIP), p * 0 + (1 - CLIP)))


LOSS_CLIP = Departure(
    name="loss-clip",
    title="No sample of the lecture's loses more than 16.118",
    topics=("cross-entropy", "softmax-cross-entropy"),
    lecture=Rule(
        r"\ell = -\log \operatorname{clip}(p_y,\ 10^{-7},\ 1 - 10^{-7})",
        "keeps the logarithm of an underflowed probability finite",
    ),
    torch=Rule(
        r"\ell = \log \sum_j e^{z_j} - z_y",
        "computes the logarithm from the logits, where nothing underflows, and needs no clip",
    ),
    shows="case ann3-clipped, loss/samples at epoch 0; probe 'below the clip' of every classifier",
    quantity="loss of a sample, lecture - torch",
    formula=r"-\log \operatorname{clip}(p_y) + \log p_y",
    at=SAMPLES,
    scratch_side=_scratch_loss,
    torch_side=_torch_loss,
    predict=lambda: to_float([_clipped(loss) - loss for loss in _exact_losses()]),
    bounds=_loss_bounds,
    how=difference,
    changes=(
        Change("torch", 'torch.nn.CrossEntropyLoss(reduction="none")', "reference.SoftmaxCrossEntropy()"),
        Change("scratch", "return rule.sample_losses", "return -np.log(rule.output[:, 0])"),
    ),
)


def _scratch_fused() -> Any:
    rule = scratch.SoftmaxCrossEntropy()
    rule.forward(LOGITS, LABELS)
    return rule.backward()


def _torch_clamp() -> Any:
    z, labels = torch.tensor(LOGITS, requires_grad=True), torch.tensor(LABELS)
    p = torch.softmax(z, dim=1).clamp(CLIP, 1 - CLIP)
    F.nll_loss(p.log(), labels).backward()
    return z.grad.numpy()  # type: ignore[union-attr]


def _fused_bounds() -> tuple[Running, Running]:
    """(p - y) / N, and the same with a clipped sample's rows at 0."""
    z = Running.exact(LOGITS)
    e = (z - LOGITS.max(axis=1, keepdims=True)).exp()
    p = e / e.sum(axis=1)[:, None]
    whole = (p - ONEHOT) / len(LOGITS)
    inside = np.array([CLIP < row[0] < 1 - CLIP for row in p.value]).reshape(-1, 1)
    # torch goes back by nll_loss, log, clamp and softmax: -1/(N p), and twice a product with p
    back = Running(whole.value * inside, whole.error + ROUNDING.growth(8) * (np.abs(whole.value) + ONEHOT))
    return whole, back


CLAMP_GRADIENT = Departure(
    name="clamp-gradient",
    title="A clamp in torch also clips the gradient, and to 0",
    topics=("softmax-cross-entropy", "cross-entropy"),
    lecture=Rule(r"\frac{\partial L}{\partial z} = \frac{p - y}{N}", "the clip stands in the loss alone"),
    torch=Rule(
        r"\frac{\partial L}{\partial z} = 0 \text{ where } p_y \notin [10^{-7},\ 1 - 10^{-7}]",
        "autograd differentiates what was written: a clamped value is constant, so the worst samples teach nothing",
    ),
    shows="case ann3-clipped, backward/loss, had the reference been written with torch.clamp",
    quantity="gradient, lecture - torch.clamp under autograd",
    formula=r"\frac{p - y}{N} \text{ where clipped}",
    at=tuple(f"{sample}, column {column}" for sample in SAMPLES for column in (0, 1)),
    scratch_side=_scratch_fused,
    torch_side=_torch_clamp,
    predict=lambda: to_float(_clipped_gradients()),
    bounds=_fused_bounds,
    how=difference,
    changes=(Change("torch", "F.nll_loss(p.log(), labels)", "F.cross_entropy(z, labels)"),),
    otherwise="set the rows of clipped samples to 0 in SoftmaxCrossEntropy.backward",
)


def _clipped_gradients() -> list[Any]:
    """(p - y) / N of each clipped sample, 0 of the others."""
    gradients = []
    for loss in _exact_losses():
        p = ball_exp(-loss)
        inside = p * 0 + CLIP < p < p * 0 + (1 - CLIP)
        gradients += [0, 0] if inside else [(p - 1) / len(LOGITS), (1 - p) / len(LOGITS)]
    return gradients


FAR = np.array([[0.0, -800.0], [0.0, 1.0]])  # of the first sample's label the probability is e^-800: exactly 0
FAR_LABELS = np.array([1, 0])


def _unfused() -> Any:
    layers, rule = [scratch.Softmax()], UncheckedCrossEntropy()
    rule.forward(layers[0].forward(FAR) if layers else FAR, FAR_LABELS)
    gradient = rule.backward()
    with np.errstate(invalid="ignore"):
        gradient = layers[0].backward(gradient) if layers else gradient
    return np.isnan(gradient).astype(float)


def _torch_stable() -> Any:
    z = torch.tensor(FAR, requires_grad=True)
    F.cross_entropy(z, torch.tensor(FAR_LABELS)).backward()
    return z.grad.isnan().double().numpy()  # type: ignore[union-attr]


UNFUSED = Departure(
    name="unfused-underflow",
    title="Softmax and cross-entropy in two steps end in NaN",
    topics=("cross-entropy", "softmax", "softmax-cross-entropy"),
    lecture=Rule(
        r"\frac{\partial L}{\partial p} = -\frac{y}{N p}",
        "the lecture's code goes on with NaN where p underflows to 0; scratch stops with a FloatingPointError",
    ),
    torch=Rule(r"\frac{\partial L}{\partial z} = \frac{p - y}{N}", "cross_entropy takes logits and goes back at once"),
    shows="case deep, probe 'huge logits', backward/loss",
    quantity="whether an element of the gradient is NaN, lecture - torch",
    formula=r"[z_{\max} - z_y > 1075 \log 2 = 745.13]",
    at=tuple(f"logits {row[0]:g}, {row[1]:g}; column {column}" for row in FAR for column in (0, 1)),
    scratch_side=_unfused,
    torch_side=_torch_stable,
    predict=lambda: np.repeat(FAR.max(axis=1) - FAR[[0, 1], FAR_LABELS] > 1075 * np.log(2), 2),
    bounds=lambda: (Running.exact([1, 1, 0, 0]), Running.exact(np.zeros(4))),
    how=difference,
    changes=(Change("scratch", "[scratch.Softmax()], UncheckedCrossEntropy()", "[], scratch.SoftmaxCrossEntropy()"),),
    otherwise="nothing to mend in torch",
)
