from pathlib import Path

import pytest

from mien.data.datasets.class_folders import read_class_folders
from mien.errors import DataError, PictureError
from tests.made_datasets import make_class_folders, save_face


def test_classes_and_splits_are_understood_and_said(tmp_path: Path) -> None:
    face_set = read_class_folders(make_class_folders(tmp_path).path)
    assert face_set.name == "mine"
    assert face_set.expressions == ("angry", "happy", "sad", "contempt")
    assert face_set.split_counts() == {"training": 8, "validation": 8, "test": 8}
    assert "folder '0_anger' read as angry: 6 pictures" in face_set.history
    assert not face_set.has_published_splits


def test_without_splits_all_rows_are_training(tmp_path: Path) -> None:
    made = make_class_folders(tmp_path, splits=())
    face_set = read_class_folders(made.path, name="other")
    assert face_set.split_counts() == {"training": 8, "validation": 0, "test": 0}
    assert face_set.row_ids[0] == "other:0_anger/0.png"


def test_all_strangers_are_listed_or_skipped(tmp_path: Path) -> None:
    made = make_class_folders(tmp_path, splits=())
    for name in ("3", "hungry", "hungry/more"):
        save_face(made.path / name / "1.png", "happy")
    message = r"mine: 2 folders stand for no class: '3' 1 picture, 'hungry' 2 pictures.*; rename, or leave out with"
    with pytest.raises(DataError, match=message):
        read_class_folders(made.path)
    face_set = read_class_folders(made.path, unknown="skip")
    assert len(face_set) == 8
    assert "folder 'hungry' stands for no class: 2 pictures left out" in face_set.history


def test_numbers_are_understood_when_a_vocabulary_is_named(tmp_path: Path) -> None:
    save_face(tmp_path / "0" / "1.png", "angry")
    save_face(tmp_path / "3" / "1.png", "happy")
    assert read_class_folders(tmp_path, numbers="fer2013").expressions == ("angry", "happy")
    with pytest.raises(DataError, match="unknown vocabulary 'fer'"):
        read_class_folders(tmp_path, numbers="fer")


def test_a_broken_picture_in_the_middle_is_kept_for_the_audit(tmp_path: Path) -> None:
    made = make_class_folders(tmp_path)
    (made.path / "val" / "sadness" / "1.png").write_bytes(b"")
    face_set = read_class_folders(made.path)
    faults = [each for each in face_set.read_each() if isinstance(each, PictureError)]
    assert len(face_set) == 24
    assert [fault.status for fault in faults] == ["empty"]
    assert face_set.history[-1].startswith("pictures stay in files: val/sadness/1.png: empty (0 bytes)")


def test_folders_may_be_classes_of_their_own(tmp_path: Path) -> None:
    for number, name in enumerate(("Very Bored", "happy", "at work")):
        save_face(tmp_path / "mine" / name / f"{number}.png", "happy")
    face_set = read_class_folders(tmp_path / "mine", own_classes=True)
    assert face_set.expressions == ("happy", "at_work", "very_bored")
    assert "folder 'Very Bored' read as very_bored: 1 picture" in face_set.history
