"""One step of a network: parameters in a row, an output, gradients; what explains it.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reports.subjects.formulas import FORWARD
from reports.subjects.verdicts import Row

Array = np.ndarray
SLOPED = {"LeakyReLU", "ELU"}  # whose slope is a setting


@dataclass(frozen=True)
class Shape:
    """An architecture: the activation behind each layer, and the slope of leaky ones."""

    activations: tuple[str, ...]
    slope: float = 0.01

    def __str__(self) -> str:
        return " → ".join(f"Dense → {name}" if name != "Identity" else "Dense" for name in self.activations)


@dataclass
class Trial:
    """One step of a network, in rows."""

    x: Array
    t: Array  # targets (B, C)
    parameters: list[tuple[Array, Array | None]]
    gradients: list[tuple[Array | None, Array | None]]
    output: Array | None
    rate: float
    moved: bool
    labels: str = ""
    layout: str = ""
    states: list[Array] = field(default_factory=list)
    values: list[float] = field(default_factory=list)  # of their own cost, for these and for other targets
    other: Array | None = None  # the other targets
    turned: bool = False  # it was given the difference of output and targets, whose sign is a convention
    guessed: bool = False  # what its methods were given was told by no name
    fit: "Fit | None" = None  # what explains it, once it is judged
    made: dict[Any, Array] = field(default_factory=dict, init=False, repr=False)  # net inputs, by the layers before

    def forward(self, shape: Shape) -> tuple[list[Array], list[Array]]:
        """Net inputs and outputs of all layers; a product that other architectures begin with is made once."""
        zs, outputs = [], [self.x]
        with np.errstate(all="ignore"):
            for k, ((w, b), kind) in enumerate(zip(self.parameters, shape.activations, strict=True)):
                before = shape.activations[:k]
                key = before, shape.slope if SLOPED & set(before) else 0.0
                if key not in self.made:
                    self.made[key] = outputs[-1] @ w + (b if b is not None else 0.0)
                zs.append(self.made[key])
                outputs.append(FORWARD[kind](zs[-1], shape.slope))
        return zs, outputs


@dataclass
class Fit:
    """What explains a trial: an architecture, a loss, the constant per parameter, and mistakes where there are any."""

    shape: Shape
    loss: str
    ratios: list[tuple[float | None, float | None]]
    mistakes: tuple[str, ...] = ()
    decay: float = 0.0
    rows: list[Row] = field(default_factory=list)
    scale: str = ""  # the constant, in words
    level: int = 0  # 0 right, 1 departs, 3 defective


def read(one: dict[str, Any]) -> Trial | None:
    """A trial as the child saw it, in rows; None when something is missing."""
    if "parameters" not in one or any(not isinstance(w, np.ndarray) for w, _ in one["parameters"]):
        return None
    x, t = np.atleast_2d(one["inputs"]), one["targets"]
    c = one["parameters"][-1][0].shape[1]
    t = _rows(t, c, len(x))
    if t.shape != (len(x), c) or x.shape[1] != len(one["parameters"][0][0]):
        return None
    output = one.get("output")
    output = np.asarray(output, float) if isinstance(output, np.ndarray) and output.shape == t.shape else None
    gradients = [(_float(dw), _float(db)) for dw, db in one.get("gradients", [])]
    parameters = [(np.asarray(w, float), _float(b)) for w, b in one["parameters"]]
    gradients = [  # one number for all biases is what every bias gets
        (
            dw,
            np.full_like(b, float(db.reshape(())))
            if db is not None and b is not None and db.size == 1 < b.size
            else db,
        )
        for (dw, db), (_, b) in zip(gradients, parameters, strict=False)
    ]
    return Trial(x, t, parameters, gradients, output, float(one.get("rate") or 0.0), bool(one.get("moved")),
                 str(one.get("labels", "")), str(one.get("layout", "")), turned=bool(one.get("turned")),
                 guessed=bool(one.get("guessed")), values=one.get("own_values", []),
                 other=_rows(one["other"], c, len(x)) if "other" in one else None)  # fmt: skip


def _rows(t: Array, c: int, n: int) -> Array:
    """Targets as rows; class indices as one-hot rows."""
    if t.ndim == 1 and c > 1:
        t = np.eye(c)[np.asarray(t, int)] if t.max(initial=0) < c else np.tile(t.reshape(-1, 1), (1, c))
    return np.asarray(t, float).reshape(n, -1)


def _float(array: Any) -> Array | None:
    return np.asarray(array, float) if isinstance(array, np.ndarray) else None
