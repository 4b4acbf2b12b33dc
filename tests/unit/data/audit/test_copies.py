from dataclasses import replace

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.audit.copies import apply_protocol, group_identical, is_among, rows_with_copy_in
from mien.errors import DataError, ProtocolError

SPLITS = ["training", "training", "training", "validation", "validation", "test", "test"]


def make_set(pictures: list[int], splits: list[str] = SPLITS) -> FaceSet:
    """Each number is one picture; equal numbers are identical pictures."""
    rows = len(pictures)
    return FaceSet(
        name="made",
        pictures=np.array(pictures, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2),
        labels=np.zeros(rows, np.int64),
        expressions=("happy",),
        splits=np.array(splits),
        row_ids=np.array([f"made:{row}" for row in range(rows)]),
        origins=np.array([""] * rows),
    )


def test_group_identical_numbers_by_first_appearance() -> None:
    assert group_identical(make_set([5, 3, 5, 9, 3, 5, 1]).faces).tolist() == [0, 1, 0, 2, 1, 0, 3]


def test_rows_with_copy_in_looks_at_other_rows_only() -> None:
    face_set = make_set([1, 1, 2, 2, 3, 1, 4])
    assert rows_with_copy_in(face_set, "training").tolist() == [True, True, False, True, False, True, False]
    assert rows_with_copy_in(face_set, "test").tolist() == [True, True, False, False, False, False, False]


def test_official_keeps_published_splits_as_they_are() -> None:
    face_set = make_set([1, 1, 2, 2, 3, 1, 4])
    assert apply_protocol(face_set, "official") is face_set


def test_clean_drops_training_rows_with_a_copy_elsewhere_and_no_other() -> None:
    cleaned = apply_protocol(make_set([1, 5, 2, 2, 3, 1, 3]), "clean")
    assert cleaned.row_ids.tolist() == ["made:1", "made:3", "made:4", "made:5", "made:6"]
    assert cleaned.history == ("protocol clean: 2 training rows with a copy in validation or test dropped",)
    assert not rows_with_copy_in(cleaned, "training").any()


def test_copies_across_splits_cut_by_hand_are_an_error_with_a_count() -> None:
    face_set = replace(make_set([1, 1, 2, 2, 3, 1, 4]), has_published_splits=False)
    with pytest.raises(ProtocolError, match="made: 3 rows have an identical picture in another split"):
        apply_protocol(face_set, "official")
    assert apply_protocol(face_set, "official", allow_leakage=True) is face_set


def test_clean_still_refuses_copies_between_validation_and_test_cut_by_hand() -> None:
    face_set = replace(make_set([1, 5, 2, 7, 3, 6, 3]), has_published_splits=False)
    with pytest.raises(ProtocolError, match="made: 1 rows"):
        apply_protocol(face_set, "clean")


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(DataError, match="unknown protocol 'offical'; expected official or clean"):
        apply_protocol(make_set([1] * 7), "offical")


def test_is_among_finds_identical_pictures_of_any_type() -> None:
    faces = np.zeros((3, 2, 2), dtype=np.float32)
    faces[1, 0, 1], faces[2, 1, 1] = 0.5, 0.25
    np.testing.assert_array_equal(is_among(faces, faces[[2, 0]]), [True, False, True])
    assert is_among(faces[:0], faces).shape == (0,)
