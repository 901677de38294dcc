"""Faults in Dense and in how a network hands gradients on.

Axes: N samples, D inputs, H neurons.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import scratch
import scratch.training
from reports.faults.planting import Patch
from reports.faults.writing import after, around, back, fault, forth, instead, scaled
from scratch import Dense, Network

Array = np.ndarray


def bias_gradient(sum_up: Callable[[Array], Array]) -> Patch:
    """Dense.backward whose bias gradient is another function of dvalues (N, H); the penalties are left out."""
    return after(Dense, "backward", lambda self, g: setattr(self, "dbiases", sum_up(g)), wraps=False)


def weight_gradient(product: Callable[[Any, Array], Array]) -> Patch:
    """Dense.backward whose weight gradient is another function of the layer and dvalues; without the penalties."""
    return after(Dense, "backward", lambda self, g: setattr(self, "dweights", product(self, g)), wraps=False)


def penalty_gradient(slope: Callable[[Any], Array]) -> Patch:
    """Dense.backward with another penalty gradient of the weights than 2 * l2 * w (and l1 * sign(w))."""

    def disturb(self: Any, dvalues: Array) -> None:
        self.dweights = np.dot(self.inputs.T, dvalues) + self.weight_l1 * np.sign(self.weights) + slope(self)

    return after(Dense, "backward", disturb, wraps=False)


def accumulating(gradient: str) -> Patch:
    """Dense.backward that adds a gradient to the one of the call before."""

    def changed(original: Callable[..., Any], self: Any, dvalues: Array) -> Any:
        before = np.copy(getattr(self, gradient, 0))  # the layer fills the same array again
        original(self, dvalues)
        setattr(self, gradient, before + getattr(self, gradient))
        return self.dinputs

    return around(Dense, "backward", changed)


def sample_by_sample(samples: Callable[[int], range]) -> Patch:
    """Dense.backward that adds up outer products of single samples, of some of them only."""

    def product(self: Any, dvalues: Array) -> Array:
        total = np.zeros_like(self.weights)
        for n in samples(len(dvalues)):
            total += np.outer(self.inputs[n], dvalues[n])
        return total

    return weight_gradient(product)


def random_buffers(original: Callable[..., Any]) -> Callable[..., Any]:
    """Dense.backward that adds its gradient to a buffer of random numbers."""
    rng = np.random.default_rng(0)

    def backward(self: Any, dvalues: Array) -> Any:
        original(self, dvalues)
        self.dweights = 0.1 * rng.standard_normal(self.weights.shape).astype(self.weights.dtype) + self.dweights
        return self.dinputs

    return backward


def knows_its_rule(
    original: Callable[..., Iterator[Any]], network: Any, optimizer: Any, *arguments: Any, **settings: Any
) -> Iterator[Any]:
    """Training.steps that tells every Dense the optimizer which will update it."""
    for layer in network.dense_layers().values():
        layer.rule = optimizer
    yield from original(network, optimizer, *arguments, **settings)


def through_moved_weights(self: Any, dvalues: Array) -> None:
    """Sends the gradient back through weights that have already made their step."""
    rate = self.rule.learning_rate / (1 + self.rule.decay * self.rule.iterations)
    self.dinputs = np.dot(dvalues, (self.weights - rate * self.dweights).T)


def biases_before_the_activation(original: Callable[..., Any], self: Any) -> Any:
    """Network.backward that sums each bias gradient over what came to the activation, not over what left it."""
    dinputs = original(self)
    layers = list(self.layers.values())
    for dense, activation, following in zip(layers, layers[1:], layers[2:], strict=False):
        if isinstance(dense, Dense) and not isinstance(activation, Dense):
            dense.dbiases = following.dinputs.sum(axis=0, keepdims=True)
    return dinputs


def one_cache(original: Callable[..., Any], self: Any, inputs: Array) -> Any:
    """Network.forward whose Dense layers all remember the inputs of the last of them."""
    output = original(self, inputs)
    *earlier, last = self.dense_layers().values()
    for layer in earlier:
        layer.inputs = last.inputs
    return output


def one_buffer(original: Callable[..., Any]) -> Callable[..., Any]:
    """Dense.forward that writes into a buffer which all layers of one output shape share."""
    buffers: dict[Any, Array] = {}

    def forward(self: Any, inputs: Array) -> Array:
        output = original(self, inputs)
        buffer = buffers.setdefault((output.shape, output.dtype), np.empty_like(output))
        buffer[...] = output
        return forth(self, buffer)

    return forward


def stale_gradients(original: Callable[..., Any], self: Any) -> Any:
    """Network.gradients that goes on returning the copies of its first call."""
    if not hasattr(self, "kept"):
        self.kept = {name: gradient.copy() for name, gradient in original(self).items()}
    return self.kept


def plain_dense(dinputs: Callable[[Any, Array], Array]) -> Patch:
    """Dense.backward whose gradient of the inputs is another function of the layer and dvalues."""
    return after(Dense, "backward", lambda self, g: back(self, dinputs(self, g)), wraps=False)


def norm_penalty(self: Any) -> Any:
    """Dense.penalty with the length of the weights in place of its square."""
    total = self.weight_l1 * np.sum(np.abs(self.weights)) + self.weight_l2 * np.linalg.norm(self.weights)
    return total + self.bias_l1 * np.sum(np.abs(self.biases)) + self.bias_l2 * np.sum(self.biases * self.biases)


FAULTS = (
    # forward
    fault("bias not added", "L26", "relu", "forward/dense1", "The biases are never added.",
          around(Dense, "forward", lambda right, self, x: forth(self, right(self, x) - self.biases))),
    fault("bias subtracted", "L27", "smooth", "forward/dense1", "The biases are subtracted, not added.",
          around(Dense, "forward", lambda right, self, x: forth(self, right(self, x) - 2 * self.biases))),
    fault("bias added twice", "L28", "half-sum", "forward/dense1", "The biases are added twice.",
          around(Dense, "forward", lambda right, self, x: forth(self, right(self, x) + self.biases))),
    fault("bias per sample", "L29", "square", "forward/dense1", "A bias is added to each sample, not to each neuron.",
          after(Dense, "forward", lambda self, x: forth(self, x @ self.weights + self.biases.T), wraps=False)),
    fault("weights transposed in forward", "L10", "square", "forward/dense1", "The weights are transposed in forward.",
          after(Dense, "forward", lambda self, x: forth(self, x @ self.weights.T + self.biases), wraps=False)),
    fault("weights transposed, by einsum", "L10", "square", "forward/dense1", "The einsum sums over neurons.",
          after(Dense, "forward",
                lambda self, x: forth(self, np.einsum("nd,hd->nh", x, self.weights) + self.biases), wraps=False),
          other_form=True),
    fault("one output buffer for all", "L30", "square", "forward/dense1",
          "All Dense layers of one shape write into one buffer, so the last overwrites the first.",
          Patch(Dense, "forward", one_buffer), other_form=True),
    fault("inputs rounded to float32", "T11", "relu", "forward/dense1",
          "The net's inputs pass through float32 inside a float64 network.",
          around(Network, "forward",
                 lambda right, self, x: right(self, x.astype(np.float32).astype(x.dtype))), other_form=True),
    fault("inputs centred per batch", "T13", "batches", "forward/dense1",
          "Each batch is centred by its own mean before it enters the network.",
          around(Network, "forward", lambda right, self, x: right(self, x - x.mean(axis=0, keepdims=True)))),
    # the gradient of the weights
    fault("gradients averaged in the layer too", "L2", "relu", "gradient/dense3.weights",
          "The gradients of weights and biases are divided by the batch size though the loss has done so.",
          scaled(Dense, "backward", "dweights dbiases", lambda self: 1 / len(self.inputs))),
    fault("every layer divides what it passes on", "L2", "smooth", "gradient/dense3.weights",
          "Each layer divides the gradient that comes to it by the batch size once more.",
          around(Dense, "backward", lambda right, self, g: right(self, g / len(g))), other_form=True),
    fault("weight gradient transposed", "L12", "square", "gradient/dense2.weights",
          "The gradient of the weights is transposed.",
          after(Dense, "backward", lambda self, g: setattr(self, "dweights", self.dweights.T.copy()))),
    fault("weight gradient transposed, by einsum", "L12", "square", "gradient/dense2.weights",
          "The einsum of the weight gradient has its output letters swapped.",
          weight_gradient(lambda self, g: np.einsum("nd,nh->hd", self.inputs, g)), other_form=True),
    fault("weight gradients accumulate", "L15", "relu", "gradient/dense3.weights",
          "The gradients of the weights are added to those of the step before.", accumulating("dweights")),
    fault("bias gradients accumulate", "L15", "batches", "gradient/dense2.biases",
          "The gradients of the biases are added to those of the step before.", accumulating("dbiases")),
    fault("random gradient buffers", "L17", "smooth", "gradient/dense3.weights",
          "The gradient is added to a buffer of random numbers.",
          Patch(Dense, "backward", random_buffers, wraps=True), other_form=True),
    fault("error times weights", "L21", "relu", "gradient/dense3.weights",
          "The weight gradient is the mean error times the weights: no gradient at all.",
          weight_gradient(lambda self, g: np.abs(g).mean() * self.weights)),
    fault("last sample left out", "L31", "relu", "gradient/dense3.weights",
          "The loop over the samples ends one too early.",
          sample_by_sample(lambda samples: range(samples - 1)), other_form=True),
    fault("first sample left out", "L31", "half-sum", "gradient/dense2.weights",
          "The loop over the samples starts at 1.",
          sample_by_sample(lambda samples: range(1, samples)), other_form=True),
    fault("weight gradient off by 1e-11", "L32", "smooth", "gradient/dense3.weights",
          "The weight gradient is too large by one part in a hundred billion.",
          scaled(Dense, "backward", "dweights", 1 + 1e-11)),
    fault("neurons' gradients in each other's place", "L33", "relu", "gradient/dense3.weights",
          "Each neuron gets the weight gradient of its neighbour.",
          after(Dense, "backward", lambda self, g: setattr(self, "dweights", np.roll(self.dweights, 1, axis=1))),
          other_form=True),
    fault("one cache for all Dense", "L14", "square", "gradient/dense1.weights",
          "One object keeps the inputs of all Dense layers, so that it holds those of the last.",
          around(Network, "forward", one_cache), other_form=True),
    fault("stale gradients", "L18", "relu", "gradient/dense3.weights",
          "The optimizer reads copies of the gradients that were made at the first step.",
          around(Network, "gradients", stale_gradients, wraps=False), other_form=True),
    # the gradient of the biases
    fault("bias gradient averaged", "L5", "relu", "gradient/dense3.biases",
          "The bias gradient is a mean over the samples, the weight gradient a sum.",
          bias_gradient(lambda g: g.mean(axis=0, keepdims=True))),
    fault("bias gradient averaged, by einsum", "L5", "regression", "gradient/dense2.biases",
          "The bias gradient is divided by the batch size once more.",
          bias_gradient(lambda g: np.einsum("nh->h", g)[np.newaxis] / g.shape[0]), other_form=True),
    fault("bias gradient summed over all", "L6", "regression", "gradient/dense2.biases",
          "The bias gradient is summed over the neurons too: all its entries are equal.",
          bias_gradient(lambda g: np.full((1, g.shape[1]), g.sum(), g.dtype))),
    fault("bias gradient over the wrong axis", "L7", "square", "gradient/dense2.biases",
          "The bias gradient is summed over the neurons, not over the samples.",
          bias_gradient(lambda g: g.sum(axis=1).reshape(1, -1))),
    fault("bias gradient over the wrong axis, primes", "L7", "relu", "gradient/dense3.biases",
          "The bias gradient is summed over the neurons, so it has an entry per sample.",
          bias_gradient(lambda g: g.sum(axis=1, keepdims=True).T)),
    fault("bias gradient over the wrong axis, by a loop", "L7", "square", "gradient/dense2.biases",
          "The loop that sums the bias gradient runs over columns.",
          bias_gradient(lambda g: np.array([[row.sum() for row in g]])), other_form=True),
    fault("bias gradient not summed", "L8", "smooth", "gradient/dense3.biases",
          "The bias gradient is that of every sample, not their sum.", bias_gradient(lambda g: g.copy())),
    fault("bias gradient from the weights' product", "L9", "relu", "gradient/dense3.biases",
          "The bias gradient is summed over the weight gradient.",
          after(Dense, "backward", lambda self, g: setattr(self, "dbiases", self.dweights.sum(0, keepdims=True)),
                wraps=False)),
    fault("bias gradient before the activation", "L25", "relu", "gradient/dense2.biases",
          "The bias gradient is taken before the activation's derivative.",
          around(Network, "backward", biases_before_the_activation), other_form=True),
    # the gradient of the inputs
    fault("weights not transposed in backward", "L11", "square", "backward/dense2",
          "The gradient goes back through the weights where it must go through their transpose.",
          plain_dense(lambda self, g: g @ self.weights)),
    fault("weights not transposed, by tensordot", "L11", "square", "backward/dense2",
          "tensordot joins the wrong axis of the weights.",
          plain_dense(lambda self, g: np.tensordot(g, self.weights, axes=(1, 0))), other_form=True),
    fault("updated weights in backward", "L13", "smooth", "backward/dense3",
          "The gradient goes back through weights that have been updated already.",
          *(around(owner, "steps", knows_its_rule) for owner in (scratch, scratch.training)),
          after(Dense, "backward", through_moved_weights, wraps=False), other_form=True),
    fault("float32 inside a float64 backward", "T11", "relu", "backward/dense3",
          "The gradient of the inputs passes through float32 in a float64 network.",
          after(Dense, "backward",
                lambda self, g: back(self, self.dinputs.astype(np.float32).astype(self.dinputs.dtype)))),
    # penalties
    fault("penalty overwrites the gradient", "L16", "penalties", "gradient/dense2.weights",
          "The gradient of the L2 penalty replaces the gradient of the loss: = where += belongs.",
          weight_gradient(lambda self, g: 2 * self.weight_l2 * self.weights)),
    fault("penalty missing in the loss", "S26", "penalties", "loss/penalty",
          "The penalties act on the gradient but are not in the loss.",
          instead(Dense, "penalty", lambda self: self.weights.dtype.type(0))),
    fault("penalty missing in the gradient", "S26", "penalties", "gradient/dense2.weights",
          "The L2 penalty is in the loss but not in the gradient.",
          penalty_gradient(lambda self: np.zeros_like(self.weights))),
    fault("penalty halved in the loss", "S26", "penalties", "loss/penalty",
          "The loss holds half the penalty whose derivative the gradient holds.",
          around(Dense, "penalty", lambda right, self: right(self) / 2), other_form=True),
    fault("L2 gradient without the 2", "O9", "penalties", "gradient/dense2.weights",
          "The L2 penalty's gradient is l2 * w; the derivative of l2 * w^2 has a 2.",
          penalty_gradient(lambda self: self.weight_l2 * self.weights)),
    fault("L2 gradient of the wrong sign", "O10", "penalties", "gradient/dense2.weights",
          "The L2 penalty makes the weights grow.",
          penalty_gradient(lambda self: -2 * self.weight_l2 * self.weights)),
    fault("L2 gradient divided by N", "O12", "penalties", "gradient/dense2.weights",
          "The L2 penalty's gradient is divided by the batch size, its loss is not.",
          penalty_gradient(lambda self: 2 * self.weight_l2 * self.weights / len(self.inputs))),
    fault("norm in place of its square", "O13", "penalties", "loss/penalty",
          "The L2 penalty is the length of the weights, not its square.", instead(Dense, "penalty", norm_penalty)),
    fault("gradient of the norm", "O13", "penalties", "gradient/dense2.weights",
          "The L2 penalty's gradient is that of the weights' length.",
          penalty_gradient(lambda self: self.weight_l2 * self.weights / np.linalg.norm(self.weights))),
    fault("L1 slope of 1 at zero", "O25", "penalties", "gradient/dense2.biases",
          "The L1 penalty's gradient is +1 at exactly 0, where sign(0) is 0: biases start there.",
          after(Dense, "backward",
                lambda self, g: setattr(self, "dbiases", self.dbiases + self.bias_l1 * (self.biases == 0)))),
    fault("L1 without absolute values", "O26", "penalties", "loss/penalty",
          "The L1 penalty sums the weights, not their sizes.",
          around(Dense, "penalty", lambda right, self: right(self)
                 - self.weight_l1 * np.sum(np.abs(self.weights) - self.weights))),
    fault("only the last layer's penalty", "O27", "penalties", "loss/penalty",
          "The loss holds the penalty of the last layer alone.",
          instead(Network, "penalty", lambda self: [layer.penalty() for layer in self.dense_layers().values()][-1]),
          other_form=True),
)  # fmt: skip
