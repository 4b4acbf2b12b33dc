import csv
import errno
import json
import sys
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.app import outputs
from mien.app.outputs import (
    AnnotatedPictures,
    CsvRows,
    FaceTable,
    JsonLines,
    ParquetRows,
    check_apart,
    check_printed_once,
)
from mien.errors import MienError, MissingExtraError
from mien.recognition.results import Recognition
from mien.structures import Face

IMAGE = np.full((300, 400, 3), 90, dtype=np.uint8)
FACE = Face(
    box_xyxy=(100.0, 50.4, 200.0, 150.0),
    detector_score=5.0,
    expression="happy",
    probabilities={"happy": 0.7, "sad": 0.3},
    flags=("too_small", "unsure"),
)


def make(source: str = "a.jpg", **changes: Any) -> Recognition:
    facts: dict[str, Any] = {
        "source": source,
        "status": "ok",
        "message": "",
        "faces": (FACE, FACE),
        "size_hw": (300, 400),
        "model": "tiny",
        "detector": "haar",
        "expressions": ("happy", "sad"),
        "image": IMAGE,
    }
    return Recognition(**{**facts, **changes})


NO_FACE = make("b.jpg", status="no_face", faces=(), message="first of 3 frames")
BROKEN = make("c.jpg", status="empty", faces=(), size_hw=None, message="c.jpg: empty", image=None)


def test_json_lines_prints_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    output = JsonLines()
    for result in (make("é.jpg"), BROKEN):
        output.write(result)
    output.close()
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [make("é.jpg").to_dict(), BROKEN.to_dict()]


def test_csv_rows_in_a_file_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rows.csv"
    output = CsvRows(path)
    for result in (make('a "quoted", é.jpg'), NO_FACE, BROKEN):
        output.write(result)
    output.close()
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows] == ['a "quoted", é.jpg'] * 2 + ["b.jpg", "c.jpg"]
    assert [row["face"] for row in rows] == ["1", "2", "", ""]
    assert (rows[0]["happy"], rows[0]["sad"], rows[0]["flags"]) == ("0.7", "0.3", "too_small unsure")
    assert path.read_text(encoding="utf-8").count("source,status") == 1


def test_csv_rows_keeps_the_bytes_of_an_undecodable_name(tmp_path: Path) -> None:
    output = CsvRows(tmp_path / "rows.csv")
    output.write(make("a\udcff.jpg"))
    output.close()
    assert b"a\xff.jpg" in (tmp_path / "rows.csv").read_bytes()


def test_csv_rows_are_there_as_soon_as_they_are_written(tmp_path: Path) -> None:
    output = CsvRows(tmp_path / "rows.csv")
    output.write(make())
    assert (tmp_path / "rows.csv").read_text().count("a.jpg") == 2
    output.close()


def test_csv_rows_on_a_full_disk_leaves_whole_rows(tmp_path: Path) -> None:
    class Disk:
        """A file on a disk with room for 700 more bytes."""

        def __init__(self, file: Any) -> None:
            self.file, self.left = file, 700

        def write(self, data: memoryview) -> int:
            if self.left == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            written: int = self.file.write(data[: self.left])
            self.left -= written
            return written

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    path = tmp_path / "rows.csv"
    output = CsvRows(path)
    output._file = Disk(output._file)  # type: ignore[assignment]
    with pytest.raises(MienError, match=r"rows.csv: cannot be written: no space left on the device"):
        deque(map(output.write, [make(f"{number}.jpg") for number in range(50)]))
    output.close()
    text = path.read_text()
    assert text.endswith("\n")
    assert 3 <= len(text.splitlines()) < 20
    assert {line.count(",") for line in text.splitlines()} == {text.splitlines()[0].count(",")}


def test_csv_rows_names_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MienError, match="cannot be written: "):
        CsvRows(tmp_path / "file" / "rows.csv")


def test_face_table_has_a_row_a_face_and_one_for_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    table = FaceTable()
    for result in (make("a [bold].jpg"), NO_FACE, BROKEN):
        table.write(result)
    assert capsys.readouterr().out == ""
    table.close()
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["picture", "face", "box", "expression", "probability", "flags"]
    assert lines[2] == ["a", "[bold].jpg", "1", "100", "50", "200", "150", "happy", "70.0%", "too", "small,", "unsure"]
    assert lines[3][:2] == ["2", "100"]
    assert lines[4] == ["b.jpg", "no", "face", "first", "of", "3", "frames"]
    assert lines[5] == ["c.jpg", "empty"]


