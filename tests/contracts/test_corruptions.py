"""The contract of every corruption: faces in, as many of the same kind out, worse the stronger it is."""

from collections.abc import Callable

import numpy as np
import pytest

from mien.evaluation.robustness import CORRUPTIONS, corrupt_faces
from tests.made_faces import make_faces

NAMES = CORRUPTIONS.names()
FACES = {
    "grey": make_faces(4),
    "colour": make_faces(4, is_colour=True),
    "large": make_faces(2, side=112),
    "not square": make_faces(3)[:, :, 6:42],
}


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_registry_is_covered_whole(say_covered: Callable[[str], None]) -> None:
    say_covered(f"corruption contracts cover {len(NAMES)} of {len(CORRUPTIONS)} corruptions: {', '.join(NAMES)}")
    assert len(NAMES) >= 16


def test_its_card_says_what_a_person_wants_to_know(name: str) -> None:
    card = CORRUPTIONS.get(name).card
    assert card.title
    assert card.unit
    assert card.source


@pytest.mark.parametrize("kind", FACES)
def test_gives_faces_of_the_same_kind_and_leaves_those_given(name: str, kind: str) -> None:
    faces = FACES[kind]
    before = faces.copy()
    for strength in CORRUPTIONS.get(name).card.strengths:
        corrupted = corrupt_faces(faces, name, strength)
        assert (corrupted.shape, corrupted.dtype) == (faces.shape, np.uint8)
        np.testing.assert_array_equal(faces, before)


@pytest.mark.parametrize("kind", FACES)
def test_strength_0_changes_nothing(name: str, kind: str) -> None:
    np.testing.assert_array_equal(corrupt_faces(FACES[kind], name, 0), FACES[kind])


@pytest.mark.parametrize("kind", ["grey", "colour", "large"])  # what is moved far must still be in the picture
def test_every_strength_changes_more_than_the_one_before(name: str, kind: str) -> None:
    faces = FACES[kind].astype(float)
    strengths = (0, *CORRUPTIONS.get(name).card.strengths)
    changes = [np.abs(corrupt_faces(FACES[kind], name, strength) - faces).mean() for strength in strengths]
    assert (np.diff(changes) > 0).all(), changes


def test_every_face_is_changed(name: str) -> None:
    strongest = CORRUPTIONS.get(name).card.strengths[-1]
    assert (corrupt_faces(FACES["grey"], name, strongest) != FACES["grey"]).any(axis=(1, 2)).all()


def test_gives_the_same_again_for_the_same_seed(name: str) -> None:
    strength = CORRUPTIONS.get(name).card.strengths[2]
    first = corrupt_faces(FACES["grey"], name, strength, seed=3)
    np.random.seed(99)  # noqa: NPY002 - whoever draws without a generator of his own
    np.testing.assert_array_equal(corrupt_faces(FACES["grey"], name, strength, seed=3), first)


def test_no_faces_give_no_faces(name: str) -> None:
    strongest = CORRUPTIONS.get(name).card.strengths[-1]
    assert corrupt_faces(FACES["grey"][:0], name, strongest).shape == (0, 48, 48)
