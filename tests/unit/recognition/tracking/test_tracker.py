import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from mien.faces.detector import create_detector
from mien.recognition.tracking import Track, Tracker
from mien.recognition.tracking.association import overlap_boxes
from mien.structures import Detection
from tests.moving_faces import ToldDetector, find_face, make_background, paste_head

FPS = 30
YUNET_FILE = Path(__file__).resolve().parents[5] / "shared" / "models" / "yunet_n_640_640.onnx"
Heads = dict[str, tuple[float, float]]


class Player:
    """Shows a tracker frames with heads whose faces the detector is told, unless they are hidden from it."""

    def __init__(self, **settings: float) -> None:
        self.detector = ToldDetector()
        self.tracker = Tracker(self.detector, **settings)  # type: ignore[arg-type]
        self.time_s = 0.0

    def show(self, heads: Heads, *, unseen: Iterable[str] = (), seed: int = 0, wait_s: float = 1 / FPS) -> list[Track]:
        frame = make_background(seed).copy()
        for name, corner_xy in heads.items():
            paste_head(frame, name, corner_xy)
        self.detector.faces = [find_face(corner_xy) for name, corner_xy in heads.items() if name not in unseen]
        self.time_s += wait_s
        return self.tracker.update(frame, self.time_s)


def ids(tracks: list[Track]) -> list[int]:
    return [track.track_id for track in tracks]


