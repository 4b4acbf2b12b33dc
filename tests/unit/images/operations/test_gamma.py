import numpy as np
import pytest
from skimage.exposure import adjust_gamma

from mien.images.operations.gamma import gamma

LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize("exponent", [0.4, 1, 2.2])
def test_gamma_agrees_with_scikit_image(exponent: float) -> None:
    assert np.abs(gamma(LEVELS, exponent=exponent).astype(int) - adjust_gamma(LEVELS, exponent)).max() <= 1


def test_gamma_keeps_black_and_white_and_lightens_below_one() -> None:
    corrected = gamma(LEVELS, exponent=0.5)
    assert (corrected[0, 0], corrected[-1, -1]) == (0, 255)
    assert (corrected >= LEVELS).all()
    assert (gamma(LEVELS, exponent=1) == LEVELS).all()


@pytest.mark.parametrize("exponent", [0, -1, float("nan")])
def test_gamma_refuses_an_exponent_that_is_not_positive(exponent: float) -> None:
    with pytest.raises(ValueError, match="exponent must be above 0, got"):
        gamma(LEVELS, exponent=exponent)
