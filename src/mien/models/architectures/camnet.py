"""CAMnet, the network of the study camnet: a ResNet-34 of split attention with a masking block after each stage."""

from collections.abc import Sequence

from torch import Tensor, nn

from mien.models.layers.choice import check_choice
from mien.models.layers.flattening import GlobalAverage
from mien.models.layers.masking_block import MASK_ACTIVATIONS, MaskingBlock
from mien.models.layers.residual import BasicBlock, convolution_3x3, identity
from mien.models.layers.residual_trunk import (
    BlockPlace,
    ResidualTrunk,
    initialize_residual,
    silence_residual_blocks,
    wide_stem,
)
from mien.models.layers.split_attention import SplitAttention
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier

POSITIONS = {"both": (True, True), "first": (True, False), "second": (False, True), "none": (False, False)}


@register_model(
    "camnet",
    card=ModelCard(
        source=(
            "Study camnet, chapter 5, after https://doi.org/10.1109/ICPR48806.2021.9411919 and "
            "https://arxiv.org/abs/2004.08955"
        ),
        input_size=(3, 224, 224),
        test_size=(3, 32, 32),
        further_sizes=((3, 64, 64),),
        parameters=141_366_759,
        studies=("camnet",),
        family="camnet",
        note=(
            "No count is published: ResNet-34's two batch norms are kept after the split attention, which stands "
            "'instead of the 3x3 convolution' (`norms='none'` drops them: 141,351,655). The text's 'groups of 3, 4, 6 "
            "and 3' are ResNet-34's numbers of blocks; as groups they cannot divide the channels. Masks are a softmax "
            "over channels, as in the text and in the residual masking network's code: the values of a place sum to 1, "
            "so that 1 + mask is nearly 1. `mask_activation='sigmoid'` gives 0.5 to 1, as the mask's last ReLU comes "
            "before it. Sides must be multiples of 32. At 224 pixels a forward pass takes 43.8 GFLOPs."
        ),
    ),
)
class CamNet(StackedClassifier):
    """ResNet-34 with split attention for its 3x3 convolutions, and a masking block after each of its four stages.

    Source: the study camnet, chapter 5; masks of Pham et al., https://doi.org/10.1109/ICPR48806.2021.9411919, and split
    attention of Zhang et al., https://arxiv.org/abs/2004.08955.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        width: Channels of the first stage; 16 makes a network of a sixteenth of the size.
        mask_activation: ``softmax`` over the channels, ``sigmoid``, or ``none``.
        has_masks: Whether masking blocks follow the stages; without them, sides need not be multiples of 32.
        dropout: Share of the pooled features dropped, 0 to 1.
        hidden: Units of a hidden layer before the dropout; None has none.
        split_attention: Which convolutions of a block are split attention: ``both``, ``first``, ``second``, ``none``.
        norms: Which convolutions of a block batch norm follows: ``both``, ``first``, ``second``, ``none``.
        cardinality: Groups within a split, one number or one for each stage.

    Shape:
        ``(B, in_channels, H, W)``, H and W multiples of 32, to ``(B, num_classes)``.

    Raises:
        ValueError: If an option is unknown or the channels cannot be divided into so many groups.
    """

    smallest_side = 32

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        width: int = 64,
        mask_activation: str = "softmax",
        has_masks: bool = True,
        dropout: float = 0.5,
        hidden: int | None = None,
        split_attention: str = "both",
        norms: str = "both",
        cardinality: int | Sequence[int] = 1,
    ) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width is {width}; expected a positive number of channels")
        groups = [cardinality] * 4 if isinstance(cardinality, int) else list(cardinality)
        if len(groups) != 4:
            raise ValueError(f"cardinality has {len(groups)} numbers; expected one, or one for each of the 4 stages")
        check_choice("mask_activation", mask_activation, MASK_ACTIVATIONS)
        check_choice("split_attention", split_attention, POSITIONS)
        check_choice("norms", norms, POSITIONS)
        self.num_classes, self.in_channels, self.has_masks = num_classes, in_channels, has_masks

        def make_block(place: BlockPlace) -> nn.Module:
            def split(in_channels: int, out_channels: int, stride: int) -> nn.Module:
                return SplitAttention(in_channels, out_channels, stride=stride, cardinality=groups[place.stage])

            first, second = (split if wanted else convolution_3x3 for wanted in POSITIONS[split_attention])
            norm_1, norm_2 = (nn.BatchNorm2d if wanted else identity for wanted in POSITIONS[norms])
            return BasicBlock(
                place.in_channels,
                place.width,
                stride=place.stride,
                convolutions=(first, second),
                norms=(norm_1, norm_2),
            )

        masks = {
            stage: MaskingBlock(width * 2**stage, depth=4 - stage, activation=mask_activation)
            for stage in range(4 if has_masks else 0)
        }
        trunk = ResidualTrunk(
            wide_stem(in_channels, width), width, depths=(3, 4, 6, 3), make_block=make_block, after_stages=masks
        )
        self.features = trunk
        units = trunk.out_channels
        layers: list[nn.Module] = [] if hidden is None else [nn.Linear(units, hidden), nn.ReLU(inplace=True)]
        self.neck = nn.Sequential(GlobalAverage(), *layers, nn.Dropout(dropout))
        self.classifier = nn.Linear(units if hidden is None else hidden, num_classes)
        initialize_residual(self)
        for mask in masks.values():
            silence_residual_blocks(mask)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the last feature map, shape ``(B, 8 * width, H // 32, W // 32)``.

        Raises:
            ValueError: If a side is no multiple of 32, which the masks' way down and up again needs.
        """
        height, width = images.shape[2:]
        if self.has_masks and (height % 32 or width % 32):
            smaller, larger = (f"{height // 32 * 32 + more}x{width // 32 * 32 + more}" for more in (0, 32))
            raise ValueError(
                f"images are {height}x{width}; height and width must be multiples of 32, such as {smaller} or {larger}"
            )
        return super().forward_features(images)
