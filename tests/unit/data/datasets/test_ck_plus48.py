from pathlib import Path

import pytest

from mien.data.datasets.ck_plus48 import read_ck_plus48
from mien.errors import DataError, PictureError
from mien.expressions import CK_PLUS_EXPRESSIONS
from tests.made_datasets import make_ck_plus48, save_face


def test_subject_sequence_and_frame_come_from_the_name(tmp_path: Path) -> None:
    face_set = read_ck_plus48(make_ck_plus48(tmp_path).path)
    row = face_set.row_ids.tolist().index("ck_plus48:S999_002_00000016")
    facts = {name: column[row] for name, column in face_set.columns.items()}
    assert facts == {"subject": "S999", "sequence": "S999_002", "frame": "00000016"}
    assert face_set.expressions == CK_PLUS_EXPRESSIONS
    assert face_set.expressions[face_set.labels[row]] == "contempt"
    assert face_set.faces.shape == (42, 48, 48)
    assert "folder 'anger' read as angry: 6 pictures" in face_set.history


def test_a_folder_around_it_is_passed_through(tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path / "archive")
    outer = read_ck_plus48(tmp_path / "archive")
    assert outer.row_ids.tolist() == read_ck_plus48(made.path).row_ids.tolist()


def test_other_spellings_are_understood(tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path)
    (made.path / "happy").rename(made.path / "Happiness")
    assert read_ck_plus48(made.path).class_counts()["happy"] == 6


def test_a_name_that_tells_no_subject_is_kept_and_counted(tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path)
    save_face(made.path / "fear" / "mine.png", "fear")
    face_set = read_ck_plus48(made.path)
    assert face_set.subjects is not None
    assert face_set.subjects[face_set.row_ids == "ck_plus48:fear/mine.png"].tolist() == [""]
    assert face_set.history[0] == "file names that tell no subject: 1; expected such as S010_004_00000017"


def test_a_broken_picture_leaves_the_others_usable(tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path)
    (made.path / "fear" / "S010_004_00000016.png").write_bytes(b"PK")
    face_set = read_ck_plus48(made.path)
    assert len(face_set) == 42
    assert sum(isinstance(each, PictureError) for each in face_set.read_each()) == 1


def test_a_folder_that_is_no_class_is_refused_or_skipped(tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path)
    save_face(made.path / "neutral" / "S010_009_00000001.png", "neutral")
    with pytest.raises(
        DataError, match=r"CK\+48: folder stands for no class: 'neutral' 1 picture \(neutral\); expected"
    ):
        read_ck_plus48(made.path)
    assert len(read_ck_plus48(made.path, unknown="skip")) == 42


def test_split_folders_are_refused(tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path)
    made.path.rename(tmp_path / "train")
    with pytest.raises(DataError, match=r"split folders, which CK\+48 does not have; read it as class_folders"):
        read_ck_plus48(tmp_path)


def test_one_picture_in_two_classes_is_named(tmp_path: Path) -> None:
    made = make_ck_plus48(tmp_path)
    save_face(made.path / "sadness" / "S010_001_00000015.png", "sad")
    message = r"anger/S010_001_00000015\.png and sadness/S010_001_00000015\.png are one picture of the data set"
    with pytest.raises(DataError, match=message):
        read_ck_plus48(made.path)
