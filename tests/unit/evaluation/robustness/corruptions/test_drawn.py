import numpy as np
import pytest

from mien.evaluation.robustness import corrupt_faces

PLACES = {"glasses": (0.38, 0.3), "mask": (0.79, 0.5)}


@pytest.mark.parametrize("name", PLACES)
def test_something_of_a_grey_of_its_own_lies_over_its_place(name: str) -> None:
    faces = np.full((30, 100, 100), 128, np.uint8)
    drawn = corrupt_faces(faces, name, 100)
    down, right = (round(100 * share) for share in PLACES[name])
    assert (drawn != 128).any(axis=(1, 2)).all()
    assert len(np.unique(drawn[:, down, right])) > 15
    assert (drawn[:, :15, 20:80] == 128).all()


@pytest.mark.parametrize("name", PLACES)
def test_half_the_opacity_lies_half_way(name: str) -> None:
    faces = np.full((3, 48, 48, 3), 100, np.uint8)
    full, half = (corrupt_faces(faces, name, strength).astype(float) for strength in (100, 50))
    np.testing.assert_allclose(half, (full + 100) / 2, atol=1)
