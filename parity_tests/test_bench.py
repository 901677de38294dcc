"""`parity bench`: all contenders train the same, the tables have their columns, the verdict follows its numbers."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from reports.bench.contenders import CONTENDERS, installed
from reports.bench.floor import bandwidth, traffic
from reports.bench.machine import slowest_tests
from reports.bench.setting import Setting
from reports.bench.sweep import AXES, exponents, left_out, settings, slower, with_ratios
from reports.bench.turns import Timing
from reports.bench.verdict import exit_code, judged
from reports.calibrated import NOISE_FACTOR
from reports.cases import Case, Layer, dense
from reports.cli import main
from reports.equations.rounding import Rounding
from reports.equations.step import equations, evaluate
from reports.show.bench import page
from reports.traces import Pause

SMALL = Setting(samples=50, width=7, depth=2, decay=0.0)  # at a constant rate torch's momentum is the lecture's
TRAINERS = [name for name in installed(list(CONTENDERS)) if name not in ("scratch", "products alone", "torch.compile")]


def losses(name: str, setting: Setting, epochs: int = 5) -> np.ndarray:
    """A contender's first losses."""
    return np.array(list(itertools.islice(CONTENDERS[name](setting), epochs)))


def bound(setting: Setting) -> float:
    """How far two honest first losses may lie apart: twice the equations' rounding bound."""
    layers: list[Layer] = []
    for k, (n_inputs, n_neurons) in enumerate(setting.sizes(), start=1):
        layers += [dense(f"dense{k}", n_inputs, n_neurons), Layer(f"relu{k}", "ReLU")]
    case = Case(name="bench", says="", layers=tuple(layers[:-1]), loss="SoftmaxCrossEntropy", epochs=1,
                dtype=setting.dtype, data="spiral")  # fmt: skip
    parameters = {}
    for k, (weights, biases) in enumerate(setting.parameters(), start=1):
        parameters |= {f"dense{k}.weights": weights, f"dense{k}.biases": biases}
    given = Pause(0, 0, *setting.data(), parameters, {}, {}).given(case)
    return 2 * float(evaluate(equations(case), given, Rounding.of(setting.dtype))["loss"].error)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TRAINERS)
def test_contenders_train_alike(name: str, dtype: str) -> None:
    """Every contender's first loss is scratch's within the rounding bound, and the next ones within its growth."""
    setting = replace(SMALL, dtype=dtype)
    gap = np.abs(losses(name, setting) - losses("scratch", setting))
    assert gap[0] <= bound(setting)
    assert (gap[1:] <= NOISE_FACTOR * bound(setting)).all()
    assert len(set(losses(name, setting))) == 5


def test_a_contender_that_trains_otherwise_is_seen() -> None:
    """The control: another decay of the rate leaves the bound by the third loss."""
    gap = np.abs(losses("scratch", SMALL) - losses("scratch", replace(SMALL, decay=0.001)))
    assert gap[-1] > NOISE_FACTOR * bound(SMALL)


def test_the_floor_only_multiplies() -> None:
    """The matrix products alone have no loss, whatever the depth; memory traffic grows with depth and size."""
    assert np.isnan(losses("products alone", SMALL, 3)).all()
    assert traffic(replace(SMALL, depth=4)) == 2 * traffic(SMALL)
    assert bandwidth(SMALL, rounds=2) > 0


def row(contender: str, ms: float, **setting: object) -> dict[str, object]:
    """A hand-made row of the table of times, with a spread of a tenth either way."""
    at = Setting(**setting).row()  # type: ignore[arg-type]
    return {
        "contender": contender, **at, "ms": ms, "ms_low": 0.9 * ms, "ms_high": 1.1 * ms, "ms_clock": ms, "rounds": 9,
        "peak_mb": 50.0, "left_out": "",
    }  # fmt: skip


def times(eager: float, wide: float) -> pd.DataFrame:
    """Hand-made times: scratch takes 1 ms on ANN III and 10 ms at width 1024."""
    rows = [
        row("scratch", 1.0), row("torch eager", eager), row("torch.compile", 1.2), row("plain transcription", 1.35),
        row("products alone", 0.5), row("scratch", 10.0, width=1024), row("torch eager", wide, width=1024),
    ]  # fmt: skip
    return with_ratios(pd.DataFrame(rows))


@pytest.mark.parametrize(("eager", "wide", "code"), [(1.41, 15.1, 0), (1.39, 15.1, 1), (1.41, 14.9, 1)])
def test_the_exit_code_follows_the_ratios(eager: float, wide: float, code: int) -> None:
    """Exit code 1 where a ratio falls short of what is asked; a missed aim fails nobody."""
    verdicts = judged(times(eager, wide))
    assert exit_code(verdicts) == code
    assert len(verdicts) == 5
    assert verdicts.set_index("ratio").loc["scratch / products alone", "fine"] == "missed"
    assert (verdicts["from"] < verdicts["reached"]).all()
    assert (verdicts["reached"] < verdicts["to"]).all()


