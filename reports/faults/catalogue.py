"""All faults by name, the ids of causes that shared/causes.md lacks, and stacked pairs drawn by a seed."""

from itertools import permutations
from typing import Any

import numpy as np

import scratch.losses
from reports.faults import activations, layers, losses, training
from reports.faults.planting import Fault
from scratch import CrossEntropy, Dense, Network, SoftmaxCrossEntropy

EXTRA: dict[str, str] = {
    "A17": "ReLU leaks in its backward pass alone",
    "A18": "ReLU leaks in its forward pass alone",
    "A19": "no slope where the sigmoid is clipped (the lecture freezes it)",
    "A20": "tanh's derivative without the square: 1 - a",
    "A21": "sigmoid's derivative with a plus: s (1 + s)",
    "A22": "sign of the sigmoid's exponent",
    "A23": "an activation's backward overwrites its output",
    "L26": "no bias added in forward",
    "L27": "bias subtracted",
    "L28": "bias added twice",
    "L29": "bias added along the samples, not along the neurons",
    "L30": "layers share one output buffer",
    "L31": "one sample left out of the weight gradient",
    "L32": "weight gradient scaled by 1 + 1e-11",
    "L33": "gradient columns in each other's place",
    "L34": "a loss hands out the memory of its residuals as its gradient",
    "L35": "a loss overwrites its targets",
    "L36": "the optimizer overwrites the gradients",
    "O21": "learning rate scaled by 1 + 1e-11",
    "O22": "weight decay of 1e-12 hidden in the update",
    "O23": "decay counter that skips one update",
    "O24": "velocities set to zero once",
    "O25": "slope of the L1 penalty is 1 at exactly 0",
    "O26": "L1 penalty without absolute values",
    "O27": "only one layer's penalty in the loss",
    "O28": "learning rate never decays",
    "O29": "another law of decay (linear, exponential)",
    "O30": "momentum acts on the weights alone",
    "O31": "the update uses the rate of the update before and prints the right one",
    "O32": "one entry of a parameter is never updated",
    "S27": "label's sign in the fused gradient: p + onehot",
    "S28": "loss averaged over N - 1",
    "S29": "fused gradient taken at the clipped probability",
    "S30": "no clip in the loss",
    "S31": "another clip in the loss, 1e-12",
    "S32": "softmax's Jacobian without p on its diagonal",
    "S33": "loss gradient divided by N - 1",
    "S34": "fused gradient averaged over the classes too",
    "S35": "logarithm of base 10 in the loss",
    "S36": "logarithm of 0 taken and repaired afterwards: right numbers, with a warning",
    "S37": "the loss clips the probabilities that it was given, in place",
    "S38": "mean distance: constant of the gradient",
    "S39": "mean distance: residual in place of its sign",
    "S40": "printed loss is that of the update before",
    "T11": "float32 rounding inside a float64 network",
    "T12": "one wrong label at one update",
    "T13": "inputs centred per batch",
    "T14": "labels of the batch before in the gradient",
    "T15": "accuracy by another rule than the largest output",
    "T16": "accuracy rounded",
}

GIVES_UP = {  # with these the first step ends in an exception, so that no other fault can be seen behind them
    "bias gradient over the wrong axis, primes",
    "bias gradient not summed",
    "softmax's derivative missing",
}

HIDES: dict[tuple[Any, str], set[tuple[Any, str]]] = {  # who replaces the first drops what comes from the others
    (SoftmaxCrossEntropy, "forward"): {(scratch.losses, "negative_log_likelihood")},
    (CrossEntropy, "forward"): {(scratch.losses, "negative_log_likelihood")},
    (Network, "gradients"): {(Dense, "backward")},
    (Network, "penalty"): {(Dense, "penalty")},
}

HIDDEN = {  # found by measuring: the first makes the second's numbers those of a right network, or the same wrong ones
    ("probabilities clipped in place", "loss without its clip"),
    ("probabilities clipped in place", "another clip in the loss"),
    ("probabilities clipped in place", "cross-entropy gradient at the clipped probability"),
    ("probabilities clipped in place", "log before the clip"),
    ("a column of labels taken for one-hot", "labels of the batch before"),
    ("penalty missing in the loss", "printed loss without penalties"),
    ("one cache for all Dense", "ReLU mask of the layer's inputs"),
    ("softmax over the whole batch's sum", "accuracy by the largest of all"),
}


def by_name() -> dict[str, Fault]:
    """All faults by name; raises ValueError when two have the same, so that none is lost in silence."""
    named: dict[str, Fault] = {}
    for fault in (*layers.FAULTS, *activations.FAULTS, *losses.FAULTS, *training.FAULTS):
        if fault.name in named:
            raise ValueError(f"two faults are called {fault.name!r}: each needs a name of its own")
        named[fault.name] = fault
    return named


FAULTS: dict[str, Fault] = by_name()


def stackable(first: Fault, second: Fault) -> bool:
    """Whether two faults of one net and of different causes can both be seen, planted one upon the other."""
    if first.net != second.net or first.cause == second.cause or GIVES_UP & {first.name, second.name}:
        return False
    if {(first.name, second.name), (second.name, first.name)} & HIDDEN:
        return False
    for one in first.patches:
        for other in second.patches:
            places = (one.owner, one.name), (other.owner, other.name)
            if places[0] == places[1] and not (one.wraps and other.wraps):
                return False
            for (place, hidden), patch in zip((places, places[::-1]), (one, other), strict=True):
                if hidden in HIDES.get(place, ()) and not patch.wraps:
                    return False
    return True


def pairs(seed: int, count: int = 60) -> list[tuple[Fault, Fault]]:
    """Draws different stacked pairs: a net, then two faults on it; the same seed gives the same pairs."""
    rng = np.random.default_rng(seed)
    nets = sorted({fault.net for fault in FAULTS.values()})
    on_net = {net: [fault for fault in FAULTS.values() if fault.net == net] for net in nets}
    possible = {net: [pair for pair in permutations(on_net[net], 2) if stackable(*pair)] for net in nets}
    drawn: list[tuple[Fault, Fault]] = []
    while len(drawn) < count and any(possible.values()):
        net = nets[rng.integers(len(nets))]
        if possible[net]:
            pair = possible[net][rng.integers(len(possible[net]))]
            possible[net] = [other for other in possible[net] if set(_names(other)) != set(_names(pair))]
            drawn.append(pair)
    return drawn


def _names(pair: tuple[Fault, Fault]) -> tuple[str, str]:
    return pair[0].name, pair[1].name
