import errno
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.app import video_outputs
from mien.app.video_outputs import AnnotatedVideo, SubtitleFile, TimelinePicture, person_rows, summary_lines
from mien.errors import MienError, VideoError
from mien.recognition.track_summary import TrackSummary
from mien.recognition.video.drawing import draw_on_frame
from mien.recognition.video.reading import VideoReader
from mien.recognition.video.writing import VideoWriter
from tests.frame_results import make_face, make_result


def write_all(output: Any, *, num_frames: int = 12) -> None:
    for number in range(num_frames):
        output.write(make_result(number / 10, [make_face()]))


def no_thread_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name.startswith("mien")]


def make_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the third frame be the one for which there is no room."""
    real_write, num_writes = VideoWriter.write, 0

    def write(self: VideoWriter, image_rgb: np.ndarray, time_s: float) -> None:
        nonlocal num_writes
        num_writes += 1
        if num_writes == 3:
            raise MienError(f"{self.path}: cannot be written: no space left on the device") from OSError(errno.ENOSPC)
        real_write(self, image_rgb, time_s)

    monkeypatch.setattr(VideoWriter, "write", write)


def test_annotated_video_has_every_frame_with_its_boxes(tmp_path: Path) -> None:
    output = AnnotatedVideo(tmp_path / "out.webm", frames_per_second=10)
    write_all(output)
    output.finish()
    output.close()
    with VideoReader(tmp_path / "out.webm") as reader:
        frames = list(reader)
    assert len(frames) == 12
    drawn = draw_on_frame(make_result(0.0).image, [make_face()])  # type: ignore[arg-type]
    assert np.abs(frames[0].image_rgb.astype(int) - drawn).mean() < 10 < np.abs(drawn.astype(int) - 90).mean()
    assert [file.name for file in tmp_path.iterdir()] == ["out.webm"]
    assert no_thread_is_left()


def test_annotated_video_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    output = AnnotatedVideo(tmp_path / "out.webm", frames_per_second=10)
    write_all(output)
    output.close()
    output.close()
    assert list(tmp_path.iterdir()) == []
    assert no_thread_is_left()


def test_annotated_video_closes_although_the_encoder_is_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write = VideoWriter.write

    def write(self: VideoWriter, image_rgb: np.ndarray, time_s: float) -> None:
        time.sleep(0.2)
        real_write(self, image_rgb, time_s)

    monkeypatch.setattr(VideoWriter, "write", write)
    output = AnnotatedVideo(tmp_path / "out.webm", frames_per_second=10)
    write_all(output, num_frames=video_outputs.FRAMES_WAITING)
    started = time.monotonic()
    output.close()
    assert time.monotonic() - started < 0.2 * video_outputs.FRAMES_WAITING / 2
    assert list(tmp_path.iterdir()) == []


def test_annotated_video_raises_the_encoders_fault_and_never_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More frames come than the queue holds after the encoder died."""
    make_full_disk(monkeypatch)
    output = AnnotatedVideo(tmp_path / "out.webm", frames_per_second=10)
    with pytest.raises(MienError, match="no space left on the device"):
        write_all(output, num_frames=10 * video_outputs.FRAMES_WAITING)
    output.close()
    assert list(tmp_path.iterdir()) == []
    assert no_thread_is_left()


def test_annotated_video_raises_a_fault_of_the_last_frames_as_it_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_full_disk(monkeypatch)
    output = AnnotatedVideo(tmp_path / "out.webm", frames_per_second=10)
    write_all(output, num_frames=2)
    output.write(make_result(0.2))
    with pytest.raises(MienError, match="no space left on the device"):
        output.finish()
    output.close()
    assert list(tmp_path.iterdir()) == []


def test_annotated_video_closes_with_a_full_queue_after_its_encoder_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_full_disk(monkeypatch)
    output = AnnotatedVideo(tmp_path / "out.webm", frames_per_second=10)
    write_all(output, num_frames=3)
    output._thread.join()
    for _ in range(video_outputs.FRAMES_WAITING):
        output._waiting.offer(make_result(1.0), timeout_s=0.0)
    output.close()
    assert no_thread_is_left()


def test_annotated_video_without_a_frame_is_no_file(tmp_path: Path) -> None:
    output = AnnotatedVideo(tmp_path / "out.webm", frames_per_second=10)
    output.finish()
    output.close()
    assert list(tmp_path.iterdir()) == []


def test_annotated_video_refuses_a_name_before_any_frame(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="not a kind of video that is written"):
        AnnotatedVideo(tmp_path / "out.gif", frames_per_second=10)
    assert no_thread_is_left()


def test_subtitle_file_is_written_in_the_end(tmp_path: Path) -> None:
    output = SubtitleFile(tmp_path / "new" / "out.srt")
    write_all(output)
    assert not (tmp_path / "new").exists()
    output.finish()
    output.close()
    assert (tmp_path / "new" / "out.srt").read_text() == "1\n00:00:00,000 --> 00:00:01,200\nhappy\n\n"


def test_timeline_picture_is_written_in_the_end(tmp_path: Path) -> None:
    output = TimelinePicture(tmp_path / "out.png")
    write_all(output)
    assert list(tmp_path.iterdir()) == []
    output.finish()
    output.close()
    assert np.asarray(Image.open(tmp_path / "out.png")).shape[1:] == (1200, 3)


def test_timeline_picture_refuses_another_name(tmp_path: Path) -> None:
    with pytest.raises(MienError, match=r"out.svg: the drawing is written as .png or .jpg; name such a file"):
        TimelinePicture(tmp_path / "out.svg")


def make_person(track_id: int, *, seconds: float, is_confirmed: bool = True) -> TrackSummary:
    person = TrackSummary(track_id)
    for number in range(11):
        face = make_face(track_id, "happy" if number < 8 else "sad")
        person.add(face, 1.0 + seconds * number / 10, is_confirmed=is_confirmed)
    return person


def test_summary_counts_frames_and_persons() -> None:
    persons = {1: make_person(1, seconds=5), 2: make_person(2, seconds=1, is_confirmed=False)}
    assert summary_lines(persons, num_frames=100, seconds=4.0) == ["100 frames, 25 a second; 1 person followed"]
    assert summary_lines({}, num_frames=1, seconds=0.0) == ["1 frame; 0 persons followed"]


def test_person_rows_have_a_row_for_each_person_that_is_no_mistake() -> None:
    persons = {1: make_person(1, seconds=10), 2: make_person(2, seconds=1, is_confirmed=False)}
    header, *rows = person_rows(persons)
    assert header == ["person", "from", "to", "frames", "shown", "changes a minute", "unsmoothed"]
    assert rows == [["1", "1.0 s", "11.0 s", "11", "happy 75%, sad 25%", "6", "6"]]


def test_person_rows_are_those_seen_longest_in_their_order() -> None:
    persons = {number: make_person(number, seconds=number) for number in range(1, 31)}
    _, *rows = person_rows(persons)
    assert [row[0] for row in rows] == [str(number) for number in range(11, 31)]