def test_face_table_shows_a_note_beside_the_flags(capsys: pytest.CaptureFixture[str]) -> None:
    table = FaceTable()
    table.write(make(message="first of 2 frames", faces=(FACE,)))
    table.close()
    assert "too small, unsure, first of 2 frames" in capsys.readouterr().out


def test_face_table_prints_nothing_where_no_picture_could_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    table = FaceTable()
    table.write(BROKEN)
    table.close()
    assert capsys.readouterr().out == ""


def test_annotated_pictures_are_named_after_their_inputs(tmp_path: Path) -> None:
    output = AnnotatedPictures(tmp_path / "out", [])
    for source in ("x/a.jpg", "y/a.JPG", "z/A.jpeg", "a.png", "b.webp", "standard input", "array 0"):
        output.write(make(source))
    output.write(NO_FACE)
    output.write(BROKEN)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["A_3.jpg", "a.jpg", "a.png", "a_2.jpg", "array 0.png", "b.jpg", "b.png", "standard_input.png"]


def test_annotated_pictures_show_boxes(tmp_path: Path) -> None:
    AnnotatedPictures(tmp_path, []).write(make("a.png"))
    saved = np.asarray(Image.open(tmp_path / "a.png"))
    assert (saved == make().draw()).all()


def test_annotated_pictures_never_take_an_inputs_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_text("the input")
    Path("a_2.png").write_text("another input")
    output = AnnotatedPictures(tmp_path, [Path("a.png"), tmp_path / "a_2.png"])
    output.write(make("a.png"))
    assert (Path("a.png").read_text(), Path("a_2.png").read_text()) == ("the input", "another input")
    assert Path("a_3.png").exists()


def test_annotated_pictures_names_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(MienError, match="out: cannot be written: a file stands where a folder is expected"):
        AnnotatedPictures(tmp_path / "out", [])


def test_parquet_rows_can_be_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not here (mien[tables])")
    monkeypatch.setattr(outputs, "_ROWS_IN_A_GROUP", 3)
    path = tmp_path / "new" / "rows.parquet"
    output = ParquetRows(path)
    for result in (NO_FACE, make("a.jpg"), BROKEN, make("d.jpg", time_s=1.5, faces=(FACE,))):
        output.write(result)
    assert not path.exists()
    output.finish()
    output.close()
    rows = pandas.read_parquet(path)
    assert rows["source"].tolist() == ["b.jpg", "a.jpg", "a.jpg", "c.jpg", "d.jpg"]
    assert rows["expression"].fillna("none").tolist() == ["none", "happy", "happy", "none", "happy"]
    assert rows["happy"].tolist()[1] == 0.7
    assert rows["flags"].tolist() == ["", *["too_small unsure"] * 2, "", "too_small unsure"]
    assert [file.name for file in path.parent.iterdir()] == ["rows.parquet"]


def test_parquet_rows_that_are_not_finished_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not here (mien[tables])")
    monkeypatch.setattr(outputs, "_ROWS_IN_A_GROUP", 1)
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"old")
    output = ParquetRows(path)
    output.write(make())
    output.close()
    output.close()
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("rows.parquet", b"old")]


def test_parquet_rows_say_that_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not here (mien[tables])")

    def write_table(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(parquet.ParquetWriter, "write_table", write_table)
    output = ParquetRows(tmp_path / "rows.parquet")
    output.write(make())
    with pytest.raises(MienError, match=r"rows.parquet: cannot be written: no space left on the device"):
        output.finish()
    output.close()
    assert list(tmp_path.iterdir()) == []


def test_parquet_rows_without_pyarrow_name_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[tables\]'"):
        ParquetRows(tmp_path / "rows.parquet")


def test_rows_of_one_kind_are_printed() -> None:
    check_printed_once(as_json=True, csv_file="rows.csv")
    check_printed_once(as_json=False, csv_file="-")
    with pytest.raises(MienError) as raised:
        check_printed_once(as_json=True, csv_file="-")
    assert str(raised.value) == (
        "--json and '--csv -' both print on standard output; write the CSV to a file or leave one out"
    )


def test_files_to_write_are_apart_from_each_other_and_from_the_video(tmp_path: Path) -> None:
    video = tmp_path / "clip.webm"
    check_apart({"--csv": tmp_path / "rows.csv", "--save": tmp_path / "out.webm"}, video=video)
    check_apart({"--save": video}, video=None)
    with pytest.raises(MienError) as raised:
        check_apart({"--save": tmp_path / "sub" / ".." / "clip.webm"}, video=video)
    assert str(raised.value).endswith("clip.webm: this is the video that is analysed; name another file")
    with pytest.raises(MienError, match=r"^--save rows: this is what --csv writes; name another file$"):
        check_apart({"--csv": Path("rows"), "--save": Path("rows")}, video=None)
