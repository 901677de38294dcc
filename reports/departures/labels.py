"""Departures of the labels and of what counts as right: columns, soft labels, ties.

Axes: N samples, C classes.
"""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

import scratch
from reports.departures.departure import Change, Departure, Rule, difference
from reports.departures.running import Running
from reports.departures.variants import TwoAxesMeanOneHot

LOGITS = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0], [2.0, 2.5, -1.0]])  # (N, C)
LABELS = np.array([1, 2, 1])  # (N,)
SOFT = np.array([[0.25, 0.75, 0.0], [0.125, 0.375, 0.5], [0.5, 0.25, 0.25]])  # (N, C)
ELEMENTS = tuple(f"sample {n}, class {c}" for n in range(3) for c in range(3))
FUSED = r"\frac{\partial L}{\partial z} = \frac{p - y}{N}"


def _gradient(onehot: Any) -> Running:
    """(p - y) / N, by its operations."""
    e = (Running.exact(LOGITS) - LOGITS.max(axis=1, keepdims=True)).exp()
    return (e / e.sum(axis=1)[:, None] - onehot) / len(LOGITS)


def _column() -> Any:
    rule = TwoAxesMeanOneHot()
    rule.forward(LOGITS, LABELS.reshape(-1, 1))
    return rule.backward()


def _torch_indices() -> Any:
    z = torch.tensor(LOGITS, requires_grad=True)
    F.cross_entropy(z, torch.tensor(LABELS)).backward()
    return z.grad.numpy()  # type: ignore[union-attr]


LABELS_COLUMN = Departure(
    name="labels-column",
    title="A column of labels makes every sample class 0",
    topics=("softmax-cross-entropy", "cross-entropy", "accuracy"),
    lecture=Rule(
        FUSED + r",\quad y = e_0",
        "two axes mean one-hot, so the largest entry of a row of one number is its first; no error; scratch refuses",
    ),
    torch=Rule(FUSED + r",\quad y = e_{\text{label}}", "takes indices (N,) and refuses (N, 1) with an error"),
    shows="labels.reshape(-1, 1) for any classifier; probes 'labels ...' show the formats that are right",
    quantity="gradient, lecture with labels (N, 1) - torch with labels (N,)",
    formula=r"\frac{e_{\text{label}} - e_0}{N}",
    at=ELEMENTS,
    scratch_side=_column,
    torch_side=_torch_indices,
    predict=lambda: (np.eye(3)[LABELS] - np.eye(3)[[0, 0, 0]]) / 3,
    bounds=lambda: (_gradient(np.eye(3)[[0, 0, 0]]), _gradient(np.eye(3)[LABELS])),
    how=difference,
    changes=(Change("scratch", "LABELS.reshape(-1, 1)", "LABELS"),),
    otherwise="nothing to mend in torch",
)


def _rounded_labels() -> Any:
    rule = TwoAxesMeanOneHot()
    rule.forward(LOGITS, SOFT)
    return rule.backward()


def _torch_soft() -> Any:
    z = torch.tensor(LOGITS, requires_grad=True)
    F.cross_entropy(z, torch.tensor(SOFT)).backward()
    return z.grad.numpy()  # type: ignore[union-attr]


SOFT_LABELS = Departure(
    name="soft-labels",
    title="The lecture rounds soft labels on the way back",
    topics=("softmax-cross-entropy", "cross-entropy"),
    lecture=Rule(
        FUSED + r",\quad y = e_{\operatorname{arg\,max} t}",
        "the loss is that of the soft labels, the gradient that of their largest; scratch refuses them",
    ),
    torch=Rule(FUSED + r",\quad y = t", "probabilities as labels are taken as they are"),
    shows="label smoothing, mixtures of classes",
    quantity="gradient, lecture - torch",
    formula=r"\frac{t - e_{\operatorname{arg\,max} t}}{N}",
    at=ELEMENTS,
    scratch_side=_rounded_labels,
    torch_side=_torch_soft,
    predict=lambda: (SOFT - np.eye(3)[SOFT.argmax(axis=1)]) / 3,
    bounds=lambda: (_gradient(np.eye(3)[SOFT.argmax(axis=1)]), _gradient(SOFT)),
    how=difference,
    changes=(
        Change("torch", "torch.tensor(SOFT)", "torch.tensor(SOFT).argmax(dim=1)"),
        Change("scratch", "return rule.backward()", "return (rule.output - SOFT) / len(SOFT)"),
    ),
)

TIES = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.25, 0.75], [1.0, 1.0, 1.0]])  # (N, C)
TIED_LABELS = np.array([0, 1, 2, 2])  # of three ties the first is right once


def _scratch_ties() -> Any:
    return scratch.losses.accuracy(TIES, TIED_LABELS)


def _torch_ties() -> Any:
    outputs, labels = torch.tensor(TIES), torch.tensor(TIED_LABELS)
    chosen = outputs.gather(1, labels.unsqueeze(1)).squeeze(1)
    hits = chosen >= outputs.max(dim=1).values
    return hits.double().mean().item()


def _tied() -> Any:
    """The share of samples whose label ties with an earlier output for the largest."""
    chosen = TIES[range(4), TIED_LABELS]
    return np.mean((chosen == TIES.max(axis=1)) & (TIES.argmax(axis=1) != TIED_LABELS))


ACCURACY_TIES = Departure(
    name="accuracy-ties",
    title="Who wins when two outputs are equal",
    topics=("accuracy",),
    lecture=Rule(r"\operatorname{arg\,max}_c p_c = y", "the first of the largest, as torch.argmax has it"),
    torch=Rule(
        r"p_y \ge \max_c p_c",
        "a comparison with the largest value counts every tie as right: a network that says nothing scores 100 %",
    ),
    shows="probe 'ties', accuracy; a network of zeros",
    quantity="accuracy, arg max - comparison with the maximum",
    formula=r"-\frac{1}{N} \left|\{n : y_n \text{ ties, but is not the first}\}\right|",
    at=(f"{len(TIES)} samples, three of them tied",),
    scratch_side=_scratch_ties,
    torch_side=_torch_ties,
    predict=lambda: -_tied(),
    bounds=lambda: (Running.exact(0.5), Running.exact(1.0)),
    how=difference,
    changes=(Change("torch", "hits = chosen >= outputs.max(dim=1).values", "hits = outputs.argmax(dim=1) == labels"),),
    otherwise="in accuracy: outputs[samples, labels] >= outputs.max(axis=1)",
)
