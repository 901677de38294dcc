"""Losses of a subject, judged: which loss its value is, whether its gradient is the derivative, by what constant.

bounds.py     the loss of each element, its reductions and the gradient, with bounds
values.py     which reduction of which loss a value is
gradients.py  a gradient beside torch's, up to one constant; which mistake it is
losses.py     the verdict over all label formats
"""
