import pytest
import torch

from mien.models import count_parameters
from mien.models.layers.attention_map import collect_attention_maps
from mien.models.layers.bam import Bam


# Channel c r + r + 2 r + r c + c, spatial c r + 3 r + 2 (9 r r + 3 r) + r + 1, with r = c / 16.
@pytest.mark.parametrize(("channels", "parameters"), [(256, 17_361), (512, 68_513), (1024, 272_193)])
def test_parameters(channels: int, parameters: int) -> None:
    with torch.device("meta"):
        assert count_parameters(Bam(channels)) == parameters


def test_values_grow_by_one_to_two() -> None:
    layer, features = Bam(32), torch.rand(3, 32, 9, 9) + 0.1
    ratios = layer(features) / features
    assert ((ratios > 1) & (ratios < 2)).all()


def test_branches_of_zero_weigh_everything_alike() -> None:
    layer, features = Bam(16), torch.rand(2, 16, 5, 5)
    for branch in (layer.channel, layer.spatial):
        torch.nn.init.zeros_(branch[-1].weight)
        torch.nn.init.zeros_(branch[-1].bias)
    torch.testing.assert_close(layer(features), 1.5 * features)


def test_a_place_is_weighed_by_its_surroundings_at_the_dilation() -> None:
    layer, features = Bam(16, reduction=1).eval(), torch.rand(1, 16, 21, 21)
    features.requires_grad_()
    layer.spatial(features)[0, 0, 10, 10].backward()
    assert features.grad is not None
    rows = features.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten().tolist()
    assert rows == [2, 6, 10, 14, 18]


def test_the_map_is_handed_out() -> None:
    maps = collect_attention_maps(Bam(16), torch.rand(2, 16, 5, 6))
    assert {name: tuple(each.shape) for name, each in maps.items()} == {"": (2, 16, 5, 6)}
