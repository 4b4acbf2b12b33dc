import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.data.audit.outliers import find_whiskers, mark_outliers

NUMBERS = st.lists(st.floats(0, 255, width=32), min_size=1, max_size=40).map(np.array)


def test_whiskers_are_those_of_the_textbook() -> None:
    whiskers = find_whiskers(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9]))
    assert (whiskers.quartile_1, whiskers.median, whiskers.quartile_3) == (3, 5, 7)
    assert (whiskers.low, whiskers.high) == (-3, 13)


def test_the_reach_can_be_chosen() -> None:
    assert find_whiskers(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9]), reach=3).high == 19


def test_outliers_lie_beyond_the_whiskers_and_not_on_them() -> None:
    whiskers = find_whiskers(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9]))
    marks = mark_outliers(np.array([-3.1, -3, 5, 13, 13.1, math.nan]), whiskers)
    assert marks.tolist() == ["low", "", "", "", "high", ""]


def test_what_is_no_number_is_left_out() -> None:
    values = np.array([1.0, 2, 3, math.nan, 4, 5, 6, 7, 8, 9])
    assert find_whiskers(values) == find_whiskers(values[~np.isnan(values)])
    nothing = find_whiskers(np.array([math.nan]))
    assert math.isnan(nothing.high)
    assert mark_outliers(np.array([math.nan, 3.0]), nothing).tolist() == ["", ""]


@given(NUMBERS)
def test_at_most_a_quarter_lies_beyond_either_whisker(values: np.ndarray) -> None:
    marks = mark_outliers(values, find_whiskers(values))
    assert (marks == "low").sum() <= len(values) / 4
    assert (marks == "high").sum() <= len(values) / 4


@given(NUMBERS)
def test_whiskers_agree_with_matplotlib(values: np.ndarray) -> None:
    cbook = pytest.importorskip("matplotlib.cbook")
    (box,) = cbook.boxplot_stats(values)
    assert sorted(values[mark_outliers(values, find_whiskers(values)) != ""]) == sorted(box["fliers"])
