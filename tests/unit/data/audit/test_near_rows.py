import numpy as np

from mien.data.audit.near_rows import find_near_rows
from mien.data.audit.picture_facts import look_at_pictures
from tests.unit.data.audit.scenes import make_scenes, make_set, shift

SCENES = make_scenes(4, seed=7)
# a, its copy, b, a shifted, b flipped, c, a shifted the other way
PICTURES = np.stack(
    [SCENES[0], SCENES[0], SCENES[1], shift(SCENES[0], 1, 0), SCENES[1][:, ::-1], SCENES[2], shift(SCENES[0], 0, -2)]
)
SPLITS = ["training", "test", "training", "validation", "test", "training", "training"]


def test_every_copy_of_a_picture_has_its_near_duplicates() -> None:
    face_set = make_set(PICTURES, splits=SPLITS)
    near = find_near_rows(face_set, look_at_pictures(face_set), least_similarity=0.85)
    assert near.group.tolist() == [0, 0, 1, 0, 1, -1, 0]
    assert near.row_ids[[2, 4, 5]].tolist() == ["made:4", "made:2", ""]
    assert near.row_ids[0] == near.row_ids[1] != "made:1"  # an identical picture is no near duplicate
    assert near.row_ids[3] in ("made:0", "made:6")
    assert near.kinds.tolist()[2:6] == ["mirrored", "shifted", "mirrored", ""]
    assert np.isnan(near.similarity).tolist() == [False] * 5 + [True, False]


def test_near_copies_are_told_by_the_split_they_stand_in() -> None:
    face_set = make_set(PICTURES, splits=SPLITS)
    in_splits = find_near_rows(face_set, look_at_pictures(face_set), least_similarity=0.85).in_splits
    assert in_splits["training"].tolist() == [True, True, False, True, True, False, True]
    assert in_splits["validation"].tolist() == [True, True, False, False, False, False, True]
    assert in_splits["test"].tolist() == [False, False, True, True, False, False, True]


def test_without_a_bound_nothing_is_looked_for() -> None:
    face_set = make_set(PICTURES)
    near = find_near_rows(face_set, look_at_pictures(face_set), least_similarity=None)
    assert (near.group == -1).all()
    assert (near.row_ids == "").all()
