import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import mien
from mien.errors import MienError, VideoError
from mien.recognition.analyzer import Analyzer
from mien.recognition.results import Recognition
from mien.recognition.video import live as live_module
from mien.recognition.video.analysis import FollowSettings
from mien.recognition.video.live import SEARCHED_SIDE, Latencies, LiveAnalysis
from tests.clips import write_face_clip
from tests.live_streams import FakeCapture, FakeStream, live_threads, make_images, open_files, wait_until


@pytest.fixture(scope="module")
def analyzer(tiny_model: Path) -> Analyzer:
    return Analyzer(tiny_model, "none")


def shade_of(result: Recognition) -> int:
    assert result.image is not None
    return int(result.image[0, 0, 0]) // 10


def test_live_gives_the_newest_frame_and_counts_what_it_passed_over(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(8), released=1)
    with LiveAnalysis(analyzer, stream) as live:
        results = iter(live)
        assert shade_of(next(results)) == 0
        stream.release(5)
        wait_until(lambda: live.num_dropped == 4)
        newest = next(results)
        assert (shade_of(newest), newest.frame, newest.time_s) == (5, 5, 0.5)
        assert (live.num_taken, live.num_dropped) == (2, 4)
        stream.release()
        assert shade_of(next(results)) == 6
        stream.release(2)
        assert [shade_of(each) for each in results] == [7]
    assert (live.num_taken, live.num_dropped) == (4, 4)
    assert newest.source == "camera 0"
    assert [face.track_id for face in newest.faces] == [1]


def test_live_ends_with_its_stream_and_leaves_nothing(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(3))
    files = open_files()
    live = LiveAnalysis(analyzer, stream)
    assert [shade_of(result) for result in live][-1] == 2
    assert live.num_taken + live.num_dropped == 3
    assert (live_threads(), stream.closed_by, open_files()) == ([], ["mien-live"], files)
    assert list(live) == []
    live.close()


def test_live_raises_what_breaks_the_stream_after_what_came_before(analyzer: Analyzer) -> None:
    fault = VideoError("camera 0: is it unplugged?", status="no_frames")
    stream = FakeStream(make_images(1), fault=fault)
    live, seen = LiveAnalysis(analyzer, stream), []

    def consume() -> None:
        for result in live:
            seen.append(shade_of(result))

    with pytest.raises(VideoError) as raised:
        consume()
    assert raised.value is live.fault is fault
    assert (seen, live_threads(), stream.closed_by) == ([0], [], ["mien-live"])


def test_live_lets_go_of_everything_when_its_user_leaves_or_fails(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(1000))
    for result in LiveAnalysis(analyzer, stream):
        assert result.frame is not None
        break
    wait_until(lambda: not live_threads())
    assert stream.closed_by == ["mien-live"]
    stream = FakeStream(make_images(1000))

    def fail_inside() -> None:
        with LiveAnalysis(analyzer, stream) as live:
            for _ in live:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert (live_threads(), stream.closed_by) == ([], ["mien-live"])


def test_live_closes_a_stream_that_was_never_read(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(3))
    with LiveAnalysis(analyzer, stream) as live:
        pass
    assert stream.closed_by == ["MainThread"]
    assert list(live) == []


def test_live_calls_back_while_no_frame_comes_and_can_be_stopped_there(analyzer: Analyzer) -> None:
    stream = FakeStream(make_images(3), released=1)
    calls = []

    def stop_at_the_third() -> None:
        calls.append(True)
        if len(calls) == 3:
            live.stop()

    live = LiveAnalysis(analyzer, stream, on_wait=stop_at_the_third)
    assert [shade_of(result) for result in live] == [0]
    assert (len(calls), live_threads()) == (3, [])


def test_live_lets_through_what_the_callback_raises(analyzer: Analyzer) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    stream = FakeStream([], released=0)
    with pytest.raises(KeyboardInterrupt):
        list(LiveAnalysis(analyzer, stream, on_wait=interrupt))
    assert (live_threads(), stream.closed_by) == ([], ["mien-live"])


def test_live_tells_how_long_ago_its_frame_came(analyzer: Analyzer) -> None:
    for _ in (live := LiveAnalysis(analyzer, FakeStream(make_images(1)))):
        before_ms = live.latency_ms
        time.sleep(0.03)
        assert 0 < before_ms < live.latency_ms - 29


def test_live_searches_a_small_frame_if_nothing_else_is_asked_for(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(live_module, "follow_frames", lambda *_, **settings: asked.append(settings["follow"]) or [])
    list(LiveAnalysis(analyzer, FakeStream([])))
    list(LiveAnalysis(analyzer, FakeStream([]), follow=FollowSettings(3)))
    assert asked == [FollowSettings(search_side=SEARCHED_SIDE), FollowSettings(3)]


@pytest.mark.parametrize(
    ("latencies_ms", "percent", "expected"),
    [
        ([], 50, 0.0),
        ([5.0], 50, 5.0),
        ([5.0, 1.0, 3.0], 50, 3.0),
        ([5.0, 1.0, 3.0], 100, 5.0),
        ([1.0] * 95 + [9.04] * 5, 95, 1.0),
        ([1.0] * 94 + [9.04] * 6, 95, 9.0),
        ([1e9], 50, 60_000.0),
    ],
)
def test_latencies_give_percentiles(latencies_ms: list[float], percent: float, expected: float) -> None:
    latencies = Latencies()
    for latency_ms in latencies_ms:
        latencies.add(latency_ms)
    assert latencies.percentile(percent) == expected


def test_latencies_take_the_same_memory_whatever_their_number() -> None:
    latencies = Latencies()
    for number in range(20_000):
        latencies.add(10 + number % 7)
    assert len(latencies._counts) == 7
    assert latencies.percentile(50) == 13.0


def test_watch_plays_a_file_and_follows_its_face(tiny_model: Path, tmp_path: Path) -> None:
    clip = write_face_clip(tmp_path / "face.avi", 6, rate=20)
    results = list(mien.watch(clip, model=tiny_model, detector="haar", search_side=240))
    assert {face.track_id for result in results for face in result.faces} == {1}
    assert results[0].image is not None
    assert live_threads() == []


def test_watch_takes_the_settings_of_the_command(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = FakeCapture([np.zeros((48, 64, 3), dtype=np.uint8)])
    opened = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: opened.append(index) or capture)
    with mien.watch(
        1, size_wh=(64, 48), model=tiny_model, detector="haar", detect_every=3, smoothing="markov", search_side=99
    ) as live:
        assert live._follow == FollowSettings(3, "markov", 99)
        assert live._analyzer.detector.name == "haar"
    assert (opened, len(capture.asked), capture.is_released) == ([1], 2, True)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"smoothing": "much"}, MienError, "unknown smoothing"),
        ({"search_side": 0}, ValueError, "search_side must be 1 or more, got 0"),
        ({"model": "compakt"}, MienError, "unknown model 'compakt'"),
        ({"source": "gone.mp4"}, VideoError, "gone.mp4: no such file"),
    ],
    ids=["smoothing", "side", "model", "file"],
)
def test_watch_refuses_what_is_wrong(
    tiny_model: Path, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        mien.watch(**{"model": tiny_model, "detector": "haar", **settings})
