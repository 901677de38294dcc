"""A whole network of a subject, judged: what explains its gradients, a right network or which mistake.

A network is parameters in a row, an output and the gradients of one step. Right architectures are tried first; the
one constant by which all gradients may differ is a convention. Only then come mistakes: each is one change in the
way back. What neither explains is told as it is.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from reports.subjects.components import component
from reports.subjects.formulas import FORWARD, SLOPE, softmax
from reports.subjects.verdicts import Component, Row

Array = np.ndarray
CLOSE = (
    1e-9  # relative to the largest gradient of a parameter: beyond the rounding of any honest order, below any mistake
)
HIDDEN = ("Sigmoid", "Tanh", "ReLU", "LeakyReLU", "Identity", "ELU", "Softplus", "Swish")
OUTPUT = ("Softmax", "Sigmoid", "Identity", "Tanh", "ReLU", "LeakyReLU")
SLOPES = (0.01, 0.1, 0.2, 0.3, 0.05, 0.001)
WORDS = {"CrossEntropy": "cross-entropy", "BinaryCrossEntropy": "binary cross-entropy", "SquaredError": "squared error",
         "AbsoluteError": "absolute error"}  # fmt: skip


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

    def forward(self, shape: Shape) -> tuple[list[Array], list[Array]]:
        """Net inputs and outputs of all layers."""
        zs, outputs = [], [self.x]
        with np.errstate(all="ignore"):
            for (w, b), kind in zip(self.parameters, shape.activations, strict=True):
                z = outputs[-1] @ w + (b if b is not None else 0.0)
                zs.append(z)
                outputs.append(FORWARD[kind](z, shape.slope))
        return zs, outputs


@dataclass
class Fit:
    """What explains a trial: an architecture, a loss, the constant per parameter, and mistakes where there are any."""

    shape: Shape
    loss: str
    ratios: list[tuple[float | None, float | None]]
    mistakes: tuple[str, ...] = ()
    decay: float = 0.0


def network(seen: dict[str, Any]) -> Component:
    """Judges a whole network by the trial that is explained best."""
    made = component(seen)
    if seen["form"] == 6:
        return _script(made, seen)
    trials = [trial for one in seen["trials"] if (trial := _trial(one)) is not None]
    best = _best(trials)
    wide = [trial for trial in trials if trial.gradients and trial.t.shape[1] > 1] if seen.get("by_shape") else []
    if (several := _best(wide)) and several[0] <= 3:  # a mistake may be exact for one output
        best = several
    if best is None:
        errors = [one.get("backward_error") or one.get("forward_error") for one in seen["trials"]]
        words = next((error for error in errors if error), "no trial gave numbers")
        made.rows.append(Row("network", "", "unjudged", says=f"it could not be driven: {words}"))
        return made
    made.rows, made.convention, made.diagnoses = best[1], {**best[2], "form": str(seen["form"])}, best[3]
    made.rows += _moves(seen)
    if not any(trial.gradients for trial in trials):
        errors = [one["backward_error"] for one in seen["trials"] if "backward_error" in one]
        status = "unjudged" if errors else "missing"
        words = f"its backward could not be driven: {errors[0]}" if errors else "backward is not written yet"
        made.rows.append(Row("gradients", "", status, says=words, stage="backward"))
    return made


def _moves(seen: dict[str, Any]) -> list[Row]:
    """Whether an adapter's step is its rate times its own gradients."""
    rows = []
    for one in seen["trials"]:
        if "moves" in one and "gradients" in one:
            own = [array for pair in one["gradients"] for array in pair if isinstance(array, np.ndarray)]
            same = len(own) == len(one["moves"]) and all(
                m.size == g.size and _near(m.ravel(), g.ravel(), 1e-9) for m, g in zip(one["moves"], own, strict=True)
            )
            says = "" if same else "step: the parameters do not move by minus rate times the gradients"
            rows.append(Row("step", f"{len(one['inputs'])} samples", "right" if same else "departs", says=says))
    return rows


