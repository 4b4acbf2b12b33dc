"""A feed-forward network without convolutions: the study cnn_lstm's related work begins with one."""

from itertools import pairwise

from torch import nn

from mien.models.layers.activation import create_activation
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier


@register_model(
    "feed_forward",
    card=ModelCard(
        source="Saravanan et al., https://arxiv.org/abs/1910.05602, after the text of study cnn_lstm, chapter 4",
        input_size=(1, 48, 48),
        parameters=1_313_287,
        studies=("cnn_lstm",),
        family="feed_forward",
        note=(
            "After the text, which names the network and states no sizes: hidden layers of 512 and 256 units are "
            "mien's choice, and 1,313,287 parameters what came out."
        ),
    ),
)
class FeedForward(StackedClassifier):
    """Every pixel to every unit: hidden layers with dropout, and one last linear layer.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures.
        hidden: Units of each hidden layer, at least one layer.
        dropout: Share of each hidden layer dropped, 0 to 1.
        activation: Activation of the hidden layers, as `create_activation` names it.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `input_side` is not positive, there is no hidden layer, or `activation` is unknown.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        input_side: int = 48,
        hidden: tuple[int, ...] = (512, 256),
        dropout: float = 0.25,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        if input_side < 1:
            raise ValueError(f"input_side is {input_side}; expected a positive number of pixels")
        if not hidden:
            raise ValueError("hidden is empty; expected the units of at least one hidden layer")
        self.num_classes, self.in_channels, self.smallest_side = num_classes, in_channels, input_side
        layers: list[nn.Module] = [SquareFlatten(map_side=input_side, input_side=input_side)]
        for units_in, units in pairwise((in_channels * input_side**2, *hidden)):
            layers += [nn.Linear(units_in, units), create_activation(activation, units), nn.Dropout(dropout)]
        self.features = nn.Sequential(*layers, nn.Unflatten(1, (hidden[-1], 1, 1)))
        self.neck = nn.Flatten()
        self.classifier = nn.Linear(hidden[-1], num_classes)
        initialize_like_keras(self)
