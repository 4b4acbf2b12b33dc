from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA

from mien.images.operations.zca_whiten import fit_whitening, whiten_stack, zca_whiten

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=(800, 8, 8, 3))
# Neighbouring pixels that go together, as those of faces do.
FACES = np.clip(128 + 30 * (NOISE + np.roll(NOISE, 1, axis=1) + np.roll(NOISE, 1, axis=2)), 0, 255).astype(np.uint8)
GREY = FACES[..., 0]


def whiten(faces: np.ndarray, **fitted: Any) -> np.ndarray:
    return np.stack([zca_whiten(face, **fitted) for face in faces])


@pytest.mark.parametrize("faces", [GREY, FACES], ids=["grey", "colour"])
def test_whitened_training_faces_have_variance_one_and_nothing_in_common(faces: np.ndarray) -> None:
    whitened = whiten(faces, **fit_whitening(faces))
    assert whitened.dtype == np.float32
    assert whitened.shape == faces.shape
    flat = whitened.reshape(len(faces), -1).astype(np.float64)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(flat.T, bias=True), np.eye(flat.shape[1]), atol=1e-3)


def test_whitening_is_scikit_learns_turned_back_into_pixels() -> None:
    flat = GREY.reshape(len(GREY), -1).astype(np.float64)
    analysis = PCA(whiten=True, svd_solver="full").fit(flat)
    # It divides by the number of faces less one.
    expected = analysis.transform(flat) @ analysis.components_ * np.sqrt(len(flat) / (len(flat) - 1))
    whitened = whiten(GREY, **fit_whitening(GREY, epsilon=0))
    np.testing.assert_allclose(whitened.reshape(expected.shape), expected, atol=1e-3)


def test_a_larger_epsilon_whitens_less() -> None:
    spreads = [whiten(GREY, **fit_whitening(GREY, epsilon=epsilon)).std() for epsilon in (0.0, 100.0, 10_000.0)]
    assert spreads[0] == pytest.approx(1, abs=1e-3)
    assert spreads[0] > spreads[1] > spreads[2]


def test_the_matrix_is_symmetric_so_that_a_face_still_looks_like_one() -> None:
    matrix = fit_whitening(GREY)["matrix"]
    assert isinstance(matrix, np.ndarray)
    assert matrix.shape == (64, 64)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
    assert (np.diag(matrix) > np.abs(matrix - np.diag(np.diag(matrix))).max()).all()


def test_fit_whitening_bears_pixels_that_never_change() -> None:
    faces = GREY.copy()
    faces[:, 0] = 7
    for epsilon in (0.0, 1e-6):
        whitened = whiten(faces, **fit_whitening(faces, epsilon=epsilon))
        assert np.isfinite(whitened).all()
        assert np.abs(whitened[:, 0]).max() < 1e-3


def test_fit_whitening_sums_the_covariance_in_parts() -> None:
    many = np.concatenate([GREY] * 3)
    np.testing.assert_allclose(fit_whitening(many)["matrix"], fit_whitening(GREY)["matrix"], rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(
    ("faces", "epsilon", "message"),
    [
        (
            np.zeros((2, 224, 224, 3), dtype=np.uint8),
            1e-6,
            r"224x224x3 faces takes a matrix of 150,528 x 150,528 numbers \(90.6 GB\); resize to at most 48x48x3 first",
        ),
        (GREY, -1.0, "epsilon must not be negative, got -1.0"),
    ],
    ids=["size", "epsilon"],
)
def test_fit_whitening_refuses(faces: np.ndarray, epsilon: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_whitening(faces, epsilon=epsilon)


def test_whitening_refuses_faces_of_another_size() -> None:
    with pytest.raises(ValueError, match=r"the whitening was fitted on faces of 64 values, got 192 \(8x8x3\)"):
        whiten_stack(FACES, **fit_whitening(GREY))
