"""The cases: plain data, one entry each. `str(case)` is its name.

A case describes a network and its training completely, without code: both sides, the equations, the judge and the
report are built from it. To add a case, add an entry to `_ALL`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

DTYPES = ("float64", "float32")
TARGETS = ("labels", "one-hot", "class number")  # what the loss compares with
KINDS = ("Dense", "ReLU", "Sigmoid", "Tanh", "Softmax")
LOSSES = ("HalfSquaredError", "MeanSquaredError", "MeanAbsoluteError", "CrossEntropy", "SoftmaxCrossEntropy")
PENALTIES = ("weight_l1", "weight_l2", "bias_l1", "bias_l2")


@dataclass(frozen=True)
class Layer:
    """One layer by name: its kind (a public name of scratch), its sizes and its settings."""

    name: str
    kind: str
    sizes: tuple[int, ...] = ()
    settings: tuple[tuple[str, float], ...] = ()

    def parameters(self) -> list[str]:
        """The names of a Dense layer's parameters."""
        return [f"{self.name}.weights", f"{self.name}.biases"]

    def strengths(self) -> dict[str, tuple[float, float]]:
        """(l1, l2) of the weights and of the biases, by parameter name."""
        values = dict(self.settings)
        l1w, l2w, l1b, l2b = (values.get(setting, 0.0) for setting in PENALTIES)
        return dict(zip(self.parameters(), [(l1w, l2w), (l1b, l2b)], strict=True))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One network, its data and its training; raises ValueError when the parts do not fit."""

    name: str
    says: str
    layers: tuple[Layer, ...]
    data: str = "gaussian"  # a function of scratch.datasets
    data_settings: dict[str, int] = field(default_factory=dict, hash=False)
    first: int | None = None  # only so many samples of the data
    targets: str = "labels"
    loss: str | None = None
    learning_rate: float = 0.0
    decay: float = 0.0
    momentum: float = 0.0
    epochs: int = 0
    batch_size: int | None = None
    seed: int = 0
    dtype: str = "float64"
    device: str = "cpu"

    def __post_init__(self) -> None:
        names = [layer.name for layer in self.layers]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"case {self.name}: layers need names of their own but got {names}")
        for layer in self.layers:
            if layer.kind not in KINDS:
                raise ValueError(f"case {self.name}: {layer.name} is one of {', '.join(KINDS)} but got {layer.kind!r}")
        if self.loss not in (None, *LOSSES):
            raise ValueError(f"case {self.name}: a loss is one of {', '.join(LOSSES)} but got {self.loss!r}")
        if self.dtype not in DTYPES:
            raise ValueError(f"case {self.name}: dtype is one of {', '.join(DTYPES)} but got {self.dtype!r}")
        if self.targets not in TARGETS:
            raise ValueError(f"case {self.name}: targets are one of {', '.join(TARGETS)} but got {self.targets!r}")
        if (self.loss is None) != (self.epochs == 0):
            raise ValueError(f"case {self.name}: a loss needs at least one epoch, and epochs need a loss")

    def __str__(self) -> str:
        return self.name

    def network(self) -> str:
        """The layers in a line."""
        return " → ".join(f"{layer.kind}{layer.sizes or ''}" for layer in self.layers)

    def training(self) -> str:
        """Loss, rates and epochs in a line."""
        if not self.loss:
            return "forward only"
        batches = f"batches of {self.batch_size}" if self.batch_size else "full batch"
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs:,} epochs"
        rates = f"rate {self.learning_rate:g}, decay {self.decay:g}, momentum {self.momentum:g}"
        return f"{self.loss}, {rates}, {epochs}, {batches}"

    @property
    def outputs(self) -> int:
        """The width of the last Dense layer."""
        return [layer.sizes[1] for layer in self.layers if layer.kind == "Dense"][-1]

    @property
    def penalised(self) -> bool:
        """Whether any parameter has an L1 or L2 strength."""
        return any(strength for layer in self.layers for _, strength in layer.settings)

    @property
    def classifies(self) -> bool:
        """Whether the network answers with classes, so that accuracy means something."""
        return self.loss in ("CrossEntropy", "SoftmaxCrossEntropy")


def dense(name: str, n_inputs: int, n_neurons: int, **penalties: float) -> Layer:
    """A Dense layer, with L1 and L2 strengths where given."""
    if unknown := set(penalties) - set(PENALTIES):
        raise ValueError(f"layer {name}: penalties are {', '.join(PENALTIES)} but got {', '.join(sorted(unknown))}")
    return Layer(name, "Dense", (n_inputs, n_neurons), tuple(sorted(penalties.items())))


def spiral_net(hidden: int) -> tuple[Layer, ...]:
    """The lecture's ANN III: two features, one hidden layer, five classes."""
    return (dense("dense1", 2, hidden), Layer("relu1", "ReLU"), dense("dense2", hidden, 5))


