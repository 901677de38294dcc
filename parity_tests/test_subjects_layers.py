"""Facts about layers that are no affine map: dropout, normalisation, images; right ones, and each with a mistake."""

from pathlib import Path

import pytest

from reports.subjects.verdict import check
from reports.subjects.verdicts import Component

DROPOUT = """
class ThinDropout:
    def __init__(self, rate):
        self.stay = 1 - rate
    def forward(self, x, training):
        if not training:
            self.output = x.copy()
            return
        self.mask = (np.random.random(x.shape) < self.stay) / self.stay
        self.output = x * self.mask
    def backward(self, g):
        self.dinputs = g * self.mask
"""
NORM = """
class BatchNormRows:
    def __init__(self, width):
        self.gamma, self.beta, self.eps = np.ones(width), np.zeros(width), 1e-5
        self.running_mean, self.running_var = np.zeros(width), np.ones(width)
    def forward(self, x, training=True):
        if not training:
            return self.gamma * (x - self.running_mean) / np.sqrt(self.running_var + self.eps) + self.beta
        mean, var = x.mean(axis=0), x.var(axis=0)
        self.root = np.sqrt(var + self.eps)
        self.xhat = (x - mean) / self.root
        self.running_mean = 0.9 * self.running_mean + 0.1 * mean
        self.running_var = 0.9 * self.running_var + 0.1 * x.var(axis=0, ddof=1)
        return self.gamma * self.xhat + self.beta
    def backward(self, g):
        self.dgamma, self.dbeta = (g * self.xhat).sum(axis=0), g.sum(axis=0)
        d = g * self.gamma
        return (d - d.mean(axis=0) - self.xhat * (d * self.xhat).mean(axis=0)) / self.root
"""
CONV = """
class ConvLoops:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.w = np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.b, self.k = np.zeros(out_channels), kernel_size
    def forward(self, x):
        self.x, k = x, self.k
        out = np.zeros((len(x), len(self.w), x.shape[2] - k + 1, x.shape[3] - k + 1))
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                out[:, :, i, j] = np.einsum("ncyx,fcyx->nf", x[:, :, i:i + k, j:j + k], self.w) + self.b
        return out
    def backward(self, g):
        self.dw, self.db, dx, k = np.zeros_like(self.w), g.sum(axis=(0, 2, 3)), np.zeros_like(self.x), self.k
        for i in range(g.shape[2]):
            for j in range(g.shape[3]):
                self.dw += np.einsum("nf,ncyx->fcyx", g[:, :, i, j], self.x[:, :, i:i + k, j:j + k])
                dx[:, :, i:i + k, j:j + k] += np.einsum("nf,fcyx->ncyx", g[:, :, i, j], self.w)
        return dx
"""
POOL = """
class MaxPoolBlocks:
    def __init__(self, pool_size):
        self.k = pool_size
    def forward(self, x):
        self.x, k = x, self.k
        n, c, h, w = x.shape
        self.blocks = x.reshape(n, c, h // k, k, w // k, k).transpose(0, 1, 2, 4, 3, 5)
        self.blocks = self.blocks.reshape(n, c, h // k, w // k, -1)
        return self.blocks.max(axis=-1)
    def backward(self, g):
        n, c, h, w = g.shape
        flat = np.zeros(self.blocks.shape)
        np.put_along_axis(flat, self.blocks.argmax(axis=-1)[..., None], g[..., None], axis=-1)
        k = self.k
        return flat.reshape(n, c, h, w, k, k).transpose(0, 1, 2, 4, 3, 5).reshape(self.x.shape)
"""
FLAT = """
class FlattenAll:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)
    def backward(self, g):
        return g.reshape(self.shape)
"""
FUSED = """
class Activation_Sigmoid_Loss_BinaryCrossentropy:
    def forward(self, z, y):
        self.output = 1 / (1 + np.exp(-z))
        return np.mean(-y * np.log(self.output) - (1 - y) * np.log(1 - self.output))
    def backward(self, p, y):
        self.dinputs = (p - y) / y.size
"""


def judged(folder: Path, text: str) -> Component:
    """The one component of a file."""
    file = folder / "layers.py"
    file.write_text(f"import numpy as np\n{text}", encoding="utf-8")
    (one,) = check(file, seconds=60).components
    return one


@pytest.mark.parametrize("text", [DROPOUT, NORM, CONV, POOL, FLAT, FUSED])
def test_an_honest_layer_is_right(tmp_path: Path, text: str) -> None:
    """Each agrees with torch in every row, within twice its bound."""
    one = judged(tmp_path, text)
    assert one.status == "right", one.says
    assert len(one.rows) >= 2


@pytest.mark.parametrize(
    ("text", "right", "wrong", "says"),
    [
        (DROPOUT, "g * self.mask", "g", "the mask is not applied to the gradient"),
        (DROPOUT, "g * self.mask", "g * (self.mask > 0)", "masked, but not scaled"),
        (DROPOUT, "< self.stay)", "> self.stay)", "the values that stay are multiplied by"),
        (DROPOUT, "if not training", "if False", "it drops in evaluation too"),
        (NORM, "- self.xhat * (d * self.xhat).mean(axis=0)", "", "backward: values differ"),
        (NORM, "(d - d.mean(axis=0) - self.xhat * (d * self.xhat).mean(axis=0))", "d", "taken for constants"),
        (NORM, "self.root = np.sqrt(var + self.eps)", "self.root = var + self.eps", "by the variance, not by its root"),
        (CONV, "dx[:, :, i:i + k, j:j + k] += np", "dx[:, :, i:i + k, j:j + k] = np", "backward: values differ"),
        (CONV, "g[:, :, i, j], self.w)", "g[:, :, i, j], self.w[:, :, ::-1, ::-1])", "turned by 180 degrees"),
        (CONV, "+ self.b\n", "\n", "the biases are not added"),
        (POOL, ".max(axis=-1)", ".min(axis=-1)", "neither the largest nor the mean"),
        (POOL, "g[..., None], axis", "1.0, axis", "backward: values differ"),
        (FLAT, "x.reshape(len(x), -1)", "x.T.reshape(len(x), -1)", "values of different samples are mixed"),
        (FUSED, "(p - y)", "(y - p)", "wrong sign"),
    ],
)
def test_a_planted_mistake_is_told_in_words(tmp_path: Path, text: str, right: str, wrong: str, says: str) -> None:
    """The mistake makes the layer defective, and its line says which it is."""
    one = judged(tmp_path, text.replace(right, wrong))
    assert one.status == "defective"
    assert says in one.says


