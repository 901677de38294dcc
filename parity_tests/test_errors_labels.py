"""Errors that teach, about answers: labels that are none, targets of another shape, gradients without a value."""

import numpy as np
import pytest

import scratch
from parity_tests.helpers import refusal

Array = np.ndarray
LABELS = np.array([0, 2, 1, 2, 0])
PROBABILITIES = scratch.Softmax().forward(np.random.default_rng(0).standard_normal((5, 3)))
ONE_HOT = np.eye(3)[LABELS]

REFUSED = {
    "too large": (LABELS + 1, ValueError,
                  "takes labels 0 to 2 for 3 classes but got 3 at sample 1: "
                  "do the labels count from 1, or has the last layer too few neurons?"),
    "negative": (LABELS - 1, ValueError, "takes labels 0 to 2 for 3 classes but got -1 at sample 0: "),
    "float": (LABELS * 1.0, TypeError, "takes class indices as integers but got float64: use labels.astype(np.int64)"),
    "bool": (LABELS > 0, TypeError, "takes class indices as integers but got bool: use labels.astype(np.int64)"),
    "text": (LABELS.astype(str), TypeError, "takes class indices as integers but got <U21"),
    "objects": (LABELS.astype(object), TypeError, "takes class indices as integers but got object"),
    "column": (LABELS[:, None], ValueError,
               "takes labels (5,) or one-hot (5, 3) but got (5, 1): a column is not one-hot; use labels.ravel()"),
    "short": (LABELS[:4], ValueError,
              "takes labels (5,) or one-hot (5, 3) but got (4,): one label per sample is wanted"),
    "empty": (LABELS[:0], ValueError, "takes labels (5,) or one-hot (5, 3) but got (0,): one label per sample is"),
    "transposed one-hot": (ONE_HOT.T.copy(), ValueError, "takes labels (5,) or one-hot (5, 3) but got (3, 5)"),
    "one-hot of more classes": (np.eye(7)[LABELS], ValueError, "takes labels (5,) or one-hot (5, 3) but got (5, 7)"),
    "list": (LABELS.tolist(), TypeError, "takes labels as a NumPy array but got list: use np.asarray"),
    "none": (None, TypeError, "takes labels as a NumPy array but got NoneType: use np.asarray"),
    "soft": (ONE_HOT * 0.5 + 0.25, ValueError,
             "takes one-hot rows (a single 1, else 0) but got [0.75 0.25 0.25] at sample 0: "
             "soft labels have another gradient, so they are refused rather than rounded"),
    "two ones": (np.maximum(ONE_HOT, np.eye(3)[[0, 1, 1, 2, 0]]), ValueError,
                 "but got [0. 1. 1.] at sample 1: soft labels"),
    "no one": (ONE_HOT * 0, ValueError, "takes one-hot rows (a single 1, else 0) but got [0. 0. 0.] at sample 0"),
    "nan": (ONE_HOT * np.nan, ValueError, "takes one-hot rows (a single 1, else 0) but got [nan nan nan] at sample 0"),
    "bool one-hot": (ONE_HOT == 1, TypeError, "takes one-hot labels as numbers but got bool"),
}  # fmt: skip


