import csv
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mien.recognition.video import streams
from mien.recognition.video.reading import VideoReader
from tests.clips import cut_file, write_face_clip, write_numbered_clip
from tests.live_streams import FakeCapture, live_threads, open_files

Runner = Callable[..., Any]
pygame: Any = None
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
with suppress(ModuleNotFoundError):
    pygame = importlib.import_module("pygame")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames with a face at 20 frames/s."""
    return write_face_clip(tmp_path_factory.mktemp("clip") / "face.avi", 10, rate=20)


@pytest.fixture
def webcam(run: Runner, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Run ``mien webcam`` on whole frames with the tiny model, without pygame."""
    monkeypatch.setitem(sys.modules, "pygame", None)
    return lambda *arguments: run("webcam", *arguments, "--model", tiny_model, "--detector", "none")


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Any:
    """pygame, and a screen that nobody sees; asked for after ``webcam``."""
    if pygame is None:
        pytest.skip("pygame is not here (mien[live])")
    monkeypatch.setitem(sys.modules, "pygame", pygame)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    return pygame


def put_camera(monkeypatch: pytest.MonkeyPatch, capture: FakeCapture) -> None:
    monkeypatch.setattr(streams, "LONGEST_SILENCE_S", 0.2)
    real = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda *source: capture if source == (0,) else real(*source))


def make_frames(num_frames: int) -> list[np.ndarray | None]:
    return [np.full((48, 64, 3), 90, dtype=np.uint8) for _ in range(num_frames)]


def read_rows(file: Path) -> list[dict[str, str]]:
    with file.open() as opened:
        return list(csv.DictReader(opened))


def test_webcam_plays_a_file_and_records_and_writes_rows(webcam: Runner, clip: Path, tmp_path: Path) -> None:
    files = open_files()
    arguments = ["--record", tmp_path / "talk.webm", "--csv", tmp_path / "rows.csv", "--no-window"]
    ran = webcam("--source", clip, *arguments)
    rows = read_rows(tmp_path / "rows.csv")
    assert (ran.code, ran.out) == (0, "")
    recorded, closing = ran.err.splitlines()
    assert recorded == f"recorded: {tmp_path / 'talk.webm'}"
    assert closing.startswith(f"{len(rows)} frames, ")
    assert f"{10 - len(rows)} dropped; latency " in closing
    assert {row["source"] for row in rows} == {str(clip)}
    assert [float(row["time_s"]) for row in rows] == [int(row["frame"]) / 20 for row in rows]
    assert (tmp_path / "talk.webm").stat().st_size
    assert (live_threads(), open_files()) == ([], files)


def test_webcam_prints_an_object_a_frame(webcam: Runner, clip: Path) -> None:
    ran = webcam("--source", clip, "--json", "--no-window")
    results = [json.loads(line) for line in ran.out.splitlines()]
    assert results[0]["faces"][0]["track_id"] == 1
    assert ran.err.startswith(f"{len(results)} frames, ")


def test_webcam_takes_all_options_of_following(webcam: Runner, clip: Path) -> None:
    options = ["--detect-every", 5, "--smoothing", "none", "--search-side", 160, "--engine", "onnxruntime"]
    ran = webcam("--source", clip, "--csv", "-", "--no-window", *options)
    assert ran.code == 0
    assert "raw_happy" not in ran.out


def test_webcam_ends_after_so_many_seconds(webcam: Runner, tmp_path: Path) -> None:
    clip = write_numbered_clip(tmp_path / "long.avi", 100, rate=10)
    ran = webcam("--source", clip, "--json", "--no-window", "--seconds", 0.5)
    assert ran.code == 0
    assert json.loads(ran.out.splitlines()[-1])["time_s"] < 5


