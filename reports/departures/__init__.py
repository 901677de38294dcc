"""Where the lecture's rule departs from stock torch's: each departure as data, predicted, measured and closed.

departure.py   a departure: two rules, what it counts, both sides as short live functions, the line that closes it
running.py     numbers with a bound on their rounding: from both rules come the allowances
exact.py       predictions in higher precision
variants.py    the lecture's rules that scratch does not follow, each as a small subclass
dense.py       layout, first weights, dtype
penalties.py   L2 against weight_decay, L1 at 0
activations.py the sigmoid's clip, ReLU at 0, softmax over far rows
regression.py  sums and means, the printed "MSE", a wrong sign
losses.py      the loss's clip, a clamp's gradient, the unfused path
labels.py      columns, soft labels, ties
optimizers.py  momentum under decay, the velocity's home
schedules.py   the form of the decay, its first step, its clock
underflow.py   the one outcome of a probe that is predicted and is not a number
"""

from reports.departures import activations, dense, labels, losses, optimizers, penalties, regression, schedules
from reports.departures.departure import BOUNDED, DETERMINISTIC, STATISTICAL, Change, Departure, Rest, Rule, Size
from reports.departures.underflow import UNFUSED_UNDERFLOW, predicts_underflow

__all__ = [
    "BOUNDED",
    "DEPARTURES",
    "DETERMINISTIC",
    "STATISTICAL",
    "UNFUSED_UNDERFLOW",
    "Change",
    "Departure",
    "Rest",
    "Rule",
    "Size",
    "predicts_underflow",
]

DEPARTURES: dict[str, Departure] = {  # in the lecture's order
    departure.name: departure
    for room in (dense, penalties, activations, regression, losses, labels, optimizers, schedules)
    for departure in vars(room).values()
    if isinstance(departure, Departure)
}
