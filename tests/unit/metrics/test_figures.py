import json
import math

import numpy as np
import pytest
from sklearn import metrics as sk

from mien.errors import DataError
from mien.metrics.calibration_error import expected_calibration_error
from mien.metrics.figures import Figures, compute_figures
from mien.metrics.intervals import wilson_interval


def test_compute_figures_on_all_rows(make_predictions):
    predictions = make_predictions(200, views=("plain",), is_leaky=True)
    figures = compute_figures(predictions, kind="judgement")
    rows = figures.all_rows
    truth, answers = predictions.labels, predictions.predicted
    assert rows.num_rows == 200
    assert rows.num_right == (truth == answers).sum()
    assert rows.accuracy == pytest.approx(sk.accuracy_score(truth, answers))
    assert rows.accuracy_interval == wilson_interval(rows.num_right, 200)
    assert rows.balanced_accuracy == pytest.approx(sk.balanced_accuracy_score(truth, answers))
    assert rows.macro_f1 == pytest.approx(sk.f1_score(truth, answers, average="macro"))
    right = predictions.probabilities[np.arange(200), truth].astype(np.float64)
    assert rows.log_loss == pytest.approx(-np.log(right).mean())
    assert rows.expected_calibration_error == expected_calibration_error(predictions.probabilities, truth)
    assert np.array_equal(rows.confusion_matrix, sk.confusion_matrix(truth, answers))
    assert (figures.kind, figures.model, figures.data_set, figures.split) == ("judgement", "compact", "fer2013", "test")
    assert figures.views == ("plain",)
    assert figures.is_leaky
    assert figures.expressions == ("angry", "happy", "sad")


def test_compute_figures_gives_each_class_its_own(make_predictions):
    predictions = make_predictions(200)
    precision, recall, f1, support = sk.precision_recall_fscore_support(predictions.labels, predictions.predicted)
    for index, each in enumerate(compute_figures(predictions).all_rows.per_class):
        assert each.expression == predictions.expressions[index]
        assert each.num_cases == support[index]
        assert each.num_answers == (predictions.predicted == index).sum()
        assert (each.precision, each.recall, each.f1) == pytest.approx((precision[index], recall[index], f1[index]))


def test_compute_figures_without_copies_equals_figures_of_these_rows(make_predictions):
    predictions = make_predictions(200)
    figures = compute_figures(predictions)
    assert figures.rows_without_copy == compute_figures(predictions.select(~predictions.has_copy_in_training)).all_rows
    assert figures.rows_without_copy.num_rows == 175
    assert figures.kind == "plain"


def test_compute_figures_has_none_without_copies_when_every_row_is_one(make_predictions):
    figures = compute_figures(make_predictions(9, has_copy_in_training=np.ones(9, bool)))
    assert figures.rows_without_copy is None
    assert Figures.from_dict(figures.to_dict()).rows_without_copy is None


def test_compute_figures_refuses_an_unknown_kind(make_predictions):
    with pytest.raises(DataError, match="unknown kind of figures 'final'; expected plain, choice, judgement"):
        compute_figures(make_predictions(), kind="final")


def test_class_without_cases_is_none_in_the_dict_and_nan_again_after(make_predictions):
    figures = compute_figures(make_predictions(30, labels=np.zeros(30, np.int64)))
    content = json.loads(json.dumps(figures.to_dict(), allow_nan=False))
    assert content["all_rows"]["per_class"][1]["recall"] is None
    assert content["all_rows"]["per_class"][1]["num_cases"] == 0
    rebuilt = Figures.from_dict(content)
    assert math.isnan(rebuilt.all_rows.per_class[1].recall)
    assert rebuilt.to_dict() == figures.to_dict()
    assert rebuilt.all_rows.balanced_accuracy == rebuilt.all_rows.accuracy


def test_from_dict_gives_back_equal_figures(make_predictions):
    predictions = make_predictions(400, skill=0.0)
    figures = compute_figures(predictions)
    rebuilt = Figures.from_dict(json.loads(json.dumps(figures.to_dict())))
    assert rebuilt.all_rows.per_class == figures.all_rows.per_class
    assert rebuilt.all_rows.confusion_matrix == figures.all_rows.confusion_matrix
    assert rebuilt.to_dict() == figures.to_dict()


def test_figures_name_unknown_sources_where_there_are_any(make_predictions):
    assert "unknown_sources" not in compute_figures(make_predictions()).to_dict()
    figures = compute_figures(make_predictions(forerunners=({"source": "a", "data_set": "unknown"},)))
    content = json.loads(json.dumps(figures.to_dict()))
    assert content["unknown_sources"] == ["a"]
    assert Figures.from_dict(content).unknown_sources == figures.unknown_sources == ("a",)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content.pop("all_rows"), id="missing"),
        pytest.param(lambda content: content.update(all_rows=3), id="a number"),
        pytest.param(lambda content: content["all_rows"].update(extra=1), id="unknown figure"),
        pytest.param(lambda content: content["all_rows"].update(accuracy_interval=[0.5]), id="half an interval"),
        pytest.param(lambda content: content["all_rows"].update(per_class=[3]), id="no class"),
        pytest.param(lambda content: content["all_rows"].pop("log_loss"), id="missing figure"),
        pytest.param(lambda content: content["all_rows"].update(bootstrap={"intervals": 3}), id="no intervals"),
    ],
)
def test_from_dict_refuses_what_is_not_figures(make_predictions, damage):
    content = compute_figures(make_predictions()).to_dict()
    damage(content)
    with pytest.raises(DataError, match="these are not figures of mien"):
        Figures.from_dict(content)
