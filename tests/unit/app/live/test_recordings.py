from pathlib import Path

import pytest

from mien.app.live.recordings import Recordings, find_free
from mien.errors import MienError, VideoError
from mien.recognition.video.reading import VideoReader
from tests.frame_results import make_face, make_result
from tests.live_streams import live_threads


def record(recordings: Recordings, num_frames: int = 4) -> Path | None:
    recordings.begin(frames_per_second=10)
    for number in range(num_frames):
        recordings.write(make_result(number / 10, [make_face()]))
    return recordings.finish()


def test_each_recording_has_a_file_of_its_own(tmp_path: Path) -> None:
    first = tmp_path / "talk.webm"
    first.write_text("old")
    (tmp_path / "talk-2.webm").write_text("precious")
    recordings = Recordings(first, folder=Path("elsewhere"))
    names = [(record(recordings) or Path()).name for _ in range(3)]
    assert names == ["talk.webm", "talk-1.webm", "talk-3.webm"]
    assert (tmp_path / "talk-2.webm").read_text() == "precious"
    with VideoReader(first) as reader:
        assert len(list(reader)) == 4
    assert live_threads() == []


def test_recordings_without_a_name_are_numbered_and_replace_nothing(tmp_path: Path) -> None:
    (tmp_path / "recording-1.webm").write_text("precious")
    recordings = Recordings(None, folder=tmp_path)
    assert [record(recordings) for _ in range(2)] == [tmp_path / f"recording-{number}.webm" for number in (2, 3)]
    assert (tmp_path / "recording-1.webm").read_text() == "precious"


def test_a_recording_without_frames_is_none(tmp_path: Path) -> None:
    assert record(Recordings(tmp_path / "talk.webm", folder=tmp_path), 0) is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_before_it_begins_and_after_it_ended(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path / "talk.webm", folder=tmp_path)
    recordings.write(make_result(0.0))
    assert (recordings.is_on, recordings.finish()) == (False, None)
    recordings.begin(frames_per_second=10)
    assert recordings.is_on
    recordings.finish()
    assert not recordings.is_on
    assert list(tmp_path.iterdir()) == []


def test_a_kind_of_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"talk\.gif: not a kind of video that is written"):
        Recordings(tmp_path / "talk.gif", folder=tmp_path).begin(frames_per_second=10)


def test_a_place_that_cannot_be_written_is_named_and_the_thread_ends(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MienError, match=r"talk\.webm: cannot be written"):
        record(Recordings(tmp_path / "file" / "talk.webm", folder=tmp_path))
    assert live_threads() == []


def test_find_free_takes_the_first_number_that_is_not_there(tmp_path: Path) -> None:
    assert find_free(tmp_path / "snapshot.png") == tmp_path / "snapshot-1.png"
    (tmp_path / "snapshot-1.png").touch()
    (tmp_path / "snapshot-3.png").touch()
    assert find_free(tmp_path / "snapshot.png") == tmp_path / "snapshot-2.png"
