from dataclasses import replace

import pytest

from mien.evaluation.compare import Difference, RowComparison, compare
from mien.evaluation.comparison_tables import closing_lines, comparison_rows, mcnemar_line
from mien.metrics.intervals import McNemar, mcnemar_of_counts

ROWS = RowComparison(
    num_rows=3589,
    differences=(
        Difference("accuracy", 0.7, 0.68, (0.005, 0.035)),
        Difference("log_loss", 0.8, 0.85, (-0.1, 0.002)),
        Difference("cohen_kappa", float("nan"), 0.5, (float("nan"), float("nan"))),
    ),
    mcnemar=mcnemar_of_counts(120, 80),
)


def test_comparison_rows_tell_shares_in_points_and_other_figures_as_they_are():
    assert comparison_rows(ROWS) == [
        ["figure", "A", "B", "A − B", "95 % interval"],
        ["accuracy", "70.00 %", "68.00 %", "+2.00", "+0.50 to +3.50"],
        ["log loss", "0.8000", "0.8500", "-0.0500", "-0.1000 to +0.0020"],
        ["Cohen's kappa", "–", "0.5000", "–", "–"],
    ]


def test_mcnemar_line_tells_counts_and_p_value():
    expected = "McNemar's test: A alone is right on 120 of 3,589 rows, B alone on 80; p = 0.0057 (exact)"
    assert mcnemar_line(ROWS) == expected
    tiny = replace(ROWS, mcnemar=McNemar(1, 900, 1e-9, "exact"))
    assert mcnemar_line(tiny).endswith("; p < 0.0001 (exact)")


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["Neither model had seen these rows."]),
        (
            {"split": "validation"},
            ["A model was chosen on these rows: the figures choose, they do not judge."],
        ),
        ({"is_leaky": True}, ["Neither model had seen these rows.", "leaky: copies across splits were allowed"]),
        ({"num_rows": 33}, ["Figures on fewer than 30 rows say little.", "Neither model had seen these rows."]),
    ],
    ids=["judgement", "choice", "leaky", "few rows"],
)
def test_closing_lines(make_predictions, changes, lines):
    predictions = make_predictions(**{"num_rows": 40, **changes})
    comparison = compare(predictions, predictions, num_draws=1234)
    assert closing_lines(comparison) == ["Intervals: paired bootstrap over rows, 1,234 draws.", *lines]
