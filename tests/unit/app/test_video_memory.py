import csv
from pathlib import Path

import pytest

from tests.tiny_model import write_tiny_model
from tools.measure_video_memory import (
    MOST_MEGABYTES,
    RATE,
    SIZE_HW,
    analyze_command,
    draw_memory,
    measure_memory,
    megabytes_an_hour,
    write_video,
)


@pytest.mark.slow
def test_an_hour_of_video_takes_no_more_memory_than_its_first_minutes(tmp_path: Path) -> None:
    video = write_video(tmp_path / "hour.mkv", minutes=60)
    model = write_tiny_model(tmp_path / "tiny.onnx")
    samples = measure_memory([*analyze_command(video, tmp_path), "--model", str(model)])
    with (tmp_path / "rows.csv").open() as file:
        frames = {row["frame"] for row in csv.DictReader(file)}
    assert len(frames) == 60 * 60 * RATE
    assert max(megabytes for _, megabytes in samples) < MOST_MEGABYTES
    second_half = [megabytes for _, megabytes in samples[len(samples) // 2 :]]
    assert megabytes_an_hour(samples) * samples[-1][0] / 3600 < 30
    assert max(second_half) - max(megabytes for _, megabytes in samples[: len(samples) // 2]) < 30


def test_growth_is_that_of_the_second_half() -> None:
    flat = [(float(second), 300.0) for second in range(100)]
    assert megabytes_an_hour(flat) == pytest.approx(0, abs=1e-6)
    rising = [(float(second), 100.0 if second < 50 else 300.0 + second) for second in range(100)]
    assert megabytes_an_hour(rising) == pytest.approx(3600)


def test_a_seven_minutes_plan_has_faces_and_none(tmp_path: Path) -> None:
    from tools.measure_video_memory import make_frame

    with_faces, without = make_frame(0), make_frame(301 * RATE)
    assert with_faces.shape == without.shape == (*SIZE_HW, 3)
    assert (make_frame(0) != make_frame(RATE)).any()
    assert (make_frame(301 * RATE) == make_frame(302 * RATE)).all()
    assert (make_frame(301 * RATE) != make_frame(321 * RATE)).any()
    draw_memory([(0.0, 100.0), (1.0, 300.0)], tmp_path / "memory.png")
    assert (tmp_path / "memory.png").stat().st_size
