"""The inception-style network of Mollahosseini, Chan and Mahoor, related work of the study cnn_lstm."""

from torch import nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import GlobalAverage
from mien.models.layers.inception import GOOGLENET_WIDTHS, InceptionModule
from mien.models.layers.initialization import initialize_like_keras
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier


def _modules(in_channels: int, names: tuple[str, ...]) -> list[nn.Module]:
    modules: list[nn.Module] = []
    for name in names:
        modules.append(InceptionModule(in_channels, GOOGLENET_WIDTHS[name]))
        in_channels = GOOGLENET_WIDTHS[name].total
    return modules


@register_model(
    "mollahosseini_inception",
    card=ModelCard(
        source="Mollahosseini et al., https://arxiv.org/abs/1511.04110, after the text of study cnn_lstm, table 1",
        input_size=(1, 48, 48),
        parameters=7_795_503,
        studies=("cnn_lstm",),
        family="mollahosseini_inception",
        further_sizes=((1, 64, 64),),
        note=(
            "After the text: two convolutions, each followed by max-pooling, then four inception modules; it states no "
            "sizes. Those of the convolutions (64 of 7x7 with stride 2, 192 of 3x3) and of the modules (3a, 3b, 4a, "
            "4b, a max-pool after the second) are GoogLeNet's first, from table 1 of https://arxiv.org/abs/1409.4842, "
            "on which the paper builds. Hidden layers of 4,096 and 1,024 units after a global average are taken for "
            "the paper's without having been checked against it. 7,795,503 parameters came out, 6,303,751 of them in "
            "the linear layers."
        ),
    ),
)
class MollahosseiniInception(StackedClassifier):
    """Two convolutions with max-pools, four inception modules, two hidden layers.

    Source: Mollahosseini et al., Going Deeper in Facial Expression Recognition using Deep Neural Networks,
    https://arxiv.org/abs/1511.04110

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        dropout: Share of each hidden layer dropped, 0 to 1.

    Shape:
        ``(B, in_channels, 48, 48)``, or another size from 16 pixels, to ``(B, num_classes)``.
    """

    smallest_side = 16

    def __init__(self, num_classes: int = 7, in_channels: int = 1, *, dropout: float = 0.5) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.features = nn.Sequential(
            *convolution_unit(in_channels, 64, kernel=7, stride=2, norm="none"),
            nn.MaxPool2d(3, 2, padding=1),
            *convolution_unit(64, 192, norm="none"),
            nn.MaxPool2d(3, 2, padding=1),
            *_modules(192, ("3a", "3b")),
            nn.MaxPool2d(3, 2, padding=1),
            *_modules(GOOGLENET_WIDTHS["3b"].total, ("4a", "4b")),
        )
        self.neck = nn.Sequential(
            GlobalAverage(),
            nn.Linear(GOOGLENET_WIDTHS["4b"].total, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 1024),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
        )
        self.classifier = nn.Linear(1024, num_classes)
        initialize_like_keras(self)
