"""Made-up pictures with coarse and fine detail, as photographs have, that show nobody; and sets of them."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from mien.data import FaceSet
from mien.data.pictures import PictureFiles


def make_scenes(count: int, *, side: int = 48, seed: int = 0) -> np.ndarray:
    """Return grey pictures ``(count, side, side)``, uint8, each of its own."""
    random = np.random.default_rng(seed)
    scenes = []
    for _ in range(count):
        layers = [
            width * cv2.GaussianBlur(random.normal(size=(side, side)), (0, 0), width * side / 48)
            for width in (1.5, 3, 6, 12)
        ]
        scene = np.sum(
            [layer / layer.std() * weight for layer, weight in zip(layers, (1, 2, 4, 6), strict=True)], axis=0
        )
        scene = (scene - scene.min()) / (scene.max() - scene.min())
        scenes.append((20 + 215 * scene).astype(np.uint8))
    return np.stack(scenes)


def recompress(picture: np.ndarray, quality: int = 60) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("L"))


def shift(picture: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return the picture shifted, its edge repeated where nothing was."""
    padded = np.pad(picture, 8, mode="edge")
    return padded[8 - down : 8 - down + len(picture), 8 - right : 8 - right + len(picture)]


def crop(picture: np.ndarray, border: int = 2) -> np.ndarray:
    """Return the picture without its border, enlarged to its old size."""
    inside = picture[border:-border, border:-border]
    return cv2.resize(inside, picture.shape[::-1], interpolation=cv2.INTER_CUBIC)


def make_set(pictures: Any, **changes: Any) -> FaceSet:
    """Return a set of the pictures; everything else may be stated."""
    count = len(pictures)
    facts: dict[str, Any] = {
        "name": "made",
        "pictures": pictures,
        "labels": np.zeros(count, np.int64),
        "expressions": ("happy", "sad"),
        "splits": np.array(["training"] * count),
        "row_ids": np.array([f"made:{row}" for row in range(count)]),
        "origins": np.array([f"made.csv:{row + 2}" for row in range(count)]),
        "history": ("made up",),
    }
    facts |= {name: np.asarray(value) if name in ("labels", "splits") else value for name, value in changes.items()}
    return FaceSet(**facts)


def write_files(folder: Path, pictures: Any) -> PictureFiles:
    """Return the pictures in PNG files."""
    files = tuple(folder / f"{row:03}.png" for row in range(len(pictures)))
    for file, picture in zip(files, pictures, strict=True):
        Image.fromarray(picture).save(file)
    return PictureFiles(files)
