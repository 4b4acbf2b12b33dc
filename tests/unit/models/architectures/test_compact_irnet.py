import pytest
import torch

from mien.models.architectures.compact_irnet import CompactIrNet, InvertedResidual


def test_inverted_residual_has_no_norm_after_the_projection() -> None:
    block = InvertedResidual(8, 16)
    assert isinstance(block.block[-1], torch.nn.Conv2d)
    assert sum(parameter.numel() for parameter in block.parameters()) == 2 * 8 * 16 + 13 * 16


def test_a_projection_of_zero_leaves_the_map_as_it_is() -> None:
    block, features = InvertedResidual(8, 16), torch.rand(2, 8, 5, 5)
    torch.nn.init.zeros_(block.block[-1].weight)
    assert torch.equal(block(features), features)


def test_maps_shrink_as_the_table_says() -> None:
    network, images = CompactIrNet().eval(), torch.rand(1, 1, 40, 40)
    sides = []
    for layer in network.features:
        images = layer(images)
        sides.append((images.shape[1], images.shape[2]))
    assert [sides[index] for index in (0, 3, 4, 7, 9, 10, 13)] == [
        (64, 40), (64, 20), (128, 18), (128, 9), (128, 9), (128, 4), (128, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("side", [40, 45, 51])
def test_sizes_that_end_as_the_same_map_are_taken(side: int) -> None:
    assert CompactIrNet().eval()(torch.rand(2, 1, side, side)).shape == (2, 7)


def test_a_larger_size_is_refused() -> None:
    with pytest.raises(ValueError, match="pictures of 40x40; for others, sides up to 51 work too"):
        CompactIrNet().eval()(torch.rand(2, 1, 52, 52))
