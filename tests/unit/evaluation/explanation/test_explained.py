from pathlib import Path

import numpy as np
import pytest
import torch

from mien.errors import ExplanationError, RunFolderError
from mien.evaluation.ensemble import build_ensemble
from mien.evaluation.ensemble.combinations import WeightedMean
from mien.evaluation.explanation import ExplainedEstimator, ExplainedNetwork, explain_faces, explained, load_explained
from mien.evaluation.explanation.explained import ExplainedEnsemble, ExplainedNetworks, require_network
from mien.evaluation.predict import load_predictor
from mien.recognition.calibrators import softmax
from mien.training import RunFolder
from mien.training.batches import faces_as_tensor
from mien.training.training_data import read_training_data
from tests.explained_network import LinearNetwork, make_linear


def test_a_networks_logits_are_those_of_normalised_faces() -> None:
    model = make_linear([[1.0, 2.0]], [[3.0, 4.0]], mean=10, std=5)
    logits = model.compute_logits(torch.tensor([[[[15.0, 20.0]]]]))
    assert logits.tolist() == [[1 + 2 * 2, 3 + 4 * 2]]


def test_probabilities_near_one_keep_what_is_left_of_them() -> None:
    model = make_linear([[40.0]], [[0.0]])
    probabilities = model.compute_probabilities(torch.ones(1, 1, 1, 1))
    assert probabilities.dtype == torch.float64
    assert 0 < float(probabilities[0, 1]) < 1e-17


def test_a_network_answers_by_its_own_output_activation() -> None:
    network = LinearNetwork(torch.tensor([[[[3.0]]], [[[1.0]]], [[[-2.0]]]]))
    network.output_activation = "relu"
    model = ExplainedNetwork(network, mean=0, std=1)
    assert model.compute_probabilities(torch.ones(1, 1, 1, 1))[0].tolist() == pytest.approx([0.75, 0.25, 0], abs=1e-6)


def test_a_run_answers_as_it_does_when_it_is_judged(tiny_run: RunFolder) -> None:
    part = read_training_data(tiny_run.recipe.data).face_set.split("validation")
    model = load_explained(tiny_run)
    expected = softmax(load_predictor(tiny_run).predict_logits(part, views=("plain",)))
    found = model.compute_probabilities(faces_as_tensor(part).float())
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
    assert model.mean == tiny_run.mean


def test_an_estimator_answers_as_it_does_when_it_is_judged(estimator_run: RunFolder) -> None:
    part = read_training_data(estimator_run.recipe.data).face_set.split("validation")
    model = load_explained(estimator_run)
    assert isinstance(model, ExplainedEstimator)
    expected = estimator_run.load_estimator().predict_probabilities(np.asarray(part.faces))
    found = model.compute_probabilities(faces_as_tensor(part).float() + 0.3)
    np.testing.assert_allclose(found.numpy(), expected)
    assert model.num_classes == expected.shape[1]


def test_a_run_without_weights_is_refused(tiny_run: RunFolder) -> None:
    tiny_run.weights_file().unlink()
    with pytest.raises(RunFolderError, match="no best weights yet"):
        load_explained(tiny_run)


def test_an_estimator_is_no_network(estimator_run: RunFolder) -> None:
    with pytest.raises(ExplanationError, match="layers and pictures of classes need a network"):
        require_network(load_explained(estimator_run))


def test_an_ensemble_answers_as_it_does_when_it_is_judged(members: list[RunFolder], tmp_path: Path) -> None:
    ensemble = build_ensemble(members, method="equal", ensembles_folder=tmp_path).ensemble
    part = read_training_data(ensemble.recipe.data).face_set.split("validation")
    expected = softmax(load_predictor(ensemble).predict_logits(part, views=("plain",)))
    model = load_explained(ensemble)
    assert isinstance(model, ExplainedNetworks)
    np.testing.assert_allclose(model.compute_probabilities(faces_as_tensor(part).float()).numpy(), expected, atol=1e-5)
    assert (model.mean, model.num_classes) == (members[0].mean, 7)


def test_a_network_thrice_is_explained_as_it_is_once() -> None:
    model = make_linear([[1.0, -2.0]], [[3.0, 4.0]], mean=10, std=5)
    thrice = ExplainedNetworks(
        [(model, (0, 1))] * 3, WeightedMean(average="logits", weights=(0.5, 0.3, 0.2)), num_classes=2
    )
    faces, targets = torch.tensor([[[[15.0, 20.0]]], [[[3.0, 9.0]]]]), np.array([0, 1])
    for method, options in (("loss_gradient", {}), ("occlusion", {"window": 1})):
        expected = explain_faces(model, faces, targets, method=method, **options)
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(explain_faces(thrice, faces, targets, method=method, **options), expected, rtol=1e-4)


def test_gradients_of_an_ensemble_go_through_every_member_with_its_classes_in_order() -> None:
    one, other = make_linear([[1.0]], [[0.0]]), make_linear([[0.0]], [[3.0]])
    model = ExplainedNetworks([(one, (0, 1)), (other, (1, 0))], WeightedMean(weights=(0.25, 0.75)), num_classes=2)
    image, step = torch.full((1, 1, 1, 1), 0.5), 1e-3
    gradient = explain_faces(model, image, np.array([0]), method="gradient")
    higher, lower = (float(model.compute_logits(image + change)[0, 0].detach()) for change in (step, -step))
    assert gradient.item() == pytest.approx((higher - lower) / (2 * step), rel=1e-3)


def test_an_ensemble_with_an_estimator_is_explained_by_its_probabilities_alone() -> None:
    class Estimator:
        num_classes = 2

        def predict_probabilities(self, faces: np.ndarray) -> np.ndarray:
            right = faces[:, 0, 0] / 255
            return np.stack([1 - right, right], axis=1)

    members = [(make_linear([[0.0]], [[0.0]]), (0, 1)), (ExplainedEstimator(Estimator(), mean=0), (0, 1))]
    model = ExplainedEnsemble(members, WeightedMean(weights=(0.5, 0.5)), num_classes=2)
    image = torch.full((1, 1, 1, 1), 255.0)
    assert model.compute_probabilities(image)[0].tolist() == pytest.approx([0.25, 0.75])
    with pytest.raises(
        ExplanationError, match=r"gradient needs a network; an ensemble with an estimator is explained by: occl.*, zero"
    ):
        explain_faces(model, image, np.array([0]), method="gradient")


def test_an_ensemble_has_no_feature_map_of_its_own(members: list[RunFolder], tmp_path: Path) -> None:
    model = load_explained(build_ensemble(members[:2], method="equal", ensembles_folder=tmp_path).ensemble)
    able = "gradient, integrated_gradients, loss_gradient, occlusion, smooth_grad, zeroing"
    with pytest.raises(ExplanationError, match=f"grad_cam needs a network; an ensemble is explained by: {able}$"):
        explain_faces(model, torch.zeros(1, 1, 48, 48), np.array([0]), method="grad_cam")
    with pytest.raises(ExplanationError, match="layers and pictures of classes need a network; this is an ensemble"):
        require_network(model)


def test_what_is_neither_a_network_nor_an_estimator_is_not_explained(
    tiny_run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Oracle:
        def for_given_faces(self) -> "Oracle":
            return self

    monkeypatch.setattr(explained, "load_predictor", lambda _: Oracle())
    with pytest.raises(TypeError, match="Oracle is no kind of model that can be explained"):
        load_explained(tiny_run)
