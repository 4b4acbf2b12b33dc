from collections.abc import Callable

import numpy as np
import pytest

from mien.errors import MienError
from mien.evaluation.end_to_end import OpenedFaces, draw_scene_sheet, sheet
from mien.evaluation.scenes import deal_scenes
from mien.faces.detector import FaceDetector


def test_the_sheet_shows_what_was_found_in_each_scene(
    opened: OpenedFaces, scripted: Callable[[], FaceDetector], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = {}
    draw = sheet.draw_tiles
    monkeypatch.setattr(
        sheet,
        "draw_tiles",
        lambda title, sections, **options: (
            drawn.update(title=title, sections=sections) or draw(title, sections, **options)
        ),
    )
    series = deal_scenes(opened.faces, sides=(40, 80))
    order = [row for side in (40, 80) for row in np.flatnonzero(series.sides == side).tolist()]
    detector = scripted()
    boxes = list(detector.boxes)
    detector.boxes = iter([boxes[row] for row in order])
    picture = draw_scene_sheet(opened, detectors=[detector], sides=(40, 80))
    assert picture.dtype == np.uint8
    assert drawn["title"] == "tiny on validation of made, end to end"
    assert [section.title for section in drawn["sections"]] == ["40 pixels", "80 pixels"]
    tiles = [tile for section in drawn["sections"] for tile in section.tiles]
    ends = ["overlap 1.00", "overlap 1.00, 1 false", "missed", "missed, 1 false"]
    assert [tile.words for tile in tiles] == [(f"scripted: {opened.expressions[row]} {ends[row]}",) for row in order]
    for row, tile in zip(order, tiles, strict=True):
        (shown,) = tile.pictures
        assert shown.shape == (480, 480, 3)
        side = int(series.sides[row])
        assert any(
            (shown[y + side // 2, x + side // 2] == series[row].square().image_rgb[side // 2, side // 2]).all()
            for y in [int(series[row].box_xyxy[1])]
            for x in range(480 - side)
        )


def test_a_sheet_without_detectors_is_refused(opened: OpenedFaces) -> None:
    with pytest.raises(MienError, match="detectors are none; name at least one"):
        draw_scene_sheet(opened, detectors=[])
