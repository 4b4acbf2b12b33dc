import math
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from mien.errors import DataError, MienError, ProtocolError
from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.explanation.answered import open_answered_split
from mien.evaluation.judge import judge
from mien.evaluation.predict import apply_calibrator, fit_run_calibrator
from mien.evaluation.predictors import load_predictor
from mien.evaluation.robustness import RobustnessReport, corrupt_faces, measure_robustness
from mien.metrics.figures import compute_figures
from mien.recognition.calibrators import softmax
from mien.training import RunFolder, read_recipe, train
from mien.training.training_data import read_training_data


def test_clean_faces_are_answered_as_when_the_run_was_chosen(tiny_run: RunFolder) -> None:
    report = measure_robustness(tiny_run, corruptions=["jpeg"])
    expected = compute_figures(open_answered_split(tiny_run).predictions, kind="choice")
    assert report.clean.all_rows.confusion_matrix == expected.all_rows.confusion_matrix
    assert report.clean.all_rows.log_loss == pytest.approx(expected.all_rows.log_loss, rel=1e-6)
    assert (report.clean.kind, report.clean.views, report.seed) == ("choice", expected.views, 0)


def test_corrupted_faces_are_calibrated_by_what_clean_validation_fitted(tiny_run: RunFolder) -> None:
    (measured,) = measure_robustness(tiny_run, corruptions=["noise"], views=["plain", "flip"], seed=3).corruptions
    face_set = read_training_data(tiny_run.recipe.data).face_set
    faces = face_set.split("validation")
    calibrator = fit_run_calibrator(tiny_run, face_set, views=["plain", "flip"])
    corrupted = replace(faces, pictures=corrupt_faces(faces.faces, "noise", 45, seed=3))
    logits = load_predictor(tiny_run).predict_logits(corrupted, views=["plain", "flip"])
    answers = apply_calibrator(
        replace(open_answered_split(tiny_run).predictions, probabilities=softmax(logits)), calibrator
    )
    strongest, expected = measured.figures[4], compute_figures(answers)
    assert strongest.views == ("plain", "flip")
    assert strongest.all_rows.confusion_matrix == expected.all_rows.confusion_matrix
    assert strongest.all_rows.log_loss == pytest.approx(expected.all_rows.log_loss, rel=1e-6)
    assert measured.figures[0].all_rows.log_loss != pytest.approx(strongest.all_rows.log_loss, rel=1e-3)


def test_few_rows_are_spread_over_the_split(estimator_run: RunFolder) -> None:
    report = measure_robustness(estimator_run, corruptions=["darker", "shift"], rows=5)
    assert [each.name for each in report.corruptions] == ["darker", "shift"]
    assert {each.all_rows.num_rows for measured in report.corruptions for each in measured.figures} == {5}
    assert report.clean.all_rows.num_rows == 5


def test_test_is_measured_after_its_record_alone_and_left_nowhere(tiny_run: RunFolder, tmp_path: Path) -> None:
    results = tmp_path / "results"
    with pytest.raises(ProtocolError, match=f"no record of it under {results}, so no test face is measured; ta"):
        measure_robustness(tiny_run, split="test", corruptions=["jpeg"], results_folder=results)
    record = judge(tiny_run, results_folder=results)
    report = measure_robustness(tiny_run, split="test", corruptions=["jpeg"], results_folder=results)
    judged = record.figures.all_rows
    assert report.clean.all_rows.confusion_matrix == judged.confusion_matrix
    assert report.clean.all_rows.log_loss == pytest.approx(judged.log_loss, rel=1e-6)
    assert not list(tiny_run.folder.rglob("test-*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corruptions": ["blurr"]}, "unknown corruption 'blurr'; did you mean 'blur'"),
        ({"corruptions": []}, "corruptions are none; name at least one, and none twice"),
        ({"corruptions": ["blur", "blur"]}, "corruptions are blur, blur; name at least one, and none twice"),
        ({"rows": 0}, "rows is 0; expected at least 1 face"),
        ({"views": ["plane"]}, "plane"),
    ],
)
def test_what_cannot_be_measured_is_refused(tiny_run: RunFolder, options: dict[str, object], message: str) -> None:
    with pytest.raises(MienError, match=message):
        measure_robustness(tiny_run, **options)


def test_faces_that_are_no_whole_levels_are_refused(tiny_recipe_file: Path, tmp_path: Path) -> None:
    text = tiny_recipe_file.read_text()
    tiny_recipe_file.write_text(text.replace("[model]", 'prepare = [{ operation = "scale" }]\n[model]'))
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=1"])
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    with pytest.raises(DataError, match="its recipe leaves faces of float32; only faces of whole levels, uint8, can"):
        measure_robustness(run, corruptions=["jpeg"])


def test_means_and_drops_are_those_worked_by_hand(robustness_report: RobustnessReport) -> None:
    worse, same = robustness_report.corruptions
    assert worse.mean("accuracy") == pytest.approx(24 / 40)
    assert worse.mean("accuracy", rows="rows_without_copy") == pytest.approx((7 + 6 + 4 + 4 + 2) / 35)
    assert worse.mean("log_loss") == pytest.approx(-(24 * math.log(0.8) + 16 * math.log(0.1)) / 40)
    assert (same.mean("accuracy"), robustness_report.mean_corruption_accuracy()) == pytest.approx((1.0, 0.8))
    assert robustness_report.relative_drop(0.8) == pytest.approx(0.2)


def test_without_such_rows_there_is_no_mean_and_no_drop(robustness_report: RobustnessReport) -> None:
    copies = replace(robustness_report.clean, rows_without_copy=None)
    measured = replace(robustness_report.corruptions[0], figures=(copies,) * 5)
    copied = RobustnessReport(copies, (measured,), seed=0)
    assert measured.rows_of("rows_without_copy") == ()
    assert math.isnan(copied.mean_corruption_accuracy(rows="rows_without_copy"))
    assert math.isnan(copied.relative_drop(0.5, rows="rows_without_copy"))


def test_validation_that_was_trained_on_is_no_choice(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["training.epochs=1", "training.join_validation=true"])
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    assert measure_robustness(run, corruptions=["blur"]).clean.kind == "plain"


def test_an_ensemble_is_measured_on_the_corrupted_faces_of_all_members(
    members: list[RunFolder], tmp_path: Path
) -> None:
    ensemble = build_ensemble(members, method="equal", ensembles_folder=tmp_path).ensemble
    report = measure_robustness(ensemble, corruptions=["noise"])
    face_set = read_training_data(ensemble.recipe.data).face_set
    faces = face_set.split("validation")
    corrupted = replace(faces, pictures=corrupt_faces(faces.faces, "noise", 45))
    logits = load_predictor(ensemble).for_given_faces().predict_logits(corrupted, views=["plain"])
    answered = open_answered_split(ensemble).predictions
    answers = replace(answered, probabilities=softmax(logits))
    expected = compute_figures(apply_calibrator(answers, fit_run_calibrator(ensemble, face_set)))
    assert report.clean.all_rows.log_loss == pytest.approx(compute_figures(answered).all_rows.log_loss, rel=1e-5)
    assert report.corruptions[0].figures[4].all_rows.log_loss == pytest.approx(expected.all_rows.log_loss, rel=1e-5)
