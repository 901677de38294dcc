"""The unfused cross-entropy stops where a probability underflows: what the verdict on a probe predicts there."""

import numpy as np

from reports.cases import Case
from reports.equations.rounding import Rounding
from reports.equations.step import equations, evaluate
from reports.traces import Data

UNFUSED_UNDERFLOW = (
    "the unfused cross-entropy has no finite gradient -1/p where the label's probability underflows to 0; "
    "scratch says so (FloatingPointError), the lecture's code goes on with NaN"
)


def predicts_underflow(case: Case, data: Data) -> bool | None:
    """Whether the unfused cross-entropy must stop on this batch; None where rounding decides.

    It must when a label's probability p is below half the smallest subnormal number, and cannot when 1/p is finite.
    """
    if case.loss != "CrossEntropy":
        return False
    forward = equations(case)[: len(case.layers)]
    given = {"inputs": data.inputs, **{f"start/{name}": array for name, array in data.parameters.items()}}
    known = evaluate(forward, given, Rounding.of(case.dtype))
    p = known[f"forward/{case.layers[-1].name}"].value
    labels = data.labels if data.labels.ndim == 1 else data.labels.argmax(axis=1)
    chosen = p[np.arange(len(labels)), labels.astype(np.int64)]
    info = np.finfo(case.dtype)
    if chosen.min() > 4 / float(info.max):
        return False
    return True if chosen.min() < float(info.smallest_subnormal) / 4 else None
