"""Tang's network with linear support-vector machines on top, winner of the FER2013 contest."""

from torch import nn

from mien.models.layers.activation import create_activation
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.pooling import create_pooling
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map


def _map_side(side: int) -> int:
    for kernel, padding in ((5, 2), (4, 1), (5, 2)):
        side = (side + 2 * padding - kernel) // 2 + 1
    return side


@register_model(
    "tang_cnn",
    card=ModelCard(
        source="Tang, https://arxiv.org/abs/1306.0239, after the text of study cnn_lstm, table 1",
        input_size=(1, 42, 42),
        parameters=5_008_295,
        studies=("cnn_lstm",),
        family="tang_cnn",
        note=(
            "After the text, which says a convolutional network with support-vector machines in place of softmax: the "
            "last layer is linear, and training it with the squared hinge loss makes it them. Layers are those that "
            "later works describe: convolutions of 32 (5x5), 32 (4x4) and 64 (5x5) channels, each with a 3x3 max-pool "
            "of stride 2, and 3,072 units, for crops of 42 pixels; 5,008,295 parameters came out (`input_side=48`: "
            "7,170,983)."
        ),
    ),
    aliases=("cnn_with_l2_svm",),
)
class TangCnn(StackedClassifier):
    """Three convolutions with overlapping pooling, one large hidden layer, linear machines on top.

    Source: Tang, Deep Learning using Linear Support Vector Machines, https://arxiv.org/abs/1306.0239

    Args:
        num_classes: Number of logits; each is the margin of one class against the rest.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures.
        dropout: Share of the hidden layer dropped, 0 to 1.
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
        input_side: int = 42,
        dropout: float = 0.5,
        activation: str = "relu",
        pooling: str = "max",
    ) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = smallest_side_with_the_same_map(input_side, _map_side)
        map_side = _map_side(input_side)
        self.features = nn.Sequential(
            *convolution_unit(in_channels, 32, kernel=5, norm="none", activation=activation),
            create_pooling(pooling, 3, stride=2, padding=1),
            *convolution_unit(32, 32, kernel=4, padding=1, norm="none", activation=activation),
            create_pooling(pooling, 3, stride=2, padding=1),
            *convolution_unit(32, 64, kernel=5, norm="none", activation=activation),
            create_pooling(pooling, 3, stride=2, padding=1),
        )
        self.neck = nn.Sequential(
            SquareFlatten(map_side=map_side, input_side=input_side),
            nn.Linear(64 * map_side**2, 3072),
            create_activation(activation, 3072),
            nn.Dropout(dropout),
        )
        self.classifier = nn.Linear(3072, num_classes)
        initialize_like_keras(self)
