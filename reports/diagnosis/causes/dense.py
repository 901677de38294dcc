"""Causes in dense layers: the affine map, its gradients, and what is common to every row.

Axes: N samples, D inputs, H neurons.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reports.diagnosis.place import Array, Cause, Place

FORWARD, BACKWARD = ("forward/Dense",), ("backward/Dense",)
WEIGHTS, BIASES = ("gradient/weights",), ("gradient/biases",)
GRADIENTS = WEIGHTS + BIASES


def data_part(p: Place) -> Array:
    """The gradient without its penalty: inputs^T . dz, or the sum of dz over samples."""
    if p.row.endswith(".weights"):
        dz, a, _ = p.reads
        return a.T @ dz
    return p.reads[0].sum(axis=0, keepdims=True)


def with_penalty(data: Callable[[Place], Any]) -> Callable[[Place], Any]:
    """A formula whose data part is another, and whose penalty is the right one."""
    return lambda p: data(p) + (p.usual() - data_part(p) if _penalised(p) else 0)


def penalty_part(p: Place, l1: float = 1.0, l2: float = 1.0) -> Array:
    """The penalty's gradient, its L1 and its L2 each times a factor."""
    strengths = p.layer.strengths()[p.row.removeprefix("gradient/")] if p.layer else (0.0, 0.0)
    w = p.reads[-1]
    return l1 * strengths[0] * np.sign(w) + l2 * 2 * strengths[1] * w


def penalties(change: Callable[[Place], Any]) -> Callable[[Place], Any]:
    """A formula whose penalty is another; says nothing where there is no penalty."""

    def formula(p: Place) -> Any:
        if not _penalised(p):
            raise ValueError("no penalty here")
        return data_part(p) + change(p)

    return formula


def _penalised(p: Place) -> bool:
    return bool(p.layer and any(p.layer.strengths()[p.row.removeprefix("gradient/")]))


def data_scaled(factor: Callable[[Place], float]) -> Callable[[Place, Array], Any]:
    """A result whose data part is multiplied by a known number, and whose penalty is left alone."""

    def result(p: Place, made: Array) -> Any:
        return made + (factor(p) - 1) * data_part(p) if _penalised(p) else made * factor(p)

    return result


def _only_penalty(p: Place, l1: float = 1.0) -> Array:
    """The penalty's gradient alone, with its L1 part or without."""
    if not _penalised(p):
        raise ValueError("no penalty here")
    return penalty_part(p, l1)


def _other_norm(p: Place) -> Array:
    """The gradient of the norm itself, not of its square."""
    w = p.reads[-1]
    return penalty_part(p, 1, 0) + np.abs(penalty_part(p, 0, 1)).max() / 2 / np.abs(w).max() * w / np.linalg.norm(w)


def _sign_with_one_at_zero(p: Place) -> Array:
    """L1's sign with +1 at exactly 0."""
    w = p.reads[-1]
    strength = p.layer.strengths()[p.row.removeprefix("gradient/")][0] if p.layer else 0.0
    return penalty_part(p, 0, 1) + strength * np.where(w >= 0, 1.0, -1.0)


def _biases_by(sum_over: Callable[[Array], Any]) -> Callable[[Place], Any]:
    return with_penalty(lambda p: sum_over(p.reads[0]))


def _behind_activation(p: Place) -> Place:
    """The gradient of the activation's output in place of that of its input."""
    if p.layer is None:
        raise KeyError(p.row)
    return p.reading(0, p.above(p.layer, 2))


def _other_source(p: Place) -> Place:
    """What the layer gave in place of what it took."""
    if p.layer is None:
        raise KeyError(p.row)
    return p.reading(1, p[f"forward/{p.layer.name}"])


def _updated_weights(p: Place) -> Place:
    return p.reading(1, p[p.equation.reads[1].replace("start/", "parameter/")])


def _inputs(p: Place) -> int:
    """Which of the reads of an affine map, or of its weights' gradient, is the layer's inputs."""
    return 0 if p.row.startswith("forward/") else 1


def _centred(array: Array) -> Array:
    return np.asarray(array - array.mean(axis=0, keepdims=True))


