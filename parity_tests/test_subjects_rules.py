"""The rules by which a stranger's optimizer is replayed, and the activations: as torch itself computes them."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from reports.subjects import formulas, optimizers

SINGLE = ("Nadam", "HardSigmoid")  # torch itself keeps a number of these in float32: the momentum's product, 1/6
OPTIONS = {"momentum": 0.8, "beta1": 0.85, "beta2": 0.97, "rho": 0.9, "epsilon": 1e-6, "weight_decay": 0.05}
BETAS: dict[str, Any] = {"betas": (0.85, 0.97), "eps": 1e-6}
RULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "SGD": (torch.optim.SGD, {}),
    "Momentum": (torch.optim.SGD, {"momentum": 0.8}),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    "Adam": (torch.optim.Adam, BETAS),
    "AdamW": (torch.optim.AdamW, BETAS | {"weight_decay": 0.05}),
    "Adamax": (torch.optim.Adamax, BETAS),
    "Nadam": (torch.optim.NAdam, BETAS),
    "RMSprop": (torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-6}),
    "AdaGrad": (torch.optim.Adagrad, {"eps": 1e-6}),
    "Adadelta": (torch.optim.Adadelta, {"rho": 0.9, "eps": 1e-6}),
}


@pytest.mark.parametrize("kind", list(optimizers.RULES))
def test_the_right_rule_is_torchs(kind: str) -> None:
    """Five updates of the first rule of each kind end where torch.optim ends, to within the rounding of five steps."""
    make, settings = RULES[kind]
    rng = np.random.default_rng(3)
    ours = rng.standard_normal((4, 3))
    theirs = torch.tensor(ours, requires_grad=True)
    rule = make([theirs], lr=0.1, **settings)
    state: dict[str, Any] = {}
    for k in range(5):
        g = rng.standard_normal((4, 3))
        theirs.grad = torch.tensor(g)
        rule.step()
        state["before"] = ours
        ours = ours + optimizers.RULES[kind][0][2](state, g, 0.1, k, OPTIONS)
    eps = np.finfo(np.float32 if kind in SINGLE else np.float64).eps
    assert np.abs(ours - theirs.detach().numpy()).max() <= 5 * 64 * eps


TORCH = {"Identity": lambda z: z, "ReLU": F.relu, "LeakyReLU": F.leaky_relu, "Sigmoid": torch.sigmoid,
         "Tanh": torch.tanh, "ELU": F.elu, "SELU": F.selu, "Softplus": F.softplus, "Swish": F.silu, "GELU": F.gelu,
         "Mish": F.mish, "Softsign": F.softsign, "HardTanh": F.hardtanh, "HardSigmoid": F.hardsigmoid,
         "HardSwish": F.hardswish}  # fmt: skip


@pytest.mark.parametrize("kind", list(TORCH))
def test_an_activation_and_its_derivative_are_torchs(kind: str) -> None:
    """At ordinary values and far out both agree to within what is allowed to a stranger."""
    z = np.random.default_rng(5).standard_normal((6, 5)) * np.array([1, 1, 2, 5, 12])
    x = torch.tensor(z, requires_grad=True)
    out = TORCH[kind](x)
    out.sum().backward()
    assert x.grad is not None
    allowed = 64 * np.finfo(np.float32 if kind in SINGLE else np.float64).eps * np.maximum(np.abs(z), 1)
    slope = formulas.ALPHA.get(kind, 0.0)
    assert (np.abs(formulas.FORWARD[kind](z, slope) - out.detach().numpy()) <= allowed).all()
    assert (np.abs(formulas.backward(kind, z, np.ones_like(z), slope) - x.grad.numpy()) <= allowed).all()
