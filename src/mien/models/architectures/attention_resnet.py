"""ResNets of ImageNet with attention where the makers of their blocks put it; three with CBAM in every block."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from torch import nn

from mien.models.layers.cbam import Cbam
from mien.models.layers.choice import check_choice
from mien.models.layers.flattening import GlobalAverage, SquareFlatten
from mien.models.layers.residual import BasicBlock, Bottleneck, identity
from mien.models.layers.residual_trunk import (
    BlockMaker,
    BlockPlace,
    ResidualTrunk,
    initialize_residual,
    narrow_stem,
    wide_stem,
)
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}


def block_class(depth: int) -> type[BasicBlock | Bottleneck]:
    """Return the block that a ResNet of so many layers is made of."""
    return Bottleneck if depth >= 50 else BasicBlock


class AttentionResNet(StackedClassifier):
    """A ResNet of 18, 34 or 50 layers, with attention where the makers put it.

    Source: He et al., Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        depth: 18, 34 or 50.
        make_block: Makes the block of a place; None takes the plain one.
        after_stem: What follows the stem.
        after_stages: What follows a stage, by its number from 0.
        stem: ``wide`` (7x7 with stride 2, max pooling) or ``narrow`` (3x3, the side kept).
        pooling: ``average`` (over all places, any size) or ``flatten`` (keeps the places, fits `input_side` only).
        input_side: Side of the pictures that a flattening head is built for.
        hidden: Units of a hidden layer in the head; None has none.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `depth`, `stem` or `pooling` is unknown or `input_side` is not positive.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        depth: int = 50,
        make_block: BlockMaker | None = None,
        after_stem: nn.Module | None = None,
        after_stages: Mapping[int, nn.Module] | None = None,
        stem: str = "wide",
        pooling: str = "average",
        input_side: int = 224,
        hidden: int | None = None,
    ) -> None:
        super().__init__()
        if depth not in DEPTHS:
            raise ValueError(f"depth is {depth}; expected one of {', '.join(map(str, DEPTHS))}")
        check_choice("stem", stem, ("wide", "narrow"))
        check_choice("pooling", pooling, ("average", "flatten"))
        self.num_classes, self.in_channels = num_classes, in_channels
        block = block_class(depth)
        first = (wide_stem if stem == "wide" else narrow_stem)(in_channels, 64)
        trunk = ResidualTrunk(
            first if after_stem is None else nn.Sequential(first, after_stem),
            64,
            depths=DEPTHS[depth],
            make_block=make_block or (lambda place: block(place.in_channels, place.width, stride=place.stride)),
            expansion=block.expansion,
            after_stages=after_stages,
        )
        self.features = trunk
        neck: list[nn.Module] = [GlobalAverage()]
        units = trunk.out_channels
        if pooling == "flatten":
            shrinking = 32 if stem == "wide" else 8
            map_side = -(-input_side // shrinking)
            self.smallest_side = smallest_side_with_the_same_map(input_side, lambda side: -(-side // shrinking))
            neck = [SquareFlatten(map_side=map_side, input_side=input_side)]
            units *= map_side**2
        if hidden is not None:
            neck += [nn.Linear(units, hidden), nn.ReLU(inplace=True)]
            units = hidden
        self.neck = nn.Sequential(*neck)
        self.classifier = nn.Linear(units, num_classes)
        initialize_residual(self)


def cbam_in_blocks(depth: int, *, is_wanted: Callable[[BlockPlace], bool] = lambda _: True) -> BlockMaker:
    """Return a maker of blocks with CBAM after the last norm, before the addition, as Woo et al. have it.

    Args:
        depth: Layers of the ResNet.
        is_wanted: Says which places have CBAM; the default has it everywhere.
    """
    block = block_class(depth)

    def make_block(place: BlockPlace) -> nn.Module:
        attention = Cbam if is_wanted(place) else identity
        return block(place.in_channels, place.width, stride=place.stride, attention=attention)

    return make_block


_WOO = "Woo et al., CBAM: Convolutional Block Attention Module, https://arxiv.org/abs/1807.06521"


def _as_cited(ran: str, parameters: int) -> ModelCard:
    return ModelCard(
        source=f"{_WOO}, as the study cites it",
        input_size=(1, 48, 48),
        further_sizes=((1, 64, 64),),
        parameters=parameters,
        studies=("resnet_cbam",),
        family="attention_resnet",
        note=(
            f"What the study's text cites; what it ran is `{ran}`. Reduction 16, batch norm after the 7x7 convolution. "
            "Stem and pooling are not stated: `stem` is 'wide' (ImageNet's) or 'narrow' (3x3, no pooling), `pooling` "
            "is 'flatten' (as the study ends) or 'average'. Pictures of 48 and 64 pixels both end in a map of 2x2."
        ),
    )


class ResNetCbam(AttentionResNet):
    """A ResNet with CBAM in every residual block, after the last norm and before the addition.

    Source: Woo et al., https://arxiv.org/abs/1807.06521

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        stem: ``wide`` (7x7 with stride 2, max pooling) or ``narrow`` (3x3, the side kept).
        pooling: ``flatten`` (keeps the places, fits `input_side` only) or ``average`` (any size).
        input_side: Side of the pictures that a flattening head is built for.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `stem` or `pooling` is unknown or `input_side` is not positive.
    """

    depth: ClassVar[int]

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        stem: str = "wide",
        pooling: str = "flatten",
        input_side: int = 48,
    ) -> None:
        super().__init__(
            num_classes,
            in_channels,
            depth=self.depth,
            make_block=cbam_in_blocks(self.depth),
            stem=stem,
            pooling=pooling,
            input_side=input_side,
        )


@register_model("resnet18_cbam", card=_as_cited("cifar_resnet20_cbam", 11_274_463))
class ResNet18Cbam(ResNetCbam):
    """ResNet-18 with CBAM in each of its 8 blocks."""

    depth = 18


@register_model("resnet34_cbam", card=_as_cited("cifar_resnet32_cbam", 21_455_539))
class ResNet34Cbam(ResNetCbam):
    """ResNet-34 with CBAM in each of its 16 blocks."""

    depth = 34


@register_model("resnet50_cbam", card=_as_cited("cifar_resnet50_cbam", 26_091_703))
class ResNet50Cbam(ResNetCbam):
    """ResNet-50 with CBAM in each of its 16 blocks."""

    depth = 50