Judged = tuple[int, list[Row], dict[str, str], list[str]]


def _best(trials: list[Trial]) -> Judged | None:
    """The trial that is explained best. Batches come first: five mistakes are exact for a single sample."""
    batches = [(trial, _judged(trial)) for trial in trials if len(trial.x) > 1]
    alone = [(trial, _judged(trial)) for trial in trials if len(trial.x) == 1]
    batch = min(batches, key=lambda pair: pair[1][0], default=None)
    single = min(alone, key=lambda pair: pair[1][0], default=None)
    if batch is None or single is None:
        return batch[1] if batch else single[1] if single else None
    if batch[1][0] <= 2 or single[1][0] > 1 or not single[0].gradients:
        return batch[1]
    told = single[1][2]
    if any(one_by_one(trial, single[0]) for trial, _ in batches if trial.moved):
        told["layout"] = "one sample at a time, in their order"
        return single[1]
    if batch[1][0] == 3 and not batch[0].moved:
        return batch[1]
    if batch[1][0] == 3 and any(mistake in row.says for row in batch[1][1] for mistake in ("bias", "updated")):
        return batch[1]
    words = "one sample is right; a batch of several makes steps of no known rule, perhaps in an order of its own"
    return (1, [*single[1][1], Row("batch", "batch", "departs", says=words)], told, [])


def one_by_one(batch: Trial, single: Trial) -> bool:
    """Whether a step over a batch is a right step after each sample, in order, as the single sample showed it."""
    fit = _right(single, fitting(single))
    if fit is None or not batch.rate or not single.gradients:
        return False
    main = next((w for w, _ in fit.ratios if w), 0.0)
    parameters = [(w.copy(), None if b is None else b.copy()) for w, b in batch.parameters]
    for k in range(len(batch.x)):
        now = Trial(batch.x[k : k + 1], batch.t[k : k + 1], parameters, [], None, batch.rate, True)
        zs, outputs = now.forward(fit.shape)
        delta = upstream(fit.shape, now, zs, outputs)[fit.loss]
        for (w, b), (dw, db) in zip(parameters, back(fit.shape, now, zs, outputs, delta), strict=True):
            w -= batch.rate * main * dw
            if b is not None:
                b -= batch.rate * main * db
    moved = [(w0 - w) / batch.rate for (w0, _), (w, _) in zip(batch.parameters, parameters, strict=True)]
    return all(g is not None and _near(g, m, 1e-8) for (g, _), m in zip(batch.gradients, moved, strict=True))


def _trial(one: dict[str, Any]) -> Trial | None:
    """A trial as the child saw it, in rows; None when something is missing."""
    if "parameters" not in one or any(not isinstance(w, np.ndarray) for w, _ in one["parameters"]):
        return None
    x, t = np.atleast_2d(one["inputs"]), one["targets"]
    c = one["parameters"][-1][0].shape[1]
    if t.ndim == 1 and c > 1:
        t = np.eye(c)[np.asarray(t, int)] if t.max(initial=0) < c else np.tile(t.reshape(-1, 1), (1, c))
    t = np.asarray(t, float).reshape(len(x), -1)
    if t.shape != (len(x), c):
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
                 str(one.get("labels", "")), str(one.get("layout", "")))  # fmt: skip


def _float(array: Any) -> Array | None:
    return np.asarray(array, float) if isinstance(array, np.ndarray) else None


def shapes(trial: Trial) -> Iterator[Shape]:
    """Architectures, the likeliest first: one activation for all hidden layers, then mixtures."""
    count = len(trial.parameters) - 1
    for last in OUTPUT:
        for hidden in HIDDEN:
            if hidden == "LeakyReLU" or last == "LeakyReLU":
                for slope in SLOPES:
                    yield Shape((hidden,) * count + (last,), slope)
            else:
                yield Shape((hidden,) * count + (last,))
    if 1 < count < 4:
        for last in ("Softmax", "Sigmoid", "Identity"):
            for mixed in product(("ReLU", "Tanh", "Sigmoid", "Identity"), repeat=count):
                if len(set(mixed)) > 1:
                    yield Shape((*mixed, last))


