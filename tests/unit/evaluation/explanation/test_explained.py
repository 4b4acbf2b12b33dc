import numpy as np
import pytest
import torch

from mien.errors import ExplanationError, RunFolderError
from mien.evaluation.explanation import ExplainedEstimator, ExplainedNetwork, load_explained
from mien.evaluation.explanation.explained import require_network
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
