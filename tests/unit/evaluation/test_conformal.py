import json
import re

import numpy as np
import pytest
from scipy.stats import binom

from mien.errors import DataError, ModelFileError, ProtocolError
from mien.evaluation.calibrators import fit_calibrator
from mien.evaluation.conformal import SetFigures, fit_and_measure_sets, fit_sets, fit_sets_for, measure_sets
from mien.evaluation.cross_fitting import cross_fit, deal_evenly
from mien.recognition.calibrators import log_probabilities
from mien.recognition.conformal import SET_METHODS, ConformalSets


def _draw(num_rows, *, seed):
    """Answers that are too sure of themselves, and labels: rows drawn alike, so any of them are exchangeable."""
    random = np.random.default_rng(seed)
    honest = random.dirichlet(np.full(5, 0.7), num_rows)
    labels = np.minimum((random.random((num_rows, 1)) > honest.cumsum(axis=1)).sum(axis=1), 4)
    powers = honest**2
    return powers / powers.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize(
    ("coverage", "quantile"),
    [(0.5, 0.3), (0.6, 0.3), (0.61, 0.4), (0.8, 0.4), (0.81, 1.0), (0.99, 1.0)],
)
def test_fit_sets_takes_the_finite_sample_quantile(coverage, quantile):
    """Four scores 0.1 to 0.4: of rank ceil(5 * coverage), all classes where that is above 4."""
    right = np.array([0.9, 0.8, 0.7, 0.6])
    probabilities = np.stack([right, 1 - right], axis=1)
    sets = fit_sets(probabilities, np.zeros(4, np.int64), method="lac", coverage=coverage)
    assert sets == ConformalSets("lac", coverage, quantile)


def test_fit_sets_does_not_round_a_rank_up_by_rounding():
    """In float64, 0.95 times 200 and 0.07 times 100 lie beside the whole number that they are."""
    right = np.linspace(0.9, 0.1, 99)
    probabilities = np.stack([right, 1 - right], axis=1)
    assert 100 * 0.07 > 7
    sets = fit_sets(probabilities, np.zeros(99, np.int64), method="lac", coverage=0.07)
    assert sets.quantile == pytest.approx(1 - right[6], abs=1e-6)


@pytest.mark.parametrize("method", SET_METHODS)
def test_fit_sets_keeps_the_row_that_set_the_quantile(method):
    probabilities, labels = _draw(99, seed=5)
    rounded = probabilities.astype(np.float32)
    members = fit_sets(rounded, labels, method=method, coverage=0.8).select(rounded)
    assert members[np.arange(99), labels].sum() >= 80


@pytest.mark.parametrize("method", SET_METHODS)
@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_cover_exchangeable_rows_as_stated(method, coverage):
    """Over many draws of rows to fit on, the share of covered rows lies in the binomial bounds of the coverage."""
    num_draws, num_fitted = 2000, 99
    probabilities, labels = _draw(num_draws * (num_fitted + 1), seed=1)
    is_covered = np.zeros(num_draws, dtype=bool)
    for draw, start in enumerate(range(0, len(labels), num_fitted + 1)):
        rows, last = slice(start, start + num_fitted), start + num_fitted
        sets = fit_sets(probabilities[rows], labels[rows], method=method, coverage=coverage)
        is_covered[draw] = sets.select(probabilities[last : last + 1])[0, labels[last]]
    low, high = binom.ppf([0.001, 0.999], num_draws, coverage) / num_draws
    assert low <= is_covered.mean() <= (high if method == "lac" else 1)


