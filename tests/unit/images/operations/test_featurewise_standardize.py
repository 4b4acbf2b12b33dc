import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from mien.images.operations.featurewise_standardize import featurewise_standardize, fit_mean_and_std

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(12, 12), (12, 10, 3)], ids=["grey", "colour"])
def test_featurewise_standardize_agrees_with_scikit_learn(shape: tuple[int, ...]) -> None:
    faces = RANDOM.integers(0, 256, (40, *shape), dtype=np.uint8)
    fitted = fit_mean_and_std(faces)
    standardized = np.stack([featurewise_standardize(face, **fitted) for face in faces])
    pixels = faces.reshape(-1, 3 if len(shape) == 3 else 1).astype(float)
    expected = StandardScaler().fit_transform(pixels)
    assert standardized.dtype == np.float32
    np.testing.assert_allclose(standardized.reshape(expected.shape), expected, atol=1e-5)


def test_featurewise_standardize_of_training_faces_of_one_level_is_zero() -> None:
    faces = np.full((3, 4, 4), 9, dtype=np.uint8)
    assert (featurewise_standardize(faces[0], **fit_mean_and_std(faces)) == 0).all()


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [([1, 2], [1], "mean must have one number"), ([1], [], "std must have"), ([1], [-1], "std must not be negative")],
)
def test_featurewise_standardize_refuses(mean: list[float], std: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        featurewise_standardize(np.zeros((2, 2), dtype=np.uint8), mean=mean, std=std)
