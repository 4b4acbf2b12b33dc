"""VGG-like networks with squeeze-and-excitation at 48 pixels: the family behind the shipped models."""

from collections import OrderedDict
from itertools import pairwise

from torch import Tensor, nn

from mien.models.layers.choice import check_choice
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage, SquareFlatten
from mien.models.layers.squeeze_excitation import SqueezeExcitation
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier


def _stage(in_channels: int, out_channels: int, *, has_attention: bool) -> nn.Sequential:
    layers = [
        *convolution_unit(in_channels, out_channels, bias=False),
        *convolution_unit(out_channels, out_channels, bias=False),
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
class VggSe(StackedClassifier):
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
        check_choice("pooling", pooling, ("flatten", "average"))
        if width < 1:
            raise ValueError(f"width is {width}; expected a positive number of channels")
        self.num_classes, self.in_channels = num_classes, in_channels
        is_flat = pooling == "flatten"
        self.smallest_side = 48 if is_flat else 32
        widths = (in_channels, width, 2 * width, 4 * width, 8 * width)
        self.stages = nn.Sequential(*(_stage(a, b, has_attention=attention) for a, b in pairwise(widths)))
        flatten = SquareFlatten(map_side=3, input_side=48, otherwise="set pooling='average'")
        layers = [
            nn.Dropout(dropout),
            nn.Linear(widths[-1] * (9 if is_flat else 1), hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
        ]
        # The pooling has a name of its own, so that the layers keep the numbers by which trained weights know them.
        numbered = {str(place): layer for place, layer in enumerate(layers)}
        self.neck = nn.Sequential(OrderedDict(pool=flatten if is_flat else GlobalAverage(), **numbered))
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
