"""Where the lecture's training rules part ways with stock torch: momentum under decay, and the clips' gradients."""

import numpy as np
import torch

import reference
import scratch

RATES = [0.25, 0.125, 0.5, 0.0625]  # powers of two: with dyadic gradients nothing below rounds, so all is exact
GRADIENTS = [np.array(row) for row in ([3.0, -5.0, 0.5], [-1.0, 2.0, 0.0], [0.75, 1.0, -4.0], [2.0, -0.5, 1.0])]


def moved(rule: type[torch.optim.Optimizer], rates: list[float]) -> list[list[float]]:
    """Where a torch optimizer with momentum 1/2 takes three numbers, update by update."""
    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.25], dtype=torch.float64))
    optimizer = rule([parameter], lr=rates[0], momentum=0.5)
    path = []
    for rate, gradient in zip(rates, GRADIENTS, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        path.append(parameter.tolist())
    return path


def lecture(rates: list[float]) -> list[list[float]]:
    """The lecture's rule, by hand: v <- m v - rate g, then w <- w + v."""
    w, v, path = np.array([1.0, -2.0, 0.25]), np.zeros(3), []
    for rate, gradient in zip(rates, GRADIENTS, strict=True):
        v = 0.5 * v - rate * gradient
        w = w + v
        path.append(w.tolist())
    return path


def test_rate_inside_velocity_is_the_lectures_rule() -> None:
    """RateInsideVelocity goes where the lecture's rule goes, to the last bit, at a constant rate and a changing one."""
    for rates in ([0.25] * 4, RATES):
        assert moved(reference.optimizers.RateInsideVelocity, rates) == lecture(rates)


def test_stock_momentum_is_another_rule_under_decay() -> None:
    """torch.optim.SGD agrees with the lecture at a constant rate, and after two updates no more when it changes."""
    assert moved(torch.optim.SGD, [0.25] * 4) == lecture([0.25] * 4)
    stock, ours = moved(torch.optim.SGD, RATES), lecture(RATES)
    assert [a == b for a, b in zip(stock, ours, strict=True)] == [True, False, False, False]


def test_scratch_moves_by_the_lectures_rule() -> None:
    """scratch.SGD's own parameters follow v <- m v - rate g, w <- w + v computed with its rates, bit for bit."""
    network = scratch.Network({"dense1": scratch.Dense(3, 1, rng=np.random.default_rng(0))})
    layer, rule = network.layers["dense1"], scratch.SGD(0.2, decay=0.5, momentum=0.8)
    w, v = layer.weights.copy(), np.zeros((3, 1))
    for k, gradient in enumerate(GRADIENTS):
        layer.dweights, layer.dbiases = gradient.reshape(3, 1), np.ones((1, 1))
        rule.update(network)
        v = 0.8 * v - 0.2 * (1 / (1 + 0.5 * k)) * layer.dweights
        w = w + v
        assert np.array_equal(layer.weights, w)


def test_a_clamp_under_autograd_loses_the_clipped_samples() -> None:
    """A plain clamp gives a sample with p < 1e-7 no gradient; the lecture, and the reference, give it (p - 1)/N."""
    logits, labels = [[40.0, 0.0], [0.5, 0.25]], torch.tensor([1, 0])
    plain = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    p = torch.softmax(plain, dim=1).clamp(1e-7, 1 - 1e-7)
    torch.nn.functional.nll_loss(p.log(), labels).backward()
    ours = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    reference.SoftmaxCrossEntropy()(ours, labels).backward()
    rule = scratch.SoftmaxCrossEntropy()
    rule.forward(np.array(logits), labels.numpy())
    assert plain.grad.tolist()[0] == [0.0, 0.0]
    assert plain.grad[1].all()
    assert ours.grad.tolist()[0] == [0.5, -0.5] == rule.backward()[0].tolist()


def test_a_clamped_sigmoid_under_autograd_is_another_rule() -> None:
    """Beyond the clip a plain clamp has slope 0; the lecture's slope, on both sides, is s (1 - s) at the clipped s."""
    plain = torch.tensor([[20.0, -20.0]], dtype=torch.float64, requires_grad=True)
    torch.sigmoid(plain).clamp(1e-7, 1 - 1e-7).sum().backward()
    ours = plain.detach().clone().requires_grad_()
    reference.Sigmoid()(ours).sum().backward()
    layer = scratch.Sigmoid()
    s = layer.forward(np.array([[20.0, -20.0]]))
    assert plain.grad.tolist() == [[0.0, 0.0]]
    assert ours.grad.tolist() == (s * (1 - s)).tolist() == layer.backward(np.ones((1, 2))).tolist()
    assert ours.grad.all()
