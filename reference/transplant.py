"""The one table of names and layouts between scratch and torch, there and back, sharing no memory.

    scratch                        torch
    dense1.weights (D, H)          layers["dense1"].weight (H, D)
    dense1.biases  (1, H)          layers["dense1"].bias   (H,)

Velocities have the layout of their parameters. Axes: D inputs, H neurons.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from reference.network import Network
from reference.optimizers import SGD

Array = np.ndarray


def table(network: Network) -> dict[str, Tensor]:
    """Returns scratch's name of every parameter and the torch tensor that stands for it."""
    rows: dict[str, Tensor] = {}
    for name, layer in network.dense_layers().items():
        rows[f"{name}.weights"] = layer.weight
        rows[f"{name}.biases"] = layer.bias
    return rows


def to_torch_layout(array: Array) -> Tensor:
    """Returns weights (D, H) or biases (1, H) as a new tensor (H, D) or (H, 1)."""
    return torch.tensor(np.ascontiguousarray(array.T))


def to_scratch_layout(tensor: Tensor) -> Array:
    """Returns weight (H, D) or bias (H,) as a new array (D, H) or (1, H)."""
    array = tensor.detach().cpu().numpy()
    return np.array(array.reshape(len(array), -1).T, order="C")


def load(network: Network, parameters: Mapping[str, Array]) -> None:
    """Copies scratch's parameters into the torch network.

    Raises: ValueError for a missing or extra name or another shape, TypeError for another dtype; then nothing
    has been written.
    """
    for row, tensor in _matched(network, parameters, "parameter").items():
        with torch.no_grad():
            tensor.copy_(to_torch_layout(parameters[row]).reshape(tensor.shape))


def read(network: Network) -> dict[str, Array]:
    """Returns copies of the torch network's parameters under scratch's names, in scratch's layout."""
    return {row: to_scratch_layout(tensor) for row, tensor in table(network).items()}


def load_velocities(optimizer: SGD, network: Network, velocities: Mapping[str, Array]) -> None:
    """Copies scratch's velocities into the momentum optimizer; none at all means that none has moved yet.

    Raises: as `load`; ValueError for velocities without momentum.
    """
    if not velocities:
        return
    if not optimizer.momentum:
        raise ValueError(f"SGD without momentum has no velocities but got {', '.join(velocities)}")
    torch_optimizer = optimizer.attach(network)
    for row, tensor in _matched(network, velocities, "velocity").items():
        torch_optimizer.state[tensor]["velocity"] = to_torch_layout(velocities[row]).reshape(tensor.shape).to(tensor)


def read_velocities(optimizer: SGD, network: Network) -> dict[str, Array]:
    """Returns copies of the velocities under scratch's names, in scratch's layout; empty without momentum."""
    if not optimizer.momentum:
        return {}
    state = optimizer.attach(network).state
    return {
        row: to_scratch_layout(state[tensor]["velocity"]) for row, tensor in table(network).items() if tensor in state
    }


def _matched(network: Network, arrays: Mapping[str, Array], what: str) -> dict[str, Tensor]:
    """Returns the table after checking that `arrays` matches it entry for entry."""
    rows = table(network)
    if not isinstance(arrays, Mapping):
        raise TypeError(f"transplant: {what}s come as a mapping of names to arrays but got {type(arrays).__name__}")
    if missing := [row for row in rows if row not in arrays]:
        raise ValueError(f"transplant: {what} {missing[0]} is missing; wanted {', '.join(rows)}")
    if extra := [row for row in arrays if row not in rows]:
        raise ValueError(f"transplant: {what} {extra[0]} has no place in the torch network; wanted {', '.join(rows)}")
    for row, tensor in rows.items():
        came, wanted = arrays[row], tuple(tensor.shape[::-1]) if tensor.ndim == 2 else (1, len(tensor))
        if type(came) is not np.ndarray:
            raise TypeError(f"transplant: {what} {row} takes a NumPy array {wanted} but got {type(came).__name__}")
        if came.shape != wanted:
            hint = "; transplant transposes by itself, pass the lecture's layout" if came.T.shape == wanted else ""
            raise ValueError(f"transplant: {what} {row} takes shape {wanted} but got {came.shape}{hint}")
        wanted_dtype = np.dtype(str(tensor.dtype).removeprefix("torch."))
        if came.dtype != wanted_dtype:
            raise TypeError(f"transplant: {what} {row} takes {wanted_dtype} but got {came.dtype}")
    return rows
