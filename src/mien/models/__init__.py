"""The zoo: networks that map faces to expression logits, each registered with its card."""

from mien.models.classifier import Classifier
from mien.models.registry import (
    MODELS,
    ModelCard,
    count_parameters,
    create_model,
    find_option_faults,
    register_model,
)
from mien.models.weights import LoadedWeights, load_weights

__all__ = [
    "MODELS",
    "Classifier",
    "LoadedWeights",
    "ModelCard",
    "count_parameters",
    "create_model",
    "find_option_faults",
    "load_weights",
    "register_model",
]
