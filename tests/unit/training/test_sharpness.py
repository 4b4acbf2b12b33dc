from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from mien.models.layers.amend import AmendRepresentation
from mien.training.sharpness import sharpen


def closure_of(network: nn.Module, loss_of: Callable[[], Tensor]) -> Callable[[], Tensor]:
    def closure() -> Tensor:
        network.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss.detach()

    return closure


@pytest.fixture
def two_weights() -> nn.Linear:
    """A layer with the weights 3 and 4."""
    layer = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 4.0]]))
    return layer


@pytest.mark.parametrize(
    ("is_adaptive", "worst"),
    [
        # Gradient of the halved square is the weight itself, of norm 5; the adaptive one counts in (9, 16).
        (False, [3 + 0.5 * 3 / 5, 4 + 0.5 * 4 / 5]),
        (True, [3 + 0.5 * 3 * 9 / (81 + 256) ** 0.5, 4 + 0.5 * 4 * 16 / (81 + 256) ** 0.5]),
    ],
)
def test_the_gradient_is_that_of_the_worst_point_and_the_weights_stay(
    two_weights: nn.Linear, is_adaptive: bool, worst: list[float]
) -> None:
    closure = closure_of(two_weights, lambda: two_weights.weight.square().sum() / 2)
    loss = sharpen(closure, two_weights, rho=0.5, is_adaptive=is_adaptive)()
    assert float(loss) == 12.5
    torch.testing.assert_close(two_weights.weight.grad, torch.tensor([worst]))
    assert two_weights.weight.tolist() == [[3.0, 4.0]]


def test_any_optimizer_steps_with_it(two_weights: nn.Linear) -> None:
    closure = closure_of(two_weights, lambda: two_weights.weight.square().sum() / 2)
    SGD(two_weights.parameters(), lr=1.0).step(sharpen(closure, two_weights, rho=0.5))
    torch.testing.assert_close(two_weights.weight.detach(), torch.tensor([[-0.3, -0.4]]))


def test_without_a_gradient_nothing_moves(two_weights: nn.Linear) -> None:
    closure = closure_of(two_weights, lambda: two_weights.weight.sum() * 0)
    sharpen(closure, two_weights, rho=0.5)()
    assert two_weights.weight.grad is not None
    assert two_weights.weight.grad.tolist() == [[0.0, 0.0]]


def test_weights_come_back_after_a_fault(two_weights: nn.Linear) -> None:
    closure = closure_of(two_weights, lambda: two_weights.weight.square().sum())

    def fail() -> None:
        raise RuntimeError("no second pass")

    with pytest.raises(RuntimeError, match="no second pass"):
        sharpen(closure, two_weights, rho=0.5, again=fail)()
    assert two_weights.weight.tolist() == [[3.0, 4.0]]


def test_both_passes_draw_the_same_numbers_and_the_next_step_others(two_weights: nn.Linear) -> None:
    generator = torch.Generator().manual_seed(0)
    drawn: list[tuple[float, float]] = []

    def loss_of() -> Tensor:
        drawn.append((float(torch.rand(())), float(torch.rand((), generator=generator))))
        return two_weights.weight.sum()

    sharp = sharpen(closure_of(two_weights, loss_of), two_weights, rho=0.5, generators=[generator])
    sharp()
    sharp()
    assert drawn[0] == drawn[1]
    assert drawn[2] == drawn[3]
    assert drawn[0][0] != drawn[2][0]
    assert drawn[0][1] != drawn[2][1]


AMEND = {"map_side": 4, "upscale": 2, "kernel": 4, "stride": 2}


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(4), nn.BatchNorm2d(4, momentum=None), AmendRepresentation(4, **AMEND)])
def test_statistics_are_those_of_the_first_pass(norm: nn.Module) -> None:
    images = torch.rand(4, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    network = nn.Sequential(nn.Conv2d(1, 4, 1), norm)
    closure = closure_of(network, lambda: network(images).pow(3).sum())
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    closure()
    after_one = {name: buffer.clone() for name, buffer in network.named_buffers()}
    for name, buffer in network.named_buffers():
        buffer.copy_(before[name])
    sharpen(closure, network, rho=0.5)()
    assert any(not torch.equal(before[name], after_one[name]) for name in before)
    assert all(torch.equal(buffer, after_one[name]) for name, buffer in network.named_buffers())
