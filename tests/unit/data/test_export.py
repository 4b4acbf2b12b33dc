import csv
import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet, read_dataset
from mien.data import export as module
from mien.data.export import EXPORT_FORMATS, export_set, is_readable_as_fer2013
from mien.data.export_tables import read_exported_parquet
from mien.data.pictures import PictureFiles
from mien.data.preparation import prepare_set
from mien.errors import DataError, MienError
from tests.conftest import make_rows, write_csv
from tests.unit.data.test_preparation import PORTRAIT, make_set


@pytest.fixture
def fer2013(tmp_path: Path) -> FaceSet:
    return read_dataset("fer2013", write_csv(tmp_path / "fer2013.csv", *make_rows(140)))


def read_manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write_files(folder: Path) -> FaceSet:
    """Portraits of several sizes in files; the last one is broken."""
    folder.mkdir()
    for row in range(5):
        Image.fromarray(PORTRAIT[: 100 + row]).save(folder / f"{row}.png")
    (folder / "4.png").write_bytes(b"nothing")
    return replace(make_set(5), pictures=PictureFiles(tuple(folder / f"{row}.png" for row in range(5))))


@pytest.mark.parametrize("export_format", ["folders", "csv"])
@pytest.mark.parametrize("steps", ["", "clahe"], ids=["as it is", "prepared"])
def test_fer2013_comes_back_from_its_own_layouts(
    fer2013: FaceSet, tmp_path: Path, export_format: Any, steps: str
) -> None:
    face_set = prepare_set(fer2013, steps)
    export_set(face_set, tmp_path / "out", export_format=export_format)
    back = read_dataset("fer2013", tmp_path / "out")
    assert back.fingerprint == face_set.fingerprint
    assert back.row_ids.tolist() == face_set.row_ids.tolist()
    assert (back.faces == face_set.faces).all()
    assert (back.labels == face_set.labels).all()
    assert back.splits.tolist() == face_set.splits.tolist()
    assert back.has_published_splits


def test_part_of_fer2013_keeps_its_numbers_in_folders(fer2013: FaceSet, tmp_path: Path) -> None:
    part = fer2013.select(np.flatnonzero(np.isin(fer2013.labels, [0, 3]))[::-1])
    export_set(part, tmp_path / "out")
    back = read_dataset("fer2013", tmp_path / "out")
    assert back.row_ids.tolist() == sorted(part.row_ids.tolist())


def test_a_set_with_some_of_the_classes_in_another_order_keeps_its_labels(tmp_path: Path) -> None:
    face_set = replace(make_set(30), expressions=("sad", "happy", "neutral", "fear", "disgust", "angry", "surprise"))
    export_set(face_set, tmp_path / "csv", export_format="csv")
    back = read_dataset("fer2013", tmp_path / "csv" / "made.csv")
    assert [back.expressions[label] for label in back.labels] == [
        face_set.expressions[label] for label in face_set.labels
    ]


def test_other_sets_get_a_folder_a_split_and_a_manifest(tmp_path: Path) -> None:
    face_set = make_set(30)
    ids = face_set.row_ids.copy().astype("U20")
    ids[:3] = ["a/b:c", "a_b_c", "A b.c"]
    face_set = replace(face_set, row_ids=ids)
    export_set(face_set, tmp_path / "out")
    rows = read_manifest(tmp_path / "out")
    assert [row["row_id"] for row in rows] == ids.tolist()
    assert [row["path"] for row in rows[:3]] == ["train/a/a_b_c.png", "train/b/a_b_c_1.png", "train/c/A_b.c.png"]
    assert {row["path"].partition("/")[0] for row in rows} == {"train", "validation", "test"}
    assert list(rows[0]) == ["path", "label", "split", "row_id", "origin", "subject", "votes_a", "votes_b"]
    for row, face, label in zip(rows, face_set.faces, face_set.labels, strict=True):
        assert (np.asarray(Image.open(tmp_path / "out" / row["path"])) == face).all()
        assert row["label"] == face_set.expressions[label]
        assert Path(row["path"]).parts[1] == row["label"]
    assert rows[7]["subject"] == "s2"


def test_pictures_in_files_become_folders_as_they_are(tmp_path: Path) -> None:
    written = export_set(write_files(tmp_path / "in"), tmp_path / "out", on_unreadable="drop")
    assert len(written) == 4
    assert written.history[-1] == "1 row dropped that could not be prepared (1 not a picture): 1 training"
    rows = read_manifest(tmp_path / "out")
    assert [Image.open(tmp_path / "out" / row["path"]).size for row in rows] == [(512, 100 + row) for row in range(4)]
    assert len(list((tmp_path / "out").rglob("*.png"))) == 4
    assert "4 pictures of the sizes that they came in" in (tmp_path / "out" / "README.md").read_text()


