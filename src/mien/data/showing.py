"""Pictures before and after preparation, side by side and labelled; ``mien data show`` draws them."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mien.data.face_set import FaceSet
from mien.data.pictures import PictureFiles
from mien.data.preparation import fit_and_prepare, prepare_one
from mien.data.steps import check_steps, is_unfitted
from mien.errors import DataError, MienError, PictureError, suggest
from mien.images.resizing import resize
from mien.images.steps import Step, WrittenSteps, describe_step

CELL_SIDE = 224
"""Longer side of every picture as it is drawn, in pixels: that of the studies' large networks."""

_GAP, _FONT_SIZE, _LINE = 16, 15, 20
_BACKGROUND, _PLATE, _INK, _FAINT = (255, 255, 255), (236, 236, 236), (20, 20, 20), (110, 110, 110)
_MOST_LETTERS, _MOST_COLUMNS = 30, 6


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture to be shown.

    Args:
        caption: What stands above it.
        picture: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32, or the error that its file gave.
    """

    caption: str
    picture: NDArray[Any] | PictureError


def select_shown(face_set: FaceSet, names: Sequence[str]) -> list[Shown]:
    """Return rows of a set, ready to be shown.

    Args:
        face_set: The faces.
        names: Row ids, or row numbers from 0.

    Raises:
        DataError: If there is no such row.
    """
    return [_shown_row(face_set, _find_row(face_set, name)) for name in names]


def fit_chains(face_set: FaceSet, chains: Sequence[WrittenSteps]) -> list[list[dict[str, object]]]:
    """Return chains of steps, those that must be fitted on the training rows of a set.

    Rows that cannot be read or prepared are left out of the fitting.

    Args:
        face_set: The set; it is read only where a chain must be fitted.
        chains: As the command line writes them.

    Raises:
        DataError: If anything is wrong with a chain, or there are no training rows to fit on.
    """
    fitted = []
    for chain in chains:
        steps = check_steps(chain)
        if any(map(is_unfitted, steps)):
            steps = list(fit_and_prepare(face_set.split("training"), steps, on_unreadable="drop")[1])
        fitted.append(steps)
    return fitted


def draw_chains(shown: Sequence[Shown], chains: Sequence[Sequence[Step]]) -> NDArray[np.uint8]:
    """Draw pictures as they are and after steps, a line of cells for each picture.

    With one chain the cells are its stages, one after each step; with several they are what each chain ends in.

    Args:
        shown: At least one picture.
        chains: Chains of steps that are fitted where they must be; none draws the pictures alone.

    Returns:
        The drawing, shape ``(H, W, 3)``, uint8, RGB. Every picture has a longer side of 224 pixels: smaller ones are
        enlarged without smoothing, larger ones reduced; more than six columns take several lines. float32 is drawn as
        255 times its value where all values lie from 0 to 1, else stretched between its lowest and highest
        hundredth; the label has the whole range.

    Raises:
        DataError: If there is no picture, or a step must still be fitted.
    """
    if not shown:
        raise DataError("there is no picture to show")
    columns: list[Sequence[Step]] = [[]]
    columns += [chains[0][: count + 1] for count in range(len(chains[0]))] if len(chains) == 1 else chains
    titles = [_title(column, is_stage=len(chains) == 1) for column in columns]
    rows = [(each.caption, [_draw_cell(each.picture, column) for column in columns]) for each in shown]
    return _draw_grid(titles, rows)


def fit_to_side(levels: NDArray[np.uint8], *, side: int) -> NDArray[np.uint8]:
    """Return a picture as a sheet shows it: smaller ones enlarged without smoothing, larger ones reduced.

    Args:
        levels: Shape ``(H, W)`` or ``(H, W, 3)``, uint8.
        side: Its longer side on the sheet, in pixels.
    """
    longer = max(levels.shape[:2])
    size_hw = [max(1, round(each * side / longer)) for each in levels.shape[:2]]
    return resize(levels, size_hw, filter_name="nearest" if longer <= side else "area")


def as_levels(prepared: NDArray[Any]) -> NDArray[np.uint8]:
    """Return what is drawn of a face: its levels, or numbers made into such.

    float32 is drawn as 255 times its value where all values lie from 0 to 1, else stretched between its lowest and
    highest hundredth.

    Args:
        prepared: Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or float32.
    """
    if prepared.dtype == np.uint8:
        return prepared
    low, high = 0.0, 1.0
    if prepared.min() < 0 or prepared.max() > 1:
        low, high = (float(value) for value in np.percentile(prepared, [1, 99]))
    parts = (prepared - low) / max(high - low, 1e-12)
    return np.clip(np.round(parts * 255), 0, 255).astype(np.uint8)


def _shown_row(face_set: FaceSet, row: int) -> Shown:
    caption = f"{face_set.row_ids[row]}, {face_set.expressions[face_set.labels[row]]}, {face_set.splits[row]}"
    if not isinstance(face_set.pictures, PictureFiles):
        return Shown(caption, face_set.pictures[row])
    try:
        return Shown(caption, face_set.pictures.read(row))
    except PictureError as fault:
        return Shown(caption, fault)


def _find_row(face_set: FaceSet, name: str) -> int:
    found = np.flatnonzero(face_set.row_ids == name)
    if len(found):
        return int(found[0])
    if name.isdigit() and int(name) < len(face_set):
        return int(name)
    known = suggest(name, face_set.row_ids[:: max(1, len(face_set) // 1000)].tolist())
    hint = known if known.startswith("; did") else f"; row ids are such as {str(face_set.row_ids[0])!r}"
    raise DataError(f"{face_set.name}: no row {name!r} among {len(face_set):,}{hint}")


# --- drawing -------------------------------------------------------------------------------------------------------

_Cell = tuple[NDArray[np.uint8] | None, str]


def _draw_cell(picture: NDArray[Any] | PictureError, steps: Sequence[Step]) -> _Cell:
    """Return the picture as it is drawn and what stands below, or nothing and why."""
    if isinstance(picture, PictureError):
        return None, str(picture)
    try:
        prepared = prepare_one(picture, [*steps])
    except PictureError as fault:
        return None, str(fault)
    except (MienError, ValueError) as fault:
        raise DataError(str(fault)) from None
    height, width = prepared.shape[:2]
    channels = "x3" if prepared.ndim == 3 else ""
    size = f"{width}x{height}{channels}"
    if prepared.dtype == np.uint8:
        note = f"{size}, {prepared.min()} to {prepared.max()}"
    else:
        note = f"{size}, float {prepared.min():.3g} to {prepared.max():.3g}"
    return fit_to_side(as_levels(prepared), side=CELL_SIDE), note


def _title(steps: Sequence[Step], *, is_stage: bool) -> list[str]:
    """Return the lines above a column: the last step of a stage, or all steps of a chain."""
    if not steps:
        return ["as it is read"]
    lines = []
    for step in steps[-1:] if is_stage else steps:
        short = {name: _shorten(value) for name, value in step.items()}
        name, _, arguments = describe_step(short).partition(":")
        lines.append(f"then {name}" if is_stage and len(steps) > 1 else name)
        lines += textwrap.wrap(arguments.replace(",", ", "), _MOST_LETTERS, initial_indent="  ", subsequent_indent="  ")
    return lines


def _shorten(value: object) -> object:
    """Return fitted numbers with four digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return [_shorten(each) for each in value] if isinstance(value, list | tuple) else value


