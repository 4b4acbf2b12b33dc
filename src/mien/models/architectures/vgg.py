"""VGG16 and VGG19: their convolutions, with the heads of two studies in place of ImageNet's."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from mien.models.layers.convolution import convolution_unit
from mien.models.layers.flattening import SquareFlatten
from mien.models.layers.initialization import initialize_like_keras
from mien.models.pooled import PooledClassifier, global_pooling
from mien.models.pretrained import find_pretrained, load_published
from mien.models.registry import ModelCard, register_model

WIDTHS = (64, 128, 256, 512, 512)


def vgg_convolutions(in_channels: int, *, depths: Sequence[int]) -> nn.Sequential:
    """Return VGG's five stages of 3x3 convolutions and ReLU, each with a max-pool after it.

    Args:
        in_channels: 1 for grey, 3 for RGB.
        depths: Convolutions of each stage.
    """
    layers: list[nn.Module] = []
    for (incoming, width), depth in zip(pairwise((in_channels, *WIDTHS)), depths, strict=True):
        for place in range(depth):
            layers += convolution_unit(width if place else incoming, width, norm="none")
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def _without_prefix(published: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("features."): value for name, value in published.items()}


def _card(name: str, parameters: int, *, with_six: str, camnet: str) -> ModelCard:
    return ModelCard(
        source=f"Simonyan and Zisserman, https://arxiv.org/abs/1409.1556; the studies' {name}",
        input_size=(3, 48, 48),
        test_size=(3, 32, 32),
        parameters=parameters,
        studies=("camnet", "still_images"),
        family="vgg",
        note=(
            "Convolutions, global average pooling and one linear layer, as Keras gives it without its top; with the "
            f"study's six classes {with_six} parameters. Of camnet too, which feeds 224 pixels: {camnet} "
            f"ImageNet's own head is timm/{name.lower()}."
        ),
    )


class Vgg(PooledClassifier):
    """Convolutions in five stages, with a head of one's choice.

    Source: Simonyan and Zisserman, https://arxiv.org/abs/1409.1556. Differs: no layers of 4,096 units.

    Args:
        num_classes: Number of logits.
        in_channels: 1 for grey, 3 for RGB.
        pooling: What comes before the head: ``average``, ``max``, or ``flatten`` (keeps the places, fits `input_side`).
        input_side: Side of the pictures that a flattening head is built for, a multiple of 32.
        hidden: Units of each hidden layer in the head, in order.
        dropout: Share dropped before the last layer, 0 to 1.
        frozen: Whether the convolutions stay as they are, and only the head is trained.
        pretrained: Whether to begin with ImageNet's convolutions; the file must have been fetched. For grey input the
            first one is summed over the colours.

    Shape:
        ``(B, in_channels, H, W)`` to ``(B, num_classes)``; sides from 32 pixels.

    Raises:
        ValueError: If `pooling` is unknown, or `input_side` is no multiple of 32.
        MienError: If the pretrained weights are not there, or do not fit.
    """

    architecture: ClassVar[str]
    depths: ClassVar[tuple[int, ...]]

    def __init__(
        self,
        num_classes: int = 7,
        in_channels: int = 3,
        *,
        pooling: str = "average",
        input_side: int = 224,
        hidden: Sequence[int] = (),
        dropout: float = 0.0,
        frozen: bool = False,
        pretrained: bool = False,
    ) -> None:
        file = find_pretrained(self.architecture) if pretrained else None
        is_flat, map_side = pooling == "flatten", input_side // 32
        if is_flat and (input_side < 32 or input_side % 32):
            raise ValueError(f"input_side is {input_side}; expected a positive multiple of 32")
        super().__init__(
            num_classes,
            in_channels,
            features=vgg_convolutions(in_channels, depths=self.depths),
            pool=SquareFlatten(map_side=map_side, input_side=input_side) if is_flat else global_pooling(pooling),
            units=WIDTHS[-1] * (map_side**2 if is_flat else 1),
            hidden=hidden,
            dropout=dropout,
        )
        if is_flat:
            self.smallest_side = input_side
        initialize_like_keras(self)
        if file is not None:
            load_published(self.features, file, first="0.weight", rename=_without_prefix)
        self.features.requires_grad_(not frozen)


@register_model(
    "vgg16",
    card=_card(
        "VGG16",
        14_718_279,
        with_six="14,717,766",
        camnet="`pooling='flatten', hidden=[512, 256, 128]` gives 27,725,383.",
    ),
)
class Vgg16(Vgg):
    """Thirteen convolutions in five stages, with a head of one's choice."""

    architecture = "vgg16"
    depths = (2, 2, 3, 3, 3)


@register_model(
    "vgg19",
    card=_card(
        "VGG19",
        20_027_975,
        with_six="20,027,462",
        camnet=(
            "`pooling='flatten', hidden=[512, 256], frozen=True, pretrained=True` gives 33,003,079, of which "
            "12,978,695 are trained."
        ),
    ),
)
class Vgg19(Vgg):
    """Sixteen convolutions in five stages, with a head of one's choice."""

    architecture = "vgg19"
    depths = (2, 2, 4, 4, 4)
