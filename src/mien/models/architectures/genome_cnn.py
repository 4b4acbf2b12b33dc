"""Networks that a search breeds: stages of one of five kinds of block, written as one line of text."""

from collections.abc import Callable
from functools import partial

from timm.models._efficientnet_blocks import InvertedResidual
from torch import nn

from mien.models.genome import Stage, parse_genome
from mien.models.layers.cbam import Cbam
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage
from mien.models.layers.residual import BasicBlock
from mien.models.layers.squeeze_excitation import SqueezeExcitation
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

EXPANSION = 4
"""Channels within an inverted residual block for each that comes in."""


@register_model(
    "genome_cnn",
    card=ModelCard(
        source=(
            "Of mien's own making, after a proposal of the study compact_realtime: encode the structure of networks, "
            "which are much alike for this task, and search it genetically"
        ),
        input_size=(1, 48, 48),
        further_sizes=((1, 64, 64), (1, 16, 16)),
        parameters=368_555,
        family="genome_cnn",
        note="`mien search` breeds genomes; the default has each kind of block once. Every genome that parses builds.",
    ),
)
class GenomeCnn(StackedClassifier):
    """A convolution as stem, stages of blocks with max-pools between them, the global average, one linear layer.

    Blocks are ``plain`` (convolution, batch norm, ReLU), ``residual`` (two convolutions and a shortcut), ``inverted``
    (an inverted residual block of expansion 4), ``se`` (plain, then squeeze-and-excitation) and ``attention`` (plain,
    then CBAM).

    Source: the study compact_realtime proposes to encode structures and to search them genetically. The blocks are
    those of He et al., https://arxiv.org/abs/1512.03385, Sandler et al., https://arxiv.org/abs/1801.04381, Hu et al.,
    https://arxiv.org/abs/1709.01507, and Woo et al., https://arxiv.org/abs/1807.06521. Differs: ReLU for ReLU6.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        genome: Stem and stages, each ``BLOCK:WIDTHxDEPTHkKERNEL``: 1 to 6 stages, widths in multiples of 16, 1 to 8
            blocks each, kernels of 3 (which may be left out) or 5.
        dropout: Share of the pooled features dropped, 0 to 1.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from ``2 ** (stages - 1)`` pixels.

    Raises:
        ValueError: If the text is no genome.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        genome: str = "stem16|plain:32x1k3|se:64x1k3|residual:96x1k3|inverted:96x1k5|attention:128x1k3",
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        decoded = parse_genome(genome)
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = 2 ** (len(decoded.stages) - 1)
        layers = convolution_unit(in_channels, decoded.stem, bias=False)
        channels = decoded.stem
        for place, stage in enumerate(decoded.stages):
            if place:
                layers.append(nn.MaxPool2d(2))
            layers.append(_build_stage(channels, stage))
            channels = stage.width
        self.features = nn.Sequential(*layers)
        self.neck = nn.Sequential(GlobalAverage(), nn.Dropout(dropout))
        self.classifier = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


def _build_stage(in_channels: int, stage: Stage) -> nn.Sequential:
    incoming = [in_channels] + [stage.width] * (stage.depth - 1)
    return nn.Sequential(*(_BUILDERS[stage.block](channels, stage.width, stage.kernel) for channels in incoming))


def _plain(in_channels: int, width: int, kernel: int) -> nn.Module:
    return nn.Sequential(*convolution_unit(in_channels, width, kernel=kernel, bias=False))


def _residual(in_channels: int, width: int, kernel: int) -> nn.Module:
    convolution = partial(_convolution, kernel=kernel)
    return BasicBlock(in_channels, width, convolutions=(convolution, convolution))


def _convolution(in_channels: int, out_channels: int, stride: int, *, kernel: int) -> nn.Module:
    return nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)


def _inverted(in_channels: int, width: int, kernel: int) -> nn.Module:
    return InvertedResidual(in_channels, width, dw_kernel_size=kernel, exp_ratio=EXPANSION)


def _squeeze_excitation(in_channels: int, width: int, kernel: int) -> nn.Module:
    return nn.Sequential(*convolution_unit(in_channels, width, kernel=kernel, bias=False), SqueezeExcitation(width))


def _attention(in_channels: int, width: int, kernel: int) -> nn.Module:
    return nn.Sequential(*convolution_unit(in_channels, width, kernel=kernel, bias=False), Cbam(width))


_BUILDERS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "plain": _plain,
    "residual": _residual,
    "inverted": _inverted,
    "se": _squeeze_excitation,
    "attention": _attention,
}
