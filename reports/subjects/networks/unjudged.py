"""What can be said of a network that cannot be judged: what was recognised of it, and what agrees nonetheless.

Axes: B samples, C outputs.
"""

import numpy as np

from reports.subjects.nearness import near
from reports.subjects.networks.architectures import HIDDEN, WORDS, back, upstream
from reports.subjects.networks.explained import constants
from reports.subjects.networks.trial import Shape, Trial

Array = np.ndarray


def widths(trial: Trial) -> str:
    """The widths of its layers: 5 → 11 → 3."""
    return " → ".join(map(str, [trial.x.shape[1], *(w.shape[1] for w, _ in trial.parameters)]))


def strange_output(trial: Trial) -> str:
    """Of an output that no architecture gives: its layers, and what the output itself shows."""
    sums = trial.output is not None and trial.t.shape[1] > 1 and near(trial.output.sum(axis=1), np.ones(len(trial.t)))
    shown = "; its outputs sum to 1, as those of a softmax do" if sums else ""
    return f"layers of {widths(trial)} were recognised, and none of {', '.join(HIDDEN)} gives their output{shown}"


def strange_gradients(trial: Trial, fits: list[Shape], shape: Shape) -> str:
    """Of gradients that no loss gives: the forward that is known, and which gradients agree with which loss."""
    words = f"its forward is recognised ({shape}), its gradients are those of no known loss"
    agrees: dict[str, list[str]] = {}
    for one in fits:
        zs, outputs = trial.forward(one)
        for loss, delta in upstream(one, trial, zs, outputs).items():
            found = constants(trial, back(one, trial, zs, outputs, delta))
            told = [f"{name} {k}" for k, pair in enumerate(found, 1)
                    for name, c in zip(("weights", "biases"), pair, strict=True) if c and not np.isnan(c)]  # fmt: skip
            if len(told) > len(agrees.get(loss, [])):
                agrees[loss] = told
    best = max(agrees, key=lambda loss: len(agrees[loss]), default="")
    return f"{words}; with {WORDS[best]} those of {', '.join(agrees[best])} would be right" if best else words


def unseen_output(trial: Trial) -> str:
    """Of steps that nothing explains, where the output was not seen."""
    moved = "moved by a step" if trial.moved else "beside their gradients"
    return (
        f"layers of {widths(trial)} were recognised, {moved}, and their output was not seen: no architecture and loss "
        "that is known here gives these gradients"
    )
