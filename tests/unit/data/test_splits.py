from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.data import FaceSet
from mien.data.audit.copies import rows_with_copy_in
from mien.data.splits import cut_validation
from mien.errors import DataError


def make_set(pictures: list[int], labels: list[int]) -> FaceSet:
    rows = len(pictures)
    return FaceSet(
        name="made",
        pictures=np.array(pictures, dtype=np.uint8)[:, None, None].repeat(2, 1),
        labels=np.array(labels, np.int64),
        expressions=("happy", "sad", "fear"),
        splits=np.array(["training"] * rows),
        row_ids=np.array([f"made:{row}" for row in range(rows)]),
        origins=np.array([""] * rows),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), min_size=1, max_size=120), st.integers(0, 9))
def test_cut_validation_partitions_and_keeps_copies_together(rows: list[tuple[int, int]], seed: int) -> None:
    face_set = make_set([picture for picture, _ in rows], [label for _, label in rows])
    cut = cut_validation(face_set, fraction=0.3, seed=seed)
    assert cut.row_ids.tolist() == face_set.row_ids.tolist()
    assert set(cut.splits) <= {"training", "validation"}
    assert not rows_with_copy_in(cut, "training")[cut.splits == "validation"].any()


def test_cut_validation_is_stratified_and_repeatable() -> None:
    face_set = make_set([n % 251 for n in range(250)], [0] * 150 + [1] * 90 + [2] * 10)
    cut = cut_validation(face_set, fraction=0.2, seed=3)
    assert cut.class_counts("validation") == {"happy": 30, "sad": 18, "fear": 2}
    assert cut.splits.tolist() == cut_validation(face_set, fraction=0.2, seed=3).splits.tolist()
    assert cut.splits.tolist() != cut_validation(face_set, fraction=0.2, seed=4).splits.tolist()


def test_cut_validation_leaves_test_rows_alone() -> None:
    face_set = make_set(list(range(100)), [0] * 100)
    face_set = replace(face_set, splits=np.array(["training"] * 80 + ["test"] * 20))
    cut = cut_validation(face_set)
    assert (cut.splits[80:] == "test").all()
    assert cut.split_counts()["validation"] == 8


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5])
def test_cut_validation_refuses_a_fraction_that_is_none(fraction: float) -> None:
    with pytest.raises(DataError, match="expected a number between 0 and 1"):
        cut_validation(make_set([1, 2], [0, 1]), fraction=fraction)


def test_cut_validation_needs_training_rows() -> None:
    face_set = replace(make_set([1, 2], [0, 1]), splits=np.array(["test", "test"]))
    with pytest.raises(DataError, match="made has no training rows to cut"):
        cut_validation(face_set)
