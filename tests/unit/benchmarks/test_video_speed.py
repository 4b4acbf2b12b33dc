from pathlib import Path

import pytest

from mien.benchmarks.video_speed import measure_video
from mien.errors import MienError

PICTURES = Path(__file__).resolve().parents[3] / "examples" / "pictures"


def test_mien_is_measured_beside_a_plain_loop() -> None:
    every, fifth = measure_video(PICTURES / "astronaut.png", num_frames=20, rounds=1)
    assert every.name.startswith("mien analyze, haar in every frame, beside a plain loop of Haar and compact (")
    assert fifth.name.startswith("mien analyze, haar in one of 5 frames, beside a plain loop of Haar and compact (")
    assert [(each.bound, each.unit, each.is_upper) for each in (every, fifth)] == [
        (1, "times", False),
        (3, "times", False),
    ]
    assert all(each.value is not None and 0.05 < each.value < 100 for each in (every, fifth))


def test_a_picture_without_a_face_is_refused(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (640, 480)).save(tmp_path / "black.png")
    with pytest.raises(MienError, match="0 faces found in 10 frames; name a picture with one face with --picture"):
        measure_video(tmp_path / "black.png", num_frames=10, rounds=1)
