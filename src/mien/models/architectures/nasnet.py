"""NASNet-A, the large one as timm builds it and the mobile one put together from timm's cells."""

import re
from collections.abc import Sequence

from timm.layers.conv_bn_act import ConvNormAct
from timm.layers.pool2d_same import AvgPool2dSame
from timm.models.nasnet import (
    CellStem0,
    CellStem1,
    FirstCell,
    NormalCell,
    ReductionCell0,
    ReductionCell1,
    SeparableConv2d,
)
from torch import Tensor, nn

from mien.models.layers.initialization import draw_he_normal, initialize_like_keras
from mien.models.layers.pooling import SameAveragePool2d
from mien.models.pooled import PooledClassifier, global_pooling
from mien.models.pretrained import find_published, load_published
from mien.models.registry import ModelCard, register_model
from mien.models.timm_classifier import TimmClassifier

_ZOPH = (
    "Zoph et al., Learning Transferable Architectures for Scalable Image Recognition, https://arxiv.org/abs/1707.07012"
)
# Cadene's port of the weights that the paper's authors published, https://github.com/Cadene/pretrained-models.pytorch
MOBILE_WEIGHTS = "http://data.lip6.fr/cadene/pretrainedmodels/nasnetamobile-7e03cead.pth"


@register_model(
    "nasnetalarge",
    card=ModelCard(
        source=f"{_ZOPH}; the study's NASNetLarge",
        input_size=(3, 48, 48),
        test_size=(3, 32, 32),
        parameters=84_748_381,
        studies=("still_images",),
        family="nasnet",
        note="Made for 331 pixels. With the study's six classes 84,744,348 parameters.",
    ),
    aliases=("nasnetlarge", "nasnet_large"),
)
class NasNetALarge(TimmClassifier):
    """NASNet-A with three times six normal cells and 4,032 channels at the end."""

    architecture = "nasnetalarge"


def leave_out_padding(network: nn.Module) -> None:
    """Let timm's padded averages leave out what was added, as the paper's code does; timm's count it as zeros.

    Args:
        network: Changed in place.
    """
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, AvgPool2dSame):
                kernel, stride = (
                    side if isinstance(side, int) else side[0] for side in (child.kernel_size, child.stride)
                )
                setattr(parent, name, SameAveragePool2d(kernel, stride))


