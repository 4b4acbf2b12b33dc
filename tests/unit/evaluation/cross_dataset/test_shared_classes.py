import numpy as np
import pytest

from mien.errors import DataError
from mien.evaluation.cross_dataset.shared_classes import (
    SharedClasses,
    find_shared_classes,
    is_expression,
    meaning_of,
    restrict_to_classes,
)
from mien.expressions import (
    CK_PLUS_EXPRESSIONS,
    FER2013_EXPRESSIONS,
    FERPLUS_EXPRESSIONS,
    RAF_DB_COMPOUND_EXPRESSIONS,
    SIX_EXPRESSIONS,
)

NAMES = ("compact", "other")


@pytest.mark.parametrize(
    ("model", "other", "only_model", "only_other"),
    [
        (FER2013_EXPRESSIONS, FERPLUS_EXPRESSIONS, (), ("contempt",)),
        (FERPLUS_EXPRESSIONS, FER2013_EXPRESSIONS, ("contempt",), ()),
        (SIX_EXPRESSIONS, FERPLUS_EXPRESSIONS, (), ("disgust", "contempt")),
        (FER2013_EXPRESSIONS, CK_PLUS_EXPRESSIONS, ("neutral",), ("contempt",)),
        (("happy", "bored"), ("Joy", "bored", "asleep", "HAPPINESS "), (), ("asleep",)),
    ],
    ids=["8 by 7", "7 by 8", "8 by 6", "ck+ by 7", "own classes and spellings"],
)
def test_classes_without_counterpart_are_named(
    model: tuple[str, ...], other: tuple[str, ...], only_model: tuple[str, ...], only_other: tuple[str, ...]
) -> None:
    found = find_shared_classes(model, other, names=NAMES)
    shared = tuple(name for name in model if name not in only_model)
    assert found == SharedClasses(shared, only_model, only_other)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            RAF_DB_COMPOUND_EXPRESSIONS,
            "compact and other share no class; expected at least two classes in both: compact",
        ),
        (("happy", "asleep"), "share happy; expected at least two .* other has happy, asleep"),
    ],
)
def test_less_than_two_shared_classes_are_refused(other: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_shared_classes(FER2013_EXPRESSIONS, other, names=NAMES)


def test_what_is_no_expression_means_itself() -> None:
    assert [meaning_of(name) for name in ("Anger", "bored")] == ["angry", "bored"]
    assert [is_expression(name) for name in ("Anger", "bored")] == [True, False]


def test_restricted_answers_are_those_worked_by_hand(make_predictions) -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.6, 0.0, 0.4], [0.1, 0.8, 0.1], [1.0, 0.0, 0.0]], dtype=np.float32)
    answers = make_predictions(4, probabilities=probabilities, labels=np.array([1, 2, 0, 1]))
    restricted = restrict_to_classes(answers, ["sad", "happy"])
    assert restricted.expressions == ("sad", "happy")
    np.testing.assert_array_equal(restricted.labels, [1, 0, 1])
    np.testing.assert_allclose(restricted.probabilities, [[0.4, 0.6], [1.0, 0.0], [0.5, 0.5]], atol=1e-5)
    np.testing.assert_array_equal(restricted.row_ids, answers.row_ids[[0, 1, 3]])
    assert restricted.is_selection


def test_all_classes_in_another_order_keep_every_row(make_predictions) -> None:
    answers = make_predictions(8)
    restricted = restrict_to_classes(answers, ["sad", "happy", "angry"])
    np.testing.assert_array_equal(restricted.is_right, answers.is_right)
    assert not restricted.is_selection


def test_classes_without_rows_are_refused(make_predictions) -> None:
    answers = make_predictions(2, labels=np.array([0, 0]))
    with pytest.raises(DataError, match="the mask marks none of the 2 rows"):
        restrict_to_classes(answers, ["sad", "happy"])
