"""A multi-layer perceptron by hand, in NumPy alone: the rules of the lecture, written to be read.

Read the files in this order, which is the lecture's:

    datasets.py      the points that the networks learn: spiral, iris, and plain random numbers
    layers.py        Dense: net = inputs . weights + biases, and its three gradients
    activations.py   ReLU, Sigmoid, Tanh, Softmax
    losses.py        how wrong the network is, and the first gradient of the backward pass
    network.py       named layers in order: forward, backward, parameters
    optimizers.py    SGD with decay and momentum
    training.py      steps(...) yields after each update; train(...) folds steps into epochs
    buffers.py       memory that is used again: why no layer makes new arrays in every step
    checks.py        the questions asked of every array at the door, and the errors that teach
    __main__.py      python -m scratch: the lecture's last network, a line per 100 epochs

`reference/` has the same files with the same names in PyTorch: put two of them side by side.
"""

from scratch.activations import ReLU, Sigmoid, Softmax, Tanh
from scratch.datasets import gaussian, iris, minibatches, one_hot, spiral
from scratch.layers import Dense
from scratch.losses import (
    CrossEntropy,
    HalfSquaredError,
    MeanAbsoluteError,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)
from scratch.network import Network
from scratch.optimizers import SGD
from scratch.training import Epochs, Step, fold, steps, train

__all__ = [
    "SGD",
    "CrossEntropy",
    "Dense",
    "Epochs",
    "HalfSquaredError",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Network",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "SoftmaxCrossEntropy",
    "Step",
    "Tanh",
    "fold",
    "gaussian",
    "iris",
    "minibatches",
    "one_hot",
    "spiral",
    "steps",
    "train",
]
