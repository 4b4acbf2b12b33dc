import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from mien.errors import DataError
from mien.evaluation.calibrators import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    choose_unsure_threshold,
    fit_temperature,
)
from mien.metrics.calibration_error import expected_calibration_error
from mien.metrics.classification import log_loss


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


@pytest.mark.parametrize("function", [fit_temperature, choose_unsure_threshold])
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
