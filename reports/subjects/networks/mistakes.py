"""The mistakes that explain a trial where no right network does: each is one change in the forward or the way back.

Axes: B samples, D inputs, H hidden, C outputs.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from reports.calibrated import PROPOSED
from reports.subjects.formulas import FORWARD, SLOPE, softmax
from reports.subjects.nearness import near
from reports.subjects.networks.architectures import DERIVATIVES, WORDS, back, backwards, shapes, upstream
from reports.subjects.networks.explained import Ratios, constant, constants
from reports.subjects.networks.trial import Fit, Shape, Trial

Array = np.ndarray


def mistaken(trial: Trial, fits: list[Shape]) -> Fit | None:
    """One mistake, or two, that explain the gradients of all weights and biases."""
    for shape in fits if trial.output is not None else usual(fits):
        zs, outputs = trial.forward(shape)
        if not np.isfinite(outputs[-1]).all():
            continue
        right = upstream(shape, trial, zs, outputs)
        starts = {**{(loss, ""): delta for loss, delta in right.items()}, **_wrong_starts(shape, trial, zs, outputs)}
        for (loss, words), delta in starts.items():
            for (derivative, only), stale in product(_derivatives(len(zs)), _stale(trial, shape)):
                made, ratios = _as_far(trial, backwards(shape, trial, zs, outputs, delta, derivative, stale, only))
                if len(ratios) == 1 < len(zs):  # the last layer's gradient is the same in all these ways back
                    break
                if len(ratios) < len(zs) or ratios[0][0] is None:
                    continue
                known = [pair[0] for pair in ratios if pair[0]]
                if not known or not max(known) - min(known) <= PROPOSED * max(map(abs, known)):
                    continue
                wrong = _biases(trial, ratios, made, shape)
                ways = [w for w in (words, _named(derivative, only), STALE if stale else "", wrong) if w]
                if ways:
                    return Fit(shape, loss, ratios, tuple(ways))
    return None


def _derivatives(layers: int) -> Iterator[tuple[str, int]]:
    """Every mistake in a derivative: in all hidden layers, or in one of several, which is numbered."""
    yield "", 0
    hidden = layers - 1
    for only in range(hidden + 1 if hidden > 1 else hidden):
        for name in DERIVATIVES:
            if not (only and name == "raw"):
                yield name, only


def _named(derivative: str, only: int) -> str:
    """Such a mistake in words."""
    where = f" (in hidden layer {only} alone)" if only else ""
    return f"{DERIVATIVES[derivative]}{where}" if derivative else ""


def _as_far(trial: Trial, way: Iterator[tuple[Array, Array]]) -> tuple[list[tuple[Array, Array]], Ratios]:
    """The gradients of a way back and their constants, from the last layer to the first whose weights have none."""
    made: list[tuple[Array, Array]] = []
    ratios: Ratios = []
    for k, pair in zip(range(len(trial.parameters) - 1, -1, -1), way, strict=False):
        made.insert(0, pair)
        ratios.insert(0, constant(trial, k, *pair))
        if ratios[0][0] is None:
            break
    return made, ratios


def usual(fits: list[Shape]) -> list[Shape]:
    """The architectures that are worth a search for mistakes when no output says which it is."""
    common = {"Sigmoid", "Tanh", "ReLU"}
    return [shape for shape in fits if set(shape.activations[:-1]) <= common and len(set(shape.activations[:-1])) == 1
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
) -> str:
    """How the biases' gradients are wrong; no words where they are right."""
    main = next((w for w, _ in ratios if w), 0.0)
    says = []
    for k, ((have_w, have), (_, right), (_, ratio), (_, b)) in enumerate(
        zip(trial.gradients, made, ratios, trial.parameters, strict=True), 1
    ):
        if (
            b is None
            or have is None
            or (ratio is not None and (np.isnan(ratio) or abs(ratio - main) <= PROPOSED * abs(main)))
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
                and np.abs(have - main * form).max() <= PROPOSED * max(np.abs(main * right).max(), 1e-300)
            ),
            None,
        )
        if words is None and have.shape != right.shape:
            words = f"the gradient of the biases has shape {have.shape} for biases {right.shape}"
        if words is None and have_w is not None:
            words = f"the gradient of biases {k} is another"
        says.append(words or "")
    return "; ".join(dict.fromkeys(says))


def _wrong_starts(shape: Shape, trial: Trial, zs: list[Array], outputs: list[Array]) -> dict[tuple[str, str], Array]:
    """Wrong gradients at the last net input, in words."""
    p, t, last = outputs[-1], trial.t, shape.activations[-1]
    made: dict[tuple[str, str], Array] = {}
    with np.errstate(all="ignore"):
        if last == "Softmax":
            diagonal = (
                "only the diagonal p (1 - p) of softmax's derivative is used; behind a cross-entropy it is p - y alone"
            )
            made["SquaredError", diagonal] = (p - t) * p * (1 - p)
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


def strange_forward(trial: Trial) -> str:
    """Which mistake gives an output that no architecture gives; empty where none is known."""
    if trial.t.shape[1] == 1 and trial.output is not None and (trial.output == 1).all():
        return "softmax over one output is 1, whatever goes in: use a sigmoid"
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
                if near(trial.output, form):
                    return words
        if b is not None:
            bare = FORWARD[shape.activations[-1]](before @ w, shape.slope)
            if near(trial.output, bare):
                return "the last bias is not added"
    return ""


def partly_right(trial: Trial, fits: list[Shape]) -> str:
    """What can be said when some gradients are right and others not: which, under the loss of which most are right."""
    best: tuple[int, str] = (0, "")
    for shape in fits:
        zs, outputs = trial.forward(shape)
        for loss, delta in upstream(shape, trial, zs, outputs).items():
            ratios = constants(trial, back(shape, trial, zs, outputs, delta))
            pairs = [(f"{name} {k}", c) for k, pair in enumerate(ratios, 1)
                     for name, c in zip(("weights", "biases"), pair, strict=True)]  # fmt: skip
            told = {name: c for name, c in pairs if c is None or not np.isnan(c)}
            right = [name for name, c in told.items() if c]
            constant = [c for c in told.values() if c]
            one = constant and max(constant) - min(constant) <= PROPOSED * max(map(abs, constant))
            last = ratios[-1][0] or (one and 2 * len(right) >= len(told) and ratios[-1][1])
            if last and len(right) < len(told) and len(right) > best[0]:
                wrong = [name for name in told if name not in right]
                causes = _causes(trial, wrong, outputs, zs, delta) or "cause unknown"
                best = len(right), f"with {WORDS[loss]} {_and(right)} right, {_and(wrong)} wrong; {causes}"
    return best[1]


def _and(names: list[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _causes(trial: Trial, wrong: list[str], outputs: list[Array], zs: list[Array], delta: Array) -> str:
    """Why the last layer's weights alone are wrong, where that is known; empty else."""
    last = len(zs)
    have = trial.gradients[-1][0]
    if wrong != [f"weights {last}"] or have is None or last < 2:
        return ""
    made = zs[-2].T @ delta
    if have.shape == made.shape and _multiple(have, made):
        return "it is made of the net input of the layer before, not of its output"
    return ""


def _multiple(have: Array, right: Array) -> bool:
    """Whether an array is a constant times another, nearly."""
    c = float(np.sum(have * right)) / max(float(np.sum(right * right)), 1e-300)
    return bool(np.abs(have - c * right).max() <= PROPOSED * np.abs(have).max())
