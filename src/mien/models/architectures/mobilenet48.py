"""A small network of inverted residual blocks for faces of 48 pixels."""

from timm.models._efficientnet_blocks import InvertedResidual, SqueezeExcite
from torch import nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

# Channels and blocks of each stage; its first block halves the side.
STAGES = ((32, 2), (64, 3), (128, 3))


@register_model(
    "mobilenet48",
    card=ModelCard(
        source="Howard et al., Searching for MobileNetV3, https://arxiv.org/abs/1905.02244",
        input_size=(1, 48, 48),
        further_sizes=((1, 64, 64),),
        parameters=886_375,
        family="mobilenet48",
        note=(
            "Of mien's own making: a stem that keeps the side, and eight inverted residual blocks with "
            "squeeze-and-excitation on maps of 24, 12 and 6, where ImageNet's five halvings would leave one place."
        ),
    ),
)
class MobileNet48(StackedClassifier):
    """Inverted residual blocks with squeeze-and-excitation and hard swish; one 1x1 convolution before the pooling.

    Source: Howard et al., https://arxiv.org/abs/1905.02244. Differs: three halvings, one expansion, 3x3 kernels only.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        expansion: Channels within a block for each that comes in.
        dropout: Share of the pooled features dropped, 0 to 1.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 8 pixels.

    Raises:
        ValueError: If `expansion` is not positive.
    """

    smallest_side = 8

    def __init__(self, num_classes: int = 7, in_channels: int = 1, *, expansion: int = 4, dropout: float = 0.2) -> None:
        super().__init__()
        if expansion < 1:
            raise ValueError(f"expansion is {expansion}; expected at least 1")
        self.num_classes, self.in_channels = num_classes, in_channels
        channels = 24
        layers = convolution_unit(in_channels, channels, bias=False, activation=None)
        layers.append(nn.Hardswish())
        for width, num_blocks in STAGES:
            for place in range(num_blocks):
                layers.append(
                    InvertedResidual(
                        channels,
                        width,
                        stride=1 if place else 2,
                        exp_ratio=expansion,
                        act_layer=nn.Hardswish,
                        se_layer=SqueezeExcite,
                    )
                )
                channels = width
        layers += convolution_unit(channels, 512, kernel=1, bias=False, activation=None)
        self.features = nn.Sequential(*layers, nn.Hardswish())
        self.neck = nn.Sequential(GlobalAverage(), nn.Dropout(dropout))
        self.classifier = nn.Linear(512, num_classes)
