"""Splits and folds: they partition, keep copies and people together, spread classes evenly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mien.data import FaceSet
from mien.data.audit.copies import rows_with_copy_in
from mien.data.pictures import PictureFiles
from mien.data.splits import cut_splits, cut_validation, deal_folds, mark_parted_copies, take_fold
from mien.errors import DataError


def make_set(pictures: list[int], labels: list[int], subjects: list[str] | None = None) -> FaceSet:
    rows = len(pictures)
    return FaceSet(
        name="made",
        pictures=np.array(pictures, dtype=np.uint8)[:, None, None].repeat(2, 1),
        labels=np.array(labels, np.int64),
        expressions=("happy", "sad", "fear"),
        splits=np.array(["training"] * rows),
        row_ids=np.array([f"made:{row}" for row in range(rows)]),
        origins=np.array([""] * rows),
        columns={} if subjects is None else {"subject": np.array(subjects)},
    )


ROWS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2), st.sampled_from("abcdefgh")), min_size=1, max_size=120)


def split_up(rows: list[tuple[int, int, str]]) -> FaceSet:
    return make_set([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


# --- fractions -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 9))
def test_cut_validation_partitions_and_keeps_copies_together(rows: list[tuple[int, int, str]], seed: int) -> None:
    face_set = split_up(rows)
    cut = cut_validation(face_set, fraction=0.3, seed=seed)
    assert cut.row_ids.tolist() == face_set.row_ids.tolist()
    assert set(cut.splits) <= {"training", "validation"}
    assert not rows_with_copy_in(cut, "training")[cut.splits == "validation"].any()


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 9), st.booleans())
def test_cut_splits_keeps_copies_and_people_together(
    rows: list[tuple[int, int, str]], seed: int, by_subject: bool
) -> None:
    cut = cut_splits(split_up(rows), {"validation": 0.2, "test": 0.3}, seed=seed, by_subject=by_subject)
    for split in ("training", "validation"):
        assert not rows_with_copy_in(cut, split)[cut.splits != split].any()
    if by_subject:
        people = [set(cut.columns["subject"][cut.splits == split]) for split in ("training", "validation", "test")]
        assert sum(map(len, people)) == len(set.union(*people))


def test_cut_validation_is_stratified_and_repeatable() -> None:
    face_set = make_set([n % 251 for n in range(250)], [0] * 150 + [1] * 90 + [2] * 10)
    cut = cut_validation(face_set, fraction=0.2, seed=3)
    assert cut.class_counts("validation") == {"happy": 30, "sad": 18, "fear": 2}
    assert cut.splits.tolist() == cut_validation(face_set, fraction=0.2, seed=3).splits.tolist()
    assert cut.splits.tolist() != cut_validation(face_set, fraction=0.2, seed=4).splits.tolist()
    assert cut.history == ("validation cut from training: 50 of 250 rows, stratified, seed 3",)
    assert not cut.has_published_splits


def test_cut_splits_deals_80_10_10_by_class() -> None:
    cut = cut_splits(make_set(list(range(250)), [0] * 150 + [1] * 100), {"validation": 0.1, "test": 0.1})
    assert cut.split_counts() == {"training": 200, "validation": 25, "test": 25}
    assert cut.class_counts("test") == {"happy": 15, "sad": 10, "fear": 0}
    assert cut.history[-1] == "validation and test cut from training: 25, 25 of 250 rows, stratified, seed 0"


def test_cut_splits_deals_all_named_splits_anew() -> None:
    face_set = replace(make_set(list(range(100)), [0] * 100), splits=np.array(["training"] * 60 + ["test"] * 40))
    cut = cut_splits(face_set, {"test": 0.2}, of=("training", "test"))
    assert cut.split_counts() == {"training": 80, "validation": 0, "test": 20}
    assert (cut.splits[60:] == "training").sum() > 20


def test_cut_validation_leaves_test_rows_alone() -> None:
    face_set = make_set(list(range(100)), [0] * 100)
    face_set = replace(face_set, splits=np.array(["training"] * 80 + ["test"] * 20))
    cut = cut_validation(face_set)
    assert (cut.splits[80:] == "test").all()
    assert cut.split_counts()["validation"] == 8


def test_leakage_is_allowed_only_when_asked_and_marks_the_set() -> None:
    face_set = make_set([n // 4 for n in range(200)], [0] * 200)
    honest, leaky = (cut_splits(face_set, {"validation": 0.5}, allow_leakage=allowed) for allowed in (False, True))
    assert not honest.is_leaky
    assert leaky.is_leaky
    parted = int(leaky.history[-1].split()[1])
    assert leaky.history[-1] == f"leaky: {parted} pictures have copies in several splits"
    assert 30 < parted <= 50


def test_leakage_that_does_not_happen_is_not_claimed() -> None:
    cut = cut_splits(make_set(list(range(100)), [0] * 100), {"validation": 0.5}, allow_leakage=True)
    assert not cut.is_leaky


def test_mark_parted_copies_counts_pictures_not_rows() -> None:
    face_set = make_set([1, 1, 1, 2, 2, 3], [0] * 6)
    splits = np.array(["training", "test", "validation", "training", "training", "test"])
    marked = mark_parted_copies(replace(face_set, splits=splits))
    assert marked.history == ("leaky: 1 pictures have copies in several splits",)


def test_copies_in_files_stay_together(tmp_path: Path) -> None:
    files = []
    for row in range(40):
        files.append(tmp_path / f"{row}.png")
        Image.fromarray(np.full((3, 3), row // 2, np.uint8)).save(files[-1])
    face_set = replace(make_set([0] * 40, [0] * 40), pictures=PictureFiles(tuple(files)))
    cut = cut_validation(face_set, fraction=0.5)
    assert cut.splits[::2].tolist() == cut.splits[1::2].tolist()
    assert cut.split_counts()["validation"] == 20


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5])
def test_cut_validation_refuses_a_fraction_that_is_none(fraction: float) -> None:
    with pytest.raises(DataError, match="expected a number between 0 and 1"):
        cut_validation(make_set([1, 2], [0, 1]), fraction=fraction)


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({}, "fractions are of nothing; expected validation, test, or both"),
        ({"training": 0.8}, "fractions are of training; expected validation, test, or both"),
        ({"validation": 0.5, "test": 0.5}, "fractions sum to 1; expected less than 1, the rest trains"),
    ],
)
def test_cut_splits_refuses_fractions_that_leave_nothing(fractions: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        cut_splits(make_set([1, 2], [0, 1]), fractions)


def test_cut_validation_needs_training_rows() -> None:
    face_set = replace(make_set([1, 2], [0, 1]), splits=np.array(["test", "test"]))
    with pytest.raises(DataError, match="made has no training rows to cut"):
        cut_validation(face_set)


@pytest.mark.parametrize(
    ("subjects", "message"),
    [
        (None, "the subject of 3 of 3 rows is unknown, so nothing can be cut by it"),
        (["a", "", ""], "the subject of 2 of 3 rows is unknown"),
    ],
)
def test_cutting_by_unknown_subjects_is_refused(subjects: list[str] | None, message: str) -> None:
    face_set = make_set([1, 2, 3], [0, 0, 0], subjects)
    with pytest.raises(DataError, match=message):
        cut_splits(face_set, {"test": 0.5}, by_subject=True)
    with pytest.raises(DataError, match=message):
        deal_folds(face_set, 2, by_subject=True)


# --- folds ---------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(ROWS.filter(lambda rows: len({row[0] for row in rows if row[1] == 0}) >= 3), st.integers(0, 9))
def test_folds_partition_and_keep_copies_together(rows: list[tuple[int, int, str]], seed: int) -> None:
    face_set = split_up(rows)
    try:
        folds = deal_folds(face_set, 3, seed=seed)
    except DataError as fault:  # a copy with another label may have taken the class its third picture
        assert "no class has more than" in str(fault)  # noqa: PT017
        return
    assert set(folds) == {0, 1, 2}
    for picture in {row[0] for row in rows}:
        assert len(set(folds[face_set.faces[:, 0, 0] == picture])) == 1


def test_folds_spread_classes_evenly() -> None:
    face_set = make_set(list(range(240)), [0] * 150 + [1] * 85 + [2] * 5)
    folds = deal_folds(face_set, 5)
    counts = [np.bincount(face_set.labels[folds == fold], minlength=3).tolist() for fold in range(5)]
    assert counts == [[30, 17, 1]] * 5


def test_a_class_with_fewer_pictures_than_folds_is_spread_as_far_as_it_goes() -> None:
    folds = deal_folds(make_set(list(range(53)), [0] * 50 + [2] * 3), 5)
    assert sorted(np.bincount(folds[50:], minlength=5)) == [0, 0, 1, 1, 1]


def test_folds_by_subject_are_disjoint_also_through_copies() -> None:
    subjects = [f"s{n % 12}" for n in range(120)]
    pictures = list(range(120))
    pictures[1] = pictures[0]  # one picture under two names: s0 and s1 belong together
    face_set = make_set(pictures, [n % 3 for n in range(120)], subjects)
    folds = deal_folds(face_set, 4, by_subject=True)
    fold_of = {subject: set(folds[np.array(subjects) == subject]) for subject in set(subjects)}
    assert all(len(each) == 1 for each in fold_of.values())
    assert fold_of["s0"] == fold_of["s1"]


def test_folds_leave_other_splits_alone() -> None:
    face_set = replace(make_set(list(range(30)), [0] * 30), splits=np.array(["training"] * 20 + ["test"] * 10))
    folds = deal_folds(face_set, 4)
    assert (folds[20:] == -1).all()
    held_out = take_fold(face_set, folds, 1)
    assert held_out.split_counts() == {"training": 15, "validation": 5, "test": 10}
    assert held_out.history == ("fold 2 of 4 held out as validation: 5 rows",)
    assert not held_out.has_published_splits
    assert take_fold(face_set, folds, 1, as_split="test").split_counts()["validation"] == 0


@pytest.mark.parametrize(
    ("num_folds", "pictures", "message"),
    [
        (1, [1, 2, 3, 4], "1 folds; expected at least 2"),
        (3, [1, 1, 2, 2], "made: 3 folds of 2 different pictures; expected at most as many folds"),
        (3, [1, 2, 3, 4], "made: 3 folds, and no class has more than 2 different pictures"),
    ],
)
def test_folds_that_cannot_be_dealt_are_refused(num_folds: int, pictures: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        deal_folds(make_set(pictures, [0, 0, 1, 1]), num_folds)


def test_take_fold_refuses_unknown_folds_and_splits() -> None:
    face_set = make_set([1, 2, 3, 4], [0, 0, 0, 0])
    folds = deal_folds(face_set, 2)
    with pytest.raises(DataError, match="there is no fold 2; expected 0 to 1"):
        take_fold(face_set, folds, 2)
    with pytest.raises(DataError, match="a fold is held out as 'training'; expected validation or test"):
        take_fold(face_set, folds, 0, as_split="training")
