"""Writing a picture to a file, whole or not at all."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from mien.errors import MienError
from mien.writing import write_atomically

JPEG_SUFFIXES: frozenset[str] = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
"""Endings, in lower case, that mean JPEG."""


def check_drawing_file(path: Path) -> None:
    """Check that a drawing can be written under a name, before it is drawn.

    Args:
        path: The file to write.

    Raises:
        MienError: If it ends in neither ``.png`` nor ``.jpg``.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise MienError(f"{path}: the drawing is written as .png or .jpg; name such a file")


def write_picture(path: Path | str, image_rgb: np.ndarray, *, jpeg_quality: int = 92) -> Path:
    """Write a picture as JPEG where the ending says so, else as PNG.

    Args:
        path: File to write, ending in ``.jpg``, ``.jpeg`` or ``.png``.
        image_rgb: Shape ``(H, W, 3)`` or ``(H, W)``, uint8, RGB or grey.
        jpeg_quality: 1 to 95.

    Returns:
        The path written.

    Raises:
        MienError: If the disk is full or the place may not be written.
        ValueError: If the ending is none of these.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in JPEG_SUFFIXES | {".png"}:
        raise ValueError(f"{path}: pictures are written as .jpg or .png, got {suffix!r}")
    encoded = io.BytesIO()
    if suffix in JPEG_SUFFIXES:
        Image.fromarray(image_rgb).save(encoded, "JPEG", quality=jpeg_quality, subsampling=0)
    else:
        Image.fromarray(image_rgb).save(encoded, "PNG", compress_level=4)
    return write_atomically(path, encoded.getvalue())
