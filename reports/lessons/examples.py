"""The tiny examples of the lessons: three samples, printable numbers, both sides from the same arrays.

An example runs scratch's own methods on the left. On the right, where autograd writes the way back, the functions
below ask torch for it; they are shown as the reference's last excerpt, so that nothing on the page is unseen.
Axes: N samples, D inputs, H neurons, C classes.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import reference
import scratch
from reference import transplant

Array = np.ndarray
Seen = tuple[Tensor | None, ...]  # a result, then the gradients that autograd found
INPUTS = np.array([[1.0, 2.0], [0.5, -1.0], [-1.5, 0.25]])  # (N, D)
WEIGHTS = np.array([[0.5, -1.0, 2.0, 0.25], [1.5, 0.75, -0.5, -2.0]])  # (D, H)
BIASES = np.array([[0.1, -0.2, 0.3, 0.0]])  # (1, H)
NETS = np.array([[-2.0, 0.0, 0.5], [1.0, -0.25, 3.0], [20.0, -1.0, 0.0]])  # (N, H): an exact 0, and one beyond the clip
LOGITS = np.array([[2.0, 1.0, 0.0], [0.5, -1.0, 1.5], [-20.0, 1.0, 0.0]])  # (N, C): the last label is below the clip
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.25, 0.5, 0.25]])  # (N, C)
LABELS = np.array([0, 2, 0])  # (N,)
PREDICTIONS = np.array([[2.0, 0.5], [-1.0, 3.0], [0.25, -2.0]])  # (N, D)
TARGETS = np.array([[1.0, 0.5], [1.0, 0.0], [0.0, 0.5]])  # (N, D)


@dataclass(frozen=True)
class Example:
    """What both sides are given, and how each is run; `there` ends in a function whose source is shown."""

    given: dict[str, Array]
    here: Callable[[], Any]
    there: Callable[[], Any]
    shown: Callable[..., Any] | None = None  # how torch is asked for the way back


def dense(ours: Any, theirs: Any) -> Example:
    """A layer that learns."""
    layer, twin = ours(*WEIGHTS.shape), theirs(*WEIGHTS.shape)
    layer.weights[...], layer.biases[...] = WEIGHTS, BIASES
    twin.load_state_dict({"weight": torch.tensor(WEIGHTS.T), "bias": torch.tensor(BIASES[0])})
    given = {"inputs": INPUTS, "weights": WEIGHTS, "biases": BIASES, "dvalues": _upstream(3, 4)}
    return _layer(layer, twin, given, autograd_dense)


def activation(ours: Any, theirs: Any) -> Example:
    """A layer without parameters."""
    return _layer(ours(), theirs(), {"inputs": NETS, "dvalues": _upstream(3, 3)}, autograd)


def loss(ours: Any, theirs: Any) -> Example:
    """A loss, on what it compares: classes or values."""
    classifies = "labels" in _arguments(ours.forward)
    inputs = (LOGITS if hasattr(ours(), "softmax") else PROBABILITIES) if classifies else PREDICTIONS
    wanted = LABELS if classifies else TARGETS
    rule, twin = ours(), theirs()

    def here() -> None:
        rule.forward(inputs, wanted)
        rule.backward()

    there = partial(autograd_loss, twin, torch.tensor(inputs), torch.tensor(wanted))
    return Example({"inputs": inputs, "labels" if classifies else "targets": wanted}, here, there, autograd_loss)


def accuracy(ours: Any, theirs: Any) -> Example:
    """A share of right answers; the first sample has a tie."""
    outputs = np.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [0.3, 0.6, 0.1]])
    return Example(
        {"outputs": outputs, "labels": LABELS},
        lambda: ours(outputs, LABELS),
        lambda: theirs(torch.tensor(outputs), torch.tensor(LABELS)),
    )


def network(ours: Any, theirs: Any) -> Example:
    """A network of 2-3-3 with its loss."""
    mine, twin = networks(ours, theirs)

    def here() -> None:
        mine.loss.forward(mine.forward(INPUTS), LABELS)
        mine.backward()

    given = {"inputs": INPUTS, "labels": LABELS, **{name: array.copy() for name, array in mine.parameters().items()}}
    there = partial(autograd_network, twin, torch.tensor(INPUTS), torch.tensor(LABELS))
    return Example(given, here, there, autograd_network)


def optimizer(ours: Any, theirs: Any) -> Example:
    """The second update of one neuron with momentum, under decay."""
    mine, twin = scratch.Network({"dense1": scratch.Dense(2, 1)}), reference.Network({"dense1": reference.Dense(2, 1)})
    layer = mine.layers["dense1"]
    layer.weights[...], layer.biases[...] = [[0.5], [-1.0]], [[0.25]]
    layer.dweights, layer.dbiases = np.array([[2.0], [-4.0]]), np.array([[1.0]])
    velocities = {"dense1.weights": np.array([[-0.5], [0.25]]), "dense1.biases": np.array([[0.125]])}
    rule, other = ours(0.2, decay=0.5, momentum=0.5), theirs(0.2, decay=0.5, momentum=0.5)
    rule.iterations = other.iterations = 1
    rule.velocities = {name: velocity.copy() for name, velocity in velocities.items()}
    transplant.load(twin, mine.parameters())
    transplant.load_velocities(other, twin, velocities)
    for name, parameter in transplant.table(twin).items():
        parameter.grad = transplant.to_torch_layout(mine.gradients()[name]).reshape(parameter.shape)
    given = {"weights": layer.weights.copy(), "gradient": layer.dweights, "velocity": velocities["dense1.weights"]}
    return Example(given, lambda: rule.update(mine), lambda: other.update(twin))


def training(ours: Any, theirs: Any) -> Example:
    """Two updates of a network of 2-3-3."""
    mine, twin = networks(scratch.Network, reference.Network)
    rules = scratch.SGD(0.2, 0.001, 0.8), reference.SGD(0.2, 0.001, 0.8)
    return Example(
        {"inputs": INPUTS, "labels": LABELS},
        lambda: ours(mine, rules[0], INPUTS, LABELS, 2),
        lambda: theirs(twin, rules[1], INPUTS, LABELS, 2),
    )


def transplanting(ours: Any, theirs: Any) -> Example:
    """Parameters there and back."""
    mine, twin = networks(scratch.Network, reference.Network)

    def there() -> None:
        theirs.load(twin, mine.parameters())
        theirs.read(twin)

    return Example(dict(mine.parameters()), mine.parameters, there)


def networks(ours: Any, theirs: Any) -> tuple[Any, Any]:
    """The same network of 2-3-3 on both sides."""
    sizes = {"dense1": (2, 3), "relu1": (), "dense2": (3, 3)}
    mine = ours(
        {n: scratch.Dense(*s) if s else scratch.ReLU() for n, s in sizes.items()}, scratch.SoftmaxCrossEntropy()
    )
    twin = theirs(
        {n: reference.Dense(*s) if s else reference.ReLU() for n, s in sizes.items()}, reference.SoftmaxCrossEntropy()
    )
    for name, parameter in mine.parameters().items():
        parameter[...] = START[name]
    transplant.load(twin, mine.parameters())
    return mine, twin


START = {  # the first parameters of the network of 2-3-3, in tenths and quarters
    "dense1.weights": np.array([[0.5, -1.0, 0.25], [1.0, 0.5, -0.5]]),
    "dense1.biases": np.array([[0.1, 0.2, -0.1]]),
    "dense2.weights": np.array([[1.0, -0.5, 0.25], [0.5, 1.0, -1.0], [-0.25, 0.75, 0.5]]),
    "dense2.biases": np.array([[0.0, 0.1, -0.2]]),
}


def autograd_dense(layer: nn.Linear, inputs: Tensor, dvalues: Tensor) -> Seen:
    """Asks autograd for a Dense layer's three gradients."""
    output: Tensor = layer(inputs.requires_grad_())
    output.backward(dvalues)
    dweights = layer.weight.grad
    dbiases = layer.bias.grad
    dinputs = inputs.grad
    return output, dweights, dbiases, dinputs


