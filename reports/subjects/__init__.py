"""Strangers' networks: loaded apart, recognised, probed, and judged like scratch.

Two worlds. What runs in a process of its own, imports NumPy alone and hands back numbers:

child/launch.py        the start: limits first, then look
child/guard.py         the limits: resources, an audit hook, the kernel's Landlock
child/look.py          one subject from its files to results
child/reading.py       what a path holds as text: files, folders, notebooks
child/loading.py       keeps a file's definitions, leaves out what it does
child/stubs.py         modules that are not there
child/lending.py       a course's helpers that are not there
child/names.py         what a name probably means
child/arrays.py        the arrays that an object holds; shapes tell their roles
child/calling.py       arguments bound by meaning, failures with their lines, a time limit for every call
child/layers.py        layers with weights: orientation, gradients
child/activations.py   activations, as classes or as pairs of functions
child/losses.py        losses, with every label format
child/settled.py       what some objects want before they work: shapes, set-up calls, initializers
child/driven.py        layers without such weights: built, called once in each direction
child/dropout.py       dropout, in training and in evaluation
child/normalisation.py batch and layer normalisation
child/images.py        convolutions, pooling, flattening
child/optimizers.py    update rules, several steps
child/assembled.py     a file's own layers put together and trained for three updates
child/differences.py   the slope of a loss by differences, for an adapter that gives its loss
child/adapters.py      the explicit way: a class Adapter of a few lines
child/agreed.py        what it is to give, held against what came
child/networks/        whole networks, driven one step; gradients are read, or measured by what a step moves:
    words.py           what their parts are called
    data.py            what they are given
    chain.py           matrices that follow one another, the biases beside them, their gradients
    sizes.py           what constructors and makers are given, by what their source says
    variables.py       parameters that are variables of a file
    strangers.py       recurrent networks and engines, told as what they are
    board.py           what is known by now, bound to arguments by the meaning of their names
    outcome.py         the output and the rate of a call
    classes.py         networks that are classes
    trainers.py        what makes its parameters when it trains: one round and two
    functions.py       free functions whose names say what they do
    costs.py           the value of their cost
    rules.py           what updates them, three steps
    makers.py          functions that make parameters, by name
    families.py        free functions under any names: a maker,
    made.py            what it makes,
    family.py          and the functions beside it,
    bindings.py        with their arguments in every order,
    returned.py        and gradients in what they return
    scripts.py         plain scripts, and functions that hold everything: the innermost loop run once,
    places.py          where such loops stand,
    cut.py             how a statement runs alone,
    lent.py            what they are lent,
    moves.py           and what a round of one moved
child/counting.py      the number of a step
child/bases.py         classes that are bases alone
child/unrecognised.py  what computes and was not recognised
child/results.py       arrays into one .npz, the rest into one JSON file

What runs here, and reaches the verdict:

isolation.py     starts the child and survives it
verdicts.py      rows, components, statuses
verdict.py       one file -> its components judged, exit code
tiny.py          a component as a tiny case: equations, bounds, judge and causes of the main pipeline
components.py    layers with weights, and the way in to activations
formulas.py      activations as torch defines them, value and derivative
activations.py   which activation an output comes from, its values and its way back
losses/          losses: which, by what constant, which mistake
nearness.py      what search and bounds share: how near, by what constant
curves.py        activations with bounds
carried.py       arrays that carry their rounding bound through arithmetic
compared.py      one array of theirs against torch's, within twice a bound
dropout.py       dropout: fraction, scale, what goes back
normalisation.py batch and layer normalisation against torch
images.py        convolutions, pooling, flattening against torch
optimizers.py    update rules, replayed
networks/        a whole network: which architecture, loss and constant explain it, and if none does, which mistake
assembled.py     a file's own layers together, when each is right alone
adapter.py       an exchange of .npz files, for any language
roles.py         what a user says that their classes are
command.py       `parity check`
grading.py       a class of submissions -> gradebook
"""
