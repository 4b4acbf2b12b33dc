import numpy as np
import pytest
import torch

from mien.errors import ExplanationError, MienError
from mien.evaluation.explanation import ExplainedNetwork, maximize_classes, maximize_run
from mien.training import RunFolder
from tests.explained_network import make_linear


def test_a_linear_networks_picture_goes_where_its_weights_point() -> None:
    model = make_linear([[5.0, -5.0, 0.0]], [[-5.0, 5.0, 0.0]], mean=100, std=20)
    found = maximize_classes(model, np.array([0, 1]), (1, 3), steps=100, variation=0, decay=0.001, shift=0)
    assert (found.images.shape, found.images.dtype) == ((2, 1, 1, 3), np.float32)
    assert found.images[0, 0, 0, 0] > 120
    assert found.images[0, 0, 0, 1] < 80
    np.testing.assert_allclose(found.images[0, 0, 0, :2], found.images[1, 0, 0, 1::-1], atol=3)
    assert abs(found.images[0, 0, 0, 2] - 100) < 3
    np.testing.assert_array_less(0.99, found.probabilities)


def test_every_class_of_a_trained_network_is_reached(trained: ExplainedNetwork) -> None:
    found = maximize_classes(trained, np.arange(3), (32, 32))
    np.testing.assert_array_less(0.6, found.probabilities)
    asked = trained.compute_probabilities(torch.from_numpy(found.images))
    np.testing.assert_allclose(asked.numpy()[np.arange(3), np.arange(3)], found.probabilities)


def test_the_picture_is_that_of_its_seed(trained: ExplainedNetwork) -> None:
    first, again, other = (maximize_classes(trained, np.array([0]), (32, 32), steps=3, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.allclose(first.images, other.images)


def test_values_stay_in_their_range() -> None:
    model = make_linear([[50.0]], [[-50.0]], mean=0.5, std=0.2)
    options = {"value_range": (0.25, 0.75), "decay": 0.0, "shift": 0}
    found = maximize_classes(model, np.array([0, 1]), (1, 1), steps=60, **options)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.images.ravel(), [0.75, 0.25], atol=1e-6)


@pytest.mark.parametrize("option", ["decay", "variation"])
def test_regularisation_holds_pictures_back(trained: ExplainedNetwork, option: str) -> None:
    free = {"decay": 0.0, "variation": 0.0}
    wild, tame = (
        maximize_classes(trained, np.array([1]), (32, 32), steps=30, **{**free, **held}).images  # type: ignore[arg-type]
        for held in ({}, {option: 100.0})
    )
    measure = np.std if option == "decay" else (lambda images: np.abs(np.diff(images)).mean())
    assert measure(tame) < 0.8 * measure(wild)


@pytest.mark.parametrize(
    ("targets", "steps", "message"),
    [([0], 0, "steps is 0; expected at least 1"), ([2], 1, r"targets lie in 2\.\.2; expected 0\.\.1")],
)
def test_what_cannot_be_done_is_refused(targets: list[int], steps: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        maximize_classes(make_linear([[1.0]], [[2.0]]), np.array(targets), (1, 1), steps=steps)


def test_a_run_gives_one_sheet_of_its_classes(tiny_run: RunFolder) -> None:
    (name, sheet), *others = maximize_run(tiny_run, expressions=["happy", "sad"], steps=2).items()
    assert (name, others) == ("maximised", [])
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] > 2 * 192


def test_unknown_classes_and_estimators_are_refused(tiny_run: RunFolder, estimator_run: RunFolder) -> None:
    with pytest.raises(MienError, match="unknown expression 'hapy'; did you mean 'happy'"):
        maximize_run(tiny_run, expressions=["hapy"])
    with pytest.raises(ExplanationError, match="this is an estimator"):
        maximize_run(estimator_run)
