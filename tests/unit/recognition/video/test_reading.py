import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mien.errors import VideoError
from mien.recognition.video import reading
from mien.recognition.video.reading import Frame, VideoReader, is_video
from tests.clips import (
    cut_file,
    import_av,
    make_numbered_frame,
    read_number,
    write_clip,
    write_numbered_clip,
    write_timed_clip,
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty numbered frames at 10 frames/s."""
    return write_numbered_clip(tmp_path_factory.mktemp("clip") / "clip.avi", 40)


def read(path: Path, **options: Any) -> tuple[list[Frame], VideoReader]:
    with VideoReader(path, **options) as reader:
        return list(reader), reader


def numbers(frames: list[Frame]) -> list[int]:
    return [read_number(frame.image_rgb) for frame in frames]


def test_reader_gives_every_frame_with_its_number_and_time(clip: Path) -> None:
    frames, reader = read(clip)
    assert numbers(frames) == [frame.index for frame in frames] == list(range(40))
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(40) / 10)
    assert (reader.info.size_hw, reader.info.frames_per_second, reader.info.num_frames) == ((120, 160), 10.0, 40)
    assert (reader.info.duration_s, reader.num_wanted, reader.note) == (4.0, 40, "")


def test_reader_gives_rgb(tmp_path: Path) -> None:
    red = np.zeros((120, 160, 3), dtype=np.uint8)
    red[..., 0] = 200
    frames, _ = read(write_clip(tmp_path / "red.avi", [red]))
    assert frames[0].image_rgb.dtype == np.uint8
    assert frames[0].image_rgb.mean(axis=(0, 1)) == pytest.approx([200, 0, 0], abs=12)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"start_s": 1.0, "end_s": 2.0}, range(10, 20)),
        ({"every": 7}, range(0, 40, 7)),
        ({"start_s": 1.0, "every": 7}, range(10, 40, 7)),
        ({"end_s": 0.05}, range(1)),
        ({"end_s": 99.0}, range(40)),
        ({"every": 1000}, range(1)),
    ],
    ids=["part", "every", "every from the start on", "first", "end after the last", "only the first"],
)
def test_reader_gives_the_part_that_is_wanted(clip: Path, options: dict[str, Any], expected: range) -> None:
    frames, reader = read(clip, **options)
    assert numbers(frames) == [frame.index for frame in frames] == list(expected)
    assert reader.num_wanted == len(expected)
    assert reader.note == ""


@pytest.mark.parametrize("suffix", [".avi", ".mkv"])
def test_reader_leaps_to_a_late_start_and_counts_on(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_numbered_clip(tmp_path / f"long{suffix}", 200)
    with VideoReader(clip, start_s=15.0, every=10) as reader:
        leaps: list[Any] = []
        real = reader._capture

        class Capture:
            def __getattr__(self, name: str) -> Any:
                leaps.append(name)
                return getattr(real, name)

        monkeypatch.setattr(reader, "_capture", Capture())
        frames = list(reader)
    assert numbers(frames) == [frame.index for frame in frames] == list(range(150, 200, 10))
    assert leaps.count("set") == 1
    assert leaps.count("grab") < 110


def test_reader_reads_from_the_beginning_where_it_cannot_leap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = write_numbered_clip(tmp_path / "long.avi", 200)
    with VideoReader(clip, start_s=15.0) as reader:
        real = reader._capture

        class Capture:
            """Goes to the very beginning, wherever one wants to go."""

            def set(self, *_: object) -> bool:
                return bool(real.set(cv2.CAP_PROP_POS_FRAMES, 0))

            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

        monkeypatch.setattr(reader, "_capture", Capture())
        assert numbers(list(reader)) == list(range(150, 200))


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_reader_keeps_the_times_of_a_variable_rate(tmp_path: Path, suffix: str) -> None:
    times_ms = [0, 40, 80, 500, 520, 1500, 1510, 3000]
    frames, reader = read(write_timed_clip(tmp_path / f"variable{suffix}", times_ms))
    assert [frame.time_s for frame in frames] == pytest.approx([time_ms / 1000 for time_ms in times_ms])
    assert numbers(frames) == list(range(8))
    assert reader.note == ""


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_reader_reads_a_cut_file_as_far_as_it_goes_and_says_so(tmp_path: Path, suffix: str) -> None:
    clip = cut_file(write_numbered_clip(tmp_path / f"cut{suffix}", 40))
    frames, reader = read(clip)
    assert 15 < len(frames) < 35
    assert numbers(frames) == list(range(len(frames)))
    assert reader.note == f"{clip}: ends after {len(frames) / 10:.1f} of 4.0 s; it is cut or damaged there"


def test_reader_says_nothing_where_the_cut_is_behind_the_part(tmp_path: Path) -> None:
    _, reader = read(cut_file(write_numbered_clip(tmp_path / "cut.mkv", 40)), end_s=1.0)
    assert reader.note == ""


def test_reader_scales_frames_whose_size_changes_on_the_way(tmp_path: Path) -> None:
    parts = [write_timed_clip(tmp_path / f"{side}.ts", range(0, 1000, 100), size_hw=(side, 160)) for side in (120, 240)]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames, _ = read(both)
    assert numbers(frames) == [*range(10), *range(10)]
    assert {frame.image_rgb.shape for frame in frames} == {(120, 160, 3)}
    assert (np.diff([frame.time_s for frame in frames]) > 0).all()


def test_reader_makes_up_times_where_the_container_has_none(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VideoReader(clip, end_s=1.0) as reader:
        real = reader._capture

        class Capture:
            def get(self, what: int) -> float:
                return 0.0 if what == cv2.CAP_PROP_POS_MSEC else real.get(what)

            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

        monkeypatch.setattr(reader, "_capture", Capture())
        assert [frame.time_s for frame in reader] == pytest.approx(np.arange(10) / 10)


def make_missing(path: Path) -> None:
    assert not path.exists()


def make_headers_only(path: Path) -> None:
    av = import_av()
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        container.start_encoding()


@pytest.mark.parametrize(
    ("make", "status", "message"),
    [
        (make_missing, "missing", "no such file or directory"),
        (Path.mkdir, "unreadable", "a folder, expected a video"),
        (Path.touch, "empty", r"empty file \(0 bytes\)"),
        (
            lambda path: path.write_bytes(b"PK\x03\x04" * 100),
            "not_a_video",
            r"not a video that can be decoded \(first bytes 'PK..PK..'\); expected MP4, MOV, MKV, WebM, AVI or MPEG, "
            "and an MP4 must be whole",
        ),
        (lambda path: path.symlink_to(path), "unreadable", "too many levels of symbolic links"),
    ],
    ids=["missing", "folder", "empty", "fake", "link to itself"],
)
def test_reader_says_what_is_wrong_with_a_file(
    tmp_path: Path, make: Callable[[Path], object], status: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "clip.mp4"
    make(path)
    with pytest.raises(VideoError, match=f"^{path}: {message}$") as raised:
        VideoReader(path)
    assert raised.value.status == status
    assert capfd.readouterr().err == ""


def test_reader_says_that_a_video_holds_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "none.avi"
    make_headers_only(path)
    with pytest.raises(VideoError, match=f"^{path}: ") as raised:
        read(path)
    assert raised.value.status in ("no_frames", "not_a_video")


def test_reader_says_that_no_frame_can_be_decoded(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with VideoReader(clip) as reader:
        monkeypatch.setattr(reader, "_positions", lambda: iter(()))
        with pytest.raises(VideoError, match=r"no frame can be decoded; the video is empty or damaged$") as raised:
            list(reader)
    assert raised.value.status == "no_frames"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start_s": 9.0}, "ends at 3.9 s, before the start that was asked for, 9 s"),
        ({"start_s": 1.01, "end_s": 1.02}, "no frame lies between 1.01 and 1.02 s"),
    ],
    ids=["after the end", "between two frames"],
)
def test_reader_says_that_no_frame_is_in_the_part(clip: Path, options: dict[str, float], message: str) -> None:
    with pytest.raises(VideoError, match=f"^{clip}: {message}$") as raised:
        read(clip, **options)
    assert raised.value.status == "no_frames"


def test_reader_refuses_frames_that_are_too_large(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_SIDE_PIXELS", 150)
    with pytest.raises(VideoError, match=r"frames of 160x120 pixels; up to 150 a side are read$") as raised:
        VideoReader(clip)
    assert raised.value.status == "too_large"


@pytest.mark.parametrize(
    "options", [{"start_s": -1.0}, {"start_s": 2.0, "end_s": 2.0}, {"every": 0}], ids=["start", "end", "every"]
)
def test_reader_refuses_parts_that_cannot_be(clip: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a part of a video needs 0 <= start < end and every >= 1; got "):
        VideoReader(clip, **options)


@pytest.mark.parametrize("name", ["grüße 顔.avi", "x:y.avi", "100%03d.avi", "-.avi"])
def test_reader_takes_any_name(clip: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(clip, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read(Path(name))[0]) == 40


def test_reader_refuses_a_name_that_is_no_text(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "a\udcff.avi"
    shutil.copy(clip, path)
    with pytest.raises(VideoError, match="its name is no text that the decoder takes; rename it"):
        VideoReader(path)


def test_reader_may_be_closed_twice(clip: Path) -> None:
    reader = VideoReader(clip)
    reader.close()
    reader.close()
    assert not reader._capture.isOpened()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.mp4", True), ("A.MOV", True), ("b/c.webm", True), ("a.jpg", False), ("mp4", False), ("-", False)],
)
def test_is_video_goes_by_the_ending(name: str, expected: bool) -> None:
    assert is_video(name) is is_video(Path(name)) is expected


def test_numbered_frames_tell_their_number() -> None:
    assert [read_number(make_numbered_frame(number)) for number in range(256)] == list(range(256))