def fitting(trial: Trial) -> list[Shape]:
    """The architectures that give the output; all where no output is known."""
    if trial.output is None:
        return list(shapes(trial))
    found = []
    for shape in shapes(trial):
        zs, outputs = trial.forward(shape)
        if np.isfinite(outputs[-1]).all() and _near(trial.output, outputs[-1]):
            found.append(shape)
        elif shape.activations[-1] == "Softmax" and _near(trial.output, zs[-1]):
            found += [Shape((*shape.activations[:-1], last), shape.slope) for last in ("Softmax", "Sigmoid")]
    return list(dict.fromkeys(found))


def _near(have: Array, wanted: Array, close: float = 1e-6) -> bool:
    scale = float(np.abs(wanted).max(initial=0.0))
    return bool(np.isfinite(have).all() and np.abs(have - wanted).max() <= close * max(scale, 1e-12))


def upstream(shape: Shape, trial: Trial, zs: list[Array], outputs: list[Array]) -> dict[str, Array]:
    """The gradient at the last net input, by loss; a sum over the batch, constants left out."""
    p, t, last = outputs[-1], trial.t, shape.activations[-1]
    found: dict[str, Array] = {}
    if last == "Softmax":
        found["CrossEntropy"] = p - t
        found["SquaredError"] = p * ((p - t) - np.sum(p * (p - t), axis=1, keepdims=True))
        return found
    if last == "Sigmoid":
        found["BinaryCrossEntropy"] = p - t
    slope = SLOPE[last](zs[-1], shape.slope)
    found["SquaredError"] = (p - t) * slope
    found["AbsoluteError"] = np.sign(p - t) * slope
    if last == "Identity":
        found["CrossEntropy"] = softmax(p) - t
        found["BinaryCrossEntropy"] = FORWARD["Sigmoid"](p, 0) - t
    return found


def back(
    shape: Shape,
    trial: Trial,
    zs: list[Array],
    outputs: list[Array],
    delta: Array,
    derivative: str = "",
    stale: float = 0.0,
) -> list[tuple[Array, Array]]:
    """Gradients of all parameters, sums over the batch; `derivative` names a mistake, `stale` a rate of L13."""
    made: list[tuple[Array, Array]] = []
    raw = outputs[-1] - trial.t
    for k in range(len(trial.parameters) - 1, -1, -1):
        w, _ = trial.parameters[k]
        dw, db = outputs[k].T @ delta, delta.sum(axis=0, keepdims=True)
        made.append((dw, db))
        if k:
            used = w - stale * dw if stale else w
            raw = raw @ used.T
            da = raw if derivative == "raw" else delta @ used.T
            delta = da * _slope(shape, k - 1, zs[k - 1], outputs[k], derivative)
    return made[::-1]


def _slope(shape: Shape, k: int, z: Array, a: Array, derivative: str) -> Array:
    kind = shape.activations[k]
    with np.errstate(all="ignore"):
        match derivative:
            case "missing":
                return np.ones_like(z)
            case "twice":
                return SLOPE[kind](a, shape.slope) if kind in SLOPE else np.ones_like(z)
            case "of z":
                return z * (1 - z) if kind == "Sigmoid" else 1 - z * z
            case "output formula":
                return a * (1 - a)
            case "tanh formula":
                return 1 - a * a
            case "value":
                return a
            case "inverted":
                return 1.0 * (z <= 0)
        if kind == "Softmax":
            return a * (1 - a)
        return SLOPE[kind](z, shape.slope)


DERIVATIVES = {
    "raw": "the error is passed back without the derivative of the layer above it",
    "missing": "the derivative of the hidden activation is missing",
    "twice": "the derivative of the hidden activation is taken at its output, as if that were its input",
    "of z": "the derivative is written for the activated value, but gets the net input",
    "output formula": "the derivative of the sigmoid stands behind another activation",
    "tanh formula": "the derivative of tanh stands behind another activation",
    "value": "the activation's value stands in place of its derivative",
    "inverted": "the mask of ReLU is inverted",
}


