"""What an adapter adds to its network's verdict: how it was misused, its step, its own loss, what it might give too."""

from typing import Any

import numpy as np

from reports.equations.rounding import Bounded
from reports.subjects.child.networks.data import RATE
from reports.subjects.nearness import used
from reports.subjects.networks.any_loss import UNKNOWN
from reports.subjects.networks.bounded import DOUBLE, SCALED
from reports.subjects.networks.own_loss import own_loss
from reports.subjects.verdicts import Component, Row

Array = np.ndarray
STAGES = {"parameters": "parameters()", "backward": "gradients(x, y)", "forward": "forward(x)"}
NO_LOSS = "; write loss(x, y) in the adapter, one number, and its gradients are held against differences of it"


def adapted(made: Component, seen: dict[str, Any]) -> None:
    """Adds the rows of an adapter's misuse, loss and step to those of its network."""
    own = [row for one in seen["trials"] for row in own_loss(one)]
    if own and all(row.status in ("right", "departs") for row in own):
        _backed(made)
    for row in made.rows:
        lost = row.status == "unjudged" and not own and seen.get("adapter")
        row.says += NO_LOSS if lost and any("gradients" in one for one in seen["trials"]) else ""
    made.rows += own + _moves(seen)
    for one in seen["trials"]:
        if "changes" in one:
            made.rows.append(Row("gradients", "", "departs", says=one["changes"], stage="backward"))
        if "step_error" in one:
            made.rows.append(
                Row("step", "", "unjudged", says=f"step could not be used: {one['step_error']}", stage="step")
            )
    made.rows[:0] = misused(seen)


def misused(seen: dict[str, Any]) -> list[Row]:
    """What an adapter gives that is not as it was agreed, in one row; none where all is."""
    told = [(len(one.get("inputs", [])), one["wrong"]) for one in seen["trials"] if "wrong" in one]
    if not told:
        return []
    alone = "with one sample, " if len(told) == 1 and told[0][0] == 1 else ""
    stage = next((stage for stage in STAGES if STAGES[stage] in told[0][1]), "forward")
    return [Row("adapter", "", "unjudged", says=f"{alone}{told[0][1]}", stage=stage)]


def _backed(made: Component) -> None:
    """What the slope of an adapter's own loss adds where its loss or its layers are not known here."""
    for row in made.rows:
        if row.says == UNKNOWN:
            row.status, row.says = "departs", "a loss of its own; by differences of it its gradients are its own"
        elif row.status == "unjudged":
            row.status = "departs"
            row.says = f"a definition of its own ({row.says}); by differences of its loss its gradients are its own"


def _moves(seen: dict[str, Any]) -> list[Row]:
    """Whether an adapter's step is its rate times its own gradients, to within the rounding of one update."""
    rows = []
    for one in seen["trials"]:
        if "moves" in one and "gradients" in one:
            own, parameters = (
                [array for pair in one[key] for array in pair if isinstance(array, np.ndarray)]
                for key in ("gradients", "parameters")
            )
            share = climbs = np.inf
            if len(own) == len(one["moves"]) == len(parameters):
                share = max(map(_moved, one["moves"], own, parameters), default=np.inf)
                climbs = max(map(_moved, [-move for move in one["moves"]], own, parameters), default=np.inf)
            status, says = "right", ""
            if climbs <= 1 < share:
                status, says = "defective", "step: it climbs: the parameters move by plus rate times the gradients"
            elif not share <= 1 and not any(move.any() for move in one["moves"]):
                status, says = "defective", "step: it leaves every parameter as it is"
            elif not share <= 1:
                status, says = "departs", "step: the parameters do not move by minus rate times the gradients"
            rows.append(Row("step", f"{len(one['inputs'])} samples", status, share, says=says, stage="step"))
    return rows


def _moved(move: Array, gradient: Array, parameter: Array) -> float:
    """The share that (w - w') / rate uses of what one update rounds, beside their own gradient, which is exact here."""
    if not move.size == gradient.size == parameter.size:
        return float("inf")
    right = Bounded(gradient.ravel(), SCALED * DOUBLE.unit * np.abs(gradient.ravel()))
    rounded = DOUBLE.unit * np.abs(parameter.ravel()) / RATE
    return used(move.ravel(), Bounded(right.value, right.error + rounded))
