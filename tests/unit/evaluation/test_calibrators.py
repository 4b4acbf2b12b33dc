import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from mien.errors import DataError
from mien.evaluation.calibrators import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    MOST_KNOTS,
    choose_unsure_threshold,
    fit_calibrator,
    fit_isotonic_regression,
    fit_temperature,
    fit_vector_scaling,
)
from mien.metrics.calibration_error import expected_calibration_error
from mien.metrics.classification import log_loss
from mien.recognition.calibrators import CALIBRATORS, log_probabilities


def _at_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    powers = probabilities.astype(np.float64) ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def _honest_answers(num_rows: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that mean what they say: each label is drawn from its row."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(7, 0.5), num_rows)
    edges = probabilities.cumsum(axis=1)
    labels = np.minimum((random.random((num_rows, 1)) > edges).sum(axis=1), 6)
    return probabilities, labels


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_fit_temperature_finds_the_one_that_was_put_in(temperature):
    honest, labels = _honest_answers(20_000, seed=1)
    distorted = _at_temperature(honest, 1 / temperature)
    assert fit_temperature(distorted, labels) == pytest.approx(temperature, rel=0.03)


def test_fit_temperature_calibrates():
    honest, labels = _honest_answers(5_000, seed=2)
    too_sure = _at_temperature(honest, 0.4).astype(np.float32)
    calibrated = _at_temperature(too_sure, fit_temperature(too_sure, labels))
    assert expected_calibration_error(too_sure, labels) > 0.1
    assert expected_calibration_error(calibrated, labels) < 0.02


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.3, 3.0))
def test_fit_temperature_equals_a_bounded_search_of_scipy(seed, sharpness):
    honest, labels = _honest_answers(60, seed=seed)
    probabilities = np.maximum(_at_temperature(honest, sharpness), 1e-30)
    found = fit_temperature(probabilities, labels)

    def loss(log_temperature: float) -> float:
        tempered = _at_temperature(probabilities, math.exp(log_temperature))
        return float(-np.log(np.maximum(tempered[np.arange(60), labels], 1e-300)).mean())

    bounds = (math.log(LOWEST_TEMPERATURE), math.log(HIGHEST_TEMPERATURE))
    theirs = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    assert loss(math.log(found)) <= theirs.fun + 1e-9
    assert loss(math.log(found)) <= loss(0.0) + 1e-9


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param([0, 1], LOWEST_TEMPERATURE, id="always right: as sure as allowed"),
        pytest.param([1, 0], HIGHEST_TEMPERATURE, id="always wrong: as unsure as allowed"),
    ],
)
def test_fit_temperature_stays_within_its_bounds(labels, expected):
    probabilities = np.array([[0.7, 0.3], [0.3, 0.7]])
    assert fit_temperature(probabilities, np.array(labels)) == pytest.approx(expected, rel=1e-4)


def test_fit_temperature_takes_impossible_right_answers():
    probabilities = np.array([[1, 0], [1, 0], [1, 0], [1, 0]], dtype=np.float32)
    temperature = fit_temperature(probabilities, np.array([0, 0, 0, 1]))
    assert 1 < temperature <= HIGHEST_TEMPERATURE


