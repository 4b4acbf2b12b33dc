import numpy as np
import pytest

from mien.images.operations.featurewise_center import featurewise_center, fit_mean

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(12, 12), (12, 10, 3)], ids=["grey", "colour"])
def test_featurewise_center_leaves_training_faces_with_a_mean_of_zero(shape: tuple[int, ...]) -> None:
    faces = RANDOM.integers(0, 256, (40, *shape), dtype=np.uint8)
    centred = np.stack([featurewise_center(face, **fit_mean(faces)) for face in faces])
    assert centred.dtype == np.float32
    assert np.abs(centred.mean(axis=(0, 1, 2))).max() < 1e-4
    assert np.abs(centred.mean(axis=0)).max() > 1, "one mean a channel, not one a pixel"


def test_featurewise_center_takes_the_mean_that_is_given() -> None:
    face = np.full((2, 2, 3), 10, dtype=np.uint8)
    assert featurewise_center(face, mean=[1, 2.5, -3]).tolist() == [[[9, 7.5, 13]] * 2] * 2


def test_featurewise_center_refuses_the_mean_of_other_channels() -> None:
    with pytest.raises(ValueError, match="mean must have one number for each of the face's 1 channels"):
        featurewise_center(np.zeros((2, 2), dtype=np.uint8), mean=[1, 2, 3])
