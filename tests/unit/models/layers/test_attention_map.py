import pytest
import torch
from torch import Tensor, nn

from mien.models.layers.attention_map import AttentionBlock, collect_attention_maps


class Weigh(AttentionBlock):
    """Keeps what it is given, or fails."""

    def forward(self, images: Tensor) -> Tensor:
        if images.min() < 0:
            raise RuntimeError("negative")
        self.keep(images.mean(dim=(2, 3)))
        return images


def test_maps_come_by_name_and_nothing_is_kept_unless_asked_for() -> None:
    network = nn.Sequential(nn.Identity(), Weigh())
    images = torch.rand(2, 3, 4, 4)
    network(images)
    assert network[1].kept is None
    maps = collect_attention_maps(network, images)
    assert list(maps) == ["1"]
    torch.testing.assert_close(maps["1"], images.mean(dim=(2, 3)))
    assert (network[1].kept, network[1].is_keeping) == (None, False)


def test_a_pass_that_fails_leaves_no_block_keeping() -> None:
    network = nn.Sequential(Weigh())
    with pytest.raises(RuntimeError, match="negative"):
        collect_attention_maps(network, -torch.ones(1, 1, 2, 2))
    assert (network[0].kept, network[0].is_keeping) == (None, False)
