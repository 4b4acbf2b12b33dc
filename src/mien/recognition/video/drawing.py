"""Boxes, labels and bars on the frames of a video, quick enough for a live view: texts are drawn once and kept."""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from mien.recognition.drawing import colour_of, load_font
from mien.structures import Face

_BAR_HEIGHT, _BAR_WIDTH = 14, 74
_SMALLEST_FOR_BARS = 60
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)


def draw_on_frame(image_rgb: np.ndarray, faces: Sequence[Face], *, words: Sequence[str] = ()) -> np.ndarray:
    """Return a copy of a frame with box, label, flags and a bar for every probability on each face.

    Bars are left out on faces below 60 pixels.

    Args:
        image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        faces: Faces of this frame.
        words: Lines in the lower left corner, such as the frame rate; faces and their labels lie above them.

    Returns:
        Shape ``(H, W, 3)``, uint8, RGB.
    """
    canvas = np.array(image_rgb, order="C")
    for number, line in enumerate(reversed(words), 1):
        _paste(canvas, _render(line, _BLACK, 15), 0, canvas.shape[0] - number * 21)
    for face in faces:
        _draw_box(canvas, face)
    for face in faces:
        _draw_label(canvas, face)
        if face.box_xyxy[3] - face.box_xyxy[1] >= _SMALLEST_FOR_BARS:
            _draw_bars(canvas, face)
    return canvas


def _draw_box(canvas: np.ndarray, face: Face) -> None:
    x1, y1, x2, y2 = (round(value) for value in face.box_xyxy)
    cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), _BLACK, 4)
    cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), colour_of(face.expression), 2)


def _draw_label(canvas: np.ndarray, face: Face) -> None:
    who = "" if face.track_id is None else f"{face.track_id}: "
    lines = [f"{who}{face.expression} {face.probability:.0%}"]
    if face.flags:
        lines.append(", ".join(flag.replace("_", " ") for flag in face.flags))
    plates = [_render(line, colour_of(face.expression), 14) for line in lines]
    x, y = round(face.box_xyxy[0]), round(face.box_xyxy[1]) - sum(plate.shape[0] for plate in plates)
    for plate in plates:
        _paste(canvas, plate, x, max(0, y))
        y = max(0, y) + plate.shape[0]


def _draw_bars(canvas: np.ndarray, face: Face) -> None:
    """Draw a bar for each expression beside the box, to its right where there is room, else to its left."""
    height, width = canvas.shape[:2]
    x1, y1, x2, _ = (round(value) for value in face.box_xyxy)
    x = x2 + 4 if x2 + 4 + _BAR_WIDTH <= width else max(0, x1 - 4 - _BAR_WIDTH)
    top = max(0, min(y1, height - _BAR_HEIGHT * len(face.probabilities)))
    for number, (name, probability) in enumerate(face.probabilities.items()):
        y = top + number * _BAR_HEIGHT
        plate = _bar_plate(name)[: max(0, height - y), : max(0, width - x)]
        area = canvas[y : y + plate.shape[0], x : x + plate.shape[1]]
        np.copyto(area, plate)
        length = round(probability * (_BAR_WIDTH - 2))
        if length and area.size:
            bar = area[1 : _BAR_HEIGHT - 1, 1 : 1 + length].reshape(-1, 3)
            filled = (bar >> 1) + (np.array(colour_of(name), dtype=np.uint8) >> 1)
            area[1 : _BAR_HEIGHT - 1, 1 : 1 + length] = filled.reshape(area[1 : _BAR_HEIGHT - 1, 1 : 1 + length].shape)


def _paste(canvas: np.ndarray, plate: np.ndarray, x: int, y: int) -> None:
    """Copy a plate onto the canvas, moved so that it stays inside where it fits."""
    height, width = canvas.shape[:2]
    x, y = max(0, min(x, width - plate.shape[1])), max(0, min(y, height - plate.shape[0]))
    part = plate[: height - y, : width - x]
    canvas[y : y + part.shape[0], x : x + part.shape[1]] = part


@lru_cache(maxsize=64)
def _bar_plate(name: str) -> np.ndarray:
    image = Image.new("RGB", (_BAR_WIDTH, _BAR_HEIGHT), (40, 40, 40))
    ImageDraw.Draw(image).text((4, _BAR_HEIGHT / 2), name, fill=_WHITE, font=load_font(12), anchor="lm")
    return np.asarray(image)


@lru_cache(maxsize=512)
def _render(text: str, colour: tuple[int, int, int], size: int) -> np.ndarray:
    font = load_font(size)
    width = int(ImageDraw.Draw(Image.new("RGB", (1, 1))).textlength(text, font=font)) + 8
    image = Image.new("RGB", (width, size + 6), colour)
    is_light = float(np.dot(colour, (0.299, 0.587, 0.114))) > 110
    ImageDraw.Draw(image).text((4, (size + 6) / 2), text, fill=_BLACK if is_light else _WHITE, font=font, anchor="lm")
    return np.asarray(image)
