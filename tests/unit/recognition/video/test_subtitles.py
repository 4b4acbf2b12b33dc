import pytest

from mien.recognition.video.subtitles import Subtitle, SubtitleMaker
from tests.frame_results import make_face, make_result


def make_subtitles(frames: dict[float, list[str]], **options: float) -> list[tuple[float, float, str]]:
    """Return start, end and text of the subtitles of frames, each a time and the expressions of persons 1, 2, ..."""
    maker = SubtitleMaker(**options)
    found = []
    for time_s, expressions in frames.items():
        found += maker.add(make_result(time_s, [make_face(number, name) for number, name in enumerate(expressions, 1)]))
    found += maker.end()
    return [(round(each.start_s, 3), round(each.end_s, 3), each.text) for each in found]


def test_frames_with_the_same_text_are_one_subtitle() -> None:
    frames = {number / 10: ["happy"] for number in range(20)}
    assert make_subtitles(frames) == [(0.0, 2.0, "happy")]


def test_a_subtitle_ends_where_the_next_begins() -> None:
    frames = {number / 10: ["happy" if number < 8 else "sad"] for number in range(16)}
    assert make_subtitles(frames) == [(0.0, 0.8, "happy"), (0.8, 1.6, "sad")]


def test_what_changes_too_soon_is_not_shown() -> None:
    frames = {number / 10: ["sad" if number == 2 else "happy"] for number in range(10)}
    assert make_subtitles(frames) == [(0.0, 1.0, "happy")]
    assert make_subtitles(frames, shortest_s=0.1) == [(0.0, 0.2, "happy"), (0.2, 0.3, "sad"), (0.3, 1.0, "happy")]


def test_nothing_stands_while_no_face_is_there() -> None:
    frames = {number / 10: ["happy"] if number < 5 or number >= 15 else [] for number in range(20)}
    assert make_subtitles(frames) == [(0.0, 0.5, "happy"), (1.5, 2.0, "happy")]


def test_several_persons_have_a_line_each_with_their_number() -> None:
    assert make_subtitles({0.0: ["happy", "sad"], 0.5: ["happy", "sad"]}) == [(0.0, 1.0, "1: happy\n2: sad")]


def test_at_most_four_are_named() -> None:
    ((_, _, text),) = make_subtitles({0.0: ["happy"] * 6, 0.5: ["happy"] * 6})
    assert len(text.splitlines()) == 4


def test_an_unsure_expression_has_a_question_mark() -> None:
    maker = SubtitleMaker()
    assert list(maker.add(make_result(0.0, [make_face(flags=("unsure",))]))) == []
    assert [each.text for each in maker.end()] == ["happy?"]


def test_no_frame_gives_no_subtitle() -> None:
    assert make_subtitles({}) == make_subtitles({0.0: []}) == []


@pytest.mark.parametrize(
    ("start_s", "end_s", "clocks"),
    [
        (0.0, 1.5, "00:00:00,000 --> 00:00:01,500"),
        (59.9996, 61.0, "00:01:00,000 --> 00:01:01,000"),
        (3725.25, 36000.0, "01:02:05,250 --> 10:00:00,000"),
    ],
    ids=["start", "rounded up", "hours"],
)
def test_to_srt_has_number_clocks_and_text(start_s: float, end_s: float, clocks: str) -> None:
    assert Subtitle(start_s, end_s, "1: happy\n2: sad").to_srt(7) == f"7\n{clocks}\n1: happy\n2: sad\n\n"
