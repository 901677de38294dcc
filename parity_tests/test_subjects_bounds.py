"""Facts about the bounds that decide over strangers' networks and losses: what is honest passes, nothing else does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reports.subjects.curves import curve
from reports.subjects.formulas import SLOPE
from reports.subjects.losses.gradients import gradient_row
from reports.subjects.losses.values import value_row
from reports.subjects.networks.network import judged
from reports.subjects.networks.trial import Trial
from reports.subjects.verdict import check

Array = np.ndarray
B, D, H, C = 7, 4, 6, 3


def exponentials(z: Array) -> Array:
    """Each row's exponentials over their sum."""
    return np.asarray(np.exp(z) / np.exp(z).sum(1, keepdims=True))


SIGMOIDS = {
    "plain": lambda z: 1 / (1 + np.exp(-z)),
    "two branches": lambda z: np.where(z > 0, 1 / (1 + np.exp(-abs(z))), np.exp(-abs(z)) / (1 + np.exp(-abs(z)))),
    "through tanh": lambda z: (1 + np.tanh(z / 2)) / 2,
    "exp above": lambda z: np.exp(z) / (1 + np.exp(z)),
}
SOFTMAXES = {
    "shifted": lambda z: (
        np.exp(z - z.max(1, keepdims=True)) / np.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True)
    ),
    "not shifted": lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True),
    "row by row": lambda z: np.array([np.exp(row) / sum(np.exp(row)) for row in z]),
    "by its logarithm": lambda z: np.exp(z - np.log(np.exp(z).sum(1, keepdims=True))),
}
PRODUCTS = {
    "@": lambda a, b: a @ b,
    "einsum": lambda a, b: np.einsum("ij,jk->ik", a, b),
    "loops": lambda a, b: np.array([[sum(x * y for x, y in zip(r, c, strict=True)) for c in b.T] for r in a]),
    "outer products, backwards": lambda a, b: sum(np.outer(a[:, k], b[k]) for k in reversed(range(len(b)))),
}


def trial(
    sigmoid: Callable[[Array], Array] = SIGMOIDS["plain"],
    softmax: Callable[[Array], Array] = SOFTMAXES["shifted"],
    product: Callable[[Array, Array], Array] = PRODUCTS["@"],
    start: Callable[[Array, Array], Array] = lambda p, t: (p - t) / B,
    dtype: Any = np.float64,
) -> Trial:
    """One step of a network of ours, sigmoid before softmax, with its parts written in the ways that are given."""
    rng = np.random.default_rng(5)
    x, w1, b1, w2, b2 = (rng.standard_normal(s).astype(dtype) for s in ((B, D), (D, H), (1, H), (H, C), (1, C)))
    t = np.eye(C, dtype=dtype)[rng.integers(0, C, B)]
    h = sigmoid(product(x, w1) + b1)
    p = softmax(product(h, w2) + b2)
    d = start(p, t)
    dh = product(d, w2.T) * (h - h * h)
    gradients = [(product(x.T, dh), dh.sum(0, keepdims=True)), (product(h.T, d), d.sum(0, keepdims=True))]
    wide = [(np.asarray(w, float), np.asarray(b, float)) for w, b in ((w1, b1), (w2, b2))]
    return Trial(x.astype(float), t.astype(float), wide, gradients, p, 0.0, False)  # type: ignore[arg-type]


def told(one: Trial) -> tuple[set[str], str]:
    """The statuses of a trial's rows, and the first words."""
    _, rows, _, _ = judged(one)
    return {row.status for row in rows}, next((row.says for row in rows if row.says), "")


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("softmax", SOFTMAXES)
@pytest.mark.parametrize("sigmoid", SIGMOIDS)
def test_honest_ways_of_writing_the_same_network_are_right(sigmoid: str, softmax: str, product: str) -> None:
    """Another order, another formula: every row says how much of its allowance is used, and it is at most 1."""
    _, rows, convention, _ = judged(trial(SIGMOIDS[sigmoid], SOFTMAXES[softmax], PRODUCTS[product]))
    assert [row.status for row in rows] == ["right"] * 5
    assert all(row.used <= 1 for row in rows)
    assert convention["gradient scale"] == "mean over the batch"


def test_the_jacobian_form_of_the_way_back_is_right() -> None:
    """-y/p through softmax's Jacobian, sample by sample, rounds otherwise than p - y, and no more than is allowed."""

    def long_way(p: Array, t: Array) -> Array:
        return np.array([(np.diag(row) - np.outer(row, row)) @ (-y / row) for row, y in zip(p, t, strict=True)])

    assert told(trial(start=long_way)) == ({"right"}, "")


