"""Lessons: code from live source, values from running code, in the lecture's order, in any terminal."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

import reference
import scratch
from reports.cli import main
from reports.departures import DEPARTURES
from reports.lessons.align import gap_between, paired
from reports.lessons.build import lesson, summaries
from reports.lessons.lesson import CODE, DepartureLesson, Lesson, Line, StepLesson, Value
from reports.lessons.recorder import record
from reports.lessons.source import excerpt
from reports.lessons.step import step_lesson
from reports.lessons.topics import find, mirrored, slug, topics
from reports.lessons.underneath import WORDS, operators
from reports.show.formula import plain

NAMES = ["dense", "relu", "sigmoid", "tanh", "softmax", "half-squared-error", "mean-squared-error"]
NAMES += ["mean-absolute-error", "cross-entropy", "softmax-cross-entropy", "accuracy", "network", "sgd", "train"]
NAMES += ["transplant"]
EACH = pytest.mark.parametrize("topic", NAMES)
WHERE_GRADIENTS_FLOW = [name for name in NAMES if name not in ("accuracy", "sgd", "train", "transplant")]


def diff(*arguments: str, columns: int = 80) -> Result:
    """Runs `parity diff` in this process, in a terminal of some width."""
    return CliRunner().invoke(main, ["diff", *arguments], env={"COLUMNS": str(columns)})


def code(found: Lesson, side: str) -> list[Line]:
    """One side's lines."""
    return [line for pair in found.pairs if (line := getattr(pair, side)) is not None and line.kind == CODE]


def test_topics_stand_in_the_lectures_order() -> None:
    """The mirrored names as scratch's files have them, then the departures, then the slow step."""
    assert topics() == [*NAMES, *DEPARTURES, "step"]
    assert [row[0] for row in summaries()] == topics()


def test_every_mirrored_name_is_a_topic() -> None:
    """Each public name that both sides have is a topic, but for the parts of training that `train` tells."""
    told = {slug(name) for name in reference.__all__} - {"step", "epochs", "steps", "fold"}
    assert told <= set(mirrored())


@EACH
def test_every_line_is_live_source(topic: str) -> None:
    """Each line of code stands in the file that the excerpt's title names, at its number."""
    found = lesson(topic)
    assert isinstance(found, Lesson)
    ours, _ = mirrored()[topic]
    file = sys.modules[ours.__module__].__file__
    assert file
    with open(file, encoding="utf-8") as source:
        lines = [line.strip() for line in source]
    mine = [
        line
        for line in code(found, "scratch")
        if "(...)" not in line.text  # a long head is one line
    ]
    assert mine
    assert all(line.text.strip() == lines[line.number - 1] for line in mine)


@EACH
def test_both_sides_compute_the_same(topic: str) -> None:
    """Somewhere a line of either side computes the same quantity, and no linked pair is apart by more than noise."""
    gaps = [pair.gap for pair in lesson(topic).pairs if pair.linked and pair.gap is not None]  # type: ignore[union-attr]
    assert gaps
    assert max(gaps) < 1e-14


def test_a_changed_source_changes_the_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forward with another line shows that line and its value: the excerpt and the numbers are read as they are."""

    def forward(self: scratch.ReLU, inputs: np.ndarray) -> np.ndarray:
        self.inputs = inputs
        self.output = np.maximum(inputs, 0) + 1000.0
        return self.output

    before = [line.text for line in code(lesson("relu"), "scratch")]  # type: ignore[arg-type]
    monkeypatch.setattr(scratch.ReLU, "forward", forward)
    after = code(lesson("relu"), "scratch")  # type: ignore[arg-type]
    (line,) = [line for line in after if "1000.0" in line.text]
    assert line.text not in before
    assert line.values[0].array.max() == 1020.0


def test_a_changed_reference_changes_the_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right column is read from the live reference too."""

    class Tanh(torch.nn.Module):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return torch.tanh(inputs * 1.0)

    monkeypatch.setattr(reference.activations, "Tanh", Tanh)
    Tanh.__module__ = "reference.activations"
    right = code(lesson("tanh"), "reference")  # type: ignore[arg-type]
    assert any("torch.tanh(inputs * 1.0)" in line.text for line in right)