def constants(trial: Trial, right: list[tuple[Array, Array]]) -> list[tuple[float | None, float | None]]:
    """The constant of each parameter's gradient; None where it is no multiple of the right one, NaN without any."""
    found: list[tuple[float | None, float | None]] = []
    for (dw, db), (w, b), (have_w, have_b) in zip(right, trial.parameters, trial.gradients, strict=True):
        found.append(
            (
                _ratio(have_w, dw, w, trial),
                float("nan") if b is None or have_b is None else _ratio(have_b, db, b, trial),
            )
        )
    return found


def _ratio(have: Array | None, right: Array, parameter: Array, trial: Trial) -> float | None:
    if have is None:
        return float("nan")
    if have.shape != right.shape:
        return None
    scale = float(np.abs(right).max(initial=0.0))
    noise = 4 * 2.0**-52 * float(np.abs(parameter).max(initial=0.0)) / (trial.rate or 1.0) if trial.moved else 0.0
    if scale == 0 or not np.isfinite(have).all():
        return None
    c = float(np.sum(have * right) / np.sum(right * right))
    if not have.any():
        return 0.0
    return c if np.abs(have - c * right).max() <= CLOSE * abs(c) * scale + noise else None


def _judged(trial: Trial) -> tuple[int, list[Row], dict[str, str], list[str]]:
    """(how bad, rows, conventions, diagnoses) of one trial: 0 right, 1 departs, 2 missing, 3 defective, 4 unjudged."""
    fits = fitting(trial)
    told = {"labels": trial.labels, "layout": {"rows": "batch in rows", "columns": "batch in columns"}.get(
        trial.layout, "one sample at a time")}  # fmt: skip
    rows: list[Row] = []
    if trial.output is not None:
        if not fits:
            words = _strange_forward(trial)
            if words:
                return 3, [Row("output", "batch", "defective", says=f"forward: {words}")], told, []
            return 5, [Row("output", "batch", "unjudged", says="no known architecture gives this output")], told, []
        rows.append(Row("output", "batch", "right"))
        told["network"] = str(fits[0])
    if not trial.gradients:
        return 2, rows, told, []
    if fit := _right(trial, fits):
        told["network"], told["loss"] = str(fit.shape), WORDS[fit.loss]
        more, words, level = _constants_told(trial, fit)
        told["gradient scale"] = words
        return level, [*rows, *more], told, [row.says for row in more if row.status == "defective"]
    if fit := _mistaken(trial, fits):
        told["network"], told["loss"] = str(fit.shape), WORDS[fit.loss]
        says = "; and ".join(fit.mistakes)
        row = Row("gradients", "batch", "defective", says=f"gradients: {says}", stage="backward")
        return 3, [*rows, row], told, [row.says]
    if trial.output is None:
        return 5, [Row("gradients", "batch", "unjudged", stage="backward",
                       says="no known architecture and loss explain its steps")], told, []  # fmt: skip
    partial = _partial(trial, fits)
    if partial:
        row = Row("gradients", "batch", "defective", says=f"gradients: {partial}", stage="backward")
        return 4, [*rows, row], told, [row.says]
    return 5, [*rows, Row("gradients", "batch", "unjudged", stage="backward",
                          says="its gradients are those of no known loss")], told, []  # fmt: skip


def _right(trial: Trial, fits: list[Shape]) -> Fit | None:
    """The right architecture and loss whose gradients are those of the trial, each up to a constant."""
    partly: Fit | None = None
    for shape in fits:
        zs, outputs = trial.forward(shape)
        if not np.isfinite(outputs[-1]).all():
            continue
        for loss, delta in upstream(shape, trial, zs, outputs).items():
            ratios = constants(trial, back(shape, trial, zs, outputs, delta))
            if all(r is not None for pair in ratios for r in pair):
                known = [r for pair in ratios for r in pair if r is not None and not np.isnan(r)]
                fit = Fit(shape, loss, ratios)
                if known and max(known) - min(known) <= 1e-8 * max(map(abs, known)) and known[0]:
                    return fit
                partly = partly or fit
    return partly or _decayed(trial, fits)


