import sys
from pathlib import Path

import pytest

from mien.data.datasets.manifest import read_manifest
from mien.errors import DataError, MissingExtraError, PictureError
from tests.made_datasets import make_manifest, save_face, write_table


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_of_each_kind_is_read(tmp_path: Path, ending: str) -> None:
    made = make_manifest(tmp_path, ending=ending)
    face_set = read_manifest(made.path)
    assert face_set.row_ids.tolist() == list(made.rows)
    assert face_set.expressions == ("angry", "happy", "sad")
    assert face_set.columns["subject"].tolist() == ["p0", "p1"] * 3
    assert face_set.columns["camera"].tolist() == ["left"] * 6
    assert "label 'HAPPY' read as happy: 2 pictures" in face_set.history
    assert not face_set.has_published_splits


def test_path_and_label_are_enough(tmp_path: Path) -> None:
    save_face(tmp_path / "a.png", "happy")
    (tmp_path / "faces.csv").write_text("path,label\na.png,happy\n")
    face_set = read_manifest(tmp_path / "faces.csv", name="mine")
    assert face_set.row_ids.tolist() == ["mine:a.png"]
    assert face_set.splits.tolist() == ["training"]
    assert face_set.subjects is None


def test_other_names_and_separators_are_understood_and_said(tmp_path: Path) -> None:
    save_face(tmp_path / "in" / "a.png", "happy")
    save_face(tmp_path / "b.png", "sad")
    text = f"Image; Emotion ;Usage\nin\\a.png;3;Training\n{tmp_path / 'b.png'};4;PrivateTest\n\n"
    (tmp_path / "faces.csv").write_text("\ufeff" + text, encoding="utf-8")
    face_set = read_manifest(tmp_path / "faces.csv", numbers="fer2013")
    assert [face_set.expressions[label] for label in face_set.labels] == ["happy", "sad"]
    assert face_set.splits.tolist() == ["training", "test"]
    assert "column 'Image' read as path" in face_set.history
    assert "label '3' read as happy: 1 picture" in face_set.history


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows under the header"),
        ("path,label\n", "no rows under the header; expected one picture a row"),
        ("file,mood\na.png,happy\n", "no column label; expected path and label, found file, mood"),
        ("path,Path,label\na.png,b.png,happy\n", "column 'path' stands twice; expected each once"),
        ("path,label\na.png,happy\nb.png\n", r"faces\.csv, line 3: cells: 1, expected 2"),
        ("path,label\n,happy\n", r"faces\.csv, line 2: no path"),
        (
            "path,label,split\na.png,happy,train\nb.png,sad,later\n",
            r"faces\.csv, line 3: split 'later', expected training, validation or test",
        ),
        (
            "path,label\na.png,happy\nb.png,sad\n./a.png,sad\nb.png,sad\n",
            r"faces\.csv, line 4: names '\./a\.png' again, which line 2 names; .* once \(2 rows name one again\)",
        ),
        ("path,label\na.png,hungry\n", "label stands for no class: 'hungry' 1 picture"),
        ('path,label\n"a.png,happy\n', "not a CSV file in UTF-8"),
        (
            "path,label\nc.png,happy\nd.png,sad\n",
            r"none of its 2 pictures is there, the first .*c\.png; relative paths",
        ),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    for name in ("a.png", "b.png"):
        save_face(tmp_path / name, "happy")
    (tmp_path / "faces.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_manifest(tmp_path / "faces.csv")


def test_duplicate_rows_of_a_parquet_file_are_named(tmp_path: Path) -> None:
    save_face(tmp_path / "a.png", "happy")
    table = [{"path": "a.png", "label": "happy"}, {"path": "a.png", "label": "sad"}]
    with pytest.raises(DataError, match=r"faces\.parquet, row 2: names 'a\.png' again, which row 1 names"):
        read_manifest(write_table(tmp_path / "faces.parquet", table))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("faces.csv", b"\xff\xfe\x00", "not a CSV file in UTF-8"),
        ("faces.parquet", b"PK", r"faces\.parquet: not a Parquet file"),
        ("", b"", "no such file; expected a manifest, CSV or Parquet, with columns path and label"),
    ],
)
def test_files_of_another_kind_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_manifest(tmp_path / (name or "nowhere.csv"))


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_manifest(tmp_path, ending=".parquet")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"'pandas'.*pip install 'mien\[tables\]'"):
        read_manifest(made.path)


def test_missing_and_broken_pictures_stay_for_the_audit(tmp_path: Path) -> None:
    made = make_manifest(tmp_path)
    (tmp_path / "pictures" / "1.png").unlink()
    (tmp_path / "pictures" / "4.png").write_bytes(b"PK")
    face_set = read_manifest(made.path)
    faults = {row: each.status for row, each in enumerate(face_set.read_each()) if isinstance(each, PictureError)}
    assert faults == {1: "missing", 4: "not_a_picture"}
    assert face_set.history[-1] == "pictures stay in files: 1 of 6 are missing, the first pictures/1.png"


def test_rows_of_no_class_can_be_skipped(tmp_path: Path) -> None:
    save_face(tmp_path / "a.png", "happy")
    (tmp_path / "faces.csv").write_text("path,label\na.png,happy\nb.png,hungry\n")
    face_set = read_manifest(tmp_path / "faces.csv", unknown="skip")
    assert face_set.row_ids.tolist() == ["faces:a.png"]
    assert "label 'hungry' stands for no class: 1 picture left out" in face_set.history
