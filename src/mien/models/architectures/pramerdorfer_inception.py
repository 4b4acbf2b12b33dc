"""The Inception that Pramerdorfer and Kampel compared with others, related work of the study cnn_lstm."""

from torch import nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage
from mien.models.layers.inception import GOOGLENET_WIDTHS, InceptionModule
from mien.models.layers.initialization import initialize_like_keras
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier


@register_model(
    "pramerdorfer_inception",
    card=ModelCard(
        source="Pramerdorfer and Kampel, https://arxiv.org/abs/1612.02903, after the text of study cnn_lstm, chapter 4",
        input_size=(1, 48, 48),
        parameters=1_206_839,
        studies=("cnn_lstm",),
        family="pramerdorfer_inception",
        further_sizes=((1, 64, 64),),
        note=(
            "After the text: based on GoogLeNet with consistent feature maps. Here every module is GoogLeNet's first "
            "(3a, 256 channels) with batch norm: one at 48 pixels, then two at each of 24, 12 and 6; 1,206,839 "
            "parameters came out."
        ),
    ),
)
class PramerdorferInception(StackedClassifier):
    """One convolution, seven equal inception modules with max-pools between them, a global average.

    Source: Pramerdorfer and Kampel, https://arxiv.org/abs/1612.02903

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        dropout: Share of the averaged map dropped, 0 to 1.

    Shape:
        ``(B, in_channels, 48, 48)``, or another size from 16 pixels, to ``(B, num_classes)``.
    """

    smallest_side = 16

    def __init__(self, num_classes: int = 7, in_channels: int = 1, *, dropout: float = 0.25) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        widths = GOOGLENET_WIDTHS["3a"]
        layers = [*convolution_unit(in_channels, 64), InceptionModule(64, widths, norm="torch")]
        for _ in range(3):
            layers.append(nn.MaxPool2d(2))
            layers += [InceptionModule(widths.total, widths, norm="torch") for _ in range(2)]
        self.features = nn.Sequential(*layers)
        self.neck = nn.Sequential(GlobalAverage(), nn.Dropout(dropout))
        self.classifier = nn.Linear(widths.total, num_classes)
        initialize_like_keras(self, kernels="he")