def autograd(layer: nn.Module, inputs: Tensor, dvalues: Tensor) -> Seen:
    """Asks autograd for the gradient of a layer's inputs."""
    output: Tensor = layer(inputs.requires_grad_())
    output.backward(dvalues)
    dinputs = inputs.grad
    return output, dinputs


def autograd_loss(rule: nn.Module, inputs: Tensor, labels: Tensor) -> Seen:
    """Asks autograd for the first gradient of the way back."""
    loss: Tensor = rule(inputs.requires_grad_(), labels)
    loss.backward()
    dinputs = inputs.grad
    return loss, dinputs


def autograd_network(network: reference.Network, inputs: Tensor, labels: Tensor) -> Seen:
    """Asks autograd for the gradients of everything at once."""
    assert network.loss is not None
    loss: Tensor = network.loss(network(inputs.requires_grad_()), labels)
    loss.backward()
    dvalues = inputs.grad
    return loss, dvalues


def _layer(layer: Any, twin: Any, given: dict[str, Array], shown: Callable[..., Seen]) -> Example:
    def here() -> None:
        layer.forward(given["inputs"])
        layer.backward(given["dvalues"])

    there = partial(shown, twin, torch.tensor(given["inputs"]), torch.tensor(given["dvalues"]))
    return Example(given, here, there, shown)


def _upstream(rows: int, columns: int) -> Array:
    """A gradient from above in quarters, no two rows alike."""
    return (np.arange(rows * columns).reshape(rows, columns) * 3 % 7 - 3) / 4


BUILDERS: dict[str, Callable[[Any, Any], Example]] = {
    "dense": dense,
    "accuracy": accuracy,
    "network": network,
    "sgd": optimizer,
    "train": training,
    "transplant": transplanting,
}


def example(topic: str, ours: Any, theirs: Any) -> Example:
    """Returns a topic's example; losses and activations need none of their own."""
    if topic in BUILDERS:
        return BUILDERS[topic](ours, theirs)
    return loss(ours, theirs) if len(_arguments(ours.forward)) == 2 else activation(ours, theirs)


def _arguments(method: Callable[..., Any]) -> list[str]:
    """The names of what a method takes besides self."""
    return list(inspect.signature(method).parameters)[1:]
