import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet
from mien.data.audit import Findings, audit
from mien.data.audit import contact_sheets as module
from mien.data.audit.contact_sheets import Sheet, SheetMaker
from tests.unit.data.audit.scenes import make_scenes, make_set, write_files

Audited = tuple[FaceSet, Findings]


def row_ids(sheet: Sheet) -> list[list[str]]:
    return [[tile.row_id for tile in group] for group in sheet.groups]


@pytest.fixture
def sheets(audited: Audited) -> dict[str, Sheet]:
    return {sheet.title: sheet for chapter in SheetMaker(*audited).make_all().values() for sheet in chapter}


def test_copies_stand_together(sheets: dict[str, Sheet]) -> None:
    assert row_ids(sheets["Copies of one picture with different labels"]) == [["made:0", "made:24"]]
    assert row_ids(sheets["Identical pictures in different splits"]) == [["made:1", "made:25"]]
    (pair,) = row_ids(sheets["Nearly identical pictures in different splits"])
    assert pair == ["made:26", "made:2"]
    assert row_ids(sheets["Nearly identical pictures, the least sure first"]) == [["made:2", "made:26"]]


def test_captions_say_label_split_and_how_alike(sheets: dict[str, Sheet]) -> None:
    ((first, second),) = sheets["Nearly identical pictures in different splits"].groups
    assert first.caption.startswith("happy · test · zoomed 0.")
    assert second.caption == "happy · training"
    assert first.origin == "made.csv:28"


def test_each_kind_of_finding_has_a_sheet(sheets: dict[str, Sheet]) -> None:
    assert row_ids(sheets["Blank and nearly blank pictures"]) == [["made:27"]]
    assert row_ids(sheets["Brightness too high"]) == [["made:28"]]
    assert row_ids(sheets["No face found by haar, from the whole set"]) == [["made:3", "made:28"]]
    voted = sheets["At least 5 annotators saw no face"]
    assert (row_ids(voted), voted.num_rows, voted.remark) == ([["made:28", "made:29"]], 3, "without the black ones")
    assert row_ids(sheets["Votes against the label, the clearest first"]) == [["made:3"]]


def test_pictures_are_inside_the_page_as_they_are(sheets: dict[str, Sheet], audited: Audited) -> None:
    ((tile,),) = sheets["Brightness too high"].groups
    head, _, content = tile.source.partition(",")
    assert head == "data:image/png;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    np.testing.assert_array_equal(shown, audited[0].faces[28])


def test_large_pictures_are_reduced(tmp_path: Path) -> None:
    black = np.zeros((300, 400, 3), np.uint8)
    face_set = make_set(write_files(tmp_path, [black, *make_scenes(3)]))
    sheets = SheetMaker(face_set, audit(face_set)).make_all()
    ((tile,),) = sheets["blank"][0].groups
    with Image.open(io.BytesIO(base64.b64decode(tile.source.partition(",")[2]))) as shown:
        assert shown.size == (96, 72)


def test_groups_are_shown_whole(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = make_scenes(3)
    face_set = make_set(scenes[[0, 0, 0, 1, 1, 2, 2]], splits=["training", "test"] * 3 + ["training"])
    findings = audit(face_set)
    monkeypatch.setattr(module, "_MOST_TILES", 6)
    (sheet,) = SheetMaker(face_set, findings).make_all()["identical"]
    assert row_ids(sheet) == [["made:0", "made:1", "made:2"], ["made:3", "made:4"]]
    assert (sheet.num_tiles, sheet.num_rows) == (5, 7)
    monkeypatch.setattr(module, "_MOST_TILES", 2)
    (sheet,) = SheetMaker(face_set, findings).make_all()["identical"]
    assert row_ids(sheet) == [["made:0", "made:1"]]


def test_a_file_that_went_since_is_an_empty_tile(tmp_path: Path) -> None:
    files = write_files(tmp_path, np.zeros((1, 48, 48), np.uint8))
    face_set = make_set(files)
    findings = audit(face_set)
    files.files[0].unlink()
    ((tile,),) = SheetMaker(face_set, findings).make_all()["blank"][0].groups
    assert tile.source == ""


def test_a_clean_set_has_no_sheets() -> None:
    face_set = make_set(make_scenes(4, seed=31))
    chapters = SheetMaker(face_set, replace(audit(face_set, reach=10))).make_all()
    assert not any(chapters.values())
