# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The minimal setup, on both sides
#
# The first part of the lecture builds a layer and two activations, and sends points forward through them. Each step
# stands here twice: by hand in NumPy (`scratch`) and in PyTorch (`reference`). After each step the two are compared.

# %%
import inspect

import numpy as np
import torch

import reference
import scratch
from reference import transplant
from reports import CASES, compare


def gap(ours, theirs):
    """How far apart two sides are, at worst."""
    return float(np.abs(np.asarray(ours) - np.asarray(theirs.detach())).max())


# %% [markdown]
# ## The data
#
# A spiral of five arms, 300 points each: two features, five classes.

# %%
rng = np.random.default_rng(0)
inputs, labels = scratch.spiral(samples=300, classes=5, rng=rng)
points = torch.tensor(inputs)
print(inputs.shape, labels.shape)

# %% [markdown]
# ## A layer
#
# $net = \sum_i I_i w_i + b$, for all neurons and all points at once. By hand it is one line:

# %%
print(inspect.getsource(scratch.Dense.forward))

# %% [markdown]
# torch keeps its weights standing upright, one row per neuron, and turns them for the product. This is the layer that
# `reference.Dense` inherits:

# %%
print(inspect.getsource(reference.Dense.forward))

# %%
dense1 = scratch.Dense(2, 64, rng=rng)
twin1 = reference.Dense(2, 64)
print("scratch", dense1.weights.shape, dense1.biases.shape)
print("torch  ", tuple(twin1.weight.shape), tuple(twin1.bias.shape))

# %% [markdown]
# Both draw their first weights at random, so they must be given the same ones before anything can be compared.
# `transplant` does that for whole networks; for one layer it is a transpose.

# %%
with torch.no_grad():
    twin1.weight.copy_(transplant.to_torch_layout(dense1.weights))
    twin1.bias.copy_(torch.tensor(dense1.biases[0]))

ours, theirs = dense1.forward(inputs), twin1(points)
print("net input: gap", gap(ours, theirs))

# %% [markdown]
# ## ReLU and sigmoid

# %%
relu, twin_relu = scratch.ReLU(), reference.ReLU()
print("ReLU: gap", gap(relu.forward(ours), twin_relu(theirs)))
sigmoid, twin_sigmoid = scratch.Sigmoid(), reference.Sigmoid()
print("sigmoid: gap", gap(sigmoid.forward(ours), twin_sigmoid(theirs)))

# %% [markdown]
# The lecture keeps the sigmoid inside $[10^{-7}, 1 - 10^{-7}]$. Stock torch does not, which shows beyond
# $|z| = \log(10^7 - 1) = 16.118$:

# %%
z = np.array([[16.0, 16.25, 20.0]])
print("lecture", scratch.Sigmoid().forward(z)[0] - 1)
print("torch  ", torch.sigmoid(torch.tensor(z)).numpy()[0] - 1)

# %% [markdown]
# ## Two heads
#
# One value per point for regression, five for classification. Nothing has been trained: this is only the way forward.

# %%
for neurons, name in ((1, "regression"), (5, "classification")):
    head, twin_head = scratch.Dense(64, neurons, rng=rng), reference.Dense(64, neurons)
    with torch.no_grad():
        twin_head.weight.copy_(transplant.to_torch_layout(head.weights))
        twin_head.bias.copy_(torch.tensor(head.biases[0]))
    answer, twin_answer = head.forward(relu.output), twin_head(twin_relu(theirs))
    print(f"{name}: {answer.shape}, gap {gap(answer, twin_answer)}")

# %% [markdown]
# ## The verdict
#
# Are these gaps rounding? The report's judge derives how far apart rounding may bring two sides, from the formula of
# each quantity. `used` is the share of that which the worst element uses: 1 is the limit.

# %%
rows = compare(CASES["ann1-cla-sigmoid"])
print(rows[["quantity", "status", "max_abs", "allowed", "used"]].head(3).to_string(index=False))
assert set(rows["status"]) <= {"exact", "close"}

# %% [markdown]
# Go on with `ann2`, the way back; `parity diff dense`, `parity diff relu` and `parity diff sigmoid-clip` show the same
# in the terminal, line by line.
