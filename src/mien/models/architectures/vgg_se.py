"""VGG-like networks with squeeze-and-excitation at 48 pixels: the family behind the shipped models."""

from itertools import pairwise

from torch import Tensor, nn

from mien.models.classifier import Classifier
from mien.models.layers.squeeze_excitation import SqueezeExcitation
from mien.models.registry import ModelCard, register_model


def _stage(in_channels: int, out_channels: int, *, has_attention: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (in_channels, out_channels):
        layers += [
            nn.Conv2d(channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        ]
    if has_attention:
        layers.append(SqueezeExcitation(out_channels))
    return nn.Sequential(*layers, nn.MaxPool2d(2))


@register_model(
    "vgg_se",
    card=ModelCard(
        source="Simonyan and Zisserman, https://arxiv.org/abs/1409.1556, with Hu et al., https://arxiv.org/abs/1709.01507",
        input_size=(1, 48, 48),
        parameters=1_787_075,
        family="vgg_se",
        note="Of mien's own making: widths of 32 to 256, one hidden layer of 256; `width` scales all of them.",
    ),
)
class VggSe(Classifier):
    """Four stages of two 3x3 convolutions, batch norm, ReLU, squeeze-excitation and max-pool; one hidden layer.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        width: Channels of the first stage; each further stage doubles them.
        hidden: Units of the hidden layer.
        dropout: Share of units dropped before and after the hidden layer, 0 to 1.
        pooling: What comes before the hidden layer: ``flatten`` (keeps the place, fixes the input at 48 pixels) or
            ``average`` (global average, any size from 32 pixels).
        attention: Whether stages have squeeze-and-excitation.

    Shape:
        ``(B, in_channels, 48, 48)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `pooling` is unknown or `width` is not positive.
    """

    classifier: nn.Linear

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        width: int = 32,
        hidden: int = 256,
        dropout: float = 0.4,
        pooling: str = "flatten",
        attention: bool = True,
    ) -> None:
        super().__init__()
        if pooling not in ("flatten", "average"):
            raise ValueError(f"pooling is {pooling!r}; expected 'flatten' or 'average'")
        if width < 1:
            raise ValueError(f"width is {width}; expected a positive number of channels")
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = 48 if pooling == "flatten" else 32
        widths = (in_channels, width, 2 * width, 4 * width, 8 * width)
        self.stages = nn.Sequential(*(_stage(a, b, has_attention=attention) for a, b in pairwise(widths)))
        places = 9 if pooling == "flatten" else 1
        self.pool = nn.Flatten() if pooling == "flatten" else nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.neck = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(widths[-1] * places, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
        )
        self.classifier = nn.Linear(hidden, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the last feature map, shape ``(B, 8 * width, H // 16, W // 16)``."""
        features: Tensor = self.stages(images)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, shape ``(B, num_classes)``."""
        logits: Tensor = self.classifier(self.neck(self.pool(features)))
        return logits

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the last layer by a fresh one with ``num_classes`` outputs."""
        self.num_classes = num_classes
        self.classifier = nn.Linear(self.classifier.in_features, num_classes)
