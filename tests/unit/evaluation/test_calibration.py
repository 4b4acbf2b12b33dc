import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from mien.errors import DataError, ProtocolError
from mien.evaluation import calibration as module
from mien.evaluation.calibration import (
    CalibrationReport,
    CalibratorFigures,
    compare_calibrators,
    cross_fit_sets,
    measure_calibration,
    set_rows,
)
from mien.evaluation.conformal import fit_sets_for
from mien.evaluation.cross_fitting import cross_fit
from mien.metrics.predictions import Predictions
from mien.training import RunFolder
from tests.unit.conftest import PredictionsMaker

FOLDS = np.arange(60) // 3 % 3


def on_validation(make_predictions: PredictionsMaker, num_rows: int = 60) -> Predictions:
    return make_predictions(num_rows, split="validation")


def test_compare_calibrators_gives_the_figures_of_the_cross_fitted_rows(make_predictions: PredictionsMaker) -> None:
    predictions = on_validation(make_predictions)
    compared = compare_calibrators(predictions, FOLDS)
    assert [each.name for each in compared] == ["none", "temperature", "vector", "isotonic"]
    for each in compared[:3]:
        probabilities = cross_fit(predictions, FOLDS, calibrator=each.name).astype(np.float64)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        assert each.log_loss == pytest.approx(log_loss(predictions.labels, probabilities), abs=1e-5)
        assert each.accuracy == accuracy_score(predictions.labels, probabilities.argmax(axis=1))
        truth = np.eye(3)[predictions.labels]
        by_hand = np.mean([np.sum((row - right) ** 2) for row, right in zip(probabilities, truth, strict=True)])
        assert each.brier_score == pytest.approx(by_hand, abs=1e-6)


def test_cross_fit_sets_fits_on_one_half_and_measures_on_the_other(make_predictions: PredictionsMaker) -> None:
    predictions = on_validation(make_predictions, 200)
    halves = np.arange(200) // 3 % 2
    measured = cross_fit_sets(predictions, halves, calibrator="none", method="lac", coverage=0.9)
    num_covered = 0
    for half in (0, 1):
        fitted_on, other = predictions.select(halves != half), predictions.select(halves == half)
        sets = fit_sets_for(fitted_on, calibrator="none", method="lac", coverage=0.9)
        num_covered += int(sets.select(other.probabilities)[np.arange(len(other)), other.labels].sum())
    assert (measured.num_rows, measured.quantile) == (200, None)
    assert measured.coverage == pytest.approx(num_covered / 200)


def test_one_fold_is_refused(make_predictions: PredictionsMaker) -> None:
    predictions = on_validation(make_predictions)
    with pytest.raises(DataError, match="the mask marks none of the 60 rows"):
        cross_fit_sets(predictions, np.zeros(60, np.int64), calibrator="none", method="aps", coverage=0.9)


def test_rows_of_text_say_all(make_predictions: PredictionsMaker) -> None:
    predictions = make_predictions(60, split="validation", labels=np.arange(60) % 2)
    measured = cross_fit_sets(predictions, FOLDS, calibrator="none", method="aps", coverage=0.95)
    header, row = set_rows([measured])
    assert header == ["sets", "asked", "coverage (95 % interval)", "classes in a set", "empty", "angry", "happy", "sad"]
    assert (row[0], row[1], row[4], row[7]) == ("aps", "95.00 %", "0.00 %", "no cases")
    report = CalibrationReport((CalibratorFigures("none", 1.23456, 0.05, 0.5, 0.7),), "none", "none", ())
    assert report.calibrator_rows() == [
        ["calibrator", "log loss", "calibration error", "Brier score", "accuracy"],
        ["none", "1.2346", "5.00 %", "0.5000", "70.00 %"],
    ]


def test_measure_calibration_reads_validation_alone(run_of_350: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    predict, asked = module.predict_split, []

    def noted(run: RunFolder, face_set: object, split: str, **options: object) -> Predictions:
        asked.append(split)
        return predict(run, face_set, split, **options)

    monkeypatch.setattr(module, "predict_split", noted)
    report = measure_calibration(run_of_350)
    assert asked == ["validation"]
    assert report.best == min(report.calibrators, key=lambda each: each.log_loss).name == report.calibrator
    assert [(each.method, each.asked) for each in report.sets] == [
        (method, coverage) for method in ("lac", "aps") for coverage in (0.8, 0.9, 0.95)
    ]
    assert {each.num_rows for each in report.sets} == {35}
    assert measure_calibration(run_of_350, calibrator="vector", seed=0).calibrators == report.calibrators
    assert measure_calibration(run_of_350, seed=1).calibrators != report.calibrators
    assert measure_calibration(run_of_350, average="probabilities").calibrators != report.calibrators


def test_measure_calibration_refuses(tiny_run: RunFolder) -> None:
    with pytest.raises(DataError, match="5 folds, and no class has more than 2 different pictures"):
        measure_calibration(tiny_run)
    with pytest.raises(DataError, match="unknown calibrator 'platt'"):
        measure_calibration(tiny_run, calibrator="platt")
    file = tiny_run.folder / "run.json"
    facts = json.loads(file.read_text())
    file.write_text(json.dumps({**facts, "splits_seen": {"training": "trained on", "validation": "trained on"}}))
    with pytest.raises(ProtocolError, match="validation of fer2013 was trained on by 'tiny'; it cannot choose by it"):
        measure_calibration(tiny_run)
