from dataclasses import replace

import numpy as np
import pytest

from mien.data import FaceSet
from mien.errors import DataError


def make_set(num_rows: int = 6) -> FaceSet:
    return FaceSet(
        name="made",
        faces=np.arange(num_rows * 4, dtype=np.uint8).reshape(num_rows, 2, 2),
        labels=np.arange(num_rows, dtype=np.int64) % 2,
        expressions=("happy", "sad"),
        splits=np.array((["training"] * 3 + ["validation"] * 2 + ["test"] * num_rows)[:num_rows]),
        row_ids=np.array([f"made:{row}" for row in range(num_rows)]),
        origins=np.array([f"made.csv:{row}" for row in range(num_rows)]),
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"faces": np.zeros((6, 2, 2), np.float32)}, "expected uint8"),
        ({"faces": np.zeros((6, 4), np.uint8)}, "expected uint8"),
        ({"labels": np.zeros(5, np.int64)}, r"labels have shape \(5,\); expected \(6,\)"),
        ({"labels": np.full(6, 2, np.int64)}, r"labels must lie in 0\.\.1"),
        ({"labels": np.full(6, -1, np.int64)}, r"labels must lie in 0\.\.1"),
        ({"splits": np.array(["train"] * 6)}, "unknown split 'train'; expected training, validation, test"),
        ({"row_ids": np.array(["same"] * 6)}, "row ids are not unique"),
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
        replace(face_set, faces=faces),
        replace(face_set, labels=1 - face_set.labels),
        replace(face_set, splits=np.array(["training"] * 6)),
    ]
    assert face_set.fingerprint not in {other.fingerprint for other in others}
    assert replace(face_set, origins=face_set.row_ids).fingerprint == face_set.fingerprint