@pytest.mark.parametrize("which", ["one array", "all arrays", "one element"])
def test_a_gradient_that_is_off_by_1e_10_is_not_right(which: str) -> None:
    """No constant is fitted to hide it, and it is no defect either: it agrees to so many digits, and departs."""
    one = trial()
    for k, (dw, db) in enumerate(one.gradients):
        if which == "all arrays" or (which == "one array" and k == 0):
            dw *= 1 + 1e-10
            db *= 1 + 1e-10
    if which == "one element":
        one.gradients[1][0][np.unravel_index(np.abs(one.gradients[1][0]).argmax(), (H, C))] *= 1 + 1e-10
    statuses, says = told(one)
    assert "departs" in statuses
    assert "defective" not in statuses
    assert "digits, which rounding does not explain" in says


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"softmax": lambda z: np.exp(z) / (np.exp(z).sum(1, keepdims=True) + 1e-8)}, "softmax's denominator"),
        ({"softmax": lambda z: SOFTMAXES["shifted"](z) + 1e-8}, "1e-08 is added to the output"),
        ({"start": lambda p, t: p * (t * p / (p + 1e-8)).sum(1, keepdims=True) - t * p / (p + 1e-8)}, "divides by it"),
        ({"sigmoid": lambda z: 1 / (1 + np.exp(-z) + 1e-8)}, "digits, which rounding does not explain"),
        ({"dtype": np.float32}, "it computes in float32"),
    ],
)
def test_a_gentle_change_departs_and_is_named(changes: dict[str, Any], words: str) -> None:
    """An epsilon of 1e-8, float32: neither right nor defective; the one inside the network has no name, but digits."""
    statuses, says = told(trial(**changes))
    assert "departs" in statuses
    assert "defective" not in statuses
    assert words in says


def test_a_constant_without_a_name_is_fitted_and_told_so() -> None:
    """0.37 times the sum everywhere is a convention; how far off the fitted number may be enters the allowance."""
    one = trial(start=lambda p, t: 0.37 * (p - t))
    level, rows, convention, _ = judged(one)
    assert (level, {row.status for row in rows}) == (0, {"right"})
    assert convention["gradient scale"] == "0.37 times the sum (fitted)"


def test_constants_that_differ_between_arrays_are_a_defect() -> None:
    """The biases' gradients are sums, those of the weights means."""
    one = trial()
    one.gradients = [(dw, db * B) for dw, db in one.gradients]  # type: ignore[operator]
    statuses, says = told(one)
    assert "defective" in statuses
    assert "divided by the batch size" in says


@pytest.mark.parametrize("off", [0.0, 1e-9])
def test_a_gradient_that_was_measured_as_a_step_has_the_rounding_of_the_parameter(off: float) -> None:
    """(w - w') / rate loses digits that the gradient itself has: u |w| / rate more is allowed, and no more."""
    one = trial()
    one.rate, one.moved = 0.01, True

    def moved(w: Array, g: Array) -> Array:
        return np.asarray((w - (w - 0.01 * g * (1 + off))) / 0.01)

    pairs = zip(one.gradients, one.parameters, strict=True)
    one.gradients = [(moved(w, dw), moved(b, db)) for (dw, db), (w, b) in pairs]  # type: ignore[arg-type]
    assert ("departs" in told(one)[0]) == bool(off)


@pytest.mark.parametrize("off", [0.0, 1e-9])
def test_a_decay_of_the_weights_is_fitted_within_its_bound(off: float) -> None:
    """L2 is right and told with its strength; a gradient that is off besides is not hidden by it."""
    one = trial()
    pairs = zip(one.gradients, one.parameters, strict=True)
    one.gradients = [(dw * (1 + off) + 0.01 * w, db) for (dw, db), (w, _) in pairs]  # type: ignore[operator]
    level, rows, convention, _ = judged(one)
    assert "with L2: 0.01 w" in convention["gradient scale"]
    assert (level, {row.status for row in rows}) == ((1, {"right", "departs"}) if off else (0, {"right"}))


def test_gradients_of_a_loss_that_nobody_knows_are_judged_but_for_the_loss() -> None:
    """One gradient at the output explains those of all layers: each is right, and what the loss is stays open."""
    _, rows, _, diagnoses = judged(trial(start=lambda p, t: (p - t) ** 5))
    assert [row.status for row in rows] == ["right"] * 5 + ["unjudged"]
    assert all(row.used <= 1 for row in rows[:-1])
    assert "its loss is none that is known here" in rows[-1].says
    assert not diagnoses