def _draw_grid(titles: Sequence[Sequence[str]], rows: Sequence[tuple[str, Sequence[_Cell]]]) -> NDArray[np.uint8]:
    num_lines = -(-len(titles) // _MOST_COLUMNS)
    num_columns = -(-len(titles) // num_lines)
    parts = [slice(start, start + num_columns) for start in range(0, len(titles), num_columns)]
    strips: list[Image.Image] = []
    for number, (caption, cells) in enumerate(rows):
        for part in parts:
            # One line of titles serves all pictures, unless the cells of one picture take several lines.
            part_titles = titles[part] if number == 0 or len(parts) > 1 else []
            text = caption if part.start == 0 else ""
            strips.append(_draw_strip(part_titles, text, cells[part], width=_GAP + num_columns * (CELL_SIDE + _GAP)))
    canvas = Image.new("RGB", (strips[0].width, sum(strip.height for strip in strips)), _BACKGROUND)
    top = 0
    for strip in strips:
        canvas.paste(strip, (0, top))
        top += strip.height
    return np.asarray(canvas)


def _draw_strip(titles: Sequence[Sequence[str]], caption: str, cells: Sequence[_Cell], *, width: int) -> Image.Image:
    """Return one line of cells, with the titles above them where there are any."""
    head = _GAP // 2 + max(map(len, titles), default=0) * _LINE + (_LINE if caption else 0)
    height = max(4 * _LINE, *(0 if image is None else image.shape[0] for image, _ in cells))
    strip = Image.new("RGB", (width, head + height + 2 * _LINE), _BACKGROUND)
    draw = ImageDraw.Draw(strip)
    for column, lines in enumerate(titles):
        corner_xy = (_GAP + column * (CELL_SIDE + _GAP), _GAP // 2)
        draw.multiline_text(corner_xy, "\n".join(lines), fill=_INK, font=_font(), spacing=4)
    if caption:
        draw.text((_GAP, head - _LINE), caption, fill=_FAINT, font=_font())
    for column, (image, note) in enumerate(cells):
        corner_xy = (_GAP + column * (CELL_SIDE + _GAP), head)
        if image is None:
            _draw_message(draw, corner_xy, note, height=height)
        else:
            strip.paste(Image.fromarray(image).convert("RGB"), corner_xy)
            draw.text((corner_xy[0], head + height + 2), note, fill=_FAINT, font=_font())
    return strip


def _draw_message(draw: ImageDraw.ImageDraw, corner_xy: tuple[int, int], message: str, *, height: int) -> None:
    left, top = corner_xy
    draw.rectangle((left, top, left + CELL_SIDE - 1, top + height - 1), fill=_PLATE)
    lines = textwrap.wrap(message, _MOST_LETTERS - 4, max_lines=height // _LINE - 1, placeholder=" ...")
    draw.multiline_text((left + 8, top + 8), "\n".join(lines), fill=_INK, font=_font(), spacing=4)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_FONT_SIZE)
