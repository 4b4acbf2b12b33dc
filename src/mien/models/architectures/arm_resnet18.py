"""ResNet-18 with the amend module, which the study compact_realtime names among the ways to better figures."""

from torch import nn

from mien.models.layers.amend import AmendRepresentation
from mien.models.layers.choice import check_choice
from mien.models.layers.residual import BasicBlock
from mien.models.layers.residual_trunk import ResidualTrunk, initialize_residual, narrow_stem, wide_stem
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

STEMS = {"wide": (wide_stem, 32), "narrow": (narrow_stem, 8)}


@register_model(
    "arm_resnet18",
    card=ModelCard(
        source="Shi and Zhu, https://arxiv.org/abs/2103.10189, named by study compact_realtime, section 2.3",
        input_size=(1, 224, 224),
        parameters=11_172_123,
        studies=("compact_realtime",),
        family="arm_resnet18",
        note=(
            "ResNet-18 without its pooling (11,170,240 parameters with one channel), the amend module (1,029) and a "
            "linear layer from 121 values (854). `stem='narrow', input_side=48` is for pictures of 48 pixels. The mean "
            "over all faces is a running one in evaluation."
        ),
    ),
)
class ArmResNet18(StackedClassifier):
    """ResNet-18 whose last map is amended instead of averaged.

    Source: Shi and Zhu, Learning to Amend Facial Expression Representation via De-albino and Affinity,
    https://arxiv.org/abs/2103.10189

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        stem: ``wide`` (7x7 and max-pool, for large pictures) or ``narrow`` (3x3, for small ones).
        input_side: Height and width of the pictures.
        dropout: Share of the amended representation dropped, 0 to 1.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `stem` is unknown, or `input_side` is too small.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        stem: str = "wide",
        input_side: int = 224,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_choice("stem", stem, STEMS)
        make_stem, reduction = STEMS[stem]
        self.num_classes, self.in_channels = num_classes, in_channels
        self.smallest_side = smallest_side_with_the_same_map(input_side, lambda side: -(-side // reduction))
        trunk = ResidualTrunk(
            make_stem(in_channels, 64),
            64,
            depths=(2, 2, 2, 2),
            make_block=lambda place: BasicBlock(place.in_channels, place.width, stride=place.stride),
        )
        self.features = trunk
        amend = AmendRepresentation(trunk.out_channels, map_side=-(-input_side // reduction))
        self.neck = nn.Sequential(amend, nn.Dropout(dropout))
        self.classifier = nn.Linear(amend.out_features, num_classes)
        initialize_residual(self)