def _other_samples(p: Place, rows: Callable[[int], list[int]]) -> Place:
    """The first layer's inputs with other rows of the batch in their places."""
    if p.layer is not p.case.layers[0]:
        raise ValueError("no inputs of the network here")
    return p.reading(_inputs(p), p["inputs"][rows(p.samples)])


def _twice(n: int, at: int, instead: int) -> list[int]:
    """The samples 0 to n - 1 with one in another's place."""
    rows = list(range(n))
    rows[at] = rows[instead]
    return rows


def _unshuffled(p: Place) -> Place:
    """The first layer's inputs as they would be if the data had never been shuffled."""
    start = (p.iteration * p.configured) % len(p.everything[0])
    kept = p.everything[0][start : start + p.samples]
    if p.layer is not p.case.layers[0] or len(kept) != p.samples:
        raise ValueError("no other inputs")
    return p.reading(_inputs(p), np.asarray(kept, float))


def _another_source(p: Place, number: int) -> Place:
    """What another Dense took."""
    others = [layer for layer in p.case.layers if layer.kind == "Dense" and layer is not p.layer]
    return p.reading(1, p.source(others[number]))


def _rounded(array: Any) -> Array:
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def _rounded_reads(p: Place) -> Place:
    for index, array in enumerate(p.reads):
        p = p.reading(index, _rounded(array))
    return p


def scaled(id: str, says: str, mend: str, where: tuple[str, ...], factor: Callable[[Place], float]) -> Cause:
    """A cause that multiplies the result by a known number."""
    return Cause(id=id, says=says, mend=mend, where=where, result=lambda p, made: made * factor(p))


