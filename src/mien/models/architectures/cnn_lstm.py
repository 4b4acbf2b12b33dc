"""The study cnn_lstm's main network: five convolutions, then two LSTMs that read the map's places as a sequence."""

from torch import Tensor, nn

from mien.models.layers.activation import create_activation
from mien.models.layers.choice import check_choice
from mien.models.layers.convolution import convolution_unit
from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.pooling import create_pooling
from mien.models.layers.self_attention import to_positions
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier


class SequenceReader(nn.Module):
    """Two LSTMs over the places of a map, row by row; the second gives its last state.

    Args:
        channels: Channels of the map.
        units: Units of the first and the second LSTM.
        dropout: Share of the first one's outputs dropped, 0 to 1.

    Shape:
        ``(B, channels, H, W)`` to ``(B, units[1])``.
    """

    def __init__(self, channels: int, *, units: tuple[int, int], dropout: float) -> None:
        super().__init__()
        self.first = nn.LSTM(channels, units[0], batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.second = nn.LSTM(units[0], units[1], batch_first=True)

    def forward(self, features: Tensor) -> Tensor:
        """Return the second LSTM's state after the last place."""
        sequence, _ = self.first(to_positions(features))
        states, _ = self.second(self.dropout(sequence))
        last: Tensor = states[:, -1]
        return last


@register_model(
    "cnn_lstm",
    card=ModelCard(
        source="Study cnn_lstm, section 8.5 C, which states 457,031 trainable parameters; no code published",
        input_size=(1, 48, 48),
        parameters=457_031,
        studies=("cnn_lstm",),
        family="cnn_lstm",
        further_sizes=((1, 64, 64),),
        note=(
            "Kernel sizes are not stated: of several that give the exact count, 3, 1, 3, 3, 3 is the only one with "
            "four 3x3 layers. Its section 8.1 lists four convolutions but quotes the same count, which only five give. "
            "Padding of the third and fourth convolution is not stated: `padding` is 'same', as for the fifth, or "
            "'valid'; the count is the same. Weights are drawn as Keras draws them; of the two biases of torch's LSTM "
            "one is zero and frozen, as Keras has but one."
        ),
    ),
)
class CnnLstm(StackedClassifier):
    """Five convolutions with batch norm, three max-pools, LSTMs of 128 and 64 units, a hidden layer of 200.

    Source: the study cnn_lstm, section 8.5 C.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        padding: Edges of the third and fourth of the five convolutions: ``same`` (25 places at 48 pixels) or ``valid``
            (16 places).
        dropout: Share dropped after the first two poolings, 0 to 1.
        sequence_dropout: Share dropped after the first LSTM and after the hidden layer, 0 to 1.
        activation: Activation of convolutions and hidden layer, as `create_activation` names it.
        pooling: ``max``, ``average`` or ``stochastic``.

    Shape:
        ``(B, in_channels, 48, 48)``, or larger, to ``(B, num_classes)``.

    Raises:
        ValueError: If `padding`, `activation` or `pooling` is unknown.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        padding: str = "same",
        dropout: float = 0.1,
        sequence_dropout: float = 0.3,
        activation: str = "relu",
        pooling: str = "max",
    ) -> None:
        super().__init__()
        check_choice("padding", padding, ("same", "valid"))
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = 32

        def unit(channels_in: int, channels_out: int, *, kernel: int, edge: str) -> list[nn.Module]:
            return convolution_unit(
                channels_in, channels_out, kernel=kernel, padding=edge, norm="keras", activation=activation
            )

        self.features = nn.Sequential(
            *unit(in_channels, 32, kernel=3, edge="valid"),
            *unit(32, 64, kernel=1, edge="valid"),
            create_pooling(pooling),
            nn.Dropout(dropout),
            *unit(64, 64, kernel=3, edge=padding),
            *unit(64, 128, kernel=3, edge=padding),
            create_pooling(pooling),
            nn.Dropout(dropout),
            *unit(128, 128, kernel=3, edge="same"),
            create_pooling(pooling),
        )
        self.neck = nn.Sequential(
            SequenceReader(128, units=(128, 64), dropout=sequence_dropout),
            nn.Linear(64, 200),
            create_activation(activation, 200),
            nn.Dropout(sequence_dropout),
        )
        self.classifier = nn.Linear(200, num_classes)
        initialize_like_keras(self)
