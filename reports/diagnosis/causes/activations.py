"""Causes in activations, forward and backward.

Axes: N samples, H neurons, C classes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reports.diagnosis.place import Array, Cause, Place

CLIP = 1e-7


def logistic(z: Array) -> Array:
    """The sigmoid without a clip."""
    return 1 / (1 + np.exp(-z))


def shares(z: Array, axis: int | None = 1, shift: Any = 0) -> Array:
    """Exponentials over their sum along an axis (over everything for None)."""
    e = np.exp(z - shift)
    return e / e.sum(axis=axis, keepdims=True)


def softmax(z: Array) -> Array:
    """The right softmax."""
    return shares(z, 1, z.max(axis=1, keepdims=True))


def jacobian_product(p: Array, g: Array) -> Array:
    """The softmax Jacobian times g, row by row."""
    return p * (g - (p * g).sum(axis=1, keepdims=True))


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "ReLU": lambda z: np.maximum(z, 0),
    "Sigmoid": lambda z: np.clip(logistic(z), CLIP, 1 - CLIP),
    "Tanh": np.tanh,
    "Softmax": softmax,
}
SLOPES: dict[str, Callable[[Array, Array], Array]] = {  # from net input z and output a
    "ReLU": lambda z, a: np.where(a > 0, 1.0, 0.0),
    "Sigmoid": lambda z, a: a * (1 - a),
    "Tanh": lambda z, a: 1 - a * a,
}


def _forward(kind: str, id: str, says: str, mend: str, formula: Callable[[Array], Any]) -> Cause:
    return Cause(id=id, says=says, mend=mend, where=(f"forward/{kind}",), formula=lambda p: formula(p.reads[0]))


def _z_and_a(p: Place) -> tuple[Array, Array]:
    """An activation's net input and output."""
    if p.layer is None:
        raise KeyError(p.row)
    return p.source(p.layer), p[f"forward/{p.layer.name}"]


def _backward(kind: str, id: str, says: str, mend: str, formula: Callable[[Array, Array, Array], Any]) -> Cause:
    """A cause in an activation's way back, from the gradient g above, net input z and output a."""
    return Cause(
        id=id, says=says, mend=mend, where=(f"backward/{kind}",), formula=lambda p: formula(p.reads[0], *_z_and_a(p))
    )


def _masked_by(p: Place, number: int) -> Array:
    """ReLU's mask taken from another array of the same shape: what the layers before or behind it took and gave."""
    _, a = _z_and_a(p)
    position = p.case.layers.index(p.layer) if p.layer else 0
    others = [p["inputs"]] if position else []
    others += [p[f"forward/{layer.name}"] for k, layer in enumerate(p.case.layers) if k not in (position, position - 1)]
    fitting = [other for other in others if other.shape == a.shape]
    return np.asarray(p.reads[0] * (fitting[number] > 0))


SMOOTH = ("Sigmoid", "Tanh")
DERIVATIVES = {"ReLU": "the mask inputs > 0", "Sigmoid": "output * (1 - output)", "Tanh": "1 - output**2"}

