import json
import sys

import pytest

from mien.recognition.smoothing import flicker_per_minute
from mien.recognition.track_summary import TrackSummary
from mien.structures import Face


def face(happy: float, raw_happy: float | None = None) -> Face:
    return Face(
        box_xyxy=(0, 0, 10, 10),
        detector_score=1.0,
        expression="happy" if happy > 0.5 else "sad",
        probabilities={"happy": happy, "sad": 1 - happy},
        raw_probabilities=None if raw_happy is None else {"happy": raw_happy, "sad": 1 - raw_happy},
    )


def summarise(*faces: tuple[float, Face]) -> TrackSummary:
    summary = TrackSummary(7)
    for time_s, each in faces:
        summary.add(each, time_s)
    return summary


def test_figures_by_hand() -> None:
    summary = summarise((10, face(0.9, 0.9)), (11, face(0.7, 0.2)), (12, face(0.6, 0.8)), (16, face(0.2, 0.1)))
    assert (summary.num_frames, summary.start_s, summary.end_s, summary.seconds) == (4, 10, 16, 6)
    assert summary.flicker_per_minute == pytest.approx(10)  # one change in six seconds
    assert summary.raw_flicker_per_minute == pytest.approx(30)
    assert summary.mean_probabilities == pytest.approx({"happy": 0.6, "sad": 0.4})
    assert summary.time_shares == pytest.approx({"happy": 4 / 6, "sad": 2 / 6})  # the last four seconds half and half


def test_flicker_is_that_of_the_function() -> None:
    values = [0.9, 0.2, 0.3, 0.8, 0.9, 0.1]
    times = [0.0, 0.1, 0.5, 0.6, 1.0, 1.3]
    summary = summarise(*((time, face(value)) for time, value in zip(times, values, strict=True)))
    labels = [face(value).expression for value in values]
    assert summary.flicker_per_minute == summary.raw_flicker_per_minute == flicker_per_minute(labels, times)


def test_one_frame_has_no_duration_and_all_the_time() -> None:
    summary = summarise((3.0, face(0.2)))
    assert (summary.seconds, summary.flicker_per_minute) == (0, 0)
    assert summary.time_shares == {"happy": 0, "sad": 1}


def test_nothing_has_no_figures() -> None:
    summary = TrackSummary(1)
    assert (summary.num_frames, summary.time_shares, summary.mean_probabilities) == (0, {}, {})


def test_time_that_goes_back_counts_as_none() -> None:
    summary = summarise((3.0, face(0.2)), (1.0, face(0.9)), (4.0, face(0.9)))
    assert summary.seconds == 1
    assert summary.time_shares == {"happy": 1, "sad": 0}


def test_a_track_is_confirmed_once_it_was() -> None:
    summary = TrackSummary(1)
    for step, is_confirmed in enumerate([False, True, False]):
        assert summary.is_confirmed == (step == 2)
        summary.add(face(0.9), step, is_confirmed=is_confirmed)
    assert summary.is_confirmed


def test_to_dict_is_json_with_every_figure() -> None:
    values = summarise((0.0, face(0.9, 0.2)), (1 / 3, face(0.2, 0.2))).to_dict()
    assert json.loads(json.dumps(values)) == values
    assert values == {
        "track_id": 7,
        "is_confirmed": True,
        "num_frames": 2,
        "start_s": 0.0,
        "end_s": 0.333,
        "seconds": 0.333,
        "flicker_per_minute": 180.0,
        "raw_flicker_per_minute": 0.0,
        "mean_probabilities": {"happy": 0.55, "sad": 0.45},
        "time_shares": {"happy": 0.5, "sad": 0.5},
    }


def test_memory_does_not_grow_with_the_length() -> None:
    short, long = (summarise(*((step / 30, face(0.9)) for step in range(steps))) for steps in (2, 2000))
    sizes = [
        sum(sys.getsizeof(value) for value in vars(each).values() if isinstance(value, dict | list | tuple | set))
        for each in (short, long)
    ]
    assert sizes[0] == sizes[1]
