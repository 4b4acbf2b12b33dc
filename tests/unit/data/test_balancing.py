"""Balancing: classes become level in training and nowhere else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from mien.data import FaceSet
from mien.data.balancing import (
    BALANCING,
    MADE_BY,
    NewRows,
    balance,
    balance_before_split,
    class_weights,
    find_balancing_faults,
    sampling_weights,
)
from mien.data.pictures import PictureFiles
from mien.data.splits import cut_splits
from mien.errors import DataError, MienError
from tests.unbalanced_set import make_unbalanced_set

METHODS = ["over_sampling", "smote", "augmented"]


def with_other_splits(face_set: FaceSet) -> FaceSet:
    other = replace(
        face_set,
        splits=np.array(["validation", "test"] * (len(face_set) // 2)),
        row_ids=np.char.add(face_set.row_ids, "x"),
    )
    return replace(
        face_set,
        pictures=np.concatenate([face_set.faces, other.faces]),
        labels=np.concatenate([face_set.labels, other.labels]),
        splits=np.concatenate([face_set.splits, other.splits]),
        row_ids=np.concatenate([face_set.row_ids, other.row_ids]),
        origins=np.concatenate([face_set.origins, other.origins]),
        votes=np.concatenate([face_set.votes, other.votes]),
        columns={"subject": np.concatenate([face_set.columns["subject"], other.columns["subject"]])},
    )


def test_the_registry_is_tested_whole() -> None:
    assert sorted(METHODS) == BALANCING.names()


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_classes_are_level_in_training_and_other_splits_untouched(method: str, colour: bool) -> None:
    face_set = with_other_splits(make_unbalanced_set(colour=colour))
    balanced = balance(face_set, method, seed=1)
    assert balanced.class_counts("training") == {"happy": 30, "sad": 30, "fear": 30}
    before, after = (each.splits != "training" for each in (face_set, balanced))
    np.testing.assert_array_equal(balanced.faces[after], face_set.faces[before])
    assert balanced.row_ids[after].tolist() == face_set.row_ids[before].tolist()
    np.testing.assert_array_equal(balanced.faces[: len(face_set)], face_set.faces)
    assert balanced.faces.dtype == np.uint8
    assert balanced.history == (f"balanced by {method}, seed 1: sad +18, fear +22",)
    assert not balanced.is_leaky


@pytest.mark.parametrize("method", METHODS)
def test_balancing_is_repeatable(method: str) -> None:
    first, again, other = (balance(make_unbalanced_set(), method, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.faces, again.faces)
    assert not np.array_equal(first.faces, other.faces)


def test_new_rows_say_where_they_come_from() -> None:
    balanced = balance(make_unbalanced_set(), "over_sampling")
    assert set(balanced.columns[MADE_BY][:50]) == {""}
    assert set(balanced.columns[MADE_BY][50:]) == {"over_sampling"}
    parent, number = balanced.row_ids[60].split("#over_sampling-")
    row = make_unbalanced_set().row_ids.tolist().index(parent)
    assert number == "10"
    assert balanced.origins[60] == f"made.csv:{row}"
    assert balanced.columns["subject"][60] == f"s{row % 5}"
    assert balanced.votes[60].tolist() == make_unbalanced_set().votes[row].tolist()


def test_balancing_to_stated_counts() -> None:
    balanced = balance(make_unbalanced_set(), "over_sampling", counts={"fear": 20})
    assert balanced.class_counts() == {"happy": 30, "sad": 12, "fear": 20}


def test_level_classes_stay_as_they_are() -> None:
    balanced = balance(make_unbalanced_set([0, 1, 2]), "smote")
    assert len(balanced) == 3
    assert balanced.history[-1] == "balanced by smote, seed 0: nothing to add"


def test_pictures_in_files_can_be_over_sampled_but_not_computed_with(tmp_path: Path) -> None:
    files = PictureFiles(tuple(tmp_path / f"{row}.png" for row in range(50)))
    in_files = replace(make_unbalanced_set(), pictures=files)
    assert len(balance(in_files, "over_sampling").pictures) == 90
    with pytest.raises(DataError, match="its pictures are in files of any size; prepare them first"):
        balance(in_files, "smote")


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("over_samplin", {}, "unknown balancing method 'over_samplin'; did you mean 'over_sampling'"),
        ("smote", {"neighbors": 3}, "balancing by smote: neighbors: unknown option; did you mean 'neighbours'"),
        ("smote", {"counts": {"angry": 9}}, "made has no class 'angry'"),
        ("smote", {"counts": {"happy": 9}}, "happy is to have 9 rows and has 30; balancing only adds"),
    ],
)
def test_what_cannot_be_balanced_is_refused(method: str, arguments: dict, message: str) -> None:
    with pytest.raises(MienError, match=message):
        balance(make_unbalanced_set(), method, **arguments)


def test_a_class_without_rows_cannot_grow() -> None:
    with pytest.raises(DataError, match="fear has no training rows that more could be made of"):
        balance(make_unbalanced_set([0, 0, 1]), "over_sampling", counts={"fear": 2})


def test_balancing_needs_training_rows() -> None:
    face_set = replace(make_unbalanced_set([0, 1]), splits=np.array(["test", "test"]))
    with pytest.raises(DataError, match="made has no training rows to balance"):
        balance(face_set, "over_sampling")


def test_new_rows_need_parents_or_pictures() -> None:
    with pytest.raises(ValueError, match="new rows need parents or pictures"):
        NewRows(labels=np.zeros(1, np.int64))


def test_balancing_before_splitting_is_marked_leaky_and_does_leak() -> None:
    balanced = balance_before_split(with_other_splits(make_unbalanced_set()), "over_sampling")
    assert balanced.class_counts() == {"happy": 60, "sad": 60, "fear": 60}
    assert balanced.is_leaky
    assert balanced.history[-1].startswith("leaky: balanced before splitting")
    cut = cut_splits(balanced, {"validation": 0.2}, allow_leakage=True)
    assert cut.is_leaky
    assert "pictures have copies in several splits" in cut.history[-1]


def test_find_balancing_faults_names_unknown_options() -> None:
    assert find_balancing_faults("smote", {"neighbor": 3}) == ["neighbor: unknown option; did you mean 'neighbours'?"]
    assert find_balancing_faults("augmented", {"flip": 1.0}) == []


def test_class_weights_are_those_of_scikit_learn() -> None:
    face_set = with_other_splits(make_unbalanced_set())
    training = face_set.split("training").labels
    expected = compute_class_weight("balanced", classes=np.arange(3), y=training)
    np.testing.assert_allclose(class_weights(face_set), expected, rtol=1e-6)
    assert class_weights(face_set)[training].mean() == pytest.approx(1)


def test_a_class_without_rows_weighs_nothing() -> None:
    assert class_weights(make_unbalanced_set([0, 0, 1])).tolist() == [0.75, 1.5, 0.0]


def test_sampling_weights_level_the_classes_of_training() -> None:
    face_set = with_other_splits(make_unbalanced_set())
    weights = sampling_weights(face_set)
    assert weights[face_set.splits != "training"].sum() == 0
    sums = [weights[face_set.labels == label].sum() for label in range(3)]
    np.testing.assert_allclose(sums, [1 / 3] * 3)
