import torch
from torch import nn

from mien.models.layers.residual import BasicBlock
from mien.models.layers.residual_trunk import (
    BlockPlace,
    ResidualTrunk,
    initialize_residual,
    narrow_stem,
    silence_residual_blocks,
    wide_stem,
)


def make_block(place: BlockPlace) -> nn.Module:
    return BasicBlock(place.in_channels, place.width, stride=place.stride)


def test_stems_shrink_by_four_and_not_at_all() -> None:
    images = torch.rand(2, 1, 32, 32)
    assert wide_stem(1, 8)(images).shape == (2, 8, 8, 8)
    assert narrow_stem(1, 8)(images).shape == (2, 8, 32, 32)


def test_each_place_is_told_where_it_stands() -> None:
    places: list[BlockPlace] = []

    def note_place(place: BlockPlace) -> nn.Module:
        places.append(place)
        return make_block(place)

    ResidualTrunk(narrow_stem(1, 4), 4, depths=(2, 1), make_block=note_place)
    assert places == [
        BlockPlace(stage=0, index=0, in_channels=4, width=4, stride=1, is_last=False),
        BlockPlace(stage=0, index=1, in_channels=4, width=4, stride=1, is_last=False),
        BlockPlace(stage=1, index=0, in_channels=4, width=8, stride=2, is_last=True),
    ]
    assert [place.is_first for place in places] == [True, False, False]


def test_what_follows_a_stage_is_applied_there() -> None:
    trunk = ResidualTrunk(
        narrow_stem(1, 4), 4, depths=(1, 1), make_block=make_block, after_stages={1: nn.Threshold(1e9, -1.0)}
    )
    assert trunk.out_channels == 8
    assert torch.equal(trunk(torch.rand(2, 1, 8, 8)), torch.full((2, 8, 4, 4), -1.0))


def test_convolutions_are_drawn_by_their_outputs() -> None:
    network = nn.Sequential(nn.Conv2d(64, 256, 3), nn.BatchNorm2d(256))
    initialize_residual(network)
    assert abs(network[0].weight.std().item() / (2 / (256 * 9)) ** 0.5 - 1) < 0.02


def test_silenced_blocks_start_as_their_shortcut() -> None:
    block, features = BasicBlock(4, 4), torch.rand(2, 4, 6, 6)
    silence_residual_blocks(nn.Sequential(block))
    assert torch.equal(block(features), features)
