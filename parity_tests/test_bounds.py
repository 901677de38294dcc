"""The bounds: they hold on random networks, and without their parts they would not."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reports import compare
from reports.cases import DTYPES, PENALTIES, Case, Layer, dense
from reports.equations import rules
from reports.equations.kernels import kept
from reports.equations.rounding import Bounded, Rounding
from reports.judge import verdict
from reports.show.text import failure

sizes = st.integers(1, 23)
ACTIVATIONS = ("ReLU", "Sigmoid", "Tanh")
REGRESSION = ("HalfSquaredError", "MeanSquaredError", "MeanAbsoluteError")


@st.composite
def random_cases(draw: st.DrawFn) -> Case:
    """Any architecture: depth, widths, activations, loss, labels, penalties, rates, batches."""
    loss = draw(st.sampled_from([*REGRESSION, "CrossEntropy", "SoftmaxCrossEntropy"]))
    widths = [draw(sizes) for _ in range(draw(st.integers(2, 5)))]
    widths[-1] = max(2, widths[-1])
    layers: list[Layer] = []
    for i, (n_inputs, n_neurons) in enumerate(itertools.pairwise(widths), start=1):
        penalties = {name: draw(st.sampled_from([0.0, 1e-3, 0.1])) for name in PENALTIES}
        layers.append(dense(f"dense{i}", n_inputs, n_neurons, **penalties))
        if i < len(widths) - 1:
            layers.append(Layer(f"activation{i}", draw(st.sampled_from(ACTIVATIONS))))
    if loss == "CrossEntropy":
        layers.append(Layer("softmax", "Softmax"))
    samples = draw(st.integers(1, 41))
    return Case(
        name="random",
        says="any architecture",
        layers=tuple(layers),
        data_settings={"samples": samples, "features": widths[0], "classes": widths[-1]},
        targets="one-hot" if loss in REGRESSION else draw(st.sampled_from(["labels", "one-hot"])),
        loss=loss,
        learning_rate=1e-5 if "Squared" in loss else draw(st.sampled_from([0.01, 0.1])),  # squares of deep nets diverge
        decay=draw(st.sampled_from([0.0, 0.01])),
        momentum=draw(st.sampled_from([0.0, 0.5, 0.9])),
        epochs=3,
        batch_size=draw(st.sampled_from([None, 1, 7])),
        seed=draw(st.integers(0, 2**16)),
    )


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=30, deadline=None, derandomize=True, phases=[Phase.generate])  # shrinking takes minutes
@given(case=random_cases())
def test_random_networks_agree(dtype: str, case: Case) -> None:
    """No honest network is ever apart, whatever its architecture, seed and dtype."""
    rows = compare(replace(case, dtype=dtype))
    judged = rows[rows["quantity"] != "stopped"]  # an unfused cross-entropy may meet p = 0, and says so
    assert len(judged) == 0 or verdict(judged["status"]) == 0, f"{failure(judged)}\n{case}"


@pytest.mark.parametrize("dtype", DTYPES)
def test_elementary_functions_stay_inside_their_ulps(dtype: str) -> None:
    """NumPy's tanh lies within its bound of the longdouble value at 28,000 points."""
    z = np.random.default_rng(0).standard_normal((4001, 7)).astype(dtype)
    value = np.tanh(z.astype(np.float64))
    error = rules.tanh("t", "z").error(Rounding.of(dtype), value, Bounded(z.astype(np.float64), np.zeros(z.shape)))
    assert (np.abs(np.tanh(z) - np.tanh(z.astype(np.longdouble))) <= error).all()


def test_the_kink_rule_covers_both_answers() -> None:
    """Within its error of 0 a ReLU may pass the gradient or not: the bound there covers all of it."""
    z = Bounded(np.array([[1e-17, 1.0, -1.0, 0.0]]), np.array([[1e-16, 1e-16, 1e-16, 0.0]]))
    da = Bounded(np.array([[3.0, 3.0, 3.0, 3.0]]), np.zeros((1, 4)))
    equation = rules.relu_backward("relu", "da", "z")
    error = equation.error(Rounding.of(np.float64), equation.value(da.value, z.value), da, z)
    assert error.tolist() == [[3.0, 0.0, 0.0, 0.0]]
    assert equation.undecided is not None
    assert equation.undecided(da, z).tolist() == [[True, False, False, False]]


def test_a_tie_of_two_outputs_is_undecided() -> None:
    """Two outputs closer than their errors leave the prediction open, and the accuracy's bound has room for it."""
    p = Bounded(np.array([[0.4, 0.4, 0.2], [0.7, 0.2, 0.1]]), np.full((2, 3), 1e-16))
    onehot = Bounded(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), np.zeros((2, 3)))
    equation = rules.accuracy("p")
    assert equation.undecided is not None
    assert equation.undecided(p, onehot).tolist() == [True, False]
    assert 2 * equation.error(Rounding.of(np.float64), np.float64(0.5), p, onehot) >= 1 / 2


def test_beyond_the_clip_only_the_limit_rounds() -> None:
    """A sigmoid that is surely clipped on both sides is known to the rounding of the clip itself."""
    z = Bounded(np.array([[-30.0, 0.0, 30.0]]), np.full((1, 3), 1e-3))
    equation = rules.sigmoid("s", "z")
    r = Rounding.of(np.float64)
    error = equation.error(r, equation.value(z.value), z)
    assert error[0, 0] <= r.unit
    assert error[0, 2] <= r.unit
    assert error[0, 1] > 1e-4


def test_what_no_rounding_touches_has_no_allowance() -> None:
    """A unit whose inputs and bias are 0 must be exactly 0 on both sides."""
    zero, w = Bounded(np.zeros((1, 3)), np.zeros((1, 3))), Bounded(np.ones((3, 2)), np.zeros((3, 2)))
    b = Bounded(np.zeros((1, 2)), np.zeros((1, 2)))
    assert rules.dense("d", "inputs").error(Rounding.of(np.float32), np.zeros((1, 2)), zero, w, b).tolist() == [[0, 0]]


def test_a_lost_bound_never_turns_into_a_claim() -> None:
    """Where an inherited error is NaN every rule keeps it, or leaves the element undecided: 0 would be a claim."""
    r, lost = Rounding.of(np.float32), Bounded(np.ones((1, 2)), np.array([[np.nan, 0.0]]))
    one = Bounded(np.ones((1, 2)), np.zeros((1, 2)))
    assert np.isnan(r.with_underflow(lost.error, 3)).tolist() == [[True, False]]
    assert np.isnan(rules.relu("a", "z").error(r, one.value, lost)).tolist() == [[True, False]]
    assert rules.undecided_sign(lost).tolist() == [[True, False]]
    rate = Bounded(np.float64(0.1), np.float64(0.0))
    assert np.isnan(rules.velocity("w", 0.5).error(r, one.value, lost, one, rate)).tolist() == [[True, False]]
    accuracy = rules.accuracy("p").undecided
    assert accuracy is not None
    assert accuracy(lost, one).tolist() == [True]


def test_a_mask_keeps_every_kind_of_number() -> None:
    """Where the mask holds, values pass bit for bit, NaN and infinity too; elsewhere everything is 0."""
    values = np.array([[1.5, -0.0, np.nan, np.inf, -np.inf, 5e-324]])
    assert kept(np.ones(values.shape, bool), values).tobytes() == values.tobytes()
    assert kept(np.zeros(values.shape, bool), values).tobytes() == np.zeros_like(values).tobytes()
