import numpy as np
import pytest

from mien.evaluation.robustness import corrupt_faces


@pytest.mark.parametrize(("name", "expected"), [("brighter", [75, 175, 255, 255]), ("darker", [0, 25, 125, 180])])
def test_levels_move_and_are_cut_at_black_and_white(name: str, expected: list[int]) -> None:
    face = np.array([[[0, 100, 200, 255]]], np.uint8)
    assert corrupt_faces(face, name, 75).tolist() == [[expected]]