def test_pictures_that_cannot_be_read_stop_an_export_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"made: 1 of 5 rows cannot be read or prepared: made:4 \(.*4.png: not a pict"):
        export_set(write_files(tmp_path / "in"), tmp_path / "out")
    assert [each.name for each in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("steps", ["", "grey_to_rgb", "featurewise_standardize", "grey_to_rgb scale"])
def test_parquet_holds_all_of_a_set(tmp_path: Path, steps: str) -> None:
    face_set = prepare_set(make_set(30), steps)
    export_set(face_set, tmp_path / "out", export_format="parquet")
    back = read_exported_parquet(tmp_path / "out" / "faces.parquet")
    assert back.fingerprint == face_set.fingerprint
    assert back.faces.dtype == face_set.faces.dtype
    assert back.row_ids.tolist() == face_set.row_ids.tolist()
    assert back.origins.tolist() == face_set.origins.tolist()
    assert (back.votes == face_set.votes).all()
    assert (back.vote_names, back.history, back.name) == (("a", "b"), face_set.history, "made")
    assert back.subjects is not None
    assert back.subjects.tolist() == face_set.columns["subject"].tolist()


@pytest.mark.parametrize(
    ("steps", "options", "message"),
    [
        ("scale", {}, "made: its faces are float32, and folders holds levels from 0 to 255; export as parquet"),
        ("scale", {"export_format": "csv"}, "its faces are float32, and csv holds levels"),
        (
            "grey_to_rgb",
            {"export_format": "csv"},
            "its faces are in colour, and FER2013's CSV is grey; add the step",
        ),
        ("", {"export_format": "zip"}, "unknown format 'zip'; expected folders, csv, parquet"),
    ],
)
def test_export_set_refuses_what_a_format_cannot_hold(
    tmp_path: Path, steps: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        export_set(prepare_set(make_set(20), steps), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("export_format", ["csv", "parquet"])
def test_export_set_refuses_files_of_any_size_in_one_table(tmp_path: Path, export_format: Any) -> None:
    with pytest.raises(DataError, match=f"its pictures are in files of any size, which {export_format} cannot hold"):
        export_set(write_files(tmp_path / "in"), tmp_path / "out", export_format=export_format)


def test_export_set_refuses_a_set_without_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="made has no rows to export"):
        export_set(make_set(0), tmp_path / "out")


def test_export_set_overwrites_an_earlier_export_only_and_only_when_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    export_set(make_set(20), out)
    with pytest.raises(DataError, match=r"out: holds an export already; name another folder, or overwrite it \(--ov"):
        export_set(make_set(20), out, export_format="csv")
    assert not (out / "made.csv").exists()
    export_set(make_set(20), out, export_format="csv", should_overwrite=True)
    assert sorted(each.name for each in out.iterdir()) == ["README.md", "made.csv"]
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("should_overwrite", [False, True])
def test_export_set_never_overwrites_anything_else(tmp_path: Path, should_overwrite: bool) -> None:
    (tmp_path / "README.md").write_text("# mine")
    with pytest.raises(DataError, match="a folder that holds something else than an export; name a new or empty one"):
        export_set(make_set(20), tmp_path, should_overwrite=should_overwrite)
    assert (tmp_path / "README.md").read_text() == "# mine"


@pytest.mark.parametrize("export_format", EXPORT_FORMATS)
def test_a_full_disk_leaves_nothing_half_written_and_keeps_the_earlier_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, export_format: Any
) -> None:
    out = tmp_path / "out"
    export_set(make_set(20), out, export_format="csv")
    before = (out / "made.csv").read_bytes()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_card", refuse)
    for folder in (out, tmp_path / "new"):
        with pytest.raises(MienError, match="cannot be written: no space left on the device; free some space"):
            export_set(make_set(20), folder, export_format=export_format, should_overwrite=True)
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    assert (out / "made.csv").read_bytes() == before


def test_is_readable_as_fer2013_wants_size_levels_and_classes() -> None:
    expressions = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    fitting = replace(make_set(20), expressions=expressions)
    assert is_readable_as_fer2013(fitting)
    for steps in ("resize:size_hw=[40,40]", "grey_to_rgb", "scale"):
        assert not is_readable_as_fer2013(prepare_set(fitting, steps))
    assert not is_readable_as_fer2013(make_set(20))
