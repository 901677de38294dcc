"""What several test files share: refusals, dyadic numbers, and central differences with an allowance of their own."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import scratch
from reports import traces
from reports.cases import Case
from reports.equations.rounding import Bounded, Rounding
from reports.equations.step import equations, evaluate

Array = np.ndarray
GRID = 2.0**-20  # numbers are rounded to this grid, so that adding STEP to them rounds nothing
STEP = 2.0**-13  # h of the central differences: cutting off costs about h^2, rounding about 1/h


def refusal(error: type[Exception], call: Callable[..., Any], *arguments: Any, **settings: Any) -> str:
    """Returns the text with which `call` refuses its arguments; fails when it takes them."""
    with pytest.raises(error) as caught:
        call(*arguments, **settings)
    assert type(caught.value) is error
    return str(caught.value)


def on_grid(array: Array) -> Array:
    """Rounds to multiples of GRID."""
    return np.round(array / GRID) * GRID


def point(case: Case) -> tuple[scratch.Network, Array, Array]:
    """A network, inputs and labels of a case, with biases that are not zero and every number on the grid."""
    data = traces.load(case)
    rng = np.random.default_rng([case.seed, 2])
    parameters = {
        name: on_grid(rng.standard_normal(array.shape) / np.sqrt(len(array))) for name, array in data.parameters.items()
    }
    return traces.planted(scratch, case, parameters), on_grid(data.inputs), data.labels


def loss_of(network: scratch.Network, inputs: Array, labels: Array) -> float:
    """The loss that is printed, by scratch's forward alone."""
    return float(network.loss.forward(network.forward(inputs), labels) + network.penalty())


def gradients_of(network: scratch.Network, inputs: Array, labels: Array) -> dict[str, Array]:
    """The gradients of all parameters and of the inputs, by scratch's backward, under the names of their rows."""
    loss_of(network, inputs, labels)
    back = {f"backward/{next(iter(network.layers))}": network.backward()}
    return back | {f"gradient/{name}": gradient for name, gradient in network.gradients().items()}


def bounds_of(case: Case, network: scratch.Network, inputs: Array, labels: Array) -> dict[str, Bounded]:
    """The rounding bounds of every quantity of the step, from the equations, which use neither side."""
    parameters = traces.copied(network.parameters())
    pause = traces.Pause(0, 0, inputs, labels, parameters, {}, {})
    return evaluate(equations(case), pause.given(case), Rounding.of(case.dtype))


def branches(network: scratch.Network) -> list[bytes]:
    """On which side of every kink and clip the last forward pass lies."""
    signs = [np.sign(parameter) for parameter in network.parameters().values()]
    for layer in network.layers.values():
        if isinstance(layer, scratch.ReLU):
            signs.append(np.sign(layer.inputs))
        if isinstance(layer, scratch.Sigmoid):
            signs.append(np.sign(np.abs(layer.output - 0.5) - (0.5 - 2e-7)))
    signs.append(np.sign(getattr(network.loss, "residuals", np.zeros(1))))
    signs.append(np.sign(network.loss.sample_losses + np.log(2e-7)))
    return [sign.tobytes() for sign in signs]


def central_differences(
    case: Case, network: scratch.Network, inputs: Array, labels: Array
) -> dict[str, tuple[Array, Array]]:
    """Per row, the estimate D(h/2) of each derivative and how far the gradient may lie from it (NaN at a kink).

    D(h) = (L(x + h) - L(x - h)) / 2h = L' + c h^2 + O(h^4), so |D(h) - D(h/2)| = 3/4 c h^2, three times what
    D(h/2) is off by. Each L is computed to within E, the equations' bound of the loss, at a point on the grid
    without rounding: D(h/2) is off by E / (h/2), and |D(h) - D(h/2)| by E/h + 2E/h, one third of which counts.
    That is 3 E/h. The gradient itself is computed to within its own bound.
    """
    bounds = bounds_of(case, network, inputs, labels)
    start = loss_of(network, inputs, labels), branches(network)
    assert np.isfinite(start[0])
    rows = {f"backward/{next(iter(network.layers))}": inputs}
    rows |= {f"gradient/{name}": parameter for name, parameter in network.parameters().items()}
    found = {}
    for row, array in rows.items():
        estimates, allowed = np.empty(array.shape), np.empty(array.shape)
        for index in np.ndindex(array.shape):
            slopes, here = {}, array[index]
            smooth = True
            for h in (STEP, STEP / 2):
                losses = []
                for moved in (here + h, here - h):
                    array[index] = moved
                    losses.append(loss_of(network, inputs, labels))
                    smooth &= branches(network) == start[1]
                slopes[h] = (losses[0] - losses[1]) / (2 * h)
            array[index] = here
            estimates[index] = slopes[STEP / 2]
            rounding = 3 * float(bounds["loss"].error) / STEP + bounds[row].error[index]
            allowed[index] = abs(slopes[STEP] - slopes[STEP / 2]) + rounding if smooth else np.nan
        found[row] = estimates, allowed
    return found


def outside(gradients: Mapping[str, Array], differences: Mapping[str, tuple[Array, Array]]) -> int:
    """How many elements lie further from their central difference than it allows; kinks are not counted."""
    assert set(gradients) == set(differences)
    return sum(int(np.sum(np.abs(gradients[row] - d) > allowed)) for row, (d, allowed) in differences.items())
