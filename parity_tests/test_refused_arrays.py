"""Arrays that are refused: the message names the layer, what came, what was wanted, and what probably happened."""

import numpy as np
import pytest

import scratch
from parity_tests.helpers import refusal

Array = np.ndarray
RNG = np.random.default_rng(0)


def network() -> scratch.Network:
    """The lecture's layers by name."""
    layers = {"dense1": scratch.Dense(2, 64), "relu1": scratch.ReLU(), "dense2": scratch.Dense(64, 5)}
    return scratch.Network(layers, scratch.SoftmaxCrossEntropy())


SHAPES = {
    "the layer's own input": (np.ones((1500, 2)), "was an activation's input passed instead of its output?"),
    "three axes": (np.ones((7, 1, 64)), "3 axes came and 2 are wanted; use inputs.reshape(7, -1)"),
    "four axes": (np.ones((7, 1, 8, 8)), "4 axes came and 2 are wanted; use inputs.reshape(7, -1)"),
    "one axis": (np.ones(64), "for one sample use inputs.reshape(1, -1), for one feature inputs.reshape(-1, 1)"),
    "no axis": (np.array(1.0), "a single number came; two axes are wanted, samples and features"),
    "transposed": (np.ones((64, 7)), "samples are rows and features are columns; was it transposed? Use inputs.T"),
}


@pytest.mark.parametrize("came", SHAPES)
def test_a_wrong_shape_is_refused_with_its_likely_cause(came: str) -> None:
    """dense2 takes inputs (N, 64): whatever else comes is told, with a guess or the mend."""
    array, hint = SHAPES[came]
    message = refusal(ValueError, network().layers["dense2"].forward, array)
    assert message == f"dense2 takes inputs (N, 64) but got {array.shape}: {hint}"


DTYPES = {
    "integers": (np.ones((3, 64), np.int64), "gradients need float32 or float64; use inputs.astype(np.float64)"),
    "half": (np.ones((3, 64), np.float16), "gradients need float32 or float64; use inputs.astype(np.float64)"),
    "objects": (np.ones((3, 64), object), "gradients need float32 or float64; use inputs.astype(np.float64)"),
    "booleans": (np.ones((3, 64), bool), "gradients need float32 or float64; use inputs.astype(np.float64)"),
    "single": (np.ones((3, 64), np.float32), "a mix would be computed in float64 on one path and in float32 on "
               "another; use inputs.astype(np.float64)"),
}  # fmt: skip


@pytest.mark.parametrize("came", DTYPES)
def test_a_wrong_dtype_is_refused_with_the_conversion(came: str) -> None:
    """A float64 layer takes float64 alone, and says how to convert."""
    array, hint = DTYPES[came]
    message = refusal(TypeError, network().layers["dense2"].forward, array)
    assert message == f"dense2 takes inputs as float64 but got {array.dtype}: {hint}"


def test_a_list_is_no_array() -> None:
    """A list is refused with the function that makes an array of it."""
    message = refusal(TypeError, network().forward, [[1.0, 2.0]])
    assert message == "dense1 takes inputs (N, D) as a NumPy array but got list: use np.asarray"


LAYERS = {
    "dense": lambda: scratch.Dense(2, 3),
    "relu": scratch.ReLU,
    "sigmoid": scratch.Sigmoid,
    "tanh": scratch.Tanh,
    "softmax": scratch.Softmax,
}


@pytest.mark.parametrize("name", LAYERS)
def test_an_empty_batch_is_refused_by_every_layer(name: str) -> None:
    """No sample, no answer: the batch is empty, and the layer says so."""
    layer = LAYERS[name]()
    message = refusal(ValueError, layer.forward, np.empty((0, 2)))
    assert message.endswith("with at least one sample but got (0, 2): the batch is empty")
    assert message.startswith(layer.name)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_nonfinite_inputs_stop_at_the_networks_door(poison: float) -> None:
    """A network names the first entry that is NaN or infinite."""
    inputs = np.ones((7, 2))
    inputs[5, 1] = poison
    message = refusal(ValueError, network().forward, inputs)
    assert message.startswith(f"dense1 takes finite inputs but got {poison} at [5, 1]: every later number")


def test_a_lone_layer_lets_nan_through_as_nan() -> None:
    """A layer by itself does what arithmetic does: NaN in the row that has it, and nowhere else."""
    inputs = np.ones((3, 2))
    inputs[1, 0] = np.nan
    assert np.isnan(scratch.Dense(2, 5).forward(inputs)).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize("name", LAYERS)
