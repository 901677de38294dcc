"""Strangers' networks: loaded apart, recognised, probed, and judged like scratch.

Two worlds. What runs in a process of its own, imports NumPy alone and hands back numbers:

child/launch.py        puts limits on itself, then loads, recognises and probes
child/loading.py       keeps a file's definitions, leaves out what it does
child/stubs.py         modules that are not there
child/names.py         what a name probably means; how an argument is bound
child/arrays.py        the arrays that an object holds; shapes tell their roles
child/layers.py        layers with weights: orientation, gradients
child/activations.py   activations, as classes or as pairs of functions
child/losses.py        losses, with every label format
child/optimizers.py    update rules, several steps
child/networks.py      whole networks: one training step, however it is written
child/results.py       arrays into one .npz, the rest into one JSON file

What runs here, and reaches the verdict:

isolation.py     starts the child and survives it
verdict.py       one file -> findings per component, exit code
components.py    a component as a tiny case: the equations, the judge and the causes of the main pipeline
network.py       a whole network: which architecture, loss and constant explain it, and if none does, which mistake
adapter.py       the explicit way: a class of a few lines, or an exchange of .npz files
grading.py       a class of submissions -> gradebook
"""