def test_a_fault_shows_as_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a wrong derivative in scratch the linked lines of the way back are apart."""

    def backward(self: scratch.Tanh, dvalues: np.ndarray) -> np.ndarray:
        self.dinputs = dvalues * (1 - self.output)
        return self.dinputs

    monkeypatch.setattr(scratch.Tanh, "backward", backward)
    gaps = [pair.gap for pair in lesson("tanh").pairs if pair.gap is not None]  # type: ignore[union-attr]
    assert max(gaps) > 0.1


def test_checks_and_docstrings_are_folded() -> None:
    """Lines that only ask are one line that says how many; docstrings are gone."""
    found = lesson("dense")
    assert isinstance(found, Lesson)
    text = [line.text.strip() for pair in found.pairs if (line := pair.scratch) is not None]
    assert "# 2 lines of checks" in text
    assert not any(line.startswith(("checks.", '"""', "Shapes:")) for line in text)


def test_the_given_numbers_are_small() -> None:
    """Every example has three samples, and nothing in it has more than four rows or columns."""
    for topic in NAMES:
        found = lesson(topic)
        assert isinstance(found, Lesson)
        assert all(size <= 4 for array in found.given.values() for size in array.shape)
        assert all(len(array) == 3 for name, array in found.given.items() if name == "inputs")


@pytest.mark.parametrize("topic", WHERE_GRADIENTS_FLOW)
def test_what_lies_underneath_is_named_by_torch_and_told(topic: str) -> None:
    """Every node of torch's graph in a lesson has a formula and words."""
    found = lesson(topic)
    assert isinstance(found, Lesson)
    assert found.underneath
    assert all(operator.name in WORDS for operator in found.underneath)


def test_operators_are_read_live() -> None:
    """The names are grad_fn's own: of a cosine it says CosBackward0, though no words are known for it."""
    (first, _) = operators(torch.ones(2, requires_grad=True).cos())
    assert first.name == "CosBackward0"


@pytest.mark.parametrize("name", ["softmax_cross-entropy", "ReLU", "SGD", "Half Squared Error", "step"])
def test_a_topic_is_found_under_its_other_spellings(name: str) -> None:
    """Case, hyphens and spaces do not matter."""
    assert find(name) in topics()


def test_lines_pair_by_value_and_by_name() -> None:
    """Equal values join lines of different names, a transpose counts, and what has no counterpart stays alone."""
    a = [Line(1, "w = ...", values=(Value("w", np.arange(6.0).reshape(2, 3)),)), Line(2, "only here")]
    b = [Line(1, "nothing"), Line(2, "weight = ...", values=(Value("x", np.arange(6.0).reshape(2, 3).T),))]
    pairs = paired(a, b)
    assert [(pair.scratch is not None, pair.reference is not None, pair.linked) for pair in pairs] == [
        (False, True, False), (True, True, True), (True, False, False),
    ]  # fmt: skip
    assert pairs[1].gap == 0.0
    assert gap_between(np.zeros(3), np.zeros(4)) is None


def test_values_written_in_place_are_seen() -> None:
    """A product into an array (out=), a part of an array, and torch's in-place methods show what they left behind."""

    def compute() -> None:
        product, parameter = np.zeros((1, 1)), torch.ones(1)
        np.dot(np.ones((1, 2)), np.ones((2, 1)), out=product)
        product[0, 0] += 5
        parameter.mul_(3).add_(4)

    lines, _ = record(compute, [excerpt(compute)])
    assert [line.values[0].array.item() for line in lines if len(line.values) == 1] == [2.0, 7.0, 7.0]


