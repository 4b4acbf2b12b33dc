import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.app.live.viewing import LiveFigures, LiveView
from mien.app.outputs import CsvRows
from mien.app.terminal import ProgressLine
from mien.errors import MienError, VideoError
from mien.recognition.analyzer import Analyzer
from mien.recognition.results import Recognition
from mien.recognition.video.analysis import FollowSettings
from mien.recognition.video.reading import VideoReader
from tests.live_streams import FakeStream, live_threads, make_images, open_files

FIGURES = LiveFigures(31, 4, 1.5, 7.4, 21.2)


@pytest.fixture(scope="module")
def analyzer(tiny_model: Path) -> Analyzer:
    return Analyzer(tiny_model, "none")


class FakeWindow:
    """Keeps what is shown, presses keys after frames, and lets the next frame come only then."""

    def __init__(self, stream: FakeStream, keys: dict[int, Sequence[str]] | None = None) -> None:
        self.stream, self.keys = stream, keys or {}
        self.shown: list[np.ndarray] = []
        self.delay_s = 0.0
        self._pressed: list[str] = []

    def show(self, image_rgb: np.ndarray) -> None:
        time.sleep(self.delay_s)
        self.shown.append(image_rgb)
        self._pressed = list(self.keys.get(len(self.shown), ()))
        self.stream.release()

    def commands(self) -> Iterator[str]:
        pressed, self._pressed = self._pressed, []
        yield from pressed


class Rows:
    """Keeps results, and lets the next frame come after each."""

    def __init__(self, stream: FakeStream, after: Callable[[], Any] = lambda: None) -> None:
        self.stream, self.after, self.results = stream, after, list[Recognition]()

    def write(self, result: Recognition) -> None:
        self.results.append(result)
        self.after()
        self.stream.release()

    def finish(self) -> None: ...

    def close(self) -> None: ...


def make_view(analyzer: Analyzer, stream: FakeStream, **settings: Any) -> LiveView:
    return LiveView(analyzer, stream, follow=FollowSettings(), **settings)


def view_in_window(
    analyzer: Analyzer, keys: dict[int, Sequence[str]], num_frames: int = 6, **settings: Any
) -> tuple[LiveFigures, FakeWindow]:
    stream = FakeStream(make_images(num_frames, (120, 320)), released=1)
    window = FakeWindow(stream, keys)
    return make_view(analyzer, stream, window=window, **settings).run(), window


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def count_frames(video: Path) -> int:
    with VideoReader(video) as reader:
        return len(list(reader))


def test_view_shows_every_frame_drawn_with_figures_in_the_corner(analyzer: Analyzer) -> None:
    figures, window = view_in_window(analyzer, {})
    assert (figures.num_frames, figures.num_dropped, figures.fault) == (6, 0, "")
    assert len(window.shown) == 6
    assert all((shown[-21:, :150] == 0).any() for shown in window.shown)
    assert live_threads() == []


def test_view_draws_dropped_frames_and_recording_into_the_corner(analyzer: Analyzer) -> None:
    view = make_view(analyzer, FakeStream([]))
    assert view._words() == ["0 frames/s  0 ms  0 dropped"]
    view._recent.extend([(10.0, 4.0), (10.1, 6.0), (10.2, 20.0)])
    view._live.num_dropped = 7
    view._recordings.begin(frames_per_second=10)
    assert view._words() == ["10 frames/s  6 ms  7 dropped", "recording"]
    view._recordings.finish()
    view.close()


@pytest.mark.parametrize("key", ["quit", "quit quit"])
def test_view_ends_by_a_key(analyzer: Analyzer, key: str) -> None:
    figures, window = view_in_window(analyzer, {3: key.split()})
    assert (figures.num_frames, len(window.shown)) == (3, 3)
    assert live_threads() == []


def test_view_ends_by_a_key_while_no_frame_comes(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(1), released=0)
    window = FakeWindow(stream)
    window._pressed = ["snapshot", "quit"]  # there is nothing to take a snapshot of
    figures = make_view(analyzer, stream, window=window).run()
    assert (figures.num_frames, str(figures)) == (0, "0 frames, 0 dropped")


