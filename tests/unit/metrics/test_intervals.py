import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mien.errors import DataError
from mien.metrics.intervals import LARGEST_EXACT, mcnemar_of_counts, mcnemar_test, wilson_interval


@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_interval_equals_scipy(num_rows, share, level):
    num_right = round(share * num_rows)
    theirs = stats.binomtest(num_right, num_rows).proportion_ci(confidence_level=level, method="wilson")
    low, high = wilson_interval(num_right, num_rows, level=level)
    assert low == pytest.approx(theirs.low, abs=1e-12)
    assert high == pytest.approx(theirs.high, abs=1e-12)
    assert 0 <= low <= num_right / num_rows <= high <= 1


def test_wilson_interval_of_none_and_of_all():
    assert wilson_interval(0, 10)[0] == 0
    assert wilson_interval(10, 10)[1] == 1
    assert wilson_interval(0, 10)[1] == pytest.approx(0.27753, abs=1e-5)


@pytest.mark.parametrize(
    ("num_right", "num_rows", "level", "message"),
    [
        pytest.param(0, 0, 0.95, "0 of 0 rows are right; expected 0 <= right <= rows and at least one row", id="none"),
        pytest.param(5, 4, 0.95, "5 of 4 rows are right", id="more right than rows"),
        pytest.param(-1, 4, 0.95, "-1 of 4 rows are right", id="negative"),
        pytest.param(1, 4, 95, "level is 95; expected a number between 0 and 1", id="level in per cent"),
    ],
)
def test_wilson_interval_refuses(num_right, num_rows, level, message):
    with pytest.raises(DataError, match=re.escape(message)):
        wilson_interval(num_right, num_rows, level=level)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_of_counts_equals_the_binomial_test(first, second):
    result = mcnemar_of_counts(first, second)
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert result.method == "exact"
    assert result.p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("first", "second"), [(600, 500), (501, 500), (700, 700), (2000, 0)])
def test_mcnemar_of_counts_equals_chi_squared_with_correction(first, second):
    result = mcnemar_of_counts(first, second)
    statistic = max(abs(first - second) - 1, 0) ** 2 / (first + second)
    assert result.method == "chi-squared"
    assert result.p_value == pytest.approx(stats.chi2.sf(statistic, 1), rel=1e-9)


def test_mcnemar_of_counts_passes_smoothly_from_exact_to_chi_squared():
    half = LARGEST_EXACT // 2
    exact, approximate = mcnemar_of_counts(half + 30, half - 30), mcnemar_of_counts(half + 31, half - 30)
    assert (exact.method, approximate.method) == ("exact", "chi-squared")
    assert exact.p_value == pytest.approx(approximate.p_value, abs=0.005)


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_mcnemar_of_counts_does_not_care_which_model_is_first(first, second):
    assert mcnemar_of_counts(first, second).p_value == mcnemar_of_counts(second, first).p_value
    assert 0 <= mcnemar_of_counts(first, second).p_value <= 1


def test_mcnemar_test_counts_only_rows_that_differ():
    first = np.array([True, True, True, False, False, True])
    second = np.array([True, False, False, True, False, True])
    result = mcnemar_test(first, second)
    assert (result.only_first_right, result.only_second_right) == (2, 1)
    assert result.p_value == 1.0


def test_mcnemar_of_counts_refuses_negative_counts():
    with pytest.raises(DataError, match="counts are -1 and 2; expected none below 0"):
        mcnemar_of_counts(-1, 2)


def test_mcnemar_test_refuses_other_lengths_and_types():
    with pytest.raises(DataError, match=re.escape("the models answered (3,) and (2,) rows; expected the same")):
        mcnemar_test(np.ones(3, bool), np.ones(2, bool))
    with pytest.raises(DataError, match="the masks are int64 and bool; expected bool"):
        mcnemar_test(np.ones(2, np.int64), np.ones(2, bool))
