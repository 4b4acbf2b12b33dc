"""From ``[data]`` to faces: each setting does its part, in its order, and leaves a line in the history."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit.copies import group_copies
from mien.errors import DataError, ProtocolError
from mien.images.operations.emboss import emboss
from mien.training import training_data
from mien.training.data_settings import DataSettings
from mien.training.training_data import TrainingData, find_value_range, read_training_data
from tests.conftest import make_rows, write_csv, write_folders

SMALL = {"operation": "resize", "size_hw": [16, 16]}


def read(path: Path, **settings: Any) -> TrainingData:
    return read_training_data(DataSettings(path=str(path), **settings))


@pytest.fixture
def unbalanced_csv(tmp_path: Path) -> Path:
    """A made-up FER2013 in which one class has few training rows."""
    faces, labels, usages = make_rows(140)
    keep = (labels != 1) | (np.array(usages) != "Training")
    keep[np.flatnonzero(~keep)[:3]] = True
    kept_usages = [usage for usage, wanted in zip(usages, keep, strict=True) if wanted]
    return write_csv(tmp_path / "unbalanced.csv", faces[keep], labels[keep], kept_usages)


def test_settings_left_out_change_nothing(fer2013_csv: Path) -> None:
    data = read(fer2013_csv)
    assert data.steps == ()
    assert data.face_set.fingerprint == data.before.fingerprint
    assert data.face_set.history == ("read from fer2013.csv",)


def test_classes_are_chosen_by_vocabulary(fer2013_csv: Path) -> None:
    face_set = read(fer2013_csv, expressions="six", outside="drop").face_set
    assert face_set.expressions == ("angry", "fear", "happy", "sad", "surprise", "neutral")
    assert "20 rows outside dropped: 20 disgust" in face_set.history[-1]
    assert face_set.name == "fer2013-six"
    assert read(fer2013_csv, expressions=["sad", "happy"], outside="drop").face_set.name == "fer2013-sad-happy"
    assert read(fer2013_csv, expressions="ferplus").face_set.name == "fer2013"
    with pytest.raises(DataError, match="outside the classes"):
        read(fer2013_csv, expressions="six")


def test_one_class_stands_against_the_rest_on_the_same_rows(fer2013_csv: Path) -> None:
    settings = {"split": {"validation": 0.25, "of": ["training", "validation"]}, "auxiliary": ()}
    whole, binary = (read(fer2013_csv, **settings, **more) for more in ({}, {"one_against_rest": "sad"}))
    assert binary.face_set.expressions == ("sad", "not_sad")
    assert binary.face_set.name == "fer2013-sad-or-not"
    assert binary.face_set.row_ids.tolist() == whole.face_set.row_ids.tolist()
    assert binary.face_set.splits.tolist() == whole.face_set.splits.tolist()
    is_sad = whole.face_set.labels == whole.face_set.expressions.index("sad")
    assert (binary.face_set.labels == 0).tolist() == is_sad.tolist()


def test_the_two_classes_of_one_against_the_rest_can_be_balanced(fer2013_csv: Path) -> None:
    balanced = read(fer2013_csv, one_against_rest="sad", balance={"method": "over_sampling"}).face_set
    assert balanced.class_counts("training") == {"sad": 96, "not_sad": 96}
    assert balanced.class_counts("validation") == {"sad": 2, "not_sad": 12}


def test_reader_options_reach_the_reader(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(70)
    write_folders(tmp_path / "folders", faces, labels, usages, has_prefix=False)
    face_set = read(tmp_path / "folders", dataset="class_folders", options={"name": "mine"}, split={"validation": 0.2})
    assert face_set.face_set.name == "mine"


def test_cleaning_touches_training_alone_unless_told(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(140)
    faces[0] = faces[1] = 0  # both training
    faces[129] = 0  # test
    csv = write_csv(tmp_path / "dirty.csv", faces, labels, usages)
    assert (usages[0], usages[1], usages[129]) == ("Training", "Training", "PrivateTest")
    cleaned = read(csv, clean=("blank",)).face_set
    assert cleaned.split_counts() == {"training": 110, "validation": 14, "test": 14}
    everywhere = read(csv, clean=("blank",), clean_splits="all").face_set
    assert everywhere.split_counts() == {"training": 110, "validation": 14, "test": 13}
    assert any("blank" in line for line in cleaned.history)


def test_cleaning_audits_an_unchanged_set_once(fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(fer2013_csv, clean=("exact_duplicates", "outliers")).face_set
    monkeypatch.setattr("mien.data.audit.kept.audit", lambda *_, **__: pytest.fail("audited again"))
    again = read(fer2013_csv, clean=("exact_duplicates", "outliers")).face_set
    assert (again.fingerprint, again.history) == (first.fingerprint, first.history)
    assert read(fer2013_csv, clean=("blank",)).face_set.split_counts()["training"] == 112


def test_splits_are_cut_anew_from_the_splits_named(fer2013_csv: Path) -> None:
    split = {"validation": 0.1, "test": 0.2, "of": ("training", "validation", "test"), "seed": 3}
    face_set = read(fer2013_csv, split=split).face_set
    assert face_set.split_counts() == {"training": 98, "validation": 14, "test": 28}
    assert not face_set.has_published_splits


def test_every_row_is_held_out_once_with_its_copies(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(140)
    faces[7], faces[21] = faces[0], faces[0]  # of one class
    csv = write_csv(tmp_path / "fer2013.csv", faces, labels, usages)
    published = read(csv).face_set
    held_out: list[str] = []
    for number in range(3):
        face_set = read(csv, fold={"folds": 3, "number": number}).face_set
        assert min(face_set.class_counts("validation").values()) >= 1
        groups = group_copies(face_set)
        for split in ("training", "validation", "test"):
            inside = face_set.splits == split
            assert not np.isin(groups[inside], groups[~inside]).any()
        held_out += face_set.split("test").row_ids.tolist()
        assert not face_set.has_published_splits
    assert sorted(held_out) == sorted(published.row_ids[published.splits != "test"].tolist())


def test_folds_and_their_validation_keep_people_together(fer2013_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face_set = read(fer2013_csv).face_set
    people = np.array([f"p{row // 7}" for row in range(140)])
    monkeypatch.setattr(training_data, "read_dataset", lambda *_, **__: replace(face_set, columns={"subject": people}))
    seen: list[str] = []
    for number in range(4):
        settings = {"folds": 4, "number": number, "of": ("training", "validation"), "by_subject": True}
        dealt = read(fer2013_csv, fold=settings).face_set
        assert dealt.subjects is not None
        parts = [set(dealt.subjects[dealt.splits == split]) for split in ("training", "validation", "test")]
        assert all(parts)
        assert sum(len(part) for part in parts) == 20
        seen += parts[2]
    assert sorted(seen) == sorted(set(people))


def test_folds_of_a_set_cut_by_hand_may_take_its_test_rows(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(140)
    folder = write_folders(tmp_path / "folders", faces, labels, usages, has_prefix=False)
    fold = {"folds": 2, "of": ("training", "test")}
    assert read(folder, dataset="class_folders", prepare=("to_grey", SMALL), fold=fold).face_set.split_counts() == {
        "training": 63,
        "validation": 7,
        "test": 70,
    }


@pytest.mark.parametrize(
    ("fold", "message"),
    [
        ({"of": ("training", "test")}, "its published test split is judged once, with a record, and a fold leaves"),
        ({"by_subject": True}, "the subject of 126 of 126 rows is unknown"),
        ({"validation": 0.001}, "a share of 63 rows too small for any picture drawn; raise it"),
    ],
)
def test_folds_that_cannot_be_are_refused(fer2013_csv: Path, fold: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, ProtocolError), match=message):
        read(fer2013_csv, fold={"folds": 2, **fold})


def test_a_set_without_validation_names_the_way_to_cut_it(tmp_path: Path) -> None:
    faces, labels, _ = make_rows(70)
    csv = write_csv(tmp_path / "fer2013.csv", faces, labels, ["Training"] * 70)
    with pytest.raises(DataError, match=r"fer2013 has no validation split; .* such as data\.split\.validation=0\.1"):
        read(csv)
    assert read(csv, split={"validation": 0.1}).face_set.split_counts()["validation"] == 7


def test_auxiliary_sets_join_training_only(fer2013_csv: Path, tmp_path: Path) -> None:
    write_folders(tmp_path / "other", *make_rows(70, seed=5), has_prefix=False)
    other = {"dataset": "class_folders", "path": str(tmp_path / "other"), "options": {"name": "other"}}
    face_set = read(fer2013_csv, auxiliary=(other,), prepare=("to_grey",)).face_set
    assert face_set.split_counts() == {"training": 182, "validation": 14, "test": 14}
    assert face_set.has_published_splits


def test_preparation_runs_over_all_faces_and_is_kept_for_the_contract(fer2013_csv: Path) -> None:
    data = read(fer2013_csv, prepare=("emboss", {"operation": "resize", "size_hw": [64, 64]}))
    assert data.face_set.faces.shape == (140, 64, 64)
    assert [step["operation"] for step in data.steps] == ["emboss", "resize"]
    first = read(fer2013_csv, prepare=("emboss",)).face_set.faces[5]
    np.testing.assert_array_equal(first, emboss(data.before.faces[5]))


def test_fitted_steps_see_training_only(fer2013_csv: Path) -> None:
    data = read(fer2013_csv, prepare=("featurewise_standardize",))
    training = data.before.faces[data.before.splits == "training"].astype(np.float64)
    prepared = data.face_set.split("training").faces
    assert prepared.dtype == np.float32
    assert abs(float(prepared.mean())) < 1e-4
    assert float(prepared.std()) == pytest.approx(1, abs=1e-3)
    (step,) = data.steps
    assert np.ravel(step["mean"])[0] == pytest.approx(training.mean(), rel=1e-5)


def test_unprepared_faces_are_those_that_a_recognizer_gets(fer2013_csv: Path) -> None:
    data = read(fer2013_csv, prepare=("emboss",), balance={"method": "over_sampling", "counts": {"happy": 30}})
    validation = data.face_set.split("validation")
    raw = data.unprepared(validation)
    np.testing.assert_array_equal(np.stack(raw), data.before.faces[data.before.splits == "validation"])


def test_balancing_levels_training_after_preparation(unbalanced_csv: Path) -> None:
    plain, balanced = read(unbalanced_csv).face_set, read(unbalanced_csv, balance={"method": "over_sampling"}).face_set
    counts = set(balanced.class_counts("training").values())
    assert counts == {max(plain.class_counts("training").values())}
    assert balanced.class_counts("validation") == plain.class_counts("validation")
    assert not balanced.is_leaky


def leaky(path: Path, **settings: Any) -> FaceSet:
    split = {"validation": 0.2, "of": ("training", "validation", "test")}
    balance = {"method": "over_sampling", "before_split": True}
    return read(path, split=split, balance=balance, **settings).face_set


def test_balancing_before_splitting_needs_leave_and_is_marked(unbalanced_csv: Path) -> None:
    with pytest.raises(ValueError, match="it needs allow_leakage = true"):
        leaky(unbalanced_csv)
    face_set = leaky(unbalanced_csv, allow_leakage=True)
    assert face_set.is_leaky
    assert any(line.startswith("leaky: balanced before splitting") for line in face_set.history)


def test_balancing_before_splitting_needs_a_split(unbalanced_csv: Path) -> None:
    with pytest.raises(ValueError, match="it needs split to cut others from them"):
        read(unbalanced_csv, balance={"method": "over_sampling", "before_split": True}, allow_leakage=True)


def test_protocol_clean_still_drops_copies(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(140)
    test_row = usages.index("PrivateTest")
    faces[0] = faces[test_row]
    csv = write_csv(tmp_path / "fer2013.csv", faces, labels, usages)
    assert read(csv, protocol="clean").face_set.split_counts()["training"] == 111


def test_copies_across_splits_cut_by_hand_are_refused(tmp_path: Path) -> None:
    faces, labels, usages = make_rows(140)
    faces[0] = faces[usages.index("PrivateTest")]
    write_folders(tmp_path / "folders", faces, labels, usages, has_prefix=False)
    with pytest.raises(ProtocolError, match="have an identical picture in another split"):
        read(tmp_path / "folders")


@pytest.mark.parametrize(
    ("faces", "expected"),
    [
        (np.full((2, 3, 3), 7, dtype=np.uint8), (0.0, 255.0)),
        (np.array([[[0.25, -1.5]], [[2.0, 0.0]]], dtype=np.float32), (-1.5, 2.0)),
    ],
    ids=["levels", "numbers"],
)
def test_black_and_white_are_those_of_the_levels_or_the_least_and_the_greatest(
    faces: np.ndarray, expected: tuple[float, float]
) -> None:
    assert find_value_range(faces) == expected
