import numpy as np
import pytest

from mien.evaluation.robustness import corrupt_faces


@pytest.mark.parametrize(
    ("name", "strength", "expected"),
    [
        ("lower_contrast", 50, [[75, 125], [180, 220]]),
        ("higher_contrast", 100, [[0, 200], [120, 255]]),
    ],
)
def test_levels_move_about_the_mean_of_their_face(name: str, strength: float, expected: list[list[int]]) -> None:
    faces = np.array([[[50, 150]], [[160, 240]]], np.uint8)
    assert corrupt_faces(faces, name, strength)[:, 0].tolist() == expected
