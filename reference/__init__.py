"""The networks of `scratch/` in idiomatic PyTorch: same files, same public names, same order.

    layers.py        Dense is torch.nn.Linear
    activations.py   ReLU, Sigmoid, Tanh, Softmax
    losses.py        torch.nn.functional's losses; the lecture's clips where torch has none
    network.py       a torch.nn.Module of named layers
    optimizers.py    torch.optim.SGD with LambdaLR, and the lecture's momentum rule as a torch.optim.Optimizer
    training.py      steps(...) and train(...): zero_grad, forward, backward, step
    transplant.py    the one table of names and layouts between the two sides; only here
    observe.py       what torch hides and scratch keeps in the open, read with hooks; only here

Autograd writes every backward pass, so no file here has one, except where the lecture's backward is not the
derivative of its forward. NumPy arrays go in and come out of steps, transplant and observe; tensors stay inside.
"""

from reference.activations import ReLU, Sigmoid, Softmax, Tanh
from reference.layers import Dense
from reference.losses import (
    CrossEntropy,
    HalfSquaredError,
    MeanAbsoluteError,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)
from reference.network import Network
from reference.optimizers import SGD
from reference.training import Epochs, Step, fold, steps, train

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
    "steps",
    "train",
]
