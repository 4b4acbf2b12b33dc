import csv
import errno
import io
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.expressions import FER2013_EXPRESSIONS
from tests.clips import cut_file, write_face_clip

Runner = Callable[..., Any]
PICTURES = Path(__file__).resolve().parents[4] / "examples" / "pictures"
YUNET = Path(__file__).resolve().parents[5] / "shared" / "models" / "yunet_n_640_640.onnx"


def write_face(path: Path, *, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with two faces and two faults."""
    folder = tmp_path / "in"
    write_face(folder / "a.png")
    (folder / "b.jpg").write_bytes(b"PK\x03\x04")
    (folder / "c.png").write_bytes(b"")
    write_face(folder / "sub" / "d.png", seed=1)
    return folder


@pytest.fixture
def analyze(run: Runner, tiny_model: Path) -> Runner:
    """Run ``mien analyze`` on whole pictures with the tiny model."""
    return lambda *arguments: run("analyze", *arguments, "--model", tiny_model, "--detector", "none")


def test_analyze_prints_a_table_of_the_faces_of_photographs(run: Runner, tiny_model: Path) -> None:
    ran = run("analyze", PICTURES, "--model", tiny_model)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert sum("%" in line for line in lines) == 10
    assert sum("montage.jpg" in line for line in lines) == 1


def test_analyze_with_yunet(run: Runner, tiny_model: Path) -> None:
    if not YUNET.is_file():
        pytest.skip("the YuNet file is not here (../shared/models)")
    arguments = ["--model", tiny_model, "--detector", "yunet", "--detector-model", YUNET, "--json"]
    ran = run("analyze", PICTURES / "montage.jpg", *arguments)
    result = json.loads(ran.out)
    assert (ran.code, result["detector"], len(result["faces"])) == (0, "yunet", 8)
    assert len(result["faces"][0]["landmarks"]) == 5


def test_analyze_json_prints_an_object_a_line_and_an_error_line_a_fault(analyze: Runner, mixed: Path) -> None:
    ran = analyze(mixed, "gone.jpg", "--json")
    results = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 2
    assert [result["status"] for result in results] == ["ok", "not_a_picture", "empty", "ok", "missing"]
    assert tuple(results[0]["faces"][0]["probabilities"]) == FER2013_EXPRESSIONS
    expected = "expected JPEG, PNG, WebP, BMP or TIFF"
    assert ran.err.splitlines() == [
        f"error: {mixed / 'b.jpg'}: not a picture (first bytes 'PK..'); {expected}",
        f"error: {mixed / 'c.png'}: empty (0 bytes); {expected}",
        "error: gone.jpg: no such file or folder; check the path",
    ]


def test_analyze_table_has_a_row_for_what_could_not_be_read(analyze: Runner, mixed: Path) -> None:
    ran = analyze(mixed)
    assert ran.code == 2
    assert [line.split()[-2:] for line in ran.out.splitlines() if "b.jpg" in line] == [["a", "picture"]]
    assert len(ran.err.splitlines()) == 2


def test_analyze_of_one_broken_picture_is_one_line(analyze: Runner, mixed: Path) -> None:
    ran = analyze(mixed / "c.png")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: {mixed / 'c.png'}: empty (0 bytes); expected JPEG, PNG, WebP, BMP or TIFF\n"


def test_analyze_of_an_empty_folder_is_one_line(analyze: Runner, tmp_path: Path) -> None:
    line = f"error: {tmp_path}: no picture in this folder or below it; expected JPEG, PNG, WebP, BMP or TIFF files\n"
    assert analyze(tmp_path) == (2, "", line)


def test_analyze_csv_on_standard_output(analyze: Runner, mixed: Path) -> None:
    ran = analyze(mixed, "--csv", "-")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert ran.code == 2
    assert [row["status"] for row in rows] == ["ok", "not_a_picture", "empty", "ok"]
    assert abs(sum(float(rows[0][name]) for name in FER2013_EXPRESSIONS) - 1) < 1e-4


def test_analyze_csv_in_a_file_replaces_the_table(analyze: Runner, mixed: Path, tmp_path: Path) -> None:
    ran = analyze(mixed / "a.png", "--csv", tmp_path / "rows.csv")
    assert ran == (0, "", "")
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 2


def test_analyze_json_and_csv_together_when_one_is_a_file(analyze: Runner, mixed: Path, tmp_path: Path) -> None:
    ran = analyze(mixed / "a.png", "--json", "--csv", tmp_path / "rows.csv")
    assert json.loads(ran.out)["status"] == "ok"
    assert (tmp_path / "rows.csv").exists()
    ran = analyze(mixed / "a.png", "--json", "--csv", "-")
    assert ran.code == 2
    assert ran.err.startswith("error: --json and '--csv -' both print on standard output; ")


def test_analyze_reads_standard_input(analyze: Runner, mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((mixed / "a.png").read_bytes())))
    result = json.loads(analyze("-", "--json").out)
    assert (result["source"], result["status"]) == ("standard input", "ok")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert analyze("-").err == "error: standard input: empty (0 bytes); expected JPEG, PNG, WebP, BMP or TIFF\n"


def test_analyze_save_writes_annotated_copies_beside_the_table(analyze: Runner, mixed: Path, tmp_path: Path) -> None:
    write_face(mixed / "other" / "a.png", seed=2)
    ran = analyze(mixed, "--save", tmp_path / "out")
    assert ran.code == 2
    assert "a.png" in ran.out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "a_2.png", "d.png"]
    assert np.asarray(Image.open(tmp_path / "out" / "a.png")).shape == (256, 256, 3)


def test_analyze_save_inside_the_analysed_folder_is_left_out_next_time(analyze: Runner, mixed: Path) -> None:
    first = analyze(mixed, "--save", mixed / "out")
    second = analyze(mixed, "--save", mixed / "out")
    assert first == second
    assert sorted(path.name for path in (mixed / "out").iterdir()) == ["a.png", "d.png"]


def test_analyze_save_refuses_the_analysed_folder_itself(analyze: Runner, mixed: Path) -> None:
    ran = analyze(mixed, "--save", mixed)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: --save {mixed}: this folder is analysed itself; choose another, or one inside it\n"


def test_analyze_save_beside_the_input_never_overwrites_it(analyze: Runner, mixed: Path) -> None:
    before = (mixed / "a.png").read_bytes()
    assert analyze(mixed / "a.png", "--save", mixed).code == 0
    assert (mixed / "a.png").read_bytes() == before
    assert (mixed / "a_2.png").exists()


@pytest.mark.parametrize("option", ["--json", "table"])
def test_analyze_save_on_a_full_disk_keeps_what_was_printed(
    analyze: Runner, mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    real_write = Path.write_bytes

    def write_bytes(self: Path, data: bytes) -> int:
        if "d" in self.stem.split("."):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(self, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    options = ["--json"] if option == "--json" else []
    ran = analyze(mixed / "a.png", mixed / "sub" / "d.png", "--save", tmp_path / "out", *options)
    assert ran.code == 2
    assert "a.png" in ran.out
    line = f"error: {tmp_path / 'out' / 'd.png'}: cannot be written: no space left on the device; "
    assert ran.err == f"{line}free some space or write elsewhere\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]


def test_analyze_shows_names_that_are_not_ascii(analyze: Runner, tmp_path: Path) -> None:
    path = write_face(tmp_path / "grüße 顔 [1].png")
    assert "grüße 顔 [1].png" in analyze(path).out
    assert json.loads(analyze(path, "--json").out)["source"] == str(path)


def test_analyze_bears_names_that_are_no_text(analyze: Runner, tmp_path: Path) -> None:
    path = write_face(tmp_path / "a\udcff.png")
    assert analyze(path).code == 0
    assert json.loads(analyze(path, "--json").out)["source"] == str(path)
    assert analyze(path, "--csv", "-").code == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--model", "compakt"], "error: unknown model 'compakt'"),
        (["--model", "gone.onnx"], "error: gone.onnx: no such model file\n"),
        (["--detector", "harr"], "error: unknown face detector 'harr'; did you mean 'haar'?\n"),
        (["--detector", "yunet", "--detector-model", "gone.onnx"], "error: gone.onnx: no such file; detector 'yunet'"),
    ],
    ids=["name", "file", "detector", "detector file"],
)
def test_analyze_names_a_wrong_choice(run: Runner, tiny_model: Path, arguments: list[str], line: str) -> None:
    chosen = arguments if "--model" in arguments else [*arguments, "--model", tiny_model]
    ran = run("analyze", PICTURES, *chosen)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(line)
    assert len(ran.err.splitlines()) == 1


def test_analyze_of_a_damaged_tiff_is_one_line(tiny_model: Path, tmp_path: Path) -> None:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "TIFF", compression="tiff_lzw")
    damaged = bytearray(file.getvalue())
    damaged[1000:-300:200] = bytes(255 for _ in damaged[1000:-300:200])
    path = tmp_path / "a.tif"
    path.write_bytes(damaged)
    # libtiff writes to the descriptor itself, which only another process shows.
    command = [sys.executable, "-m", "mien", "analyze", str(path), "--model", str(tiny_model)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (2, f"error: {path}: a TIFF that cannot be decoded (decoder error -2)\n")


@pytest.mark.parametrize("name", ["input.png", "other.JPG", "table.csv"])
def test_analyze_never_writes_csv_onto_a_picture(analyze: Runner, mixed: Path, tmp_path: Path, name: str) -> None:
    """`--csv a.jpg b.jpg`, where the file's name was forgotten, must not cost a picture."""
    picture = tmp_path / name
    picture.write_bytes(next(mixed.glob("*.png")).read_bytes())
    before = picture.read_bytes()
    ran = analyze(picture, "--csv", picture)
    assert ran.code == 2
    assert "this names a picture; name the file to write, such as --csv faces.csv" in ran.err
    assert picture.read_bytes() == before


@pytest.mark.parametrize(
    ("is_terminal", "options", "num_told"), [(True, [], 1), (False, [], 0), (True, ["--detector", "haar"], 0)]
)
def test_analyze_tells_once_how_to_get_the_better_detector(
    is_terminal: bool, options: list[str], num_told: int, run: Runner, mixed: Path
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stderr.isatty", lambda: is_terminal)
        ran = run("analyze", mixed / "a.png", mixed / "sub", *options)
    assert ran.err.count("note: faces are found by haar; yunet finds more") == num_told


def test_analyze_with_a_named_engine(analyze: Runner, tmp_path: Path) -> None:
    ran = analyze(write_face(tmp_path / "a.png"), "--engine", "onnxruntime", "--json")
    assert (ran.code, json.loads(ran.out)["status"]) == (0, "ok")


def test_analyze_refuses_an_engine_that_is_not_here(
    analyze: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.recognition.engines.choice.find_spec", lambda _: None)
    ran = analyze(write_face(tmp_path / "a.png"), "--engine", "openvino")
    refusal = "error: this needs the package 'openvino'; install it with: pip install 'mien[fast]'\n"
    assert ran == (2, "", refusal)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty frames with a face at 10 frames/s."""
    return write_face_clip(tmp_path_factory.mktemp("clip") / "face.avi", 20)


@pytest.fixture
def analyze_clip(run: Runner, tiny_model: Path, clip: Path) -> Runner:
    """Run ``mien analyze`` on the clip with the tiny model."""
    return lambda *arguments: run("analyze", clip, *arguments, "--model", tiny_model, "--detector", "haar")


def test_analyze_of_a_video_prints_a_table_of_its_persons(analyze_clip: Runner) -> None:
    ran = analyze_clip("--detect-every", 5)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("20 frames, ")
    header, row = (line.split() for line in ran.out.splitlines() if line.strip().startswith(("person", "1 ")))
    assert header == ["person", "from", "to", "frames", "shown", "changes", "a", "minute", "unsmoothed"]
    assert row[:6] == ["1", "0.0", "s", "1.9", "s", "20"]


def test_analyze_of_a_video_takes_all_options(analyze_clip: Runner, tmp_path: Path) -> None:
    files = {"--csv": "rows.csv", "--save": "out.webm", "--subtitles": "out.srt", "--timeline": "out.png"}
    part = ["--start", "0:00.5", "--end", "1.5", "--every", 2, "--smoothing", "none"]
    ran = analyze_clip(*part, *(each for option, name in files.items() for each in (option, tmp_path / name)))
    assert (ran.code, ran.err) == (0, "")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(files.values())
    rows = list(csv.DictReader((tmp_path / "rows.csv").open()))
    assert [row["frame"] for row in rows] == ["5", "7", "9", "11", "13"]
    assert "raw_happy" not in rows[0]


def test_analyze_of_a_video_prints_an_object_a_frame(analyze_clip: Runner) -> None:
    results = [json.loads(line) for line in analyze_clip("--json", "--end", "0.5").out.splitlines()]
    assert [(result["frame"], result["time_s"]) for result in results] == [(n, n / 10) for n in range(5)]
    assert all(result["faces"][0]["track_id"] == 1 for result in results)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--end", "1m"], "error: --end 1m: not a time; write seconds, 1:30 or 1:02:03.5\n"),
        (["--start", "2", "--end", "1"], "error: --end 1: must lie after the start, 2 s\n"),
        (["--smoothing", "markow"], "error: unknown smoothing 'markow'; did you mean 'markov'?\n"),
        (["--save", "out.gif"], "error: out.gif: not a kind of video that is written; "),
        (["--timeline", "out.svg"], "error: out.svg: the drawing is written as .png or .jpg; "),
        (["--start", "9"], "error: {clip}: ends at 1.9 s, before the start that was asked for, 9 s\n"),
    ],
    ids=["time", "part", "smoothing", "save", "timeline", "after the end"],
)
def test_analyze_of_a_video_names_a_wrong_option(
    analyze_clip: Runner, clip: Path, arguments: list[str], line: str
) -> None:
    ran = analyze_clip(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(line.format(clip=clip))
    assert len(ran.err.splitlines()) == 1


def test_analyze_takes_one_video_alone(analyze: Runner, clip: Path, mixed: Path) -> None:
    ran = analyze(mixed, clip, mixed / "a.png")
    assert ran == (2, "", f"error: {clip}: a video is analysed alone; leave out what is named beside it\n")


def test_analyze_of_pictures_refuses_options_of_videos(analyze: Runner, mixed: Path) -> None:
    ran = analyze(mixed, "--every", 2, "--timeline", "out.png")
    assert ran == (2, "", f"error: --every, --timeline: for a video only, and {mixed} is none by its name\n")


def test_analyze_of_a_folder_that_is_called_like_a_video(analyze: Runner, tmp_path: Path) -> None:
    write_face(tmp_path / "holiday.mp4" / "a.png")
    assert analyze(tmp_path / "holiday.mp4").code == 0


def test_analyze_writes_pictures_as_parquet_but_never_onto_one(analyze: Runner, mixed: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not here (mien[tables])")
    assert analyze(mixed / "a.png", "--parquet", tmp_path / "rows.parquet") == (0, "", "")
    assert (tmp_path / "rows.parquet").read_bytes()[:4] == b"PAR1"
    assert "this names a picture; name the file to write, such as --parquet faces.parquet" in (
        analyze(mixed / "a.png", "--parquet", mixed / "a.png").err
    )


@pytest.mark.parametrize("kind", ["fake", "cut"])
def test_analyze_of_a_faulty_video_is_one_line(tiny_model: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip.avi"
    if kind == "fake":
        path.write_bytes(b"PK\x03\x04" * 50)
    else:
        cut_file(write_face_clip(path, 20))
    # OpenCV and FFmpeg write to the descriptor itself, which only another process shows.
    command = [sys.executable, "-m", "mien", "analyze", str(path), "--model", str(tiny_model), "--detector", "haar"]
    ran = subprocess.run([*command, "--save", str(tmp_path / "out.webm")], capture_output=True, text=True, check=False)
    start = {"fake": "error: {}: not a video that can be decoded", "cut": "note: {}: ends after 1."}[kind]
    assert ran.returncode == {"fake": 2, "cut": 0}[kind]
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith(start.format(path))


@pytest.mark.parametrize("times", [1, 2])
def test_analyze_of_a_video_ends_by_ctrl_c_without_a_trace(tiny_model: Path, tmp_path: Path, times: int) -> None:
    clip = write_face_clip(tmp_path / "long.avi", 2000)
    command = [sys.executable, "-m", "mien", "analyze", str(clip), "--model", str(tiny_model), "--detector", "haar"]
    files = ["--csv", str(tmp_path / "rows.csv"), "--save", str(tmp_path / "out.webm")]
    with subprocess.Popen([*command, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        rows = tmp_path / "rows.csv"
        while process.poll() is None and not (rows.exists() and rows.stat().st_size):
            time.sleep(0.05)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        killer = threading.Timer(60, process.kill)
        killer.start()
        out, err = process.communicate()
        killer.cancel()
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["long.avi", "rows.csv"]
    assert rows.read_text().endswith("\n")


def test_analyze_help_names_the_extras_and_the_options_of_a_video(run: Runner) -> None:
    words = " ".join(run("analyze", "--help").out.replace("│", " ").split())
    assert "mien[video]" in words
    assert "mien[tables]" in words
    assert "Of a video" in words
