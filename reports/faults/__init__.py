"""The checker, checked: faults planted in scratch's code, and what became of each.

planting.py      a Fault as data, and how one or several are planted for a while
nets.py          the small networks of pairwise different prime sizes that they are planted in
writing.py       how most faults are written: a method replaced, or wrapped and its result disturbed
catalogue.py     all faults (layers.py, activations.py, losses.py, training.py hold them by where they stand)
usual_checks.py  what np.allclose, assert_close, finite differences and a final accuracy say on the same run
matrix.py        one fault -> one row of the kill matrix; singles, pairs, and the correct network

Faults are changed code. The causes of `reports.diagnosis` are replaced equations: neither is made from the other.
"""
