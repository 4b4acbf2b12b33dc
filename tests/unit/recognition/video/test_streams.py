import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import VideoError
from mien.recognition.video import streams
from mien.recognition.video.streams import Camera, PlayedFile
from tests.clips import cut_file, read_number, write_numbered_clip
from tests.live_streams import FakeCapture

BLUE_BGR = np.full((4, 6, 3), (255, 0, 10), dtype=np.uint8)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST_SILENCE_S", 0.2)


def open_camera(
    monkeypatch: pytest.MonkeyPatch, capture: FakeCapture, *, size_wh: tuple[int, int] | None = None
) -> Camera:
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: capture)
    return Camera(2, size_wh=size_wh)


def test_camera_gives_frames_in_rgb_with_their_number_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = open_camera(monkeypatch, FakeCapture([BLUE_BGR, BLUE_BGR]))
    first = camera.read()
    time.sleep(0.05)
    second = camera.read()
    assert first is not None
    assert second is not None
    assert (camera.name, camera.frames_per_second, camera.note) == ("camera 2", 30.0, "")
    assert first.image_rgb[0, 0].tolist() == [10, 0, 255]
    assert (first.index, second.index, first.time_s) == (0, 1, 0.0)
    assert 0.04 < second.time_s < 5


def test_camera_is_asked_for_a_size_where_one_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = FakeCapture([])
    open_camera(monkeypatch, capture, size_wh=(640, 480))
    assert capture.asked == {cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FRAME_HEIGHT: 480}
    capture = FakeCapture([])
    open_camera(monkeypatch, capture)
    assert capture.asked == {}


@pytest.mark.parametrize("rate", [0.0, float("nan"), -1.0, 1e9])
def test_camera_that_tells_no_rate_has_none(monkeypatch: pytest.MonkeyPatch, rate: float) -> None:
    assert open_camera(monkeypatch, FakeCapture([], rate=rate)).frames_per_second is None


def test_camera_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = FakeCapture([], is_there=False)
    with pytest.raises(VideoError) as raised:
        open_camera(monkeypatch, capture)
    assert str(raised.value) == "camera 2: there is none; name another number, or play a file with --source FILE"
    assert raised.value.status == "missing"
    assert capture.is_released


def test_camera_that_is_really_not_there_prints_nothing_itself(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(VideoError, match="camera 963: there is none"):
        Camera(963)
    assert capfd.readouterr() == ("", "")


def test_camera_bears_reads_that_fail_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = open_camera(monkeypatch, FakeCapture([None, None, BLUE_BGR])).read()
    assert frame is not None
    assert frame.index == 0


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("num_frames", "message"),
    [
        (0, "camera 2: gives no frame; another program may be using it"),
        (2, "camera 2: gave no further frame after 2; is it unplugged?"),
    ],
    ids=["taken", "unplugged"],
)
def test_camera_that_gives_nothing_for_long_is_gone(
    monkeypatch: pytest.MonkeyPatch, num_frames: int, message: str
) -> None:
    camera = open_camera(monkeypatch, FakeCapture([BLUE_BGR] * num_frames))
    for _ in range(num_frames):
        camera.read()
    with pytest.raises(VideoError) as raised:
        camera.read()
    assert (str(raised.value), raised.value.status) == (message, "no_frames")


def test_camera_stops_waiting_when_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = FakeCapture([])
    camera = open_camera(monkeypatch, capture)
    threading.Timer(0.1, camera.stop).start()
    began_s = time.monotonic()
    assert camera.read() is None
    assert time.monotonic() - began_s < streams.LONGEST_SILENCE_S / 2
    camera.close()
    assert capture.is_released


def test_played_file_comes_at_its_own_pace(tmp_path: Path) -> None:
    played = PlayedFile(write_numbered_clip(tmp_path / "clip.avi", 6, rate=20))
    began_s, numbers, times_s = time.monotonic(), [], []
    while (frame := played.read()) is not None:
        numbers.append(read_number(frame.image_rgb))
        times_s.append(frame.time_s)
    assert numbers == list(range(6))
    assert times_s == pytest.approx(np.arange(6) / 20)
    assert 0.24 < time.monotonic() - began_s < 5
    assert (played.name, played.frames_per_second, played.note) == (str(tmp_path / "clip.avi"), 20.0, "")


def test_played_file_that_is_cut_says_so(tmp_path: Path) -> None:
    played = PlayedFile(cut_file(write_numbered_clip(tmp_path / "cut.mkv", 40, rate=100)))
    while played.read() is not None:
        pass
    assert "it is cut or damaged there" in played.note


def test_played_file_stops_waiting_for_a_frame_that_is_due_late(tmp_path: Path) -> None:
    played = PlayedFile(write_numbered_clip(tmp_path / "slow.avi", 3, rate=0.1))
    assert played.read() is not None
    threading.Timer(0.1, played.stop).start()
    began_s = time.monotonic()
    assert played.read() is None
    assert time.monotonic() - began_s < 5
    played.close()
    assert not played._reader._capture.isOpened()


def test_played_file_that_is_no_video_has_the_readers_line(tmp_path: Path) -> None:
    (tmp_path / "fake.mp4").write_bytes(b"PK\x03\x04")
    with pytest.raises(VideoError, match=r"fake\.mp4: not a video that can be decoded"):
        PlayedFile(tmp_path / "fake.mp4")
