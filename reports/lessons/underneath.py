"""What torch runs below a line: the nodes of its graph by their own names, and what each does on the way back.

The names are read live from `Tensor.grad_fn`; the words and formulas belong to torch's operators (derivatives.yaml).
Notation: g is the gradient that arrives, the result of the forward is r.
"""

from typing import Any

from torch import Tensor

from reports.lessons.lesson import Operator

WORDS: dict[str, tuple[str, str]] = {
    "AddmmBackward0": (
        r"\frac{\partial L}{\partial a} = g W,\ \frac{\partial L}{\partial W^\top} = a^\top g,\ "
        r"\frac{\partial L}{\partial b} = \sum_n g_n",
        "addmm computes b + a W^T in one call of BLAS; the sum over samples undoes the broadcast of the bias",
    ),
    "TBackward0": (r"g^\top", "W stands upright in torch and is laid down for the product; the gradient stands again"),
    "ReluBackward0": (r"g\,[r > 0]", "threshold_backward masks by the output, which is 0 exactly where z <= 0"),
    "TanhBackward0": (r"g\,(1 - r^2)", "the output is kept, not the input"),
    "SigmoidBackward0": (r"g\,r (1 - r)", "the output is kept, not the input"),
    "SoftmaxBackward0": (r"r_i \left(g_i - \sum_j r_j g_j\right)", "the Jacobian is never built"),
    "LogSoftmaxBackward0": (r"g_i - e^{r_i} \sum_j g_j", "z - max - log sum exp(z - max) forward: nothing underflows"),
    "NllLossBackward0": (r"-\frac{g}{N} \text{ in the label's column}", "picks -r at the label and takes the mean"),
    "MseLossBackward0": (r"\frac{2 (y - t)}{N D}\,g", "without N D where reduction is 'sum'"),
    "AbsBackward0": (r"g\,\operatorname{sign}(x)", "sign(0) = 0; l1_loss is written as (y - t).abs().mean()"),
    "SubBackward0": (r"g \text{ and } -g", "to either operand"),
    "DivBackward0": (r"\frac{g}{c}", "a division by a constant"),
    "MeanBackward0": (r"\frac{g}{N} \text{ for each}", "shares the gradient out"),
    "SumBackward0": (r"g \text{ for each}", "hands the gradient to each term"),
    "NegBackward0": (r"-g", "a sign"),
    "LogBackward0": (r"\frac{g}{p}", "no clip: infinite where p has underflowed to 0"),
    "SqueezeBackward1": (r"g", "drops an axis; the gradient gets it back"),
    "GatherBackward0": (r"g \text{ in the gathered place, else } 0", "the label's column"),
    "_ClippedSigmoidBackward": (
        r"g\,s (1 - s) \text{ at the clipped } s",
        "written in reference/activations.py: autograd through clamp would give 0 beyond the clip",
    ),
    "_ValueWithGradientOfBackward": (
        r"g \text{ to the unclipped loss}",
        "written in reference/losses.py: the clip stands in the value alone",
    ),
    "AccumulateGrad": (
        r"\mathrm{grad} \leftarrow \mathrm{grad} + g",
        "a leaf: gradients add up until zero_grad clears them",
    ),
}


def operators(output: Any) -> tuple[Operator, ...]:
    """Returns the nodes of an output's graph from the end to the leaves, each kind once."""
    found: list[str] = []
    waiting = [output.grad_fn] if isinstance(output, Tensor) else []
    while waiting:
        node = waiting.pop(0)
        if node is None:
            continue
        name = type(node).__name__
        if name not in found:
            found.append(name)
        waiting += [source for source, _ in node.next_functions]
    return tuple(Operator(name, *WORDS.get(name, ("", "its formula is not told here"))) for name in found)
