"""Facts about parts that take one sample, one plane, one label: right as their author drives them, or told."""

from pathlib import Path

import pytest

from parity_tests.test_subjects_protocols import told

PLANE = """
class Conv3x3:
    def __init__(self, num_filters):
        self.num_filters = num_filters
        self.filters = np.random.randn(num_filters, 3, 3) / 9
    def regions(self, image):
        for i in range(image.shape[0] - 2):
            for j in range(image.shape[1] - 2):
                yield image[i:i + 3, j:j + 3], i, j
    def forward(self, image):
        height, width = image.shape
        self.image, out = image, np.zeros((height - 2, width - 2, self.num_filters))
        for region, i, j in self.regions(image):
            out[i, j] = (region * self.filters).sum(axis=(1, 2))
        return out
    def backprop(self, gradient, rate):
        change = np.zeros(self.filters.shape)
        for region, i, j in self.regions(self.image):
            for f in range(self.num_filters):
                change[f] += gradient[i, j, f] * region
        self.filters -= rate * change
"""
SHAPED = """
class Conv:
    def __init__(self, stride_shape, convolution_shape, num_kernels):
        self.stride_shape = stride_shape
        self.weights, self.bias = np.random.rand(num_kernels, *convolution_shape), np.zeros(num_kernels)
    def forward(self, input_tensor):
        _, k, m = self.weights.shape[1:]
        windows = np.lib.stride_tricks.sliding_window_view(input_tensor, (k, m), axis=(2, 3))
        windows = windows[:, :, :: self.stride_shape[0], :: self.stride_shape[1]]
        return np.einsum("ncyxkm,fckm->nfyx", windows, self.weights) + self.bias[:, None, None]
"""
LAST = """
class Softmax:
    def __init__(self, input_len, nodes):
        self.weights, self.biases = np.random.randn(input_len, nodes), np.zeros(nodes)
    def forward(self, input):
        self.input = input.flatten()
        totals = self.input @ self.weights + self.biases
        self.exp = np.exp(totals - totals.max())
        return self.exp / self.exp.sum()
    def backprop(self, d_out, rate):
        for i, gradient in enumerate(d_out):
            if gradient != 0:
                p = self.exp / self.exp.sum()
                d = -gradient * p[i] * p
                d[i] += gradient * p[i]
                back = self.weights @ d
                self.weights -= rate * np.outer(self.input, d)
                self.biases -= rate * d
                return back
"""
TENSORS = """
class Loss:
    def forward(self, prediction_tensor, label_tensor):
        self.prediction_tensor = prediction_tensor
        return np.sum((prediction_tensor - label_tensor) ** 2)
    def backward(self, label_tensor):
        return 2 * (self.prediction_tensor - label_tensor)
class L2Loss(Loss):
    pass
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong", "name", "status"),
    [
        (PLANE, "gradient[i, j, f] * region", "gradient[i, j, f] * region.T", "Conv3x3", "right"),
        (LAST, "d[i] += gradient * p[i]", "d[i] += gradient", "Softmax", "right"),
        (LAST, " - totals.max()", "", "Softmax", "right"),
        (TENSORS, "2 * (self.prediction_tensor", "2 * (-self.prediction_tensor", "L2Loss", "departs"),
    ],
)
def test_a_part_of_single_things(tmp_path: Path, text: str, right: str, wrong: str, name: str, status: str) -> None:
    """What takes one plane, one sample's label, or labels under the forward's name is driven so, and judged."""
    assert right in text
    assert told(tmp_path, text)[name][0] == status
    assert told(tmp_path, text.replace(right, wrong))[name][0] == "defective"


def test_a_convolution_may_be_told_shapes(tmp_path: Path) -> None:
    """A convolution that is told the shapes of its kernels and of its stride goes forward right."""
    assert told(tmp_path, SHAPED)["Conv"] == ("missing", "backward is not written yet")


def test_a_test_is_no_part_of_a_network(tmp_path: Path) -> None:
    """A class of tests whose name holds a kind of layer is not looked at."""
    text = (
        "import unittest\nclass TestDropout(unittest.TestCase):\n    def forward(self, x):\n        return Dropout()\n"
    )
    assert list(told(tmp_path, text + TENSORS)) == ["L2Loss"]