def test_view_takes_snapshots_without_the_figures(
    analyzer: Analyzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "snapshot-1.png").touch()
    view_in_window(analyzer, {2: ["snapshot"], 4: ["snapshot"]}, folder=tmp_path)
    names = ["snapshot-2.png", "snapshot-3.png"]
    assert capsys.readouterr().err.splitlines() == [f"snapshot: {tmp_path / name}" for name in names]
    for name, level in zip(names, (10, 30), strict=True):
        picture = np.asarray(Image.open(tmp_path / name))
        assert picture.shape == (120, 320, 3)
        assert tuple(picture[80, 200]) == tuple(picture[110, 100]) == (level, level, level)


def test_view_goes_on_where_a_snapshot_cannot_be_written(
    analyzer: Analyzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    figures, _ = view_in_window(analyzer, {2: ["snapshot"]}, folder=tmp_path / "file")
    assert figures.num_frames == 6
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'file' / 'snapshot-1.png'}: cannot be written: ")


def test_view_begins_and_ends_recordings_by_a_key(
    analyzer: Analyzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = {2: ["record"], 5: ["record"], 6: ["record"]}
    view_in_window(analyzer, keys, 9, folder=tmp_path)
    names = ["recording-1.webm", "recording-2.webm"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert [count_frames(tmp_path / name) for name in names] == [3, 3]


def test_view_records_from_the_beginning_where_a_file_is_named(
    analyzer: Analyzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "talk.webm"
    view_in_window(analyzer, {4: ["record"], 5: ["record"]}, 8, record_file=file)
    assert [count_frames(tmp_path / name) for name in ("talk.webm", "talk-1.webm")] == [4, 3]
    said = capsys.readouterr().err.splitlines()
    assert said == [f"recorded: {file}", f"recorded: {tmp_path / 'talk-1.webm'}"]


def test_view_without_a_window_records_and_writes_rows(analyzer: Analyzer, tmp_path: Path) -> None:
    stream = FakeStream(make_images(5), released=1)
    files = open_files()
    rows = Rows(stream)
    figures = make_view(analyzer, stream, record_file=tmp_path / "talk.webm").run([rows])
    assert [result.frame for result in rows.results] == list(range(5))
    assert (figures.num_frames, count_frames(tmp_path / "talk.webm")) == (5, 5)
    assert (live_threads(), open_files(), stream.closed_by) == ([], files, ["mien-live"])


def test_view_says_that_the_size_of_frames_changed_and_goes_on(
    analyzer: Analyzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [*make_images(2, (48, 64)), *make_images(2, (120, 160)), *make_images(1, (48, 64))]
    stream = FakeStream(images, released=1)
    window = FakeWindow(stream, {3: ["record"]})
    make_view(analyzer, stream, window=window, record_file=tmp_path / "talk.webm").run()
    assert [shown.shape[:2] for shown in window.shown] == [image.shape[:2] for image in images]
    assert capsys.readouterr().err.splitlines() == [
        "note: camera 0: frames of 160x120 pixels from here on, 64x48 before; the recording keeps its size",
        f"recorded: {tmp_path / 'talk.webm'}",
        "note: camera 0: frames of 64x48 pixels from here on, 160x120 before",
    ]
    with VideoReader(tmp_path / "talk.webm") as reader:
        assert {frame.image_rgb.shape[:2] for frame in reader} == {(48, 64)}


def test_view_of_a_camera_that_is_unplugged_keeps_what_came_until_then(
    analyzer: Analyzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = FakeStream(make_images(3), released=1, fault=VideoError("camera 0: unplugged?", status="no_frames"))
    rows, csv_rows = Rows(stream), CsvRows(tmp_path / "rows.csv")
    figures = make_view(analyzer, stream, record_file=tmp_path / "talk.webm").run([csv_rows, rows])
    csv_rows.close()
    assert (figures.num_frames, figures.fault) == (3, "camera 0: unplugged?")
    assert capsys.readouterr().err == f"recorded: {tmp_path / 'talk.webm'}\n"
    assert count_frames(tmp_path / "talk.webm") == 3
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 4
    assert live_threads() == []


def test_view_of_a_camera_without_a_frame_raises_its_line(analyzer: Analyzer, tmp_path: Path) -> None:
    stream = FakeStream([], fault=VideoError("camera 0: gives no frame", status="no_frames"))
    with pytest.raises(VideoError, match="camera 0: gives no frame"):
        make_view(analyzer, stream, record_file=tmp_path / "talk.webm").run()
    assert (live_threads(), list(tmp_path.iterdir())) == ([], [])


def test_view_says_where_a_file_ended(analyzer: Analyzer, capsys: pytest.CaptureFixture[str]) -> None:
    stream = FakeStream(make_images(2))
    stream.note = "clip.mp4: it is cut or damaged there"
    make_view(analyzer, stream).run()
    assert capsys.readouterr().err == "note: clip.mp4: it is cut or damaged there\n"


@pytest.mark.parametrize("times", [1, 2])
def test_view_ends_by_ctrl_c_with_a_whole_recording(
    analyzer: Analyzer, tmp_path: Path, capfd: pytest.CaptureFixture[str], times: int
) -> None:
    stream = FakeStream(make_images(9), released=1)
    rows = Rows(stream, lambda: [interrupt() for _ in range(times)] if len(rows.results) == 4 else None)
    figures = make_view(analyzer, stream, record_file=tmp_path / "talk.webm").run([rows])
    assert (figures.num_frames, count_frames(tmp_path / "talk.webm")) == (4, 4)
    assert capfd.readouterr().err.count("note: stopping") == times - 1
    assert live_threads() == []


def test_view_ends_by_ctrl_c_while_no_frame_comes(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(5), released=1)
    rows = Rows(stream)
    rows.after = interrupt  # after the first frame; no other is released before it is seen
    assert make_view(analyzer, stream).run([rows]).num_frames == 1
    assert live_threads() == []


def test_view_finishes_its_recording_where_rows_cannot_be_written(analyzer: Analyzer, tmp_path: Path) -> None:
    def fail() -> None:
        if len(rows.results) == 3:
            raise MienError("rows.csv: cannot be written")

    stream = FakeStream(make_images(9), released=1)
    rows = Rows(stream, fail)
    with pytest.raises(MienError, match=r"rows\.csv: cannot be written"):
        make_view(analyzer, stream, record_file=tmp_path / "talk.webm").run([rows])
    assert count_frames(tmp_path / "talk.webm") == 2
    assert live_threads() == []


def test_view_ends_where_its_recording_cannot_be_written(analyzer: Analyzer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    stream = FakeStream(make_images(50))
    with pytest.raises(MienError, match=r"talk\.webm: cannot be written"):
        make_view(analyzer, stream, record_file=tmp_path / "file" / "talk.webm").run()
    assert live_threads() == []


def test_view_ends_when_its_time_is_over(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(9), released=1)
    rows = Rows(stream)
    assert make_view(analyzer, stream).run([rows], limit_s=0).num_frames == 1
    stream = FakeStream(make_images(9), released=3)  # no fourth comes
    began_s = time.monotonic()
    assert make_view(analyzer, stream).run(limit_s=0.3).num_frames <= 3
    assert 0.3 <= time.monotonic() - began_s < 5


def test_view_measures_latency_until_a_frame_is_shown(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(5, (120, 320)), released=1)
    window = FakeWindow(stream)
    window.delay_s = 0.03
    figures = make_view(analyzer, stream, window=window).run()
    assert figures.median_latency_ms >= 30
    assert figures.largest_latency_ms >= figures.median_latency_ms - 0.1


def test_view_leaves_the_first_latency_out_of_the_largest(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(4, (120, 320)), released=1)
    window = FakeWindow(stream)
    window.show = lambda image_rgb, show=window.show: (  # type: ignore[method-assign,misc]
        time.sleep(1.5 if not window.shown else 0.0),
        show(image_rgb),
    )
    assert 0 < make_view(analyzer, stream, window=window).run().largest_latency_ms < 1400


def test_view_clears_its_progress_before_it_says_something(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    stream = FakeStream(make_images(1))
    stream.note = "a note"
    make_view(analyzer, stream, progress=ProgressLine(None, noun="frames")).run()
    assert capsys.readouterr().err == "\r\x1b[K1 frames\r\x1b[Knote: a note\n"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "31 frames, 20.0 a second, 4 dropped; latency 7 ms (median), 21 ms at most"),
        ({"num_frames": 1, "seconds": 0.0}, "1 frame, 4 dropped; latency 7 ms (median), 21 ms at most"),
        ({"num_frames": 0, "seconds": 0.0}, "0 frames, 4 dropped"),
    ],
)
def test_figures_are_told_in_a_line(changes: dict[str, Any], line: str) -> None:
    assert str(replace(FIGURES, **changes)) == line
