from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.data import FaceSet
from mien.data.pictures import PictureFiles
from mien.data.showing import CELL_SIDE, Shown, draw_chains, fit_chains, select_shown
from mien.errors import DataError, PictureError
from mien.images.steps import read_steps
from tests.unit.data.test_preparation import PORTRAIT, make_set

FACE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
COLUMN = CELL_SIDE + 16


def shown_cell(drawing: np.ndarray, picture: np.ndarray) -> tuple[int, int] | None:
    """Where a picture of 224 pixels stands in a drawing, or None."""
    if picture.ndim == 2:
        picture = np.stack([picture] * 3, axis=2)
    candidates = np.argwhere((drawing[: -CELL_SIDE + 1, : -CELL_SIDE + 1] == picture[0, 0]).all(axis=2))
    for top, left in candidates:
        if (drawing[top : top + CELL_SIDE, left : left + CELL_SIDE] == picture).all():
            return int(top), int(left)
    return None


def enlarge(face: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(face).resize((CELL_SIDE, CELL_SIDE), Image.Resampling.NEAREST))


def test_one_chain_is_drawn_stage_by_stage() -> None:
    drawing = draw_chains([Shown("face", FACE)], [read_steps("gamma:exponent=2 resize:size_hw=[224,224]")])
    darker = np.floor(255 * (FACE / 255) ** 2 + 0.5).astype(np.uint8)
    last = np.asarray(Image.fromarray(darker).resize((224, 224), Image.Resampling.BILINEAR))
    places = [shown_cell(drawing, picture) for picture in (enlarge(FACE), enlarge(darker), last)]
    assert None not in places
    assert [place[1] for place in places if place] == [16, 16 + COLUMN, 16 + 2 * COLUMN]
    assert len({place[0] for place in places if place}) == 1
    assert drawing.dtype == np.uint8


def test_of_several_chains_the_ends_are_drawn() -> None:
    chains = [read_steps("gamma:exponent=2 grey_to_rgb"), read_steps("gamma:exponent=0.5")]
    drawing = draw_chains([Shown("face", FACE), Shown("upside down", FACE[::-1])], chains)
    assert drawing.shape[1] == 16 + 3 * COLUMN
    first = shown_cell(drawing, enlarge(FACE))
    second = shown_cell(drawing, enlarge(FACE[::-1]))
    assert first is not None
    assert second is not None
    assert first[1] == second[1]
    assert first[0] + CELL_SIDE < second[0]


def test_without_chains_the_pictures_alone_are_drawn() -> None:
    drawing = draw_chains([Shown("face", FACE)], [])
    assert drawing.shape[1] == 16 + COLUMN
    assert shown_cell(drawing, enlarge(FACE)) is not None


def test_more_than_six_columns_take_several_lines() -> None:
    chain = read_steps(" ".join(["emboss"] * 7))
    drawing = draw_chains([Shown("face", FACE)], [chain])
    assert drawing.shape[1] == 16 + 4 * COLUMN
    assert drawing.shape[0] > 2 * CELL_SIDE


def test_large_pictures_are_reduced_and_keep_their_proportions() -> None:
    drawing = draw_chains([Shown("portrait", PORTRAIT[:256])], [])
    expected = np.asarray(Image.fromarray(PORTRAIT[:256]).resize((224, 112), Image.Resampling.BOX))
    assert any((drawing[top : top + 112, 16:240] == expected).all() for top in range(20, 80))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (np.array([[0.0, 0.5], [0.25, 1.0]]), [[0, 128], [64, 255]]),
        (np.array([[-2.0, 0.0], [0.0, 2.0]]), [[0, 128], [128, 255]]),
    ],
    ids=["from 0 to 1", "stretched"],
)
def test_numbers_are_drawn_as_levels(numbers: np.ndarray, expected: list[list[int]]) -> None:
    drawing = draw_chains([Shown("numbers", numbers.astype(np.float32))], [])
    half = CELL_SIDE // 2
    top = next(top for top in range(20, 80) if (drawing[top, 16:128, 0] == expected[0][0]).all())
    assert drawing[top + 9 :: half, 16 + 9 :: half, 0][:2, :2].tolist() == expected


def test_pictures_that_cannot_be_read_and_faces_that_are_not_found_become_messages() -> None:
    broken = Shown("broken", PictureError("x.png: empty", status="empty"))
    drawing = draw_chains([broken, Shown("no face", PORTRAIT[300:])], [read_steps("crop_face")])
    assert ((drawing == 236).all(axis=2)).sum() > CELL_SIDE * 60


@pytest.mark.parametrize(
    ("shown", "steps", "message"),
    [
        ([], "", "there is no picture to show"),
        ([Shown("face", FACE)], "zca_whiten", "step 'zca_whiten' is not fitted; fit it on the training faces first"),
    ],
    ids=["nothing", "unfitted"],
)
def test_draw_chains_refuses(shown: list[Shown], steps: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        draw_chains(shown, [read_steps(steps)])


def test_select_shown_takes_ids_and_numbers() -> None:
    face_set = make_set()
    first, second = select_shown(face_set, ["made:7", "12"])
    assert first.caption == "made:7, a, training"
    assert (first.picture == face_set.faces[7]).all()
    assert (second.picture == face_set.faces[12]).all()


def test_select_shown_reads_files_and_keeps_their_faults(tmp_path: Path) -> None:
    Image.fromarray(FACE).save(tmp_path / "a.png")
    files = replace(make_set(2), pictures=PictureFiles((tmp_path / "a.png", tmp_path / "b.png")))
    first, second = select_shown(files, ["0", "1"])
    assert isinstance(first.picture, np.ndarray)
    assert (first.picture[..., 0] == FACE).all()
    assert isinstance(second.picture, PictureError)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("made:100", "made: no row 'made:100' among 100; did you mean 'made:"),
        ("100", r"made: no row '100' among 100; row ids are such as 'made:0'"),
        ("-1", "no row '-1'"),
        ("zzzzzzzz", "row ids are such as 'made:0'"),
    ],
)
def test_select_shown_names_a_row_that_is_not_there(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        select_shown(make_set(), [name])


def test_fit_chains_fits_on_training_rows_alone() -> None:
    face_set = make_set()
    fitted = fit_chains(face_set, ["to_grey", "featurewise_center"])
    assert fitted[0] == [{"operation": "to_grey"}]
    mean = float(face_set.split("training").faces.mean())
    assert fitted[1] == [{"operation": "featurewise_center", "mean": [pytest.approx(mean)]}]


def test_fit_chains_leaves_pictures_out_that_cannot_be_prepared(tmp_path: Path) -> None:
    Image.fromarray(PORTRAIT).save(tmp_path / "a.png")
    files = replace(make_set(2), pictures=PictureFiles((tmp_path / "a.png", tmp_path / "b.png")))
    ((*_, step),) = fit_chains(files, ["crop_face to_grey featurewise_center"])
    assert step["mean"]


@pytest.mark.parametrize(
    ("change", "chain", "message"),
    [
        ({}, "to_gray", "unknown operation 'to_gray'"),
        ({"splits": np.array(["test"] * 100)}, "featurewise_center", "made has no training split"),
    ],
    ids=["unknown", "no training rows"],
)
def test_fit_chains_refuses(change: dict[str, Any], chain: str, message: str) -> None:
    face_set: FaceSet = replace(make_set(), **change)
    with pytest.raises(DataError, match=message):
        fit_chains(face_set, [chain])
