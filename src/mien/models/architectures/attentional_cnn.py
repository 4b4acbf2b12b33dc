"""The attentional network of Minaee and others (Deep-Emotion), related work of the study cnn_lstm."""

from torch import nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.spatial_transformer import SpatialTransformer
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

WIDTH, HIDDEN = 10, 50


def _localization(in_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, 8, 7),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, WIDTH, 5),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        SquareFlatten(map_side=8, input_side=48, otherwise=""),
    )


@register_model(
    "attentional_cnn",
    card=ModelCard(
        source="Minaee et al., https://arxiv.org/abs/1902.01019, after the text of study cnn_lstm, chapter 4",
        input_size=(1, 48, 48),
        parameters=66_857,
        studies=("cnn_lstm",),
        family="attentional_cnn",
        note=(
            "After the text: four convolutions, each two followed by max-pooling and ReLU, dropout and two linear "
            "layers; a localisation network of two convolutions, each followed by max-pooling and ReLU, warps the "
            "picture. Widths (10 channels, 3x3; 8 and 10 channels, 7x7 and 5x5, for the localisation) are not stated "
            "there; 66,857 parameters came out, 23,120 of them in the spatial transformer. Weights begin as the paper "
            "says, normal with a deviation of 0.05; biases zero."
        ),
    ),
    aliases=("attentional_cnn_with_localisation", "deep_emotion"),
)
class AttentionalCnn(StackedClassifier):
    """A spatial transformer in front of four narrow convolutions and two linear layers.

    Source: Minaee et al., https://arxiv.org/abs/1902.01019. Differs: the window is laid over the picture before the
    first convolution, not over the features.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        dropout: Share of the last map dropped, 0 to 1.

    Shape:
        ``(B, in_channels, 48, 48)`` to ``(B, num_classes)``.
    """

    smallest_side = 48

    def __init__(self, num_classes: int = 7, in_channels: int = 1, *, dropout: float = 0.5) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        transformer = SpatialTransformer(_localization(in_channels), WIDTH * 8 * 8)
        self.features = nn.Sequential(
            transformer,
            *convolution_unit(in_channels, WIDTH, padding=0, norm="none"),
            nn.Conv2d(WIDTH, WIDTH, 3),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
            *convolution_unit(WIDTH, WIDTH, padding=0, norm="none"),
            nn.Conv2d(WIDTH, WIDTH, 3),
            nn.MaxPool2d(2),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
        )
        self.neck = nn.Sequential(
            SquareFlatten(map_side=9, input_side=48, otherwise=""),
            nn.Linear(WIDTH * 9 * 9, HIDDEN),
            nn.ReLU(inplace=True),
        )
        self.classifier = nn.Linear(HIDDEN, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.normal_(module.weight, std=0.05)
                nn.init.zeros_(module.get_parameter("bias"))
        transformer.start_as_the_identity()
