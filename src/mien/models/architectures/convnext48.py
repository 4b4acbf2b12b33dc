"""A small ConvNeXt for faces of 48 pixels."""

from timm.layers.norm import LayerNorm2d
from timm.models.convnext import ConvNeXtBlock
from torch import nn

from mien.models.layers.flattening import GlobalAverage
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

DEPTHS = (2, 2, 4)


@register_model(
    "convnext48",
    card=ModelCard(
        source="Liu et al., A ConvNet for the 2020s, https://arxiv.org/abs/2201.03545",
        input_size=(1, 48, 48),
        further_sizes=((1, 64, 64),),
        parameters=1_520_263,
        family="convnext48",
        note=(
            "Of mien's own making: three stages of 2, 2 and 4 blocks on maps of 24, 12 and 6, as ImageNet's stem of "
            "stride 4 and a fourth stage would leave one place of 48 pixels."
        ),
    ),
)
class ConvNeXt48(StackedClassifier):
    """Three stages of ConvNeXt's blocks: depthwise 7x7, layer norm, two 1x1 convolutions with GELU between.

    Source: Liu et al., https://arxiv.org/abs/2201.03545. Differs: three stages, and a stem of stride 2.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        width: Channels of the first stage; each further stage doubles them.
        dropout: Share of the pooled features dropped, 0 to 1.
        drop_path: Share of residual branches left out in training at the last block; it rises linearly to there.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 8 pixels.

    Raises:
        ValueError: If `width` is not positive.
    """

    smallest_side = 8

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        width: int = 48,
        dropout: float = 0.2,
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width is {width}; expected a positive number of channels")
        self.num_classes, self.in_channels = num_classes, in_channels
        layers: list[nn.Module] = [nn.Conv2d(in_channels, width, 3, stride=2, padding=1), LayerNorm2d(width)]
        channels, place = width, 0
        for stage, depth in enumerate(DEPTHS):
            if stage > 0:
                layers += [LayerNorm2d(channels), nn.Conv2d(channels, 2 * channels, 2, stride=2)]
                channels *= 2
            for _ in range(depth):
                layers.append(ConvNeXtBlock(channels, conv_mlp=True, drop_path=drop_path * place / (sum(DEPTHS) - 1)))
                place += 1
        self.features = nn.Sequential(*layers)
        self.neck = nn.Sequential(GlobalAverage(), nn.LayerNorm(channels), nn.Dropout(dropout))
        self.classifier = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