def test_fit_sets_for_scores_no_row_by_a_calibrator_fitted_on_it(make_predictions):
    """Isotonic curves fit their own rows too well: sets that trusted them would be smaller than these."""
    chosen_on = make_predictions(200, split="validation", skill=0.5)
    fitted = fit_calibrator("isotonic", chosen_on.probabilities, chosen_on.labels)
    flattered = fit_sets(fitted.apply(log_probabilities(chosen_on.probabilities)), chosen_on.labels, method="lac")
    sets = fit_sets_for(chosen_on, calibrator="isotonic", method="lac")
    known = cross_fit(chosen_on, deal_evenly(chosen_on.labels), calibrator="isotonic")
    assert sets == fit_sets(known, chosen_on.labels, method="lac")
    assert sets.quantile > flattered.quantile


@pytest.mark.parametrize("split", ["test", "training"])
def test_sets_are_fitted_on_validation_alone(make_predictions, split):
    with pytest.raises(ProtocolError, match=f"sets are fitted on validation; these answers are of {split}"):
        fit_sets_for(make_predictions(20, split=split), calibrator="none")


def test_fit_sets_for_one_row_lets_every_class_in(make_predictions):
    one = make_predictions(1, split="validation")
    assert fit_sets_for(one, calibrator="temperature", coverage=0.4) == ConformalSets("aps", 0.4, 1.0)


def test_sets_of_aps_are_never_empty_and_those_of_lac_may_be():
    probabilities, labels = _draw(2000, seed=2)
    is_empty = {
        method: ~fit_sets(probabilities, labels, method=method, coverage=0.3).select(probabilities).any(axis=1)
        for method in SET_METHODS
    }
    assert is_empty["lac"].any()
    assert not is_empty["aps"].any()


def test_measure_sets_by_hand(make_predictions):
    probabilities = np.array([[0.6, 0.3, 0.1], [0.4, 0.36, 0.24], [0.2, 0.2, 0.6], [0.1, 0.8, 0.1]], np.float32)
    predictions = make_predictions(4, probabilities=probabilities, labels=np.array([1, 0, 0, 1]))
    measured = measure_sets(ConformalSets("lac", 0.9, 0.65), predictions)
    assert measured == SetFigures(
        method="lac",
        asked=0.9,
        quantile=0.65,
        num_rows=4,
        coverage=0.5,
        coverage_interval=measured.coverage_interval,
        mean_size=1.25,
        share_empty=0.0,
        coverage_per_class={"angry": 0.5, "happy": 0.5, "sad": None},
    )
    assert measured.coverage_interval == pytest.approx((0.150, 0.850), abs=1e-3)
    assert SetFigures(**json.loads(json.dumps(measured.to_dict()))).to_dict() == measured.to_dict()
    empty = measure_sets(ConformalSets("lac", 0.9, 0.3), predictions)
    assert (empty.share_empty, empty.mean_size) == (0.75, 0.25)


def test_fit_and_measure_sets_fits_on_the_first_and_measures_on_the_second(make_predictions):
    chosen_on, judged = make_predictions(60, split="validation"), make_predictions(40, random_seed=1)
    for method, measured in zip(SET_METHODS, fit_and_measure_sets(chosen_on, judged, calibrator="none"), strict=True):
        sets = fit_sets(chosen_on.probabilities, chosen_on.labels, method=method, coverage=0.9)
        assert measured == measure_sets(sets, judged)
        assert measured.num_rows == 40


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"coverage": 0}, ModelFileError, "coverage of conformal sets must lie between 0 and 1, got 0"),
        ({"method": "topk"}, ModelFileError, "unknown score of conformal sets 'topk'; expected lac or aps"),
        ({"labels": np.zeros(3, np.int64)}, DataError, "probabilities have shape (2, 2) and labels (3,)"),
        ({"labels": np.array([0, 2])}, DataError, "labels lie in 0..2; expected 0..1"),
    ],
    ids=["coverage", "method", "shapes", "labels"],
)
def test_fit_sets_refuses(changes, error, message):
    labels = changes.pop("labels", np.zeros(2, np.int64))
    with pytest.raises(error, match=re.escape(message)):
        fit_sets(np.full((2, 2), 0.5), labels, **changes)
