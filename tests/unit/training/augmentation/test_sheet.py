from pathlib import Path

import numpy as np
import pytest

from mien.errors import DataError, RecipeError
from mien.training import read_recipe
from mien.training.augmentation import sheet
from mien.training.augmentation.sheet import draw_augmentation

STEP, CELL, GAP = 120, 112, 8
NOTHING = [f"augmentation.{name}=0.0" for name in ("flip", "rotation_degrees", "scale", "shift", "erase")]


def draw(recipe_file: Path, *changes: str, rows: int = 3) -> np.ndarray:
    return draw_augmentation(read_recipe(recipe_file, changes), rows=rows)


def cells(drawing: np.ndarray, *, rows: int = 3) -> np.ndarray:
    """Return the pictures on a sheet, shape ``(rows, 11, 112, 112, 3)``."""
    top = drawing.shape[0] - rows * (CELL + 40)
    return np.stack(
        [
            np.stack([drawing[y : y + CELL, x : x + CELL] for x in range(GAP, GAP + 11 * STEP, STEP)])
            for y in range(top, drawing.shape[0], CELL + 40)
        ]
    )


def test_faces_stand_beside_what_becomes_of_them(tiny_recipe_file: Path) -> None:
    plain = cells(draw(tiny_recipe_file, *NOTHING))
    assert (plain == plain[:, :1]).all()
    assert len(np.unique(plain[:, 0, 50, 50, 0])) > 1
    changed = cells(draw(tiny_recipe_file, *NOTHING, "augmentation.rotation_degrees=90.0"))
    assert (changed[:, 0] == plain[:, 0]).all()
    assert all(len(np.unique(row, axis=0)) == 11 for row in changed)


def test_the_same_recipe_gives_the_same_sheet(tiny_recipe_file: Path) -> None:
    assert (draw(tiny_recipe_file) == draw(tiny_recipe_file)).all()
    assert (draw(tiny_recipe_file) != draw(tiny_recipe_file, "training.seed=5")).any()


def test_ten_crops_fill_a_line(tiny_recipe_file: Path) -> None:
    settings = (*NOTHING, "augmentation.crop_pixels=40", "augmentation.ten_crop=true")
    cropped = cells(draw(tiny_recipe_file, *settings))
    assert len(np.unique(cropped[0, 1:], axis=0)) == 10


def test_soft_labels_are_written(tiny_recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def keep(head: str, lines: list[list[tuple[np.ndarray, str]]]) -> np.ndarray:
        written.extend([head, *(text for line in lines for _, text in line)])
        return np.zeros((1, 1, 3), dtype=np.uint8)

    monkeypatch.setattr(sheet, "_draw_sheet", keep)
    draw(tiny_recipe_file, *NOTHING, "augmentation.mixup=1.0")
    head, first, *others = written
    assert head.startswith("tiny: flip 0.0, ")
    assert head.endswith(", mixup 1.0")
    assert first == "angry"
    mixed = [dict(line.split() for line in text.split("\n")) for text in others if " " in text]
    assert len(mixed) > 10
    assert all(len(shares) == 2 for shares in mixed)
    assert all(sum(map(float, shares.values())) == pytest.approx(1, abs=0.011) for shares in mixed)


def test_faces_of_other_numbers_are_drawn_from_their_black_to_their_white(tiny_recipe_file: Path) -> None:
    levels = cells(draw(tiny_recipe_file, *NOTHING))
    numbers = cells(draw(tiny_recipe_file, *NOTHING, 'data.prepare=["scale"]'))
    assert np.corrcoef(levels.ravel(), numbers.ravel())[0, 1] > 0.999


def test_there_are_no_more_lines_than_faces(tiny_recipe_file: Path) -> None:
    assert draw(tiny_recipe_file, rows=200).shape[0] == draw(tiny_recipe_file, rows=112).shape[0]


def test_an_estimator_is_refused(estimator_recipe_file: Path) -> None:
    with pytest.raises(RecipeError, match="classical: 'hog_lbp_svm' is fitted in one go, nothing is augmented for it"):
        draw(estimator_recipe_file)


def test_crops_that_do_not_fit_are_refused(tiny_recipe_file: Path) -> None:
    with pytest.raises(DataError, match=r"augmentation\.crop_pixels is 49, and the training pictures are 48x48"):
        draw(tiny_recipe_file, "augmentation.crop_pixels=49")
