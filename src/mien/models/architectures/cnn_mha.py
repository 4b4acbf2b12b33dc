"""The study cnn_lstm's second network: convolutions, and self-attention between the places of their maps."""

from torch import Tensor, nn

from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.same_padding import SameConv2d
from mien.models.layers.self_attention import ChannelNorm, SelfAttention, to_positions
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

HEADS, HEAD_CHANNELS, DENSE = 8, 8, 200


class PlaceAttention(nn.Module):
    """Self-attention between the places of a map, then layer norm; perhaps a dense layer between the two.

    Args:
        channels: Channels of the map.
        dense: Units of a dense layer after the attention; None leaves it out.

    Shape:
        ``(B, channels, H, W)`` to ``(B, dense or channels, H, W)``.
    """

    def __init__(self, channels: int, *, dense: int | None) -> None:
        super().__init__()
        self.attention = SelfAttention(channels, heads=HEADS, head_channels=HEAD_CHANNELS)
        self.dense = nn.Identity() if dense is None else nn.Linear(channels, dense)
        self.norm = nn.LayerNorm(dense or channels, eps=1e-3)

    def forward(self, features: Tensor) -> Tensor:
        """Return the attended map."""
        attended: Tensor = self.norm(self.dense(self.attention(to_positions(features))))
        return attended.transpose(1, 2).reshape(features.shape[0], -1, *features.shape[2:])


def _unit(in_channels: int, out_channels: int, *, kernel: int = 3) -> list[nn.Module]:
    convolution = SameConv2d(in_channels, out_channels, kernel=kernel)
    return [convolution, nn.ReLU(inplace=True), ChannelNorm(out_channels)]


@register_model(
    "cnn_mha",
    card=ModelCard(
        source="Study cnn_lstm, section 8.6 B, which states 197,799 trainable parameters; no code published",
        input_size=(1, 48, 48),
        parameters=197_799,
        studies=("cnn_lstm",),
        family="cnn_mha",
        further_sizes=((1, 64, 64),),
        note=(
            "The exact count comes out only with the two dense layers of 200 units off the counted path (layers that "
            "were made but never connected are no part of a Keras model); `dense200` puts them in, which gives "
            "324,567. No positional encoding and no residual connection is mentioned, so there is none."
        ),
    ),
)
class CnnMha(StackedClassifier):
    """Four convolutions and two self-attentions of 8 heads of 8 channels, averaged over the places.

    Source: the study cnn_lstm, section 8.6 B.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        dense200: Whether a dense layer of 200 units follows each attention, as the text literally says.
        dropout: Share dropped after the second attention, 0 to 1.

    Shape:
        ``(B, in_channels, 48, 48)``, or another size from 16 pixels, to ``(B, num_classes)``.
    """

    smallest_side = 16

    def __init__(
        self, num_classes: int = 7, in_channels: int = 1, *, dense200: bool = False, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.num_classes, self.in_channels = num_classes, in_channels
        dense = DENSE if dense200 else None
        self.features = nn.Sequential(
            *_unit(in_channels, 32, kernel=2),
            nn.MaxPool2d(2),
            *_unit(32, 64),
            nn.MaxPool2d(2),
            PlaceAttention(64, dense=dense),
            *_unit(dense or 64, 64),
            *_unit(64, 128),
            PlaceAttention(128, dense=dense),
        )
        self.neck = PlaceAverage(dense or 128, 128, dropout=dropout)
        self.classifier = nn.Linear(128, num_classes)
        initialize_like_keras(self)


class PlaceAverage(nn.Module):
    """Dropout, a hidden layer for each place by itself, layer norm, the average over the places.

    Args:
        channels: Channels of the map.
        hidden: Units of the hidden layer.
        dropout: Share of the map dropped, 0 to 1.

    Shape:
        ``(B, channels, H, W)`` to ``(B, hidden)``.
    """

    def __init__(self, channels: int, hidden: int, *, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(channels, hidden),
            nn.ReLU(inplace=True),
            nn.LayerNorm(hidden, eps=1e-3),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the average over the places."""
        averaged: Tensor = self.layers(to_positions(features)).mean(dim=1)
        return averaged
