"""ResNets with CBAM where Wen, Sun and Zhang put it, as far as the study resnet_cbam tells."""

from torch import nn

from mien.models.architectures.attention_resnet import AttentionResNet, cbam_in_blocks
from mien.models.layers.cbam import Cbam
from mien.models.layers.choice import check_choice
from mien.models.layers.residual import BasicBlock
from mien.models.layers.residual_trunk import BlockPlace
from mien.models.registry import ModelCard, register_model

_OPEN = "The stem is not stated (ImageNet's is taken), nor CBAM's reduction (16, with batch norm after the 7x7)."


def _card(source: str, parameters: int, *, note: str) -> ModelCard:
    return ModelCard(
        source=f"After the text of the study resnet_cbam on {source}",
        input_size=(1, 48, 48),
        further_sizes=((1, 64, 64),),
        parameters=parameters,
        studies=("resnet_cbam",),
        family="attention_resnet",
        note=f"{note} {_OPEN}",
    )


@register_model(
    "resnet18_cbam_wen",
    card=_card(
        "P. Wen, Y. Ding, Y. Wen, Z. Deng and Z. Xu, Facial expression recognition method based on convolution neural "
        "network combining attention mechanism, International Conference on Artificial Intelligence and Security, "
        "2020, Springer, 136-147",
        11_263_711,
        note=(
            "Its chapter II has '4 ResNet + CBAM layers' and 17 convolutions, its table 3 '8 residual module + CBAM "
            "blocks': both are ResNet-18's, four stages of two blocks. Count: 11,173,831 of ResNet-18 with one channel "
            "and 7 classes, and 2 x (680 + 2,284 + 8,564 + 33,412) of CBAM. 'Residual module + CBAM' is read as CBAM "
            "after the module's addition."
        ),
    ),
    aliases=("wen_resnet_cbam",),
)
class WenResNet(AttentionResNet):
    """ResNet-18 with CBAM after each of its 8 blocks, past the addition.

    Source: Wen et al., 2020, as the study resnet_cbam describes it.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.
    """

    def __init__(self, num_classes: int = 7, in_channels: int = 1) -> None:
        def make_block(place: BlockPlace) -> nn.Module:
            block = BasicBlock(place.in_channels, place.width, stride=place.stride)
            return nn.Sequential(block, Cbam(place.width))

        super().__init__(num_classes, in_channels, depth=18, make_block=make_block)


@register_model(
    "resnet18_cbam_sun",
    card=_card(
        "L. Sun, Research on Expression Recognition Algorithm Based on Attention Mechanism, Journal of Physics: "
        "Conference Series, 2021, IOP Publishing, 042069",
        11_207_243,
        note=(
            "Its chapter II has one CBAM 'at the last block, just before Average-Pool', its table 3 'into the last "
            "convolutional block': `placement` is 'before_pooling' or 'last_block', with as many parameters. Count: "
            "11,173,831 of ResNet-18 with one channel and 7 classes, and 33,412 of CBAM."
        ),
    ),
    aliases=("sun_resnet18_cbam",),
)
class SunResNet(AttentionResNet):
    """ResNet-18 with one CBAM at its end.

    Source: Sun, 2021, as the study resnet_cbam describes it.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        placement: ``before_pooling`` (after the last stage) or ``last_block`` (in the last block, before its addition).

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.

    Raises:
        ValueError: If `placement` is unknown.
    """

    def __init__(self, num_classes: int = 7, in_channels: int = 1, *, placement: str = "before_pooling") -> None:
        check_choice("placement", placement, ("before_pooling", "last_block"))
        is_inside = placement == "last_block"
        super().__init__(
            num_classes,
            in_channels,
            depth=18,
            make_block=cbam_in_blocks(18, is_wanted=lambda place: is_inside and place.is_last),
            after_stages={} if is_inside else {3: Cbam(512)},
        )


_ZHANG = (
    "X. Zhang, Z. Chen and Q. Wei, Research and Application of Facial Expression Recognition Based on Attention "
    "Mechanism, 2021 IEEE Asia-Pacific Conference on Image Processing, Electronics and Computers (IPEC), 282-285"
)
_ZHANG_COUNT = (
    "Count: 21,281,991 of ResNet-34 with one channel and 7 classes, and 680 + 33,412 of CBAM, in both readings alike."
)


@register_model(
    "resnet34_cbam_zhang",
    card=_card(
        _ZHANG,
        21_316_083,
        note=(
            "Chapter II's reading, 'before and after the complete structure of ResNet34': before the first stage, as "
            "the picture itself has too few channels to weigh, and before the pooling. `resnet34_cbam_zhang_blocks` is "
            f"table 3's. {_ZHANG_COUNT}"
        ),
    ),
    aliases=("zhang_resnet34_cbam",),
)
class ZhangResNet(AttentionResNet):
    """ResNet-34 with CBAM before its first stage and after its last.

    Source: Zhang et al., 2021, as chapter II of the study resnet_cbam describes it.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.
    """

    def __init__(self, num_classes: int = 7, in_channels: int = 1) -> None:
        super().__init__(num_classes, in_channels, depth=34, after_stem=Cbam(64), after_stages={3: Cbam(512)})


@register_model(
    "resnet34_cbam_zhang_blocks",
    card=_card(
        _ZHANG,
        21_316_083,
        note=(
            "Table 3's reading, 'integrated into the first and the last convolutional block': in the first and the "
            f"last residual block, before the addition. `resnet34_cbam_zhang` is chapter II's. {_ZHANG_COUNT}"
        ),
    ),
)
class ZhangResNetBlocks(AttentionResNet):
    """ResNet-34 with CBAM in its first and its last block.

    Source: Zhang et al., 2021, as table 3 of the study resnet_cbam describes it.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.
    """

    def __init__(self, num_classes: int = 7, in_channels: int = 1) -> None:
        make_block = cbam_in_blocks(34, is_wanted=lambda place: place.is_first or place.is_last)
        super().__init__(num_classes, in_channels, depth=34, make_block=make_block)
