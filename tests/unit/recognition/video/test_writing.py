import errno
import importlib.util
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from mien.errors import MienError, VideoError
from mien.recognition.video import writing as module
from mien.recognition.video.reading import VideoReader
from mien.recognition.video.writing import VideoWriter, check_video_file
from tests.clips import import_av, make_numbered_frame, read_number

ENDINGS = [".mp4", ".mkv", ".webm"]


def write(path: Path, times_s: list[float], *, size_hw: tuple[int, int] = (120, 160), rate: float = 10.0) -> Path:
    if path.suffix != ".webm":
        import_av()
    with VideoWriter(path, size_hw, frames_per_second=rate) as writer:
        for number, time_s in enumerate(times_s):
            writer.write(make_numbered_frame(number, size_hw), time_s)
    return path


def read(path: Path) -> list[tuple[float, int]]:
    with VideoReader(path) as reader:
        return [(round(frame.time_s, 3), read_number(frame.image_rgb)) for frame in reader]


@pytest.mark.parametrize("suffix", ENDINGS)
def test_writer_keeps_frames_and_times(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / "new" / f"out{suffix}", [number / 10 for number in range(20)])
    assert read(path) == [(number / 10, number) for number in range(20)]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", ENDINGS)
def test_writer_begins_with_its_first_frame(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"out{suffix}", [30.0, 30.1, 30.2])
    assert read(path) == [(0.0, 0), (0.1, 1), (0.2, 2)]


def test_h264_keeps_irregular_times(tmp_path: Path) -> None:
    times_s = [0.0, 0.04, 0.5, 0.52, 3.0]
    assert read(write(tmp_path / "out.mp4", times_s)) == list(zip(times_s, range(5), strict=True))


def test_webp_is_an_animated_picture_with_these_times(tmp_path: Path) -> None:
    path = write(tmp_path / "out.webp", [5.0, 5.1, 5.35, 5.4])
    with Image.open(path) as picture:
        assert (picture.format, picture.size, picture.info["loop"]) == ("WEBP", (160, 120), 0)
        frames = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
        starts_ms = [frame.info["timestamp"] for frame in ImageSequence.Iterator(picture) if frame.load()]
    assert [read_number(frame) for frame in frames] == [0, 1, 2, 3]
    assert starts_ms == [0, 100, 350, 400]


def test_webp_holds_so_many_frames_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ANIMATION_FRAMES", 3)
    write(tmp_path / "three.webp", [0.0, 0.1, 0.2])
    with pytest.raises(
        VideoError, match=r"^\S*four.webp: an animated picture holds 3 frames at most; take fewer \(--end"
    ):
        write(tmp_path / "four.webp", [0.0, 0.1, 0.2, 0.3])
    assert [file.name for file in tmp_path.iterdir()] == ["three.webp"]


def test_webm_repeats_and_leaves_out_frames_to_keep_the_pace(tmp_path: Path) -> None:
    path = write(tmp_path / "out.webm", [0.0, 0.1, 0.4, 0.42, 0.5])
    assert read(path) == [(0.0, 0), (0.1, 1), (0.2, 1), (0.3, 1), (0.4, 2), (0.5, 4)]


def test_webm_does_not_fill_the_disk_where_a_time_leaps(tmp_path: Path) -> None:
    path = write(tmp_path / "out.webm", [0.0, 1e6])
    assert len(read(path)) == 252


