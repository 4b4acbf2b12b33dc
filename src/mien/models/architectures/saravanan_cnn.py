"""The ten-layer network of Saravanan and others, related work of the study cnn_lstm."""

from itertools import pairwise

from torch import nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.pooling import create_pooling
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

WIDTHS = (64, 128, 256)


@register_model(
    "saravanan_cnn",
    card=ModelCard(
        source="Saravanan et al., https://arxiv.org/abs/1910.05602, after the text of study cnn_lstm, chapter 4",
        input_size=(1, 48, 48),
        parameters=1_208_775,
        studies=("cnn_lstm",),
        family="saravanan_cnn",
        note=(
            "After the text: its ten layers are six convolutions, three poolings and one linear layer, so the second "
            "block, whose pooling the text leaves out, has one too. Kernels (3x3, padded) are not stated; 1,208,775 "
            "parameters came out, 64,519 of them in the linear layer."
        ),
    ),
    aliases=("saravanan_10_layer_cnn",),
)
class SaravananCnn(StackedClassifier):
    """Three blocks of two 3x3 convolutions, a pooling and dropout; one linear layer.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures, at least 8.
        dropout: Share dropped after each pooling, 0 to 1.
        activation: Activation of the convolutions, as `create_activation` names it.
        pooling: ``max``, ``average`` or ``stochastic``.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `input_side` is too small, or `activation` or `pooling` is unknown.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        input_side: int = 48,
        dropout: float = 0.25,
        activation: str = "relu",
        pooling: str = "max",
    ) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = smallest_side_with_the_same_map(input_side, lambda side: side // 8)
        layers: list[nn.Module] = []
        for channels_in, channels in pairwise((in_channels, *WIDTHS)):
            layers += convolution_unit(channels_in, channels, norm="none", activation=activation)
            layers += convolution_unit(channels, channels, norm="none", activation=activation)
            layers += [create_pooling(pooling), nn.Dropout(dropout)]
        self.features = nn.Sequential(*layers)
        self.neck = SquareFlatten(map_side=input_side // 8, input_side=input_side)
        self.classifier = nn.Linear(WIDTHS[-1] * (input_side // 8) ** 2, num_classes)
        initialize_like_keras(self)
