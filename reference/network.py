"""A network: a torch.nn.Module of named layers in order, and a loss behind the last of them.

Axes: N samples, D inputs of the network.
"""

import functools
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from reference.layers import Dense


class Network(nn.Module):
    """Layers by name, run in order; a loss may follow them. Autograd does the way back.

    Raises: RuntimeError when `device` is not there.
    Source: torch.nn.Module, torch.nn.ModuleDict.
    """

    def __init__(self, layers: Mapping[str, nn.Module], loss: nn.Module | None = None, device: str = "cpu") -> None:
        super().__init__()
        self.layers = dict(layers)
        self.stack = nn.Sequential(*self.layers.values())
        self.loss = loss
        self.device = available(device)
        self.to(self.device)

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns the last layer's output: inputs (N, D)."""
        output: Tensor = self.stack(inputs)
        return output

    def penalty(self) -> Tensor:
        """Returns the sum of the L1 and L2 penalties of all layers, a number (0 without any)."""
        penalties = [layer.penalty() for layer in self.dense_layers().values()]
        return torch.stack(penalties).sum() if penalties else torch.zeros((), device=self.device)

    def dense_layers(self) -> dict[str, Dense]:
        """Returns the layers that learn, by name, in order."""
        return {name: layer for name, layer in self.layers.items() if isinstance(layer, Dense)}

    def __str__(self) -> str:
        """The summary that the lecture's opening slide asks of its model; stock torch prints the modules instead."""
        width: int | None = None
        rows = [("layer", "output shape", "parameters")]
        for name, layer in self.layers.items():
            width = layer.out_features if isinstance(layer, Dense) else width
            count = sum(parameter.numel() for parameter in layer.parameters())
            rows.append((f"{name} ({type(layer).__name__})", f"(N, {width or 'D'})", f"{count:,}"))
        rows.append(("total", "", f"{sum(parameter.numel() for parameter in self.parameters()):,}"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        rule = "-" * len(lines[0])
        lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        if self.loss is not None:
            lines.append(f"loss: {type(self.loss).__name__}")
        return "\n".join(lines)


def available(device: str) -> torch.device:
    """Returns the torch device called "cpu", "cuda" or "mps", or raises RuntimeError when it is not there."""
    have = _devices()
    kind = str(device).split(":")[0]
    if kind not in have:
        raise RuntimeError(f"reference runs on cpu, cuda or mps but got device {device!r}")
    if not have[kind]:
        there = ", ".join(name for name, here in have.items() if here)
        raise RuntimeError(f"device {device!r} is not available to torch {torch.__version__} here; there is: {there}")
    torch.backends.cuda.matmul.allow_tf32 = False  # 10 bits of mantissa: no bound on float32 covers it
    return torch.device(device)


@functools.cache
def _devices() -> dict[str, bool]:
    """Which kinds of device are there, which no process sees change."""
    return {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
