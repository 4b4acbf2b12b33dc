import json
import re
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from mien.errors import ModelFileError
from mien.recognition.calibrators import (
    CALIBRATORS,
    Calibrator,
    IsotonicRegression,
    NoCalibrator,
    Temperature,
    VectorScaling,
    calibrator_from_contract,
    calibrator_to_contract,
    log_probabilities,
    softmax,
)

LOGITS = np.random.default_rng(0).normal(0, 3, (50, 3)).astype(np.float32)
VECTOR = VectorScaling((0.5, 2.0, 1.0), (0.0, 0.3, -0.2))
ISOTONIC = IsotonicRegression(((0.2, 0.6), (0.5,), (0.0, 0.5, 1.0)), ((0.0, 0.8), (0.4,), (0.0, 0.0, 0.9)))
EACH = [NoCalibrator(), Temperature(0.7), VECTOR, ISOTONIC]


def test_softmax_agrees_with_scipy() -> None:
    logits = np.random.default_rng(0).normal(0, 30, (50, 7))
    np.testing.assert_allclose(softmax(logits), scipy_softmax(logits, axis=1), atol=1e-6)


def test_log_probabilities_stay_finite() -> None:
    logs = log_probabilities(np.array([[1.0, 0.0], [0.5, 0.5]], dtype=np.float32))
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(logs[1], np.log(0.5))


def test_every_calibrator_has_its_name() -> None:
    assert list(CALIBRATORS) == ["none", "temperature", "vector", "isotonic"]
    assert [type(each) for each in EACH] == list(CALIBRATORS.values())


def test_temperature_and_none_are_softmaxes() -> None:
    np.testing.assert_allclose(NoCalibrator().apply(LOGITS), scipy_softmax(LOGITS, axis=1), atol=1e-6)
    np.testing.assert_allclose(Temperature(0.7).apply(LOGITS), scipy_softmax(LOGITS / 0.7, axis=1), atol=1e-6)


def test_vector_scaling_scales_log_probabilities() -> None:
    logits = np.log([[0.2, 0.3, 0.5]])
    powers = np.array([0.2**0.5, 0.3**2 * np.exp(0.3), 0.5 * np.exp(-0.2)])
    np.testing.assert_allclose(VECTOR.apply(logits)[0], powers / powers.sum(), atol=1e-6)


def test_isotonic_regression_by_hand() -> None:
    logits = np.log([[0.4, 0.35, 0.25], [0.1, 0.15, 0.75]])
    raised = np.array([[0.4, 0.4, 0.0], [0.0, 0.4, 0.45]])
    np.testing.assert_allclose(ISOTONIC.apply(logits), raised / raised.sum(axis=1, keepdims=True), atol=1e-6)


def test_a_row_of_which_isotonic_curves_make_nothing_keeps_the_softmax() -> None:
    nothing = IsotonicRegression(((0.9, 1.0),) * 3, ((0.0, 1.0),) * 3)
    logits = np.log([[0.2, 0.3, 0.5]])
    np.testing.assert_allclose(nothing.apply(logits), [[0.2, 0.3, 0.5]], atol=1e-6)


@pytest.mark.parametrize("calibrator", EACH, ids=lambda each: each.name)
def test_every_calibrator_gives_probabilities_and_takes_any_constant_in_a_row(calibrator: Calibrator) -> None:
    probabilities = calibrator.apply(LOGITS)
    assert (probabilities.dtype, probabilities.shape) == (np.float32, LOGITS.shape)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(calibrator.apply(LOGITS + np.float32(5)), probabilities, atol=1e-5)
    assert calibrator.apply(LOGITS[:0]).shape == (0, 3)


@pytest.mark.parametrize("calibrator", EACH, ids=lambda each: each.name)
def test_every_calibrator_comes_back_from_a_contract(calibrator: Calibrator) -> None:
    values = json.loads(json.dumps(calibrator_to_contract(calibrator)))
    assert calibrator_from_contract(values["temperature"], values["calibrator"], num_classes=3) == calibrator


def read(values: dict[str, Any], temperature: float = 1.0) -> Calibrator:
    return calibrator_from_contract(temperature, values, num_classes=2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "vectors"}, "unknown calibrator 'vectors'; did you mean 'vector'?"),
        ({"scale": [1, 1]}, "unknown calibrator None"),
        ({"name": "vector"}, "calibrator 'vector' has no numbers; expected scale, bias"),
        ({"name": "none", "scale": [1]}, "calibrator 'none' has scale; expected none"),
        ({"name": "vector", "scale": [1, 1], "bias": [0]}, "one number of scale and bias a class, got 2 and 1"),
        ({"name": "vector", "scale": [1, "a"], "bias": [0, 0]}, "scale must be one or more numbers"),
        ({"name": "vector", "scale": [1, 1], "bias": [0, float("nan")]}, "bias must be one or more numbers"),
        ({"name": "vector", "scale": [1, 1], "bias": 0}, "bias must be one or more numbers"),
        ({"name": "vector", "scale": [1] * 3, "bias": [0] * 3}, "'vector' is for 3 classes; expected 2"),
        ({"name": "temperature", "temperature": -1}, "temperature must be positive, got -1"),
        ({"name": "temperature", "temperature": "hot"}, "temperature must be one or more numbers"),
        ({"name": "isotonic", "inputs": [[0, 1]], "outputs": []}, "one curve a class, got 1 inputs, 0 outputs"),
        ({"name": "isotonic", "inputs": 1, "outputs": 1}, "calibrator 'isotonic': object of type 'int'"),
        ({"name": "isotonic", "inputs": [[]] * 2, "outputs": [[]] * 2}, "inputs of class 0 must be one or more"),
        ({"name": "isotonic", "inputs": [[0, 1]] * 2, "outputs": [[0, 1], ["a", 1]]}, "outputs of class 1 must be"),
        ({"name": "isotonic", "inputs": [[0, 0]] * 2, "outputs": [[0, 1]] * 2}, "curve of class 0 must rise"),
        ({"name": "isotonic", "inputs": [[0, 1]] * 2, "outputs": [[1, 0]] * 2}, "curve of class 0 must rise"),
        ({"name": "isotonic", "inputs": [[0, 1]] * 2, "outputs": [[0, 2]] * 2}, "between 0 and 1"),
        ({"name": "isotonic", "inputs": [[0, 1]] * 2, "outputs": [[0]] * 2}, "curve of class 0 must rise"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_calibrator_from_contract_refuses(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError, match=re.escape(message)):
        read(values)


def test_calibrator_from_contract_refuses_a_temperature_beside_it() -> None:
    with pytest.raises(ModelFileError, match=r"temperature must be 1 beside a calibrator, got 0\.9"):
        read({"name": "none"}, 0.9)
