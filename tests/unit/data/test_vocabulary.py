from dataclasses import replace

import numpy as np
import pytest

from mien.data import FaceSet
from mien.data.vocabulary import against_rest, to_vocabulary
from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS, SIX_EXPRESSIONS


def make_set(labels: list[int], expressions: tuple[str, ...] = FER2013_EXPRESSIONS) -> FaceSet:
    rows = len(labels)
    return FaceSet(
        name="made",
        pictures=np.arange(rows, dtype=np.uint8)[:, None, None].repeat(2, 1),
        labels=np.array(labels, np.int64),
        expressions=expressions,
        splits=np.array(["training"] * rows),
        row_ids=np.array([f"made:{row}" for row in range(rows)]),
        origins=np.array([""] * rows),
        votes=np.arange(rows)[:, None],
        vote_names=("happy",),
        history=("read",),
    )


def test_to_vocabulary_maps_labels_by_name() -> None:
    mapped, report = to_vocabulary(make_set([0, 3, 6, 2]), "ferplus")
    assert [mapped.expressions[label] for label in mapped.labels] == ["angry", "happy", "neutral", "fear"]
    assert mapped.history == (
        "read",
        "mapped to 8 classes (neutral, happy, surprise, sad, angry, disgust, fear, contempt)",
    )
    assert (report.num_kept, report.num_dropped) == (4, 0)
    assert report.empty == ("surprise", "sad", "disgust", "contempt")


def test_to_vocabulary_drops_only_with_a_word_about_it() -> None:
    mapped, report = to_vocabulary(make_set([0, 1, 1, 3]), "six", outside="drop")
    assert mapped.row_ids.tolist() == ["made:0", "made:3"]
    assert mapped.expressions == SIX_EXPRESSIONS
    assert mapped.history[-1].endswith("2 rows outside dropped: 2 disgust")
    assert dict(report.dropped) == {"disgust": 2}
    assert mapped.votes is not None
    assert mapped.votes.tolist() == [[0], [3]]


def test_to_vocabulary_refuses_rows_outside_by_default() -> None:
    message = "made: 3 rows outside the classes happy, sad: 1 angry, 2 disgust; add .* outside = 'drop'"
    with pytest.raises(DataError, match=message):
        to_vocabulary(make_set([0, 1, 1, 3]), ["happy", "sadness"])


def test_to_vocabulary_leaves_the_same_classes_alone() -> None:
    face_set = make_set([0, 1])
    assert to_vocabulary(face_set, FER2013_EXPRESSIONS)[0] is face_set


def test_to_vocabulary_joins_classes_of_one_meaning() -> None:
    mapped, _ = to_vocabulary(make_set([0, 1], ("anger", "angry")), ["angry"])
    assert mapped.labels.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("face_set", "expressions", "message"),
    [
        (make_set([1, 1]), "six", r"made: no row has one of the classes .*; it has 2 disgust"),
        (make_set([1]), "sixx", "unknown vocabulary 'sixx'; did you mean 'six'"),
        (replace(make_set([0]), expressions=("hungry",)), "six", "made: no expression is called 'hungry'"),
    ],
)
def test_to_vocabulary_refuses(face_set: FaceSet, expressions: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_vocabulary(face_set, expressions, outside="drop")


def test_against_rest_leaves_two_classes_and_every_row() -> None:
    whole = make_set([3, 0, 3, 6])
    binary = against_rest(whole, "happy")
    assert binary.expressions == ("happy", "not_happy")
    assert binary.labels.tolist() == [0, 1, 0, 1]
    assert binary.row_ids.tolist() == whole.row_ids.tolist()
    assert (binary.name, binary.history[-1]) == ("made-happy-or-not", "happy against the rest: 2 rows against 2")
    assert binary.fingerprint != whole.fingerprint


def test_against_rest_refuses_a_class_that_the_set_lacks() -> None:
    with pytest.raises(DataError, match=r"made has no class 'hapy' to stand against the rest; did you mean 'happy'\?"):
        against_rest(make_set([3, 0]), "hapy")
