"""ImageNet's ResNets as timm builds them: plain, with squeeze-and-excitation, with split attention."""

from mien.models.registry import ModelCard, register_model
from mien.models.timm_classifier import TimmClassifier

_HE = "He et al., Deep Residual Learning for Image Recognition, https://arxiv.org/abs/1512.03385"
_HU = "Hu et al., Squeeze-and-Excitation Networks, https://arxiv.org/abs/1709.01507"
_ZHANG = "Zhang et al., ResNeSt: Split-Attention Networks, https://arxiv.org/abs/2004.08955"


def _card(source: str, parameters: int, *, note: str = "", side: int = 224) -> ModelCard:
    return ModelCard(
        source=source,
        input_size=(3, side, side),
        test_size=(3, 32, 32),
        parameters=parameters,
        studies=("camnet",),
        family="resnet",
        note=note,
    )


@register_model("resnet34", card=_card(f"{_HE}; the study's ResNet34", 21_288_263))
class ResNet34(TimmClassifier):
    """16 blocks of two 3x3 convolutions."""

    architecture = "resnet34"


@register_model(
    "resnet50",
    card=_card(
        f"{_HE}; the study's ResNet50",
        23_522_375,
        note="The stride is the 3x3 convolution's, not the first 1x1's as in the paper; the count is the same.",
    ),
)
class ResNet50(TimmClassifier):
    """16 bottleneck blocks."""

    architecture = "resnet50"


@register_model(
    "seresnet34",
    card=_card(
        f"{_HU}; the study's SEResNet34",
        21_449_459,
        note=(
            "timm's legacy_seresnet34, whose reduction is exactly 16; timm/seresnet34 rounds to multiples of 8 and has "
            "21,451,007. The text's 'bottleneck block and 34 layers' contradict each other: 34 layers of basic blocks."
        ),
    ),
)
class SeResNet34(TimmClassifier):
    """ResNet-34 with squeeze-and-excitation in every block."""

    architecture = "legacy_seresnet34"


@register_model(
    "seresnet50",
    card=_card(
        f"{_HU}; the study's SENet-50",
        26_053_367,
        side=197,
        note="timm/legacy_seresnet50 has the paper's stride in the first 1x1 convolution and the same count.",
    ),
    aliases=("senet50",),
)
class SeResNet50(TimmClassifier):
    """ResNet-50 with squeeze-and-excitation in every block; the study feeds it 197 pixels."""

    architecture = "seresnet50"


@register_model(
    "seresnext101_32x4d",
    card=_card(
        f"{_HU}; https://arxiv.org/abs/1611.05431; the study's SEResNeXt101",
        46_920_759,
        note="The study's head with a layer of 1,024 is `hidden=[1024]`: 49,011,767 parameters.",
    ),
    aliases=("seresnext101",),
)
class SeResNeXt101(TimmClassifier):
    """ResNeXt-101 of 32 groups of 4 channels, with squeeze-and-excitation in every block."""

    architecture = "seresnext101_32x4d"


@register_model(
    "resnest50",
    card=_card(
        f"{_ZHANG}; the study describes ResNeSt and gives no row of it",
        25_448_583,
        note=(
            "timm's resnest50d, the paper's ResNeSt-50: the text names no depth. 27,483,240 parameters with 1,000 "
            "classes, the paper's 27.5 million."
        ),
    ),
    aliases=("resnest",),
)
class ResNeSt50(TimmClassifier):
    """ResNet-50 with split attention of radix 2 in every block and a stem of three 3x3 convolutions."""

    architecture = "resnest50d"
