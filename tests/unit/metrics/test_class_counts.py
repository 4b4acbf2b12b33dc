import numpy as np
import pytest

from mien.metrics.class_counts import ClassCounts

CONFUSION = np.array([[3, 1, 0], [1, 1, 0], [0, 0, 0]])


def test_figures_of_one_matrix_worked_by_hand():
    counts = ClassCounts.of(CONFUSION)
    np.testing.assert_array_equal(counts.recall, [0.75, 0.5, np.nan])
    np.testing.assert_array_equal(counts.precision, [0.75, 0.5, np.nan])
    np.testing.assert_array_equal(counts.f1, [0.75, 0.5, np.nan])
    assert counts.accuracy == pytest.approx(4 / 6)
    assert counts.balanced_accuracy == pytest.approx(0.625)
    assert counts.macro_f1 == pytest.approx(0.625)
    assert counts.weighted_f1 == pytest.approx((4 * 0.75 + 2 * 0.5) / 6)
    # Agreement 24/36, by chance (4 * 4 + 2 * 2) / 36.
    assert counts.cohen_kappa == pytest.approx((24 - 20) / (36 - 20))


@pytest.mark.parametrize(
    "name",
    ["recall", "precision", "f1", "accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "cohen_kappa"],
)
def test_many_counts_at_once_give_what_each_alone_gives(name):
    matrices = np.random.default_rng(0).integers(0, 9, size=(20, 4, 4))
    matrices[3, 2] = 0
    alone = [ClassCounts.of(matrix) for matrix in matrices]
    stacked = ClassCounts(
        *(np.stack([getattr(each, part) for each in alone]) for part in ("right", "cases", "answers"))
    )
    np.testing.assert_allclose(getattr(stacked, name), [getattr(each, name) for each in alone])


def test_cohen_kappa_is_nan_where_chance_alone_agrees_in_all_rows():
    assert np.isnan(ClassCounts.of(np.array([[5, 0], [0, 0]])).cohen_kappa)
