"""The kill matrix: what the usual checks say, how a diagnosis is scored, what is counted, shown and returned."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import scratch
from reports import traces
from reports.cli import main
from reports.faults import matrix
from reports.faults.catalogue import FAULTS
from reports.faults.matrix import Finding, correct, diagnosed, tables, totals, try_fault, verdict
from reports.faults.nets import NETS
from reports.faults.planting import Fault, Patch, planted
from reports.faults.usual_checks import CHECKS, alarms, reference_run
from reports.show.faults import CHECKED, matrix_table, page, totals_shown

Array = np.ndarray


def scaled_weights(factor: float) -> Fault:
    """A fault of any size: every gradient of the weights times a factor."""

    def make(right: Callable[..., Any]) -> Callable[..., Any]:
        def backward(self: scratch.Dense, dvalues: Array) -> Array:
            dinputs = right(self, dvalues)
            self.dweights *= factor
            return dinputs

        return backward

    patch = Patch(scratch.Dense, "backward", make)
    return Fault(
        name="scaled", cause="L2", says="scaled", net="smooth", row="gradient/dense3.weights", patches=(patch,)
    )


def broken(error: Exception, name: str = "forward") -> Fault:
    """A fault that raises."""

    def make(right: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *arguments: Any) -> Any:
            raise error

        return call

    return replace(scaled_weights(1), name="broken", patches=(Patch(scratch.Dense, name, make),))


def row(kind: str = "single", **changes: Any) -> dict[str, Any]:
    """A row of a matrix as it must be, with changes."""
    good: dict[str, Any] = {
        "kind": kind, "seed": 0, "net": "smooth", "fault": "a", "says": "an a", "caught": kind != "correct",
        "row": "" if kind == "correct" else "backward/loss", "probe": "", "epoch": 0, "used": 2.0,
        "status": "parity" if kind == "correct" else "apart", "error": "", "diagnosed": "right", "named": ["L1"],
        "diagnosis": "it is a", "runner_up": "b", "expected": True,
    }  # fmt: skip
    return good | dict.fromkeys(CHECKS, False) | {"seconds": 0.1} | changes


def many(kind: str, words: dict[str, int]) -> list[dict[str, Any]]:
    """Rows of a kind, so many of each diagnosis."""
    return [row(kind, diagnosed=word) for word, count in words.items() for _ in range(count)]


def test_the_usual_checks_see_a_gross_fault() -> None:
    """Gradients of the weights turned round are seen by all checks but those of the outputs before training."""
    case = NETS["smooth"]
    theirs = reference_run(case)
    with planted([scaled_weights(-1)]):
        seen = alarms(case, theirs)
    assert {name for name, alarm in seen.items() if not alarm} == {"allclose outputs", "assert_close outputs"}


@pytest.mark.parametrize("net", NETS)
def test_the_usual_checks_are_quiet_on_the_correct_network(net: str) -> None:
    """No check raises the alarm without a fault, but finite differences where a sample lies in the lecture's clip."""
    theirs = reference_run(NETS[net])
    network = traces.planted(scratch, NETS[net], theirs.data.parameters)
    network.loss.forward(network.forward(theirs.data.inputs), theirs.data.labels)
    clipped = bool((network.loss.sample_losses > -np.log(1.001e-7)).any()) and NETS[net].classifies
    loud = {name for name, alarm in alarms(NETS[net], theirs).items() if alarm}
    assert loud == ({"finite differences"} if clipped else set())


def test_a_crash_is_an_alarm() -> None:
    """A network that cannot go forward has been noticed by every check."""
    theirs = reference_run(NETS["smooth"])
    with planted([broken(AttributeError("gone"))]):
        assert all(alarms(NETS["smooth"], theirs).values())


def test_a_tiny_fault_is_seen_by_parity_alone() -> None:
    """Gradients off by a billionth are caught on their row, and no usual check sees them."""
    found = try_fault((scaled_weights(1 + 1e-9),), 0)
    assert (found["caught"], found["row"], found["epoch"]) == (True, "gradient/dense3.weights", 0)
    assert found["expected"]
    assert found["used"] > 100
    assert not any(found[check] for check in CHECKS)


