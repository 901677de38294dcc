"""The catalogue of faults: each is caught at its own row, the right networks are not, and nothing stays planted."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports import compare
from reports.faults.catalogue import EXTRA, FAULTS, GIVES_UP, HIDDEN, pairs, stackable
from reports.faults.nets import LOCKSTEP_EPOCHS, NETS
from reports.faults.planting import Fault, planted
from reports.judge import FAILS, PASSES, verdict
from reports.pipeline import judged_steps

# Ids of causes in the list that the catalogue was written from: dense layers, activations, losses, SGD, data.
KNOWN = {f"{letter}{number}" for letter, last in {"L": 25, "A": 16, "S": 26, "O": 20, "T": 10}.items()
         for number in range(1, last + 1)}  # fmt: skip
CONVENTIONS = {"L3", "L24", "A7", "A14", "T1", "T5", "T10", "O11", "O20"}  # information, never an error


@pytest.fixture(autouse=True)
def _floats_may_go_wrong() -> Iterator[None]:
    """A fault may overflow: that is a row and not an error of the test."""
    with np.errstate(all="ignore"):
        yield


def caught(*faults: Fault, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rows of a net with faults planted, and those that do not pass."""
    with planted(faults):
        rows = compare(replace(NETS[faults[0].net], seed=seed, epochs=LOCKSTEP_EPOCHS))
    return rows, rows[~rows["status"].isin(PASSES)]


def first_failure(fault: Fault) -> dict[str, Any]:
    """The first row of a training that does not pass; nothing behind it is computed."""
    with planted([fault]):
        for checked in judged_steps(replace(NETS[fault.net], epochs=LOCKSTEP_EPOCHS)):
            for row in checked.rows:
                if row["status"] not in PASSES:
                    return row
    raise AssertionError(f"{fault.name} is not caught")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_fault_is_caught_at_its_row(fault: Fault) -> None:
    """The first row that does not pass is the fault's own, on its own probe, and it fails."""
    first = first_failure(fault) if not fault.probe else caught(fault)[1].iloc[0]
    assert (first["quantity"], first["probe"]) == (fault.row, fault.probe)
    assert first["status"] in FAILS


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", sorted(GIVES_UP))
def test_a_fault_that_stops_the_training_is_caught_before(name: str) -> None:
    """A step that ends in an exception is a row of its own, behind the one that shows why; the verdict is 1."""
    rows, _ = caught(FAULTS[name])
    assert ((rows["quantity"] == "stopped") & (rows["probe"] == "")).any()
    assert verdict(rows["status"]) == 1


@pytest.mark.parametrize("name", NETS)
def test_a_right_net_raises_no_alarm(name: str) -> None:
    """Without a fault every row of every net passes."""
    assert verdict(compare(replace(NETS[name], seed=0, epochs=LOCKSTEP_EPOCHS))["status"]) == 0


def test_the_catalogue_is_broad() -> None:
    """There are at least 180 faults, 50 of them in another form than a slip, on all nets; names are unique."""
    assert len(FAULTS) >= 180
    assert sum(fault.other_form for fault in FAULTS.values()) >= 50
    assert {fault.net for fault in FAULTS.values()} == set(NETS)
    assert all(fault.name == name and fault.says.endswith(".") for name, fault in FAULTS.items())


def test_every_name_is_known() -> None:
    """Each fault's cause is a defect of the list or an extra one; extra ones are all used; no list names a stranger."""
    causes = {fault.cause for fault in FAULTS.values()}
    assert causes <= (KNOWN - CONVENTIONS) | EXTRA.keys()
    assert EXTRA.keys() <= causes
    assert {name for pair in HIDDEN for name in pair} | GIVES_UP <= FAULTS.keys()
    assert not EXTRA.keys() & KNOWN


def test_pairs_are_drawn_by_seed() -> None:
    """A seed gives the same 60 different pairs again, another seed gives others; the two share net, not cause."""
    drawn = pairs(0)
    names = [frozenset((first.name, second.name)) for first, second in drawn]
    assert len(set(names)) == len(drawn) == 60
    assert drawn == pairs(0) != pairs(1)
    assert all(stackable(*pair) for pair in drawn)
    assert all(first.net == second.net and first.cause != second.cause for first, second in drawn)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("pair", pairs(0, 12), ids=lambda pair: f"{pair[0].name} + {pair[1].name}")
def test_a_pair_is_caught_and_neither_hides_the_other(pair: tuple[Fault, Fault]) -> None:
    """Two stacked faults give a verdict of 1, and other numbers than either of them alone."""
    rows, both = caught(*pair)
    assert verdict(rows["status"]) == 1
    for fault in pair:
        alone = caught(fault)[1]
        columns = ["quantity", "probe", "update", "scratch", "max_abs", "hint"]
        assert both[columns].to_csv() != alone[columns].to_csv()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["Tanh in float32", "configured batch size", "norm in place of its square"])
def test_a_fault_in_float32_is_no_crash(name: str) -> None:
    """A fault planted in a float32 network gives rows; those of float64 rounding alone pass there."""
    with planted([fault := FAULTS[name]]):
        rows = compare(replace(NETS[fault.net], dtype="float32", epochs=LOCKSTEP_EPOCHS))
    assert verdict(rows["status"]) == (0 if fault.cause == "T11" else 1)


def places(faults: dict[str, Fault]) -> dict[tuple[Any, str], Any]:
    """What stands at every place where a fault is planted."""
    return {(patch.owner, patch.name): vars(patch.owner)[patch.name] for f in faults.values() for patch in f.patches}


def test_nothing_stays_planted() -> None:
    """After all faults were planted one after the other, and after an error, each place holds what it held."""
    before = places(FAULTS)
    for fault in FAULTS.values():
        with planted([fault]):
            assert any(now is not before[place] for place, now in places({"": fault}).items())
    with pytest.raises(KeyError), planted([FAULTS["uphill"], FAULTS["bias not added"]]):
        raise KeyError
    after = places(FAULTS)
    assert all(after[place] is stood for place, stood in before.items())
