"""Boxes and labels on a picture, readable on any background."""

import textwrap
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mien.structures import Face

SMALLEST_SHORTER_SIDE = 240
"""Pictures whose shorter side is below this are enlarged by a whole number before they are drawn on."""

_COLOURS: dict[str, tuple[int, int, int]] = {
    "angry": (230, 57, 53),
    "disgust": (124, 179, 66),
    "fear": (171, 71, 188),
    "happy": (255, 202, 40),
    "sad": (66, 133, 244),
    "surprise": (255, 138, 30),
    "neutral": (224, 224, 224),
    "contempt": (0, 172, 193),
}
_OTHER_COLOUR = (255, 255, 255)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def draw_faces(image_rgb: np.ndarray, faces: Sequence[Face]) -> np.ndarray:
    """Return a copy of a picture with a box and a label on every face, or the remark that there is none.

    Args:
        image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        faces: Faces of this picture.

    Returns:
        Shape ``(H, W, 3)``, uint8, RGB; small pictures come out enlarged by a whole number.
    """
    enlargement = -(-SMALLEST_SHORTER_SIDE // min(image_rgb.shape[:2]))
    enlargement = max(1, min(enlargement, 2000 // max(image_rgb.shape[:2])))
    canvas = Image.fromarray(image_rgb)
    if enlargement > 1:
        canvas = canvas.resize((canvas.width * enlargement, canvas.height * enlargement), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(canvas)
    boxes = [[value * enlargement for value in face.box_xyxy] for face in faces]
    for face, box in zip(faces, boxes, strict=True):
        _draw_box(draw, box, colour_of(face.expression))
    for face, box in zip(faces, boxes, strict=True):
        _draw_label(draw, box, face)
    if not faces:
        _draw_text(draw, ["no face found"], (0, 0), load_font(min(canvas.size) / 18), _OTHER_COLOUR)
    return np.asarray(canvas).copy()


def draw_message(message: str) -> np.ndarray:
    """Return a dark card with a message, for a picture that could not be read.

    Args:
        message: One line of text; it is wrapped.

    Returns:
        Shape ``(160, 480, 3)``, uint8, RGB.
    """
    card = Image.new("RGB", (480, 160), (48, 48, 48))
    lines = textwrap.wrap(message, 58, max_lines=7, placeholder=" ...")
    ImageDraw.Draw(card).multiline_text((12, 12), "\n".join(lines), fill=_WHITE, font=load_font(16), spacing=4)
    return np.asarray(card).copy()


def _draw_box(draw: ImageDraw.ImageDraw, box: Sequence[float], colour: tuple[int, int, int]) -> None:
    x1, y1, x2, y2 = box
    line = max(2, round(max(x2 - x1, y2 - y1) / 90))
    draw.rectangle((x1 - 1, y1 - 1, x2, y2), outline=_BLACK, width=line + 2)
    draw.rectangle((x1, y1, x2 - 1, y2 - 1), outline=colour, width=line)


def _draw_label(draw: ImageDraw.ImageDraw, box: Sequence[float], face: Face) -> None:
    x1, y1, x2, _ = box
    shorter_side = min(draw.im.size)
    font = load_font(min((x2 - x1) * 0.15, shorter_side / 16))
    lines = [f"{face.expression} {face.probability:.0%}"]
    if face.flags:
        lines.append(", ".join(flag.replace("_", " ") for flag in face.flags))
    _draw_text(draw, lines, (x1 - 1, y1), font, colour_of(face.expression), is_above=True)


def _draw_text(
    draw: ImageDraw.ImageDraw,
    lines: Sequence[str],
    corner_xy: tuple[float, float],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    colour: tuple[int, int, int],
    *,
    is_above: bool = False,
) -> None:
    """Draw lines on a plate of the colour, shifted so that it stays inside the picture."""
    text = "\n".join(lines)
    left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=font)
    pad = max(2, round((bottom - top) / len(lines) / 5))
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    x = max(0.0, min(corner_xy[0], draw.im.size[0] - width))
    y = max(0.0, corner_xy[1] - height if is_above else corner_xy[1])
    draw.rectangle((x, y, x + width, y + height), fill=colour, outline=_BLACK)
    is_light = float(np.dot(colour, (0.299, 0.587, 0.114))) > 110
    draw.multiline_text((x + pad - left, y + pad - top), text, fill=_BLACK if is_light else _WHITE, font=font)


@lru_cache(maxsize=32)
def load_font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font.

    Args:
        size: Height in pixels; 12 at least.
    """
    return ImageFont.load_default(max(12, round(size)))


def colour_of(expression: str) -> tuple[int, int, int]:
    """Return the colour, RGB, that stands for an expression in every picture; white for others than the usual ones.

    Args:
        expression: Its name.
    """
    return _COLOURS.get(expression, _OTHER_COLOUR)
