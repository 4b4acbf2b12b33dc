from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.data import FaceSet
from mien.metrics.predictions import Predictions
from mien.training import read_recipe
from mien.training.forerunners import inherit
from mien.training.training_data import read_training_data
from mien.training.training_rows import TrainingRows, build_training_rows


@pytest.fixture
def build(tiny_recipe_file: Path) -> Callable[..., tuple[FaceSet, TrainingRows]]:
    def build_with(*changes: str) -> tuple[FaceSet, TrainingRows]:
        recipe = read_recipe(tiny_recipe_file, changes=changes)
        face_set = read_training_data(recipe.data).face_set
        return face_set, build_training_rows(face_set, recipe)

    return build_with


@pytest.fixture
def answers(tmp_path: Path, make_predictions: Callable[..., Predictions]) -> Callable[..., str]:
    """Writes a teacher's answers on the rows that train, which knew the very same data set."""

    def answer(face_set: FaceSet, rows: TrainingRows) -> str:
        number, classes = len(rows), len(face_set.expressions)
        predictions = make_predictions(
            probabilities=np.full((number, classes), 1 / classes, np.float32),
            labels=rows.faces.labels,
            expressions=face_set.expressions,
            row_ids=rows.faces.row_ids,
            has_copy_in_training=np.zeros(number, bool),
            data_fingerprint=face_set.fingerprint,
            split="training",
            protocol="own",
            views=("plain",),
            splits_seen={"training": "trained on"},
        )
        return str(predictions.save(tmp_path / "teacher.npz"))

    return answer


def test_the_training_split_trains(build: Callable[..., tuple[FaceSet, TrainingRows]]) -> None:
    face_set, rows = build()
    training = face_set.split("training")
    assert rows.faces.row_ids.tolist() == training.row_ids.tolist()
    assert rows.targets.values.tolist() == training.labels.tolist()
    assert rows.soft_targets is None


def test_joined_validation_trains_in_the_order_of_the_set(
    build: Callable[..., tuple[FaceSet, TrainingRows]],
) -> None:
    face_set, rows = build("training.join_validation=true")
    of_both = np.isin(face_set.splits, ("training", "validation"))
    assert rows.faces.row_ids.tolist() == face_set.row_ids[of_both].tolist()
    assert rows.faces.split_counts() == {"training": int(of_both.sum()), "validation": 0, "test": 0}
    assert len(rows.targets.values) == rows.facts["targets"]["num_by_label"] == len(rows) == of_both.sum()


@pytest.mark.parametrize("join", ["false", "true"])
def test_a_teacher_of_the_same_data_is_known_for_one(
    build: Callable[..., tuple[FaceSet, TrainingRows]], answers: Callable[..., str], join: str
) -> None:
    """Or else any split might hold what it trained on."""
    face_set, rows = build(f"training.join_validation={join}")
    changes = [f"training.join_validation={join}", f"distillation.predictions=[{answers(face_set, rows)!r}]"]
    _, taught = build(*changes)
    assert taught.soft_targets is not None
    assert taught.soft_targets.values.shape == (len(rows), len(face_set.expressions))
    inherited = inherit({}, taught.soft_targets.forerunners, face_set)
    assert inherited["splits_seen"] == {"training": "trained on by compact"}
    assert taught.facts["teachers"] == taught.soft_targets.teachers
