"""Facts about a file's own layers put together: which parts, when not, and what a short training shows."""

from pathlib import Path

import pytest

from reports.subjects.verdict import check
from reports.subjects.verdicts import Component

TEXT = (Path(__file__).parent / "subjects" / "book_assembled.txt").read_text(encoding="utf-8")
SHARED = """        if self.momentum:
            if not hasattr(self, "w"):
                self.w, self.b = np.zeros_like(layer.weights), np.zeros_like(layer.biases)
            self.w = self.momentum * self.w - self.current_learning_rate * layer.dweights
            self.b = self.momentum * self.b - self.current_learning_rate * layer.dbiases
            layer.weights += self.w
            layer.biases += self.b
        else:
"""


def network(text: str, folder: Path) -> list[Component]:
    """The component called network of a text as a file."""
    file = folder / "subject.py"
    file.write_text(text, encoding="utf-8")
    return [one for one in check(file).components if one.name == "network"]


def test_right_parts_are_assembled_and_trained_for_three_updates(tmp_path: Path) -> None:
    """Output and gradients of three updates are right; the rate inside the velocity is told as for the optimizer."""
    (one,) = network(TEXT, tmp_path)
    assert one.status == "departs"
    assert "rate stands inside" in one.says
    assert one.convention["assembled from"].startswith("Layer_Dense, Activation_ReLU, Activation_Softmax_Loss")
    passed = [row.quantity for row in one.rows if row.status == "right"]
    assert passed.count("output") == passed.count("gradients") == 3
    assert all(row.used <= 1 for row in one.rows if row.quantity in ("output", "gradients"))
    assert {row.probe for row in one.rows} >= {"Optimizer_SGD, momentum and decay"}


def test_a_loss_that_keeps_its_output_elsewhere_is_a_part(tmp_path: Path) -> None:
    """Softmax and cross-entropy in one class are taken before the two apart, wherever probabilities are kept."""
    start = TEXT.index("class Activation_Softmax_Loss")
    kept = TEXT[start:].replace("self.output = self.activation.output", "given = self.activation.output", 1)
    (one,) = network(TEXT[:start] + kept.replace("calculate(self.output", "calculate(given", 1), tmp_path)
    assert "Activation_Softmax_Loss_CategoricalCrossentropy" in one.convention["assembled from"]


def test_without_an_optimizer_one_forward_and_one_backward_are_judged(tmp_path: Path) -> None:
    """No training is written: the network is right as far as it goes."""
    (one,) = network(TEXT.split("class Optimizer_SGD")[0], tmp_path)
    assert [(row.quantity, row.status) for row in one.rows] == [("output", "right"), ("gradients", "right")]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("np.sum(dvalues, axis=0, keepdims=True)", "np.mean(dvalues, axis=0, keepdims=True)", "Layer_Dense"),
        ("self.dinputs[self.inputs <= 0] = 0", "self.dinputs[self.inputs > 0] = 0", "Activation_ReLU"),
    ],
)
def test_a_defective_part_is_named_and_nothing_more_is_said(old: str, new: str, name: str, tmp_path: Path) -> None:
    """One part is wrong: the network is not assembled."""
    assert TEXT.count(old) == 1
    (one,) = network(TEXT.replace(old, new), tmp_path)
    assert [(row.status, row.says) for row in one.rows] == [("unjudged", f"not assembled: {name} is defective")]


def test_gradients_that_add_up_are_a_convention(tmp_path: Path) -> None:
    """`+=` into gradients that begin as zeros, with nothing that zeroes them: told, no defect."""
    text = TEXT.replace("self.dweights = np", "self.dweights = getattr(self, 'dweights', 0) + np")
    text = text.replace("self.dbiases = np", "self.dbiases = getattr(self, 'dbiases', 0) + np")
    (one,) = network(text, tmp_path)
    assert one.status == "departs"
    assert any("add up" in row.says for row in one.rows)


def test_a_network_whose_optimizer_alone_is_wrong_is_judged_without_it(tmp_path: Path) -> None:
    """Biases are never moved: output and gradients are right all the same, and no update is judged."""
    (one,) = network(TEXT.replace("layer.biases += layer.bias_momentums", "pass"), tmp_path)
    assert [(row.quantity, row.status) for row in one.rows] == [("output", "right"), ("gradients", "right")]


def test_an_update_that_mixes_two_layers_is_never_called_right(tmp_path: Path) -> None:
    """One velocity for all layers: the optimizer is defective, and the network is judged without it."""
    start, end = TEXT.index("        if self.momentum:\n"), TEXT.index("        else:\n")
    text = TEXT[:start] + SHARED + TEXT[end + len("        else:\n") :]
    (tmp_path / "subject.py").write_text(text, encoding="utf-8")
    status = {one.name: one.status for one in check(tmp_path / "subject.py").components}
    assert (status["Optimizer_SGD"], status["network"]) == ("defective", "right")
