"""The baseline of the study camnet: six convolutions in three pairs, one linear layer."""

from itertools import pairwise

from torch import nn

from mien.models.layers.choice import check_choice
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.normalization import keras_norm
from mien.models.layers.pooling import create_pooling
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

WIDTHS, KERNELS = (64, 128, 256), (5, 5, 3)


def _map_side(side: int, *, padding: str, num_pools: int) -> int:
    """Return the side of the last map; below 1 where nothing is left."""
    for stage, kernel in enumerate(KERNELS):
        side -= 2 * (kernel - 1) if padding == "valid" else 0
        side //= 2 if stage < num_pools else 1
    return side


@register_model(
    "baseline_cnn",
    card=ModelCard(
        source="Study camnet, section 4.1",
        input_size=(1, 48, 48),
        parameters=1_862_983,
        studies=("camnet",),
        family="baseline_cnn",
        note=(
            "The text names two poolings and one padding for all, without its kind: `third_pooling=True` gives "
            "1,669,447 parameters, `padding='valid'` 1,612,103, both 1,606,727. Batch norm follows each pair's second "
            "ReLU, with Keras' constants. The study's chapter 2 weighs activations and poolings that no table of it "
            "varies: `activation` and `pooling` do."
        ),
    ),
)
class BaselineCnn(StackedClassifier):
    """Two pairs of 5x5 convolutions and one pair of 3x3; batch norm after each pair, max-pool after the first two.

    Source: the study camnet, section 4.1.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures.
        padding: ``same`` keeps the side in convolutions, ``valid`` pads nothing.
        third_pooling: Whether a max-pool follows the third pair too.
        dropout: Share of the flattened map dropped, 0 to 1.
        activation: Activation of the convolutions, as `create_activation` names it.
        pooling: ``max``, ``average`` or ``stochastic``.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `padding`, `activation` or `pooling` is unknown, or nothing is left of pictures of `input_side`.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        input_side: int = 48,
        padding: str = "same",
        third_pooling: bool = False,
        dropout: float = 0.2,
        activation: str = "relu",
        pooling: str = "max",
    ) -> None:
        super().__init__()
        check_choice("padding", padding, ("same", "valid"))
        self.num_classes, self.in_channels = num_classes, in_channels
        num_pools = 3 if third_pooling else 2

        def map_side(side: int) -> int:
            return _map_side(side, padding=padding, num_pools=num_pools)

        self.smallest_side = smallest_side_with_the_same_map(input_side, map_side)
        layers: list[nn.Module] = []
        for stage, (incoming, width) in enumerate(pairwise((in_channels, *WIDTHS))):
            for channels in (incoming, width):
                layers += convolution_unit(
                    channels, width, kernel=KERNELS[stage], padding=padding, norm="none", activation=activation
                )
            layers.append(keras_norm(width))
            if stage < num_pools:
                layers.append(create_pooling(pooling))
        self.features = nn.Sequential(*layers)
        last_side = map_side(input_side)
        self.neck = nn.Sequential(SquareFlatten(map_side=last_side, input_side=input_side), nn.Dropout(dropout))
        self.classifier = nn.Linear(WIDTHS[-1] * last_side**2, num_classes)
        initialize_like_keras(self)
