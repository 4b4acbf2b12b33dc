import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.errors import MienError, VideoError
from mien.recognition.analyzer import Analyzer
from mien.recognition.video.analysis import FollowSettings, VideoAnalysis, follow_frames
from mien.recognition.video.reading import Frame
from mien.structures import Detection
from tests.clips import cut_file, write_face_clip, write_numbered_clip
from tests.moving_faces import ToldDetector, find_face, make_background, paste_head


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty frames with a face at 10 frames/s."""
    return write_face_clip(tmp_path_factory.mktemp("clip") / "face.avi", 20)


@pytest.fixture
def analyzer(tiny_model: Path) -> Analyzer:
    return Analyzer(tiny_model, "haar")


class TellingDetector(ToldDetector):
    """Finds one face after the other, each for one frame of a list."""

    name = "none"  # the tiny model has a margin for it

    def __init__(self, faces: list[list[Detection]]) -> None:
        super().__init__()
        self.coming = iter(faces)

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        self.num_calls += 1
        return next(self.coming)


def make_frames(corners_xy: list[tuple[float, float] | None], *, rate: float = 10.0) -> Iterator[Frame]:
    """Yield frames with a head at each corner, or without one."""
    for index, corner_xy in enumerate(corners_xy):
        image_rgb = make_background(0).copy()
        if corner_xy is not None:
            paste_head(image_rgb, "astronaut", corner_xy)
        yield Frame(index, index / rate, image_rgb)


def no_thread_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name.startswith("mien")]


def test_analysis_gives_a_result_for_every_frame_with_one_face_followed(analyzer: Analyzer, clip: Path) -> None:
    with VideoAnalysis(analyzer, clip) as analysis:
        results = list(analysis)
    assert [result.frame for result in results] == list(range(20))
    assert [result.time_s for result in results] == pytest.approx(np.arange(20) / 10)
    assert {result.source for result in results} == {str(clip)}
    assert {face.track_id for result in results for face in result.faces} == {1}
    assert all(result.image is not None and result.is_smoothed for result in results if result.faces)
    assert (analysis.persons[1].num_frames, analysis.note) == (20, "")
    assert no_thread_is_left()


def test_analysis_has_a_row_for_a_frame_without_a_face(analyzer: Analyzer, tmp_path: Path) -> None:
    with VideoAnalysis(analyzer, write_numbered_clip(tmp_path / "clip.avi", 5)) as analysis:
        results = list(analysis)
    assert [(result.status, result.frame) for result in results] == [("no_face", number) for number in range(5)]
    assert analysis.persons == {}


def test_analysis_takes_the_part_that_is_wanted(analyzer: Analyzer, clip: Path) -> None:
    with VideoAnalysis(analyzer, clip, start_s=0.5, end_s=1.5, every=3) as analysis:
        assert [result.frame for result in analysis] == [5, 8, 11, 14]


def test_analysis_of_a_cut_file_says_so_in_its_last_result(analyzer: Analyzer, tmp_path: Path) -> None:
    clip = cut_file(write_numbered_clip(tmp_path / "cut.mkv", 40))
    with VideoAnalysis(analyzer, clip) as analysis:
        messages = [result.message for result in analysis]
    assert set(messages[:-1]) == {""}
    assert messages[-1] == analysis.note
    assert "it is cut or damaged there" in analysis.note


def test_analysis_lets_go_of_everything_when_its_user_fails(analyzer: Analyzer, clip: Path) -> None:
    analysis = VideoAnalysis(analyzer, clip)

    def fail_inside() -> None:
        with analysis:
            for _ in analysis:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert no_thread_is_left()
    assert not analysis.reader._capture.isOpened()


def test_analysis_closes_its_file_without_being_iterated_or_without_with(analyzer: Analyzer, clip: Path) -> None:
    with VideoAnalysis(analyzer, clip) as analysis:
        pass
    assert not analysis.reader._capture.isOpened()
    analysis = VideoAnalysis(analyzer, clip)
    assert len(list(analysis)) == 20
    assert not analysis.reader._capture.isOpened()


def test_analysis_raises_what_the_reader_raises(analyzer: Analyzer, clip: Path) -> None:
    with pytest.raises(VideoError, match=r"ends at 1\.9 s"), VideoAnalysis(analyzer, clip, start_s=5.0) as analysis:
        list(analysis)
    assert no_thread_is_left()


def test_analysis_refuses_a_file_that_is_none(analyzer: Analyzer, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="no such file"):
        VideoAnalysis(analyzer, tmp_path / "gone.mp4")


@pytest.mark.parametrize("batch_frames", [1, 3, 8])
def test_follow_frames_gives_the_same_whatever_the_batch(tiny_model: Path, batch_frames: int) -> None:
    corners_xy = [(100.0 + 5 * number, 100.0) for number in range(10)]
    analyzer = Analyzer(tiny_model, TellingDetector([[find_face(corner_xy)] for corner_xy in corners_xy]))
    results = follow_frames(
        analyzer, make_frames([*corners_xy]), source="x", follow=FollowSettings(), batch_frames=batch_frames
    )
    alone = Analyzer(tiny_model, TellingDetector([[find_face(corner_xy)] for corner_xy in corners_xy]))
    for result, frame in zip(results, make_frames([*corners_xy]), strict=True):
        raw = alone.analyze(frame.image_rgb)
        assert isinstance(raw, mien.Recognition)
        assert result.faces[0].raw_probabilities == pytest.approx(raw.faces[0].probabilities, abs=1e-6)
        assert result.faces[0].box_xyxy == raw.faces[0].box_xyxy


def test_follow_frames_smooths_and_keeps_the_raw_beside(tiny_model: Path) -> None:
    corners_xy = [(100.0, 100.0)] * 4 + [(130.0, 100.0)] * 4
    analyzer = Analyzer(tiny_model, TellingDetector([[find_face(corner_xy)] for corner_xy in corners_xy]))
    faces = [
        result.faces[0]
        for result in follow_frames(analyzer, make_frames([*corners_xy]), source="x", follow=FollowSettings())
    ]
    assert faces[0].probabilities == pytest.approx(faces[0].raw_probabilities)
    kept = 2 ** (-0.1 / 0.15)
    raw = faces[1].raw_probabilities
    assert raw is not None
    for name, before in faces[0].probabilities.items():
        assert faces[1].probabilities[name] == pytest.approx(kept * before + (1 - kept) * raw[name], abs=1e-5)


def test_follow_frames_without_smoothing_has_no_raw_ones(tiny_model: Path) -> None:
    analyzer = Analyzer(tiny_model, TellingDetector([[find_face((100, 100))]]))
    frames = make_frames([(100.0, 100.0)])
    (result,) = follow_frames(analyzer, frames, source="x", follow=FollowSettings(smoothing="none"))
    assert (result.is_smoothed, result.faces[0].raw_probabilities, result.faces[0].track_id) == (False, None, 1)


def test_follow_frames_asks_the_detector_every_few_frames(tiny_model: Path) -> None:
    detector = TellingDetector([[find_face((100, 100))]] * 10)
    analyzer = Analyzer(tiny_model, detector)
    frames = make_frames([(100.0, 100.0)] * 10)
    results = list(follow_frames(analyzer, frames, source="x", follow=FollowSettings(detect_every=5)))
    assert detector.num_calls == 2
    assert [len(result.faces) for result in results] == [1] * 10


def test_follow_frames_forgets_boxes_that_were_found_once(tiny_model: Path) -> None:
    """A detector that finds something else in each frame must not fill memory."""
    places = [[find_face((40.0 * (number % 10), 30.0 * (number % 7)), side=60)] for number in range(60)]
    found = [place if number % 2 else [] for number, place in enumerate(places)]
    persons: dict[int, Any] = {}
    analyzer = Analyzer(tiny_model, TellingDetector(found))
    frames = make_frames([None] * 60)
    results = list(follow_frames(analyzer, frames, source="x", follow=FollowSettings(), persons=persons))
    assert len({face.track_id for result in results for face in result.faces}) == 30
    assert len(persons) <= 4


def test_follow_frames_looks_for_faces_in_a_reduced_frame(tiny_model: Path) -> None:
    detector = TellingDetector([[find_face((50, 50), side=100)]])
    frames = make_frames([(100.0, 100.0)])
    follow = FollowSettings(search_side=320)
    (result,) = follow_frames(Analyzer(tiny_model, detector), frames, source="x", follow=follow)
    assert result.faces[0].box_xyxy == pytest.approx(find_face((100, 100)).box_xyxy)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"detect_every": 0}, ValueError, "detect_every must be 1 or more, got 0"),
        ({"search_side": 0}, ValueError, "search_side must be 1 or more, got 0"),
        ({"smoothing": "markow"}, MienError, "unknown smoothing 'markow'; did you mean 'markov'?"),
    ],
    ids=["detect_every", "search_side", "smoothing"],
)
def test_follow_settings_are_checked(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        FollowSettings(**settings)
    assert str(raised.value) == message


def test_analyze_video_has_the_settings_of_the_command(clip: Path, tiny_model: Path) -> None:
    with mien.analyze_video(
        clip, model=tiny_model, detector="haar", start_s=0.5, end_s=1.5, every=2, detect_every=2, smoothing="markov"
    ) as analysis:
        results = list(analysis)
    assert [result.frame for result in results] == [5, 7, 9, 11, 13]
    assert analysis._follow == FollowSettings(2, "markov")
    with pytest.raises(MienError, match="unknown smoothing"):
        mien.analyze_video(clip, model=tiny_model, smoothing="much")


def test_analyze_of_a_video_gives_a_result_a_frame_without_pixels(clip: Path, tiny_model: Path) -> None:
    results = mien.analyze(clip, model=tiny_model, detector="haar")
    assert isinstance(results, mien.Recognitions)
    with mien.analyze_video(clip, model=tiny_model, detector="haar") as analysis:
        assert list(results) == [replace(result, image=None) for result in analysis]
    assert all(result.image is None for result in results)
    with pytest.raises(MienError, match=r"face.avi: frame 0 was not kept with the result; draw what mien\.analyze"):
        results[0].draw()


@pytest.mark.parametrize(
    ("content", "status"), [(None, "missing"), (b"", "empty"), (b"PK\x03\x04", "not_a_video")], ids=str
)
def test_analyze_of_a_video_that_cannot_be_read_says_why(
    tiny_model: Path, tmp_path: Path, content: bytes | None, status: str
) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    results = mien.analyze(path, model=tiny_model, detector="haar")
    assert isinstance(results, mien.Recognitions)
    assert [(result.status, result.is_readable) for result in results] == [(status, False)]
    assert results[0].message.startswith(f"{path}: ")


def test_analyze_of_a_video_without_frames_says_so(
    tiny_model: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.recognition.video.reading.VideoReader._positions", lambda _: iter(()))
    results = mien.analyze(clip, model=tiny_model, detector="haar")
    assert [result.status for result in results] == ["no_frames"]  # type: ignore[union-attr]


def test_analyze_of_a_folder_that_is_called_like_a_video(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.mp4").mkdir()
    results = mien.analyze(tmp_path / "holiday.mp4", model=tiny_model, detector="haar")
    assert "no picture in this folder" in results[0].message  # type: ignore[index]
