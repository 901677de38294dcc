"""A file's own layers put together: dense, activation, dense, softmax loss, and a short training by its optimizer.

Every combination of its parts that can be driven is handed on; which parts are right is known in the parent alone.
Axes: B samples, D inputs, H hidden, C classes.
"""

import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from . import activations, losses, names, optimizers
from .arrays import Array, arrays, changed, copied, put, tree
from .calling import Failure, attempt, bound, instances
from .layer import Layer, forward_arguments, output_of
from .layer_gradients import gradients_of
from .signatures import required

B, D, H, C = 7, 5, 11, 3
UPDATES = 3
SECONDS = 1.0
MOST = 24  # combinations
HIDDEN = ("ReLU", "Tanh", "Sigmoid", "LeakyReLU")
ZERO = ("zerograd", "zerogradients", "zerograds", "resetgradients", "resetgrad", "cleargradients", "cleargrads")
SURPRISES = (Failure, KeyError, ValueError, TypeError, IndexError, AttributeError, StopIteration)
Part = dict[str, Any]


class _UnfitError(ValueError):
    """Parts that do not go together."""


def look_at(classes: dict[str, type], found: list[Part]) -> Part | None:
    """Returns the assembled networks of a file as plain data; None where a kind of part is not there."""
    own = [one for one in found if one["form"] in (1, 5) and one["name"] in classes]
    dense = [one for one in own if one["role"] == "dense" and one["layout"] == "rows"][:2]
    hidden = [one for one in own if one["role"] == "activation" and one["kind"] in HIDDEN]
    hidden = sorted(hidden, key=lambda one: HIDDEN.index(one["kind"]))[:2]
    ends = list(_ends(own))[:4]
    steps = [one for one in own if one["role"] == "optimizer" and one["runs"]][:5]
    if not dense or not hidden or not ends:
        return None
    ways: list[Part | None] = [*steps, None]  # without an update, should none of them be right
    until = time.monotonic() + SECONDS
    trials: list[Part] = []
    for layer, bend, (end, through), step in list(product(dense, hidden, ends, ways))[: 4 * MOST]:
        if time.monotonic() > until or len(trials) == MOST:
            break
        for labels in ("class indices", "one-hot"):
            parts = [one["name"] for one in (layer, bend, *end, step) if one]
            about = {"parts": parts, "labels": labels, "hidden": bend["kind"], "slope": bend.get("alpha")}
            if step:
                run = step["runs"][-1]
                about |= {"optimizer": step["name"], "rule": step["kind"], "setting": run["setting"],
                          "values": run["values"], "way": run["way"]}  # fmt: skip
            try:
                trials.append(about | _Network(classes, layer, bend, end, through, step, labels).train())
                break
            except SURPRISES as error:
                trials.append(about | {"error": str(error), "raised": isinstance(error, Failure)})
    return {"name": "network", "role": "assembled", "kind": "network", "form": 1, "trials": trials[: 2 * MOST]}


def _ends(own: list[Part]) -> Iterator[tuple[tuple[Part, ...], bool]]:
    """Losses that hold softmax, then softmax beside a cross-entropy, passed through in the way back or passed over."""
    yield from (((one,), True) for one in own if one["role"] == "loss" and one["kind"] == "SoftmaxCrossEntropy")
    softmax = [one for one in own if one["role"] == "activation" and one["kind"] == "Softmax"]
    entropy = [one for one in own if one["role"] == "loss" and one["kind"] == "CrossEntropy"]
    yield from product(product(softmax, entropy), (True, False))


