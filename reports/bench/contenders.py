"""Who trains: each contender is an endless generator that yields the loss of each epoch, after its update.

All make the same work of an epoch: forward, softmax and cross-entropy, accuracy, backward, SGD with momentum under a
decaying rate. torch and JAX are written as their users write them; they do not make the gradient of the inputs,
which the lecture makes.
"""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from reports.bench.setting import MOMENTUM, RATE, Setting

Losses = Iterator[float]


def by_hand(setting: Setting) -> Losses:
    """`scratch` itself."""
    import scratch

    layers: dict[str, Any] = {}
    for k, ((n_inputs, n_neurons), (weights, biases)) in enumerate(
        zip(setting.sizes(), setting.parameters(), strict=True), start=1
    ):
        layers[f"dense{k}"] = scratch.Dense(n_inputs, n_neurons, dtype=setting.dtype)
        layers[f"dense{k}"].weights[...], layers[f"dense{k}"].biases[...] = weights, biases
        layers[f"relu{k}"] = scratch.ReLU()
    layers.popitem()
    network = scratch.Network(layers, loss=scratch.SoftmaxCrossEntropy())
    rule = scratch.SGD(RATE, setting.decay, MOMENTUM)
    for step in scratch.steps(network, rule, *setting.data(), epochs=10**9):
        yield float(step.loss)


def transcribed(setting: Setting) -> Losses:
    """The lecture's code as it stands."""
    from reports.bench.plain import train

    return train(setting.parameters(), *setting.data(), RATE, setting.decay, MOMENTUM)


def with_torch(setting: Setting, *, compiled: bool = False, **settings: Any) -> Losses:
    """Idiomatic torch; `settings` go to torch.optim.SGD."""
    import torch
    from torch.nn import functional as F

    layers: list[Any] = []
    for weights, biases in setting.parameters():
        n_inputs, n_neurons = weights.shape
        linear = torch.nn.Linear(n_inputs, n_neurons, dtype=getattr(torch, setting.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights.T.copy()))
            linear.bias.copy_(torch.tensor(biases[0]))
        layers += [linear, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM, **settings)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 / (1 + setting.decay * k))
    inputs, labels = setting.data()
    x, y = torch.tensor(inputs), torch.tensor(labels).long()

    def evaluate() -> tuple[Any, Any]:
        outputs = network(x)
        return F.cross_entropy(outputs, y), (outputs.argmax(dim=1) == y).sum()

    if compiled:
        evaluate = torch.compile(evaluate)
    while True:
        optimizer.zero_grad()
        loss, hits = evaluate()
        loss.backward()
        optimizer.step()
        schedule.step()
        hits.item()
        yield loss.item()


def with_jax(setting: Setting) -> Losses:
    """A step of JAX, jitted whole, its parameters donated."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", setting.dtype == "float64")
    inputs, labels = setting.data()
    x, y = jnp.asarray(inputs), jnp.asarray(labels, jnp.int32)

    def evaluate(parameters: Any) -> Any:
        values = x
        for weights, biases in parameters[:-1]:
            values = jax.nn.relu(values @ weights + biases)
        outputs = values @ parameters[-1][0] + parameters[-1][1]
        chosen = jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], axis=1)
        return -jnp.mean(chosen), jnp.mean(outputs.argmax(axis=1) == y)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(parameters: Any, velocities: Any, rate: Any) -> Any:
        (loss, hits), slopes = jax.value_and_grad(evaluate, has_aux=True)(parameters)
        velocities = jax.tree.map(lambda v, g: MOMENTUM * v - rate * g, velocities, slopes)
        return jax.tree.map(jnp.add, parameters, velocities), velocities, loss, hits

    parameters = jax.tree.map(jnp.asarray, setting.parameters())
    velocities = jax.tree.map(jnp.zeros_like, parameters)
    epoch = 0
    while True:
        rate = np.asarray(RATE / (1 + setting.decay * epoch), setting.dtype)
        parameters, velocities, loss, _ = step(parameters, velocities, rate)
        epoch += 1
        yield float(loss)


def products_alone(setting: Setting) -> Losses:
    """The floor: the matrix products of scratch's epoch into arrays that are there, and nothing else."""
    rng = np.random.default_rng(0)
    inputs, _ = setting.data()
    widths = [inputs.shape[1], *(n_neurons for _, n_neurons in setting.sizes())]
    values = [rng.standard_normal((setting.samples, width)).astype(setting.dtype) for width in widths]
    slopes = [array.copy() for array in values]
    weights = [weights for weights, _ in setting.parameters()]
    gradients = [array.copy() for array in weights]
    while True:
        for k, array in enumerate(weights):
            np.matmul(values[k], array, out=values[k + 1])
        for k in reversed(range(len(weights))):
            np.matmul(values[k].T, slopes[k + 1], out=gradients[k])
            np.matmul(slopes[k + 1], weights[k].T, out=slopes[k])
        for array in values[1:]:
            array.flat[0] = 0  # keeps nothing finite by itself; only the time counts
        yield float("nan")


Contender = Callable[[Setting], Losses]
CONTENDERS: dict[str, Contender] = {
    "scratch": by_hand,
    "plain transcription": transcribed,
    "torch eager": with_torch,
    "torch foreach": partial(with_torch, foreach=True),
    "torch fused": partial(with_torch, fused=True),
    "torch.compile": partial(with_torch, compiled=True),
    "JAX": with_jax,
    "products alone": products_alone,
}


def installed(names: list[str]) -> list[str]:
    """The contenders that can run here, in order."""
    return [name for name in names if name != "JAX" or find_spec("jax")]
