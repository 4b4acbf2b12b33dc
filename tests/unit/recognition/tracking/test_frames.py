import cv2
import numpy as np
import pytest

from mien.recognition.tracking.frames import LONGEST_SIDE, compare_patches, cut_patch, is_cut, reduce_frame
from tests.moving_faces import find_face, load_head, make_background, paste_head


def put(seed: int, name: str, corner_xy: tuple[float, float]) -> np.ndarray:
    frame = make_background(seed).copy()
    paste_head(frame, name, corner_xy)
    return frame


@pytest.mark.parametrize(
    ("size_hw", "reduced_hw"),
    [((480, 640), (240, 320)), ((90, 120), (90, 120)), ((1080, 1920), (270, 480)), ((7, 3001), (1, 428))],
    ids=["vga", "small", "hd", "strip"],
)
def test_reduce_frame_divides_by_a_whole_number(size_hw: tuple[int, int], reduced_hw: tuple[int, int]) -> None:
    frame = reduce_frame(np.zeros((*size_hw, 3), dtype=np.uint8))
    assert frame.grey.shape == reduced_hw
    assert max(reduced_hw) <= LONGEST_SIDE
    assert frame.size_hw == size_hw
    np.testing.assert_allclose(frame.to_picture * frame.grey.shape[::-1], size_hw[::-1], rtol=1e-6)


def test_is_cut_tells_another_place_and_another_size() -> None:
    before = reduce_frame(put(0, "astronaut", (100, 100)))
    assert is_cut(before, reduce_frame(put(1, "hopper", (100, 100))))
    assert is_cut(before, reduce_frame(put(0, "astronaut", (100, 100))[:, :-2]))


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: np.roll(frame, 10, axis=1),
        lambda frame: (frame * 0.5).astype(np.uint8),
        lambda frame: cv2.convertScaleAbs(frame, alpha=0.6, beta=100),
    ],
    ids=["pan", "dark", "flash"],
)
def test_is_cut_leaves_pans_and_light_alone(change: object) -> None:
    frame = put(0, "astronaut", (100, 100))
    assert not is_cut(reduce_frame(frame), reduce_frame(change(frame)))  # type: ignore[operator]


def test_is_cut_finds_none_between_plain_frames() -> None:
    black, white = (reduce_frame(np.full((60, 80, 3), level, dtype=np.uint8)) for level in (0, 255))
    assert not is_cut(black, white)
    assert is_cut(reduce_frame(put(0, "astronaut", (0, 0))[:60, :80]), black)


def test_cut_patch_is_the_part_resized() -> None:
    picture = load_head("astronaut", 192)
    box = np.array([48.0, 24.0, 144.0, 120.0])
    resized = cv2.resize(reduce_frame(picture).grey[24:120, 48:144], (24, 24), interpolation=cv2.INTER_LINEAR)
    patch = cut_patch(reduce_frame(picture), box)
    assert np.abs(patch.astype(int) - resized).max() <= 2


def test_cut_patch_goes_on_beyond_the_edge() -> None:
    frame = reduce_frame(np.full((50, 50, 3), 130, dtype=np.uint8))
    assert (cut_patch(frame, np.array([-20.0, 30.0, 20.0, 70.0])) == 130).all()


def test_compare_patches_knows_a_face_again_and_tells_two_apart() -> None:
    frames = [reduce_frame(put(0, name, (100, 100))) for name in ("astronaut", "hopper")]
    box = find_face((100, 100)).box_xyxy
    astronaut, hopper = (cut_patch(frame, box) for frame in frames)
    assert compare_patches(astronaut, astronaut) == pytest.approx(1, abs=1e-4)
    assert compare_patches(astronaut, cut_patch(frames[0], box + np.float32([4, -3, 6, 1]))) > 0.8
    assert compare_patches(astronaut, hopper) < 0.5