def _decayed(trial: Trial, fits: list[Shape]) -> Fit | None:
    """The right gradients with a multiple of the weights added: L2 regularisation."""
    for shape in fits:
        zs, outputs = trial.forward(shape)
        for loss, delta in upstream(shape, trial, zs, outputs).items():
            right = back(shape, trial, zs, outputs, delta)
            pairs = []
            for (dw, _), (w, _), (have, _) in zip(right, trial.parameters, trial.gradients, strict=True):
                if have is None or have.shape != dw.shape:
                    break
                basis = np.column_stack([dw.ravel(), w.ravel()])
                solution, *_ = np.linalg.lstsq(basis, have.ravel(), rcond=None)
                if np.abs(basis @ solution - have.ravel()).max() > CLOSE * np.abs(have).max():
                    break
                pairs.append(solution)
            if len(pairs) == len(right) and all(np.allclose(p, pairs[0], rtol=1e-6) for p in pairs) and pairs[0][0]:
                biases = [
                    _ratio(hb, rb, b, trial) if b is not None and hb is not None else float("nan")
                    for (_, rb), (_, b), (_, hb) in zip(right, trial.parameters, trial.gradients, strict=True)
                ]
                c = float(pairs[0][0])
                if None in biases or abs(pairs[0][1]) < 1e-6 * abs(c):
                    continue
                return Fit(shape, loss, [(c, one) for one in biases], decay=float(pairs[0][1]))
    return None


def _constants_told(trial: Trial, fit: Fit) -> tuple[list[Row], str, int]:
    """Rows and words about the constants: one for all is a convention, another for some is a defect."""
    b, c = trial.t.shape
    weights = [pair[0] for pair in fit.ratios]
    biases = [pair[1] for pair in fit.ratios if pair[1] is not None and not np.isnan(pair[1])]
    everything = [r for r in [*weights, *biases] if r is not None]
    main = float(np.median([r for r in weights if r])) if any(weights) else 0.0
    odd = [r for r in everything if abs(r - main) > 1e-7 * abs(main)]
    words = _scale(main, b, c) if not trial.moved or trial.rate else "the rate is not known"
    if fit.decay:
        words += f", with L2: {fit.decay:.4g} w is added to the gradient"
    if not odd:
        climbs = main < 0 and trial.moved
        if climbs:
            up = "the step climbs: it goes up the gradient"
            return [Row("gradients", "batch", "defective", says=up, stage="backward")], words, 3
        return [Row("gradients", "batch", "right", 0.0, stage="backward")], words, 0
    says = []
    names = [f"weights {k + 1}" for k in range(len(weights))] + [f"biases {k + 1}" for k in range(len(fit.ratios))]
    values = [*weights, *(pair[1] for pair in fit.ratios)]
    if biases and all(abs(r * b - main) <= 1e-7 * abs(main) for r in biases):
        says.append("the gradients of the biases are divided by the batch size, those of the weights are not")
    elif biases and all(abs(r - main * b) <= 1e-7 * abs(main * b) for r in biases):
        says.append("the gradients of the weights are divided by the batch size, those of the biases are not")
    else:
        for name, value in zip(names, values, strict=True):
            if value is not None and not np.isnan(value) and abs(value - main) > 1e-7 * abs(main):
                what = "never moves" if value == 0 and trial.moved else "has gradient 0" if value == 0 else (
                    f"has {value / main:.4g} times the gradient that it should have beside the others")  # fmt: skip
                says.append(f"{name} {what}")
    return [Row("gradients", "batch", "defective", says=f"gradients: {'; '.join(says)}", stage="backward")], words, 3


