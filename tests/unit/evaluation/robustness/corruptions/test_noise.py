import numpy as np
import pytest

from mien.evaluation.robustness import corrupt_faces


def test_noise_has_the_deviation_asked_for_and_is_another_in_each_face() -> None:
    noise = corrupt_faces(np.full((2, 100, 100), 128, np.uint8), "noise", 20).astype(float) - 128
    assert noise.std() == pytest.approx(20, rel=0.03)
    assert noise.mean() == pytest.approx(0, abs=0.5)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.05
