import numpy as np

from mien.evaluation.robustness import corrupt_faces


def test_half_the_pixels_leave_the_mean_of_each_block() -> None:
    checks = np.indices((8, 8)).sum(axis=0) % 2 * 200
    assert (corrupt_faces(checks[None].astype(np.uint8), "downscaling", 50) == 100).all()


def test_detail_of_the_size_left_stays() -> None:
    halves = np.repeat([[0, 200]], 8, axis=0).repeat(4, axis=1)[None].astype(np.uint8)
    assert corrupt_faces(halves, "downscaling", 50)[0, 0].tolist() == [0, 0, 0, 50, 150, 200, 200, 200]