def overlap(track: Track, corner_xy: tuple[float, float]) -> float:
    return float(overlap_boxes(track.detection.box_xyxy[None], find_face(corner_xy).box_xyxy[None])[0, 0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"detect_every": 0}, "detect_every must be 1 frame or more, got 0"),
        ({"keep_s": -1.0}, "keep_s must be 0 seconds or more, got -1.0"),
        ({"keep_s": float("nan")}, "keep_s must be 0 seconds or more, got nan"),
    ],
    ids=["detect_every", "keep_s", "nan"],
)
def test_tracker_checks_its_arguments(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tracker(ToldDetector(), **settings)  # type: ignore[arg-type]


def test_tracker_shows_a_face_at_once_and_confirms_it_at_its_second_detection() -> None:
    player = Player(detect_every=3)
    shown = [player.show({"astronaut": (100 + 5 * step, 100)})[0] for step in range(5)]
    assert {track.track_id for track in shown} == {1}
    assert [track.is_detected for track in shown] == [True, False, False, True, False]
    assert [track.is_confirmed for track in shown] == [False, False, False, True, True]
    assert player.detector.num_calls == 2


@pytest.mark.parametrize("detect_every", [1, 5])
def test_tracker_follows_faces_and_gives_each_its_number(detect_every: int) -> None:
    player = Player(detect_every=detect_every)
    for step in range(25):
        heads = {"astronaut": (20.0 + 5 * step, 60.0), "hopper": (420.0 - 3 * step, 220.0 + step)}
        tracks = sorted(player.show(heads), key=lambda track: track.track_id)
        assert ids(tracks) == [1, 2]
        assert all(overlap(track, corner) > 0.9 for track, corner in zip(tracks, heads.values(), strict=True))


@pytest.mark.parametrize(("name", "model_file"), [("haar", None), ("yunet", YUNET_FILE)], ids=["haar", "yunet"])
def test_followed_boxes_lie_where_the_detector_finds_them(name: str, model_file: Path | None) -> None:
    if model_file is not None and not model_file.exists():
        pytest.skip(f"{model_file} is not here")
    detector = create_detector(name, model_file)
    tracker, overlaps = Tracker(detector, detect_every=5), []
    for step in range(20):
        frame = make_background(0, (240, 320)).copy()
        paste_head(frame, "astronaut", (10 + 5 * step, 20 + 2 * step), side=160)
        (track,) = tracker.update(frame, step / FPS)
        (found,) = [track.detection] if track.is_detected else detector.detect(frame)
        overlaps.append(overlap_boxes(track.detection.box_xyxy[None], found.box_xyxy[None]))
        assert (track.track_id, track.is_detected) == (1, step % 5 == 0)
    assert np.mean(overlaps) > 0.9


@pytest.mark.parametrize("detect_every", [1, 5])
def test_crossing_faces_keep_their_numbers(detect_every: int) -> None:
    player = Player(detect_every=detect_every)
    for step in range(61):
        heads = {"hopper": (400.0 - 6 * step, 130.0), "astronaut": (20.0 + 6 * step, 120.0)}
        covered = ["hopper"] if abs(heads["hopper"][0] - heads["astronaut"][0]) < 130 else []
        tracks = player.show(heads, unseen=covered)
        if step == 0:
            numbers = {name: track.track_id for track in tracks for name in heads if overlap(track, heads[name]) > 0.9}
    ends = {name: track.track_id for track in tracks for name in heads if overlap(track, heads[name]) > 0.8}
    assert numbers == ends
    assert set(ends.values()) == {1, 2}


def test_a_stranger_after_a_cut_has_a_new_number_and_is_detected_at_once() -> None:
    player = Player(detect_every=100)
    before = [ids(player.show({"astronaut": (200, 100)})) for _ in range(3)]
    (track,) = player.show({"hopper": (200, 100)}, seed=1)
    assert before == [[1]] * 3
    assert (track.track_id, track.is_detected) == (2, True)


@pytest.mark.parametrize("detect_every", [1, 5])
def test_a_stranger_in_the_same_place_of_the_same_scene_has_a_new_number(detect_every: int) -> None:
    player = Player(detect_every=detect_every)
    for _ in range(8):
        player.show({"astronaut": (200, 100)})
    assert ids(player.show({"hopper": (200, 100)})) == [2]


def test_a_face_that_goes_on_through_a_cut_of_the_scene_keeps_its_number() -> None:
    player = Player()
    player.show({"astronaut": (200, 100)})
    assert ids(player.show({"astronaut": (203, 100)}, seed=1)) == [1]


@pytest.mark.parametrize(("hidden_s", "number"), [(0.5, 1), (0.9, 1), (1.3, 2)])
def test_a_face_that_comes_back_in_time_has_its_number_again(hidden_s: float, number: int) -> None:
    player = Player()
    steps = round(hidden_s * FPS)
    for step in range(20):
        player.show({"astronaut": (20 + 5 * step, 100)})
    assert [player.show({}) for _ in range(steps)] == [[]] * steps
    assert ids(player.show({"astronaut": (20 + 5 * (20 + steps), 100)})) == [number]


def test_a_stranger_that_comes_in_place_of_a_face_has_a_number_of_its_own() -> None:
    player = Player()
    for _ in range(4):
        player.show({"astronaut": (200, 100)})
    player.show({})
    assert ids(player.show({"hopper": (200, 100)})) == [2]


def test_a_face_that_the_detector_overlooks_is_carried_on_for_a_while() -> None:
    player = Player(keep_s=0.5)
    for step in range(3):
        player.show({"astronaut": (20 + 5 * step, 100)})
    shown = []
    for step in range(3, 30):
        heads: Heads = {"astronaut": (20.0 + 5 * step, 100)}
        tracks = player.show(heads, unseen=["astronaut"])
        shown += [overlap(track, heads["astronaut"]) for track in tracks]
    assert len(shown) == 15
    assert min(shown) > 0.9


def test_a_box_that_was_detected_once_and_not_again_ends() -> None:
    player = Player()
    assert ids(player.show({"astronaut": (200, 100)})) == [1]
    assert player.show({"astronaut": (200, 100)}, unseen=["astronaut"]) == []
    assert player.tracker.alive_track_ids == set()


def test_a_lost_face_is_detected_at_once_when_it_was_confirmed() -> None:
    player = Player(detect_every=4)
    for _ in range(5):
        player.show({"astronaut": (200, 100)})
    assert player.detector.num_calls == 2
    assert player.show({}) == []
    assert player.detector.num_calls == 3
    assert [player.show({}) for _ in range(3)] == [[]] * 3
    assert player.detector.num_calls == 3


def test_a_lost_box_that_was_detected_once_is_dropped_without_a_detection() -> None:
    player = Player(detect_every=4)
    player.show({"astronaut": (200, 100)})
    assert player.show({}) == []
    assert player.detector.num_calls == 1


def test_an_overlooked_face_hides_where_another_was_detected() -> None:
    player = Player()
    for _ in range(3):
        player.show({"astronaut": (200, 100)})
    jumped = find_face((238, 100))  # too far off to look like the same face
    player.detector.faces = [jumped]
    frame = make_background().copy()
    paste_head(frame, "astronaut", (200, 100))
    tracks = player.tracker.update(frame, player.time_s + 1 / FPS)
    assert [track.detection for track in tracks] == [jumped]
    assert player.tracker.alive_track_ids == {1, 2}


def test_landmarks_move_along() -> None:
    player = Player(detect_every=5)
    points = np.float32([[270, 160], [310, 160], [290, 180], [275, 200], [305, 200]])
    frames = [make_background().copy() for _ in range(2)]
    for step, frame in enumerate(frames):
        paste_head(frame, "astronaut", (200 + 6 * step, 100))
    player.detector.faces = [Detection(find_face((200, 100)).box_xyxy, 0.9, points)]
    tracks = [player.tracker.update(frame, step / FPS)[0] for step, frame in enumerate(frames)]
    assert tracks[1].detection.landmarks is not None
    np.testing.assert_allclose(tracks[1].detection.landmarks - points, [[6, 0]] * 5, atol=0.7)
    assert tracks[1].detection.score == 0.9


def test_boxes_stay_inside_the_picture() -> None:
    player = Player(detect_every=100)
    for step in range(40):
        for track in player.show({"astronaut": (400 + 6 * step, 100)}):
            assert track.detection.box_xyxy.min() >= 0
            assert track.detection.box_xyxy[2] <= 640
    assert player.tracker.alive_track_ids == set()


def test_a_frame_of_another_size_begins_anew() -> None:
    player = Player(detect_every=10)
    player.show({"astronaut": (200, 100)})
    frame = make_background(0, (240, 320)).copy()
    paste_head(frame, "astronaut", (60, 20))
    player.detector.faces = [find_face((60, 20))]
    (track,) = player.tracker.update(frame, 1.0)
    assert (track.track_id, track.is_detected) == (2, True)


def test_frames_far_apart_are_detected_and_told_by_their_looks() -> None:
    player = Player(detect_every=100)
    player.show({"astronaut": (200, 100)})
    (track,) = player.show({"astronaut": (205, 100)}, wait_s=60)
    assert (track.track_id, track.is_detected) == (1, True)
    (track,) = player.show({"hopper": (205, 100)}, wait_s=60)
    assert (track.track_id, track.is_detected) == (2, True)


@pytest.mark.parametrize(
    ("pause_s", "number"), [(1 / FPS, 1), (60.0, 2)], ids=["from one frame to the next", "after a pause"]
)
def test_a_face_whose_look_changes_is_the_same_only_without_a_pause(pause_s: float, number: int) -> None:
    frames = [make_background().copy() for _ in range(2)]
    for name, frame in zip(("astronaut", "hopper"), frames, strict=True):
        paste_head(frame, name, (200, 100))
    half_changed = (frames[0] // 2 + frames[1] // 2).astype(np.uint8)
    player = Player()
    player.show({"astronaut": (200, 100)})
    assert ids(player.tracker.update(half_changed, player.time_s + pause_s)) == [number]


def test_time_that_stands_still_or_goes_back_breaks_nothing() -> None:
    player = Player(detect_every=2)
    shown = [
        player.show({"astronaut": (100 + 5 * step, 100)}, wait_s=wait) for step, wait in enumerate([1, 0, -0.5, 0, 0.1])
    ]
    assert [ids(tracks) for tracks in shown] == [[1]] * 5


def test_reset_begins_a_new_video() -> None:
    player = Player(detect_every=10)
    player.show({"astronaut": (200, 100)})
    player.tracker.reset()
    assert player.tracker.alive_track_ids == set()
    (track,) = player.show({"hopper": (200, 100)})
    assert (track.track_id, track.is_detected) == (1, True)


def test_numbers_are_never_used_again_and_ended_tracks_are_forgotten() -> None:
    player, seen = Player(keep_s=0.1), []
    for step in range(60):
        seen += ids(player.show({"astronaut": (200, 100)} if step % 20 < 4 else {}))
    assert sorted(set(seen)) == [1, 2, 3]
    assert player.tracker.alive_track_ids == set()


def test_the_largest_face_comes_first() -> None:
    player = Player()
    frame = make_background().copy()
    paste_head(frame, "astronaut", (20, 20), side=100)
    paste_head(frame, "hopper", (300, 100), side=250)
    player.detector.faces = [find_face((20, 20), side=100), find_face((300, 100), side=250)]
    for step in range(2):
        tracks = player.tracker.update(frame, float(step) / FPS)
        assert ids(tracks) == [2, 1]


def test_thousands_of_faces_take_seconds() -> None:
    player = Player(detect_every=2)
    corners = np.stack(np.meshgrid(np.arange(0, 640, 12), np.arange(0, 480, 12)), axis=-1).reshape(-1, 2)
    player.detector.faces = [Detection(np.float32([x, y, x + 20, y + 20]), 1.0) for x, y in corners]
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    start = time.process_time()
    shown = [player.tracker.update(noise, step / FPS) for step in range(3)]
    assert time.process_time() - start < 30
    assert [len(tracks) for tracks in (shown[0], shown[2])] == [len(corners)] * 2
    assert max(ids(shown[2])) <= 1.1 * len(corners)
