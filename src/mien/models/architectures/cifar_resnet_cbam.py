"""What the study resnet_cbam ran: the small three-stage ResNets made for CIFAR, with CBAM in every module."""

from typing import ClassVar

from torch import nn

from mien.models.layers.cbam import Cbam
from mien.models.layers.choice import check_choice
from mien.models.layers.flattening import GlobalAverage, SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.layers.normalization import keras_norm
from mien.models.layers.residual import BasicBlock, identity
from mien.models.layers.residual_trunk import BlockPlace, ResidualTrunk
from mien.models.layers.same_padding import SameConv2d
from mien.models.registry import ModelCard, register_model
from mien.models.stacked import StackedClassifier, smallest_side_with_the_same_map

WIDTH, WINDOW = 16, 8


def _convolution(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    return SameConv2d(in_channels, out_channels, step=stride)


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    return SameConv2d(in_channels, out_channels, kernel=1, step=stride)


def _cbam(channels: int) -> nn.Module:
    return Cbam(channels, reduction=8, has_norm=False)


def _windows(side: int) -> int:
    """Return how many windows fit side by side into the last map of pictures of so many pixels."""
    return -(-side // 4) // WINDOW


class CifarResNetCbam(StackedClassifier):
    """Three stages of basic blocks of 16, 32 and 64 channels, each block with CBAM before its addition.

    Source: the study resnet_cbam and its author's notebooks, github.com/Tithra/Computer-Vision-DNN; He et al.,
    https://arxiv.org/abs/1512.03385, section 4.2; Woo et al., https://arxiv.org/abs/1807.06521. Differs from them, as
    the notebooks do: convolutions have biases, shortcuts are convolutions without norm, CBAM has none after its 7x7.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        input_side: Height and width of the pictures, at least 29.
        pooling: ``windows`` (means over windows of 8x8, as the study ran it: at 48 pixels one window in the upper left
            corner of a map of 12x12, the rest is not looked at) or ``average`` (over all places, any size).
        attention: Whether blocks have CBAM.

    Shape:
        ``(B, in_channels, input_side, input_side)`` to ``(B, num_classes)``.

    Raises:
        ValueError: If `pooling` is unknown or `input_side` is too small for a window.
    """

    blocks_per_stage: ClassVar[int]

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 1,
        *,
        input_side: int = 48,
        pooling: str = "windows",
        attention: bool = True,
    ) -> None:
        super().__init__()
        check_choice("pooling", pooling, ("windows", "average"))
        self.num_classes, self.in_channels = num_classes, in_channels
        stem = nn.Sequential(SameConv2d(in_channels, WIDTH), keras_norm(WIDTH), nn.ReLU(inplace=True))

        def make_block(place: BlockPlace) -> nn.Module:
            return BasicBlock(
                place.in_channels,
                place.width,
                stride=place.stride,
                convolutions=(_convolution, _convolution),
                norms=(keras_norm, keras_norm),
                shortcut=_shortcut,
                attention=_cbam if attention else identity,
            )

        trunk = ResidualTrunk(stem, WIDTH, depths=[self.blocks_per_stage] * 3, make_block=make_block)
        self.features = trunk
        units = trunk.out_channels
        if pooling == "windows":
            self.smallest_side = smallest_side_with_the_same_map(input_side, _windows)
            flatten = SquareFlatten(map_side=_windows(input_side), input_side=input_side)
            self.neck: nn.Module = nn.Sequential(nn.AvgPool2d(WINDOW), flatten)
            units *= _windows(input_side) ** 2
        else:
            self.neck = GlobalAverage()
        self.classifier = nn.Linear(units, num_classes)
        initialize_like_keras(self, kernels="he")

    def regularized_weights(self) -> dict[str, nn.Parameter]:
        """Return the weights, by name, that the study gives an L2 penalty of 1e-4 times their squares.

        They are the convolutions of stem, blocks and shortcuts, without biases, CBAM and the last layer. As coupled
        weight decay, which adds the decay times the weight to the gradient, the penalty is 2e-4.
        """
        convolutions = [name for name, module in self.named_modules() if isinstance(module, SameConv2d)]
        return {f"{name}.weight": self.get_parameter(f"{name}.weight") for name in convolutions}


def _card(named: str, parameters: int, *, at_64: str) -> ModelCard:
    return ModelCard(
        source=(
            "Study resnet_cbam, after its author's notebooks (github.com/Tithra/Computer-Vision-DNN); "
            "https://arxiv.org/abs/1512.03385, https://arxiv.org/abs/1807.06521"
        ),
        input_size=(1, 48, 48),
        parameters=parameters,
        studies=("resnet_cbam",),
        family="cifar_resnet_cbam",
        note=(
            f"The report calls it {named} and counts modules as only this network has them; it states no count. "
            f"`input_side=64`, as for JAFFE, gives {at_64} parameters. The pooling of 8x8 sees only the upper left "
            "corner of the map at 48 pixels; `pooling='average'` sees all of it, with as many parameters."
        ),
    )


@register_model("cifar_resnet20_cbam", card=_card("ResNet18", 277_875, at_64="279,219"))
class CifarResNet20Cbam(CifarResNetCbam):
    """Nine blocks: what the study calls ResNet18."""

    blocks_per_stage = 3


@register_model("cifar_resnet32_cbam", card=_card("ResNet34", 476_283, at_64="477,627"))
class CifarResNet32Cbam(CifarResNetCbam):
    """Fifteen blocks: what the study calls ResNet34."""

    blocks_per_stage = 5


@register_model("cifar_resnet50_cbam", card=_card("ResNet50", 773_895, at_64="775,239"))
class CifarResNet50Cbam(CifarResNetCbam):
    """Twenty-four blocks, none of them a bottleneck: what the study calls ResNet50."""

    blocks_per_stage = 8
