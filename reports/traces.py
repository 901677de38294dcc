"""Runs one side of a case: its data, its network, and one dict of named arrays per checked step.

Only this file (and planted faults) knows how each side is driven. Everything that leaves it owns its memory:
whoever keeps a value copies it at the moment it is read, because scratch may reuse its buffers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np
import torch

import reference
import scratch
from reference import observe, transplant
from reports.cases import Case

Array = np.ndarray
Trace = dict[str, Array]
ON_THE_WAY = ("forward/", "backward/", "loss/samples")  # rows between an update's start and what it ends with
ENDS = "ends"  # an answer of `checked`: only what the update ends with


@dataclass(frozen=True)
class Data:
    """What a case learns from: inputs, what its loss compares with, the batches of each epoch, the first weights."""

    inputs: Array
    labels: Array
    batches: Callable[[int], list[Array]] | None
    parameters: Trace


@dataclass(frozen=True)
class Pause:
    """One side's step: what it was given, where it started, and every value it computed."""

    epoch: int
    iteration: int
    inputs: Array
    labels: Array
    parameters: Trace  # at the start of the step
    velocities: Trace
    trace: Trace
    batch: Any = None  # the indices of its samples; None for all
    whole: bool = True  # False where the side gave up in the middle: the trace then holds what it had by then
    on_the_way: Trace = field(default_factory=dict)  # where only the ends were asked for: live arrays, not copies

    def filled(self) -> "Pause":
        """Returns the step with copies of what lies on the way; to be asked before the side goes on."""
        return replace(self, trace=copied(self.on_the_way) | self.trace, on_the_way={})

    def given(self, case: Case) -> Trace:
        """What both sides started from, under the names that the equations read: labels as one-hot rows."""
        labels = self.labels
        if case.classifies and labels.ndim == 1:
            labels = scratch.one_hot(labels, case.outputs)
        zeros = {name: np.zeros_like(parameter) for name, parameter in self.parameters.items()}
        return {
            "inputs": self.inputs,
            "labels": labels,
            "iteration": np.asarray(self.iteration),
            **{f"start/{name}": parameter for name, parameter in self.parameters.items()},
            **{f"velocity/{name}": velocity for name, velocity in (zeros | self.velocities).items()},
        }


def load(case: Case) -> Data:
    """Draws a case's data, batches and initial parameters from its seed, in its dtype."""
    rng = np.random.default_rng(case.seed)
    inputs, labels = getattr(scratch.datasets, case.data)(**case.data_settings, rng=rng)
    classes = case.data_settings.get("classes") or int(labels.max()) + 1
    inputs, labels = inputs[: case.first].astype(case.dtype), labels[: case.first]
    if case.targets == "one-hot":
        labels = scratch.one_hot(labels, classes).astype(case.dtype)
    elif case.targets == "class number":
        labels = labels.astype(case.dtype).reshape(-1, 1)
    batches = None
    if case.batch_size:
        shuffle = np.random.default_rng([case.seed, 1])
        order = [scratch.minibatches(len(inputs), case.batch_size, shuffle) for _ in range(case.epochs)]
        batches = order.__getitem__
    return Data(inputs, labels, batches, copied(build(scratch, case, rng).parameters()))


def build(side: ModuleType, case: Case, rng: np.random.Generator | None = None) -> Any:
    """Builds a case's network on one side, through the names that both sides share."""
    own = {"dtype": case.dtype, "rng": rng} if side is scratch else {"dtype": getattr(torch, case.dtype)}
    layers = {
        layer.name: getattr(side, layer.kind)(*layer.sizes, **dict(layer.settings), **own if layer.sizes else {})
        for layer in case.layers
    }
    device = {} if side is scratch else {"device": case.device}
    return side.Network(layers, getattr(side, case.loss)() if case.loss else None, **device)


def planted(side: ModuleType, case: Case, parameters: Mapping[str, Array]) -> Any:
    """Builds a case's network on one side with given parameters."""
    network = build(side, case)
    if side is reference:
        transplant.load(network, parameters)
        return network
    for name, parameter in network.parameters().items():
        parameter[...] = parameters[name]
    return network


def optimizer(side: ModuleType, case: Case) -> Any:
    """Builds a case's optimizer on one side."""
    return side.SGD(case.learning_rate, case.decay, case.momentum)


def scratch_steps(
    case: Case, data: Data, network: scratch.Network, checked: Callable[[int, scratch.Step, Any], bool | str]
) -> Iterator[tuple[scratch.Step | None, Pause | None]]:
    """Trains scratch freely; yields every Step, with a Pause when it is `checked(iteration, step, network)`.

    Where the answer is ENDS the Pause has copies of these alone, and what lies on the way as it stands in the layers.
    One copy of the state at each pause is the end of one step and the start of the next: what is lost or moved in
    between shows as a difference at the next step. A side that gives up in its first step yields what it had by then.
    Raises RuntimeError if reading the state has changed it, and whatever the side raises.
    """
    rule = optimizer(scratch, case)
    start: tuple[Trace, Trace] = (copied(network.parameters()), {})
    updates = enumerate(scratch.steps(network, rule, data.inputs, data.labels, case.epochs, data.batches))
    first = True
    while True:
        try:
            iteration, step = next(updates)
        except StopIteration:
            return
        except Exception:
            if first:
                yield None, _given_up(data, network, start[0])
            raise
        first = False
        end = copied(network.parameters()), copied(rule.velocities)
        pause = None
        if wanted := checked(iteration, step, network):
            trace = scratch_trace(case, network, step)
            live = {name: trace.pop(name) for name in [*trace] if wanted == ENDS and name.startswith(ON_THE_WAY)}
            trace = copied(trace) | _named("state", end[1]) | _named("parameter", end[0])
            samples = data.inputs[step.batch].copy(), data.labels[step.batch].copy()
            pause = Pause(step.epoch, iteration, *samples, *start, trace, step.batch, on_the_way=live)
        yield step, pause
        if pause and not (untouched(network.parameters(), end[0]) and untouched(rule.velocities, end[1])):
            raise RuntimeError(f"{case}: looking at epoch {step.epoch} has changed the network")
        start = end


