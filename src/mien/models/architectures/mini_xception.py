"""Mini-Xception of Arriaga and others: depthwise-separable residual modules and no linear layer."""

from itertools import pairwise

from torch import Tensor, nn

from mien.models.classifier import Classifier
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage
from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.pooling import SameMaxPool2d
from mien.models.registry import ModelCard, register_model

WIDTHS = (8, 16, 32, 64, 128)


def _separable(in_channels: int, out_channels: int, *, activation: str | None) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False),
        *convolution_unit(in_channels, out_channels, kernel=1, bias=False, norm="keras", activation=activation),
    ]


class SeparableResidual(nn.Module):
    """Two depthwise-separable convolutions and a max-pool, next to a strided 1x1 convolution; both added.

    Args:
        in_channels: Channels of what comes in.
        out_channels: Channels of what goes out.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, out_channels, ceil(H / 2), ceil(W / 2))``.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *_separable(in_channels, out_channels, activation="relu"),
            *_separable(out_channels, out_channels, activation=None),
            SameMaxPool2d(3, 2),
        )
        self.shortcut = nn.Sequential(
            *convolution_unit(in_channels, out_channels, kernel=1, stride=2, bias=False, norm="keras", activation=None)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the sum of branch and shortcut."""
        result: Tensor = self.branch(features) + self.shortcut(features)
        return result


@register_model(
    "mini_xception",
    card=ModelCard(
        source="Arriaga et al., Real-time Convolutional Neural Networks for Emotion and Gender Classification, "
        "https://arxiv.org/abs/1710.07557; named by study cnn_lstm's related work",
        input_size=(1, 48, 48),
        parameters=56_951,
        studies=("cnn_lstm",),
        family="mini_xception",
        further_sizes=((1, 64, 64),),
        note=(
            "56,951 trainable parameters and 1,472 running statistics, 58,423 in all as Keras counts. The paper takes "
            "pictures of 64 pixels; it is fully convolutional and takes 48 as well. Its convolutions had an L2 penalty "
            "of 0.01, which is a matter of training."
        ),
    ),
)
class MiniXception(Classifier):
    """Two narrow convolutions, four separable residual modules, a convolution to the classes, a global average.

    Source: Arriaga et al., https://arxiv.org/abs/1710.07557

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.

    Shape:
        ``(B, in_channels, 48, 48)``, or another size from 16 pixels, to ``(B, num_classes)``.
    """

    smallest_side = 16

    def __init__(self, num_classes: int = 7, in_channels: int = 1) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.features = nn.Sequential(
            *convolution_unit(in_channels, WIDTHS[0], padding=0, bias=False, norm="keras"),
            *convolution_unit(WIDTHS[0], WIDTHS[0], padding=0, bias=False, norm="keras"),
            *(SeparableResidual(channels_in, channels) for channels_in, channels in pairwise(WIDTHS)),
        )
        self.classifier = nn.Conv2d(WIDTHS[-1], num_classes, 3, padding=1)
        self.pool = GlobalAverage()
        initialize_like_keras(self)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the last feature map, shape ``(B, 128, h, w)``."""
        features: Tensor = self.features(images)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return logits, shape ``(B, num_classes)``."""
        logits: Tensor = self.pool(self.classifier(features))
        return logits

    def reset_classifier(self, num_classes: int) -> None:
        """Replace the last convolution by a fresh one with ``num_classes`` outputs."""
        self.num_classes = num_classes
        self.classifier = nn.Conv2d(WIDTHS[-1], num_classes, 3, padding=1)
