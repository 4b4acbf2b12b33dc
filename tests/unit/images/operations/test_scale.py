import numpy as np
import pytest

from mien.images.operations.scale import scale

LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (0.5, 3)])
def test_scale_sends_the_ends_to_the_ends_and_the_rest_between(low: float, high: float) -> None:
    scaled = scale(LEVELS, low=low, high=high)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.ravel(), np.linspace(low, high, 256), atol=1e-6)


def test_scale_by_default_divides_by_255() -> None:
    np.testing.assert_allclose(scale(LEVELS), LEVELS / 255, rtol=1e-6)
    np.testing.assert_allclose(scale(LEVELS.astype(np.float32)), LEVELS / 255, rtol=1e-6)


def test_scale_to_minus_one_and_one_is_keras_mode_tf() -> None:
    np.testing.assert_allclose(scale(LEVELS, low=-1), LEVELS / 127.5 - 1, atol=1e-6)


def test_scale_refuses_an_empty_range() -> None:
    with pytest.raises(ValueError, match="low must be below high, got 1 and 1"):
        scale(LEVELS, low=1, high=1)
