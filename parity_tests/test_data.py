"""The data: the lecture's spiral and iris table, and what draws from them."""

import numpy as np
import pytest

import scratch

SLIDE = [
    [5.1, 3.5, 1.4, 0.2], [4.9, 3.0, 1.4, 0.2], [4.7, 3.2, 1.3, 0.2], [4.6, 3.1, 1.5, 0.2],
    [5.0, 3.6, 1.4, 0.2], [5.4, 3.9, 1.7, 0.4], [4.6, 3.4, 1.4, 0.3], [5.0, 3.4, 1.5, 0.2],
]  # fmt: skip


def test_spiral_is_the_lectures_formula() -> None:
    """Point j of arm c lies at radius j/(n-1), at 2.5 times the angle 4c + 4j/(n-1) + 0.2 normal."""
    inputs, labels = scratch.spiral(samples=7, classes=3, rng=np.random.default_rng(5))
    rng = np.random.default_rng(5)
    for c in range(3):
        noise = rng.standard_normal(7)
        for j in range(7):
            angle = np.linspace(4.0 * c, 4.0 * (c + 1), 7)[j] + 0.2 * noise[j]
            radius = np.linspace(0.0, 1.0, 7)[j]
            expected = [radius * np.sin(2.5 * angle), radius * np.cos(2.5 * angle)]
            assert inputs[7 * c + j].tolist() == expected
            assert labels[7 * c + j] == c


def test_spiral_has_the_lectures_shape() -> None:
    """300 points in each of 5 classes, 2 features, and five points at exactly (0, 0)."""
    inputs, labels = scratch.spiral(samples=300, classes=5, rng=np.random.default_rng(0))
    assert (inputs.shape, inputs.dtype, labels.dtype) == ((1500, 2), np.float64, np.int64)
    assert np.bincount(labels).tolist() == [300] * 5
    assert (inputs == 0).all(axis=1).sum() == 5


def test_the_same_seed_gives_the_same_points() -> None:
    """Data hang on the generator alone."""
    first, second, other = (scratch.spiral(11, 2, np.random.default_rng(seed))[0] for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_iris_is_the_table_on_the_slide() -> None:
    """150 flowers, 50 of each species, the first eight as printed on the slide."""
    inputs, labels = scratch.iris()
    assert (inputs.shape, inputs.dtype, labels.dtype) == ((150, 4), np.float64, np.int64)
    assert np.bincount(labels).tolist() == [50, 50, 50]
    assert inputs[:8].tolist() == SLIDE


def test_gaussian_has_every_shape_asked_for() -> None:
    """Random inputs (N, D) and labels below the number of classes."""
    inputs, labels = scratch.gaussian(samples=101, features=3, classes=7, rng=np.random.default_rng(0))
    assert (inputs.shape, labels.shape, labels.dtype) == ((101, 3), (101,), np.int64)
    assert set(labels) <= set(range(7))


def test_one_hot_has_a_single_one_per_row() -> None:
    """Row n has its 1 in column labels[n], and every class has a column even when it does not occur."""
    assert scratch.one_hot(np.array([2, 0]), 4).tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]


@pytest.mark.parametrize(("samples", "size", "last"), [(11, 4, 3), (12, 4, 4), (3, 7, 3)])
def test_minibatches_visit_every_sample_once(samples: int, size: int, last: int) -> None:
    """An epoch is a permutation of the samples, cut into batches, the last one ragged."""
    batches = scratch.minibatches(samples, size, np.random.default_rng(1))
    assert sorted(np.concatenate(batches).tolist()) == list(range(samples))
    assert [len(batch) for batch in batches] == [size] * (len(batches) - 1) + [last]
