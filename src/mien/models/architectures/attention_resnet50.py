"""The ResNet-50 that the study camnet took with weights of ImageNet: CBAM in every block, BAM after stages."""

import re
from typing import ClassVar

from torch import Tensor, nn

from mien.models.architectures.attention_resnet import AttentionResNet, cbam_in_blocks
from mien.models.layers.bam import Bam
from mien.models.layers.residual_trunk import BlockMaker
from mien.models.pretrained import find_published, load_published
from mien.models.registry import ModelCard, register_model

# The names of the authors' code, https://github.com/Jongchan/attention-module, and those of mien's blocks.
_PLACES = {"layer": "stages", "bam": "after"}
_PARTS = {
    "conv1": "branch.0",
    "bn1": "branch.1",
    "conv2": "branch.3",
    "bn2": "branch.4",
    "conv3": "branch.6",
    "bn3": "branch.7",
    "downsample": "shortcut",
    "cbam.ChannelGate.mlp.1": "attention.channel.squeeze",
    "cbam.ChannelGate.mlp.3": "attention.channel.excite",
    "cbam.SpatialGate.spatial.conv": "attention.spatial.convolution",
    "cbam.SpatialGate.spatial.bn": "attention.spatial.norm",
    "channel_att.gate_c.gate_c_fc_0": "channel.2",
    "channel_att.gate_c.gate_c_bn_1": "channel.3",
    "channel_att.gate_c.gate_c_fc_final": "channel.5",
    "spatial_att.gate_s.gate_s_conv_reduce0": "spatial.0",
    "spatial_att.gate_s.gate_s_bn_reduce0": "spatial.1",
    "spatial_att.gate_s.gate_s_conv_di_0": "spatial.3",
    "spatial_att.gate_s.gate_s_bn_di_0": "spatial.4",
    "spatial_att.gate_s.gate_s_conv_di_1": "spatial.6",
    "spatial_att.gate_s.gate_s_bn_di_1": "spatial.7",
    "spatial_att.gate_s.gate_s_conv_final": "spatial.9",
}


def _own_name(published: str) -> str:
    name = published.removeprefix("module.")
    name = re.sub(r"^conv1\.", "stem.0.", re.sub(r"^bn1\.", "stem.1.", name))
    name = re.sub(r"^(layer|bam)(\d)", lambda found: f"{_PLACES[found[1]]}.{int(found[2]) - 1}", name)
    for theirs, own in _PARTS.items():
        name = name.replace(f".{theirs}.", f".{own}.")
    return name


def rename_published(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of the authors' ResNet-50 by the names that mien's has, as mien's blocks take them.

    Args:
        weights: Weights by the authors' names, with or without CBAM or BAM.
    """
    own = {_own_name(name): value for name, value in weights.items()}
    for name, value in own.items():
        if name.endswith("attention.spatial.convolution.weight"):
            # The authors' spatial attention has the maximum first, mien's the mean.
            own[name] = value.flip(1)
    return own


class AttentionResNet50(AttentionResNet):
    """ResNet-50 with attention, for pictures of 224 pixels; subclasses say where the attention stands.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        hidden: Units of a hidden layer in the head; None has none.
        pretrained: Whether to begin with the weights of ImageNet that the authors publish; the file must have been
            fetched. For grey input the first convolution is summed over the colours.

    Attributes:
        published: Registered name, and where the authors publish their weights.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.

    Raises:
        MienError: If the pretrained weights are not there, or do not fit.
    """

    published: ClassVar[tuple[str, str]]

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        hidden: int | None = None,
        pretrained: bool = False,
    ) -> None:
        file = find_published(*self.published, publisher="attention-module") if pretrained else None
        super().__init__(
            num_classes,
            in_channels,
            depth=50,
            make_block=self.block_maker(),
            after_stages=self.modules_after_stages(),
            hidden=hidden,
        )
        if file is not None:
            load_published(self.features, file, first="stem.0.weight", rename=rename_published)

    def block_maker(self) -> BlockMaker | None:
        """Return what makes the block of a place; None takes the plain one."""
        return None

    def modules_after_stages(self) -> dict[int, nn.Module]:
        """Return what follows a stage, by its number from 0."""
        return {}


def _card(source: str, parameters: int, *, with_a_hidden_layer: str) -> ModelCard:
    return ModelCard(
        source=f"{source}, in the study camnet, section 4.9",
        input_size=(3, 224, 224),
        test_size=(3, 32, 32),
        parameters=parameters,
        studies=("camnet",),
        family="attention_resnet",
        note=(
            "The text's 'fully connected layer having a size of 2048 and a softmax' is read as one linear layer from "
            f"2048; `hidden=2048` is the other reading, with {with_a_hidden_layer} parameters. The study began with "
            "weights of ImageNet; `pretrained` takes the authors' (github.com/Jongchan/attention-module)."
        ),
    )


@register_model(
    "cbam_resnet50",
    card=_card(
        "Woo et al., CBAM: Convolutional Block Attention Module, https://arxiv.org/abs/1807.06521",
        26_054_967,
        with_a_hidden_layer="30,251,319",
    ),
)
class CbamResNet50(AttentionResNet50):
    """ResNet-50 with CBAM in each of its 16 blocks, for pictures of 224 pixels.

    Source: Woo et al., https://arxiv.org/abs/1807.06521
    """

    published = "cbam_resnet50", "https://www.dropbox.com/s/bt6zty02h9ibufi/RESNET50_CBAM_new_name_wrap.pth?dl=1"

    def block_maker(self) -> BlockMaker:
        """Return what makes the block of a place, with CBAM before its addition."""
        return cbam_in_blocks(50)


@register_model(
    "bam_resnet50",
    card=_card(
        "Park et al., BAM: Bottleneck Attention Module, https://arxiv.org/abs/1807.06514",
        23_880_442,
        with_a_hidden_layer="28,076,794",
    ),
)
class BamResNet50(AttentionResNet50):
    """ResNet-50 with BAM after its first three stages, for pictures of 224 pixels.

    Source: Park et al., https://arxiv.org/abs/1807.06514
    """

    published = "bam_resnet50", "https://www.dropbox.com/s/esw0m8e3cjg7ex4/RESNET50_IMAGENET_BAM_best.pth.tar?dl=1"

    def modules_after_stages(self) -> dict[int, nn.Module]:
        """Return BAM after each stage but the last."""
        return {stage: Bam(channels) for stage, channels in enumerate((256, 512, 1024))}
