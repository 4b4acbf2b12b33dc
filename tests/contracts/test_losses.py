"""The contract of every loss: its figure is torch's or worked out by hand, its gradients are finite, it can be learnt.

What is a loss' own stands in ``tests/unit/training/test_losses.py``.
"""

import inspect
from collections.abc import Callable
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn

from mien.models.outputs import OUTPUT_ACTIVATIONS, to_logits
from mien.training.losses import LOSSES, Loss, build_loss
from mien.training.optimization_settings import LossSettings

OUTPUTS = torch.tensor([[2.0, 0.5, -1.0], [0.25, 1.0, 0.5]])
TARGETS = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.0, 0.75]])
SOFTMAX = OUTPUTS.softmax(dim=1)

EXPECTED: dict[str, Tensor] = {
    "cross_entropy": F.cross_entropy(OUTPUTS, TARGETS),
    "mean_squared_error": F.mse_loss(SOFTMAX, TARGETS),
    "binary_cross_entropy": F.binary_cross_entropy(OUTPUTS.sigmoid(), TARGETS),
    # Row 1: 0 + 1.5 ** 2 + 0. Row 2: 0.25 * 0.75 ** 2 + 0.75 * 1.25 ** 2, 2 ** 2, 0.75 * 0.5 ** 2 + 0.25 * 1.5 ** 2.
    "hinge": torch.tensor((2.25 + (0.140625 + 1.171875) + 4.0 + (0.1875 + 0.5625)) / 2),
    "focal": -(TARGETS * (1 - SOFTMAX) ** 2 * SOFTMAX.log()).sum() / 2,
}
"""What each loss gives with its defaults and no last layer."""

CASES = list(product(LOSSES, OUTPUT_ACTIVATIONS))


def learn(loss: Callable[[nn.Linear], Loss], *, steps: int = 300) -> tuple[float, float, float]:
    """Return the first loss, the last one, and the accuracy, of a linear layer on 60 points around three corners."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    points = torch.eye(3)[labels] * 2 + 0.2 * torch.randn(60, 3, generator=generator)
    layer = nn.Linear(3, 3)
    with torch.no_grad():
        layer.weight.copy_(0.1 * torch.randn(3, 3, generator=generator))
        layer.bias.fill_(1.0)  # a ReLU that is zero for all rows learns nothing any more
    criterion = loss(layer)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
    figures = []
    for _ in range(steps):
        figure = criterion(layer(points), F.one_hot(labels, 3).float())
        optimizer.zero_grad()
        figure.backward()
        optimizer.step()
        figures.append(float(figure.detach()))
    accuracy = float((layer(points).argmax(dim=1) == labels).float().mean())
    return figures[0], figures[-1], accuracy


def test_every_loss_is_covered(say_covered: Callable[[str], None]) -> None:
    say_covered(f"loss contracts cover {len(EXPECTED)} of {len(LOSSES)} losses: {', '.join(EXPECTED)}")
    assert set(EXPECTED) == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_gives_the_figure_of_torch_or_by_hand(name: str) -> None:
    torch.testing.assert_close(build_loss(name)(OUTPUTS, TARGETS), EXPECTED[name])


@pytest.mark.parametrize("name", LOSSES)
def test_a_recipe_may_set_what_is_its_own_and_nothing_of_all_losses(name: str) -> None:
    given = inspect.signature(LOSSES[name]).parameters
    own = [option for option in given if option not in (*inspect.signature(Loss).parameters, "others")]
    settings = LossSettings(name=name, **{option: given[option].default for option in own})
    assert torch.equal(build_loss(name, **settings.options)(OUTPUTS, TARGETS), build_loss(name)(OUTPUTS, TARGETS))
    for option in inspect.signature(Loss).parameters:
        with pytest.raises(ValidationError, match=f"{option}\n.*unknown key"):
            LossSettings(name=name, **{option: None})


@pytest.mark.parametrize(("name", "activation"), CASES)
def test_a_tiny_set_is_learnt(name: str, activation: str) -> None:
    first, last, accuracy = learn(lambda layer: build_loss(name, output_activation=activation, last_layer=layer))
    assert last < 0.5 * first
    assert accuracy == 1.0


@pytest.mark.parametrize(("name", "activation"), CASES)
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_gradients_are_finite_for_small_and_large_outputs(name: str, activation: str, scale: float) -> None:
    outputs = (torch.randn(16, 7, generator=torch.Generator().manual_seed(0)) * scale).requires_grad_()
    targets = torch.rand(16, 7, generator=torch.Generator().manual_seed(1)).mul(5).softmax(dim=1)
    weights = torch.arange(7.0)
    for options in ({}, {"class_weights": weights, "label_smoothing": 0.1, "has_alternatives": True}):
        loss = build_loss(name, output_activation=activation, **options)(outputs, targets)
        (gradient,) = torch.autograd.grad(loss, outputs)
        assert loss.shape == ()
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0


@pytest.mark.parametrize(("name", "activation"), CASES)
def test_mixed_precision_rounds_nothing(name: str, activation: str) -> None:
    loss = build_loss(name, output_activation=activation, class_weights=torch.tensor([0.7, 1.1, 1.3]))
    with torch.autocast("cpu", torch.bfloat16):
        mixed = loss(OUTPUTS, TARGETS)
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, loss(OUTPUTS, TARGETS))


@pytest.mark.parametrize(("name", "activation"), CASES)
def test_a_better_answer_costs_less(name: str, activation: str) -> None:
    """From outputs that say nothing to outputs that say the right class, the loss falls with each step."""
    targets = torch.eye(4)
    loss = build_loss(name, output_activation=activation)
    # Signs of sigmoid and hinge: what is wrong goes down as what is right goes up.
    losses = [float(loss((2 * targets - 1) * size, targets)) for size in (0.1, 0.4, 0.7, 1.0)]
    assert losses == sorted(losses, reverse=True)
    right = to_logits(2 * targets - 1, activation).argmax(dim=1)
    assert torch.equal(right, torch.arange(4))
