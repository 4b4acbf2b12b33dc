import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from mien.images.moments import check_per_channel, measure_channels

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("num_faces", [1, 7, 1500])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)], ids=["grey", "colour"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_measure_channels_agrees_with_scikit_learn(num_faces: int, shape: tuple[int, ...], dtype: type) -> None:
    faces = RANDOM.integers(0, 256, (num_faces, *shape)).astype(dtype)
    pixels = faces.reshape(-1, 3 if len(shape) == 3 else 1).astype(np.float64)
    scaler = StandardScaler().fit(pixels)
    mean, std = measure_channels(faces)
    np.testing.assert_allclose(mean, scaler.mean_)
    np.testing.assert_allclose(std, scaler.scale_)


def test_measure_channels_gives_plain_numbers_that_json_holds() -> None:
    mean, std = measure_channels(np.full((3, 2, 2), 7, dtype=np.uint8))
    assert (mean, std) == ([7.0], [0.0])
    assert type(mean[0]) is type(std[0]) is float


def test_check_per_channel_names_what_does_not_fit() -> None:
    check_per_channel(np.zeros((2, 2)), mean=[1.0])
    check_per_channel(np.zeros((2, 2, 3)), mean=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"std must have one number for each of the face's 3 channels, got \[1.0\]"):
        check_per_channel(np.zeros((2, 2, 3)), mean=[1.0, 2.0, 3.0], std=[1.0])
