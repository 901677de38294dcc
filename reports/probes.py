"""Probes: small batches that make hidden faults visible, put to every network at its start and after training.

Ordinary data cannot show a wrong derivative at exactly 0, a softmax that overflows, or a clip; each probe is one
step from given weights on inputs made for one such corner. They are judged as every other step.

Axes: N samples, D features, C classes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import reference
import scratch
from reports import traces
from reports.cases import Case
from reports.departures import UNFUSED_UNDERFLOW, predicts_underflow
from reports.lockstep import REFUSALS, Checked, Watch, judged, stopped
from reports.traces import Array, Data, Pause, Trace

DEEP_IN_THE_CLIP = 40.0  # |z| at which a sigmoid is flat in float64 too; the lecture's clip begins at 16.118
BEYOND_THE_CLIP = 20.0  # between two logits: a probability of e^-20 = 2e-9, below the clip of 1e-7
HUGE_LOGIT = 1000.0  # exp of it overflows in float64
APART = 800.0  # between two rows: exp(-800) is 0 in float64


@dataclass(frozen=True)
class Probe:
    """One corner: its name, what it would show, and how its batch and weights are made from a case's own."""

    name: str
    shows: str
    make: Callable[[Case, Data, np.random.Generator], Data | None]  # None where the corner does not exist


def _take(data: Data, chosen: Array) -> Data:
    """Only the chosen samples, as one batch."""
    return replace(data, inputs=data.inputs[chosen].copy(), labels=data.labels[chosen].copy(), batches=None)


def _some(data: Data, count: int, rng: np.random.Generator) -> Data:
    """So many samples drawn at random."""
    return _take(data, rng.permutation(len(data.inputs))[:count])


def _unbalanced(case: Case, data: Data, rng: np.random.Generator) -> Data:
    """Nine samples, three of them exactly zero and all of one class: their errors cannot cancel."""
    batch = _some(data, 9, rng)
    batch.inputs[:3] = 0
    batch.labels[:3] = batch.labels[0]
    return batch


def _saturated(case: Case, data: Data, rng: np.random.Generator) -> Data:
    """Inputs so large that half of the first layer's values lie beyond 40."""
    batch = _some(data, 7, rng)
    first = case.layers[0].name
    z = batch.inputs @ data.parameters[f"{first}.weights"]
    scale = DEEP_IN_THE_CLIP / max(float(np.median(np.abs(z))), 1e-3)
    return replace(batch, inputs=(batch.inputs * scale).astype(case.dtype))


def _with_logits(data: Data, case: Case, target: float, rng: np.random.Generator) -> Data:
    """Weights of the last Dense scaled so that the largest logit is about `target`."""
    batch = _some(data, 7, rng)
    last = [layer.name for layer in case.layers if layer.kind == "Dense"][-1]
    network = traces.planted(scratch, case, data.parameters)
    network.forward(batch.inputs)
    size = float(np.abs(network.layers[last].output).max())
    weights = (data.parameters[f"{last}.weights"] * (target / max(size, 1e-3))).astype(case.dtype)
    return replace(batch, parameters={**data.parameters, f"{last}.weights": weights})


def _below_the_clip(case: Case, data: Data, rng: np.random.Generator) -> Data | None:
    """Logits of 20: some label's probability is below 1e-7."""
    return _with_logits(data, case, BEYOND_THE_CLIP, rng) if case.classifies else None


def _huge_logits(case: Case, data: Data, rng: np.random.Generator) -> Data | None:
    """Logits of 1000."""
    return _with_logits(data, case, HUGE_LOGIT, rng) if case.classifies else None


def _rows_apart(case: Case, data: Data, rng: np.random.Generator) -> Data | None:
    """One sample whose logits all lie 800 below those of the others, through a shared shift of a hidden unit."""
    if not case.classifies:
        return None
    batch = _some(data, 7, rng)
    last = [layer.name for layer in case.layers if layer.kind == "Dense"][-1]
    network = traces.planted(scratch, case, data.parameters)
    network.forward(batch.inputs)
    hidden = network.layers[last].inputs  # (N, H)
    spread = hidden.max(axis=0) - hidden.min(axis=0)
    unit = int(spread.argmax())  # the hidden unit that tells the samples apart best
    weights = data.parameters[f"{last}.weights"].copy()
    weights[unit] = APART / max(float(spread[unit]), 1e-3)  # the same for every class: only rows move
    return replace(batch, parameters={**data.parameters, f"{last}.weights": weights})


