import numpy as np
import pytest

from mien.recognition.occlusion import compute_occlusion_maps

WEIGHTS = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0]])


def answer(faces: np.ndarray) -> np.ndarray:
    """The first class is a weighted sum of the pixels, the second its opposite."""
    sums = (faces.reshape(len(faces), 2, 3, -1).mean(axis=3) * WEIGHTS).sum(axis=(1, 2))
    return np.stack([sums, -sums], axis=1)


def test_the_map_of_a_linear_model_is_what_it_is_by_hand() -> None:
    """Two windows of 2x2: the left one takes away 1 + 10 + 2 + 20, the right one 10 + 100 + 20 + 200."""
    faces = np.ones((1, 2, 3))
    maps = compute_occlusion_maps(answer, faces, np.array([0]), window=2, stride=1, fill=0.0)
    assert maps.dtype == np.float32
    np.testing.assert_allclose(maps[0], [[33, (33 + 330) / 2, 330]] * 2)


def test_each_face_is_explained_by_its_own_class() -> None:
    faces = np.stack([np.ones((2, 3)), 2 * np.ones((2, 3))])
    maps = compute_occlusion_maps(answer, faces, np.array([1, 0]), window=1, stride=1, fill=0.0)
    np.testing.assert_allclose(maps, np.stack([-WEIGHTS, 2 * WEIGHTS]))


def test_the_window_is_filled_with_what_it_is_told_and_faces_stay() -> None:
    faces = np.full((1, 2, 3, 3), 9, dtype=np.uint8)
    maps = compute_occlusion_maps(answer, faces, np.array([0]), window=1, stride=1, fill=np.array([0.0, 6.0, 9.0]))
    np.testing.assert_allclose(maps[0], WEIGHTS * 4)
    assert (faces == 9).all()


def test_the_last_window_ends_at_the_edge() -> None:
    """Strides of 3 from 0 would leave the last of 8 columns out: the windows begin at 0, 3 and 5."""
    faces = np.zeros((1, 3, 8))
    faces[0, :, 7] = 1.0

    def sums(batch: np.ndarray) -> np.ndarray:
        return batch.sum(axis=(1, 2))[:, None]

    (heat_map,) = compute_occlusion_maps(sums, faces, np.array([0]), window=3, stride=3, fill=0.0)
    np.testing.assert_allclose(heat_map[0], [0, 0, 0, 0, 0, 1.5, 3, 3])


def test_many_faces_are_asked_in_parts_of_bounded_size() -> None:
    sizes = []

    def count(batch: np.ndarray) -> np.ndarray:
        sizes.append(len(batch))
        return batch.reshape(len(batch), -1)[:, :1]

    faces = np.random.default_rng(0).random((300, 6, 6))
    maps = compute_occlusion_maps(count, faces, np.zeros(300, dtype=np.int64), fill=0.0)
    assert max(sizes) <= 256
    assert sum(sizes) == 300 + 300 * 5 * 5
    np.testing.assert_allclose(maps[:, 0, 0], faces[:, 0, 0], rtol=1e-6)
    assert (maps[:, 3:, 3:] == 0).all()


def test_no_faces_give_no_maps() -> None:
    assert compute_occlusion_maps(answer, np.ones((0, 2, 3)), np.zeros(0, dtype=np.int64), fill=0.0).shape == (0, 2, 3)


@pytest.mark.parametrize(
    ("window", "stride", "message"),
    [
        (0, 1, "window is 0; expected 1 to 2 pixels, as faces are 3x2"),
        (3, 1, "window is 3; expected 1 to 2 pixels, as faces are 3x2"),
        (2, 0, "stride is 0; expected 1 to 2 pixels, the window's side"),
        (1, 2, "stride is 2; expected 1 to 1 pixels, the window's side"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(window: int, stride: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compute_occlusion_maps(answer, np.ones((1, 2, 3)), np.array([0]), window=window, stride=stride, fill=0.0)
