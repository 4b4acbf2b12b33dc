from mien.app.prediction_arguments import Average, Precision, split_views
from mien.evaluation.predictors import AVERAGES, PRECISIONS


def test_views_are_parted_by_commas_and_none_are_the_recipes() -> None:
    assert split_views("plain,8*recipe") == ["plain", "8*recipe"]
    assert split_views(None) is None


def test_the_command_line_offers_what_predictors_know() -> None:
    assert tuple(each.value for each in Average) == AVERAGES
    assert tuple(each.value for each in Precision) == PRECISIONS