SPIRAL: dict[str, Any] = {"data": "spiral", "data_settings": {"samples": 300, "classes": 5}}
ANN3: dict[str, Any] = {
    **SPIRAL, "loss": "SoftmaxCrossEntropy", "learning_rate": 0.2, "decay": 0.001, "epochs": 20_000,
}  # fmt: skip
IRIS: dict[str, Any] = {"data": "iris"}


def ann1(head: str, outputs: int, activation: str) -> Case:
    """ANN I: forward only, with a regression or a classification head."""
    kind = "ReLU" if activation == "relu" else "Sigmoid"
    layers = (dense("dense1", 2, 64), Layer(f"{activation}1", kind), dense(f"dense_{head}", 64, outputs))
    what = "one value per point" if outputs == 1 else "five values per point"
    return Case(
        name=f"ann1-{head}-{activation}",
        says=f"ANN I, forward only: 64 neurons with {kind}, {what}",
        layers=layers,
        **SPIRAL,
    )


_ALL = (
    Case(
        name="neuron",
        says="the neuron's formula: net = sum of I w + b, and dw = -rate * dL/dy * dy/dnet * I, in one step",
        layers=(dense("dense1", 4, 1), Layer("sigmoid1", "Sigmoid")),
        **IRIS,
        first=1,
        targets="class number",
        loss="HalfSquaredError",
        learning_rate=0.5,
        epochs=1,
        seed=3,
    ),
    ann1("reg", 1, "relu"),
    ann1("reg", 1, "sigmoid"),
    ann1("cla", 5, "relu"),
    ann1("cla", 5, "sigmoid"),
    Case(
        name="ann2",
        says="ANN II: the summed gradient makes rate 0.001 act as 1.5; every ReLU dies, all answers become the mean",
        layers=(dense("dense1", 2, 64), Layer("relu1", "ReLU"), dense("dense_reg", 64, 1)),
        **SPIRAL,
        targets="class number",
        loss="HalfSquaredError",
        learning_rate=0.001,
        epochs=60,
    ),
    Case(name="ann3", says="ANN III as in the notebook: 128 neurons, momentum 0.8", layers=spiral_net(128),
         **ANN3, momentum=0.8),
    Case(name="ann3-plain", says="ANN III with 64 neurons, no momentum", layers=spiral_net(64), **ANN3),
    Case(name="ann3-momentum", says="ANN III with 64 neurons, momentum 0.9", layers=spiral_net(64),
         **ANN3, momentum=0.9),
    Case(
        name="ann3-clipped",
        says="ANN III from a seed whose first epoch has p < 1e-7: the loss is clipped, its gradient not",
        layers=spiral_net(128),
        **ANN3 | {"epochs": 200},
        momentum=0.8,
        seed=1,
    ),
    Case(
        name="iris",
        says="the table on the slide: 150 flowers, 17 neurons",
        layers=(dense("dense1", 4, 17), Layer("relu1", "ReLU"), dense("dense2", 17, 3)),
        **IRIS,
        loss="SoftmaxCrossEntropy",
        learning_rate=0.05,
        decay=0.001,
        momentum=0.8,
        epochs=1_000,
    ),
    Case(
        name="deep",
        says="every activation, pairwise different prime widths, Softmax and cross-entropy as two steps",
        layers=(
            dense("dense1", 3, 13), Layer("tanh1", "Tanh"), dense("dense2", 13, 17), Layer("sigmoid1", "Sigmoid"),
            dense("dense3", 17, 11), Layer("relu1", "ReLU"), dense("dense4", 11, 7), Layer("softmax1", "Softmax"),
        ),
        data_settings={"samples": 37, "features": 3, "classes": 7},
        loss="CrossEntropy",
        learning_rate=0.1,
        decay=0.01,
        momentum=0.5,
        epochs=200,
    ),
    Case(
        name="square",
        says="seven samples, features, neurons and classes: only here could a transpose hide",
        layers=(dense("dense1", 7, 7), Layer("relu1", "ReLU"), dense("dense2", 7, 7)),
        data_settings={"samples": 7, "features": 7, "classes": 7},
        loss="SoftmaxCrossEntropy",
        learning_rate=0.1,
        decay=0.01,
        momentum=0.9,
        epochs=100,
    ),
    Case(
        name="penalties",
        says="L1 and L2 on weights and biases, in loss and gradient: the lecture's exercise",
        layers=(
            dense("dense1", 3, 19, weight_l1=2e-3, weight_l2=5e-3, bias_l1=1e-3, bias_l2=3e-3),
            Layer("relu1", "ReLU"),
            dense("dense2", 19, 5, weight_l2=1e-2, bias_l1=2e-3),
        ),
        data_settings={"samples": 53, "features": 3, "classes": 5},
        loss="SoftmaxCrossEntropy",
        learning_rate=0.2,
        decay=0.005,
        epochs=200,
    ),
    Case(
        name="mini-batches",
        says="batches of 16 out of 103 samples, so that the last one of each epoch is ragged",
        layers=(dense("dense1", 5, 11), Layer("tanh1", "Tanh"), dense("dense2", 11, 3)),
        data_settings={"samples": 103, "features": 5, "classes": 3},
        loss="SoftmaxCrossEntropy",
        learning_rate=0.1,
        decay=0.002,
        momentum=0.8,
        epochs=40,
        batch_size=16,
    ),
    Case(
        name="one-hot",
        says="labels as one-hot rows instead of class indices",
        layers=(dense("dense1", 5, 13), Layer("relu1", "ReLU"), dense("dense2", 13, 7)),
        data_settings={"samples": 41, "features": 5, "classes": 7},
        targets="one-hot",
        loss="SoftmaxCrossEntropy",
        learning_rate=0.2,
        decay=0.01,
        epochs=100,
    ),
    Case(
        name="mean-squared-error",
        says="regression on three outputs at once, mean of squares",
        layers=(dense("dense1", 5, 11), Layer("sigmoid1", "Sigmoid"), dense("dense2", 11, 3)),
        data_settings={"samples": 31, "features": 5, "classes": 3},
        targets="one-hot",
        loss="MeanSquaredError",
        learning_rate=0.2,
        decay=0.01,
        momentum=0.5,
        epochs=100,
    ),
    Case(
        name="mean-absolute-error",
        says="regression on three outputs at once, mean distance: its gradient is a sign",
        layers=(dense("dense1", 5, 11), Layer("tanh1", "Tanh"), dense("dense2", 11, 3)),
        data_settings={"samples": 29, "features": 5, "classes": 3},
        targets="one-hot",
        loss="MeanAbsoluteError",
        learning_rate=0.1,
        decay=0.01,
        epochs=100,
    ),
)  # fmt: skip


def by_name(cases: Iterable[Case]) -> dict[str, Case]:
    """Returns the cases by name; raises ValueError when two have the same, so that none is lost in silence."""
    named: dict[str, Case] = {}
    for case in cases:
        if case.name in named:
            raise ValueError(f"two cases are called {case.name!r}: each needs a name of its own")
        named[case.name] = case
    return named


CASES: dict[str, Case] = by_name(_ALL)


def select(names: Iterable[str], dtypes: Iterable[str] = DTYPES, epochs: int | None = None) -> list[Case]:
    """Returns the cases called `names` (all without any) in each dtype, cut to `epochs` where given.

    Raises: KeyError with the nearest names when one is unknown.
    """
    chosen = list(names) or list(CASES)
    for name in chosen:
        if name not in CASES:
            raise KeyError(f"there is no case {name!r}; there are {', '.join(CASES)}")
    cases = [replace(CASES[name], dtype=dtype) for name in chosen for dtype in dtypes]
    if epochs is None:
        return cases
    return [replace(case, epochs=min(case.epochs, epochs)) for case in cases]