def _given_up(data: Data, network: scratch.Network, start: Trace) -> Pause:
    """What a network that gave up in its very first step had computed by then; nothing in it is older."""
    batch = data.batches(0)[0] if data.batches else slice(None)
    parts = {**network.layers, "loss": network.loss}
    found = {f"forward/{name}": getattr(layer, "output", None) for name, layer in network.layers.items()}
    found["forward/probabilities"] = getattr(network.loss, "output", None)
    found["loss/samples"] = getattr(network.loss, "sample_losses", None)
    found |= {f"backward/{name}": getattr(part, "dinputs", None) for name, part in parts.items()}
    for name, layer in network.dense_layers().items():
        found[f"gradient/{name}.weights"] = getattr(layer, "dweights", None)
        found[f"gradient/{name}.biases"] = getattr(layer, "dbiases", None)
    trace = copied({name: array for name, array in found.items() if isinstance(array, np.ndarray)})
    return Pause(0, 0, data.inputs[batch].copy(), data.labels[batch].copy(), start, {}, trace, batch, whole=False)


def untouched(live: Mapping[str, Array], kept: Mapping[str, Array]) -> bool:
    """Whether the live state is still the kept copy, bit for bit."""
    return all(live[name].tobytes() == array.tobytes() for name, array in kept.items())


def reference_steps(case: Case, data: Data, network: reference.Network) -> Iterator[reference.Step]:
    """Trains the reference freely; yields every Step."""
    rule = optimizer(reference, case)
    yield from reference.steps(network, rule, data.inputs, data.labels, case.epochs, data.batches)


def scratch_trace(case: Case, network: scratch.Network, step: scratch.Step) -> dict[str, Any]:
    """Every value of scratch's last step as it stands in the layers, under the names of the report's rows."""
    loss = network.loss
    trace: dict[str, Any] = forward_trace(network)
    if hasattr(loss, "output"):
        trace["forward/probabilities"] = loss.output
    trace |= {"loss/samples": loss.sample_losses, "loss/data": step.data_loss, "loss": step.loss}
    if hasattr(loss, "printed"):
        trace["loss/printed"] = loss.printed
    trace["backward/loss"] = loss.dinputs
    trace |= {f"backward/{name}": layer.dinputs for name, layer in network.layers.items()}
    return trace | _named("gradient", network.gradients()) | printed(case, step)


def _named(stage: str, arrays: Mapping[str, Array]) -> Trace:
    """Arrays of parameters under the names of the report's rows."""
    return {f"{stage}/{name}": array for name, array in arrays.items()}


def reference_trace(case: Case, pause: Pause, network: reference.Network) -> Trace:
    """Takes the reference's own step from scratch's state: same batch, same start, its own rule and rate."""
    transplant.load(network, pause.parameters)
    rule = optimizer(reference, case)
    rule.iterations = pause.iteration
    transplant.load_velocities(rule, network, pause.velocities)
    with observe.Observer(network) as seen:
        (step,) = reference.steps(network, rule, pause.inputs, pause.labels, epochs=1)
        trace = seen.arrays()
    trace["loss"] = np.asarray(step.loss, case.dtype)
    trace |= {f"state/{name}": velocity for name, velocity in transplant.read_velocities(rule, network).items()}
    trace |= {f"parameter/{name}": parameter for name, parameter in transplant.read(network).items()}
    trace |= copied(printed(case, step))
    if case.penalised:
        trace["loss/penalty"] = trace["loss/penalty"].astype(case.dtype)
    return trace


def printed(case: Case, step: Any) -> dict[str, Any]:
    """The numbers of a Step that are not in every case."""
    numbers: dict[str, Any] = {"learning_rate": step.learning_rate}
    if case.penalised:
        numbers["loss/penalty"] = step.penalty
    if case.classifies:
        numbers["accuracy"] = step.accuracy
    return numbers


def forward_trace(network: scratch.Network) -> Trace:
    """Every layer's output."""
    return {f"forward/{name}": layer.output for name, layer in network.layers.items()}


def forward_only(case: Case, data: Data) -> tuple[Pause, Trace]:
    """Runs both sides of a case without a loss: scratch's Pause and the reference's trace."""
    network = planted(scratch, case, data.parameters)
    network.forward(data.inputs)
    pause = Pause(0, 0, data.inputs, data.labels, data.parameters, {}, copied(forward_trace(network)))
    twin = planted(reference, case, data.parameters)
    with observe.Observer(twin) as seen:
        twin(torch.tensor(data.inputs, device=twin.device))
        return pause, seen.arrays()


def predict(side: ModuleType, case: Case, network: Any, inputs: Array) -> Array:
    """Returns one side's outputs for any inputs."""
    if side is scratch:
        return np.array(network.forward(inputs.astype(case.dtype)))
    with torch.no_grad():
        outputs = network(torch.tensor(inputs.astype(case.dtype), device=network.device))
    return np.array(outputs.cpu().numpy())


def copied(arrays: Mapping[str, Any]) -> Trace:
    """Copies of arrays or numbers: nothing that leaves this file shares memory with a side."""
    return {name: np.array(array) for name, array in arrays.items()}