def test_backward_before_forward_is_refused(name: str) -> None:
    """There is nothing to go back to before a forward pass."""
    message = refusal(RuntimeError, LAYERS[name]().backward, np.ones((3, 2)))
    assert message == f"{name}: backward was called before forward, so there are no inputs to go back to"


def test_a_gradient_of_another_shape_is_refused() -> None:
    """A layer takes dvalues in the shape of its last output."""
    dense = scratch.Dense(3, 5)
    dense.forward(np.ones((7, 3)))
    assert refusal(ValueError, dense.backward, np.ones((7, 3))).startswith(
        "dense takes dvalues (7, 5), the shape of its last output, but got (7, 3): was forward called with another"
    )
    assert refusal(TypeError, dense.backward, np.ones((7, 5), np.float32)).startswith(
        "dense takes dvalues as float64 but got float32: a mix"
    )
    assert refusal(TypeError, dense.backward, [[1.0]]) == (
        "dense takes dvalues as a NumPy array but got list: use np.asarray"
    )


def test_a_refused_batch_leaves_the_layer_as_it_was() -> None:
    """After a refusal the layer still holds its last good step."""
    dense = scratch.Dense(3, 5)
    output = dense.forward(RNG.standard_normal((7, 3))).copy()
    refusal(ValueError, dense.forward, np.ones((7, 4)))
    assert np.array_equal(dense.output, output)


LABELS = {
    "out of range": (np.array([0, 5, 1]), ValueError, "takes labels 0 to 4 for 5 classes but got 5 at sample 1: do the "
                     "labels count from 1, or has the last layer too few neurons?"),
    "negative": (np.array([0, -1, 1]), ValueError, "takes labels 0 to 4 for 5 classes but got -1 at sample 1: do the "
                 "labels count from 1, or has the last layer too few neurons?"),
    "floats": (np.array([0.0, 1.0, 2.0]), TypeError, "takes class indices as integers but got float64: use "
               "labels.astype(np.int64)"),
    "booleans": (np.array([True, False, True]), TypeError, "takes class indices as integers but got bool: use "
                 "labels.astype(np.int64)"),
    "a column": (np.array([[0], [1], [2]]), ValueError, "takes labels (3,) or one-hot (3, 5) but got (3, 1): a column "
                 "is not one-hot; use labels.ravel()"),
    "too few": (np.array([0, 1]), ValueError, "takes labels (3,) or one-hot (3, 5) but got (2,): one label per sample "
                "is wanted"),
    "a list": ([0, 1, 2], TypeError, "takes labels as a NumPy array but got list: use np.asarray"),
    "soft": (np.full((3, 5), 0.2), ValueError, "takes one-hot rows (a single 1, else 0) but got [0.2 0.2 0.2 0.2 0.2] "
             "at sample 0: soft labels have another gradient, so they are refused rather than rounded"),
    "strings": (np.full((3, 5), "a"), TypeError, "takes one-hot labels as numbers but got <U1"),
}  # fmt: skip


@pytest.mark.parametrize("loss", [scratch.CrossEntropy, scratch.SoftmaxCrossEntropy])
@pytest.mark.parametrize("came", LABELS)
def test_wrong_labels_are_refused(came: str, loss: type[scratch.CrossEntropy]) -> None:
    """Labels are indices (N,) or one-hot (N, C); both losses say what came and what to do."""
    labels, error, text = LABELS[came]
    assert refusal(error, loss().forward, np.full((3, 5), 0.2), labels) == f"{loss.name} {text}"


@pytest.mark.parametrize("loss", [scratch.HalfSquaredError, scratch.MeanSquaredError, scratch.MeanAbsoluteError])
def test_targets_that_would_broadcast_are_refused(loss: type[scratch.MeanSquaredError]) -> None:
    """(N, 1) minus (N,) would be (N, N): refused, with the reshape."""
    predictions = np.ones((7, 1))
    assert refusal(ValueError, loss().forward, predictions, np.ones(7)) == (
        f"{loss.name} takes targets (7, 1), as the predictions, but got (7,): a difference of the two would broadcast; "
        f"use targets.reshape(7, 1)"
    )
    assert "one value per sample and output is wanted" in refusal(
        ValueError, loss().forward, predictions, np.ones((6, 1))
    )
    assert "use targets.astype(np.float64)" in refusal(TypeError, loss().forward, predictions, np.ones((7, 1), int))
    assert "takes finite targets but got nan at [0, 0]" in refusal(
        ValueError, loss().forward, predictions, np.full((7, 1), np.nan)
    )