@pytest.mark.parametrize("suffix", ENDINGS)
@pytest.mark.parametrize("size_hw", [(121, 161), (17, 33)])
def test_writer_leaves_out_an_odd_last_row_and_column(tmp_path: Path, suffix: str, size_hw: tuple[int, int]) -> None:
    path = write(tmp_path / f"out{suffix}", [0.0, 0.1], size_hw=size_hw)
    with VideoReader(path) as reader:
        assert {frame.image_rgb.shape[:2] for frame in reader} == {(size_hw[0] // 2 * 2, size_hw[1] // 2 * 2)}


def test_writer_scales_a_frame_of_another_size(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.webm", (120, 160), frames_per_second=10) as writer:
        for number, size_hw in enumerate([(120, 160), (240, 320), (60, 50)]):
            writer.write(make_numbered_frame(number, size_hw), number / 10)
    assert read(tmp_path / "out.webm") == [(0.0, 0), (0.1, 1), (0.2, 2)]


@pytest.mark.parametrize("suffix", ENDINGS)
def test_writer_leaves_what_was_there_after_a_fault(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"old")

    def fail_inside() -> None:
        with VideoWriter(path, (120, 160), frames_per_second=10) as writer:
            writer.write(make_numbered_frame(0), 0.0)
            raise ValueError("a defect")

    if suffix != ".webm":
        import_av()
    with pytest.raises(ValueError, match="a defect"):
        fail_inside()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(path.name, b"old")]


@pytest.mark.parametrize("suffix", ENDINGS)
def test_writer_says_that_the_disk_is_full_and_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    """The size of files is limited, as a stand-in for a full disk, which none can be made for a test."""
    if suffix != ".webm":
        import_av()
    code = (
        "import sys; import numpy as np; from mien.recognition.video.writing import VideoWriter\n"
        "noise = np.random.default_rng(0).integers(0, 256, (50, 120, 160, 3), dtype=np.uint8)\n"
        "with VideoWriter(sys.argv[1], (120, 160), frames_per_second=10) as writer:\n"
        "    [writer.write(frame, number / 10) for number, frame in enumerate(noise)]\n"
    )

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    path = tmp_path / f"out{suffix}"
    command = [sys.executable, "-c", code, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
    *_, last = ran.stderr.strip().splitlines()
    reason = "no space left on the device" if suffix == ".webm" else "the file is larger than allowed here"
    assert last.startswith(f"mien.errors.MienError: {path}: cannot be written: {reason}; ")
    assert "WARN" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_writer_says_that_the_disk_is_full_as_it_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(MienError, match=r"out.webm: cannot be written: no space left on the device; "):
        write(tmp_path / "out.webm", [0.0, 0.1])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ENDINGS)
def test_writer_names_a_place_that_cannot_be_written(tmp_path: Path, suffix: str) -> None:
    if suffix != ".webm":
        import_av()
    (tmp_path / "file").touch()
    with pytest.raises(MienError, match=r"out\..*: cannot be written: "):
        VideoWriter(tmp_path / "file" / f"out{suffix}", (120, 160), frames_per_second=10)


def test_writer_says_nothing_on_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "out.webm", [0.0, 0.1])
    assert capfd.readouterr() == ("", "")


def test_writer_says_that_opencv_writes_no_webm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.VideoWriter.isOpened", lambda _: False, raising=True)
    with pytest.raises(VideoError, match=r"OpenCV writes no WebM here; name an .mp4 file"):
        VideoWriter(tmp_path / "out.webm", (120, 160), frames_per_second=10)
    assert list(tmp_path.iterdir()) == []


def test_writer_may_be_closed_twice_and_leaves_nothing_unfinished(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.webm", (120, 160), frames_per_second=10)
    writer.write(make_numbered_frame(0), 0.0)
    writer.close()
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_h264_needs_pyav_and_webm_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "av" else find(name))
    line = r"out.mp4: this needs the package 'av'; install it with: pip install 'mien\[video\]'; or name a .webm file$"
    with pytest.raises(VideoError, match=line):
        VideoWriter(tmp_path / "out.mp4", (120, 160), frames_per_second=10)
    assert read(write(tmp_path / "out.webm", [0.0, 0.1])) == [(0.0, 0), (0.1, 1)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "out.gif",
            r"out.gif: not a kind of video that is written; name a .mp4, .m4v, .mov, .mkv, .webp or .webm file$",
        ),
        ("out", r"out: not a kind of video that is written; "),
        ("a\udcff.webm", r"its name is no text that the encoder takes; name another$"),
    ],
)
def test_check_video_file_refuses_what_is_not_written(name: str, message: str) -> None:
    with pytest.raises(VideoError, match=message):
        check_video_file(name)


def test_check_video_file_gives_the_path() -> None:
    assert check_video_file("a/out.WEBM") == Path("a/out.WEBM")


def test_writer_takes_any_array_that_is_a_picture(tmp_path: Path) -> None:
    image: Any = np.asfortranarray(make_numbered_frame(5))
    with VideoWriter(tmp_path / "out.webm", (120, 160), frames_per_second=10) as writer:
        writer.write(image[::1], 0.0)
    assert read(tmp_path / "out.webm") == [(0.0, 5)]
