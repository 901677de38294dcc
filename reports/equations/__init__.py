"""One training step as named equations: the spine of `reports`.

rounding.py   unit roundoff, sums, a value with its error
rules.py      one rule per kind of quantity: formula, float64 value, rounding bound, and why it holds
step.py       a case's step as a list of equations, and its evaluation
"""