CAUSES: tuple[Cause, ...] = (
    # forward
    Cause(id="L10", says="the weights are used transposed", mend="Compute inputs @ weights, with weights (D, H).",
          where=FORWARD, formula=lambda p: p.reads[0] @ p.reads[1].T + p.reads[2]),
    Cause(id="L26", says="the bias is not added", mend="Add self.biases in forward.",
          where=FORWARD, formula=lambda p: p.reads[0] @ p.reads[1]),
    Cause(id="L27", says="the bias is subtracted", mend="Add self.biases in forward.",
          where=FORWARD, formula=lambda p: p.reads[0] @ p.reads[1] - p.reads[2]),
    Cause(id="L28", says="the bias is added twice", mend="Add self.biases once.",
          where=FORWARD, result=lambda p, z: z + p.reads[2]),
    Cause(id="V3", says="the bias is added once per input", mend="Add self.biases once, behind the sum.",
          where=FORWARD, result=lambda p, z: z + (p.reads[1].shape[0] - 1) * p.reads[2]),
    *(Cause(id="L29", says="a bias is added to each sample, not to each neuron", mend="Keep biases as (1, H).",
            where=FORWARD, formula=lambda p, column=column: p.reads[0] @ p.reads[1] + column(p.reads[2]))
      for column in (lambda b: b.reshape(-1, 1), lambda b: np.resize(b, (b.size, 1)))),
    Cause(id="T13", says="the inputs are centred over the batch first", mend="Use them as they come.",
          where=FORWARD + WEIGHTS, reads=lambda p: p.reading(_inputs(p), _centred(p.reads[_inputs(p)]))),
    Cause(id="T13", says="the inputs are standardised over the batch first", mend="Use them as they come.",
          where=FORWARD + WEIGHTS, reads=lambda p: p.reading(_inputs(p), _centred(p.reads[_inputs(p)])
                                                             / p.reads[_inputs(p)].std(axis=0))),
    *(Cause(id="T4", says="a sample stands twice in its batch, and another one not at all",
            mend="Let a batch be a part of one permutation of all samples.", where=FORWARD,
            reads=lambda p, at=at, instead=instead: _other_samples(p, lambda n: _twice(n, at, instead)))
      for at, instead in ((0, 1), (1, 0), (-1, -2), (-2, -1), (-1, 0), (0, -1))),
    Cause(id="T4", says="the batch is taken from the data in their stored order: they are not shuffled",
          mend="Draw a permutation and take the batch's rows of it.", where=FORWARD, reads=_unshuffled),
    Cause(id="T4", says="the samples of the batch stand in reverse order", mend="Keep the order of the permutation.",
          where=FORWARD, reads=lambda p: _other_samples(p, lambda n: list(range(n))[::-1])),
    Cause(id="L18", says="it computes with the parameters of the step before",
          mend="Use the layer's own arrays; a copy made earlier goes stale.",
          where=FORWARD, reads=lambda p: p.reading(1, p.before(p.equation.reads[1]))
          .reading(2, p.before(p.equation.reads[2]))),
    # gradients of the parameters
    Cause(id="L12", says="the weights' gradient is transposed", mend="Compute dweights = inputs.T @ dvalues.",
          where=WEIGHTS, formula=with_penalty(lambda p: data_part(p).T)),
    Cause(id="L12", says="the inputs are not transposed", mend="Compute dweights = inputs.T @ dvalues.",
          where=WEIGHTS, formula=with_penalty(lambda p: p.reads[1] @ p.reads[0])),
    Cause(id="L5", says="the bias gradient is averaged over the {N} samples while the weights' is summed",
          mend="Sum it: np.sum(dvalues, axis=0, keepdims=True).",
          where=BIASES, result=data_scaled(lambda p: 1 / p.samples)),
    Cause(id="L2", says="the gradient is divided by the batch size N = {N} once more in the layer",
          mend="Divide once, in the loss.",
          where=WEIGHTS, result=data_scaled(lambda p: 1 / p.samples)),
    Cause(id="L2", says="the gradient is divided by the batch size N = {N} once more in the layer",
          mend="Divide once, in the loss.", where=BIASES, companion=True,
          result=data_scaled(lambda p: 1 / p.samples)),
    Cause(id="L1", says="the gradient is multiplied by the batch size N = {N}", mend="Divide once, in the loss.",
          where=GRADIENTS, result=data_scaled(lambda p: p.samples)),
    Cause(id="L20", says="the sign is turned round", mend="Do not negate: the update subtracts.",
          where=GRADIENTS, result=data_scaled(lambda p: -1)),
    *(Cause(id="L6", says="the bias gradient is summed over samples and neurons alike", mend="Sum over axis=0 alone.",
            where=BIASES, formula=_biases_by(summed)) for summed in (
        lambda g: np.full((1, g.shape[1]), g.sum()), lambda g: g.sum().reshape(1, 1), lambda g: g.sum())),
    *(Cause(id="L7", says="the bias gradient is summed over the neurons, not over the samples",
            mend="Sum over axis=0, the samples.", where=BIASES, formula=_biases_by(summed)) for summed in (
        lambda g: g.sum(axis=1), lambda g: g.sum(axis=1, keepdims=True), lambda g: g.sum(axis=1).reshape(1, -1))),
    Cause(id="L8", says="the bias gradient is not summed over the samples",
          mend="Sum it: np.sum(dvalues, axis=0, keepdims=True).", where=BIASES, formula=lambda p: p.reads[0]),
    Cause(id="L8", says="the bias gradient has lost its axis", mend="Keep it: np.sum(..., axis=0, keepdims=True).",
          where=BIASES, result=lambda p, made: made.ravel()),
    *(Cause(id="L9", says="the bias gradient is taken from the weights' gradient",
            mend="Sum dvalues over the samples; the inputs have no part in it.", where=BIASES,
            formula=lambda p, axis=axis: (p.source(p.layer).T @ p.reads[0]).sum(axis=axis).reshape(1, -1))
      for axis in (0, 1)),
    Cause(id="L25", says="it is taken before the activation's derivative: it uses the gradient of the activation's "
          "output", mend="Use the gradient that the activation's backward returned.",
          where=GRADIENTS, reads=_behind_activation),
    Cause(id="L14", says="it uses what the layer gave, not what it took", mend="Keep the inputs of forward.",
          where=WEIGHTS, reads=_other_source),
    *(Cause(id="L14", says="it uses what another layer took", mend="Let each layer keep its own inputs.",
            where=WEIGHTS, reads=lambda p, number=number: _another_source(p, number)) for number in range(3)),
    *(Cause(id="L33", says="the gradients of the neurons stand in each other's place", mend="Keep their order.",
            where=GRADIENTS, result=lambda p, made, moved=moved: moved(made))
      for moved in (lambda g: np.roll(g, 1, axis=1), lambda g: np.roll(g, -1, axis=1), lambda g: g[:, ::-1])),
    Cause(id="L16", says="the penalty's gradient overwrites the data's: = stands where += belongs",
          mend="Add the penalty's gradient.", where=GRADIENTS, formula=lambda p: _only_penalty(p)),
    Cause(id="L16", says="the penalty's gradient overwrites the data's: = stands where += belongs",
          mend="Add the penalty's gradient.", where=GRADIENTS, formula=lambda p: _only_penalty(p, 0)),
    *(Cause(id="L16", says="only one sample's gradient is kept: each overwrites the one before",
            mend="Accumulate over samples: += in the loop, from zeros.", where=GRADIENTS,
            formula=with_penalty(lambda p, at=at: p.reads[1][at].T @ p.reads[0][at] if len(p.reads) == 3
                                 else p.reads[0][at].sum(axis=0, keepdims=True)))
      for at in (slice(-1, None), slice(0, 1))),
    Cause(id="L31", says="a sample is left out of the sum", mend="Sum over all samples.", where=GRADIENTS,
          formula=with_penalty(lambda p: p.reads[1][:-1].T @ p.reads[0][:-1] if len(p.reads) == 3
                               else p.reads[0][:-1].sum(axis=0, keepdims=True))),
    Cause(id="L31", says="a sample is left out of the sum", mend="Sum over all samples.", where=GRADIENTS,
          formula=with_penalty(lambda p: p.reads[1][1:].T @ p.reads[0][1:] if len(p.reads) == 3
                               else p.reads[0][1:].sum(axis=0, keepdims=True))),
    Cause(id="L15", says="the gradient of the step before is still in it: it accumulates",
          mend="Start from zero in each backward: assign, do not add.",
          where=GRADIENTS, result=lambda p, made: made + p.before(p.row)),
    Cause(id="L18", says="it is the gradient of the step before (zeros at first): a stale copy is read",
          mend="Read the layer's own gradient after backward.", where=GRADIENTS, formula=lambda p: p.before(p.row)),
    Cause(id="L19", says="it is exactly zero: no gradient reaches this parameter",
          mend="Compute it in backward, or loop over all layers.", where=GRADIENTS,
          formula=lambda p: np.zeros_like(p.usual())),
    Cause(id="L21", says="it is a multiple of the weights, not their gradient",
          mend="Compute dweights = inputs.T @ dvalues.", where=WEIGHTS,
          formula=lambda p: np.zeros_like(p.usual()), direction=lambda p: p.reads[2], varies=True),
    # the way back to the inputs
    Cause(id="L11", says="the weights are not transposed on the way back", mend="Compute dvalues @ weights.T.",
          where=BACKWARD, formula=lambda p: p.reads[0] @ p.reads[1]),
    Cause(id="L13", says="the way back uses the weights after their update",
          mend="Compute all gradients first, then update.", where=BACKWARD, reads=_updated_weights),
    Cause(id="L2", says="the gradient is divided by the batch size N = {N} once more",
          mend="Divide once, in the loss.", where=("backward/Dense", "backward/*U", "backward/T*", "backward/Sig*"),
          result=lambda p, made: made / p.samples),
    Cause(id="L19", says="it is exactly zero: no gradient goes back", mend="Return dvalues @ weights.T.",
          where=BACKWARD, formula=lambda p: np.zeros_like(p.usual())),
    Cause(id="L20", says="the sign is turned round", mend="Do not negate.",
          where=("backward/*",), result=lambda p, made: -made),
    Cause(id="L15", says="the gradient of the step before is still in it: it accumulates",
          mend="Assign in backward, do not add.", where=("backward/*",),
          result=lambda p, made: made + p.before(p.row)),
    Cause(id="L18", says="it is the value of the step before: a stale array is read",
          mend="Read it after the computation.", where=("forward/*", "backward/*", "loss*"),
          formula=lambda p: p.before(p.row)),
    # penalties
    Cause(id="S26", says="the penalty is in the loss but not in the gradient",
          mend="Add l1 * sign(w) + 2 * l2 * w to the gradient.", where=GRADIENTS, formula=penalties(lambda p: 0)),
    Cause(id="O9", says="the L2 part of the gradient is l2 * w where the loss has l2 * w^2: half of what it should be",
          mend="Its derivative is 2 * l2 * w (torch's weight_decay is l2 * w).",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, 1, 0.5))),
    Cause(id="O9", says="the L2 part of the gradient is twice too large", mend="Its derivative is 2 * l2 * w.",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, 1, 2))),
    Cause(id="S26", says="the L2 part of the gradient is missing", mend="Add 2 * l2 * w.",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, 1, 0))),
    Cause(id="S26", says="the L1 part of the gradient is missing", mend="Add l1 * sign(w).",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, 0, 1))),
    Cause(id="O10", says="the penalty's gradient has the wrong sign", mend="Add it: large weights must shrink.",
          where=GRADIENTS, formula=penalties(lambda p: -penalty_part(p))),
    Cause(id="O10", says="the L2 part of the gradient has the wrong sign", mend="Add 2 * l2 * w.",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, 1, -1))),
    Cause(id="O10", says="the L1 part of the gradient has the wrong sign", mend="Add l1 * sign(w).",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, -1, 1))),
    Cause(id="O12", says="the penalty's gradient is divided by the batch size N = {N}", mend="Add it undivided.",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p) / p.samples)),
    Cause(id="O13", says="the penalty's gradient is that of the norm, not of its square", mend="Add 2 * l2 * w.",
          where=GRADIENTS, formula=penalties(_other_norm)),
    Cause(id="O13", says="the L1 part uses |w| or w in place of sign(w)", mend="Add l1 * np.sign(w).",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, 0, 1)
                                             + np.abs(penalty_part(p, 1, 0)).max() * p.reads[-1])),
    Cause(id="O13", says="the L1 part uses |w| in place of sign(w)", mend="Add l1 * np.sign(w).",
          where=GRADIENTS, formula=penalties(lambda p: penalty_part(p, 0, 1)
                                             + np.abs(penalty_part(p, 1, 0)).max() * np.abs(p.reads[-1]))),
    Cause(id="O25", says="the L1 part takes the sign of exactly 0 as +1, torch takes 0", mend="Use np.sign.",
          where=GRADIENTS, formula=penalties(_sign_with_one_at_zero)),
    # what can happen in any row
    Cause(id="T11", says="it is rounded to float32 inside a float64 network", mend="Keep one dtype throughout.",
          where=("forward/*", "backward/*", "gradient/*", "state", "parameter/*", "loss*", "learning_rate"),
          result=lambda p, made: _rounded(made)),
    Cause(id="T11", says="what it reads is rounded to float32 inside a float64 network",
          mend="Keep one dtype throughout.", where=("forward/*", "backward/*", "gradient/*", "state", "parameter/*"),
          reads=_rounded_reads),
    *(Cause(id="T11", says="one of the arrays that it reads is rounded to float32 inside a float64 network",
            mend="Keep one dtype throughout.", where=("forward/*", "backward/*", "gradient/*", "state", "parameter/*"),
            reads=lambda p, index=index: p.reading(index, _rounded(p.reads[index]))) for index in (0, 1, 2)),
    Cause(id="T2", says="it is cut to whole numbers: an integer array holds it",
          mend="Make the buffer with the dtype of the floats: np.zeros_like(floats).",
          where=("forward/*", "backward/*", "gradient/*", "state", "parameter/*"),
          result=lambda p, made: np.trunc(made)),
    # one number fitted
    Cause(id="S26", says="a penalty hides in the gradient: {c} * w is added, which the loss does not have",
          mend="Remove it, or give the loss its share.", where=GRADIENTS, direction=lambda p: p.reads[-1]),
    Cause(id="S26", says="a penalty hides in the gradient: {c} * sign(w) is added, which the loss does not have",
          mend="Remove it, or give the loss its share.", where=GRADIENTS, direction=lambda p: np.sign(p.reads[-1])),
    Cause(id="L32", says="it is off by a constant factor, {f}", mend="Look for a constant where none belongs.",
          where=("forward/*", "backward/*", "gradient/*", "state", "loss/samples/*"),
          direction=lambda p: p.usual()),
    Cause(id="A15", says="a constant, {c}, is added to every element", mend="Remove the constant.",
          where=("forward/*", "backward/*", "gradient/*", "state", "parameter/*", "loss/samples/*"),
          direction=lambda p: np.ones_like(p.usual())),
)  # fmt: skip
