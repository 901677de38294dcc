"""What torch hides and scratch keeps in the open: every intermediate value and gradient of a step, by hooks.

A forward hook on each layer keeps its output and asks autograd for that output's gradient too, as it passes
(Tensor.register_hook). The gradient of a layer's output is what scratch calls the next layer's `dinputs`.
"""

from types import TracebackType
from typing import Any

import numpy as np
from torch import Tensor, nn

from reference.network import Network
from reference.transplant import table, to_scratch_layout

Array = np.ndarray


class Observer:
    """Watches a network inside a `with` block; afterwards `arrays()` gives the last step's values.

    Source: torch.nn.Module.register_forward_hook, torch.Tensor.register_hook.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.outputs: dict[str, Tensor] = {}
        self.gradients: dict[str, Array] = {}  # of the outputs, and of the inputs
        self.data_loss: Tensor | None = None

    def __enter__(self) -> "Observer":
        self.handles = [self.network.register_forward_pre_hook(self._keep_inputs)]
        for name, layer in self.network.layers.items():
            self.handles.append(layer.register_forward_hook(self._keep_output(name)))
        if self.network.loss is not None:
            self.handles.append(self.network.loss.register_forward_hook(self._keep_loss))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for handle in self.handles:
            handle.remove()

    def arrays(self) -> dict[str, Array]:
        """Returns copies of the step's values under the names of the report's rows, in scratch's layout."""
        names = list(self.outputs)
        arrays = {f"forward/{name}": _copy(output) for name, output in self.outputs.items()}
        loss = self.network.loss
        if loss is None or self.data_loss is None:
            return arrays
        if hasattr(loss, "output"):
            arrays["forward/probabilities"] = _copy(loss.output)
        arrays["loss/samples"] = _copy(loss.sample_losses)
        arrays["loss/data"] = _copy(self.data_loss)
        if hasattr(loss, "printed"):
            arrays["loss/printed"] = _copy(loss.printed)
        rows = ["loss", *reversed(names)]  # the gradient of a layer's output comes from whoever took it
        for row, source in zip(rows, [*reversed(names), "inputs"], strict=True):
            if source not in self.gradients:
                raise RuntimeError("observe: a gradient is missing; was the step's backward run inside the with block?")
            arrays[f"backward/{row}"] = self.gradients[source]
        for row, parameter in table(self.network).items():
            if parameter.grad is not None:
                arrays[f"gradient/{row}"] = to_scratch_layout(parameter.grad)
        return arrays

    def _keep_inputs(self, module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Tensor]:
        inputs = arguments[0].detach().requires_grad_()
        self._keep_gradient("inputs", inputs)
        return (inputs,)

    def _keep_output(self, name: str) -> Any:
        def keep(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
            if output.requires_grad:
                self._keep_gradient(name, output)
            self.outputs[name] = output

        return keep

    def _keep_gradient(self, name: str, tensor: Tensor) -> None:
        gradients = self.gradients  # not self, which holds the tensor: a circle would keep a step's memory

        def keep(gradient: Tensor) -> None:
            gradients[name] = _copy(gradient)

        tensor.register_hook(keep)

    def _keep_loss(self, module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        self.data_loss = output


def _copy(tensor: Any) -> Array:
    """Returns a NumPy array that owns its memory, in C order."""
    return np.array(tensor.detach().cpu().numpy(), order="C")
