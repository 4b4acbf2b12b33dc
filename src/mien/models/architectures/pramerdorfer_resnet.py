"""The ResNet that Pramerdorfer and Kampel compared with others, related work of the study cnn_lstm."""

from torch import nn

from mien.models.layers.amend import AmendRepresentation
from mien.models.layers.choice import check_choice
from mien.models.layers.flattening import GlobalAverage
from mien.models.layers.residual import BasicBlock
from mien.models.layers.residual_trunk import ResidualTrunk, initialize_residual, narrow_stem
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map


@register_model(
    "pramerdorfer_resnet",
    card=ModelCard(
        source="Pramerdorfer and Kampel, https://arxiv.org/abs/1612.02903, after the text of study cnn_lstm, chapter 4",
        input_size=(1, 48, 48),
        parameters=5_325_159,
        studies=("cnn_lstm",),
        family="pramerdorfer_resnet",
        note=(
            "After the text: the 34-layer ResNet with fewer parameters and with dropout. Here its widths are halved "
            "(32 to 256) and it starts with a 3x3 convolution instead of 7x7 and pooling; 5,325,159 parameters came "
            "out. `pooling='amend'` puts the amend module in the place of the global average."
        ),
    ),
)
class PramerdorferResNet(StackedClassifier):
    """Stages of 3, 4, 6 and 3 basic blocks, 32 to 256 channels, at full resolution from the start.

    Source: Pramerdorfer and Kampel, https://arxiv.org/abs/1612.02903

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        dropout: Share of the pooled map dropped, 0 to 1.
        pooling: ``average`` (any size from 16 pixels) or ``amend`` (see `AmendRepresentation`; `input_side` only).
        input_side: Height and width of the pictures with ``amend``.

    Shape:
        ``(B, in_channels, 48, 48)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `pooling` is unknown, or `input_side` is too small for it.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        dropout: float = 0.25,
        pooling: str = "average",
        input_side: int = 48,
    ) -> None:
        super().__init__()
        check_choice("pooling", pooling, ("average", "amend"))
        self.num_classes, self.in_channels = num_classes, in_channels
        trunk = ResidualTrunk(
            narrow_stem(in_channels, 32),
            32,
            depths=(3, 4, 6, 3),
            make_block=lambda place: BasicBlock(place.in_channels, place.width, stride=place.stride),
        )
        self.features = trunk
        self.smallest_side, units = 16, trunk.out_channels
        pool: nn.Module = GlobalAverage()
        if pooling == "amend":
            map_side = -(-input_side // 8)
            self.smallest_side = smallest_side_with_the_same_map(input_side, lambda side: -(-side // 8))
            pool = AmendRepresentation(trunk.out_channels, map_side=map_side)
            units = pool.out_features
        self.neck = nn.Sequential(pool, nn.Dropout(dropout))
        self.classifier = nn.Linear(units, num_classes)
        initialize_residual(self)