class _Network:
    """One combination of parts, with the objects that it is made of."""

    def __init__(
        self, classes: dict[str, type], layer: Part, bend: Part, end: tuple[Part, ...], through: bool,
        step: Part | None, labels: str,
    ) -> None:  # fmt: skip
        self.classes, self.bend, self.end, self.through, self.step = classes, bend, end, through, step
        rng = np.random.default_rng(47)
        self.x = rng.standard_normal((B, D))
        self.targets = np.eye(C)[np.array([0, 2, 1, 1, 0, 2, 2])]
        self.labels = self.targets if labels == "one-hot" else self.targets.argmax(axis=1)
        self.wrapped, self.made = [], []
        for d, h in ((D, H), (H, C)):
            wrapped = Layer(classes[layer["name"]])
            wrapped.choice, wrapped.orientation, wrapped.layout = layer["choice"], layer["orientation"], "rows"
            wrapped.weights, wrapped.biases = layer["weights"], layer["biases"] or None
            wrapped.forward, wrapped.backward = [layer["forward"]["name"]], [layer["backward"]["name"]]
            made = wrapped.fresh(d, h)
            if made is None or not layer["backward"]["name"] or not layer["biases"]:
                raise _UnfitError(f"{layer['name']} has no biases, no backward, or cannot be built")
            w = rng.standard_normal((d, h)) * 0.5
            put(made, wrapped.weights, w if wrapped.orientation == "in, out" else w.T)
            put(made, str(wrapped.biases), rng.standard_normal((1, h)) * 0.5)
            self.wrapped.append(wrapped)
            self.made.append(made)
        self.bends = next(activations.built(classes[bend["name"]]))

    def train(self) -> Part:
        """Three updates, or one forward and backward where there is no optimizer: all numbers of each."""
        updates = []
        optimizer = self._optimizer() if self.step else None
        for number in range(UPDATES if self.step else 1):
            for holder in (*self.made, optimizer):
                for method in names.methods(type(holder), ZERO)[:1]:
                    attempt(getattr(holder, method))
            one: Part = {"parameters": self._parameters()}
            one |= self._round()
            if self.step:
                self._update(optimizer, number)
                one["after"] = self._parameters()
            updates.append(one)
        more = {}
        if optimizer is not None:
            kept = {k: v for k, v in vars(optimizer).items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
            more = {"attributes": {k: float(v) for k, v in kept.items()}}
        return {"inputs": self.x, "targets": self.targets, "updates": updates, **more}

    def _parameters(self) -> list[list[Array]]:
        made = []
        for wrapped, layer in zip(self.wrapped, self.made, strict=True):
            found = arrays(layer)
            w, b = found[wrapped.weights], found[str(wrapped.biases)]
            made.append([np.array(w if wrapped.orientation == "in, out" else w.T), np.array(b).reshape(1, -1)])
        return made

    def _forward(self, k: int, x: Array, h: int) -> Array:
        function = getattr(self.made[k], self.wrapped[k].forward[0])
        before = copied(arrays(self.made[k]))
        result = attempt(function, **forward_arguments(function, x))
        output = output_of(result, changed(before, arrays(self.made[k])), [(B, h)], x)
        if output is None:
            raise _UnfitError("a layer gives no output")
        return output

    def _round(self) -> Part:
        """Forward and backward through all parts, arrays handed on as they are."""
        first = self._forward(0, self.x.copy(), H)
        bent = activations._forward(self.bends, self.bend["forward"]["name"], first)
        if bent is None:
            raise _UnfitError("the activation gives no output")
        logits = self._forward(1, bent, C)
        shown = np.array(logits)
        upstream = self._end(logits)
        back2 = self._backward(1, bent, upstream, (B, H, C))
        middle = _back(self.bends, self.bend["backward"]["name"], back2["dinputs"], first)
        back1 = self._backward(0, self.x.copy(), middle, (B, D, H))
        gradients = [[one["dweights"], one["dbiases"]] for one in (back1, back2)]
        return {"logits": shown, "gradients": gradients}

    def _backward(self, k: int, x: Array, g: Array, shape: tuple[int, int, int]) -> Part:
        found = gradients_of(self.wrapped[k], self.made[k], x, g, shape)
        if (
            "error" in found
            or "moved" in found
            or not {"dweights", "dbiases"} <= set(found)
            or (k and "dinputs" not in found)
        ):
            raise _UnfitError(str(found.get("error", "its backward gives not all gradients, or updates by itself")))
        return found

    def _end(self, logits: Array) -> Array:
        """The gradient at the logits."""
        predicted, softmax = logits, None
        if len(self.end) == 2:
            softmax = next(activations.built(self.classes[self.end[0]["name"]]))
            out = activations._forward(softmax, self.end[0]["forward"]["name"], logits)
            if out is None:
                raise _UnfitError("softmax gives no output")
            predicted = out
        loss = self.end[-1]
        holder = self.classes[loss["name"]]
        made = next(instances(holder, [], [[]]))
        values = [loss["forward"]["name"]] if loss["forward"]["name"] else []
        gradient = [loss["backward"]["name"]] if loss["backward"]["name"] else []
        order = losses._orders(getattr(holder, (values or gradient)[0]))[0]
        case = {"predicted": predicted, "labels": self.labels}
        found = losses._object(made, values, gradient, case, order, loss["kind"])
        if not isinstance(found.get("gradient"), np.ndarray) or found["gradient"].shape != (B, C):
            raise _UnfitError(str(found.get("gradient_error", "the loss gives no gradient for these labels")))
        if softmax is None or not self.through:
            return np.array(found["gradient"])
        return _back(softmax, self.end[0]["backward"]["name"], found["gradient"], logits)

    def _optimizer(self) -> Any:
        """Their optimizer with the settings under which it was judged."""
        assert self.step is not None
        run = self.step["runs"][-1]
        if run["way"] not in ("layer", "layers"):
            raise _UnfitError(f"{self.step['name']} takes no layers")
        groups = {"decay": names.DECAY, "momentum": names.MOMENTUM}
        offers = [(names.RATE, optimizers.RATE), *((groups[k], v) for k, v in run["values"].items() if k in groups)]
        self.offers = list(offers)
        offers.append(({"layers", "layer", "model", "network"}, self.made))
        return next(instances(self.classes[self.step["name"]], offers, [[], [optimizers.RATE], [self.made]]))

    def _update(self, made: Any, number: int) -> None:
        assert self.step is not None
        function = getattr(made, self.step["forward"]["name"])
        for hook in names.methods(type(made), optimizers.BEFORE)[:1]:
            attempt(getattr(made, hook))
        asked = required(function)
        told = optimizers.beside(function, asked[1:], self.offers, number)
        if self.step["runs"][-1]["way"] == "layers":
            attempt(function, *[self.made][: len(asked)], **told)
        else:
            for layer in self.made:
                attempt(function, layer, **told)
        for hook in names.methods(type(made), optimizers.AFTER)[:1]:
            attempt(getattr(made, hook))


def _back(made: Any, backward: str, g: Array, x: Array) -> Array:
    """The gradient behind an activation."""
    function = getattr(made, backward)
    before = copied(arrays(made))
    offers = [(names.UPSTREAM, g), (names.INPUTS, x)]
    result = attempt(function, **bound(function, offers, [g, x], optional=False))
    returned = [a for a in tree(result).values() if a.shape == g.shape]
    new = [(p, a) for p, a in changed(before, arrays(made)).items() if a.shape == g.shape]
    new.sort(key=lambda pair: not names.plain(pair[0]).startswith(("d", "grad")))
    if not returned and not new:
        raise _UnfitError("the activation's backward gives nothing")
    return np.array(returned[0] if returned else new[0][1])
