"""The compact inverted-residual network of the study compact_realtime."""

from torch import Tensor, nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier


class InvertedResidual(nn.Module):
    """Expand, filter each channel by itself, project back, add; no batch norm after the projection.

    Args:
        channels: Channels of the map.
        expanded: Channels between the two 1x1 convolutions.

    Shape:
        ``(B, channels, H, W)`` to the same.
    """

    def __init__(self, channels: int, expanded: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, expanded, 1, bias=False),
            nn.BatchNorm2d(expanded),
            nn.ReLU6(inplace=True),
            nn.Conv2d(expanded, expanded, 3, padding=1, groups=expanded, bias=False),
            nn.BatchNorm2d(expanded),
            nn.ReLU6(inplace=True),
            nn.Conv2d(expanded, channels, 1, bias=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return ``features`` plus what the block makes of them."""
        result: Tensor = features + self.block(features)
        return result


@register_model(
    "compact_irnet",
    card=ModelCard(
        source="Study compact_realtime, section 4.1; code: daocongtuyen2x/Realtime-facial-emotion-recognition-model",
        input_size=(1, 40, 40),
        parameters=784_263,
        studies=("compact_realtime",),
        family="compact_irnet",
        further_sizes=((1, 48, 48),),
        note="Trained there on crops of 40 pixels, ten a picture.",
    ),
)
class CompactIrNet(StackedClassifier):
    """Two convolutions, four inverted residuals, three linear layers: 784,263 parameters with 7 classes.

    Source: the study compact_realtime, section 4.1, and its authors' published code. The 5x5 convolution has padding 1,
    which the report's size of 9.62 MB decides; its figure would need 2.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.

    Shape:
        ``(B, in_channels, 40, 40)`` or ``(B, in_channels, 48, 48)`` to ``(B, num_classes)``.
    """

    smallest_side = 40

    def __init__(self, num_classes: int = 7, in_channels: int = 1) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.features = nn.Sequential(
            *convolution_unit(in_channels, 64),
            nn.MaxPool2d(2),
            *convolution_unit(64, 128, kernel=5, padding=1),
            nn.MaxPool2d(2),
            InvertedResidual(128, 256),
            InvertedResidual(128, 256),
            nn.MaxPool2d(2),
            InvertedResidual(128, 512),
            InvertedResidual(128, 512),
            nn.MaxPool2d(2),
        )
        self.neck = nn.Sequential(
            SquareFlatten(map_side=2, input_side=40, otherwise="sides up to 51 work too"),
            nn.Linear(512, 256),
            nn.ReLU(inplace=True),
            nn.Linear(256, 128),
            nn.ReLU(inplace=True),
        )
        self.classifier = nn.Linear(128, num_classes)
