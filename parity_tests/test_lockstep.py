"""Whole trainings: faults of a single epoch and faults too small for any usual tolerance, caught where they happen."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import reference
import scratch
from reports import CASES, compare, traces
from reports.calibrated import QUIET_EPOCHS
from reports.free_running import horizon, noise_row, replicas
from reports.judge import PASSES
from reports.lockstep import Checked, Ledger, Watch
from reports.probes import PROBES
from reports.show.text import failure

Array = np.ndarray
ANN3 = CASES["ann3"]
SMALL = replace(  # ANN III with fewer samples, so that every one of its epochs can be checked in a test
    ANN3, name="small-ann3", data_settings={"samples": 20, "classes": 5}, epochs=510
)


def first_lost(rows: pd.DataFrame) -> pd.Series:
    """The first row that does not pass."""
    bad = rows[~rows["status"].isin(PASSES)]
    assert len(bad), "nothing was caught"
    return bad.iloc[0]


def scaled_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first layer's dweights times 1 + 1e-11."""
    right = scratch.Dense.backward

    def backward(self: scratch.Dense, dvalues: Array) -> Array:
        dinputs = right(self, dvalues)
        if self.name == "dense1":
            self.dweights *= 1 + 1e-11
        return dinputs

    monkeypatch.setattr(scratch.Dense, "backward", backward)


