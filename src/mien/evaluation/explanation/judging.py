"""How good explanations are, by figures that need no person: deletion, insertion, the check by random weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mien.errors import ExplanationError, MienError
from mien.evaluation.explanation.answered import open_answered_split
from mien.evaluation.explanation.deletion import draw_random_maps, measure_deletion
from mien.evaluation.explanation.explained import ExplainedModel, ExplainedNetwork
from mien.evaluation.explanation.method import METHODS, explain_faces
from mien.evaluation.explanation.randomization import compare_with_random_weights
from mien.evaluation.judged_model import JudgedModel

RANDOM_ORDER = "(random order)"
"""Stands for a method in `judge_methods`: what pixels in an order that knows nothing give."""


@dataclass(frozen=True)
class JudgedMethod:
    """How good a method's maps are, by figures that need no person.

    Args:
        name: Registered name, or `RANDOM_ORDER`.
        deletion: Mean area under the deletion curve, 0 to 1; the smaller, the better.
        insertion: Mean area under the insertion curve, 0 to 1; the larger, the better.
        likeness: Mean size of the rank correlation with the maps of random weights, 0 to 1; at most 0.5 where maps
            depend on what was learned. None where there are no weights to draw.
    """

    name: str
    deletion: float
    insertion: float
    likeness: float | None


def judge_methods(
    run: JudgedModel,
    *,
    split: str = "validation",
    methods: Sequence[str] | None = None,
    rows: int = 16,
    steps: int = 16,
    baseline: str = "blurred",
    results_folder: Path = Path("results"),
    seed: int = 0,
) -> list[JudgedMethod]:
    """Return deletion, insertion and likeness to random weights of each method that a run's model can be explained by.

    Args:
        run: A trained run, or an ensemble.
        split: As for `explain_run`.
        methods: Registered names; None takes all that the model has what they need for.
        rows: Faces, spread evenly over the split; the answered class is explained.
        steps: Steps in which pixels go and come.
        baseline: What stands where pixels are missing, ``blurred`` or ``mean``.
        results_folder: Where records lie.
        seed: Seed of the weights, and of whatever methods draw.

    Raises:
        ExplanationError: If the model has not what a named method needs.
        MienError: As for `explain_run`; and if `rows` is less than 2.
        ValueError: As for `measure_deletion`.
    """
    if rows < 2:
        raise MienError(f"rows is {rows}; expected at least 2 faces to judge by")
    answered = open_answered_split(run, split, results_folder=results_folder)
    chosen = answered.spread_rows(rows)
    images, targets = answered.images_of(chosen), answered.targets_of(chosen, "predicted")
    maps = _explain_by_each(answered.model, images, targets, methods=methods, seed=seed)
    maps[RANDOM_ORDER] = draw_random_maps(len(images), (images.shape[2], images.shape[3]), seed=seed)
    judged = []
    for name, heat_maps in maps.items():
        curves = measure_deletion(answered.model, images, heat_maps, targets, steps=steps, baseline=baseline, seed=seed)
        likeness = None
        if isinstance(answered.model, ExplainedNetwork) and name != RANDOM_ORDER:
            likenesses = compare_with_random_weights(answered.model, images, heat_maps, targets, method=name, seed=seed)
            likeness = float(likenesses.mean())
        areas = float(curves.deletion_areas.mean()), float(curves.insertion_areas.mean())
        judged.append(JudgedMethod(name, *areas, likeness))
    return judged


def _explain_by_each(
    model: ExplainedModel, images: Tensor, targets: NDArray[np.int64], *, methods: Sequence[str] | None, seed: int
) -> dict[str, NDArray[np.float32]]:
    """Return the maps of each method; one that the model cannot be explained by is left out, unless it is named."""
    maps = {}
    for name in METHODS.names() if methods is None else methods:
        try:
            maps[name] = explain_faces(model, images, targets, method=name, seed=seed)
        except ExplanationError:
            if methods is not None:
                raise
    return maps
