import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from mien.errors import DataError
from mien.metrics.classification import (
    SMALLEST_PROBABILITY,
    accuracy,
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    f1_per_class,
    log_loss,
    log_losses,
    macro_f1,
    precision_per_class,
    recall_per_class,
    support_per_class,
    weighted_f1,
)

CLASSES = 5
classes = hnp.arrays(np.int64, st.integers(1, 60).map(lambda rows: (2, rows)), elements=st.integers(0, CLASSES - 1))


@given(classes)
def test_confusion_matrix_equals_scikit_learn(pair):
    labels, predicted = pair
    ours = confusion_matrix(labels, predicted, num_classes=CLASSES)
    assert np.array_equal(ours, sk.confusion_matrix(labels, predicted, labels=range(CLASSES)))
    assert ours.dtype == np.int64


@given(classes)
def test_per_class_figures_equal_scikit_learn(pair):
    labels, predicted = pair
    confusion = confusion_matrix(labels, predicted, num_classes=CLASSES)
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, predicted, labels=range(CLASSES), zero_division=np.nan
    )
    np.testing.assert_allclose(precision_per_class(confusion), precision)
    np.testing.assert_allclose(recall_per_class(confusion), recall)
    np.testing.assert_allclose(f1_per_class(confusion), np.where(support > 0, f1, np.nan))
    assert np.array_equal(support_per_class(confusion), support)


@given(classes)
def test_averages_equal_scikit_learn(pair):
    labels, predicted = pair
    confusion = confusion_matrix(labels, predicted, num_classes=CLASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of classes that were answered but have no cases
        balanced = sk.balanced_accuracy_score(labels, predicted)
    assert accuracy(labels, predicted) == pytest.approx(sk.accuracy_score(labels, predicted))
    assert balanced_accuracy(confusion) == pytest.approx(balanced)
    with_cases = sk.f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)
    assert macro_f1(confusion) == pytest.approx(with_cases)
    weighted = sk.f1_score(labels, predicted, average="weighted", zero_division=0)
    assert weighted_f1(confusion) == pytest.approx(weighted)


@given(classes)
def test_cohen_kappa_equals_scikit_learn(pair):
    labels, predicted = pair
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn divides by zero where chance alone agrees in all rows
        theirs = sk.cohen_kappa_score(labels, predicted)
    ours = cohen_kappa(confusion_matrix(labels, predicted, num_classes=CLASSES))
    assert ours == pytest.approx(theirs, nan_ok=True)


def test_averages_equal_torchmetrics():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.classification")
    random = np.random.default_rng(1)
    labels, predicted = random.integers(0, CLASSES, (2, 500))
    confusion = confusion_matrix(labels, predicted, num_classes=CLASSES)
    answers, truth = torch.from_numpy(predicted), torch.from_numpy(labels)
    f1 = functional.multiclass_f1_score(answers, truth, num_classes=CLASSES, average="macro")
    recall = functional.multiclass_accuracy(answers, truth, num_classes=CLASSES, average="macro")
    assert macro_f1(confusion) == pytest.approx(f1.item(), abs=1e-6)
    assert balanced_accuracy(confusion) == pytest.approx(recall.item(), abs=1e-6)


def test_class_without_cases_is_nan_and_left_out_of_averages():
    confusion = confusion_matrix(np.array([0, 0, 1]), np.array([0, 2, 1]), num_classes=4)
    np.testing.assert_array_equal(recall_per_class(confusion), [0.5, 1, np.nan, np.nan])
    np.testing.assert_array_equal(precision_per_class(confusion), [1, 1, 0, np.nan])
    np.testing.assert_allclose(f1_per_class(confusion), [2 / 3, 1, np.nan, np.nan])
    assert balanced_accuracy(confusion) == 0.75
    assert macro_f1(confusion) == pytest.approx(5 / 6)


def test_class_with_cases_never_answered_has_an_f1_of_zero():
    confusion = confusion_matrix(np.array([0, 1]), np.array([0, 0]), num_classes=2)
    assert f1_per_class(confusion)[1] == 0
    assert np.isnan(precision_per_class(confusion)[1])


def test_log_loss_equals_scikit_learn():
    random = np.random.default_rng(2)
    probabilities = random.dirichlet(np.ones(CLASSES), 300)
    labels = random.integers(0, CLASSES, 300)
    assert log_loss(probabilities, labels) == pytest.approx(sk.log_loss(labels, probabilities, labels=range(CLASSES)))


def test_log_loss_is_the_mean_over_the_rows():
    probabilities, labels = np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([0, 0])
    assert log_losses(probabilities, labels) == pytest.approx([np.log(2), np.log(5)])
    assert log_loss(probabilities, labels) == pytest.approx(np.log(10) / 2)


def test_log_loss_of_an_impossible_right_class_is_finite():
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    assert log_loss(probabilities, np.array([0, 1])) == pytest.approx(-np.log(SMALLEST_PROBABILITY) / 2)
    assert log_loss(probabilities, np.array([0, 1])) == pytest.approx(
        sk.log_loss([0, 1], probabilities, labels=[0, 1]), abs=1e-6
    )


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        pytest.param([0, 1], [0], "labels have shape (2,) and answers (1,); expected both (N,)", id="lengths"),
        pytest.param([[0]], [[0]], "labels have shape (1, 1) and answers (1, 1); expected both (N,)", id="not flat"),
        pytest.param([], [], "there are no rows to compute a figure from", id="no rows"),
        pytest.param([0, 2], [0, 0], "labels lie in 0..2; expected 0..1", id="label too large"),
        pytest.param([0, 1], [-1, 0], "answers lie in -1..0; expected 0..1", id="answer negative"),
        pytest.param([0.0, 1.0], [0, 0], "labels are float64; expected integers", id="not integers"),
    ],
)
def test_confusion_matrix_refuses(labels, predicted, message):
    with pytest.raises(DataError, match=re.escape(message)):
        confusion_matrix(np.array(labels), np.array(predicted), num_classes=2)


def test_accuracy_refuses_other_shapes_and_no_rows():
    with pytest.raises(DataError, match=re.escape("labels have shape (2,) and answers (3,)")):
        accuracy(np.zeros(2, np.int64), np.zeros(3, np.int64))
    with pytest.raises(DataError, match="no rows"):
        accuracy(np.zeros(0, np.int64), np.zeros(0, np.int64))


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        pytest.param(np.ones(2), [0, 0], "probabilities have shape (2,); expected (N, C)", id="not a matrix"),
        pytest.param(np.ones((2, 3)), [0], "labels have shape (1,) and answers (2,)", id="lengths"),
        pytest.param(np.ones((2, 3)), [0, 3], "labels lie in 0..3; expected 0..2", id="no such class"),
    ],
)
def test_log_loss_refuses(probabilities, labels, message):
    with pytest.raises(DataError, match=re.escape(message)):
        log_loss(probabilities, np.array(labels))
