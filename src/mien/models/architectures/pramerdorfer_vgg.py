"""The VGG that Pramerdorfer and Kampel compared with others on FER2013, related work of the study cnn_lstm."""

from itertools import pairwise

from torch import nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

WIDTHS = (32, 64, 128, 128)


@register_model(
    "pramerdorfer_vgg",
    card=ModelCard(
        source="Pramerdorfer and Kampel, https://arxiv.org/abs/1612.02903, after the text of study cnn_lstm, chapter 4",
        input_size=(1, 48, 48),
        parameters=1_770_855,
        studies=("cnn_lstm",),
        family="pramerdorfer_vgg",
        note=(
            "After the text: VGG-B with changes. Here it has one block less, dropout after each block, one hidden "
            "layer of 1,024 units, and blocks of 32, 64, 128 and 128 channels with batch norm; 1,770,855 parameters "
            "came out."
        ),
    ),
)
class PramerdorferVgg(StackedClassifier):
    """Four blocks of two 3x3 convolutions with batch norm, a max-pool and dropout; one hidden layer.

    Source: Pramerdorfer and Kampel, Facial Expression Recognition using Convolutional Neural Networks: State of the
    Art, https://arxiv.org/abs/1612.02903

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures, at least 16.
        dropout: Share dropped after each block and after the hidden layer, 0 to 1.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `input_side` is too small.
    """

    def __init__(
        self, num_classes: int = 7, in_channels: int = 1, *, input_side: int = 48, dropout: float = 0.25
    ) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = smallest_side_with_the_same_map(input_side, lambda side: side // 16)
        layers: list[nn.Module] = []
        for channels_in, channels in pairwise((in_channels, *WIDTHS)):
            layers += [*convolution_unit(channels_in, channels), *convolution_unit(channels, channels)]
            layers += [nn.MaxPool2d(2), nn.Dropout(dropout)]
        self.features = nn.Sequential(*layers)
        self.neck = nn.Sequential(
            SquareFlatten(map_side=input_side // 16, input_side=input_side),
            nn.Linear(WIDTHS[-1] * (input_side // 16) ** 2, 1024),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
        )
        self.classifier = nn.Linear(1024, num_classes)
        initialize_like_keras(self, kernels="he")