def _skewed(num_rows: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers of a model that thinks too much of its first class and too little of its last."""
    honest, labels = _honest_answers(num_rows, seed=seed)
    skewed = honest * np.array([4, 2, 1, 1, 1, 0.5, 0.2])
    return skewed / skewed.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize("name", list(CALIBRATORS))
def test_fit_calibrator_gives_the_one_that_was_named(name):
    probabilities, labels = _skewed(200, seed=1)
    assert fit_calibrator(name, probabilities, labels).name == name


def test_fit_calibrator_refuses_an_unknown_name():
    with pytest.raises(DataError, match=re.escape("unknown calibrator 'isotonik'; did you mean 'isotonic'?")):
        fit_calibrator("isotonik", np.full((2, 2), 0.5), np.array([0, 1]))


def test_fit_vector_scaling_finds_what_was_put_in():
    probabilities, labels = _skewed(20_000, seed=2)
    fitted = fit_vector_scaling(probabilities, labels)
    np.testing.assert_allclose(fitted.scale, 1, atol=0.05)
    expected = -np.log([4, 2, 1, 1, 1, 0.5, 0.2])
    np.testing.assert_allclose(np.array(fitted.bias) - np.mean(fitted.bias), expected - expected.mean(), atol=0.1)


def test_fit_vector_scaling_without_strength_is_the_logistic_regression_of_scikit_learn():
    """With two classes, scales and biases for each class are one line in the difference of the log-probabilities."""
    random = np.random.default_rng(3)
    right = random.beta(2, 1, 400)
    labels = (random.random(400) < 0.7 * right).astype(np.int64)
    probabilities = np.stack([1 - right, right], axis=1)
    fitted = fit_vector_scaling(probabilities, labels, strength=0)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(np.log(probabilities), labels)
    ours = fitted.apply(np.log(probabilities))
    np.testing.assert_allclose(ours, theirs.predict_proba(np.log(probabilities)), atol=2e-3)


@pytest.mark.parametrize("num_rows", [14, 100, 2000])
def test_fit_vector_scaling_is_never_worse_than_the_temperature_on_its_own_rows(num_rows):
    probabilities, labels = _skewed(num_rows, seed=4)
    logs = log_probabilities(probabilities)
    by_vector, by_temperature = (
        log_loss(fit_calibrator(name, probabilities, labels).apply(logs), labels) for name in ("vector", "temperature")
    )
    assert by_vector <= by_temperature + 1e-7


def test_fit_vector_scaling_stays_near_the_temperature_with_few_rows():
    probabilities, labels = _skewed(10, seed=5)
    free, held, tight = (fit_vector_scaling(probabilities, labels, strength=each) for each in (0, 1, 1e6))
    assert np.abs(free.bias).max() > 10 * np.abs(held.bias).max()
    np.testing.assert_allclose(tight.scale, 1 / fit_temperature(probabilities, labels), rtol=1e-4)
    np.testing.assert_allclose(tight.bias, 0, atol=1e-4)


def test_fit_isotonic_regression_is_scikit_learns_one_against_the_rest():
    probabilities = np.round(_skewed(300, seed=6)[0], 3)
    labels = _skewed(300, seed=6)[1]
    fitted = fit_isotonic_regression(probabilities, labels)
    for number, (x, y) in enumerate(zip(fitted.inputs, fitted.outputs, strict=True)):
        curve = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(
            probabilities[:, number], labels == number
        )
        at = np.linspace(0, 1, 1001)
        np.testing.assert_allclose(np.interp(at, x, y), curve.predict(at), atol=2e-6)


def test_fit_isotonic_regression_limits_its_knots():
    random = np.random.default_rng(7)
    right = np.sort(random.random(40_000))
    labels = (random.random(40_000) < right**2).astype(np.int64)
    fitted = fit_isotonic_regression(np.stack([1 - right, right], axis=1), labels)
    assert {len(x) for x in fitted.inputs} == {MOST_KNOTS}
    at = np.linspace(0.05, 0.95, 50)
    np.testing.assert_allclose(np.interp(at, fitted.inputs[1], fitted.outputs[1]), at**2, atol=0.05)
    assert all(round(value, 6) == value for value in fitted.inputs[1] + fitted.outputs[1])


def test_fit_isotonic_regression_never_answers_a_class_without_a_row():
    probabilities, labels = _skewed(100, seed=8)
    fitted = fit_isotonic_regression(probabilities[labels != 3], labels[labels != 3])
    assert set(fitted.outputs[3]) == {0.0}
    assert (fitted.apply(log_probabilities(probabilities)).argmax(axis=1) != 3).all()


def test_fit_isotonic_regression_averages_knots_that_rounding_makes_one():
    right = np.array([0.2, 0.5, 0.5 + 1e-9, 0.9])
    fitted = fit_isotonic_regression(np.stack([1 - right, right], axis=1), np.array([0, 0, 1, 1]))
    assert fitted.inputs[1] == (0.2, 0.5, 0.9)
    assert fitted.outputs[1] == (0.0, 0.5, 1.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 1.0), st.sampled_from([2, 100]))
def test_choose_unsure_threshold_is_the_smallest_that_reaches_the_accuracy(seed, accuracy_above, steps):
    honest, labels = _honest_answers(50, seed=seed)
    probabilities = np.round(honest * steps) / steps  # makes confidences stand several times
    confidences, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    reaching = [each for each in np.unique(confidences) if is_right[confidences >= each].mean() >= accuracy_above]
    chosen = choose_unsure_threshold(probabilities, labels, accuracy_above=accuracy_above)
    assert chosen.is_reached == bool(reaching)
    assert chosen.threshold == (min(reaching) if reaching else 1.0)
    assert chosen.coverage == (confidences >= chosen.threshold).mean()


def test_choose_unsure_threshold_says_what_it_does():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.55, 0.45]], dtype=np.float32)
    chosen = choose_unsure_threshold(probabilities, np.array([0, 1, 0, 0, 1]))
    assert not chosen.threshold < float(np.float32(0.9)) <= chosen.threshold + 1e-9
    assert (chosen.accuracy, chosen.coverage, chosen.is_reached) == (1.0, 0.2, True)
    three_of_four = choose_unsure_threshold(probabilities, np.array([0, 1, 0, 0, 1]), accuracy_above=0.75)
    assert three_of_four.threshold == float(np.float32(0.6))
    assert (three_of_four.accuracy, three_of_four.coverage) == (0.75, 0.8)
    low, high = three_of_four.accuracy_interval
    assert low == pytest.approx(0.30064, abs=1e-5)
    assert high == pytest.approx(0.95441, abs=1e-5)


def test_choose_unsure_threshold_calls_all_unsure_when_nothing_reaches():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    chosen = choose_unsure_threshold(probabilities, np.array([1, 1]))
    assert (chosen.threshold, chosen.coverage, chosen.is_reached) == (1.0, 0.0, False)
    assert math.isnan(chosen.accuracy)
    assert all(math.isnan(end) for end in chosen.accuracy_interval)


def test_choose_unsure_threshold_asks_for_80_per_cent_unless_told():
    honest, labels = _honest_answers(500, seed=3)
    assert choose_unsure_threshold(honest, labels) == choose_unsure_threshold(honest, labels, accuracy_above=0.8)
    assert choose_unsure_threshold(honest, labels).accuracy >= 0.8


@pytest.mark.parametrize(
    "function", [fit_temperature, fit_vector_scaling, fit_isotonic_regression, choose_unsure_threshold]
)
@pytest.mark.parametrize(
    ("shape", "labels", "message"),
    [
        pytest.param(
            (4,), [0] * 4, "probabilities have shape (4,) and labels (4,); expected (N, C) and (N,)", id="flat"
        ),
        pytest.param((4, 2), [0] * 3, "probabilities have shape (4, 2) and labels (3,)", id="lengths"),
        pytest.param((0, 2), [], "probabilities have shape (0, 2) and labels (0,)", id="no rows"),
        pytest.param((2, 2), [0, 2], "labels lie in 0..2; expected 0..1", id="no such class"),
        pytest.param((2, 2), [-1, 1], "labels lie in -1..1; expected 0..1", id="negative"),
    ],
)
def test_calibrators_refuse(function, shape, labels, message):
    with pytest.raises(DataError, match=re.escape(message)):
        function(np.full(shape, 0.5), np.array(labels, dtype=np.int64))


@pytest.mark.parametrize("accuracy_above", [0, 80, -0.1])
def test_choose_unsure_threshold_refuses_an_impossible_accuracy(accuracy_above):
    with pytest.raises(DataError, match=f"accuracy_above is {accuracy_above}; expected a number above 0 and at most 1"):
        choose_unsure_threshold(np.full((2, 2), 0.5), np.zeros(2, np.int64), accuracy_above=accuracy_above)


def test_fit_temperature_never_worsens_the_log_loss():
    honest, labels = _honest_answers(300, seed=5)
    tempered = _at_temperature(honest, fit_temperature(honest, labels))
    assert log_loss(tempered, labels) <= log_loss(honest, labels) + 1e-12
