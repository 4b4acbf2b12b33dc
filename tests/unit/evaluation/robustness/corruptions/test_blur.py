import numpy as np
from scipy.ndimage import gaussian_filter

from mien.evaluation.robustness import corrupt_faces
from tests.made_faces import make_faces


def test_blurs_as_scipy_does_by_a_share_of_the_side() -> None:
    faces = make_faces(2, side=50)
    expected = [gaussian_filter(face.astype(float), 2.0, mode="mirror") for face in faces]
    np.testing.assert_allclose(corrupt_faces(faces, "blur", 4), expected, atol=1.5)
