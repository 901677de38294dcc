"""Why a row is apart: causes are tried in place of the step's equations until one brings the gap inside rounding.

place.py         one row of one checked step, as a cause sees it; what a Cause is
causes/          the catalogue: dense.py, activations.py, losses.py, optimizers.py
synthesis.py     which cause (or pair) explains the rows that are apart, and by what margin
words.py         the diagnosis as a sentence; what is known where no cause fits

A cause sees the trace alone: inputs, weights, upstream gradients, rate, state. It never sees the value under test, but
where it says that one number (a factor, a decay) is fitted to it.
"""
