"""The part that residual networks share: a stem, then stages of blocks, each followed by what a network adds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from mien.models.layers.residual import ResidualBlock


@dataclass(frozen=True)
class BlockPlace:
    """Where a block stands, and the shape it has to have.

    Args:
        stage: Number of the stage, from 0.
        index: Number of the block in its stage, from 0.
        in_channels: Channels that come in.
        width: Width of the block.
        stride: Stride of the block.
        is_last: Whether it is the last block of the last stage.
    """

    stage: int
    index: int
    in_channels: int
    width: int
    stride: int
    is_last: bool

    @property
    def is_first(self) -> bool:
        """Whether it is the first block of the first stage."""
        return self.stage == 0 and self.index == 0


BlockMaker = Callable[[BlockPlace], nn.Module]


def wide_stem(in_channels: int, width: int) -> nn.Sequential:
    """Return the stem for large pictures: a 7x7 convolution and max pooling, a quarter of the side in all."""
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
    )


def narrow_stem(in_channels: int, width: int) -> nn.Sequential:
    """Return the stem for small pictures: a 3x3 convolution that keeps the side."""
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
    )


class ResidualTrunk(nn.Module):
    """A stem and stages of residual blocks; each stage but the first halves the side and doubles the width.

    Args:
        stem: From pictures to a map of `width` channels.
        width: Width of the first stage.
        depths: Blocks of each stage.
        make_block: Makes the block of a place.
        expansion: Channels that a block gives for each channel of its width.
        after_stages: What follows a stage, by the stage's number.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, out_channels, h, w)``.
    """

    def __init__(
        self,
        stem: nn.Module,
        width: int,
        *,
        depths: Sequence[int],
        make_block: BlockMaker,
        expansion: int = 1,
        after_stages: Mapping[int, nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.stem = stem
        widths = [width * 2**stage for stage in range(len(depths))]
        channels = [width, *(expansion * each for each in widths)]
        self.stages = nn.ModuleList()
        self.after = nn.ModuleList()
        for stage, (incoming, outgoing) in enumerate(pairwise(channels)):
            places = [
                BlockPlace(
                    stage=stage,
                    index=index,
                    in_channels=outgoing if index else incoming,
                    width=widths[stage],
                    stride=1 if index or not stage else 2,
                    is_last=(stage, index) == (len(depths) - 1, depths[stage] - 1),
                )
                for index in range(depths[stage])
            ]
            self.stages.append(nn.Sequential(*map(make_block, places)))
            self.after.append((after_stages or {}).get(stage, nn.Identity()))
        self.out_channels = channels[-1]

    def forward(self, images: Tensor) -> Tensor:
        """Return the last map."""
        features: Tensor = self.stem(images)
        for stage, after in zip(self.stages, self.after, strict=True):
            features = after(stage(features))
        return features


def initialize_residual(network: nn.Module) -> None:
    """Draw convolutions as He et al. do (normal, by their outputs), and set norms to one and zero.

    Args:
        network: Changed in place; linear layers and biases keep what they have.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


def silence_residual_blocks(network: nn.Module) -> None:
    """Set the scale of the last norm of every residual block to zero, so that each starts as its shortcut.

    Args:
        network: Changed in place.
    """
    for module in network.modules():
        if isinstance(module, ResidualBlock) and isinstance(module.last_norm, nn.BatchNorm2d):
            nn.init.zeros_(module.last_norm.weight)