def _ties(case: Case, data: Data, rng: np.random.Generator) -> Data | None:
    """Two output columns that are equal, so that two outputs tie in every sample."""
    last = [layer.name for layer in case.layers if layer.kind == "Dense"][-1]
    if case.outputs < 2:
        return None
    tied = {name: data.parameters[f"{last}.{name}"].copy() for name in ("weights", "biases")}
    for parameter in tied.values():
        parameter[:, 1] = parameter[:, 0]
    parameters = data.parameters | {f"{last}.{name}": parameter for name, parameter in tied.items()}
    return replace(_some(data, 5, rng), parameters=parameters)


def _ragged(case: Case, data: Data, rng: np.random.Generator) -> Data:
    """Batches of 4, 4 and 3 in one epoch."""
    batch = _some(data, 11, rng)
    cuts = [np.arange(len(batch.inputs))[start : start + 4] for start in range(0, len(batch.inputs), 4)]
    return replace(batch, batches=[cuts].__getitem__)


def _labels_as(kind: str) -> Callable[[Case, Data, np.random.Generator], Data | None]:
    """The same labels in another format."""

    def make(case: Case, data: Data, rng: np.random.Generator) -> Data | None:
        if not case.classifies:
            return None
        batch = _some(data, 5, rng)
        indices = batch.labels if batch.labels.ndim == 1 else batch.labels.argmax(axis=1)
        one_hot = scratch.one_hot(indices, case.outputs)
        return replace(batch, labels=one_hot if kind == "one-hot" else indices.astype(kind))

    return make


PROBES = (
    Probe("one sample", "sums over the batch that were never taken", lambda c, d, rng: _some(d, 1, rng)),
    Probe("five samples", "faults that a large batch averages away", lambda c, d, rng: _some(d, 5, rng)),
    Probe("zeros, unbalanced", "the derivative of ReLU at exactly 0", _unbalanced),
    Probe("saturated", "clips and derivatives beyond |z| of 16 and 37", _saturated),
    Probe("below the clip", "a clip in the gradient, an epsilon in the logarithm", _below_the_clip),
    Probe("huge logits", "a softmax that overflows", _huge_logits),
    Probe("rows apart", "a softmax shifted by the whole batch's maximum", _rows_apart),
    Probe("ties", "accuracy on equal outputs", _ties),
    Probe("ragged batch", "a division by the configured batch size", _ragged),
    Probe("labels int64", "labels as class indices", _labels_as("int64")),
    Probe("labels uint8", "labels as small unsigned integers", _labels_as("uint8")),
    Probe("labels one-hot", "labels as one-hot rows", _labels_as("one-hot")),
)


def probe_steps(
    case: Case, data: Data, parameters: Trace, when: str, pauses: Any = traces.scratch_steps
) -> Iterator[Checked]:
    """Yields the judged steps of every probe from given weights; `when` names them ("start", "trained")."""
    one_epoch = replace(case, epochs=1) if case.loss else case
    twin = traces.planted(reference, case, data.parameters)  # each of its steps starts from given weights
    for number, probe in enumerate(PROBES):
        batch = probe.make(
            one_epoch, replace(data, parameters=parameters), np.random.default_rng([case.seed, 3, number])
        )
        if batch is not None:
            for checked in _judge_probe(one_epoch, batch, twin, pauses):
                for row in checked.rows:
                    row["probe"] = f"{probe.name}, {when}"
                yield checked


def _judge_probe(case: Case, data: Data, twin: reference.Network, pauses: Any) -> Iterator[Checked]:
    """The steps of one probe; an outcome that the departures predict is parity when it comes, a failure when not."""
    if case.loss is None:
        yield Checked(judged(case, *traces.forward_only(case, data)))
        return
    network = traces.planted(scratch, case, data.parameters)
    predicted = predicts_underflow(case, data)
    watch = Watch(case)
    before: Pause | None = None
    try:
        for _, pause in pauses(case, data, network, watch):
            if pause and (pause.whole or not predicted):
                rows = judged(case, pause, traces.reference_trace(case, pause, twin))
                yield Checked(rows, True, data, pause, before)
            before = pause
    except REFUSALS as error:
        row = stopped(error)
        if isinstance(error, FloatingPointError) and predicted is not False:
            row |= {"status": "exact", "hint": f"as predicted: {UNFUSED_UNDERFLOW}"}
        yield Checked([row])
    else:
        if predicted:
            yield Checked(
                [stopped(ValueError(f"did not stop, though predicted: {UNFUSED_UNDERFLOW}")) | {"status": "apart"}]
            )
