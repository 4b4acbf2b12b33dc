"""Contact sheets: titled sections of small pictures with words below each, as one picture."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mien.data.showing import fit_to_side

Sheets = dict[str, NDArray[np.uint8]]
"""Contact sheets ``(H, W, 3)``, uint8, RGB, by a name that a file can have."""

_GAP, _LINE, _LETTER = 8, 16, 6
_FEWEST_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Tile:
    """One or more pictures side by side, and what is said about them.

    Args:
        pictures: Each ``(H, W)`` or ``(H, W, 3)``, uint8, RGB.
        words: Lines below them.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Tiles that belong together; all of a sheet have equally many pictures.

    Args:
        title: What stands above them.
        tiles: The tiles; none leaves the title alone.
    """

    title: str
    tiles: tuple[Tile, ...]


def draw_tiles(title: str, sections: Sequence[Section], *, columns: int, side: int) -> NDArray[np.uint8]:
    """Return a contact sheet, shape ``(H, W, 3)``, uint8, RGB.

    Args:
        title: What stands above all.
        sections: One below the other.
        columns: Most tiles in a line.
        side: Longer side of every picture on the sheet, in pixels; smaller ones are enlarged without smoothing.
    """
    tiles = [tile for section in sections for tile in section.tiles]
    num_pictures = max((len(tile.pictures) for tile in tiles), default=1)
    longest = max((len(section.tiles) for section in sections), default=1)
    columns = min(columns, max(longest, _FEWEST_COLUMNS))
    step_x = num_pictures * side + (num_pictures - 1) * 2 + _GAP
    step_y = side + max((len(tile.words) for tile in tiles), default=0) * _LINE + _GAP
    width = _GAP + columns * step_x
    head = textwrap.wrap(title, width // _LETTER)
    tops, bottom = [], (len(head) * _LINE) + 2 * _GAP
    for section in sections:
        tops.append(bottom)
        bottom += _LINE + 4 + -(-len(section.tiles) // columns) * step_y + _GAP
    sheet = Image.new("RGB", (width, bottom), "#ffffff")
    draw = ImageDraw.Draw(sheet)
    draw.multiline_text((_GAP, _GAP), "\n".join(head), fill="#141414", font=_font(), spacing=3)
    for section, top in zip(sections, tops, strict=True):
        draw.text((_GAP, top), section.title, fill="#141414", font=_font())
        for number, tile in enumerate(section.tiles):
            row, column = divmod(number, columns)
            _draw_tile(sheet, tile, (_GAP + column * step_x, top + _LINE + 4 + row * step_y), side=side)
    return np.asarray(sheet)


def as_file_name(*parts: str) -> str:
    """Return a name that a file can have.

    Args:
        parts: What it is made of; classes may have any name.

    Example:
        >>> as_file_name("validation", "grad_cam", "not/a face")
        'validation-grad_cam-not_a_face'
    """
    return "-".join(re.sub(r"[^\w.+]+", "_", part) for part in parts)


def _draw_tile(sheet: Image.Image, tile: Tile, corner_xy: tuple[int, int], *, side: int) -> None:
    x, y = corner_xy
    for number, picture in enumerate(tile.pictures):
        sheet.paste(Image.fromarray(fit_to_side(picture, side=side)).convert("RGB"), (x + number * (side + 2), y))
    ImageDraw.Draw(sheet).multiline_text((x, y + side), "\n".join(tile.words), fill="#6e6e6e", font=_font(), spacing=3)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(12)
