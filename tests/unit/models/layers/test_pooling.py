import pytest
import torch
import torch.nn.functional as F

from mien.models.layers.pooling import SameAveragePool2d, SameMaxPool2d, StochasticPool2d, create_pooling

WINDOW = torch.tensor([[1.0, 3.0], [0.0, 4.0]]).reshape(1, 1, 2, 2)


@pytest.mark.parametrize(("name", "expected"), [("max", 4.0), ("average", 2.0), ("stochastic", (1 + 9 + 16) / 8)])
def test_create_pooling_gives_the_value_of_its_kind(name: str, expected: float) -> None:
    assert create_pooling(name).eval()(WINDOW).item() == pytest.approx(expected)


@pytest.mark.parametrize("name", ["max", "average", "stochastic"])
def test_create_pooling_takes_kernel_stride_and_padding(name: str) -> None:
    pooling = create_pooling(name, 3, stride=2, padding=1)
    assert pooling(torch.rand(2, 4, 9, 7)).shape == (2, 4, 5, 4)


def test_create_pooling_refuses_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="pooling is 'mean'; expected one of 'max', 'average', 'stochastic'"):
        create_pooling("mean")


def test_stochastic_pooling_draws_in_proportion_to_the_values() -> None:
    torch.manual_seed(0)
    drawn = StochasticPool2d(2).train()(WINDOW.expand(20_000, 1, 2, 2)).flatten()
    shares = [(drawn == value).float().mean().item() for value in (0.0, 1.0, 3.0, 4.0)]
    assert shares == pytest.approx([0.0, 1 / 8, 3 / 8, 4 / 8], abs=0.015)


@pytest.mark.parametrize("is_training", [True, False])
def test_stochastic_pooling_of_nothing_positive_is_zero(is_training: bool) -> None:
    pooling = StochasticPool2d(2).train(is_training)
    assert torch.equal(pooling(-torch.rand(1, 2, 4, 4)), torch.zeros(1, 2, 2, 2))


def test_stochastic_pooling_sends_the_gradient_to_what_was_drawn() -> None:
    features = WINDOW.clone().requires_grad_()
    StochasticPool2d(2).train()(features).sum().backward()
    assert features.grad is not None
    assert sorted(features.grad.flatten().tolist()) == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(("side", "expected"), [(44, 22), (11, 6), (6, 3), (5, 3), (1, 1)])
def test_same_pooling_rounds_the_side_up(side: int, expected: int) -> None:
    assert SameMaxPool2d(3, 2)(torch.rand(1, 1, side, side)).shape == (1, 1, expected, expected)


def test_same_pooling_of_an_even_side_begins_at_the_corner() -> None:
    features = torch.zeros(1, 1, 4, 4)
    features[0, 0, 2, 2] = 1.0
    assert torch.equal(SameMaxPool2d(3, 2)(features)[0, 0], torch.ones(2, 2))
    features[0, 0, 2, 2], features[0, 0, 3, 3] = 0.0, 1.0
    assert torch.equal(SameMaxPool2d(3, 2)(features)[0, 0], torch.tensor([[0.0, 0.0], [0.0, 1.0]]))


@pytest.mark.parametrize("side", [44, 11, 6, 5, 1])
def test_same_average_pooling_leaves_out_what_is_padded(side: int) -> None:
    features = torch.rand(2, 3, side, side)
    pooled = SameAveragePool2d(3, 2)(features)
    assert pooled.shape[2:] == (-(-side // 2), -(-side // 2))
    # An odd side is padded by one at both ends, which torch's own pooling does too; an even one at the far end alone.
    theirs = F.avg_pool2d(features, 3, 2, side % 2, ceil_mode=True, count_include_pad=False)
    torch.testing.assert_close(pooled, theirs)