CAUSES: tuple[Cause, ...] = (
    # forward
    *(_forward(kind, "A12", f"it computes {other}, not {kind}", f"Compute {kind}.", FUNCTIONS[other])
      for kind in FUNCTIONS for other in FUNCTIONS if kind != other),
    *(_forward(kind, "A1", "the activation is not applied", f"Return {kind} of the inputs.", lambda z: z)
      for kind in ("ReLU", *SMOOTH)),
    *(_forward(kind, "A8", "the activation is applied twice", "Apply it once.", lambda z, f=FUNCTIONS[kind]: f(f(z)))
      for kind in SMOOTH),
    _forward("ReLU", "A3", "it lets negative values pass, not positive ones", "Compute np.maximum(0, inputs).",
             lambda z: np.minimum(z, 0)),
    _forward("ReLU", "A3", "it lets negative values pass, with their sign turned", "Compute np.maximum(0, inputs).",
             lambda z: np.maximum(-z, 0)),
    _forward("ReLU", "X1", "it takes the absolute value", "Compute np.maximum(0, inputs).", np.abs),
    *(_forward("ReLU", "A18", f"negative values leak through with slope {slope}", "Compute np.maximum(0, inputs).",
               lambda z, slope=slope: np.where(z > 0, z, slope * z)) for slope in (0.01, 0.1, 0.2)),
    _forward("ReLU", "X2", "it is cut off at 1 as well", "Compute np.maximum(0, inputs).", lambda z: np.clip(z, 0, 1)),
    _forward("ReLU", "X2", "it is cut off at 6 as well", "Compute np.maximum(0, inputs).", lambda z: np.clip(z, 0, 6)),
    _forward("Sigmoid", "A13", "the output is not clipped to [1e-7, 1 - 1e-7]: it differs beyond |z| = 16.118",
             "Clip it: np.clip(output, 1e-7, 1 - 1e-7).", logistic),
    *(_forward("Sigmoid", "A13", f"the output is clipped to [{clip:g}, 1 - {clip:g}], not [1e-7, 1 - 1e-7]",
               "Clip it: np.clip(output, 1e-7, 1 - 1e-7).", lambda z, clip=clip: np.clip(logistic(z), clip, 1 - clip))
      for clip in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3)),
    *(_forward(kind, "A15", f"a constant, {eps:g}, is added to the inputs", "Remove it.",
               lambda z, f=FUNCTIONS[kind], eps=eps: f(z + eps))
      for kind in FUNCTIONS for eps in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)),
    _forward("Sigmoid", "A22", "the sign in the exponent is wrong: it is 1 - sigmoid", "Compute 1 / (1 + exp(-z)).",
             lambda z: FUNCTIONS["Sigmoid"](-z)),
    _forward("Tanh", "A11", "it is tanh(z / 2): exp(z) stands where exp(2 z) belongs", "Use np.tanh.",
             lambda z: np.tanh(z / 2)),
    _forward("Tanh", "A11", "it is tanh(2 z)", "Use np.tanh.", lambda z: np.tanh(2 * z)),
    _forward("Tanh", "A22", "the sign is wrong", "Use np.tanh.", lambda z: -np.tanh(z)),
    _forward("Softmax", "S1", "the row's maximum is not subtracted: exp overflows for large logits",
             "Subtract inputs.max(axis=1, keepdims=True) first.", shares),
    *(_forward("Softmax", "T9", "NaN is replaced by 0: the row's maximum is not subtracted, and that is hidden",
               "Subtract inputs.max(axis=1, keepdims=True) first.",
               lambda z, shift=shift: np.nan_to_num(shares(z, 1, shift(z)), nan=0.0))
      for shift in (lambda z: 0, np.max)),
    _forward("Softmax", "S2", "the maximum of the whole batch is subtracted, not each row's",
             "Use inputs.max(axis=1, keepdims=True).", lambda z: shares(z, 1, z.max())),
    _forward("Softmax", "S2", "the maximum of each column is subtracted, not each row's",
             "Use inputs.max(axis=1, keepdims=True).", lambda z: shares(z, 1, z.max(axis=0, keepdims=True))),
    _forward("Softmax", "S1", "the row's minimum is subtracted, not its maximum",
             "Use inputs.max(axis=1, keepdims=True).", lambda z: shares(z, 1, z.min(axis=1, keepdims=True))),
    *(_forward("Softmax", "S3", "the sum runs over the whole batch: rows do not add up to 1",
               "Sum over axis=1, keepdims=True.", lambda z, shift=shift: shares(z, None, shift(z)))
      for shift in (lambda z: z.max(axis=1, keepdims=True), np.max, lambda z: 0)),
    *(_forward("Softmax", "S4", "softmax runs over the batch: columns add up to 1, not rows",
               "Use axis=1.", lambda z, shift=shift: shares(z, 0, shift(z)))
      for shift in (lambda z: z.max(axis=0, keepdims=True), lambda z: z.max(axis=1, keepdims=True), np.max)),
    _forward("Softmax", "S7", "softmax is applied twice", "Apply it once.", lambda z: softmax(softmax(z))),
    _forward("Softmax", "X4", "the sign of the inputs is turned round", "Compute exp(inputs), not exp(-inputs).",
             lambda z: softmax(-z)),
    _forward("Softmax", "X4", "each value stands for its own share: 2 to the power, not e", "Use np.exp.",
             lambda z: softmax(z * np.log(2))),
    *(_forward("Softmax", "S9", f"{eps:g} is added to the sum", "Remove it: the sum is at least 1.",
               lambda z, eps=eps: np.exp(z - z.max(axis=1, keepdims=True))
               / (np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True) + eps))
      for eps in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7)),
    # backward: common to all
    *(_backward(kind, "A10" if kind in SMOOTH else "A1", f"the derivative, {DERIVATIVES[kind]}, is missing",
                f"Multiply dvalues by {DERIVATIVES[kind]}.", lambda g, z, a: g) for kind in SLOPES),
    *(_backward(kind, "A6", "the derivative alone is returned: the gradient from above is not multiplied in",
                "Multiply by dvalues.", lambda g, z, a, slope=SLOPES[kind]: slope(z, a)) for kind in SLOPES),
    *(_backward(kind, "A12", f"it uses the derivative of {other}", f"Use that of {kind}: {DERIVATIVES[kind]}.",
                lambda g, z, a, slope=SLOPES[other]: g * slope(z, a))
      for kind in SMOOTH for other in SLOPES if kind != other),
    *(_backward(kind, "A8", "the derivative is taken at the output as if that were the net input: the activation is "
                "applied twice", f"On the stored output it is {DERIVATIVES[kind]}.",
                lambda g, z, a, f=FUNCTIONS[kind], slope=SLOPES[kind]: g * slope(a, f(a))) for kind in SMOOTH),
    *(_backward(kind, "A9", "the formula for the output is applied to the net input",
                f"Use {DERIVATIVES[kind]}.", lambda g, z, a, slope=SLOPES[kind]: g * slope(z, z)) for kind in SMOOTH),
    *(_backward(kind, "A11", "the derivative is the output itself", f"Use {DERIVATIVES[kind]}.",
                lambda g, z, a: g * a) for kind in SMOOTH),
    *(_backward(kind, ("A20" if kind == "Tanh" else "X16"), "the derivative is 1 - output", f"Use {DERIVATIVES[kind]}.",
                lambda g, z, a: g * (1 - a)) for kind in SMOOTH),
    *(_backward(kind, "A21" if kind == "Sigmoid" else "X17", "a sign in the derivative is wrong",
                f"Use {DERIVATIVES[kind]}.", formula)
      for kind, formula in (("Tanh", lambda g, z, a: g * (1 + a * a)), ("Sigmoid", lambda g, z, a: g * a * (1 + a)),
                            ("Sigmoid", lambda g, z, a: g * a * (a - 1)))),
    *(_backward(kind, "X17", "the derivative is squared", f"Use {DERIVATIVES[kind]}.",
                lambda g, z, a, slope=SLOPES[kind]: g * slope(z, a) ** 2) for kind in SMOOTH),
    _backward("Sigmoid", "A13", "the derivative is that of the unclipped sigmoid",
              "Use the clipped output: output * (1 - output).",
              lambda g, z, a: g * logistic(z) * logistic(-z)),
    *(_backward("Sigmoid", "A19", "the derivative is 0 where the output is clipped, as autograd of clip has it",
                "Use the clipped output: output * (1 - output).",
                lambda g, z, a, clip=clip: np.where((a <= clip) | (a >= 1 - clip), 0, g * a * (1 - a)))
      for clip in (CLIP * (1 + 1e-8), 2 * CLIP)),
    # ReLU
    _backward("ReLU", "A2", "the mask is taken from the gradient, not from the inputs",
              "Mask where inputs > 0.", lambda g, z, a: np.maximum(g, 0)),
    _backward("ReLU", "A3", "the mask is turned round", "Keep dvalues where inputs > 0.",
              lambda g, z, a: g * (z <= 0)),
    _backward("ReLU", "A3", "the mask is turned round", "Keep dvalues where inputs > 0.",
              lambda g, z, a: g * (z < 0)),
    _backward("ReLU", "A5", "the derivative at exactly 0 is 1, torch has 0", "Mask with inputs > 0, not >= 0.",
              lambda g, z, a: g * (z >= 0)),
    _backward("ReLU", "A5", "the derivative at exactly 0 is 1/2, torch has 0", "Mask with inputs > 0.",
              lambda g, z, a: g * np.where(z == 0, 0.5, z > 0)),
    *(Cause(id="A4", says="the mask is taken from another layer's array", mend="Keep the inputs of this layer.",
            where=("backward/ReLU",), formula=lambda p, number=number: _masked_by(p, number)) for number in range(4)),
    *(Cause(id="A4", says="each sample has the mask of another sample", mend="Keep the inputs of this layer.",
            where=("backward/ReLU",), formula=lambda p, by=by: p.reads[0] * (np.roll(p.reads[1], by, axis=0) > 0))
      for by in (1, -1)),
    Cause(id="A4", says="the mask is that of the step before", mend="Keep the inputs in every forward.",
          where=("backward/ReLU",), formula=lambda p: p.reads[0] * (p.before(p.equation.reads[1]) > 0)),
    Cause(id="A2", says="the mask keeps what is positive in both, inputs and gradient", mend="Mask by inputs alone.",
          where=("backward/ReLU",), formula=lambda p: np.maximum(p.reads[0], 0) * (p.reads[1] > 0)),
    *(_backward("ReLU", "A17", f"the gradient leaks through negative inputs with slope {slope}", "Use 0 there.",
                lambda g, z, a, slope=slope: np.where(z > 0, g, slope * g)) for slope in (0.01, 0.1, 0.2)),
    _backward("ReLU", "A12", "it multiplies by the output, not by the mask", "Use the mask inputs > 0.",
              lambda g, z, a: g * a),
    _backward("ReLU", "A12", "it multiplies by the sign of the inputs", "Use the mask inputs > 0.",
              lambda g, z, a: g * np.sign(z)),
    # Softmax alone
    _backward("Softmax", "S5", "only the diagonal of the Jacobian, p (1 - p), is used",
              "dinputs = p * (dvalues - sum(p * dvalues)).", lambda g, z, a: g * a * (1 - a)),
    _backward("Softmax", "A10", "the derivative is missing: it hands the gradient through",
              "dinputs = p * (dvalues - sum(p * dvalues)).", lambda g, z, a: g),
    _backward("Softmax", "S32", "the off-diagonal of the Jacobian is missing: p * dvalues",
              "dinputs = p * (dvalues - sum(p * dvalues)).", lambda g, z, a: a * g),
    _backward("Softmax", "S32", "the diagonal of the Jacobian lacks p: 1 - p p^T",
              "dinputs = p * (dvalues - sum(p * dvalues)).",
              lambda g, z, a: g - a * (a * g).sum(axis=1, keepdims=True)),
    _backward("Softmax", "S32", "the diagonal of the Jacobian is missing: -p p^T",
              "dinputs = p * (dvalues - sum(p * dvalues)).",
              lambda g, z, a: -a * (a * g).sum(axis=1, keepdims=True)),
    _backward("Softmax", "S32", "the sum in the Jacobian runs over the batch",
              "Sum over axis=1.", lambda g, z, a: a * (g - (a * g).sum(axis=0, keepdims=True))),
    _backward("Softmax", "S32", "the sum in the Jacobian runs over everything",
              "Sum over axis=1.", lambda g, z, a: a * (g - (a * g).sum())),
    _backward("Softmax", "S32", "the off-diagonal of the Jacobian has the wrong sign",
              "dinputs = p * (dvalues - sum(p * dvalues)).",
              lambda g, z, a: a * (g + (a * g).sum(axis=1, keepdims=True))),
    _backward("Softmax", "S32", "the sum in the Jacobian is not weighted by p",
              "dinputs = p * (dvalues - sum(p * dvalues)).",
              lambda g, z, a: a * (g - g.sum(axis=1, keepdims=True))),
    *(Cause(id=id, says="it leaks through negative inputs with slope {c}", mend="Use 0 there.",
            where=(f"{stage}/ReLU",), direction=lambda p, k=k: p.reads[0] * (p.reads[k] <= 0))
      for id, stage, k in (("A18", "forward", 0), ("A17", "backward", 1))),
)  # fmt: skip
