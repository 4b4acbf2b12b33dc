import re

import numpy as np
import pytest
from sklearn import metrics as sk

from mien.errors import DataError
from mien.metrics.brier import brier_score, brier_scores


def test_brier_scores_worked_by_hand():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]], np.float32)
    expected = [0.3**2 + 0.2**2 + 0.1**2, 0.7**2 + 0.2**2 + 0.9**2, 0, 2]
    assert brier_scores(probabilities, np.array([0, 2, 1, 0])) == pytest.approx(expected, abs=1e-6)


def test_brier_score_equals_scikit_learns_squared_error_summed_over_the_classes():
    random = np.random.default_rng(3)
    probabilities = random.dirichlet(np.ones(5), 300)
    labels = random.integers(0, 5, 300)
    theirs = sk.mean_squared_error(np.eye(5)[labels], probabilities, multioutput="raw_values").sum()
    assert brier_score(probabilities, labels) == pytest.approx(theirs)


def test_brier_score_of_two_classes_is_twice_scikit_learns():
    chances = np.random.default_rng(4).uniform(size=100)
    labels = np.arange(100) % 2
    ours = brier_score(np.column_stack([1 - chances, chances]), labels)
    assert ours == pytest.approx(2 * sk.brier_score_loss(labels, chances))


def test_brier_score_refuses_labels_that_are_no_class():
    with pytest.raises(DataError, match=re.escape("labels lie in 0..2; expected 0..1")):
        brier_score(np.full((2, 2), 0.5), np.array([0, 2]))
