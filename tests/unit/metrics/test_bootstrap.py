import time

import numpy as np
import pytest
from sklearn import metrics as sk

from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS
from mien.metrics import bootstrap
from mien.metrics.bootstrap import (
    BOOTSTRAPPED,
    accuracy_difference_interval,
    bootstrap_intervals,
    draw_figures,
    percentile_interval,
)
from mien.metrics.calibration_error import expected_calibration_error
from mien.metrics.figures import compute_figures
from mien.metrics.intervals import wilson_interval


def _rows_drawn(num_draws: int, num_rows: int, *, seed: int) -> list[list[int]]:
    """The rows of each draw in plain integers: the upper 32 bits of what PCG64 gives, scaled."""
    raw = np.random.PCG64(seed).random_raw(num_draws * num_rows).tolist()
    rows = [((number >> 32) * num_rows) >> 32 for number in raw]
    return [rows[start : start + num_rows] for start in range(0, len(rows), num_rows)]


def test_draw_figures_equal_scikit_learn_on_the_rows_drawn(make_predictions):
    predictions = make_predictions(120, skill=1.0)
    drawn = draw_figures(predictions, num_draws=6, seed=7)
    for draw, rows in enumerate(_rows_drawn(6, 120, seed=7)):
        truth, answers = predictions.labels[rows], predictions.predicted[rows]
        probabilities = predictions.probabilities[rows].astype(np.float64)
        expected = {
            "accuracy": sk.accuracy_score(truth, answers),
            "top_2_accuracy": sk.top_k_accuracy_score(truth, probabilities, k=2, labels=range(3)),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, answers),
            "macro_f1": sk.f1_score(truth, answers, average="macro"),
            "weighted_f1": sk.f1_score(truth, answers, average="weighted"),
            "cohen_kappa": sk.cohen_kappa_score(truth, answers),
            "log_loss": -np.log(probabilities[np.arange(120), truth]).mean(),
            "brier_score": ((probabilities - np.eye(3)[truth]) ** 2).sum(axis=1).mean(),
            "expected_calibration_error": expected_calibration_error(probabilities, truth),
        }
        assert {name: values[draw] for name, values in drawn.items()} == pytest.approx(expected)
    assert tuple(drawn) == BOOTSTRAPPED


def test_draw_figures_do_not_depend_on_how_many_are_drawn_at_a_time(monkeypatch, make_predictions):
    predictions = make_predictions(50)
    whole = draw_figures(predictions, num_draws=30)
    monkeypatch.setattr(bootstrap, "_ROWS_AT_A_TIME", 200)
    for name, values in draw_figures(predictions, num_draws=30).items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-12)


def test_draw_figures_are_those_of_their_seed(make_predictions):
    predictions = make_predictions(50)
    first, again, other = (draw_figures(predictions, num_draws=20, seed=seed)["log_loss"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_draw_figures_leave_a_class_out_that_a_draw_has_none_of(make_predictions):
    labels = np.array([0, 0, 0, 0, 0, 1])
    answers = np.eye(3, dtype=np.float32)[labels]
    drawn = draw_figures(make_predictions(6, labels=labels, probabilities=answers), num_draws=50)
    assert (drawn["balanced_accuracy"] == 1).all()
    assert np.isnan(drawn["cohen_kappa"]).any()
    assert np.nanmin(drawn["cohen_kappa"]) == 1


def test_bootstrap_interval_of_the_accuracy_is_close_to_wilsons(make_predictions):
    predictions = make_predictions(3000)
    low, high = bootstrap_intervals(predictions, num_draws=2000).intervals["accuracy"]
    expected = wilson_interval(int(predictions.is_right.sum()), 3000)
    assert (low, high) == pytest.approx(expected, abs=0.002)


def test_bootstrap_intervals_hold_the_figures(make_predictions):
    predictions = make_predictions(400)
    rows = compute_figures(predictions).all_rows
    result = bootstrap_intervals(predictions, num_draws=500, seed=3)
    assert (result.num_draws, result.seed) == (500, 3)
    for name in set(BOOTSTRAPPED) - {"expected_calibration_error"}:  # chance alone raises that one
        low, high = result.intervals[name]
        assert low < getattr(rows, name) < high


def test_draws_are_the_same_under_every_version_of_numpy():
    weights = bootstrap._draw_weights(np.random.PCG64(0), 2, num_rows=5)
    assert weights.tolist() == [[2, 1, 0, 1, 1], [0, 0, 1, 2, 2]]


def test_ten_thousand_draws_of_all_figures_take_three_seconds_at_most(make_predictions):
    predictions = make_predictions(3589, expressions=FER2013_EXPRESSIONS)
    began = time.process_time()
    compute_figures(predictions, num_draws=10_000)
    assert time.process_time() - began < 3


def test_draw_figures_refuse_no_draws(make_predictions):
    with pytest.raises(DataError, match="num_draws is 0; expected at least 1"):
        draw_figures(make_predictions(), num_draws=0)


def test_accuracy_difference_interval_is_that_of_drawn_rows():
    random = np.random.default_rng(1)
    first, second = random.random(400) < 0.7, random.random(400) < 0.6
    rows = random.integers(0, 400, size=(10_000, 400))
    drawn = percentile_interval(first[rows].mean(axis=1) - second[rows].mean(axis=1))
    assert accuracy_difference_interval(first, second) == pytest.approx(drawn, abs=0.006)
    assert accuracy_difference_interval(first, first) == (0, 0)


def test_percentile_interval_leaves_nan_out():
    values = np.append(np.arange(101.0), np.nan)
    assert percentile_interval(values) == pytest.approx((2.5, 97.5))
    assert np.isnan(percentile_interval(np.full(3, np.nan))).all()


def test_percentile_interval_refuses_a_level_in_per_cent():
    with pytest.raises(DataError, match="level is 95; expected a number between 0 and 1"):
        percentile_interval(np.arange(3.0), level=95)
