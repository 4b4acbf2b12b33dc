"""The VGG variant that Khaireddin and Chen tuned on FER2013; the study compact_realtime starts from it."""

from itertools import pairwise

from torch import nn

from mien.models.layers.activation import create_activation
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.pooling import create_pooling
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

STAGES = (64, 128, 256, 512)


@register_model(
    "khaireddin_vgg",
    card=ModelCard(
        source="Khaireddin and Chen, https://arxiv.org/abs/2105.03588; study compact_realtime, section 2.3",
        input_size=(1, 40, 40),
        parameters=29_890_759,
        studies=("compact_realtime",),
        family="khaireddin_vgg",
        note=(
            "The paper's text says convolution, ReLU, batch norm; its published code, followed here, has batch norm "
            "first. Made for crops of 40 pixels; `input_side=48` gives 40,376,519 parameters. Dropout is 0.2 in the "
            "module and 0.1 as they trained it. That code selects on FER2013's private test set and "
            "judges on the public one."
        ),
    ),
)
class KhaireddinVgg(StackedClassifier):
    """Four stages of two 3x3 convolutions and a max-pool, two hidden layers of 4,096 units.

    Source: Khaireddin and Chen, Facial Emotion Recognition: State of the Art Performance on FER2013,
    https://arxiv.org/abs/2105.03588

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures, at least 16.
        dropout: Share of each hidden layer dropped, 0 to 1.
        activation: Activation of all hidden layers, as `create_activation` names it.
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
        input_side: int = 40,
        dropout: float = 0.2,
        activation: str = "relu",
        pooling: str = "max",
    ) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = smallest_side_with_the_same_map(input_side, lambda side: side // 16)
        layers: list[nn.Module] = []
        for channels_in, channels in pairwise((in_channels, *STAGES)):
            layers += convolution_unit(channels_in, channels, activation=activation)
            layers += convolution_unit(channels, channels, activation=activation)
            layers.append(create_pooling(pooling))
        self.features = nn.Sequential(*layers)
        self.neck = nn.Sequential(
            SquareFlatten(map_side=input_side // 16, input_side=input_side),
            nn.Linear(STAGES[-1] * (input_side // 16) ** 2, 4096),
            nn.Dropout(dropout),
            create_activation(activation, 4096),
            nn.Linear(4096, 4096),
            nn.Dropout(dropout),
            create_activation(activation, 4096),
        )
        self.classifier = nn.Linear(4096, num_classes)