def changed_update(change: Callable[[scratch.SGD, scratch.Network], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """A fault that does something besides, before each update."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        right = scratch.SGD.update

        def update(self: scratch.SGD, network: scratch.Network) -> None:
            change(self, network)
            right(self, network)

        monkeypatch.setattr(scratch.SGD, "update", update)

    return plant


def faster(rule: scratch.SGD, network: scratch.Network) -> None:
    """The learning rate times 1 + 1e-11."""
    if rule.iterations == 0:
        rule.learning_rate *= 1 + 1e-11


def decay(rule: scratch.SGD, network: scratch.Network) -> None:
    """A weight decay of 1e-12."""
    for layer in network.dense_layers().values():
        layer.dweights += 1e-12 * layer.weights


def single(rule: scratch.SGD, network: scratch.Network) -> None:
    """A learning rate rounded to float32 in a float64 network."""
    if rule.iterations == 0:
        rule.learning_rate = float(np.float32(rule.learning_rate))


def forgotten(rule: scratch.SGD, network: scratch.Network) -> None:
    """The velocity set to zero at update 500."""
    if rule.iterations == 500:
        rule.velocities = {name: np.zeros_like(velocity) for name, velocity in rule.velocities.items()}


def skipped(rule: scratch.SGD, network: scratch.Network) -> None:
    """The decay counter skips one at update 500."""
    if rule.iterations == 500:
        rule.iterations = 501


def wrong_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """One label off by one in the 500th evaluation of the loss."""
    right, calls = scratch.SoftmaxCrossEntropy.forward, iter(range(10**6))

    def forward(self: scratch.SoftmaxCrossEntropy, inputs: Array, labels: Array) -> float:
        if next(calls) == 500:
            labels = np.concatenate([(labels[:1] + 1) % inputs.shape[1], labels[1:]])
        return right(self, inputs, labels)

    monkeypatch.setattr(scratch.SoftmaxCrossEntropy, "forward", forward)


def nudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient of the loss is off by 1e-11 in the 301st step: too little for an event."""
    right, calls = scratch.SoftmaxCrossEntropy.backward, iter(range(10**6))

    def backward(self: scratch.SoftmaxCrossEntropy) -> Array:
        dinputs = right(self)
        dinputs *= 1 + 1e-11 * (next(calls) == 300)
        return dinputs

    monkeypatch.setattr(scratch.SoftmaxCrossEntropy, "backward", backward)


def torch_momentum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch's momentum, the rate outside the velocity."""

    def update(self: scratch.SGD, network: scratch.Network) -> None:
        self.current_learning_rate = self.learning_rate * (1 / (1 + self.decay * self.iterations))
        for name, parameter in network.parameters().items():
            momentum = getattr(self, "raw", {}).get(name, 0) * self.momentum + network.gradients()[name]
            self.raw = {**getattr(self, "raw", {}), name: momentum}
            self.velocities[name] = -self.current_learning_rate * momentum
            parameter += self.velocities[name]
        self.iterations += 1

    monkeypatch.setattr(scratch.SGD, "update", update)


LASTING = {
    "dweights times 1 + 1e-11": (scaled_gradient, 0, "gradient/dense1.weights"),
    "rate times 1 + 1e-11": (changed_update(faster), 0, "learning_rate"),
    "weight decay 1e-12": (changed_update(decay), 0, "gradient/dense2.weights"),
    "float32 rate": (changed_update(single), 0, "learning_rate"),
    "torch's momentum": (torch_momentum, 1, "state/dense1.weights"),
}
ONE_EPOCH = {
    "wrong label": (wrong_label, 500, "loss/samples"),
    "loss gradient nudged": (nudged, 300, "backward/loss"),  # told by its gradients, found where it was introduced
    "velocity zeroed": (changed_update(forgotten), 500, "state/dense1.weights"),
    "decay counter skips": (changed_update(skipped), 500, "learning_rate"),
}


@pytest.mark.parametrize("fault", LASTING)
def test_a_lasting_fault_is_caught_by_the_quick_default(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of one part in a hundred billion is caught at its first epoch and its own row."""
    plant, epoch, quantity = LASTING[fault]
    plant(monkeypatch)
    row = first_lost(compare(ANN3, epochs=3))
    assert (row["epoch"], row["quantity"], row["origin"]) == (epoch, quantity, "introduced here"), failure
    assert row["scratch_off"] > 1 >= row["reference_off"]


@pytest.mark.parametrize("fault", ONE_EPOCH)
def test_a_fault_of_one_epoch_is_caught_when_every_epoch_is_checked(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens once is caught there, at the row that it concerns."""
    plant, epoch, quantity = ONE_EPOCH[fault]
    plant(monkeypatch)
    row = first_lost(compare(SMALL, every=1))
    assert (row["epoch"], row["quantity"]) == (epoch, quantity)


def test_a_rate_off_at_one_epoch_is_an_event() -> None:
    """A learning rate that is not the harness's own to the last bit has its epoch checked, whatever the stride."""
    watch, network = Watch(SMALL), traces.planted(scratch, SMALL, traces.load(SMALL).parameters)
    network.forward(traces.load(SMALL).inputs)
    rate = SMALL.learning_rate * (1 / (1 + SMALL.decay * 60))
    right = scratch.Step(60, slice(None), 100, 1.0, 0.0, 1.0, 0.5, rate)
    assert watch(60, right, network) is False
    assert watch(60, right._replace(learning_rate=np.nextafter(rate, 1)), network) is True
    assert watch.events == {"learning rate": 1}


def test_frames_do_not_grow_with_the_stride() -> None:
    """With every epoch checked the frame keeps the rows of the quick default and the worst ones, and says how many.

    What an update ends with is judged in all of them, what lies on the way in those whose rows are kept.
    """
    quick, thorough = compare(SMALL), compare(SMALL, every=1)
    training = thorough.query("probe == ''")
    ends = ("loss", "accuracy", "gradient", "learning_rate", "state", "parameter")
    way = ~training["stage"].isin(ends) | (training["quantity"] == "loss/samples")
    assert set(training[~way]["checked"]) == {510}
    assert set(training[way]["checked"]) == set(quick.query("probe == ''")["checked"])
    assert len(thorough) <= len(quick) + training["quantity"].nunique()
    assert training["used"].max() >= quick.query("probe == ''")["used"].max()


def test_reading_leaves_the_state_alone() -> None:
    """A harness that moves a weight while it looks is found out."""
    data = traces.load(SMALL)
    network = traces.planted(scratch, SMALL, data.parameters)
    updates = traces.scratch_steps(SMALL, data, network, lambda iteration, step, network: True)
    next(updates)
    network.layers["dense1"].weights[0, 0] += 1e-9
    with pytest.raises(RuntimeError, match="looking at epoch 0 has changed the network"):
        next(updates)


def test_every_case_meets_probes_at_its_start_and_after_training() -> None:
    """A full verdict has rows of every probe that a classifier can have, with both sets of weights."""
    rows = compare(CASES["square"], epochs=2)
    seen = set(rows[rows["probe"] != ""]["probe"])
    assert seen == {f"{probe.name}, {when}" for probe in PROBES for when in ("start", "trained")} | {"side effects"}


def test_a_softmax_of_the_batch_is_caught_by_its_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shifted by the whole batch's maximum, softmax is right on ordinary data and lost on rows 800 apart."""

    def forward(self: scratch.Softmax, inputs: Array) -> Array:
        exponentials = np.exp(inputs - inputs.max())
        with np.errstate(invalid="ignore"):
            self.output = exponentials / exponentials.sum(axis=1, keepdims=True)
        return self.output

    monkeypatch.setattr(scratch.Softmax, "forward", forward)
    rows = compare(CASES["square"], epochs=1)
    lost = set(rows[~rows["status"].isin(PASSES)]["probe"])
    assert "rows apart, start" in lost
    assert not lost & {"", "five samples, start"}


def test_the_derivative_of_relu_at_zero_is_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    """ReLU'(0) = 1 changes nothing in the spiral's gradients, and is lost on exact zeros."""

    def backward(self: scratch.ReLU, dvalues: Array) -> Array:
        self.dinputs = np.where(self.inputs >= 0, dvalues, 0)
        return self.dinputs

    monkeypatch.setattr(scratch.ReLU, "backward", backward)
    row = first_lost(compare(CASES["iris"], epochs=1))
    assert (row["probe"], row["quantity"]) == ("zeros, unbalanced, start", "backward/relu1")


def test_an_unfused_underflow_is_predicted() -> None:
    """Where the lecture's unfused gradient is not finite, the probe expects scratch to stop, and it does."""
    rows = compare(replace(CASES["deep"], dtype="float32"), epochs=1)
    stops = rows[rows["quantity"] == "stopped"]
    assert len(stops)
    assert stops["hint"].str.startswith("as predicted: the unfused cross-entropy").all()


def free_runs(rate: float) -> Iterator[scratch.Epochs]:
    """Scratch (at a rate of its own) and reference left alone for the quiet epochs."""
    case = replace(SMALL, epochs=QUIET_EPOCHS)
    data = traces.load(case)
    for side, alpha in ((scratch, rate), (reference, case.learning_rate)):
        network = traces.planted(side, case, data.parameters)
        rule = side.SGD(alpha, case.decay, case.momentum)
        yield side.train(network, rule, data.inputs, data.labels, case.epochs)


@pytest.mark.parametrize(("factor", "status"), [(1, "close"), (1 + 1e-9, "apart")])
def test_the_noise_floor_judges_the_quiet_epochs(factor: float, status: str) -> None:
    """An honest pair stays within the replicas' noise, and a learning rate off by 1e-9 does not."""
    case = replace(SMALL, epochs=QUIET_EPOCHS)
    ours, theirs = free_runs(case.learning_rate * factor)
    runs = replicas(case, traces.load(case), QUIET_EPOCHS, lambda done: None)
    assert noise_row(case, ours, theirs, runs)["status"] == status
    assert horizon(theirs, runs) is None


def test_a_ledger_counts_failures_that_it_does_not_keep() -> None:
    """A training that fails everywhere keeps a bounded number of rows, and the count of all."""
    ledger = Ledger()
    row = {"quantity": "x", "status": "apart", "used": 2.0, "local": 2.0, "probe": "", "update": 0}
    for _ in range(1500):
        ledger.add(Checked([dict(row)], keep=False))
    assert ledger.failed == 1500
    assert len(ledger.rows) == 1000