@pytest.mark.parametrize(
    ("text", "right", "wrong", "says"),
    [
        (DROPOUT, ") / self.stay", ") * 1.0", "not scaled by 1/(1 - p) in training"),
        (DROPOUT, "1 - rate", "rate", "its rate is what is kept"),
        (DROPOUT, ", training", ", training=True", ""),
        (NORM, ", ddof=1", "", "biased variance"),
        (NORM, "0.9 * self.running_mean + 0.1 *", "0.1 * self.running_mean + 0.9 *", "it keeps 0.1 of the old"),
        (NORM, "np.sqrt(var + self.eps)", "np.sqrt(var) + self.eps", "epsilon is added to the deviation"),
        (CONV, "j:j + k], self.w) + self.b", "j:j + k], self.w[:, :, ::-1, ::-1]) + self.b", "a correlation"),
    ],
)
def test_another_definition_is_no_defect(tmp_path: Path, text: str, right: str, wrong: str, says: str) -> None:
    """Departures are told; a default of an argument is none."""
    one = judged(tmp_path, text.replace(right, wrong))
    rows = [row for row in one.rows if row.status == "departs"]
    assert any(says in row.says for row in rows) or (not says and one.status == "right")


CONV_BUILT = CONV[CONV.index("    def __init__") : CONV.index("    def forward")]
NORM_BUILT = NORM[NORM.index("    def __init__") : NORM.index("    def forward")]
NORM_GIVEN = """
    def __init__(self, gamma, beta):
        self.gamma, self.beta, self.eps = gamma, beta, 1e-5
        self.running_mean, self.running_var = np.zeros(len(gamma)), np.ones(len(gamma))
"""


@pytest.mark.parametrize(
    ("text", "built", "wrong"),
    [
        (CONV, (CONV_BUILT, "    def __init__(self, W, b):\n        self.w, self.b, self.k = W, b, W.shape[2]\n"),
         (" + self.b\n", "\n")),
        (CONV, ("        self.w =", "        self.dw = np.ones((out_channels, in_channels, kernel_size, kernel_size))\n"
                "        self.w ="), (" + self.b\n", "\n")),
        (CONV, ("kernel_size):\n", "kernel_shape):\n        kernel_size, _ = kernel_shape\n"), (" + self.b\n", "\n")),
        (NORM, (NORM_BUILT, NORM_GIVEN), ("g.sum(axis=0)", "g.sum(axis=0) / 2")),
        (POOL, ("pool_size):\n        self.k = pool_size", "pool_shape):\n        self.k, _ = pool_shape"),
         ("g[..., None], axis", "1.0, axis")),
    ],
)  # fmt: skip
def test_a_layer_may_be_built_in_other_ways(
    tmp_path: Path, text: str, built: tuple[str, str], wrong: tuple[str, str]
) -> None:
    """From arrays, beside a gradient of the weights' shape, from pairs: right ones are right, and mistakes are seen."""
    other = text.replace(*built)
    assert other != text
    assert judged(tmp_path, other).status == "right"
    assert judged(tmp_path, other.replace(*wrong)).status == "defective"


def test_a_whole_network_with_convolutions_is_no_layer(tmp_path: Path) -> None:
    """It is told to be a network that has no equation, where it once was a convolution that could not be driven."""
    (layer, net) = sorted(check(_with_network(tmp_path)).components, key=lambda one: one.status)
    assert (net.status, layer.status) == ("unjudged", "right")
    assert "as a whole it has no equation yet" in net.says


def _with_network(folder: Path) -> Path:
    """A file with a convolution and a network made of it."""
    file = folder / "net.py"
    text = "class TinyConvNet:\n    def __init__(self):\n        self.layer = ConvLoops(1, 2, 3)\n"
    text += "    def predict(self, x):\n        return self.layer.forward(x)\n"
    file.write_text(f"import numpy as np\n{CONV}\n{text}", encoding="utf-8")
    return file


COLUMN = """
import numpy as np

class Layer:
    def __init__(self, *, inputs, neurons):
        self.weights, self.biases = np.random.randn(neurons, inputs), np.zeros((neurons, 1))
    def forward(self, x):
        self.x = np.array(x).reshape(len(x), 1)
        return np.dot(self.weights, self.x) + self.biases
    def backward(self, *, slope=None, after=None):
        raise ValueError("tell it the slope, or the layer after it")
"""


def test_a_layer_for_one_sample_whose_way_back_is_not_understood_is_no_crash(tmp_path: Path) -> None:
    """A batch is not what its forward takes, and what it wants to go back with is for its author to say."""
    file = tmp_path / "layer.py"
    file.write_text(COLUMN, encoding="utf-8")
    (one,) = check(file).components
    assert one.status == "unjudged", one.says
    assert "tell it the slope" in one.says