class NasNetCells(nn.Module):
    """Stem, and three groups of normal cells with a reduction cell between them.

    Args:
        in_channels: 1 for grey, 3 for RGB.
        stem: Channels of the first convolution.
        filters: Channels of a branch in the first group; each further group doubles them.
        repeats: Normal cells of a group.
        momentum: Share of a batch in the running statistics of every batch norm.
        skips_reduction: Whether the first cell after a reduction takes, next to what the reduction gives, what came
            before the reduction's input, as the large network does, or that input itself, as the mobile one does.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, 24 * filters, ceil(H / 32), ceil(W / 32))``, about.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        stem: int,
        filters: int,
        repeats: int,
        momentum: float = 0.1,
        skips_reduction: bool = False,
    ) -> None:
        super().__init__()
        self.skips_reduction = skips_reduction
        self.convolution = ConvNormAct(in_channels, stem, 3, stride=2, padding=0, apply_act=False)
        self.stem_0 = CellStem0(stem, filters // 4, pad_type="same")
        self.stem_1 = CellStem1(stem, filters // 2, pad_type="same")
        # What the two cells before give, the older first.
        before = (filters, 2 * filters)
        self.groups, self.reductions = nn.ModuleList(), nn.ModuleList()
        for group in range(3):
            width = filters * 2**group
            cells = nn.ModuleList([FirstCell(before[0], width // 2, before[1], width, pad_type="same")])
            before = (before[1], 6 * width)
            for _ in range(repeats - 1):
                cells.append(NormalCell(before[0], width, before[1], width, pad_type="same"))
                before = (6 * width, 6 * width)
            self.groups.append(cells)
            if group < 2:
                reduction = (ReductionCell0, ReductionCell1)[group]
                self.reductions.append(reduction(6 * width, 2 * width, 6 * width, 2 * width, pad_type="same"))
                before = (6 * width, 8 * width)
        self.activation = nn.ReLU()
        leave_out_padding(self)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps, module.momentum = 1e-3, momentum

    def forward(self, images: Tensor) -> Tensor:
        """Return the last map."""
        first = self.convolution(images)
        previous = self.stem_0(first)
        current = self.stem_1(first, previous)
        for group, cells in enumerate(self.groups):
            if group > 0:
                reduced = self.reductions[group - 1](current, previous)
                previous, current = previous if self.skips_reduction else current, reduced
            for cell in cells:  # type: ignore[attr-defined]
                previous, current = current, cell(current, previous)
        features: Tensor = self.activation(current)
        return features


@register_model(
    "nasnet_mobile",
    card=ModelCard(
        source=f"{_ZOPH}; the study's NASNetMobile",
        input_size=(3, 48, 48),
        test_size=(3, 32, 32),
        parameters=4_240_377,
        studies=("still_images",),
        family="nasnet",
        note=(
            "Made for 224 pixels; 5,289,978 parameters with 1,000 classes, as in Keras, and 4,239,320 with the study's "
            "six. `norm_momentum=0.0003` is Keras's, with which running statistics need thousands of steps. Poolings "
            "that stride leave out what is padded, as in the paper's code; Keras, which the study used, counts zeros, "
            "in maxima too, and timm's cells in averages. Weights begin as in Keras. `pretrained` takes the paper's, "
            "ported to torch by Cadene (github.com/Cadene/pretrained-models.pytorch), made for colours from -1 to 1; "
            "with the same weights his network and this one give the same at 224 pixels, the size his takes."
        ),
    ),
    aliases=("nasnetmobile",),
)
class NasNetMobile(PooledClassifier):
    """NASNet-A with three times four normal cells and 1,056 channels at the end.

    Source: Zoph et al., https://arxiv.org/abs/1707.07012

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        norm_momentum: Share of a batch in the running statistics of every batch norm.
        pooling: What comes before the head: ``average`` or ``max``.
        hidden: Units of each hidden layer in the head, in order.
        dropout: Share dropped before the last layer, 0 to 1.
        pretrained: Whether to begin with published weights of ImageNet; the file must have been fetched. For grey
            input the first convolution is summed over the colours.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.

    Raises:
        ValueError: If `pooling` is unknown.
        MienError: If the pretrained weights are not there, or do not fit.
    """

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        norm_momentum: float = 0.1,
        pooling: str = "average",
        hidden: Sequence[int] = (),
        dropout: float = 0.0,
        pretrained: bool = False,
    ) -> None:
        file = find_published("nasnet_mobile", MOBILE_WEIGHTS, publisher="cadene") if pretrained else None
        super().__init__(
            num_classes,
            in_channels,
            features=NasNetCells(in_channels, stem=32, filters=44, repeats=4, momentum=norm_momentum),
            pool=global_pooling(pooling),
            units=24 * 44,
            hidden=hidden,
            dropout=dropout,
        )
        self._initialize()
        if file is not None:
            load_published(self.features, file, first="convolution.conv.weight", rename=_rename)

    def _initialize(self) -> None:
        # As Keras draws them: He normal, but Glorot for separable convolutions, which take no notice of what is asked.
        initialize_like_keras(self)
        cells = self.features
        separable = {
            part for block in cells.modules() if isinstance(block, SeparableConv2d) for part in block.children()
        }
        for module in cells.modules():
            if isinstance(module, nn.Conv2d) and module not in separable:
                draw_he_normal(module.weight)


def _rename(published: dict[str, Tensor]) -> dict[str, Tensor]:
    return {_own_name(name): value for name, value in published.items()}


def _own_name(published: str) -> str:
    # Cadene's cells are numbered through, with room for six in a group.
    name = re.sub(r"^cell_(\d+)", lambda found: "groups.{}.{}".format(*divmod(int(found[1]), 6)), published)
    name = re.sub(r"^cell_stem_(\d)", r"stem_\1", name)
    return name.replace("conv0.", "convolution.").replace("reduction_cell_", "reductions.")
