"""Explanation: why a model answered as it did, by heat maps, views of layers and pictures of classes."""

from mien.evaluation.explanation.deletion import DeletionCurves, measure_deletion
from mien.evaluation.explanation.explain_run import explain_run
from mien.evaluation.explanation.explained import (
    ExplainedEstimator,
    ExplainedModel,
    ExplainedNetwork,
    load_explained,
)
from mien.evaluation.explanation.judging import JudgedMethod, judge_methods
from mien.evaluation.explanation.layer_views import LayerView, draw_layers, view_layers, view_run_layers
from mien.evaluation.explanation.maximization import MaximizedClasses, maximize_classes, maximize_run
from mien.evaluation.explanation.method import METHODS, MethodCard, explain_faces, register_method
from mien.evaluation.explanation.randomization import compare_with_random_weights, randomize_weights

__all__ = [
    "METHODS",
    "DeletionCurves",
    "ExplainedEstimator",
    "ExplainedModel",
    "ExplainedNetwork",
    "JudgedMethod",
    "LayerView",
    "MaximizedClasses",
    "MethodCard",
    "compare_with_random_weights",
    "draw_layers",
    "explain_faces",
    "explain_run",
    "judge_methods",
    "load_explained",
    "maximize_classes",
    "maximize_run",
    "measure_deletion",
    "randomize_weights",
    "register_method",
    "view_layers",
    "view_run_layers",
]
