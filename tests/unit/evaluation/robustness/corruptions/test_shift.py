import numpy as np

from mien.evaluation.robustness import corrupt_faces


def test_a_dot_moves_by_whole_pixels_in_one_of_four_directions() -> None:
    faces = np.zeros((40, 50, 50), np.uint8)
    faces[:, 20, 30] = 255
    corrupted = corrupt_faces(faces, "shift", 8)
    assert {tuple(place) for place in np.argwhere(corrupted == 255)[:, 1:].tolist()} == {
        (16, 30),
        (24, 30),
        (20, 26),
        (20, 34),
    }
    assert (corrupted.sum(axis=(1, 2), dtype=int) == 255).all()