def test_lockstep_and_commands_are_judged_too() -> None:
    """A lockstep ratio above what is asked, a command that is too slow and one that went wrong each fall short."""
    ratio = {"dtype": "float64", "wall_ratio": 2.4, "ratio_low": 2.3, "ratio_high": 2.6}
    lockstep = pd.DataFrame([ratio, ratio | {"dtype": "float32", "wall_ratio": 3.6}])
    ran = [("pytest", 91.0, 0), ("parity report", 149.0, 0), ("parity --help", 0.1, 2), ("parity list", 9.0, 0)]
    machine = pd.DataFrame([{"command": name, "seconds": s, "exit_code": code} for name, s, code in ran])
    verdicts = judged(times(1.41, 15.1), lockstep, machine)
    assert verdicts["fine"].tolist()[-5:] == ["yes", "SHORT", "SHORT", "yes", "SHORT"]
    assert exit_code(verdicts) == 1


def test_the_slowest_tests_are_read_from_what_pytest_says() -> None:
    """Pytest's own list of slow tests names where the suite's time goes."""
    said = "== slowest 5 durations ==\n12.30s call     parity_tests/test_a.py::test_long[x]\n1.00s setup a.py::test_b\n"
    assert slowest_tests(said) == "test_long[x] 12 s, test_b 1 s"


def test_nothing_measured_is_no_verdict() -> None:
    """Without scratch's own time there is nothing to compare: exit code 2."""
    table = times(2.0, 20.0)
    assert exit_code(judged(table[table["contender"] != "scratch"])) == 2


def test_ratios_are_of_the_same_setting() -> None:
    """Each row is compared with scratch at its own size."""
    assert times(2.0, 30.0).query("contender == 'torch eager'")["of_scratch"].tolist() == [2.0, 3.0]


def swept() -> pd.DataFrame:
    """A hand-made sweep over samples: torch's time is linear, scratch's quadratic, one point was left out."""
    rows = []
    for value in (100, 1_000, 10_000, 100_000):
        rows.append(row("scratch", value**2 / 1e4, samples=value) | {"axis": "samples", "value": value})
        rows.append(row("torch eager", value / 10, samples=value) | {"axis": "samples", "value": value})
    rows[-1] |= {"ms": float("nan"), "left_out": "needs about 9 GiB"}
    return with_ratios(pd.DataFrame(rows))


def test_exponents_are_slopes() -> None:
    """Time that grows with the square of the size has exponent 2, a linear one 1; a left-out point counts for none."""
    found = exponents(swept()).set_index("contender")["exponent"].map("{:.3g}".format)  # as the table prints it
    assert found.to_dict() == {"scratch": "2", "torch eager": "1"}


def test_what_is_slower_or_missing_is_named() -> None:
    """Places where torch is faster are rows, and points that were left out are named with their reason."""
    assert slower(swept())["value"].tolist() == [10_000]
    assert left_out(swept()) == ["samples 100,000, float64, torch eager: needs about 9 GiB"]


def test_axes_leave_from_ann3() -> None:
    """Along each axis only that one differs from ANN III; samples, width and depth reach what was asked."""
    for axis in AXES:
        for setting in settings(axis, "float32"):
            assert replace(setting, **{axis: getattr(Setting(), axis)}) == Setting(dtype="float32")
    assert (AXES["samples"][0], AXES["samples"][-1]) == (100, 1_000_000)
    assert (AXES["width"][0], AXES["width"][-1]) == (8, 4096)
    assert (AXES["depth"][0], AXES["depth"][-1]) == (1, 8)


def test_figures_are_processor_time_on_one_thread() -> None:
    """On one thread the medians are of processor time, on two of the clock."""
    timing = Timing("scratch", SMALL, [2.0, 4.0, 3.0], 10.0, "", (1.0, 1.0, 1.0))
    assert timing.row()["ms"] == 1000.0
    assert timing._replace(setting=replace(SMALL, threads=2)).row()["ms"] == 3000.0


def test_the_page_shows_what_was_measured() -> None:
    """The page holds the tables, a picture with its description, what was left out and where torch is faster."""
    sweep = swept()
    html = page({"times": times(2.0, 20.0), "verdicts": judged(times(2.0, 20.0)), "sweep": sweep,
                 "exponents": exponents(sweep)})  # fmt: skip
    for words in ("torch eager / scratch", "Milliseconds per epoch along samples", "needs about 9 GiB", "10,000"):
        assert words in html
    assert "http" not in html.replace("http://www.w3.org", "")


def test_bench_is_a_command() -> None:
    """`parity bench --help` says what is asked for and what the exit codes mean."""
    result = CliRunner().invoke(main, ["bench", "--help"])
    assert result.exit_code == 0
    assert "--quick" in result.output
    assert "Exit code 0" in result.output
