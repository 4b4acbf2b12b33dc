"""The zoo: networks that map faces to expression logits, and estimators, each registered with its card."""

from mien.models.classifier import Classifier
from mien.models.estimator import (
    ESTIMATORS,
    Estimator,
    EstimatorCard,
    compute_log_probabilities,
    register_estimator,
)
from mien.models.headed import check_head
from mien.models.registry import (
    MODELS,
    ModelCard,
    count_parameters,
    create_estimator,
    create_model,
    find_option_faults,
    register_model,
)
from mien.models.weights import LoadedWeights, load_weights

__all__ = [
    "ESTIMATORS",
    "MODELS",
    "Classifier",
    "Estimator",
    "EstimatorCard",
    "LoadedWeights",
    "ModelCard",
    "check_head",
    "compute_log_probabilities",
    "count_parameters",
    "create_estimator",
    "create_model",
    "find_option_faults",
    "load_weights",
    "register_estimator",
    "register_model",
]
