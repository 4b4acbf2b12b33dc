from dataclasses import replace

import numpy as np
import pytest

from mien.errors import ProtocolError
from mien.evaluation.ensemble.answers import gather_answers, gather_for_choice
from mien.evaluation.ensemble.combinations import WeightedMean
from mien.metrics.predictions import Predictions
from tests.unit.conftest import PredictionsMaker


def against_rest(predictions: Predictions, name: str) -> Predictions:
    """Answers of a model that tells one class from the rest, on the same rows."""
    number = predictions.expressions.index(name)
    yes = predictions.probabilities[:, number]
    return replace(
        predictions,
        model=name,
        probabilities=np.stack([yes, 1 - yes], axis=1),
        labels=(predictions.labels != number).astype(np.int64),
        expressions=(name, f"not_{name}"),
    )


def test_rows_are_found_by_id_and_classes_by_name(make_predictions: PredictionsMaker) -> None:
    first = make_predictions(split="validation")
    second = make_predictions(split="validation", random_seed=1)
    rows, columns = np.random.default_rng(0).permutation(40), [2, 0, 1]
    shuffled = replace(
        second,
        probabilities=second.probabilities[rows][:, columns],
        labels=np.array([columns.index(label) for label in second.labels[rows]]),
        row_ids=second.row_ids[rows],
        expressions=tuple(second.expressions[column] for column in columns),
    )
    gathered = gather_answers([first, shuffled])
    np.testing.assert_array_equal(gathered.probabilities[1], second.probabilities)
    np.testing.assert_array_equal(gathered.is_right, [first.is_right, second.is_right])
    assert gathered.expressions == first.expressions
    mean = gathered.combine(WeightedMean(weights=(0.5, 0.5)))
    np.testing.assert_allclose(mean, (first.probabilities + second.probabilities) / 2, atol=1e-6)


def test_models_against_the_rest_are_gathered_as_such(make_predictions: PredictionsMaker) -> None:
    rows = make_predictions(split="validation")
    gathered = gather_answers([against_rest(rows, "sad"), against_rest(rows, "angry")], rows)
    assert gathered.classes == (2, 0)
    assert gathered.probabilities.shape == (2, 40, 2)
    np.testing.assert_array_equal(gathered.is_right[0], (rows.probabilities[:, 2] >= 0.5) == (rows.labels == 2))
    assert gathered.select_models([1]).classes == (0,)


def test_models_of_the_same_two_classes_are_no_tree(make_predictions: PredictionsMaker) -> None:
    one = against_rest(make_predictions(split="validation"), "sad")
    gathered = gather_answers([one, one])
    assert (gathered.classes, gathered.expressions) == ((), ("sad", "not_sad"))


def test_rows_and_models_can_be_selected(make_predictions: PredictionsMaker) -> None:
    both = gather_answers([make_predictions(split="validation", random_seed=seed) for seed in range(2)])
    mask = both.labels == 1
    part = both.select_rows(mask).select_models([1])
    np.testing.assert_array_equal(part.probabilities[0], both.probabilities[1, mask])
    assert (part.labels == 1).all()


def test_other_rows_are_refused(make_predictions: PredictionsMaker) -> None:
    whole = make_predictions(split="validation")
    part = whole.select(np.arange(40) < 30)
    message = "'compact' answered 30 rows, of which 30 are among the 40 expected; models are compared on the same rows"
    with pytest.raises(ProtocolError, match=message):
        gather_answers([whole, part])


def test_other_classes_are_refused(make_predictions: PredictionsMaker) -> None:
    other = make_predictions(split="validation", expressions=("angry", "happy", "fear"))
    with pytest.raises(
        ProtocolError, match="knows the classes angry, happy, fear; expected angry, happy, sad, in what"
    ):
        gather_answers([make_predictions(split="validation"), other])


def test_other_labels_are_refused(make_predictions: PredictionsMaker) -> None:
    first = make_predictions(split="validation")
    relabelled = replace(first, labels=np.where(np.arange(40) < 3, 2, first.labels))
    with pytest.raises(ProtocolError, match="'compact' was given other labels for 2 of 40 rows; expected the same"):
        gather_answers([first, relabelled])
    binary = against_rest(first, "sad")
    with pytest.raises(ProtocolError, match="'sad' was given other labels for 40 of 40 rows"):
        gather_answers([replace(binary, labels=1 - binary.labels)], first)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "test"}, "nothing is chosen on test of fer2013; choose on validation"),
        ({"split": "training"}, "training of fer2013 is there to learn from"),
        (
            {"split": "validation", "splits_seen": {"validation": "trained on"}},
            "validation of fer2013 was trained on by 'compact'; it cannot choose by it",
        ),
    ],
)
def test_nothing_is_chosen_but_on_an_unseen_validation(
    make_predictions: PredictionsMaker, changes: dict, message: str
) -> None:
    good, bad = make_predictions(split="validation"), make_predictions(**changes)
    gather_for_choice([good, good])
    with pytest.raises(ProtocolError, match=message):
        gather_for_choice([good, bad])
