"""DenseNets as timm builds them."""

from mien.models.registry import ModelCard, register_model
from mien.models.timm_classifier import TimmClassifier

_HUANG = "Huang et al., Densely Connected Convolutional Networks, https://arxiv.org/abs/1608.06993"


def _card(studies: tuple[str, ...], parameters: int, *, side: int, note: str) -> ModelCard:
    return ModelCard(
        source=_HUANG,
        input_size=(3, side, side),
        test_size=(3, 32, 32),
        parameters=parameters,
        studies=studies,
        family="densenet",
        note=note,
    )


@register_model(
    "densenet121",
    card=_card(
        ("camnet", "still_images"),
        6_961_031,
        side=224,
        note="In still_images at 48 pixels and with six classes: 6,960,006 parameters.",
    ),
)
class DenseNet121(TimmClassifier):
    """Blocks of 6, 12, 24 and 16 layers, each of which sees the maps of all before it."""

    architecture = "densenet121"


@register_model(
    "densenet169",
    card=_card(("still_images",), 12_496_135, side=48, note="With the study's six classes 12,494,470 parameters."),
)
class DenseNet169(TimmClassifier):
    """Blocks of 6, 12, 32 and 32 layers."""

    architecture = "densenet169"
