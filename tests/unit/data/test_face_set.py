from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet
from mien.data.pictures import PictureFiles
from mien.errors import DataError, PictureError


def make_set(num_rows: int = 6) -> FaceSet:
    return FaceSet(
        name="made",
        pictures=np.arange(num_rows * 4, dtype=np.uint8).reshape(num_rows, 2, 2),
        labels=np.arange(num_rows, dtype=np.int64) % 2,
        expressions=("happy", "sad"),
        splits=np.array((["training"] * 3 + ["validation"] * 2 + ["test"] * num_rows)[:num_rows]),
        row_ids=np.array([f"made:{row}" for row in range(num_rows)]),
        origins=np.array([f"made.csv:{row}" for row in range(num_rows)]),
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pictures": np.zeros((6, 2, 2), np.float64)}, "expected uint8 or float32"),
        ({"pictures": np.zeros((6, 4), np.uint8)}, "expected uint8"),
        ({"labels": np.zeros(5, np.int64)}, r"labels have shape \(5,\); expected \(6,\)"),
        ({"labels": np.full(6, 2, np.int64)}, r"labels must lie in 0\.\.1"),
        ({"labels": np.full(6, -1, np.int64)}, r"labels must lie in 0\.\.1"),
        ({"splits": np.array(["train"] * 6)}, "unknown split 'train'; expected training, validation, test"),
        ({"row_ids": np.array(["same"] * 6)}, "row ids are not unique"),
        ({"columns": {"subject": np.array(["a"])}}, r"column subject has shape \(1,\); expected \(6,\)"),
        ({"votes": np.zeros((6, 3), np.int64), "vote_names": ("a", "b")}, r"votes have shape \(6, 3\)"),
    ],
)
def test_face_set_refuses_what_does_not_fit(changed: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        replace(make_set(), **changed)


def test_select_takes_rows_and_writes_history() -> None:
    chosen = make_set().select(np.array([True, False, True, False, False, True]), "every other row dropped")
    assert chosen.row_ids.tolist() == ["made:0", "made:2", "made:5"]
    assert chosen.history == ("every other row dropped",)
    assert chosen.faces[1].ravel().tolist() == [8, 9, 10, 11]


def test_select_takes_the_columns_along() -> None:
    subjects = np.array(["a", "a", "b", "b", "c", ""])
    chosen = replace(make_set(), columns={"subject": subjects}).select(np.array([5, 0]))
    assert chosen.subjects is not None
    assert chosen.subjects.tolist() == ["", "a"]


def test_subjects_are_none_where_nobody_is_known() -> None:
    assert make_set().subjects is None
    assert replace(make_set(), columns={"subject": np.array([""] * 6)}).subjects is None


def test_pictures_in_files_are_not_an_array(tmp_path: Path) -> None:
    in_files = replace(make_set(), pictures=PictureFiles(tuple(tmp_path / f"{row}.png" for row in range(6))))
    assert not in_files.is_in_memory
    assert len(in_files.select(np.array([1, 4]))) == 2
    with pytest.raises(DataError, match="made: its pictures are in files of any size; prepare them first"):
        _ = in_files.faces


def test_read_each_gives_pictures_and_faults_in_order(tmp_path: Path) -> None:
    face_set = make_set()
    files = tuple(tmp_path / f"{row}.png" for row in range(6))
    for file, face in zip(files, face_set.faces, strict=True):
        Image.fromarray(face).save(file)
    files[4].write_bytes(b"nothing")
    read = list(replace(face_set, pictures=PictureFiles(files)).read_each())
    assert [isinstance(each, PictureError) for each in read] == [False] * 4 + [True, False]
    np.testing.assert_array_equal(read[3][:, :, 1], face_set.faces[3])
    np.testing.assert_array_equal(np.stack(list(face_set.read_each())), face_set.faces)


def test_the_fingerprint_of_files_is_that_of_their_content(tmp_path: Path) -> None:
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    for file in (first, second):
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(file)
    one = replace(make_set(1), pictures=PictureFiles((first,)))
    other = replace(make_set(1), pictures=PictureFiles((second,)))
    assert one.fingerprint == other.fingerprint
    second.write_bytes(b"changed")
    assert replace(other, name="again").fingerprint != one.fingerprint


def test_split_gives_its_rows_only() -> None:
    assert make_set().split("validation").row_ids.tolist() == ["made:3", "made:4"]


def test_split_refuses_unknown_and_empty() -> None:
    with pytest.raises(DataError, match="unknown split 'val'"):
        make_set().split("val")
    with pytest.raises(DataError, match="made has no test split"):
        make_set(5).split("test")


def test_counts_add_up() -> None:
    face_set = make_set()
    assert face_set.class_counts() == {"happy": 3, "sad": 3}
    assert face_set.class_counts("training") == {"happy": 2, "sad": 1}
    assert face_set.split_counts() == {"training": 3, "validation": 2, "test": 1}


def test_fingerprint_changes_with_pixels_labels_and_splits_but_not_with_origin() -> None:
    face_set = make_set()
    faces = face_set.faces.copy()
    faces[0, 0, 0] += 1
    others = [
        replace(face_set, pictures=faces),
        replace(face_set, labels=1 - face_set.labels),
        replace(face_set, splits=np.array(["training"] * 6)),
    ]
    assert face_set.fingerprint not in {other.fingerprint for other in others}
    assert replace(face_set, origins=face_set.row_ids).fingerprint == face_set.fingerprint
