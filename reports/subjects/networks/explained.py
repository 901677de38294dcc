"""The right architecture and loss that explain a trial, up to one constant for each parameter, and what that says.

The one constant by which all gradients may differ is a convention; constants that differ are a defect.

Axes: B samples, D inputs, H hidden, C outputs.
"""

import numpy as np

from reports.subjects.networks.architectures import back, upstream
from reports.subjects.networks.trial import Fit, Shape, Trial
from reports.subjects.verdicts import Row

Array = np.ndarray
CLOSE = (
    1e-9  # relative to the largest gradient of a parameter: beyond the rounding of any honest order, below any mistake
)


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


def right_fit(trial: Trial, fits: list[Shape]) -> Fit | None:
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


def constants_told(trial: Trial, fit: Fit) -> tuple[list[Row], str, int]:
    """Rows and words about the constants: one for all is a convention, another for some is a defect."""
    b, c = trial.t.shape
    weights = [pair[0] for pair in fit.ratios]
    biases = [pair[1] for pair in fit.ratios if pair[1] is not None and not np.isnan(pair[1])]
    everything = [r for r in [*weights, *biases] if r is not None]
    main = float(np.median([r for r in weights if r])) if any(weights) else 0.0
    main = main or next((r for r in reversed(weights) if r), 0.0)  # two layers that pull apart have no middle
    odd = [r for r in everything if abs(r - main) > 1e-7 * abs(main)]
    words = _scale(main, b, c) if not trial.moved or trial.rate else "the rate is not known"
    if fit.decay:
        words += f", with L2: {fit.decay:.4g} w is added to the gradient"
    if not odd:
        climbs = main < 0 and trial.moved and not trial.turned
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
                if name == names[-1] and value == 0 and fit.shape.activations[-1] == "Softmax":
                    what += ": behind a softmax the sum over everything is 0, sum over the samples alone"
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
