import math

import numpy as np
import pytest

from mien.errors import ProtocolError
from mien.evaluation.ensemble.answers import Answers
from mien.evaluation.ensemble.choosing import choose_equal, choose_greedily, fit_stacking
from mien.evaluation.ensemble.combinations import WeightedMean
from mien.evaluation.ensemble.tree import choose_tree
from mien.evaluation.ensemble.worth import find_best, measure_gain, measure_members


def answers_by_predicted(labels: list[int], *predicted: list[int], sureness: float = 0.8) -> Answers:
    """Answers of models that are equally sure of what they answer, on three classes."""
    probabilities = np.full((len(predicted), len(labels), 3), (1 - sureness) / 2)
    for model, row in enumerate(predicted):
        probabilities[model, np.arange(len(labels)), row] = sureness
    names = tuple("abcdef"[: len(predicted)])
    return Answers(names, probabilities, np.array(labels), ("x", "y", "z"))


def test_measure_members_by_hand() -> None:
    """Two are right on rows 0 to 3, one alone on 4; without either of the two the mean of the others errs more."""
    answers = answers_by_predicted([0, 0, 1, 1, 2], [0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [1, 1, 0, 0, 2])
    worths = measure_members(answers, choose_equal(answers), choose_equal)
    assert [worth.name for worth in worths] == ["a", "b", "c"]
    assert [worth.weight for worth in worths] == pytest.approx([1 / 3] * 3)
    assert [worth.accuracy for worth in worths] == [0.8, 0.8, 0.2]
    assert [worth.disagreement for worth in worths] == [0.5, 0.5, 1.0]
    assert worths[2].accuracy_without == 0.8
    pair = answers.select_models([1, 2])
    expected = (pair.combine(choose_equal(pair)).argmax(axis=1) == answers.labels).mean()
    assert worths[0].accuracy_without == expected


def test_members_of_stacking_have_no_weight(make_answers) -> None:
    answers = make_answers()
    worths = measure_members(answers, fit_stacking(answers), fit_stacking)
    assert all(math.isnan(worth.weight) for worth in worths)
    assert all(0 < worth.accuracy_without < 1 for worth in worths)


def test_the_only_member_has_nobody_beside_it(make_answers) -> None:
    answers = make_answers(skills=(1.0,))
    (worth,) = measure_members(answers, choose_equal(answers), choose_equal)
    assert math.isnan(worth.accuracy_without)
    assert math.isnan(worth.disagreement)


def test_a_gain_is_measured_where_nothing_was_chosen() -> None:
    """On the first half a is perfect and b never right, on the second the other way round: choosing misleads."""
    labels = [0, 1, 2] * 4
    wrong = [(label + 1) % 3 for label in labels]
    answers = answers_by_predicted(labels, labels[:6] + wrong[6:], wrong[:6] + labels[6:])
    gain = measure_gain(answers, np.arange(12) >= 6, choose_greedily)
    assert (gain.num_rows, gain.accuracy, gain.single_accuracy, gain.difference) == (12, 0.0, 0.0, 0.0)
    assert gain.single_models == ("b", "a")
    assert gain.interval == (0.0, 0.0)


def test_members_that_err_apart_gain() -> None:
    labels = np.arange(300) % 3
    random = np.random.default_rng(0)
    predicted = [np.where(random.random(300) < 0.3, (labels + 1 + number % 2) % 3, labels) for number in range(5)]
    answers = answers_by_predicted(labels.tolist(), *(each.tolist() for each in predicted))
    gain = measure_gain(answers, np.arange(300) % 2 == 1, choose_equal)
    assert gain.accuracy == (answers.combine(choose_equal(answers)).argmax(axis=1) == labels).mean()
    assert gain.difference > 0.05
    assert 0 < gain.interval[0] < gain.difference < gain.interval[1]


def test_the_interval_is_that_of_a_paired_difference() -> None:
    """Of 2,000 rows 4 % are won and 10 % lost: -0.06 with a deviation of sqrt(0.14 - 0.06**2)."""
    place = np.arange(2000) % 50
    answers = answers_by_predicted([0] * 2000, (place < 5).astype(int).tolist(), (place >= 48).astype(int).tolist())
    gain = measure_gain(answers, np.arange(2000) >= 1000, lambda _: WeightedMean(weights=(1.0, 0.0)))
    assert (gain.accuracy, gain.single_models, gain.single_accuracy) == (0.9, ("b", "b"), 0.96)
    reach = 1.96 * math.sqrt((0.14 - 0.06**2) / 2000)
    assert gain.interval == pytest.approx((-0.06 - reach, -0.06 + reach), abs=1e-3)


def test_a_tree_has_no_single_model_beside_it() -> None:
    labels = np.arange(60) % 3
    yes = np.where(labels == np.array([[0], [1]]), 0.9, 0.2)
    answers = Answers(("x", "y"), np.stack([yes, 1 - yes], axis=2), labels, ("x", "y", "z"), (0, 1))
    gain = measure_gain(answers, np.arange(60) >= 30, choose_tree)
    assert (gain.accuracy, gain.single_models) == (1.0, ())
    assert all(math.isnan(value) for value in (gain.single_accuracy, gain.difference, *gain.interval))
    worths = measure_members(answers, choose_tree(answers), choose_tree)
    assert [worth.accuracy for worth in worths] == [1.0, 1.0]
    assert all(math.isnan(worth.accuracy_without) for worth in worths)
    assert all(math.isnan(worth.disagreement) for worth in worths)


@pytest.mark.parametrize(
    "halves", [np.zeros(120, dtype=bool), np.ones(120, dtype=bool), np.arange(120) % 2, np.zeros(7, dtype=bool)]
)
def test_halves_that_are_none_are_refused(make_answers, halves: np.ndarray) -> None:
    with pytest.raises(ProtocolError, match=r"halves are .*; expected bool \(120,\), with rows on both sides"):
        measure_gain(make_answers(), halves, choose_equal)


def test_the_best_of_equals_is_the_surer_one() -> None:
    answers = answers_by_predicted([0, 1], [0, 2], [0, 2])
    answers.probabilities[1, 0] = [0.9, 0.05, 0.05]
    assert find_best(answers) == 1