@pytest.mark.parametrize(("labels", "error", "text"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("loss", ["CrossEntropy", "SoftmaxCrossEntropy"])
def test_labels_are_checked(loss: str, labels: object, error: type[Exception], text: str) -> None:
    """Whatever is neither class indices (N,) nor one-hot rows (N, C) is refused, and never rounded or broadcast."""
    rule = getattr(scratch, loss)()
    told = refusal(error, rule.forward, PROBABILITIES, labels)
    assert told.startswith(rule.name)
    assert text in told


@pytest.mark.parametrize("loss", ["CrossEntropy", "SoftmaxCrossEntropy"])
def test_labels_of_any_integer_and_one_hot_are_the_same(loss: str) -> None:
    """Indices of any integer dtype and one-hot rows of integers or floats give the same loss and gradient exactly."""
    kinds = [LABELS.astype(dtype) for dtype in ("uint8", "int8", "int32", "uint64")]
    kinds += [ONE_HOT, ONE_HOT.astype(np.float32), ONE_HOT.astype(np.int64)]
    rule = getattr(scratch, loss)()
    wanted = rule.forward(PROBABILITIES, LABELS), rule.backward().tobytes()
    assert [(rule.forward(PROBABILITIES, labels), rule.backward().tobytes()) for labels in kinds] == [wanted] * 7


@pytest.mark.parametrize("loss", ["HalfSquaredError", "MeanSquaredError", "MeanAbsoluteError"])
def test_targets_are_checked(loss: str) -> None:
    """Targets that would broadcast, or are no finite floats of the predictions' dtype, are refused; nothing is kept."""
    rule, outputs = getattr(scratch, loss)(), np.random.default_rng(1).standard_normal((5, 1))
    rule.forward(outputs, outputs * 2)
    before = rule.backward().copy()
    assert refusal(ValueError, rule.forward, outputs, outputs[:, 0]) == (
        f"{rule.name} takes targets (5, 1), as the predictions, but got (5,): "
        f"a difference of the two would broadcast; use targets.reshape(5, 1)"
    )
    for targets, error, text in [
        (outputs[:4], ValueError, "targets (5, 1), as the predictions, but got (4, 1): one value per sample and outp"),
        (outputs.astype(np.float32), TypeError, "targets as float64 but got float32: a mix would be computed"),
        (outputs.astype(int), TypeError, "targets as float64 but got int64: gradients need float32 or float64"),
        (outputs.tolist(), TypeError, "targets as a NumPy array but got list: use np.asarray"),
        (np.where(outputs > 0, outputs, np.nan), ValueError, "takes finite targets but got nan at ["),
        (np.where(outputs > 0, outputs, np.inf), ValueError, "takes finite targets but got inf at ["),
    ]:
        told = refusal(error, rule.forward, outputs, targets)
        assert told.startswith(rule.name)
        assert text in told
    assert np.array_equal(rule.backward(), before)


@pytest.mark.parametrize("loss", ["HalfSquaredError", "MeanSquaredError", "MeanAbsoluteError",
                                  "CrossEntropy", "SoftmaxCrossEntropy"])  # fmt: skip
def test_a_loss_has_nothing_to_go_back_to(loss: str) -> None:
    """A loss's backward before its forward is refused by name."""
    rule = getattr(scratch, loss)()
    assert refusal(RuntimeError, rule.backward) == (
        f"{rule.name}: backward was called before forward, so there are no inputs to go back to"
    )


@pytest.mark.parametrize(("dtype", "lost"), [("float64", 0.0), ("float64", 5e-324), ("float32", 0.0)])
def test_the_gradient_at_probability_zero(dtype: str, lost: float) -> None:
    """Where a label's probability underflowed, 1/p has no value: CrossEntropy says so and leaves no gradient."""
    p = PROBABILITIES.astype(dtype)
    p[3, LABELS[3]] = lost
    rule = scratch.CrossEntropy()
    assert np.isfinite(rule.forward(p, LABELS))
    assert refusal(FloatingPointError, rule.backward) == (
        f"cross-entropy: the probability of sample 3's label underflowed to {lost}, so its gradient -1/p is infinite; "
        f"end the network without Softmax and use SoftmaxCrossEntropy instead"
    )
    assert not hasattr(rule, "dinputs")


def test_the_fused_loss_has_a_gradient_there() -> None:
    """SoftmaxCrossEntropy answers where CrossEntropy cannot: at probability 0 its gradient is exactly (0 - 1)/N."""
    rule = scratch.SoftmaxCrossEntropy()
    assert rule.forward(np.array([[1000.0, 0.0], [0.0, 0.0]]), np.array([1, 0])) > 8
    assert rule.backward()[0].tolist() == [0.5, -0.5]


@pytest.mark.parametrize("loss", ["SoftmaxCrossEntropy", "CrossEntropy"])
def test_labels_that_are_refused_leave_the_last_batch(loss: str) -> None:
    """After refused labels a loss still holds one batch: its gradient is that of the last good one."""
    rule = getattr(scratch, loss)()
    rule.forward(PROBABILITIES, LABELS)
    before = rule.backward().copy()
    refusal(ValueError, rule.forward, PROBABILITIES[::-1].copy(), LABELS + 5)
    assert np.array_equal(rule.backward(), before)
