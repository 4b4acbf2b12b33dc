"""The contract of every explanation method, on networks that learned to look at one square of made-up faces."""

import inspect
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch

from mien.evaluation.explanation import (
    METHODS,
    ExplainedNetwork,
    compare_with_random_weights,
    explain_faces,
    measure_deletion,
)
from mien.evaluation.explanation.deletion import draw_random_maps
from mien.evaluation.explanation.randomization import MOST_ALIKE
from tests.explained_network import make_squares, train_explained

NAMES = METHODS.names()
FACES, LABELS, MASKS = make_squares(15, seed=1)


@pytest.fixture(scope="session", params=NAMES)
def method(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def model(method: str) -> ExplainedNetwork:
    """A tiny VGG; where a method needs attention, a network that pays it."""
    return train_explained("genome_cnn" if METHODS.get(method).card.needs == "attention" else "vgg_se")


@pytest.fixture(scope="session")
def maps(method: str, model: ExplainedNetwork) -> np.ndarray:
    return explain_faces(model, FACES, LABELS, method=method)


def test_the_registry_is_covered_whole(say_covered: Callable[[str], None]) -> None:
    say_covered(f"explanation contracts cover {len(NAMES)} of {len(METHODS)} methods: {', '.join(NAMES)}")
    assert len(NAMES) >= 9


@pytest.mark.parametrize("name", ["vgg_se", "genome_cnn"])
def test_the_networks_have_learned_what_is_to_be_explained(name: str) -> None:
    probabilities = train_explained(name).compute_probabilities(FACES.float())
    assert (probabilities.argmax(dim=1).numpy() == LABELS).mean() > 0.9


def test_its_card_says_what_a_person_wants_to_know(method: str) -> None:
    card = METHODS.get(method).card
    assert card.title
    assert "https://" in card.source
    assert card.shows
    assert card.cost


def test_its_options_have_defaults(method: str) -> None:
    parameters = list(inspect.signature(METHODS.get(method).plugin).parameters.values())
    assert [each.name for each in parameters[:3]] == ["model", "images", "targets"]
    assert all(each.default is not each.empty and each.kind is each.KEYWORD_ONLY for each in parameters[3:])


def test_gives_one_finite_map_a_face(maps: np.ndarray) -> None:
    assert (maps.shape, maps.dtype) == ((15, 32, 32), np.float32)
    assert np.isfinite(maps).all()
    assert (maps.std(axis=(1, 2)) > 0).all()


def test_has_numbers_below_zero_where_they_speak_against_the_class(method: str, maps: np.ndarray) -> None:
    assert (maps.min() < 0) == METHODS.get(method).card.is_signed


def test_gives_the_same_again_and_changes_no_model(method: str, model: ExplainedNetwork, maps: np.ndarray) -> None:
    before = deepcopy(model.network.state_dict())
    torch.manual_seed(99)  # whoever draws without a generator of his own
    np.testing.assert_array_equal(explain_faces(model, FACES, LABELS, method=method), maps)
    assert not model.network.training
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())


def test_a_map_does_not_hang_on_the_faces_beside_it(method: str, model: ExplainedNetwork, maps: np.ndarray) -> None:
    alone = explain_faces(model, FACES[4:5], LABELS[4:5], method=method)
    np.testing.assert_allclose(alone[0], maps[4], rtol=1e-3, atol=1e-3 * np.abs(maps[4]).max())


def test_faces_of_whole_levels_and_of_numbers_are_one(method: str, model: ExplainedNetwork, maps: np.ndarray) -> None:
    np.testing.assert_array_equal(explain_faces(model, FACES.float(), LABELS, method=method), maps)


def test_no_faces_give_no_maps(method: str, model: ExplainedNetwork) -> None:
    assert explain_faces(model, FACES[:0], LABELS[:0], method=method).shape == (0, 32, 32)


def test_names_the_square_that_tells_the_class(maps: np.ndarray) -> None:
    """Of the 100 pixels that count most, more than twice as many lie in the square as by chance."""
    most = np.argsort(-maps.reshape(15, -1), axis=1)[:, :100]
    inside = np.take_along_axis(MASKS.reshape(15, -1), most, axis=1).mean()
    assert inside > 2 * MASKS.mean(), f"{inside:.2f} of the pixels, the square is {MASKS.mean():.2f} of a face"


def test_names_pixels_that_the_network_needs(model: ExplainedNetwork, maps: np.ndarray) -> None:
    found = measure_deletion(model, FACES, maps, LABELS, baseline="mean")
    chance = measure_deletion(model, FACES, draw_random_maps(15, (32, 32)), LABELS, baseline="mean")
    assert found.deletion_areas.mean() < chance.deletion_areas.mean()
    assert found.insertion_areas.mean() > chance.insertion_areas.mean()


def test_hangs_on_what_the_network_has_learned(method: str, model: ExplainedNetwork, maps: np.ndarray) -> None:
    likeness = compare_with_random_weights(model, FACES, maps, LABELS, method=method).mean()
    reason = METHODS.get(method).card.stays_alike
    assert likeness <= MOST_ALIKE or reason, f"like the maps of random weights: {likeness:.2f}"
