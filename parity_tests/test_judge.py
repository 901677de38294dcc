"""The judge: what passes, what fails, what cannot be judged, and that nothing else passes."""

import numpy as np
import pytest

from reports.equations.rounding import Bounded
from reports.judge import judge, verdict
from reports.measure import measure

VALUES = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -7.0]])
BOUND = Bounded(VALUES, np.full((2, 3), 1e-15))


def changed(index: tuple[int, int], value: float) -> np.ndarray:
    """VALUES with one entry replaced."""
    array = VALUES.copy()
    array[index] = value
    return array


def test_equal_arrays_are_exact() -> None:
    """Arrays equal to the last bit have status exact and use nothing."""
    row = judge("x", VALUES, VALUES.copy(), BOUND)
    assert (row["status"], row["used"], row["out"]) == ("exact", 0.0, 0)


def test_a_gap_within_the_allowance_is_close() -> None:
    """The allowance is twice the bound, and a gap below it is close."""
    row = judge("x", changed((0, 0), 1 + 1e-15), VALUES, BOUND)
    assert row["status"] == "close"
    assert row["allowed"] == 2e-15
    assert 0 < row["used"] < 1


def test_a_gap_beyond_the_allowance_is_apart() -> None:
    """A single element outside is apart; the row tells how many, where, and both values there."""
    row = judge("x", changed((1, 2), -7.1), VALUES, BOUND)
    assert (row["status"], row["out"], row["worst_index"]) == ("apart", 1, "[1, 2]")
    assert (row["scratch"], row["reference"]) == (-7.1, -7.0)


def test_a_zero_allowance_is_a_limit() -> None:
    """Where no rounding happens the sides must agree exactly: the smallest difference is infinitely many allowances."""
    row = judge("x", changed((1, 1), 5e-324), VALUES, Bounded(VALUES, np.zeros((2, 3))))
    assert (row["status"], row["used"]) == ("apart", np.inf)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_one_sided_nonfinite_is_apart(poison: float) -> None:
    """NaN or infinity on one side alone is a difference, whatever the bound."""
    for pair in ((changed((0, 1), poison), VALUES), (VALUES, changed((0, 1), poison))):
        assert judge("x", *pair, BOUND)["status"] == "apart"


def test_nan_on_both_sides_is_not_equal() -> None:
    """NaN on both sides cannot be judged: it is counted, and never passes."""
    row = judge("x", changed((0, 1), np.nan), changed((0, 1), np.nan), BOUND)
    assert (row["status"], row["hint"]) == ("nonfinite", "1 elements are not finite on either side")


@pytest.mark.parametrize("lost", [np.inf, np.nan])
def test_a_bound_that_overflowed_claims_nothing(lost: float) -> None:
    """Where the bound is infinite or NaN the row is unjudged: neither passed nor failed."""
    row = judge("x", changed((0, 0), 2.0), VALUES, Bounded(VALUES, np.full((2, 3), lost)))
    assert row["status"] == "unjudged"


def test_no_bound_is_unjudged() -> None:
    """A quantity without an equation is unjudged even when both sides are equal."""
    assert judge("x", VALUES, VALUES, None)["status"] == "unjudged"


@pytest.mark.parametrize(
    ("ours", "theirs", "status"),
    [(None, VALUES, "missing"), (VALUES, None, "extra"), (VALUES.T, VALUES, "shape"),
     (VALUES[:1], VALUES, "shape"), (VALUES.astype(np.float32), VALUES, "dtype")],
)  # fmt: skip
def test_arrays_that_cannot_be_compared_fail(ours: np.ndarray, theirs: np.ndarray, status: str) -> None:
    """A missing or extra array, another shape (broadcastable or not) and another dtype are failures by name."""
    row = judge("x", ours, theirs, BOUND)
    assert (row["status"], row["out"]) == (status, row["elements"])
    assert verdict([row["status"]]) == 1


def test_shuffled_rows_are_apart() -> None:
    """The same numbers in another order are not the same array."""
    assert judge("x", VALUES[::-1], VALUES, BOUND)["out"] == 6


def test_one_beats_two_beats_zero() -> None:
    """A failure outweighs what cannot be judged, which outweighs what passes; nothing compared is not a pass."""
    assert verdict(["exact", "close"]) == 0
    assert verdict(["exact", "unjudged"]) == 2
    assert verdict(["nonfinite", "apart"]) == 1
    assert verdict([]) == 2


def test_the_worst_of_each_measure_may_lie_elsewhere_than_the_largest_share() -> None:
    """Beside a pair further apart for its size: more units in the last place, a larger part of the reference."""
    eps = np.finfo(np.float64).eps
    scratch, reference = np.array([1.0, 2 - eps]), np.array([1 + 4 * eps, 2 - 7 * eps])
    assert measure(scratch, reference).max_ulp == 6  # share 4 eps of the first, 3 eps of the second
    assert measure(np.array([1.0, 1.0]), np.array([-1.0, 0.125])).max_rel == 7  # shares 2 and 7/8
    assert measure(np.array([0.0, 1.0]), np.array([0.0, 0.0])).max_rel == np.inf
