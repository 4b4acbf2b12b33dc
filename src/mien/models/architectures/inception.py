"""Inception's third version and the one with residual blocks, as timm builds them."""

from mien.models.registry import ModelCard, register_model
from mien.models.timm_classifier import TimmClassifier


def _card(source: str, parameters: int, *, with_six: str) -> ModelCard:
    return ModelCard(
        source=source,
        input_size=(3, 75, 75),
        parameters=parameters,
        studies=("still_images",),
        family="inception",
        note=(
            f"Made for 299 pixels; the study feeds 75, the smallest that works. With its six classes {with_six} "
            "parameters. Keras, which the study used, leaves out the scale of every batch norm."
        ),
    )


@register_model(
    "inception_v3",
    card=_card(
        "Szegedy et al., Rethinking the Inception Architecture, https://arxiv.org/abs/1512.00567",
        21_799_911,
        with_six="21,797,862",
    ),
    aliases=("inceptionv3",),
)
class InceptionV3(TimmClassifier):
    """Eleven modules of factorised convolutions, without the auxiliary classifier."""

    architecture = "inception_v3"
    smallest_side = 75


@register_model(
    "inception_resnet_v2",
    card=_card(
        "Szegedy et al., Inception-v4 and Inception-ResNet, https://arxiv.org/abs/1602.07261",
        54_317_223,
        with_six="54,315,686",
    ),
    aliases=("inceptionresnetv2",),
)
class InceptionResNetV2(TimmClassifier):
    """Forty residual modules of Inception's kind."""

    architecture = "inception_resnet_v2"
    smallest_side = 75
