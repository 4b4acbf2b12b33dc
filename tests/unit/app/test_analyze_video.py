import csv
import errno
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mien.app.analyze_video import VideoFiles, VideoPart, analyze_video, parse_time
from mien.app.outputs import CsvRows
from mien.errors import MienError, VideoError
from mien.recognition.analyzer import Analyzer
from mien.recognition.results import Recognition
from mien.recognition.video.analysis import FollowSettings, VideoAnalysis
from mien.recognition.video.reading import VideoReader
from tests.clips import cut_file, write_face_clip, write_numbered_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty frames with a face at 10 frames/s."""
    return write_face_clip(tmp_path_factory.mktemp("clip") / "face.avi", 20)


@pytest.fixture(scope="module")
def analyzer(tiny_model: Path) -> Analyzer:
    return Analyzer(tiny_model, "haar")


def run(analyzer: Analyzer, clip: Path, part: VideoPart | None = None, **files: Any) -> None:
    follow = FollowSettings(detect_every=5)
    analyze_video(analyzer, clip, part=part or VideoPart(), follow=follow, files=VideoFiles(**files))


def all_files(folder: Path) -> dict[str, Any]:
    return {
        "csv_file": str(folder / "rows.csv"),
        "parquet_file": folder / "rows.parquet",
        "video_file": folder / "out.webm",
        "subtitle_file": folder / "out.srt",
        "timeline_file": folder / "out.png",
    }


def no_thread_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name.startswith("mien")]


def test_analyze_video_writes_everything_and_names_it(
    analyzer: Analyzer, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(analyzer, clip, **all_files(tmp_path))
    printed = capsys.readouterr()
    names = ["rows.csv", "rows.parquet", "out.srt", "out.png", "out.webm"]
    assert printed.out.splitlines()[-5:] == [f"written: {tmp_path / name}" for name in names]
    assert printed.out.startswith("20 frames, ")
    assert "; 1 person followed\n" in printed.out
    assert printed.err == ""
    assert {file.name for file in tmp_path.iterdir()} == {*names}
    assert all(file.stat().st_size for file in tmp_path.iterdir())
    with VideoReader(tmp_path / "out.webm") as reader:
        assert len(list(reader)) == 20
    assert no_thread_is_left()


def test_analyze_video_has_the_same_rows_with_and_without_a_copy(
    analyzer: Analyzer, clip: Path, tmp_path: Path
) -> None:
    run(analyzer, clip, csv_file=str(tmp_path / "with.csv"), video_file=tmp_path / "out.webm")
    run(analyzer, clip, csv_file=str(tmp_path / "without.csv"))
    assert (tmp_path / "with.csv").read_text() == (tmp_path / "without.csv").read_text()
    with (tmp_path / "with.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["frame"], row["time_s"], row["track_id"]) for row in rows] == [
        (str(number), str(number / 10), "1") for number in range(20)
    ]


def test_analyze_video_prints_rows_alone_where_they_are_asked_for(
    analyzer: Analyzer, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(analyzer, clip, VideoPart(end_s=0.5), csv_file="-")
    assert len(capsys.readouterr().out.splitlines()) == 6
    run(analyzer, clip, VideoPart(end_s=0.5), as_json=True)
    assert all(line.startswith('{"source"') for line in capsys.readouterr().out.splitlines())


def test_analyze_video_says_that_a_file_is_cut(
    analyzer: Analyzer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = cut_file(write_numbered_clip(tmp_path / "cut.mkv", 40))
    run(analyzer, clip)
    assert capsys.readouterr().err == f"note: {clip}: ends after 2.5 of 4.0 s; it is cut or damaged there\n"


def test_analyze_video_without_a_wanted_frame_leaves_no_file(analyzer: Analyzer, clip: Path, tmp_path: Path) -> None:
    files = {**all_files(tmp_path), "csv_file": None}
    with pytest.raises(VideoError, match=r"ends at 1\.9 s, before the start"):
        run(analyzer, clip, VideoPart(start_s=5.0), **files)
    assert list(tmp_path.iterdir()) == []
    assert no_thread_is_left()


@pytest.mark.parametrize("option", ["csv_file", "parquet_file", "video_file", "subtitle_file", "timeline_file"])
def test_analyze_video_never_writes_onto_the_video(analyzer: Analyzer, tmp_path: Path, option: str) -> None:
    clip = tmp_path / ("clip.png" if option == "timeline_file" else "clip.webm")
    clip.write_bytes(b"precious")
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / ".." / clip.name
    with pytest.raises(MienError, match=r"^--\w+ .*: this is the video that is analysed; name another file$"):
        run(analyzer, clip, **{option: str(file) if option == "csv_file" else file})
    assert clip.read_bytes() == b"precious"


def test_analyze_video_refuses_two_outputs_in_one_file(analyzer: Analyzer, clip: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows"
    with pytest.raises(MienError, match=r"^--parquet .*rows: this is what --csv writes; name another file$"):
        run(analyzer, clip, csv_file=str(file), parquet_file=file)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"video_file": Path("out.gif")}, "out.gif: not a kind of video that is written"),
        ({"timeline_file": Path("out.svg")}, "out.svg: the drawing is written as .png or .jpg"),
    ],
    ids=["video", "timeline"],
)
def test_analyze_video_refuses_kinds_of_files_before_it_reads(
    analyzer: Analyzer, files: dict[str, Path], message: str
) -> None:
    with pytest.raises(MienError, match=message):
        run(analyzer, Path("gone.mp4"), **files)


def interrupt_after(num_results: int, monkeypatch: pytest.MonkeyPatch, *, times: int) -> None:
    """Press Ctrl-C after so many results, and again while files are cleared away."""
    real_iter, real_close = VideoAnalysis.__iter__, CsvRows.close

    def iterate(self: VideoAnalysis) -> Iterator[Recognition]:
        for number, result in enumerate(real_iter(self), 1):
            yield result
            if number == num_results:
                os.kill(os.getpid(), signal.SIGINT)

    def close(self: CsvRows) -> None:
        for _ in range(times - 1):
            os.kill(os.getpid(), signal.SIGINT)
        real_close(self)

    monkeypatch.setattr(VideoAnalysis, "__iter__", iterate)
    monkeypatch.setattr(CsvRows, "close", close)


@pytest.mark.parametrize("times", [1, 2])
def test_analyze_video_that_is_interrupted_leaves_whole_files_only(
    analyzer: Analyzer,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    capfd: pytest.CaptureFixture[str],
    times: int,
) -> None:
    (tmp_path / "out.srt").write_text("old")
    interrupt_after(12, monkeypatch, times=times)
    with pytest.raises(KeyboardInterrupt):
        run(analyzer, clip, **all_files(tmp_path))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.srt", "rows.csv"]
    assert (tmp_path / "out.srt").read_text() == "old"
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 14  # the frame at hand is finished
    assert no_thread_is_left()
    printed = capfd.readouterr().err
    assert printed.count("note: stopping") == times - 1
    assert f"note: stopped after 13 frames; their rows are in {tmp_path / 'rows.csv'}\n" in printed


def test_analyze_video_finishes_the_others_where_one_output_fails(
    analyzer: Analyzer, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(self: object) -> None:
        raise MienError("out.srt: cannot be written") from OSError(errno.ENOSPC)

    monkeypatch.setattr("mien.app.video_outputs.SubtitleFile.finish", finish)
    with pytest.raises(MienError, match=r"out\.srt: cannot be written"):
        run(analyzer, clip, **all_files(tmp_path))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.png", "out.webm", "rows.csv", "rows.parquet"]


def test_analyze_video_closes_what_was_open_where_an_output_cannot_be(
    analyzer: Analyzer, clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    files = {"video_file": tmp_path / "out.webm", "parquet_file": tmp_path / "file" / "rows.parquet"}
    with pytest.raises(MienError, match=r"rows.parquet: cannot be written"):
        run(analyzer, clip, **files)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert no_thread_is_left()


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), ("90", 90.0), ("1:30", 90.0), ("1:02:03.5", 3723.5), ("0.25", 0.25)]
)
def test_parse_time_reads_seconds_minutes_and_hours(text: str, seconds: float) -> None:
    assert parse_time("--start", text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "1m", "1:2:3:4", "nan", "1,5", ":30"])
def test_parse_time_refuses_anything_else(text: str) -> None:
    with pytest.raises(MienError) as raised:
        parse_time("--end", text)
    assert str(raised.value) == f"--end {text}: not a time; write seconds, 1:30 or 1:02:03.5"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"start_s": -1.0}, "--start -1: a time in the video is 0 seconds or more"),
        ({"start_s": 5.0, "end_s": 5.0}, "--end 5: must lie after the start, 5 s"),
        ({"every": 0}, "--every 0: must be 1 or more; 5 takes every fifth frame"),
    ],
    ids=["start", "end", "every"],
)
def test_video_part_is_checked(part: dict[str, Any], message: str) -> None:
    with pytest.raises(MienError) as raised:
        VideoPart(**part)
    assert str(raised.value) == message
