import numpy as np

from mien.evaluation.robustness.warping import warp_faces
from tests.made_faces import make_faces


def test_nothing_asked_changes_nothing() -> None:
    faces = make_faces(2, is_colour=True)
    np.testing.assert_array_equal(warp_faces(faces), faces)


def test_a_quarter_turn_goes_anticlockwise() -> None:
    faces = make_faces(1)
    np.testing.assert_array_equal(warp_faces(faces, angles_degrees=[90])[0], np.rot90(faces[0]))


def test_edges_go_on_with_their_last_pixel() -> None:
    face = np.arange(25, dtype=np.uint8).reshape(1, 5, 5)
    moved = warp_faces(face, shifts_xy=[(2, -1)])[0]
    assert moved[:, :3].tolist() == [[5, 5, 5], [10, 10, 10], [15, 15, 15], [20, 20, 20], [20, 20, 20]]
