import numpy as np
import pytest
from sklearn import metrics as sk

from mien.errors import DataError
from mien.metrics.top_k import is_among_top, top_k_accuracy


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_accuracy_equals_scikit_learn(k):
    random = np.random.default_rng(5)
    probabilities = random.dirichlet(np.ones(5), 300)
    labels = random.integers(0, 5, 300)
    theirs = sk.top_k_accuracy_score(labels, probabilities, k=k, labels=range(5))
    assert top_k_accuracy(probabilities, labels, k=k) == pytest.approx(theirs)


def test_is_among_top_of_one_is_the_answer_also_among_equals():
    probabilities = np.round(np.random.default_rng(6).dirichlet(np.ones(3), 200), 1)
    labels = np.arange(200) % 3
    assert np.array_equal(is_among_top(probabilities, labels, k=1), probabilities.argmax(axis=1) == labels)


def test_is_among_top_puts_the_earlier_of_equals_first():
    probabilities = np.full((3, 3), 1 / 3)
    assert is_among_top(probabilities, np.array([0, 1, 2])).tolist() == [True, True, False]


def test_top_k_accuracy_refuses_no_class_at_all():
    with pytest.raises(DataError, match="k is 0; expected at least 1"):
        top_k_accuracy(np.full((2, 2), 0.5), np.array([0, 1]), k=0)