def _scale(main: float, b: int, c: int) -> str:
    """A constant in words."""
    known = {
        1.0: "sum over the batch",
        1 / b: "mean over the batch",
        2 / b: "twice the mean over the batch",
        2.0: "twice the sum",
        0.5: "half the sum",
        1 / (b * c): "mean over batch and outputs",
        2 / (b * c): "torch's mean squared error",
        1 / c: "mean over the outputs",
        2 / c: "twice the mean over outputs",
        1 / (2 * b): "half the mean",
        -1.0: "turned round (ascent)",
        -1 / b: "turned round (ascent), mean",
    }
    return next(
        (words for number, words in known.items() if abs(main / number - 1) < 1e-8), f"{main:.4g} times the sum"
    )


def _mistaken(trial: Trial, fits: list[Shape]) -> Fit | None:
    """One mistake, or two, that explain the gradients of all weights and biases."""
    for shape in fits if trial.output is not None else _usual(fits):
        zs, outputs = trial.forward(shape)
        if not np.isfinite(outputs[-1]).all():
            continue
        right = upstream(shape, trial, zs, outputs)
        starts = {**{(loss, ""): delta for loss, delta in right.items()}, **_wrong_starts(shape, trial, zs, outputs)}
        for (loss, words), delta in starts.items():
            for derivative in ("", *DERIVATIVES):
                for stale in _stale(trial, shape):
                    ways = [w for w in (words, DERIVATIVES.get(derivative, ""), STALE if stale else "") if w]
                    if derivative and not len(trial.parameters) > 1:
                        continue
                    made = back(shape, trial, zs, outputs, delta, derivative, stale)
                    ratios = constants(trial, made)
                    wrong = _biases(trial, ratios, made, shape)
                    if wrong is None or any(pair[0] is None for pair in ratios):
                        continue
                    mistakes = tuple(ways) + ((wrong,) if wrong else ())
                    known = [pair[0] for pair in ratios if pair[0]]
                    if mistakes and known and max(known) - min(known) <= 1e-7 * max(map(abs, known)):
                        return Fit(shape, loss, ratios, mistakes)
    return None


def _usual(fits: list[Shape]) -> list[Shape]:
    """The architectures that are worth a search for mistakes when no output says which it is."""
    usual = {"Sigmoid", "Tanh", "ReLU"}
    return [shape for shape in fits if set(shape.activations[:-1]) <= usual and len(set(shape.activations[:-1])) == 1
            and shape.activations[-1] in ("Softmax", "Sigmoid", "Identity", "Tanh")]  # fmt: skip


STALE = "the gradient is passed back through the weights that were just updated: keep the old ones until all are known"


def _stale(trial: Trial, shape: Shape) -> tuple[float, ...]:
    """Rates by which the last weights may have moved before they were used."""
    if not trial.moved or not trial.rate:
        return (0.0,)
    b, c = trial.t.shape
    return (0.0, trial.rate, trial.rate / b, 2 * trial.rate / b, 2 * trial.rate, 2 * trial.rate / (b * c))


def _biases(
    trial: Trial, ratios: list[tuple[float | None, float | None]], made: list[tuple[Array, Array]], shape: Shape
) -> str | None:
    """How the biases' gradients are wrong: no words where they are right, None where it is not known."""
    main = next((w for w, _ in ratios if w), 0.0)
    says = []
    for (have_w, have), (_, right), (_, ratio), (_, b) in zip(
        trial.gradients, made, ratios, trial.parameters, strict=True
    ):
        if (
            b is None
            or have is None
            or (ratio is not None and (np.isnan(ratio) or abs(ratio - main) <= 1e-7 * abs(main)))
        ):
            continue
        n = len(trial.x)
        forms = {
            "the gradient of the biases is the sum over everything": np.full_like(right, right.sum()),
            "the gradient of the biases is the mean over everything": np.full_like(right, right.mean()),
            "the gradient of the biases is averaged over the batch, that of the weights is not": right / n,
            "the gradient of the weights is averaged over the batch, that of the biases is not": right * n,
            "the biases are never updated": np.zeros_like(right),
            "the sign of the biases' gradient is turned round": -right,
        }
        words = next(
            (
                w
                for w, form in forms.items()
                if have.shape == form.shape
                and np.abs(have - main * form).max() <= 1e-8 * max(np.abs(main * right).max(), 1e-300)
            ),
            None,
        )
        if words is None and have.shape != right.shape:
            words = f"the gradient of the biases has shape {have.shape} for biases {right.shape}"
        if words is None and have_w is not None:
            words = "the gradient of the biases is another"
        says.append(words or "")
    return "; ".join(dict.fromkeys(says))


