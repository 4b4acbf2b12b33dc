import json
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from mien.errors import DataError, ProtocolError, RunFolderError
from mien.evaluation.calibrators import fit_calibrator
from mien.evaluation.predict import (
    apply_calibrator,
    fit_run_calibrator,
    predict_split,
    predict_to_teach,
)
from mien.metrics.predictions import Predictions
from mien.models import create_model
from mien.recognition.calibrators import NoCalibrator, Temperature
from mien.training import RunFolder, read_recipe, train
from mien.training.recipe import build_recipe
from mien.training.training_data import read_training_data
from tests.conftest import make_rows, write_folders


def test_predictions_carry_where_they_come_from(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    predictions = predict_split(tiny_run, face_set, "validation")
    assert predictions.row_ids.tolist() == face_set.split("validation").row_ids.tolist()
    assert predictions.weights_fingerprint == tiny_run.weights_fingerprint()
    assert predictions.splits_seen == {"training": "trained on", "validation": "chosen on"}
    assert predictions.views == ("plain", "flip")
    assert predictions.is_float32
    assert predictions.forerunners == ()


def test_predictions_carry_the_forerunners_of_the_run(tiny_run: RunFolder) -> None:
    listed = [{"source": "a", "data_set": "raf_db", "splits_seen": {"training": "trained on"}}]
    (tiny_run.folder / "run.json").write_text(json.dumps(tiny_run.facts | {"forerunners": listed}))
    face_set = read_training_data(tiny_run.recipe.data).face_set
    assert predict_split(tiny_run, face_set, "training").forerunners == tuple(listed)


def test_a_network_trained_on_crops_is_judged_on_the_middle(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["augmentation.crop_pixels=40", "training.views=['plain']"])
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    face_set = read_training_data(recipe.data).face_set
    predictions = predict_split(run, face_set, "validation")
    faces = torch.from_numpy(np.array(face_set.split("validation").faces))[:, None, 4:44, 4:44]
    network = run.load_network()
    network.crop_side = None
    with torch.inference_mode():
        expected = network((faces.float() - run.mean) / run.std).softmax(dim=1)
    np.testing.assert_allclose(predictions.probabilities, expected.numpy(), atol=1e-5)
    noted = float(run.weights_facts()["validation_accuracy"])
    assert noted == pytest.approx((predictions.probabilities.argmax(axis=1) == predictions.labels).mean(), abs=1e-5)


def test_predictions_are_computed_once_and_anew_for_other_weights(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    first = predict_split(tiny_run, face_set, "validation")
    file = tiny_run.folder / "predictions" / "validation-plain+flip.npz"
    written = file.stat().st_mtime_ns
    predict_split(tiny_run, face_set, "validation")
    assert file.stat().st_mtime_ns == written
    network = create_model("vgg_se", **tiny_run.recipe.model.options)
    tiny_run.save_weights(network.state_dict(), which="best", facts={})
    assert not np.allclose(predict_split(tiny_run, face_set, "validation").probabilities, first.probabilities)


def test_damaged_predictions_are_computed_again(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    first = predict_split(tiny_run, face_set, "validation")
    file = tiny_run.folder / "predictions" / "validation-plain+flip.npz"
    file.write_bytes(file.read_bytes()[:100])
    np.testing.assert_array_equal(predict_split(tiny_run, face_set, "validation").probabilities, first.probabilities)
    assert len(Predictions.load(file).labels) == len(first.labels)


def test_other_data_are_refused(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    with pytest.raises(ProtocolError, match="the data set is not the one this run trained on"):
        predict_split(tiny_run, face_set.select(np.arange(100)), "validation")


def test_temperature_changes_confidence_but_no_answer(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    predictions = predict_split(tiny_run, face_set, "validation")
    flatter = apply_calibrator(predictions, Temperature(3.0))
    assert flatter.probabilities.max(axis=1).mean() < predictions.probabilities.max(axis=1).mean()
    assert (flatter.probabilities.argmax(axis=1) == predictions.probabilities.argmax(axis=1)).all()
    for unchanged in (Temperature(1.0), NoCalibrator()):
        same = apply_calibrator(predictions, unchanged).probabilities
        np.testing.assert_allclose(same, predictions.probabilities, atol=1e-6)


@pytest.mark.parametrize("name", ["temperature", "vector"])
def test_fit_run_calibrator_lowers_the_log_loss(tiny_run: RunFolder, name: str) -> None:
    from mien.metrics.classification import log_loss

    face_set = read_training_data(tiny_run.recipe.data).face_set
    predictions = predict_split(tiny_run, face_set, "validation")
    calibrated = apply_calibrator(predictions, fit_run_calibrator(tiny_run, face_set, name=name))
    assert log_loss(calibrated.probabilities, predictions.labels) <= log_loss(
        predictions.probabilities, predictions.labels
    )


def test_fit_run_calibrator_goes_by_answers_that_were_averaged_alike(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    fitted = fit_run_calibrator(tiny_run, face_set, average="probabilities")
    answers = predict_split(tiny_run, face_set, "validation", average="probabilities")
    assert fitted == fit_calibrator("temperature", answers.probabilities, answers.labels)
    assert fitted != fit_run_calibrator(tiny_run, face_set)


def test_a_run_that_was_trained_on_validation_gets_no_calibrator(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    file = tiny_run.folder / "run.json"
    facts = json.loads(file.read_text())
    file.write_text(json.dumps({**facts, "splits_seen": {"training": "trained on", "validation": "trained on"}}))
    for name in ("none", "temperature"):
        assert fit_run_calibrator(tiny_run, face_set, name=name) == NoCalibrator()
    with pytest.raises(ProtocolError, match="nothing is left to fit the calibrator 'isotonic' on; leave it out"):
        fit_run_calibrator(tiny_run, face_set, name="isotonic")
    with pytest.raises(DataError, match="unknown calibrator 'vectors'; did you mean 'vector'"):
        fit_run_calibrator(tiny_run, face_set, name="vectors")


def test_rows_with_a_copy_in_training_are_marked(tiny_run_with_copy: tuple[RunFolder, Path]) -> None:
    run, _ = tiny_run_with_copy
    predictions = predict_split(run, read_training_data(run.recipe.data).face_set, "test")
    assert predictions.has_copy_in_training.tolist() == [True] + [False] * (len(predictions.labels) - 1)


def test_splits_cut_by_hand_are_a_protocol_of_their_own(tmp_path: Path) -> None:
    folder = write_folders(tmp_path / "folders", *make_rows(210), has_prefix=False)
    settings = {
        "name": "own",
        "data": {"path": str(folder)},
        "model": {"name": "vgg_se", "width": 4, "pooling": "average"},
        "training": {"epochs": 1, "batch_size": 16},
    }
    run = train(build_recipe(settings), runs_folder=tmp_path / "runs", console=Console(quiet=True))
    assert predict_split(run, read_training_data(run.recipe.data).face_set, "validation").protocol == "own"


def test_protocol_clean_is_carried(tiny_recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_recipe_file, ["data.protocol=clean"])
    run = train(recipe, runs_folder=tmp_path / "runs", console=Console(quiet=True))
    assert predict_split(run, read_training_data(run.recipe.data).face_set, "validation").protocol == "clean"


def test_predictions_of_an_estimator_carry_where_they_come_from(estimator_run: RunFolder) -> None:
    face_set = read_training_data(estimator_run.recipe.data).face_set
    predictions = predict_split(estimator_run, face_set, "validation")
    assert predictions.weights_fingerprint == estimator_run.weights_fingerprint()
    assert predictions.recipe_fingerprint == estimator_run.recipe.fingerprint
    assert predictions.splits_seen == {"training": "trained on", "validation": "chosen on"}
    assert predictions.versions.keys() == {"python", "mien", "scikit-image", "scikit-learn", "numpy"}
    assert predictions.views == ("plain", "flip")
    assert (predictions.probabilities.argmax(axis=1) == predictions.labels).mean() > 0.8


def test_probabilities_of_an_estimator_are_the_geometric_mean_of_its_views(estimator_run: RunFolder) -> None:
    face_set = read_training_data(estimator_run.recipe.data).face_set
    faces, estimator = face_set.split("validation").faces, estimator_run.load_estimator()
    plain, flipped = (estimator.predict_probabilities(view) for view in (faces, faces[:, :, ::-1]))
    mean = np.sqrt(plain * flipped)
    expected = mean / mean.sum(axis=1, keepdims=True)
    both = predict_split(estimator_run, face_set, "validation", views=("plain", "flip"))
    np.testing.assert_allclose(both.probabilities, expected, atol=1e-5)
    alone = predict_split(estimator_run, face_set, "validation", views=("plain",))
    np.testing.assert_allclose(alone.probabilities, plain, atol=1e-5)


def test_the_temperature_of_an_estimator_sharpens_its_distances(estimator_run: RunFolder) -> None:
    """All validation faces are told apart, so the softmax of distances is far too flat."""
    fitted = fit_run_calibrator(estimator_run, read_training_data(estimator_run.recipe.data).face_set)
    assert isinstance(fitted, Temperature)
    assert fitted.temperature < 0.5


def test_a_run_that_was_not_fitted_answers_nothing(estimator_run: RunFolder) -> None:
    estimator_run.weights_file().unlink()
    with pytest.raises(RunFolderError, match="not fitted yet; fit with: mien train --resume"):
        predict_split(estimator_run, read_training_data(estimator_run.recipe.data).face_set, "validation")


def test_predict_to_teach_answers_as_the_run_does_and_not_on_test(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    taught, expected = predict_to_teach(tiny_run, "training"), predict_split(tiny_run, face_set, "training")
    np.testing.assert_array_equal(taught.probabilities, expected.probabilities)
    assert (taught.views, taught.is_float32) == (("plain", "flip"), True)
    with pytest.raises(ProtocolError, match="the test split teaches nobody; it is opened by `mien evaluate`"):
        predict_to_teach(tiny_run, "test")


def test_answers_by_other_views_are_kept_apart(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    asked = [
        {"views": ["rotate:-10"]},
        {"views": ["rotate:10"]},
        {"views": ["2*scale=0.1"]},
        {"views": ["2*scale=0.1@1"]},
        {"views": ["ten_crop"]},
        {"views": ["ten_crop"], "average": "probabilities"},
        {"views": ["ten_crop"], "precision": "bfloat16"},
    ]
    first = [predict_split(tiny_run, face_set, "validation", **each) for each in asked]
    files = sorted((tiny_run.folder / "predictions").iterdir())
    written = [file.stat().st_mtime_ns for file in files]
    again = [predict_split(tiny_run, face_set, "validation", **each) for each in asked]
    assert len(files) == len(asked)
    assert [file.stat().st_mtime_ns for file in files] == written
    for one, other, each in zip(first, again, asked, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
        assert (other.views, other.average) == (tuple(each["views"]), each.get("average", "logits"))
        assert other.is_float32 == ("precision" not in each)
    assert len({each.probabilities.tobytes() for each in first}) == len(asked)