def test_webcam_shows_a_window_until_a_key_is_pressed(
    webcam: Runner, screen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_numbered_clip(tmp_path / "long.avi", 200, rate=20)
    keys, flip = iter([screen.K_s, screen.K_r, screen.K_x, screen.K_x, screen.K_q]), screen.display.flip

    def flip_and_press() -> None:
        flip()
        screen.event.post(screen.event.Event(screen.KEYDOWN, key=next(keys)))

    monkeypatch.setattr(screen.display, "flip", flip_and_press)
    ran = webcam("--source", clip, "--snapshots", tmp_path / "kept")
    assert (ran.code, ran.out) == (0, "")
    assert [line.partition(":")[0] for line in ran.err.splitlines()[:2]] == ["snapshot", "recorded"]
    assert ran.err.splitlines()[2].startswith("5 frames, ")
    assert {file.name for file in (tmp_path / "kept").iterdir()} == {"snapshot-1.png", "recording-1.webm"}
    assert not screen.display.get_init()


def test_webcam_reads_a_camera(webcam: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = FakeCapture(make_frames(500))
    put_camera(monkeypatch, capture)
    ran = webcam("--json", "--no-window", "--size", "64X48", "--seconds", 0)
    assert (ran.code, json.loads(ran.out)["source"]) == (0, "camera 0")
    assert capture.asked == {cv2.CAP_PROP_FRAME_WIDTH: 64, cv2.CAP_PROP_FRAME_HEIGHT: 48}
    assert capture.is_released


def test_webcam_that_is_unplugged_exits_with_1_and_keeps_what_came(
    webcam: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_camera(monkeypatch, FakeCapture(make_frames(4)))
    files = ["--record", tmp_path / "talk.webm", "--csv", tmp_path / "rows.csv"]
    ran = webcam("--no-window", *files)
    recorded, closing, error = ran.err.splitlines()
    assert (ran.code, recorded) == (1, f"recorded: {tmp_path / 'talk.webm'}")
    assert " dropped; latency " in closing
    assert error == "error: camera 0: gave no further frame after 4; is it unplugged?"
    rows = read_rows(tmp_path / "rows.csv")
    assert rows[-1]["frame"] == "3"
    with VideoReader(tmp_path / "talk.webm") as reader:
        assert list(reader)
    assert live_threads() == []


def test_webcam_without_a_camera_is_one_line_and_touches_no_file(webcam: Runner, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("precious")
    ran = webcam(963, "--csv", tmp_path / "rows.csv", "--no-window")
    line = "error: camera 963: there is none; name another number, or play a file with --source FILE\n"
    assert ran == (2, "", line)
    assert (tmp_path / "rows.csv").read_text() == "precious"


def test_webcam_whose_camera_gives_nothing_is_one_line(webcam: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    put_camera(monkeypatch, FakeCapture([]))
    ran = webcam("--json", "--no-window")
    assert ran == (2, "", "error: camera 0: gives no frame; another program may be using it\n")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "no such file or directory"),
        (b"", "empty file (0 bytes)"),
        (b"PK\x03\x04" * 20, "not a video that can be decoded (first bytes 'PK..PK..'); "),
    ],
    ids=["missing", "empty", "fake"],
)
def test_webcam_of_a_file_that_cannot_be_read_is_one_line(
    webcam: Runner, tmp_path: Path, content: bytes | None, line: str
) -> None:
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    ran = webcam("--source", path, "--json", "--no-window")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {path}: {line}")
    assert len(ran.err.splitlines()) == 1


def test_webcam_of_a_file_without_frames_is_one_line(
    webcam: Runner, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.recognition.video.reading.VideoReader._positions", lambda _: iter(()))
    ran = webcam("--source", clip, "--json", "--no-window")
    assert ran == (2, "", f"error: {clip}: no frame can be decoded; the video is empty or damaged\n")


def test_webcam_of_a_cut_file_says_so(webcam: Runner, tmp_path: Path) -> None:
    clip = cut_file(write_numbered_clip(tmp_path / "cut.mkv", 40, rate=100))
    ran = webcam("--source", clip, "--json", "--no-window")
    note, closing = ran.err.splitlines()
    assert (ran.code, note) == (0, f"note: {clip}: ends after 0.2 of 0.4 s; it is cut or damaged there")
    assert " dropped; " in closing


def test_webcam_without_pygame_names_the_extra(webcam: Runner, clip: Path) -> None:
    line = "error: this needs the package 'pygame'; install it with: pip install 'mien[live]'\n"
    assert webcam("--source", clip) == (2, "", line)


def test_webcam_without_a_screen_says_print_or_record(
    webcam: Runner, screen: Any, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen.display, "get_driver", lambda: "offscreen")
    words = "no window can be opened here (no screen); print with --json or --csv, or record with --record FILE"
    assert webcam("--source", clip) == (2, "", f"error: {words}\n")
    ran = webcam("--source", clip, "--json")
    note, _ = ran.err.splitlines()
    assert (ran.code, note) == (0, f"note: going on without a window: {words}")
    assert ran.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--no-window"], "--no-window shows nothing; print with --json or --csv, or record with --record FILE"),
        (["--json", "--csv", "-"], "--json and '--csv -' both print on standard output; write the CSV to a file or "),
        (["--json", "--size", "640"], "--size 640: not a size; write WIDTHxHEIGHT, such as 640x480"),
        (["--json", "--size", "0x480"], "--size 0x480: not a size; "),
        (["--record", "talk.gif"], "talk.gif: not a kind of video that is written; "),
        (["--json", "--smoothing", "much"], "unknown smoothing 'much'"),
        (["--record", "{clip}"], "--record {clip}: this is the video that is analysed; name another file"),
        (["--csv", "a.webm", "--record", "a.webm"], "--record a.webm: this is what --csv writes; name another file"),
        (["--json", "1"], "--source {clip}: this is played in place of a camera; leave out its number and --size"),
        (["--json", "--size", "64x48"], "--source {clip}: this is played in place of a camera; "),
    ],
    ids=["nothing", "both", "size", "no width", "kind", "smoothing", "itself", "one file", "camera", "size of a file"],
)
def test_webcam_names_a_wrong_option(webcam: Runner, tmp_path: Path, arguments: list[str], line: str) -> None:
    clip = write_numbered_clip(tmp_path / "clip.mkv", 3)
    clip = clip.rename(tmp_path / "clip.webm")
    ran = webcam("--source", clip, *(each.format(clip=clip) for each in arguments))
    assert (ran.code, ran.out) == (2, "")
    last = ran.err.splitlines()[-1]
    assert last.startswith(f"error: {line.format(clip=clip)}")


@pytest.mark.parametrize("times", [1, 2])
def test_webcam_ends_by_ctrl_c_with_its_closing_line(tiny_model: Path, tmp_path: Path, times: int) -> None:
    clip, rows = write_numbered_clip(tmp_path / "long.avi", 600, rate=20), tmp_path / "rows.csv"
    command = [sys.executable, "-m", "mien", "webcam", "--source", str(clip), "--model", str(tiny_model), "--no-window"]
    files = ["--detector", "none", "--csv", str(rows), "--record", str(tmp_path / "talk.webm")]
    with subprocess.Popen([*command, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (rows.exists() and rows.stat().st_size):
            time.sleep(0.05)
        for _ in range(times):
            process.send_signal(signal.SIGINT)  # at once: a later one may come when Python is gone already
        killer = threading.Timer(60, process.kill)
        killer.start()
        out, err = process.communicate()
        killer.cancel()
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err
    recorded, closing = (line for line in err.splitlines() if line and not line.startswith("note: stopping"))
    assert recorded == f"recorded: {tmp_path / 'talk.webm'}"
    assert closing.startswith(f"{len(read_rows(rows))} frame")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["long.avi", "rows.csv", "talk.webm"]


def test_webcam_help_names_keys_and_extras(run: Runner) -> None:
    words = " ".join(run("webcam", "--help").out.replace("│", " ").split())
    for word in ("q or Escape quits", "mien[video]", "extra live", "Of a video", "--search-side"):
        assert word in words