def test_recording_leaves_the_tracer_alone() -> None:
    """Whoever traces already, a debugger say, is back in place afterwards, also when the code raises."""
    before = sys.gettrace()
    with pytest.raises(ZeroDivisionError):
        record(lambda: 1 // 0, [])
    assert sys.gettrace() is before


def test_the_step_is_right_on_paper() -> None:
    """Each element written out, evaluated as it stands, gives its equation's value to within rounding."""
    known = {"exp": math.exp, "log": math.log, "max": max}
    written = [(stage, worked) for stage in step_lesson().stages for worked in stage.worked]
    assert len(written) > 25
    for stage, worked in written:
        assert abs(eval(worked.text(17), known) - worked.value) <= stage.allowed, stage.name


def test_both_sides_take_the_step() -> None:
    """Every quantity of the step is there in order, from both sides, no further apart than allowed."""
    stages = step_lesson().stages
    assert [stage.part for stage in stages] == sorted(
        (stage.part for stage in stages), key=["forward", "loss", "backward", "update"].index
    )
    assert all(stage.scratch.shape == stage.reference.shape == stage.value.shape for stage in stages)
    assert all(stage.gap <= stage.allowed for stage in stages)


def test_diff_alone_lists_the_topics() -> None:
    """Without a topic every one is listed, in order, and the exit code is 0."""
    result = diff(columns=200)
    assert result.exit_code == 0
    first = [line.split(" ")[0] for line in result.output.splitlines()]
    assert [word for word in first if word in topics()] == topics()


def test_an_unknown_topic_is_refused_with_the_nearest() -> None:
    """Exit code 2, and a guess at what was meant."""
    result = diff("momentom")
    assert result.exit_code == 2
    assert "there is no topic 'momentom': did you mean momentum?" in result.output


@pytest.mark.parametrize("columns", [40, 80, 110, 160])
@pytest.mark.parametrize("topic", ["dense", "momentum", "step"])
def test_diff_fits_the_terminal(topic: str, columns: int) -> None:
    """No line is longer than the terminal is wide, and nothing is coloured when piped."""
    result = diff(topic, columns=columns)
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    assert max(map(len, result.output.splitlines())) <= columns


def test_wide_terminals_have_two_columns() -> None:
    """Scratch's line and the reference's stand on one line from 110 columns on, one below the other before."""
    wide, narrow = diff("dense", columns=150).output, diff("dense", columns=80).output
    both = [line for line in wide.splitlines() if "self.dinputs = np.matmul(" in line]
    assert "dinputs = inputs.grad" in both[0]
    assert "s     self.dinputs = np.matmul(" in narrow
    assert "r     dinputs = inputs.grad" in narrow


def test_momentum_is_found_within_two_commands() -> None:
    """`parity diff` names the topic; `parity diff momentum` gives rules, numbers, and the line that closes it."""
    assert "momentum" in diff().output
    told = diff("momentum", columns=150).output
    assert "v ← m v - α_k g" in told
    assert "0.0008521314751    0.0008521314751" in told
    assert "+ rule = reference.optimizers.RateInsideVelocity(" in told
    assert "buf.mul_(momentum).add_(grad" in told  # torch's own line


def test_the_readme_shows_what_the_command_prints() -> None:
    """Each line of the README's example of `parity diff momentum` stands in the command's output as it is now."""
    readme = (Path(scratch.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    block = readme.split("$ parity diff momentum\n")[1].split("```")[0]
    printed = [line.strip() for line in diff("momentum", columns=150).output.splitlines()]
    wanted = [line.strip() for line in block.splitlines() if line.strip() != "..."]
    assert len(wanted) > 8
    assert [line for line in wanted if line not in printed and not line.startswith("k = ")] == []


@pytest.mark.parametrize("topic", list(DEPARTURES))
def test_every_departure_is_a_lesson(topic: str) -> None:
    """A departure's lesson has its size, its live code on both sides, and what closes it."""
    found = lesson(topic)
    assert isinstance(found, DepartureLesson)
    assert found.rests
    assert any(pair.scratch for pair in found.pairs)
    assert any(pair.reference for pair in found.pairs)
    assert diff(topic).exit_code == 0


def test_the_last_topic_is_the_step() -> None:
    """`step` gives the slow step."""
    assert isinstance(lesson("step"), StepLesson)


def test_fractions_keep_their_parentheses() -> None:
    """A formula on one line means what the typeset one means."""
    assert plain(r"\frac{1}{1 + e^{-z}}") == "1/(1 + e^(-z))"
    assert plain(r"-\log \operatorname{clip}(p_y)") == "-log clip(p_y)"
    assert plain(r"\frac{\partial L}{\partial W} = a^\top g") == "∂L/∂W = aᵀg"


def test_help_loads_nothing_heavy() -> None:
    """The command's own import loads neither torch nor pandas nor a kernel."""
    code = "import reports.cli, sys; sys.exit(any(m in sys.modules for m in ('torch', 'pandas', 'nbclient', 'rich')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
