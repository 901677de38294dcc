"""A small report's site for the tests of its pages: good cases, a long one, one that fails with hostile names."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scratch
from reports.cases import CASES, Layer
from reports.faults.usual_checks import CHECKS
from reports.parts import run
from reports.pipeline import Comparison
from reports.show.files import write_report
from reports.show.lesson_page import Code, CodeRow, Formula, LessonPage, Section

HOSTILE = "<script>alert('name')</script>/../x"
LAYER = "<img src=x onerror=alert('layer')>"
LONG = "many-rows"
MANY = 6000  # rows of the long case
EPOCHS = 20_000

LESSONS = (
    LessonPage(
        name="dense",
        title="Dense: the affine layer",
        says="z = xW + b, by hand and in torch",
        sections=(
            Section(
                prose=("Each sample is a row of x.", "</p><script>alert('prose')</script>"),
                formulas=(
                    Formula("z = xW + b"),
                    Formula(r"\frac{\partial L}{\partial W} = x^\top \frac{\partial L}{\partial z}", "gradient", "<b>"),
                ),
            ),
            Section(
                title="Forward",
                code=Code(
                    left_title="scratch/layers.py",
                    right_title="reference/layers.py",
                    rows=(
                        CodeRow('"""The sum', '"""F.linear', left_number=1, right_number=1),
                        CodeRow('of products."""', '</script>"""', left_number=2, right_number=2),
                        CodeRow("self.inputs = inputs  # (N, D)", left_number=3),
                        CodeRow(
                            "return inputs @ self.weights + self.biases",
                            "return F.linear(inputs, self.weight, self.bias)",
                            shown=(("z", "[[0.5 -0.25]]", "[[0.5 -0.25]]"),),
                            gap="gap 0: equal to the last bit",
                            left_number=4,
                            right_number=3,
                        ),
                    ),
                ),
            ),
            Section(
                title="What torch does underneath",
                table=(
                    {"operator": "AddmmBackward0", "formula": Formula("g W^T"), "says": "the same product"},
                    {"operator": "TBackward0", "formula": Formula(""), "says": "turns it round"},
                ),
            ),
            Section(title="One element", text="[0, 0] = 1 * 0.5 + 2 * (-0.5)\n       = -0.5", level=3),
        ),
        see=("momentum", "unknown"),
    ),
    LessonPage(name="relu", title="ReLU", says="the positive part"),
    LessonPage(name="momentum", title="The rate inside or outside the velocity", kind="departures", says="under decay"),
)


def comparisons() -> list[Comparison]:
    """Iris for twelve epochs, ANN III for three, a failing case with hostile names, and one with many rows."""
    iris = run(replace(CASES["iris"], epochs=12))
    ann3 = run(replace(CASES["ann3"], epochs=3, dtype="float32"))
    square = CASES["square"]
    layers = (replace(square.layers[0], name=LAYER), Layer("relu1", "ReLU"), *square.layers[2:])
    hostile = replace(square, name=HOSTILE, says="<b>bold</b>", layers=layers, epochs=3, dtype="float32")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scratch.ReLU, "backward", _turned_round)
        failing = run(hostile)
    return [iris, ann3, failing, _long(iris)]


def _turned_round(layer: scratch.ReLU, dvalues: np.ndarray) -> np.ndarray:
    """ReLU.backward with the mask turned round."""
    layer.dinputs = np.where(layer.inputs < 0, dvalues, 0)
    return layer.dinputs


def _long(comparison: Comparison) -> Comparison:
    """The same comparison with its rows repeated, and with trajectories of 20,000 epochs."""
    case = replace(comparison.case, name=LONG, epochs=EPOCHS)
    rows = pd.concat([comparison.rows] * (MANY // len(comparison.rows) + 1), ignore_index=True).head(MANY)
    rows["case"] = case.name
    rows.attrs = comparison.rows.attrs
    rng = np.random.default_rng(0)
    loss = 1 / np.arange(1, EPOCHS + 1) + 0.01 * rng.random(EPOCHS)
    runs = {name: loss * (1 + 1e-12 * rng.standard_normal(EPOCHS)) for name in ("reference", "replica 1", "replica 2")}
    frames = [_run(case, side, values) for side, values in {"scratch": loss, **runs}.items()]
    return replace(comparison, case=case, rows=rows, trajectories=pd.concat(frames, ignore_index=True), replicas=EPOCHS)


def _run(case: Any, side: str, loss: np.ndarray) -> pd.DataFrame:
    """One side's trajectory."""
    epochs = np.arange(len(loss))
    frame = pd.DataFrame({"case": case.name, "precision": case.dtype, "side": side, "epoch": epochs, "loss": loss})
    return frame.assign(accuracy=np.round(1 - loss / 2, 2), learning_rate=0.05 / (1 + 0.001 * epochs))


def kill_matrix() -> pd.DataFrame:
    """A correct network, a fault and a pair, as `parity faults` writes them."""
    rows = [
        {"kind": kind, "seed": 0, "net": "smooth", "fault": fault, "says": "an <i>a</i>", "caught": kind != "correct",
         "row": row, "probe": "", "epoch": 0, "used": 2.0, "status": status, "error": "", "diagnosed": "right",
         "named": ["L1"], "diagnosis": "it is a", "runner_up": "b", "expected": True, "seconds": 0.1}
        | dict.fromkeys(CHECKS, False)
        for kind, fault, row, status in (
            ("correct", "none", "", "parity"),
            ("single", "a", "backward/loss", "apart"),
            ("pair", "a + b", "backward/loss", "apart"),
        )
    ]  # fmt: skip
    matrix = pd.DataFrame(rows)
    matrix.attrs["environment"] = {"numpy": "2.4"}
    return matrix


def write(out: Path) -> tuple[Path, list[Comparison]]:
    """Writes the report into a folder; returns it and what it shows."""
    made = comparisons()
    kill_matrix().to_parquet(out / "faults.parquet")
    write_report(made, out, None, LESSONS)
    return out, made
