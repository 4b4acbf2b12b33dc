"""``TrainingRows``: the rows that a network trains on, and what they are to be answered with."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mien.data import FaceSet
from mien.training.recipe import Recipe
from mien.training.soft_targets import SoftTargets, read_soft_targets
from mien.training.targets import Targets, build_targets


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """The rows that a network trains on.

    Args:
        faces: The rows, all of them as a training split.
        targets: What they are to be answered with.
        soft_targets: What teachers answered; None without any.
    """

    faces: FaceSet
    targets: Targets
    soft_targets: SoftTargets | None

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def facts(self) -> dict[str, Any]:
        """What a run folder keeps of the answers, by which a resumed run sees that they are the same."""
        taught = {} if self.soft_targets is None else {"teachers": self.soft_targets.teachers}
        return {"targets": self.targets.facts, **taught}


def build_training_rows(face_set: FaceSet, recipe: Recipe) -> TrainingRows:
    """Return the rows of the training split, and with ``training.join_validation`` those of the validation split.

    Args:
        face_set: The data set as the recipe gives it.
        recipe: The recipe, of a network.

    Raises:
        DataError: If the set has no votes and the recipe's targets need them, or the teachers' predictions are not
            what its rows need.
    """
    names = ("training", "validation") if recipe.training.join_validation else ("training",)
    rows = face_set.select(np.isin(face_set.splits, names))
    rows = replace(rows, splits=np.full(len(rows), "training"))
    soft_targets = None
    if recipe.distillation is not None:
        soft_targets = read_soft_targets(rows, recipe.distillation, data_fingerprint=face_set.fingerprint)
    return TrainingRows(rows, build_targets(rows, recipe.training.targets), soft_targets)
