"""FER-net of Mohan and others, which the study compact_realtime compares itself with."""

from itertools import pairwise

from torch import nn

from mien.models.layers.activation import create_activation
from mien.models.layers.choice import check_choice
from mien.models.layers.convolution import KERAS_NORM_EPSILON, KERAS_NORM_MOMENTUM, convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.pooling import create_pooling
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

VARIANTS: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, int]]] = {
    "wide": ((64, 128, 512, 512), (3, 5, 3, 3), (256, 512)),
    "light": ((32, 64, 128, 256), (3, 3, 3, 3), (256, 128)),
}


@register_model(
    "fer_net",
    card=ModelCard(
        source="Study compact_realtime, section 2.2, after Mohan et al., FER-net, https://doi.org/10.1007/s00521-020-05676-y",
        input_size=(1, 48, 48),
        parameters=4_474_759,
        studies=("compact_realtime",),
        family="fer_net",
        note=(
            "An instance of the layout, not a reproduction: no source states the widths. `variant` is 'wide', the four "
            "convolutions that many FER2013 networks copy (4,474,759 parameters at 48 pixels, 36,849,543 at the "
            "paper's 256), or 'light' (1,013,447). The softmax layer is read as one more linear layer."
        ),
    ),
)
class FerNet(StackedClassifier):
    """Four convolutions, each with batch norm, ReLU, max-pool and dropout; two hidden layers with batch norm.

    Source: the study compact_realtime, section 2.2.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures, at least 16.
        variant: ``wide`` or ``light``.
        dropout: Share dropped after each convolution, 0 to 1.
        hidden_dropout: Share dropped after each hidden layer, 0 to 1.
        activation: Activation of all hidden layers, as `create_activation` names it.
        pooling: ``max``, ``average`` or ``stochastic``.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `input_side` is too small, or `variant`, `activation` or `pooling` is unknown.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        input_side: int = 48,
        variant: str = "wide",
        dropout: float = 0.25,
        hidden_dropout: float = 0.5,
        activation: str = "relu",
        pooling: str = "max",
    ) -> None:
        super().__init__()
        check_choice("variant", variant, VARIANTS)
        widths, kernels, hidden = VARIANTS[variant]
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = smallest_side_with_the_same_map(input_side, lambda side: side // 16)
        layers: list[nn.Module] = []
        for (channels_in, channels), kernel in zip(pairwise((in_channels, *widths)), kernels, strict=True):
            layers += convolution_unit(channels_in, channels, kernel=kernel, norm="keras", activation=activation)
            layers += [create_pooling(pooling), nn.Dropout(dropout)]
        self.features = nn.Sequential(*layers)
        neck: list[nn.Module] = [SquareFlatten(map_side=input_side // 16, input_side=input_side)]
        for units_in, units in pairwise((widths[-1] * (input_side // 16) ** 2, *hidden)):
            neck += [
                nn.Linear(units_in, units),
                nn.BatchNorm1d(units, eps=KERAS_NORM_EPSILON, momentum=KERAS_NORM_MOMENTUM),
                create_activation(activation, units),
                nn.Dropout(hidden_dropout),
            ]
        self.neck = nn.Sequential(*neck)
        self.classifier = nn.Linear(hidden[-1], num_classes)
        initialize_like_keras(self)
