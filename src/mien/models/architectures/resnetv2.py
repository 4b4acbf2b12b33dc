"""ResNets whose norms and activations come before the convolutions, as timm builds them."""

from mien.models.registry import ModelCard, register_model
from mien.models.timm_classifier import TimmClassifier


def _card(study_name: str, parameters: int, *, with_six: str) -> ModelCard:
    return ModelCard(
        source=f"He et al., Identity Mappings, https://arxiv.org/abs/1603.05027; the study's {study_name}",
        input_size=(3, 48, 48),
        test_size=(3, 32, 32),
        parameters=parameters,
        studies=("still_images",),
        family="resnetv2",
        note=(
            f"Made for 224 pixels. With the study's six classes {with_six} parameters. Keras, which the study used, "
            "gives its convolutions biases and strides in the last block of a stage, timm in the first."
        ),
    )


@register_model("resnetv2_50", card=_card("ResNet50V2", 23_514_695, with_six="23,512,646"), aliases=("resnet50v2",))
class ResNetV2L50(TimmClassifier):
    """16 bottleneck blocks, batch norm and ReLU before each convolution."""

    architecture = "resnetv2_50"


@register_model("resnetv2_101", card=_card("ResNet101V2", 42_506_823, with_six="42,504,774"), aliases=("resnet101v2",))
class ResNetV2L101(TimmClassifier):
    """33 bottleneck blocks, batch norm and ReLU before each convolution."""

    architecture = "resnetv2_101"
