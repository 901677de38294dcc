"""Networks to certify the judge with: random, adversarial and tiny ones, reproducible from a seed.

All are honest: both sides compute the lecture's rules, so that every alarm is a false one.
"""

import itertools
from dataclasses import replace

import numpy as np

from reports import traces
from reports.cases import Case, Layer, dense
from reports.traces import Array, Data

KINDS = ("random", "adversarial", "tiny")
ACTIVATIONS = ("ReLU", "Sigmoid", "Tanh")
REGRESSION = ("HalfSquaredError", "MeanSquaredError", "MeanAbsoluteError")
LOSSES = ("SoftmaxCrossEntropy", "CrossEntropy", *REGRESSION)
LARGEST = {"random": (6, 64, 600), "adversarial": (3, 24, 64), "tiny": (3, 8, 8)}  # depth, width, samples at most
STEPS = {"random": 1, "adversarial": 1, "tiny": 2}  # with the second, momentum has a velocity


def honest_net(kind: str, seed: int, number: int, dtype: str) -> tuple[Case, Data]:
    """Returns one network of a kind with its batch: the same for the same seed and number, in either dtype."""
    rng = np.random.default_rng([seed, KINDS.index(kind), number])
    depth, width, samples = LARGEST[kind]
    widths = [_size(rng, width) for _ in range(int(rng.integers(1, depth + 1)))] + [max(2, _size(rng, min(width, 20)))]
    widths.insert(0, _size(rng, width))
    wild = kind != "adversarial" and rng.random() < 0.5
    loss = str(rng.choice(LOSSES[:1] + LOSSES if wild else LOSSES))
    case = Case(
        name=f"{kind} {number}",
        says="an honest network",
        layers=_layers(widths, loss, rng),
        data_settings={"samples": _size(rng, samples), "features": widths[0], "classes": widths[-1]},
        targets="one-hot" if loss in REGRESSION else "labels",
        loss=loss,
        learning_rate=float(10 ** rng.uniform(-3, 0)),
        decay=float(rng.choice([0.0, 0.01])),
        momentum=float(rng.choice([0.0, 0.8])),
        epochs=STEPS[kind],
        seed=int(rng.integers(2**31)),
    )
    data = traces.load(case)  # in float64; float32 is the same network, rounded
    scales = 10 ** rng.uniform(-3, 3, size=2) if wild else (1.0, 1.0)
    parameters = {}
    for name, array in data.parameters.items():
        start = rng.standard_normal(array.shape) if name.endswith("biases") else array / np.sqrt(len(array) / 2)
        parameters[name] = start * scales[0]  # weights at He's scale, or far from it
    inputs = data.inputs * scales[1]
    if kind == "adversarial":
        inputs, parameters = _spoiled(inputs, parameters, case, rng)
    rounded = {name: array.astype(dtype) for name, array in parameters.items()}
    labels = data.labels.astype(dtype) if loss in REGRESSION else data.labels
    return replace(case, dtype=dtype), Data(inputs.astype(dtype), labels, None, rounded)


def _size(rng: np.random.Generator, most: int) -> int:
    """A size between 1 and `most`, small ones as likely as large ones."""
    return int(np.exp(rng.uniform(0, np.log(most + 1))))


def _layers(widths: list[int], loss: str, rng: np.random.Generator) -> tuple[Layer, ...]:
    """Dense layers with random activations between them, some with penalties."""
    layers: list[Layer] = []
    for i, (n_inputs, n_neurons) in enumerate(itertools.pairwise(widths), start=1):
        strengths = {"weight_l1": 1e-3, "bias_l2": 1e-2} if rng.random() < 0.2 else {}
        layers.append(dense(f"dense{i}", n_inputs, n_neurons, **strengths))
        if i < len(widths) - 1:
            layers.append(Layer(f"activation{i}", str(rng.choice(ACTIVATIONS))))
    return (*layers, Layer("softmax", "Softmax")) if loss == "CrossEntropy" else tuple(layers)


def _spoiled(
    inputs: Array, parameters: dict[str, Array], case: Case, rng: np.random.Generator
) -> tuple[Array, dict[str, Array]]:
    """What is hard for a judge: sums that cancel to rounding, twins among samples and features, zeros, tied outputs."""
    first, last = (layer.name for layer in (case.layers[0], [x for x in case.layers if x.kind == "Dense"][-1]))
    inputs, spoiled = inputs.copy(), {name: array.copy() for name, array in parameters.items()}
    if inputs.shape[1] > 1:  # two features that are equal, with opposite weights: their products cancel
        inputs[:, 1] = inputs[:, 0]
        spoiled[f"{first}.weights"][1] = -spoiled[f"{first}.weights"][0]
    half = len(inputs) // 2
    inputs[half : 2 * half] = inputs[:half]  # twins among the samples
    inputs[:1] = 0
    sample = inputs[rng.integers(len(inputs))]
    z = sample @ spoiled[f"{first}.weights"]
    spoiled[f"{first}.biases"][0] = -z  # for this sample every value of the first layer is 0 but for rounding
    spoiled[f"{last}.weights"][:, 1] = spoiled[f"{last}.weights"][:, 0]  # tied outputs
    spoiled[f"{last}.biases"][:, 1] = spoiled[f"{last}.biases"][:, 0]
    return inputs, spoiled