@pytest.mark.parametrize(("layer", "which"), [(0, "weights"), (0, "biases"), (1, "weights"), (1, "biases")])
def test_one_array_that_is_off_is_found_whatever_the_loss(layer: int, which: str) -> None:
    """A billionth in one array of gradients belongs to no gradient at the output: it is named, and a defect."""
    one = trial(start=lambda p, t: (p - t) ** 5)
    array = one.gradients[layer][which == "biases"]
    assert array is not None
    array.flat[np.abs(array).argmax()] *= 1 + 1e-9
    _, _, _, diagnoses = judged(one)
    assert diagnoses == [
        f"gradient of {which} {layer + 1}: not what the gradients of the other parameters ask for, whatever the loss is"
    ]


def test_where_a_gradient_at_the_output_explains_anything_nothing_is_said() -> None:
    """A single layer has fewer gradients than the output has numbers: they show nothing about one another."""
    one = trial(start=lambda p, t: (p - t) ** 5)
    h, (w, b) = SIGMOIDS["plain"](one.x @ one.parameters[0][0] + one.parameters[0][1]), one.parameters[1]
    alone = Trial(h[:, :3], one.t, [(w[:3], b)], [(dw[:3], db) for dw, db in one.gradients[1:]],  # type: ignore[index]
                  SOFTMAXES["shifted"](h[:, :3] @ w[:3] + b), 0.0, False)  # fmt: skip
    statuses, says = told(alone)
    assert statuses == {"right", "unjudged"}
    assert says == "its forward is recognised (Dense → Softmax), its gradients are those of no known loss"


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "ELU", "SELU", "Softplus", "Swish"])
def test_a_curve_bends_no_more_than_its_bound_says(kind: str) -> None:
    """The largest change of f' from point to point, away from the kink, is `bend` times the distance."""
    z = np.linspace(-9, 9, 200_002)  # no point at 0
    same_side = np.sign(z[1:]) == np.sign(z[:-1])
    bend = np.abs(np.diff(SLOPE[kind](z, 1.0)) / np.diff(z))[same_side].max()
    assert 0.99 * curve(kind, 1.0).bend <= bend <= 1.0001 * curve(kind, 1.0).bend


def case(value: Any, gradient: Array | None = None) -> dict[str, Any]:
    """Cross-entropy on probabilities as a child has seen it."""
    p, y = probabilities()
    found = {"format": "one-hot", "predicted": p, "meant": y, "value": np.asarray(value)}
    return found if gradient is None else found | {"gradient": gradient}


def probabilities() -> tuple[Array, Array]:
    """Predictions and one-hot labels."""
    rng = np.random.default_rng(3)
    return rng.dirichlet(np.ones(C), B), np.eye(C)[rng.integers(0, C, B)]


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        (lambda v: v, "right", ""),
        (lambda v: v * (1 + 1e-10), "departs", "digits, which rounding"),
        (lambda v: np.float32(v), "departs", "float32"),
        (lambda v: -v, "defective", "sign"),
    ],
)
def test_a_value_is_decided_by_its_bound(changed: Callable[[Any], Any], status: str, words: str) -> None:
    """Summed sample by sample in Python it is right; 1e-10 away it is not."""
    p, y = probabilities()
    mean = sum(-np.log(a @ b) for a, b in zip(p, y, strict=True)) / B
    row = value_row(case(changed(mean)), "CrossEntropy")
    assert row is not None
    assert (row.status, words in row.says) == (status, True)


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        (lambda p, y: -(1 / B) * (y / p), "right", ""),
        (lambda p, y: -(1 + 1e-10) * y / p / B, "departs", "digits, which rounding"),
        (lambda p, y: -y / (p + 1e-8) / B, "departs", "1e-08 is added to the probability in the denominator"),
        (lambda p, y: y / p / B, "defective", "wrong sign"),
    ],
)
def test_a_gradient_of_a_loss_is_decided_by_its_bound(
    changed: Callable[[Array, Array], Array], status: str, words: str
) -> None:
    """The right one in another order, nearly the right one, one with an epsilon, one turned round."""
    row = gradient_row(case(0.0, changed(*probabilities())), "CrossEntropy")
    assert row is not None
    assert (row.status, words in row.says) == (status, True)


@pytest.mark.parametrize(
    ("kind", "value", "gradient"),
    [
        ("SigmoidCrossEntropy", lambda z, y: np.log1p(np.exp(z)) - y * z, lambda z, y: 1 / (1 + np.exp(-z)) - y),
        ("Huber", lambda z, y: np.where(abs(z - y) < 1, (z - y) ** 2 / 2, abs(z - y) - 0.5),
         lambda z, y: np.clip(z - y, -1, 1)),
    ],
)  # fmt: skip
def test_losses_of_other_kinds_have_bounds_too(
    kind: str, value: Callable[[Array, Array], Array], gradient: Callable[[Array, Array], Array]
) -> None:
    """Sigmoid and binary cross-entropy of logits, and Huber's loss, in forms of their own; 1e-10 off they depart."""
    z, y = np.random.default_rng(1).standard_normal((B, C)) * 2, probabilities()[1]
    for off, status in ((1.0, "right"), (1 + 1e-10, "departs")):
        seen = {"format": "three columns", "predicted": z, "meant": y, "gradient": gradient(z, y) / z.size * off}
        rows = value_row(seen | {"value": np.asarray(np.mean(value(z, y)) * off)}, kind), gradient_row(seen, kind)
        assert [row.status for row in rows if row] == [status, status]


