"""Xception as timm builds it."""

from mien.models.registry import ModelCard, register_model
from mien.models.timm_classifier import TimmClassifier


@register_model(
    "xception",
    card=ModelCard(
        source="Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, https://arxiv.org/abs/1610.02357",
        input_size=(3, 299, 299),
        test_size=(3, 32, 32),
        parameters=20_821_295,
        studies=("cnn_lstm",),
        family="xception",
        note="Of the study's related work. timm's legacy_xception; its other Xceptions are later variants.",
    ),
)
class Xception(TimmClassifier):
    """Twelve residual blocks of depthwise separable convolutions."""

    architecture = "legacy_xception"
