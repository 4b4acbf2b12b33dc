from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.benchmarks import live_speed
from mien.benchmarks.live_speed import make_moving_frames, measure_live
from mien.errors import MienError, PictureError

PICTURES = Path(__file__).resolve().parents[3] / "examples" / "pictures"


def test_the_live_view_is_measured_with_each_detector_that_is_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MIEN_WEIGHTS", str(tmp_path))
    num_threads = cv2.getNumThreads()
    missing, *measured = measure_live(PICTURES / "astronaut.png", num_frames=10)
    name = "live view, yunet in every frame (not here; mien weights pull yunet)"
    assert missing.to_row() == [name, "", "at least 60 frames/s", "not measured"]
    assert [(each.name, each.bound, each.unit, each.is_upper) for each in measured] == [
        ("live view, haar in one of 5 frames", 60, "frames/s", False),
        ("live view, haar in one of 5 frames: latency, median", 40, "ms", True),
        ("live view, haar in one of 5 frames: latency of 95 in 100", 40, "ms", True),
        ("live view, haar in every frame", 30, "frames/s", False),
        ("live view, haar in every frame: latency, median", 40, "ms", True),
        ("live view, haar in every frame: latency of 95 in 100", 40, "ms", True),
    ]
    assert all(each.value is not None and 0.1 < each.value < 5000 for each in measured)
    assert measured[1].value <= measured[2].value  # type: ignore[operator]
    assert cv2.getNumThreads() == num_threads


def test_a_picture_with_several_faces_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_speed, "RATE_BOUNDS", {("haar", 1): 30.0})
    with pytest.raises(MienError, match=r"haar finds one face in 0 of 15 frames; name a picture with one face with"):
        measure_live(PICTURES / "montage.jpg", num_frames=10)


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"gone\.png: no such file"):
        measure_live(tmp_path / "gone.png")


@pytest.mark.parametrize("size_hw", [(480, 480), (100, 700), (700, 100), (33, 33)])
def test_the_picture_moves_by_five_pixels_there_and_back(tmp_path: Path, size_hw: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size_hw, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    frames = make_moving_frames(tmp_path / "noise.png")
    assert len(frames) == 60
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    for number in range(60):
        before, after = frames[number], frames[(number + 1) % 60]
        if number >= 30:
            before, after = after, before
        assert (after[:-2, :-5] == before[2:, 5:]).all()