def test_the_correct_network_is_tried_as_the_others_are() -> None:
    """Nothing planted gives no alarm, no row and no name."""
    found = try_fault((correct("regression"),), 1)
    assert (found["kind"], found["fault"], found["status"], found["caught"]) == ("correct", "none", "parity", False)
    assert (found["expected"], found["diagnosed"], found["named"]) == (True, "right", [])
    assert found.keys() == row().keys()


def test_of_a_pair_the_first_row_is_either_ones() -> None:
    """Two faults at once are one row, and what is caught first may be the row of the second."""
    later = replace(scaled_weights(2), name="elsewhere", row="parameter/dense1.weights")
    found = try_fault((later, scaled_weights(2)), 0)
    assert (found["kind"], found["fault"], found["expected"]) == ("pair", "elsewhere + scaled", True)
    assert not try_fault((later,), 0)["expected"]


def test_a_comparison_that_crashes_is_a_row() -> None:
    """What compare does not expect is neither caught nor lost: the row holds its text."""
    found = try_fault((broken(AttributeError("gone")),), 0)
    assert (found["status"], found["error"], found["caught"]) == ("crashed", "AttributeError: gone", False)
    assert (found["expected"], found["diagnosed"]) == (False, "unknown")
    assert found.keys() == row().keys()


