from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from mien.errors import ModelFileError, ProtocolError, RunFolderError
from mien.evaluation.predict import (
    EstimatorPredictor,
    NetworkPredictor,
    apply_temperature,
    compute_logits,
    fit_run_temperature,
    load_predictor,
    predict_split,
    predict_to_teach,
)
from mien.metrics.predictions import Predictions
from mien.models import count_parameters, create_model
from mien.models.outputs import to_logits
from mien.recognition.recognizer import softmax
from mien.training import RunFolder, read_recipe, train
from mien.training.recipe import build_recipe
from mien.training.training_data import read_training_data
from tests.conftest import make_rows, write_folders


def test_compute_logits_normalises_and_averages_views() -> None:
    network = create_model("vgg_se", width=4, pooling="average").eval()
    faces = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    inputs = (faces.float() - 120) / 50
    with torch.inference_mode():
        plain, flipped = network(inputs), network(inputs.flip(-1))
    logits = compute_logits(network, faces, mean=120, std=50, views=("plain", "flip"), batch_size=2)
    np.testing.assert_allclose(logits, ((plain + flipped) / 2).numpy(), atol=1e-5)
    np.testing.assert_allclose(compute_logits(network, faces, mean=120, std=50), plain.numpy(), atol=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_compute_logits_goes_by_the_output_activation_before_views_are_averaged(activation: str) -> None:
    torch.manual_seed(0)
    network = create_model("vgg_se", width=4, output_activation=activation).eval()
    faces = torch.randint(0, 256, (5, 1, 48, 48), dtype=torch.uint8)
    inputs = (faces.float() - 120) / 50
    with torch.inference_mode():
        expected = [to_logits(network(view), activation) for view in (inputs, inputs.flip(-1))]
    logits = compute_logits(network, faces, mean=120, std=50, views=("plain", "flip"))
    np.testing.assert_allclose(logits, torch.stack(expected).mean(dim=0).numpy(), atol=1e-4)
    probabilities = softmax(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities >= 0).all()


def test_compute_logits_puts_the_network_into_evaluation_mode() -> None:
    network = create_model("vgg_se", width=4, dropout=0.9).train()
    faces = torch.randint(0, 256, (4, 1, 48, 48), dtype=torch.uint8)
    first, second = (compute_logits(network, faces, mean=120, std=50) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_compute_logits_refuses_an_unknown_view() -> None:
    with pytest.raises(ModelFileError, match="unknown view 'mirror'; expected plain or flip"):
        compute_logits(create_model("vgg_se"), torch.zeros(1, 1, 48, 48), mean=0, std=1, views=("mirror",))


def test_predictions_carry_where_they_come_from(tiny_run: RunFolder) -> None:
    face_set = read_training_data(tiny_run.recipe.data).face_set
    predictions = predict_split(tiny_run, face_set, "validation")
    assert predictions.row_ids.tolist() == face_set.split("validation").row_ids.tolist()
    assert predictions.weights_fingerprint == tiny_run.weights_fingerprint()
    assert predictions.splits_seen == {"training": "trained on", "validation": "chosen on"}
    assert predictions.views == ("plain", "flip")
    assert predictions.is_float32


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
    flatter = apply_temperature(predictions, 3.0)
    assert flatter.probabilities.max(axis=1).mean() < predictions.probabilities.max(axis=1).mean()
    assert (flatter.probabilities.argmax(axis=1) == predictions.probabilities.argmax(axis=1)).all()
    np.testing.assert_allclose(apply_temperature(predictions, 1.0).probabilities, predictions.probabilities, atol=1e-6)


def test_fit_run_temperature_lowers_the_log_loss(tiny_run: RunFolder) -> None:
    from mien.metrics.classification import log_loss

    face_set = read_training_data(tiny_run.recipe.data).face_set
    predictions = predict_split(tiny_run, face_set, "validation")
    calibrated = apply_temperature(predictions, fit_run_temperature(tiny_run, face_set))
    assert log_loss(calibrated.probabilities, predictions.labels) <= log_loss(
        predictions.probabilities, predictions.labels
    )


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


def test_a_network_and_an_estimator_answer_alike_to_judging(tiny_run: RunFolder, estimator_run: RunFolder) -> None:
    for run, kind, num_parameters in (
        (tiny_run, NetworkPredictor, count_parameters(tiny_run.load_network())),
        (estimator_run, EstimatorPredictor, 3 * (900 + 36 * 59 + 1)),
    ):
        predictor = load_predictor(run)
        part = read_training_data(run.recipe.data).face_set.split("validation")
        logits = predictor.predict_logits(part, views=("plain", "flip"))
        assert isinstance(predictor, kind)
        assert predictor.num_parameters == num_parameters
        assert (logits.shape, logits.dtype) == ((len(part), 7), np.float32)


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
    assert fit_run_temperature(estimator_run, read_training_data(estimator_run.recipe.data).face_set) < 0.5


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
