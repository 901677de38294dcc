"""Faults in SGD, in the training loop, and in the accuracy that it prints.

Axes: N samples, C classes; each parameter has the shape of its gradient.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import scratch
import scratch.training
from reports.faults.planting import Patch
from reports.faults.writing import around, fault, instead
from scratch import SGD

Array = np.ndarray


def lecture_rate(self: Any) -> float:
    """The right rate: learning_rate / (1 + decay k)."""
    return self.learning_rate * (1 / (1 + self.decay * self.iterations))


def velocity_of(self: Any, name: str, parameter: Array) -> Array:
    """A parameter's velocity, zero before its first update."""
    return self.velocities.setdefault(name, np.zeros_like(parameter))


def lecture_move(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """The right move: v <- momentum * v - rate * g, w <- w + v; without momentum w <- w - rate * g."""
    if not self.momentum:
        parameter -= self.current_learning_rate * gradient
        return
    velocity = velocity_of(self, name, parameter)
    velocity *= self.momentum
    velocity -= self.current_learning_rate * gradient
    parameter += velocity


def update(rate: Callable[[Any], float] = lecture_rate, move: Callable[..., None] = lecture_move) -> Patch:
    """SGD.update with another rate, or another move of a parameter."""

    def changed(self: Any, network: Any) -> None:
        self.current_learning_rate = rate(self)
        gradients = network.gradients()
        for name, parameter in network.parameters().items():
            move(self, name, parameter, gradients[name])
        self.iterations += 1

    return instead(SGD, "update", changed)


def compounding(self: Any) -> float:
    """A rate that is multiplied by 1 / (1 + decay k) again at every update."""
    return self.current_learning_rate * (1 / (1 + self.decay * self.iterations))


def counted_ahead(original: Callable[..., Any], self: Any, network: Any) -> None:
    """SGD.update that counts before it computes the rate."""
    self.iterations += 1
    original(self, network)
    self.iterations -= 1


def per_epoch(self: Any, network: Any) -> None:
    """Moves all parameters at a rate that falls once per epoch; an epoch ends with its smaller, last batch."""
    size = len(next(iter(network.layers.values())).inputs)
    self.epoch, self.largest = getattr(self, "epoch", 0), max(getattr(self, "largest", 0), size)
    self.current_learning_rate = self.learning_rate * (1 / (1 + self.decay * self.epoch))
    for name, parameter in network.parameters().items():
        lecture_move(self, name, parameter, network.gradients()[name])
    self.iterations += 1
    self.epoch += size < self.largest


def torch_move(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """The rule of torch: v <- momentum * v + g, w <- w - rate * v."""
    velocity = velocity_of(self, name, parameter)
    velocity *= self.momentum
    velocity += gradient
    parameter -= self.current_learning_rate * velocity


def torch_move_in_disguise(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """The rule of torch, whose step (rate and sign included) is left where the lecture leaves its velocity."""
    buffers = self.__dict__.setdefault("buffers", {})
    buffers[name] = self.momentum * buffers.get(name, np.zeros_like(parameter)) + gradient
    self.velocities[name] = -self.current_learning_rate * buffers[name]
    parameter += self.velocities[name]


def damped(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """The move v <- momentum * v - (1 - momentum) * rate * g, w <- w + v."""
    lecture_move(self, name, parameter, (1 - self.momentum) * gradient)


def last_step_only(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """Momentum that remembers the last raw step, and nothing of those before."""
    velocity = velocity_of(self, name, parameter)
    raw = -self.current_learning_rate * gradient
    parameter += self.momentum * velocity + raw
    velocity[...] = raw


def nesterov(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """Nesterov's move: a look ahead along the new velocity."""
    velocity = velocity_of(self, name, parameter)
    velocity *= self.momentum
    velocity -= self.current_learning_rate * gradient
    parameter += self.momentum * velocity - self.current_learning_rate * gradient


def uphill(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """A move along the gradient, not against it."""
    lecture_move(self, name, parameter, -gradient)


def biases_without_momentum(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """The lecture's move for weights, and one without a past for biases."""
    if name.endswith("biases"):
        velocity_of(self, name, parameter)[...] = 0
    lecture_move(self, name, parameter, gradient)


def one_step_behind(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """A move along the gradient of the step before."""
    kept = self.__dict__.setdefault("kept", {})
    lecture_move(self, name, parameter, kept.get(name, gradient))
    kept[name] = gradient.copy()


def rate_before(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """A move at the rate of the update before; the printed rate is right."""
    late = self.learning_rate * (1 / (1 + self.decay * max(self.iterations - 1, 0)))
    parameter -= late * gradient


def scaled_gradient(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """A move that multiplies the rate into the gradient's own memory."""
    gradient *= self.current_learning_rate
    velocity = velocity_of(self, name, parameter)
    velocity *= self.momentum
    velocity -= gradient
    parameter += velocity


def one_entry_stuck(self: Any, name: str, parameter: Array, gradient: Array) -> None:
    """The lecture's move, but for each parameter's first entry."""
    first = parameter.flat[0]
    lecture_move(self, name, parameter, gradient)
    parameter.flat[0] = first


def forgetful(original: Callable[..., Any], self: Any, network: Any) -> None:
    """SGD.update that starts from no velocity every time."""
    self.velocities = {}
    original(self, network)


def shared_velocities(original: Callable[..., Any]) -> Callable[..., Any]:
    """SGD.__init__ whose velocities outlive the optimizer: the next one starts with them."""
    shared: dict[str, Array] = {}

    def init(self: Any, *arguments: Any, **settings: Any) -> None:
        original(self, *arguments, **settings)
        self.velocities = shared

    return init


def skips_a_count(original: Callable[..., Any], self: Any, network: Any) -> None:
    """SGD.update that does not count one of its updates."""
    original(self, network)
    if self.iterations == 2 and not hasattr(self, "skipped"):
        self.skipped = True
        self.iterations -= 1


def loses_its_velocity_once(original: Callable[..., Any], self: Any, network: Any) -> None:
    """SGD.update that begins its third update with velocities of zero."""
    if self.iterations == 2:
        for velocity in self.velocities.values():
            velocity[...] = 0
    original(self, network)


def hidden_decay(original: Callable[..., Any], self: Any, network: Any) -> None:
    """SGD.update that shrinks every parameter by 1e-12 of itself."""
    original(self, network)
    for parameter in network.parameters().values():
        parameter *= 1 - 1e-12


def decoupled_decay(original: Callable[..., Any], self: Any, network: Any) -> None:
    """SGD.update that decays the weights once more, by the layer's L2 and without the rate."""
    for layer in network.dense_layers().values():
        layer.weights *= 1 - 2 * layer.weight_l2
    original(self, network)


def keeps(layer: int) -> Callable[..., None]:
    """SGD.update after which one Dense has its parameters back."""

    def changed(original: Callable[..., Any], self: Any, network: Any) -> None:
        dense = list(network.dense_layers().values())[layer]
        kept = dense.weights.copy(), dense.biases.copy()
        original(self, network)
        dense.weights[...], dense.biases[...] = kept

    return changed


def stepping(change: Callable[..., Iterator[Any]]) -> tuple[Patch, ...]:
    """Training's `steps`, under both names by which it is reached."""
    return tuple(around(owner, "steps", change) for owner in (scratch, scratch.training))


def labels_rolled(
    original: Callable[..., Iterator[Any]],
    network: Any,
    rule: Any,
    inputs: Array,
    labels: Array,
    *rest: Any,
    **more: Any,
) -> Iterator[Any]:
    """Training.steps on labels that have moved on by one sample."""
    yield from original(network, rule, inputs, np.roll(labels, 1, axis=0), *rest, **more)


def a_sample_twice(
    original: Callable[..., Iterator[Any]], network: Any, rule: Any, inputs: Array, labels: Array, epochs: int,
    batches: Callable[[int], list[Array]] | None = None,
) -> Iterator[Any]:  # fmt: skip
    """Training.steps that takes a batch's second sample for its first too, and says that it took the batch."""

    def doubled(epoch: int) -> list[Array]:
        assert batches is not None
        return [np.concatenate([batch[1:2], batch[1:]]) for batch in batches(epoch)]

    if batches is None:
        yield from original(network, rule, inputs, labels, epochs)
        return
    told = (batch for epoch in range(epochs) for batch in batches(epoch))
    for step, batch in zip(original(network, rule, inputs, labels, epochs, doubled), told, strict=True):
        yield step._replace(batch=batch)


def prints_the_data_loss(original: Callable[..., Iterator[Any]], *arguments: Any, **settings: Any) -> Iterator[Any]:
    """Training.steps that tells the loss without the penalties."""
    for step in original(*arguments, **settings):
        yield step._replace(loss=step.data_loss)


def prints_the_loss_before(original: Callable[..., Iterator[Any]], *arguments: Any, **settings: Any) -> Iterator[Any]:
    """Training.steps that tells the loss of the update before."""
    before = None
    for step in original(*arguments, **settings):
        yield step if before is None else step._replace(loss=before)
        before = step.loss


def accuracy(hits: Callable[[Array, Array], Any]) -> Patch:
    """Another accuracy, of outputs (N, C) and class indices (N,)."""

    def changed(outputs: Array, labels: Array) -> float:
        indices = labels if labels.ndim == 1 else labels.argmax(axis=1)
        return float(np.mean(hits(outputs, indices)))

    return instead(scratch.training, "accuracy", changed)


VELOCITY, WEIGHTS = "state/dense1.weights", "parameter/dense1.weights"
FAULTS = (
    # the learning rate
    fault("decay one update early", "O6", "relu", "learning_rate", "The first update has a smaller rate already.",
          update(lambda self: self.learning_rate / (1 + self.decay * (self.iterations + 1)))),
    fault("decay one update early, by its counter", "O6", "smooth", "learning_rate",
          "The counter is moved before the rate is computed.", around(SGD, "update", counted_ahead), other_form=True),
    fault("decay one update late", "O6", "square", "learning_rate", "The second update has the first one's rate.",
          update(lambda self: self.learning_rate / (1 + self.decay * max(self.iterations - 1, 0)))),
    fault("decay compounds", "O7", "relu", "learning_rate",
          "The decayed rate is decayed again at every update.", update(compounding)),
    fault("decay counted per epoch", "O8", "batches", "learning_rate",
          "The rate falls once per epoch, not once per update.", instead(SGD, "update", per_epoch), other_form=True),
    fault("rate off by 1e-11", "O21", "distance", "learning_rate",
          "The rate is too large by one part in a hundred billion.",
          update(lambda self: lecture_rate(self) * (1 + 1e-11))),
    fault("rate rounded to float32", "T11", "regression", "learning_rate", "The rate passes through float32.",
          update(lambda self: float(np.float32(lecture_rate(self))))),
    fault("decay counter skips once", "O23", "relu", "learning_rate", "One update is not counted.",
          around(SGD, "update", skips_a_count), other_form=True),
    fault("decay ignored", "O28", "smooth", "learning_rate", "The rate never falls.",
          update(lambda self: self.learning_rate)),
    fault("linear decay", "O29", "batches", "learning_rate", "The rate falls by 1 - decay k, not by 1 / (1 + decay k).",
          update(lambda self: self.learning_rate * (1 - self.decay * self.iterations))),
    fault("exponential decay", "O29", "penalties", "learning_rate", "The rate falls by exp(-decay k).",
          update(lambda self: self.learning_rate * float(np.exp(-self.decay * self.iterations))), other_form=True),
    # momentum and the move
    fault("torch's momentum", "O1", "relu", VELOCITY, "The rate stands outside the velocity, as in torch.",
          update(move=torch_move)),
    fault("torch's momentum, step by step", "O1", "square", VELOCITY,
          "The whole velocity is multiplied by the newest rate.", update(move=torch_move_in_disguise),
          other_form=True),
    fault("gradient damped by 1 - momentum", "O2", "relu", VELOCITY,
          "The gradient enters the velocity with the factor 1 - momentum.", update(move=damped)),
    fault("momentum of the last step only", "O3", "relu", VELOCITY,
          "The velocity holds the last raw step, so that momentum does not build up.", update(move=last_step_only)),
    fault("velocity forgotten", "O3", "batches", VELOCITY, "The velocity starts from zero at every update.",
          around(SGD, "update", forgetful)),
    fault("velocity outlives its optimizer", "O4", "relu", VELOCITY,
          "A new optimizer starts with the velocities of the one before.",
          Patch(SGD, "__init__", shared_velocities, wraps=True), probe="one sample, start", other_form=True),
    fault("Nesterov's momentum", "O5", "relu", WEIGHTS, "The parameters look ahead along the new velocity.",
          update(move=nesterov)),
    fault("velocity lost once", "O24", "square", VELOCITY, "The velocities are set to zero once.",
          around(SGD, "update", loses_its_velocity_once), other_form=True),
    fault("biases without momentum", "O30", "batches", "state/dense1.biases", "Momentum acts on the weights alone.",
          update(move=biases_without_momentum)),
    fault("uphill", "L20", "regression", VELOCITY, "The parameters move along the gradient, not against it.",
          update(move=uphill)),
    fault("uphill without momentum", "L20", "smooth", WEIGHTS,
          "The parameters move along the gradient, not against it.", update(move=uphill)),
    fault("gradients of the step before", "L18", "square", VELOCITY,
          "The optimizer is one step behind.", update(move=one_step_behind), other_form=True),
    fault("rate of the update before", "O31", "smooth", WEIGHTS,
          "The printed rate is right, the parameters move at the one before.", update(move=rate_before)),
    fault("rate multiplied into the gradients", "L36", "relu", "gradient/dense3.weights",
          "The optimizer overwrites the gradients that it reads.", update(move=scaled_gradient)),
    fault("hidden weight decay", "O22", "relu", WEIGHTS, "Every update shrinks the parameters by 1e-12 of themselves.",
          around(SGD, "update", hidden_decay)),
    fault("decay outside the rate", "O12", "penalties", WEIGHTS,
          "The weights decay once more, by their L2 and without the learning rate.",
          around(SGD, "update", decoupled_decay)),
    fault("first layer never updated", "L19", "distance", WEIGHTS, "The first layer keeps its first parameters.",
          around(SGD, "update", keeps(0)), other_form=True),
    fault("last layer never updated", "L19", "relu", "parameter/dense3.weights",
          "The last layer keeps its first parameters.", around(SGD, "update", keeps(-1)), other_form=True),
    fault("one weight never updated", "O32", "half-sum", WEIGHTS, "The first entry of each parameter stays.",
          update(move=one_entry_stuck), other_form=True),
    # the loop
    fault("inputs and labels shuffled apart", "T3", "relu", "loss/samples", "The labels belong to other samples.",
          *stepping(labels_rolled), other_form=True),
    fault("a sample twice in its batch", "T4", "batches", "forward/dense1",
          "One sample of each batch is taken twice and another one never.", *stepping(a_sample_twice), other_form=True),
    fault("printed loss without penalties", "S23", "penalties", "loss",
          "The printed loss is not the one that is minimised.", *stepping(prints_the_data_loss)),
    fault("printed loss of the update before", "S40", "smooth", "loss", "The printed loss is one update old.",
          *stepping(prints_the_loss_before), other_form=True),
    # accuracy
    fault("accuracy by the largest of all", "T8", "relu", "accuracy",
          "A hit needs the largest probability of the whole batch.",
          accuracy(lambda p, y: p[np.arange(len(y)), y] == p.max())),
    fault("accuracy over the wrong axis", "T8", "batches", "accuracy",
          "The largest sample of each class is taken for the largest class of each sample.",
          accuracy(lambda p, y: p.argmax(axis=0)[y] == np.arange(len(y)))),
    fault("accuracy of the least likely", "T15", "relu", "accuracy", "A hit is the smallest probability.",
          accuracy(lambda p, y: p.argmin(axis=1) == y)),
    fault("accuracy rounded", "T16", "relu", "accuracy", "The accuracy is rounded before anybody computes with it.",
          around(scratch.training, "accuracy", lambda right, p, y: round(right(p, y), 2))),
    fault("accuracy by half a probability", "T15", "penalties", "accuracy",
          "A hit needs a probability above one half, which is a rule for two classes.",
          accuracy(lambda p, y: p[np.arange(len(y)), y] > 0.5)),
)  # fmt: skip