def test_what_a_diagnosis_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame's diagnoses become the row's names, words, runner-up and score."""
    compare = matrix.compare

    def told(*arguments: Any, **settings: Any) -> pd.DataFrame:
        frame = compare(*arguments, **settings)
        named = {"causes": ["L2", "L9"], "says": "divided twice", "runner_up": "L5", "rows": [], "residual": 0.0}
        frame.attrs["diagnoses"] = [named | {"runner_up_residual": 1.0}]
        return frame

    monkeypatch.setattr(matrix, "compare", told)
    found = try_fault((scaled_weights(2),), 0)
    assert (found["diagnosed"], found["named"]) == ("right", ["L2", "L9"])
    assert (found["diagnosis"], found["runner_up"]) == ("divided twice", "L5")


@pytest.mark.parametrize(
    ("groups", "causes", "word"),
    [
        ([["L1"]], {"L1"}, "right"),
        ([["S20", "L1"]], {"L1"}, "right"),
        ([["L1"], ["A1"]], {"A1", "L1"}, "right"),
        ([["L1"], []], {"L1"}, "right"),
        ([], set(), "right"),
        ([], {"L1"}, "unknown"),
        ([[]], {"L1"}, "unknown"),
        ([["L1"]], {"L1", "A1"}, "unknown"),
        ([["A1"]], {"L1"}, "wrong"),
        ([["L1"], ["A1"]], {"L1"}, "wrong"),
        ([["L1"], ["O2"]], {"L1", "A1"}, "wrong"),
        ([["L1"]], set(), "wrong"),
    ],
)
def test_a_diagnosis_is_scored(groups: list[list[str]], causes: set[str], word: str) -> None:
    """Right names all that was planted or its equals and nothing else; wrong names a group with none of it."""
    assert diagnosed(groups, causes) == word


def test_totals_count_each_kind_apart() -> None:
    """Each line counts singles, pairs and correct networks, whatever the order in which chunks come back."""
    first = [row("correct"), row(), row(**{"final accuracy": True, "diagnosed": "wrong"})]
    second = [row(caught=False, status="crashed", expected=False), row("pair", diagnosed="unknown")]
    frame, counts = tables([Finding(1, second, {}), Finding(0, first, {"python": "3"})])
    assert frame["kind"].tolist() == ["correct", "single", "single", "single", "pair"]
    assert frame.attrs["environment"] == {"python": "3"}
    lines = {what: tuple(numbers) for what, *numbers in counts.itertuples(index=False)}
    assert lines["tried"] == (1, 3, 1)
    assert lines["caught by parity"] == (0, 2, 1)
    assert lines["caught by final accuracy"] == (0, 1, 0)
    assert lines["at the expected row"] == (1, 2, 1)
    assert lines["comparison crashed"] == (0, 1, 0)
    assert (lines["diagnosis right"], lines["diagnosis wrong"]) == ((1, 2, 0), (0, 1, 0))
    assert totals_shown(counts).iloc[0].tolist() == ["caught by parity", "2 of 3", "1 of 1", "0 of 1"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row("correct"), row(), row("pair")], 0),
        ([row("correct"), row(caught=False)], 1),
        ([row("correct"), row(expected=False)], 1),
        ([row("correct", caught=True, status="apart"), row()], 1),
        ([row("correct", status="crashed"), row()], 1),
        (many("single", {"right": 95, "unknown": 5}), 0),
        (many("single", {"right": 94, "unknown": 6}), 1),
        (many("pair", {"right": 80, "unknown": 20}), 0),
        (many("pair", {"right": 79, "unknown": 21}), 1),
        (many("single", {"right": 99, "wrong": 1}), 0),
        (many("single", {"right": 98, "wrong": 2}), 1),
    ],
)
def test_the_verdict(rows: list[dict[str, Any]], code: int) -> None:
    """0 needs every fault caught in its place, quiet on correct networks, and enough right names with few wrong."""
    assert verdict(pd.DataFrame(rows)) == code


def test_the_page_escapes_names() -> None:
    """A fault may be called anything: the page shows it as text, with words beside the colours."""
    hostile = row(fault="<script>alert(1)</script>", says="<b>", diagnosis="<i>", error="<u>", status="crashed")
    frame = pd.DataFrame([row("correct", **{"finite differences": True}), hostile, row("pair", diagnosed="unknown")])
    html = page(frame, totals(frame), 1)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not any(tag in html for tag in ("<b>", "<i>", "<u>"))
    for words in ("✗ crashed", "✗ false alarm", "✓ quiet", "✓ caught", "✗ missed", "? unknown", "✓ expected"):
        assert words in html
    assert CHECKED[1].capitalize() in html


def test_the_table_fits_a_narrow_terminal() -> None:
    """At 80 columns no word of the verdict is broken; a wrong place is told in words."""
    frame = pd.DataFrame([row("correct"), row(fault="a long name " * 4, expected=False, row="gradient/dense2.weights")])
    console = Console(width=80, record=True, file=StringIO())
    console.print(matrix_table(frame, console.width))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "elsewhere: " in text
    assert "caught" in text
    assert "quiet" in text


def run(*arguments: object) -> Result:
    """Runs `parity faults` in this process, its work in others."""
    return CliRunner().invoke(main, ["faults", *map(str, arguments)])


def test_the_command_tries_what_it_is_told_to(tmp_path: Path) -> None:
    """Two faults and their pair are tried beside their networks; the exit code is the verdict of what is written."""
    one, two = [name for name in FAULTS if FAULTS[name].net == next(iter(FAULTS.values())).net][:2]
    result = run("--only", one, "--only", two, "--only", f"{one} + {two}", "--jobs", 1, "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"faults.csv", "faults.parquet", "faults.html"}
    frame = pd.read_parquet(tmp_path / "faults.parquet")
    assert frame["fault"].tolist() == ["none", one, two, f"{one} + {two}"]
    assert pd.read_csv(tmp_path / "faults.csv")["caught"].tolist() == [False, True, True, True]
    assert result.exit_code == verdict(frame), result.output
    assert CHECKED[result.exit_code].upper() in result.output
    assert "1 alarm" not in result.output


def test_an_unknown_fault_is_refused_with_the_nearest() -> None:
    """A misspelt fault is 2, with the one that was probably meant."""
    name = next(iter(FAULTS))
    result = run("--only", name[:-1])
    assert (result.exit_code, result.output) == (
        2,
        f"Error: there is no fault {name[:-1]!r}: did you mean {name}?\n",
    )
