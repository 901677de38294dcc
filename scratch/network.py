"""A network: named layers in order, and a loss behind the last of them.

Axes: N samples, D inputs of the network.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from scratch import checks
from scratch.layers import Dense

Array = np.ndarray


class Network:
    """Layers by name, run in order; a loss may follow them (ANN I has none and runs forward only).

    Raises: TypeError or ValueError for what is no layer or no loss, or when a Dense does not take what the one
    before it gives.
    Source: lecture, "Building a fully functional ANN", where the same calls stand in the training loop.
    """

    def __init__(self, layers: Mapping[str, Any], loss: Any = None) -> None:
        if not isinstance(layers, Mapping):
            raise TypeError(f"a network takes a mapping of names to layers but got {type(layers).__name__}")
        if not layers:
            raise ValueError("a network needs at least one layer but got none")
        for name, layer in layers.items():
            checks.layer(name, layer)
        if loss is not None:
            checks.loss(loss)
        if len({id(layer) for layer in layers.values()}) < len(layers):
            raise ValueError("a layer object stands twice in the network: each place needs its own, it keeps values")
        self.layers = dict(layers)
        self.loss = loss
        self._check_chain()
        for name, layer in self.layers.items():
            layer.name = name

    def _check_chain(self) -> None:
        """Raises when a Dense does not take what the one before it gives, in number or in dtype."""
        before, giver = None, ""
        for name, layer in self.dense_layers().items():
            if before and layer.n_inputs != before.n_neurons:
                raise ValueError(
                    f"{name} takes {layer.n_inputs} inputs but {giver} gives {before.n_neurons}: "
                    f"make it Dense({before.n_neurons}, {layer.n_neurons})"
                )
            if before and layer.weights.dtype != before.weights.dtype:
                raise TypeError(
                    f"{name} computes in {layer.weights.dtype} but {giver} gives {before.weights.dtype}: "
                    f"give both the same dtype"
                )
            before, giver = layer, name

    def forward(self, inputs: Array) -> Array:
        """Returns the last layer's output: inputs (N, D).

        Raises: TypeError or ValueError for another shape or dtype, ValueError for NaN or infinite inputs.
        """
        name, first = next(iter(self.layers.items()))
        if isinstance(first, Dense):
            checks.matrix(name, "inputs", inputs, first.n_inputs, first.weights.dtype)
        else:
            checks.matrix(name, "inputs", inputs)
        checks.finite(name, "inputs", inputs)
        output = inputs
        for layer in self.layers.values():
            output = layer.forward(output)
        return output

    def backward(self) -> Array:
        """Goes back from the loss to the inputs; returns dL/dinputs (N, D), every layer keeps its gradients."""
        if self.loss is None:
            raise ValueError("this network has no loss to go back from: give Network a loss")
        dvalues = self.loss.backward()
        for layer in reversed(self.layers.values()):
            dvalues = layer.backward(dvalues)
        return dvalues

    def penalty(self) -> Any:
        """Returns the sum of the L1 and L2 penalties of all layers, a number (0 without any)."""
        return sum(layer.penalty() for layer in self.dense_layers().values())

    def dense_layers(self) -> dict[str, Dense]:
        """Returns the layers that learn, by name, in order."""
        return {name: layer for name, layer in self.layers.items() if isinstance(layer, Dense)}

    def parameters(self) -> dict[str, Array]:
        """Returns the live arrays "dense1.weights", "dense1.biases", ...: writing into them changes the network."""
        parameters = {}
        for name, layer in self.dense_layers().items():
            parameters[f"{name}.weights"] = layer.weights
            parameters[f"{name}.biases"] = layer.biases
        return parameters

    def gradients(self) -> dict[str, Array]:
        """Returns the gradients under the names of their parameters, in order of the parameters."""
        gradients = {}
        for name, layer in self.dense_layers().items():
            if not hasattr(layer, "dweights"):
                raise RuntimeError(f"{name} has no gradients yet: call backward first")
            gradients[f"{name}.weights"] = layer.dweights
            gradients[f"{name}.biases"] = layer.dbiases
        return gradients

    def __str__(self) -> str:
        """The summary that the lecture's opening slide asks of its model: layer, output shape, parameters."""
        width: int | None = None
        rows = [("layer", "output shape", "parameters")]
        for name, layer in self.layers.items():
            width = layer.n_neurons if isinstance(layer, Dense) else width
            count = layer.weights.size + layer.biases.size if isinstance(layer, Dense) else 0
            rows.append((f"{name} ({type(layer).__name__})", f"(N, {width or 'D'})", f"{count:,}"))
        total = sum(parameter.size for parameter in self.parameters().values())
        rows.append(("total", "", f"{total:,}"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        rule = "-" * len(lines[0])
        lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        if self.loss is not None:
            lines.append(f"loss: {type(self.loss).__name__}")
        return "\n".join(lines)
