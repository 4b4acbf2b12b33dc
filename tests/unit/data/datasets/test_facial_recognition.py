import shutil
from pathlib import Path

import pytest

from mien.data.datasets.facial_recognition import read_facial_recognition
from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS, SIX_EXPRESSIONS
from tests.made_datasets import make_facial_recognition, save_face


def test_seven_folders_give_seven_classes(tmp_path: Path) -> None:
    face_set = read_facial_recognition(make_facial_recognition(tmp_path).path)
    assert face_set.expressions == FER2013_EXPRESSIONS
    assert face_set.split_counts() == {"training": 14, "validation": 0, "test": 14}
    assert "folder 'Suprise' read as surprise: 4 pictures" in face_set.history


def test_six_folders_give_six_classes(tmp_path: Path) -> None:
    made = make_facial_recognition(tmp_path, has_disgust=False)
    face_set = read_facial_recognition(made.path)
    assert face_set.expressions == SIX_EXPRESSIONS
    assert {
        row_id: face_set.expressions[label]
        for row_id, label in zip(face_set.row_ids.tolist(), face_set.labels, strict=True)
    } == {row_id: row.expression for row_id, row in made.rows.items()}


def test_folders_that_are_not_nested_are_read_too(tmp_path: Path) -> None:
    made = make_facial_recognition(tmp_path / "set")
    for split in ("Training", "Testing"):
        (made.path / split / split).rename(tmp_path / "inner")
        (made.path / split).rmdir()
        (tmp_path / "inner").rename(made.path / split)
    assert len(read_facial_recognition(made.path)) == 28


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    made = make_facial_recognition(tmp_path)
    shutil.rmtree(made.path / "Testing")
    with pytest.raises(DataError, match="no folder Testing with pictures; expected Training and Testing"):
        read_facial_recognition(made.path)


def test_a_foreign_class_is_refused_or_skipped(tmp_path: Path) -> None:
    made = make_facial_recognition(tmp_path)
    save_face(made.path / "Training" / "Training" / "Contempt" / "1.jpg", "contempt")
    with pytest.raises(DataError, match=r"folder stands for no class: 'Contempt' 1 picture \(contempt\)"):
        read_facial_recognition(made.path)
    assert len(read_facial_recognition(made.path, unknown="skip")) == 28
