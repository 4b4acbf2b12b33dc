"""The contract of every estimator in the registry; each is fitted once for all its tests, to small made-up faces."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from mien.models import ESTIMATORS, MODELS, Estimator, create_estimator
from tests.conftest import make_patterns

NAMES = ESTIMATORS.names()
# Options that make a fit short; an estimator that is not named here is fitted with its own.
QUICK: dict[str, dict[str, Any]] = {
    "deep_belief_net": {"hidden_units": [100], "fine_tuning_epochs": 40, "fine_tuning_batch_size": 10},
    "hog_lbp_forest": {"trees": 20},
}
NUM_CLASSES = 4
ABSENT = 1


def fitted(name: str, faces: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> Estimator:
    estimator = create_estimator(name, **QUICK.get(name, {}))
    estimator.fit(faces, labels, num_classes=NUM_CLASSES, seed=seed)
    return estimator


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def estimator(name: str) -> Estimator:
    """One estimator of three classes of four; class 1 has no row."""
    return fitted(name, *patterns(90))


def patterns(num_rows: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return made-up faces of the classes 0, 2 and 3."""
    faces, labels = make_patterns(num_rows, seed=seed)
    return faces, np.array([0, 2, 3])[labels]


def test_the_registry_is_covered_whole(say_covered: Callable[[str], None]) -> None:
    say_covered(f"estimator contracts cover {len(NAMES)} of {len(ESTIMATORS)} entries: {', '.join(NAMES)}")
    assert len(NAMES) >= 3
    assert set(QUICK) <= set(NAMES)


def test_no_network_has_the_name_of_an_estimator() -> None:
    assert not set(NAMES) & set(MODELS.names())


def test_its_card_says_where_it_comes_from_and_what_it_needs(name: str) -> None:
    card = ESTIMATORS.get(name).card
    assert card.source
    assert all(version(package) for package in card.packages)
    assert len(card.input_size) == 3


def test_the_faces_have_the_size_it_was_made_for(name: str) -> None:
    assert patterns(3)[0].shape[1:] == ESTIMATORS.get(name).card.input_size[1:]


def test_gives_probabilities_of_all_classes(estimator: Estimator) -> None:
    faces, _ = patterns(7, seed=1)
    probabilities = estimator.predict_probabilities(faces)
    assert probabilities.shape == (7, NUM_CLASSES)
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_takes_no_face_for_a_class_without_training_rows(estimator: Estimator) -> None:
    probabilities = estimator.predict_probabilities(patterns(30, seed=1)[0])
    assert (probabilities[:, ABSENT] == 0).all()
    assert (probabilities[:, [0, 2, 3]] > 0).all()


def test_learns_a_simple_rule(estimator: Estimator) -> None:
    faces, labels = patterns(60, seed=1)
    assert (estimator.predict_probabilities(faces).argmax(axis=1) == labels).mean() > 0.8


def test_tells_two_classes_apart(name: str) -> None:
    faces, labels = patterns(90)
    other_faces, other_labels = patterns(60, seed=1)
    two = fitted(name, faces[labels != 0], labels[labels != 0])
    probabilities = two.predict_probabilities(other_faces[other_labels != 0])
    assert (probabilities[:, [0, ABSENT]] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == other_labels[other_labels != 0]).mean() > 0.8


def test_the_same_seed_gives_the_same_answers(name: str, estimator: Estimator) -> None:
    again, faces = fitted(name, *patterns(90)), patterns(9, seed=1)[0]
    np.testing.assert_array_equal(again.predict_probabilities(faces), estimator.predict_probabilities(faces))


def test_any_seed_of_a_recipe_is_taken(name: str) -> None:
    fitted(name, *patterns(9), seed=2**40)


def test_a_face_alone_equals_the_same_among_others(estimator: Estimator) -> None:
    faces, _ = patterns(9, seed=1)
    np.testing.assert_allclose(
        estimator.predict_probabilities(faces)[4:5], estimator.predict_probabilities(faces[4:5]), atol=1e-6
    )


def test_no_face_gives_no_answer(estimator: Estimator) -> None:
    assert estimator.predict_probabilities(patterns(9)[0][:0]).shape == (0, NUM_CLASSES)


def test_colour_of_equal_channels_is_grey(name: str, estimator: Estimator) -> None:
    faces, labels = patterns(90)
    colour = fitted(name, np.repeat(faces[..., None], 3, axis=3), labels)
    seen = patterns(9, seed=1)[0]
    expected = estimator.predict_probabilities(seen)
    np.testing.assert_array_equal(colour.predict_probabilities(seen), expected)
    np.testing.assert_array_equal(estimator.predict_probabilities(np.repeat(seen[..., None], 3, axis=3)), expected)


def test_what_was_fitted_survives_safetensors(name: str, estimator: Estimator) -> None:
    content = safetensors.numpy.save(estimator.state())
    other = create_estimator(name, **QUICK.get(name, {}))
    other.load_state(safetensors.numpy.load(content))
    faces = patterns(9, seed=1)[0]
    np.testing.assert_array_equal(other.predict_probabilities(faces), estimator.predict_probabilities(faces))
    assert other.num_parameters == estimator.num_parameters > 0


def test_what_another_estimator_was_fitted_to_is_refused(name: str, estimator: Estimator) -> None:
    for other in NAMES:
        if other != name:
            with pytest.raises(ValueError, match=f"not the arrays of this {type(create_estimator(other)).__name__}"):
                create_estimator(other).load_state(estimator.state())
