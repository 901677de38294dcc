"""Dropout, judged by what it must do, since no two implementations draw the same numbers.

Letters: x inputs, m = output / x the mask with its scale, g the gradient from above, p what is dropped.
"""

from typing import Any

import numpy as np

from reports.calibrated import SAME
from reports.equations.rounding import Rounding
from reports.subjects.components import component
from reports.subjects.verdicts import Component, Row, crashed, unwritten

Array = np.ndarray
R = Rounding.of(np.float64)
CHANCE = 6  # standard deviations: an honest mask strays further once in 500 million


def dropout(seen: dict[str, Any]) -> Component:
    """Judges a dropout: which values are dropped, how the others are scaled, what goes back, and in evaluation."""
    made = component(seen)
    x, m = seen["inputs"], seen["output"] / seen["inputs"]
    dropped = float((m == 0).mean())
    meaning = _fraction(made, seen["asked"], m, dropped)
    scale = _scale(made, m, meaning)
    if isinstance(seen.get("dinputs"), np.ndarray):
        made.rows.append(_back(seen["dinputs"], seen["upstream"], m, scale))
    elif "error" in seen:
        made.rows.append(crashed("backward", "", seen["error"], "backward"))
    elif not made.places.get("backward"):
        made.rows.append(unwritten())
    made.rows.append(_evaluated(seen.get("evaluated"), x, meaning, scale))
    return made


def _fraction(made: Component, asked: float, m: Array, dropped: float) -> float:
    """Adds the row of how many are dropped; returns the probability that is meant."""
    rows_alike = bool((m == m[0]).all())
    draws = m.shape[1] if rows_alike else m.size
    spread = CHANCE * np.sqrt(asked * (1 - asked) / draws)
    meaning = asked if abs(dropped - asked) <= abs(dropped - (1 - asked)) else 1 - asked
    made.convention["its rate"] = "is dropped" if meaning == asked else "is kept"
    if dropped == 0:
        made.rows.append(Row("forward", "training", "defective", says="in training nothing is dropped"))
    elif abs(dropped - meaning) > spread:
        words = f"{dropped:.0%} are dropped, where {asked:.0%} was asked for"
        made.rows.append(Row("forward", "training", "defective", says=words))
    elif meaning != asked:
        made.rows.append(Row("forward", "training", "departs", says="its rate is what is kept, torch's p is dropped"))
    elif rows_alike:
        words = "one mask for the whole batch: torch draws one for every sample"
        made.rows.append(Row("forward", "training", "departs", says=words))
    else:
        made.rows.append(Row("forward", "training", "right"))
    return meaning


def _scale(made: Component, m: Array, meaning: float) -> float:
    """Adds the row of what the values that stay are multiplied by; returns that number."""
    kept = m[m != 0]
    scale = float(np.median(kept)) if kept.size else 0.0
    right = 1 / (1 - meaning)
    allowed = 2 * 4 * R.unit  # a division for the scale, a product, the quotient by which m is read; of both sides
    one = bool(kept.size and (np.abs(kept - scale) <= allowed * abs(scale)).all())
    if not one:
        made.rows.append(Row("scale", "training", "defective", says="the values that stay are not one multiple of x"))
    elif abs(scale - right) <= allowed * right:
        made.rows.append(Row("scale", "training", "right", abs(scale - right) / (allowed * right)))
    elif abs(scale - 1) <= allowed:
        words = "the mask is not scaled by 1/(1 - p) in training, torch's is"
        made.rows.append(Row("scale", "training", "departs", says=words))
    else:
        words = f"the values that stay are multiplied by {scale:.4g}, where 1/(1 - p) = {right:.4g} keeps their mean"
        made.rows.append(Row("scale", "training", "defective", says=words))
    return scale


def _back(back: Array, g: Array, m: Array, scale: float) -> Row:
    """The gradient must be g under the same mask and the same scale."""
    allowed = 2 * 4 * R.unit * np.abs(g) * max(abs(scale), 1.0)

    def fits(wanted: Array) -> bool:
        return bool((np.abs(back - wanted) <= allowed).all())

    mask = (m != 0) * 1.0
    if fits(g * m):
        return Row("backward", "training", "right", stage="backward")
    ways = (
        (g, "the mask is not applied to the gradient"),
        (g * scale, "the mask is not applied to the gradient, its scale alone is"),
        (g * mask, "the gradient is masked, but not scaled as the output is"),
        (g * mask * scale**2, "the gradient is scaled twice"),
        (g * mask / scale, "the gradient is divided by the scale, where it is to be multiplied"),
    )
    words = next((words for wanted, words in ways if fits(wanted)), "")
    if not words and 0 < (back == 0).mean() < 1 and ((back == 0) != (m == 0)).any():
        words = "another mask goes back than the one of the output: it is drawn anew"
    words = words or f"values differ by up to {np.abs(back - g * m).max():.2g}"
    return Row("backward", "training", "defective", says=f"backward: {words}", stage="backward")


def _evaluated(out: Array | None, x: Array, meaning: float, scale: float) -> Row:
    """Outside of training nothing is dropped; what was not scaled in training is scaled here."""
    if out is None:
        return Row("forward", "evaluation", "departs", says="it has no evaluation mode: leave it out when you predict")
    if (np.abs(out - x) <= 2 * R.unit * np.abs(x)).all():
        if abs(scale - 1) > SAME:
            return Row("forward", "evaluation", "right")
        words = "the mask is scaled neither in training nor in evaluation: the mean changes between them"
        return Row("forward", "evaluation", "defective", says=words)
    if (np.abs(out - x * (1 - meaning)) <= 8 * R.unit * np.abs(x)).all():
        if abs(scale - 1) <= SAME:
            return Row("forward", "evaluation", "departs", says="it scales by 1 - p in evaluation, torch in training")
        return Row("forward", "evaluation", "defective", says="it scales in training and in evaluation as well")
    if (out == 0).any():
        return Row("forward", "evaluation", "defective", says="forward: it drops in evaluation too")
    words = f"forward: in evaluation values differ by up to {np.abs(out - x).max():.2g} from the inputs"
    return Row("forward", "evaluation", "defective", says=words)