LOSS = """import numpy as np

class CrossEntropyLoss:
    def forward(self, predictions, labels):
        if labels.ndim == 1:
            labels = np.eye(predictions.shape[1])[labels]
        {guard}
        return np.mean(-np.log(np.sum(predictions * labels, axis=1)))
"""


@pytest.mark.parametrize(("guard", "told"), [("", True), ("assert labels.shape[1] > 1", False)])
def test_labels_in_a_column_that_give_another_number_are_told(guard: str, told: bool, tmp_path: Path) -> None:
    """(N, 1) times (N, C) broadcasts without an error, which a user is told; torch refuses them, so it is no defect."""
    file = tmp_path / "loss.py"
    file.write_text(LOSS.format(guard=guard or "pass"), encoding="utf-8")
    (one,) = check(file).components
    assert ("class indices of shape (N, 1)" in one.convention.get("careful", "")) == told
    assert "class indices in a column" in one.convention["labels not supported"]
    assert {row.status for row in one.rows} == {"right", "missing"}  # no backward


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        ("e.sum(axis=1, keepdims=True)", "(e.sum(axis=1, keepdims=True) + 1e-8)", "departs", "softmax's denominator"),
        ("self.W1 -= learning_rate", "self.W1 -= (1 + 1e-10) * learning_rate", "departs", "rounding does not explain"),
        ("self.W1 -= learning_rate", "self.W1 -= 2 * learning_rate", "defective", "weights 1 has twice the gradient"),
        (
            "self.W1 -= learning_rate",
            "self.W1 -= learning_rate / len(X)",
            "defective",
            "1/7 (the batch size) of the grad",
        ),
        ("self.z1 = X @ self.W1", "self.z1 = np.einsum('nd,dh->nh', X, self.W1)", "right", ""),
    ],
)
def test_a_whole_file_is_judged_by_the_same_bounds(old: str, new: str, status: str, words: str, tmp_path: Path) -> None:
    """A network that updates inside `backward`, changed in one place; its gradients are measured as steps."""
    text = (Path(__file__).parent / "subjects" / "updates_inside.txt").read_text(encoding="utf-8")
    assert text.count(old) == 1
    file = tmp_path / "net.py"
    file.write_text(text.replace(old, new), encoding="utf-8")
    (one,) = check(file).components
    assert (one.status, words in one.says) == (status, True), one.says


@pytest.mark.parametrize(("strength", "status"), [("0.02", "right"), ("-0.02", "defective")])
def test_a_penalty_that_makes_the_weights_grow_is_defective(strength: str, status: str, tmp_path: Path) -> None:
    """L2 adds to the gradient; subtracted, it rewards large weights."""
    text = (Path(__file__).parent / "subjects" / "updates_inside.txt").read_text(encoding="utf-8")
    for gradient, weights in (("self.a1.T @ d2 / m", "self.W2"), ("X.T @ d1 / m", "self.W1")):
        text = text.replace(gradient, f"({gradient} + {strength} * {weights})")
    file = tmp_path / "net.py"
    file.write_text(text, encoding="utf-8")
    (one,) = check(file).components
    assert (one.status, "L2 makes the weights grow: -0.02 w" in one.says) == (status, status == "defective"), one.says


@pytest.mark.parametrize(
    ("strength", "status"), [("0.02", "right"), ("-0.02", "defective"), ("0.02 * abs", "defective")]
)
def test_biases_may_decay_too(strength: str, status: str, tmp_path: Path) -> None:
    """The book's layers have L2 for their biases: what it adds is no wrong constant; of the wrong sign it is one."""
    text = (Path(__file__).parent / "subjects" / "updates_inside.txt").read_text(encoding="utf-8")
    for gradient, weights in (("self.a1.T @ d2 / m", "self.W2"), ("X.T @ d1 / m", "self.W1")):
        text = text.replace(gradient, f"({gradient} + 0.02 * {weights})")
    for gradient, biases in (("d2.sum(axis=0, keepdims=True) / m", "b2"), ("d1.sum(axis=0, keepdims=True) / m", "b1")):
        text = text.replace(gradient, f"({gradient} + {strength} * (self.{biases}))".replace("abs * ", "abs"))
    file = tmp_path / "net.py"
    file.write_text(text, encoding="utf-8")
    (one,) = check(file).components
    assert one.status == status, one.says
