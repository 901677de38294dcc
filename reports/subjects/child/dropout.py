"""Dropout: what comes out in training, what goes back, and what comes out when nothing is trained.

Axes: B samples, H values. The inputs stay away from 0, so that a 0 that comes out was dropped.
"""

from typing import Any

import numpy as np

from . import driven, names
from .arrays import Array
from .calling import Failure

B, H = 8, 400
ASKED = 0.25  # the rate that is asked for: far from 1/2, so that dropping it and keeping it differ
RATES = {"rate", "p", "prob", "droprate", "dropout", "dropoutrate", "dropprob", "probability", "dropoutratio", "ratio",
         "keepprob", "keep", "keeprate", "pdrop", "prate", "pkeep", "keepprobability", "dropoutprob", "dropprobability",
         "dropoutp", "tasa", "rates"}  # fmt: skip


def look_at(name: str, holder: type, kind: str) -> dict[str, Any] | None:
    """Returns a dropout as plain data; None where it cannot be driven, and then why is unknown."""
    forwards, backwards = names.methods(holder, names.FORWARD), names.methods(holder, names.BACKWARD)
    rng = np.random.default_rng(31)
    x = rng.uniform(0.5, 2.0, (B, H)) * rng.choice([-1.0, 1.0], (B, H))
    g = rng.uniform(0.5, 2.0, (B, H)) * rng.choice([-1.0, 1.0], (B, H))
    error = ""
    for made in driven.built(holder, [(RATES, ASKED)], [[ASKED], []], (H,)):
        for method in forwards[:3]:
            try:
                output = driven.forward(made, method, x.copy(), [x.shape])
            except Failure as failure:
                error = str(failure)
                continue
            found: dict[str, Any] = {"inputs": x, "upstream": g, "asked": ASKED, "output": output}
            found |= _back(made, backwards, g, x) | _evaluated(holder, method, x)
            return {
                "name": name,
                "role": "dropout",
                "kind": kind,
                "form": 1,
                "forward": driven.place(holder, [method]),
                "backward": driven.place(holder, backwards),
                **found,
            }
    return {"name": name, "role": "unknown", "kind": kind, "form": 1, "error": error} if error else None


def _back(made: Any, backwards: list[str], g: Array, x: Array) -> dict[str, Any]:
    """The gradient that goes back, or what was raised."""
    if not backwards:
        return {}
    try:
        back, _ = driven.backward(made, backwards[0], g, x)
    except Failure as failure:
        return {"error": str(failure)}
    return {} if back is None else {"dinputs": back}


def _evaluated(holder: type, method: str, x: Array) -> dict[str, Any]:
    """The output of a fresh object that is told not to be in training, where it can be told."""
    for made in driven.built(holder, [(RATES, ASKED)], [[ASKED], []], (H,)):
        if not driven.knows_mode(made):
            return {}
        try:
            return {"evaluated": driven.forward(made, method, x.copy(), [x.shape], training=False)}
        except Failure:
            return {}
    return {}
