import pytest

from mien.evaluation.pictures.frame import title_of
from mien.metrics.figures import compute_figures


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({}, "judgement", "compact on test of fer2013\n40 rows, accuracy "),
        ({"is_leaky": True}, "judgement", "compact on test of fer2013, leaky\n40 rows, accuracy "),
        ({"split": "validation"}, "choice", "compact on validation of fer2013, chosen on it\n40 rows, accuracy "),
        ({"num_rows": 29}, "judgement", "compact on test of fer2013\n29 rows (few), accuracy "),
    ],
    ids=["judgement", "leaky", "choice", "few"],
)
def test_title_of_says_what_the_figures_are(make_predictions, changes, kind, words):
    figures = compute_figures(make_predictions(**changes), kind=kind)
    assert title_of(figures) == f"{words}{100 * figures.all_rows.accuracy:.2f} %"
