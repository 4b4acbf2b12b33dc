import numpy as np

from mien.evaluation.robustness import corrupt_faces


def test_a_dot_at_the_right_moves_up_or_down_along_its_circle() -> None:
    """20 pixels right of the middle, 30 degrees on: 17.3 to the right, 10 up or down."""
    faces = np.zeros((20, 49, 49), np.uint8)
    faces[:, 23:26, 43:46] = 255
    corrupted = corrupt_faces(faces, "rotation", 30).astype(float)
    rows, columns = np.mgrid[:49, :49]
    down = (corrupted * rows).sum(axis=(1, 2)) / corrupted.sum(axis=(1, 2)) - 24
    right = (corrupted * columns).sum(axis=(1, 2)) / corrupted.sum(axis=(1, 2)) - 24
    np.testing.assert_allclose(right, 17.32, atol=0.2)
    np.testing.assert_allclose(abs(down), 10, atol=0.2)
    assert len(set(np.sign(down))) == 2