def _wrong_starts(shape: Shape, trial: Trial, zs: list[Array], outputs: list[Array]) -> dict[tuple[str, str], Array]:
    """Wrong gradients at the last net input, in words."""
    p, t, last = outputs[-1], trial.t, shape.activations[-1]
    made: dict[tuple[str, str], Array] = {}
    with np.errstate(all="ignore"):
        if last == "Softmax":
            made["SquaredError", "only the diagonal p (1 - p) of softmax's derivative is used"] = (p - t) * p * (1 - p)
            made["CrossEntropy", "only the diagonal of softmax's derivative is used, behind -y/p"] = -t * (1 - p)
            made["CrossEntropy", "softmax is skipped in the way back: the gradient is -y/p"] = -t / p
            first = np.zeros_like(t)
            first[:, 0] = 1
            made["CrossEntropy", "every sample is taken for class 0"] = p - first
        elif last in SLOPE:
            slope = SLOPE[last](zs[-1], shape.slope)
            twice = SLOPE[last](p, shape.slope)
            if last != "Identity":
                made["SquaredError", "the derivative at the output is taken of the activated value"] = (p - t) * twice
                made["SquaredError", "the derivative of the output activation is missing"] = p - t
                made["BinaryCrossEntropy", "the derivative of the output activation is applied twice"] = (
                    (p - t) * slope * slope
                )
            made["SquaredError", "the gradient is the square of the difference"] = (p - t) ** 2 * slope
            made["SquaredError", "the sign of the difference is lost"] = np.abs(p - t) * slope
            made["SquaredError", "the mean difference stands for every output"] = (
                np.mean(p - t) * slope * np.ones_like(p)
            )
            if last == "Sigmoid":
                made["SquaredError", "the targets have no part in it"] = p * slope
    return made


def _strange_forward(trial: Trial) -> str:
    """Which mistake gives an output that no architecture gives; empty where none is known."""
    for shape in shapes(trial):
        zs, outputs = trial.forward(shape)
        before = outputs[-2]
        w, b = trial.parameters[-1]
        assert trial.output is not None
        if shape.activations[-1] == "Softmax":
            z = zs[-1]
            with np.errstate(all="ignore"):
                e = np.exp(z - z.max())
                forms = {
                    "softmax sums over the whole batch": e / e.sum(),
                    "softmax runs over the samples, not over the classes": softmax(z.T).T,
                    "softmax is applied twice": softmax(softmax(z)),
                    "softmax is not divided by the sum": np.exp(z),
                }
            for words, form in forms.items():
                if _near(trial.output, form):
                    return words
        if b is not None:
            bare = FORWARD[shape.activations[-1]](before @ w, shape.slope)
            if _near(trial.output, bare):
                return "the last bias is not added"
    return ""


def _partial(trial: Trial, fits: list[Shape]) -> str:
    """What can be said when some gradients are right and others not: the last layer's are, earlier ones are not."""
    for shape in fits:
        zs, outputs = trial.forward(shape)
        for loss, delta in upstream(shape, trial, zs, outputs).items():
            ratios = constants(trial, back(shape, trial, zs, outputs, delta))
            weights = [pair[0] for pair in ratios]
            if weights[-1] and any(r is None for pair in ratios for r in pair):
                wrong = [f"{name} of layer {k + 1}" for k, pair in enumerate(ratios)
                         for name, r in zip(("weights", "biases"), pair, strict=True) if r is None]  # fmt: skip
                told = ", ".join(wrong)
                return f"with {WORDS[loss]} the last layer's weights are right, wrong are {told}; cause unknown"
    return ""


