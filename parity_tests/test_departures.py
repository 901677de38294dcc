"""Each departure matters as much as its formula predicts, and one line closes it."""

import inspect

import numpy as np
import pytest
import torch

import reference
import scratch
from reports.departures import BOUNDED, DEPARTURES, DETERMINISTIC, Change, Departure, predicts_underflow
from reports.departures.departure import difference
from reports.departures.exact import ball_exp, in_balls, to_float
from reports.departures.running import Running

ALL = pytest.mark.parametrize("departure", DEPARTURES.values(), ids=str.lower and (lambda one: one.name))
CHANGES = [(one, k) for one in DEPARTURES.values() for k in range(len(one.changes))]
EACH_CHANGE = pytest.mark.parametrize(("departure", "k"), CHANGES, ids=lambda part: getattr(part, "name", None))


@ALL
def test_the_predicted_size_is_met(departure: Departure) -> None:
    """Running both sides gives the size that the formula predicts, element by element, to within the allowance."""
    size = departure.size()
    assert len(size.at) == len(size.predicted) == len(size.measured) > 0
    assert np.all(np.abs(size.measured - size.predicted) <= size.allowed)


@ALL
def test_the_departure_matters(departure: Departure) -> None:
    """Somewhere the size is larger than all that rounding explains, so that no judge could pass it."""
    size = departure.size()
    if departure.kind == BOUNDED:
        assert np.any(size.measured != 0)
        assert np.max(np.abs(size.measured)) > 1e3 * departure.closed()[0].allowed.max()
    else:
        assert np.any(np.abs(size.predicted - departure.nothing) > size.allowed)


@EACH_CHANGE
def test_one_line_closes_it(departure: Departure, k: int) -> None:
    """With the changed line both sides agree to within the rounding of the rule that both then follow."""
    rest = departure.closed()[k]
    assert np.all(np.abs(rest.left) <= rest.allowed)


@EACH_CHANGE
def test_without_the_line_it_stays_open(departure: Departure, k: int) -> None:
    """The same comparison without the change fails, so the change is what closes it."""
    rest = departure.closed()[k]
    with np.errstate(invalid="ignore"):
        open_ = np.asarray(difference(np.asarray(departure.scratch_side()), np.asarray(departure.torch_side())))
    assert np.any(np.abs(open_).ravel() > rest.allowed)


@EACH_CHANGE
def test_the_change_is_one_line_of_live_source(departure: Departure, k: int) -> None:
    """The old line stands once in the side's source as it is now, and the new one differs from it."""
    change = departure.changes[k]
    side = departure.scratch_side if change.side == "scratch" else departure.torch_side
    old, new = change.lines(side)
    assert inspect.getsource(side).count(old) == 1
    assert old != new


def test_a_stale_change_is_refused() -> None:
    """A line that is no longer in the source is an error, not a change without effect."""
    with pytest.raises(ValueError, match="has not exactly one 'no such line'"):
        Change("torch", "no such line", "").apply(DEPARTURES["momentum"].torch_side)


def test_the_issues_departures_are_there() -> None:
    """Every departure that the lecture's table names has an entry."""
    assert set(DEPARTURES) >= {
        "momentum", "loss-clip", "sigmoid-clip", "sigmoid-slope", "half-sum", "decay-schedule", "decay-step", "layout",
        "initialisation", "dtype", "softmax-shift", "labels-column", "printed-mse", "relu-at-zero", "accuracy-ties",
        "unfused-underflow", "velocity-home", "soft-labels", "absolute-error-sign",
    }  # fmt: skip


def test_a_broken_side_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scratch whose momentum is torch's own makes the predicted size unmet: the test above can fail."""

    def outside(self: scratch.SGD, network: scratch.Network) -> None:
        rate = self.learning_rate / (1 + self.decay * self.iterations)
        for name, parameter in network.parameters().items():
            velocity = self.velocities.setdefault(name, np.zeros_like(parameter))
            velocity *= self.momentum
            velocity += network.gradients()[name]
            parameter -= rate * velocity
        self.iterations += 1

    monkeypatch.setattr(scratch.SGD, "update", outside)
    size = DEPARTURES["momentum"].size()
    assert np.any(np.abs(size.measured - size.predicted) > size.allowed)


def test_momentum_is_torchs_rule_at_a_constant_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without decay the size of the momentum departure is rounding alone."""
    monkeypatch.setattr("reports.departures.optimizers.DECAY", 0.0)
    size = DEPARTURES["momentum"].size()
    assert not np.any(size.predicted)
    assert np.all(np.abs(size.measured) <= size.allowed)


def test_momentum_grows_to_its_limit() -> None:
    """Under slow decay the lecture's update exceeds torch's by about decay m / (1 - m), here 0.4 per cent."""
    assert f"{DEPARTURES['momentum'].measured()[-1]:.1%}" == f"{0.001 * 0.8 / 0.2:.1%}" == "0.4%"


def test_torch_refuses_what_the_lecture_takes() -> None:
    """A column of labels raises in torch, and in scratch; the lecture's rule goes on."""
    logits = torch.zeros(3, 2)
    with pytest.raises(RuntimeError):
        torch.nn.CrossEntropyLoss()(logits, torch.zeros(3, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match="a column is not one-hot"):
        scratch.SoftmaxCrossEntropy().forward(logits.numpy(), np.zeros((3, 1), np.int64))


def test_torchs_other_maxima_share_the_derivative_out() -> None:
    """At exactly 0 torch.relu has slope 0, torch.clamp 1 and torch.maximum 1/2, as the departure says."""
    slopes = []
    for rule in (torch.relu, lambda z: torch.clamp(z, min=0), lambda z: torch.maximum(z, torch.zeros(1))):
        z = torch.zeros(1, requires_grad=True)
        rule(z).backward()
        slopes.append(z.grad.item())
    assert slopes == [0.0, 1.0, 0.5]


def test_predictions_are_rounded_once() -> None:
    """A prediction in balls is the double nearest to the exact value: e^-20 as known to 30 digits."""
    assert in_balls(lambda: to_float([ball_exp(-20.0)]))[0] == 2.061153622438557827965940380155820976e-9


def test_running_bounds_enclose_float_sums() -> None:
    """A float64 sum in any order lies within the running bound of the exact value, and in float32 not."""
    numbers = np.random.default_rng(0).standard_normal(1000)
    total = Running.exact(numbers).sum()
    assert abs(sum(numbers) - total.value) <= 2 * total.error
    assert abs(float(np.sum(numbers.astype(np.float32))) - total.value) > 2 * total.error


def test_the_probes_still_ask_the_departures() -> None:
    """What the verdict on a probe reads is where it was."""
    assert callable(predicts_underflow)
    assert all(one.kind in (BOUNDED, DETERMINISTIC) for one in DEPARTURES.values() if one.name != "initialisation")


def test_every_departure_belongs_to_a_topic() -> None:
    """Each names mirrored topics that exist."""
    from reports.lessons.topics import mirrored

    assert {topic for one in DEPARTURES.values() for topic in one.topics} <= set(mirrored())
    assert reference.__name__ == "reference"
