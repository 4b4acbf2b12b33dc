import numpy as np
import pytest

from mien.evaluation.robustness import corrupt_faces


@pytest.mark.parametrize(("name", "expected"), [("larger", 34), ("smaller", 28)])
def test_a_line_ten_pixels_right_of_the_middle_moves_out_or_in(name: str, expected: int) -> None:
    face = np.zeros((1, 45, 45), np.uint8)
    face[:, :, 32] = 255
    corrupted = corrupt_faces(face, name, 40 if name == "smaller" else 20)
    columns = corrupted[0, 22].astype(float)
    assert (columns * np.arange(45)).sum() / columns.sum() == pytest.approx(expected, abs=0.1)