def _script(made: Component, seen: dict[str, Any]) -> Component:
    """A script: parameters are what its loop moved; inputs and targets are looked for among its other arrays."""
    for one in seen["trials"]:
        best: tuple[int, list[Row], dict[str, str], list[str]] | None = None
        for trial in _script_trials(one):
            found = _judged(trial)
            if best is None or found[0] < best[0]:
                best = found
            if best[0] == 0:
                break
        if best:
            made.rows, made.convention, made.diagnoses = best[1], {**best[2], "form": "6"}, best[3]
    if not made.rows:
        made.rows.append(Row("network", "", "unjudged", says="its inputs and targets were not found"))
    return made


def _script_trials(one: dict[str, Any]) -> Iterator[Trial]:
    """Every way to read a script's arrays as parameters, inputs and targets."""
    before, after, rest = one["before"], one["after"], one["arrays"]
    rate = float(one.get("rate") or 0.0)
    matrices = {k: a for k, a in before.items() if a.ndim == 2 and a.size > 1 and isinstance(after.get(k), np.ndarray)}
    for turned in (False, True):
        for start in matrices:
            chain = [start]
            while True:
                width = matrices[chain[-1]].shape[0 if turned else 1]
                following = [k for k in matrices if k not in chain and matrices[k].shape[1 if turned else 0] == width]
                if not following:
                    break
                chain.append(following[0])
            if len(chain) < 2 or len(chain) < len(matrices) - 2:
                continue
            yield from _with_data(before, after, rest, chain, turned, rate)


def _with_data(
    before: dict[str, Array],
    after: dict[str, Array],
    rest: dict[str, Array],
    chain: list[str],
    turned: bool,
    rate: float,
) -> Iterator[Trial]:
    """The trials of one chain of weights."""
    turn = (lambda a: a.T) if turned else (lambda a: a)
    parameters, gradients = [], []
    taken = set(chain)
    for k in chain:
        width = before[k].shape[0 if turned else 1]
        bias = next(
            (n for n, a in before.items() if n not in taken and a.size == width and (a.ndim < 2 or 1 in a.shape)), None
        )
        taken.add(bias or k)
        step = (before[k] - after[k]) / (rate or 1.0)
        db = (before[bias] - after[bias]).reshape(1, -1) / (rate or 1.0) if bias else None
        parameters.append((turn(before[k]), before[bias].reshape(1, -1) if bias else None))
        gradients.append((turn(step), db))
    d, c = parameters[0][0].shape[0], parameters[-1][0].shape[1]
    everything = {**rest}
    inputs = [(n, x) for n, a in everything.items() for x in _rows(a, d, turned)]
    targets = [(n, y) for n, a in everything.items() for y in _rows(a, c, turned)]
    inputs.sort(key=lambda pair: pair[0].lower() not in ("x", "inputs", "l0", "layer_0", "input"))
    targets.sort(key=lambda pair: pair[0].lower() not in ("y", "target", "targets", "labels", "t", "outputs"))
    count = 0
    for n, x in inputs:
        for m, y in targets:
            if n != m and len(x) == len(y) and count < 60:
                count += 1
                yield Trial(
                    x, y, parameters, gradients, None, rate, True, "as in the script", "columns" if turned else "rows"
                )


def _rows(a: Array, width: int, turned: bool) -> list[Array]:
    """An array read as rows of so many columns."""
    a = np.asarray(a, float)
    if a.ndim == 2 and turned and a.shape[0] == width:
        return [a.T]
    if a.ndim == 2 and a.shape[1] == width:
        return [a]
    if a.ndim == 1 and a.size == width:
        return [a.reshape(1, -1)]
    return [a.reshape(-1, 1)] if a.ndim == 1 and width == 1 else []
