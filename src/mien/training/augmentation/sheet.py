"""A picture of what a recipe's augmentation does to its training faces; ``mien augment`` draws it."""

import textwrap
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from mien.data.showing import fit_to_side
from mien.errors import DataError, RecipeError
from mien.training.augmentation import build_augmentation, build_mixing
from mien.training.batches import epoch_generator, faces_as_tensor
from mien.training.recipe import Recipe
from mien.training.training_data import find_value_range, read_training_data

NUM_DRAWS = 10
"""Augmented pictures beside each face; all crops of a picture, where it gives ten."""

_CELL_SIDE, _GAP, _LINE = 112, 8, 16


def draw_augmentation(recipe: Recipe, *, rows: int = 8) -> NDArray[np.uint8]:
    """Return a sheet of training faces: each as it is, then ten times as a step of training at full strength takes it.

    What stands below a picture is what training is told about it: its expression, or two with their shares where
    pictures are mixed.

    Args:
        recipe: The recipe of a network.
        rows: Faces shown, spread evenly over the training split.

    Returns:
        The sheet, shape ``(H, W, 3)``, uint8, RGB.

    Raises:
        RecipeError: If the recipe is of an estimator, which sees each picture once, as it is.
        DataError: If there are no rows, the data set cannot be read, or crops do not fit into its pictures.
    """
    if rows < 1:
        raise DataError(f"rows is {rows}; expected at least 1 face to draw")
    if recipe.model.is_estimator:
        raise RecipeError(f"{recipe.name}: {recipe.model.name!r} is fitted in one go, nothing is augmented for it")
    training = read_training_data(recipe.data).face_set.split("training")
    recipe.augmentation.check_size(*training.faces.shape[1:3])
    value_range = find_value_range(training.faces)
    shown = training.select(np.unique(np.linspace(0, len(training) - 1, rows).astype(np.int64)))
    faces = faces_as_tensor(shown)
    labels = torch.from_numpy(shown.labels.copy())
    changed, targets = _augment(recipe, faces, labels, value_range=value_range, num_classes=len(shown.expressions))
    lines = []
    for row, label in enumerate(shown.labels.tolist()):
        cells = [(_as_levels(faces[row], value_range), shown.expressions[label])]
        cells += [
            (_as_levels(image, value_range), _say(target, shown.expressions))
            for image, target in zip(changed[row], targets[row], strict=True)
        ]
        lines.append(cells)
    settings = recipe.augmentation.model_dump(mode="json")
    return _draw_sheet(f"{recipe.name}: " + ", ".join(f"{name} {value}" for name, value in settings.items()), lines)


def _augment(
    recipe: Recipe, faces: Tensor, labels: Tensor, *, value_range: tuple[float, float], num_classes: int
) -> tuple[Tensor, Tensor]:
    """Return augmented faces, shape ``(B, 10, C, H, W)``, and the probabilities of their classes."""
    augmentation = build_augmentation(recipe.augmentation, value_range=value_range)
    generator = epoch_generator(recipe.training.seed, 0, stream=1)
    images = augmentation(faces.repeat_interleave(NUM_DRAWS // augmentation.copies, dim=0), generator)
    targets = F.one_hot(labels.repeat_interleave(NUM_DRAWS), num_classes).float()
    images, targets = build_mixing(recipe.augmentation)(images, targets, generator)
    rows = (len(faces), NUM_DRAWS)
    return images.reshape(*rows, *images.shape[1:]), targets.reshape(*rows, num_classes)


def _say(target: Tensor, expressions: Sequence[str]) -> str:
    """Return the classes of a picture, the likelier first, each on a line."""
    named = sorted(zip(target.tolist(), expressions, strict=True), reverse=True)
    if named[0][0] > 0.995:
        return named[0][1]
    return "\n".join(f"{expression} {share:.2f}" for share, expression in named if share > 0.005)


# --- drawing -------------------------------------------------------------------------------------------------------


def _draw_sheet(head: str, lines: Sequence[Sequence[tuple[NDArray[np.uint8], str]]]) -> NDArray[np.uint8]:
    """Return a sheet with a line of pictures for each face, what is said about a picture below it."""
    step_x, step_y = _CELL_SIDE + _GAP, _CELL_SIDE + 2 * _LINE + _GAP
    width = _GAP + step_x * len(lines[0])
    head = textwrap.fill(head, width // 7)
    top = (head.count("\n") + 1) * _LINE + 2 * _GAP
    sheet = Image.new("RGB", (width, top + step_y * len(lines)), "#ffffff")
    draw = ImageDraw.Draw(sheet)
    draw.multiline_text((_GAP, _GAP), head, fill="#141414", font=_font(), spacing=3)
    for row, cells in enumerate(lines):
        for column, (levels, text) in enumerate(cells):
            x, y = _GAP + column * step_x, top + row * step_y
            sheet.paste(Image.fromarray(fit_to_side(levels, side=_CELL_SIDE)).convert("RGB"), (x, y))
            draw.multiline_text((x, y + _CELL_SIDE), text, fill="#6e6e6e", font=_font(), spacing=3)
    return np.asarray(sheet)


def _as_levels(image: Tensor, value_range: tuple[float, float]) -> NDArray[np.uint8]:
    """Return a picture, shape ``(C, H, W)``, as levels, shape ``(H, W)`` or ``(H, W, 3)``, uint8."""
    lowest, highest = value_range
    levels = ((image.float() - lowest) / (highest - lowest) * 255).round().clamp(0, 255).to(torch.uint8)
    return (levels[0] if len(levels) == 1 else levels.permute(1, 2, 0)).numpy()


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(12)
