import numpy as np
import pytest

from mien.recognition.drawing import colour_of
from mien.recognition.video import timeline as timeline_module
from mien.recognition.video.timeline import WIDTH_PIXELS, Timeline
from tests.frame_results import EXPRESSIONS, make_face, make_result


def collect(shown: dict[int, dict[float, str]]) -> Timeline:
    """Return a timeline of persons, each with what it showed when."""
    timeline = Timeline()
    for time_s in sorted({time_s for person in shown.values() for time_s in person}):
        faces = [make_face(number, person[time_s]) for number, person in shown.items() if time_s in person]
        timeline.add(make_result(time_s, faces))
    return timeline


def stretches(timeline: Timeline, track_id: int = 1) -> list[tuple[float, float, str]]:
    return [(each.start_s, each.end_s, each.expression) for each in timeline.stretches_of(track_id)]


def test_a_stretch_lasts_as_long_as_the_expression() -> None:
    timeline = collect({1: {number / 10: "happy" if number < 5 else "sad" for number in range(10)}})
    assert stretches(timeline) == [(0.0, 0.5, "happy"), (0.5, 0.9, "sad")]


def test_a_person_that_was_away_has_a_hole() -> None:
    assert stretches(collect({1: {0.0: "happy", 0.5: "happy", 3.0: "happy"}})) == [
        (0.0, 0.5, "happy"),
        (3.0, 3.0, "happy"),
    ]


def test_nobody_is_known_before_the_first_face() -> None:
    assert stretches(Timeline()) == []


def test_draw_has_each_person_in_the_colours_of_its_expressions() -> None:
    times_s = [number / 10 for number in range(100)]
    shown = {1: {time_s: "happy" if time_s < 5 else "sad" for time_s in times_s}, 2: dict.fromkeys(times_s, "surprise")}
    picture = collect(shown).draw(EXPRESSIONS)
    assert (picture.dtype, picture.shape[1:]) == (np.uint8, (WIDTH_PIXELS, 3))
    first, second = picture[20 + 15], picture[20 + 40 + 15]
    assert tuple(first[300]) == colour_of("happy")
    assert tuple(first[900]) == colour_of("sad")
    assert tuple(second[300]) == tuple(second[900]) == colour_of("surprise")


def test_draw_of_a_video_without_faces_says_so() -> None:
    empty, timeline = Timeline(), Timeline()
    timeline.add(make_result(0.0))
    assert (timeline.draw(EXPRESSIONS) == empty.draw(EXPRESSIONS)).all()
    assert (empty.draw(EXPRESSIONS)[20:50] < 128).any()


def test_draw_shows_those_seen_longest_in_the_order_in_which_they_came() -> None:
    shown = {number: {0.0: "happy", 0.01 * number: "happy"} for number in range(1, 41)}
    timeline = collect(shown)
    assert [track_id for track_id, _ in timeline._persons_shown()] == list(range(17, 41))
    assert timeline.draw(EXPRESSIONS).shape[0] < 1200


def test_memory_is_bounded_whatever_many_persons_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_module, "MOST_KEPT", 60)
    timeline = collect({7: {float(number): "happy" for number in range(1)}})
    timeline.add(make_result(0.9, [make_face(7)]))
    for number in range(8, 500):
        timeline.add(make_result(float(number), [make_face(number)]))
    assert len(timeline._by_person) <= 60
    assert stretches(timeline, 7) == [(0.0, 0.9, "happy")]


@pytest.mark.parametrize("duration_s", [0.0, 0.4, 7.0, 95.0, 4000.0, 90_000.0])
def test_draw_has_a_readable_axis_for_any_length(duration_s: float) -> None:
    timeline = collect({1: {0.0: "happy", duration_s: "happy"}})
    assert 1 <= timeline._last_s // timeline_module._tick_step(timeline._last_s) + 1 <= 14
    assert timeline.draw(EXPRESSIONS).shape[1] == WIDTH_PIXELS


@pytest.mark.parametrize(
    ("time_s", "step_s", "text"),
    [(0.2, 0.1, "0.2 s"), (65.0, 5.0, "1:05"), (3725.0, 300.0, "1:02:05")],
)
def test_clock_is_as_fine_as_the_axis(time_s: float, step_s: float, text: str) -> None:
    assert timeline_module._clock(time_s, step_s) == text
