"""Strangers' networks: loaded apart, recognised, probed, and judged like scratch.

Two worlds. What runs in a process of its own, imports NumPy alone and hands back numbers:

child/launch.py        the start: limits first, then look
child/guard.py         the limits: resources, an audit hook, the kernel's Landlock
child/look.py          one subject from its files to results
child/reading.py       what a path holds as text: files, folders, notebooks
child/loading.py       keeps a file's definitions, leaves out what it does
child/stubs.py         modules that are not there
child/datasets.py      data that public libraries bring along: their shapes
child/elsewhere.py     names that the files set in statements that never run here
child/namespaces.py    classes that only hold functions
child/lending.py       a course's helpers that are not there
child/names.py         what a name probably means
child/arrays.py        the arrays that an object holds; shapes tell their roles
child/calling.py       arguments bound by meaning, failures with their lines, a time limit for every call
child/signatures.py    what a function or a class says of itself: parameters, place, text
child/loops.py         whether the files train on one sample after the other
child/layers.py        layers with weights, probed:
child/layer.py         how one is built and how its arrays lie,
child/layer_gradients.py  which arrays its way back leaves as gradients,
child/bias_row.py      whose biases are a row of their weights
child/activations.py   activations, as classes or as pairs of functions
child/one_by_one.py    those that take one sample or number at a time
child/losses.py        losses, with every label format
child/loss_cases.py    what they are fed: predictions, labels in every format
child/settled.py       what some objects want before they work: shapes, set-up calls, initializers
child/driven.py        layers without such weights: built, called once in each direction
child/dropout.py       dropout, in training and in evaluation
child/normalisation.py batch and layer normalisation
child/images.py        convolutions, pooling, flattening
child/optimizers.py    update rules, several steps
child/updated.py       what they are given: a layer of the file, a stand-in, a model
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
    objects.py         objects of them, made as their constructors ask,
    setup.py           set up as their way forward wants,
    stepwise.py        or line by line, where a constructor reads a file;
    usage.py           else as the files themselves build them
    passes.py          one way forward and one back
    guessed.py         what methods take under names that say nothing
    updates.py         what is done with the gradients: each method that moves the parameters
    flat.py            gradients in one vector
    neurons.py         lists of Python and neurons, seen as arrays
    scalars.py         single numbers, seen as matrices
    containers.py      layers that the user adds
    unclipped.py       gradients as they are before they are clipped
    unshuffled.py      shuffling that leaves the order
    rounds.py          rounds and rates that stand in the code
    slips.py           what they raise whatever they are given
    computed.py        the lines that assign their gradients
    trainers.py        what makes its parameters when it trains: one round and two
    functions.py       free functions whose names say what they do
    costs.py           the value of their cost
    rules.py           what updates them, three steps
    one_layer.py       functions of one layer
    makers.py          functions that make parameters, by name
    families.py        free functions under any names: a maker,
    made.py            what it makes,
    family.py          and the functions beside it,
    bindings.py        with their arguments in every order,
    returned.py        and gradients in what they return
    scripts.py         plain scripts, and functions that hold everything: the innermost loop run once,
    places.py          where such loops stand,
    cut.py             how a statement runs alone,
    run.py             how a loop runs once,
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
update_rules.py  the rules as formulas, torch's own first
networks/        a whole network: which architecture, loss and constant explain it, and if none does, which mistake
assembled.py     a file's own layers together, when each is right alone
adapter.py       an exchange of .npz files, for any language
roles.py         what a user says that their classes are
command.py       `parity check`
grading.py       a class of submissions -> gradebook
"""
