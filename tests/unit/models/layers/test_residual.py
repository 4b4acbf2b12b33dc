import pytest
import torch
from torch import nn

from mien.models.layers.cbam import Cbam
from mien.models.layers.residual import BasicBlock, Bottleneck


class Times(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.factor * features


@pytest.mark.parametrize("block_class", [BasicBlock, Bottleneck])
def test_attention_acts_on_the_branch_alone(block_class: type[BasicBlock | Bottleneck]) -> None:
    channels, features = 8 * block_class.expansion, torch.randn(2, 8 * block_class.expansion, 6, 6)
    block = block_class(channels, 8, attention=lambda _: Times(0))
    assert torch.equal(block(features), features.relu())


@pytest.mark.parametrize("block_class", [BasicBlock, Bottleneck])
def test_attention_is_made_for_the_channels_of_the_result(block_class: type[BasicBlock | Bottleneck]) -> None:
    block = block_class(8, 16, stride=2, attention=Cbam)
    assert isinstance(block.attention, Cbam)
    assert block(torch.rand(2, 8, 6, 6)).shape == (2, 16 * block_class.expansion, 3, 3)


@pytest.mark.parametrize(
    ("in_channels", "stride", "is_projected"), [(8, 1, False), (8, 2, True), (4, 1, True)], ids=str
)
def test_the_shortcut_is_projected_where_the_shape_changes(in_channels: int, stride: int, is_projected: bool) -> None:
    block = BasicBlock(in_channels, 8, stride=stride)
    assert isinstance(block.shortcut, nn.Identity) is not is_projected


def test_convolutions_norms_and_shortcut_are_made_as_asked() -> None:
    block = BasicBlock(
        4,
        8,
        stride=2,
        convolutions=(lambda i, o, s: nn.Conv2d(i, o, 5, s, padding=2), lambda i, o, s: nn.Conv2d(i, o, 1, s)),
        norms=(nn.InstanceNorm2d, lambda _: nn.Identity()),
        shortcut=lambda i, o, s: nn.Conv2d(i, o, 1, s),
    )
    assert [type(layer) for layer in block.branch] == [nn.Conv2d, nn.InstanceNorm2d, nn.ReLU, nn.Conv2d, nn.Identity]
    assert block(torch.rand(2, 4, 6, 6)).shape == (2, 8, 3, 3)
