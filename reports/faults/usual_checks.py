"""What the usual checks say of the same network: each returns True when it raises the alarm.

All start from the weights of the reference. Outputs and gradients are those of one step on all samples; losses and
accuracy are those that each side prints while it trains alone. A check that crashes has noticed something.

Finite differences raise a false alarm where a sample lies in the lecture's clip: its loss is flat, its gradient is not.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch

import reference
import scratch
from reports import traces
from reports.cases import Case
from reports.traces import Array, Data, Trace

LOSSES = 10  # epochs whose losses are compared
EPS, ATOL, RTOL = 1e-6, 1e-5, 1e-3  # the defaults of torch.autograd.gradcheck
CLOSE_ENOUGH = 0.01  # between two final accuracies; of the loss where there are none


class Run(NamedTuple):
    """What the reference gave from a case's first weights, and the data that both sides learn from."""

    data: Data
    outputs: Array
    gradients: Trace
    losses: Array  # of the first epochs
    final: float


@lru_cache
def reference_run(case: Case) -> Run:
    """Returns the reference's answers, computed once; call it before a fault is planted, it draws the data."""
    data = traces.load(case)
    outputs = traces.predict(reference, case, traces.planted(reference, case, data.parameters), data.inputs)
    network = traces.planted(reference, case, data.parameters)
    with reference.observe.Observer(network) as seen:
        list(reference.steps(network, traces.optimizer(reference, case), data.inputs, data.labels, epochs=1))
        arrays = seen.arrays()
    gradients = {name: arrays[f"gradient/{name}"] for name in data.parameters}
    network = traces.planted(reference, case, data.parameters)
    epochs = reference.fold(traces.reference_steps(case, data, network))
    return Run(data, outputs, gradients, epochs.loss[:LOSSES], _final(case, epochs))


def alarms(case: Case, theirs: Run) -> dict[str, bool]:
    """Asks every usual check about the scratch that stands there now, whole or with a fault."""
    return {name: _alarm(check, case, theirs) for name, check in CHECKS.items()}


def _alarm(check: Callable[[Case, Run], bool], case: Case, theirs: Run) -> bool:
    """Whether a check raises the alarm, or crashes."""
    try:
        return check(case, theirs)
    except Exception:
        return True


def _network(case: Case, theirs: Run) -> scratch.Network:
    """Scratch's network with the first weights."""
    return traces.planted(scratch, case, theirs.data.parameters)


def _outputs(case: Case, theirs: Run) -> Array:
    """Scratch's outputs for all samples."""
    return np.array(_network(case, theirs).forward(theirs.data.inputs.copy()))


def _loss(network: Any, data: Data) -> float:
    """Scratch's loss on all samples, penalties included."""
    return float(network.loss.forward(network.forward(data.inputs.copy()), data.labels.copy()) + network.penalty())


def _gradients(network: Any, data: Data) -> Trace:
    """Scratch's gradients of all parameters on all samples."""
    _loss(network, data)
    network.backward()
    return traces.copied(network.gradients())


def _trained(case: Case, theirs: Run, epochs: int) -> Any:
    """What scratch prints while it trains alone."""
    data, network = theirs.data, _network(case, theirs)
    rule = traces.optimizer(scratch, case)
    return scratch.fold(
        scratch.steps(network, rule, data.inputs.copy(), data.labels.copy(), epochs, data.batches)
    )  # the data is copied: a fault may write into it


def _final(case: Case, epochs: Any) -> float:
    """The last accuracy, or the last loss where there are no classes."""
    return float((epochs.accuracy if case.classifies else epochs.loss)[-1])


def _assert_close(ours: Array, theirs: Array) -> bool:
    """Whether torch.testing.assert_close, with its defaults, raises."""
    try:
        torch.testing.assert_close(torch.tensor(ours), torch.tensor(theirs))
    except AssertionError:
        return True
    return False


def _not_allclose(ours: Array, theirs: Array) -> bool:
    """Whether np.allclose, with its defaults, says no."""
    return not np.allclose(ours, theirs)


def _on_outputs(far: Callable[[Array, Array], bool]) -> Callable[[Case, Run], bool]:
    """A comparison, asked about the outputs."""
    return lambda case, theirs: far(_outputs(case, theirs), theirs.outputs)


def _on_gradients(far: Callable[[Array, Array], bool]) -> Callable[[Case, Run], bool]:
    """A comparison, asked about the gradients of all parameters."""

    def check(case: Case, theirs: Run) -> bool:
        ours = _gradients(_network(case, theirs), theirs.data)
        return any(far(ours[name], gradient) for name, gradient in theirs.gradients.items())

    return check


def _on_losses(far: Callable[[Array, Array], bool]) -> Callable[[Case, Run], bool]:
    """A comparison, asked about the losses of the first epochs."""
    return lambda case, theirs: far(_trained(case, theirs, LOSSES).loss, theirs.losses)


def _finite_differences(case: Case, theirs: Run) -> bool:
    """Whether scratch's gradients are not those of its own loss, asked in the way of torch.autograd.gradcheck."""
    network = _network(case, theirs)
    gradients = _gradients(network, theirs.data)
    for name, parameter in network.parameters().items():
        slopes = np.empty(parameter.shape)
        for index in np.ndindex(parameter.shape):
            here = parameter[index]
            parameter[index] = here + EPS
            above = _loss(network, theirs.data)
            parameter[index] = here - EPS
            slopes[index] = (above - _loss(network, theirs.data)) / (2 * EPS)
            parameter[index] = here
        if gradients[name].shape != slopes.shape or not np.allclose(gradients[name], slopes, rtol=RTOL, atol=ATOL):
            return True
    return False


def _final_accuracy(case: Case, theirs: Run) -> bool:
    """Whether the trained networks differ: accuracy by more than 0.01, or the loss by more than a hundredth."""
    allowed = CLOSE_ENOUGH * (1.0 if case.classifies else abs(theirs.final))
    return not abs(_final(case, _trained(case, theirs, case.epochs)) - theirs.final) <= allowed


CHECKS: dict[str, Callable[[Case, Run], bool]] = {
    "allclose outputs": _on_outputs(_not_allclose),
    "allclose gradients": _on_gradients(_not_allclose),
    "allclose losses": _on_losses(_not_allclose),
    "assert_close outputs": _on_outputs(_assert_close),
    "assert_close gradients": _on_gradients(_assert_close),
    "assert_close losses": _on_losses(_assert_close),
    "finite differences": _finite_differences,
    "final accuracy": _final_accuracy,
}
