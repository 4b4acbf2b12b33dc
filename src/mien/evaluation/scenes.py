"""Faces pasted into made-up scenes, whose place is known: crop margins and the judging end to end look for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import MienError
from mien.images.resizing import resize

SIDES: tuple[int, ...] = (32, 48, 80, 120, 240)
"""Sides of the faces in a series of scenes, in pixels."""

SERIES_SIZE_HW = (480, 640)
"""Height and width of the scenes of a series, in pixels."""

_PIXELS_A_RECTANGLE = 2560


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture with one face, whose place is known.

    Args:
        image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
        box_xyxy: The pasted square ``(x1, y1, x2, y2)``, shape ``(4,)``, float64, in pixels of the picture.
    """

    image_rgb: NDArray[np.uint8]
    box_xyxy: NDArray[np.float64]

    def holds_centre_of(self, box_xyxy: NDArray[Any]) -> bool:
        """Return whether the centre of a box lies inside the pasted square.

        Args:
            box_xyxy: Shape ``(4,)``, in pixels of the picture.
        """
        centre = (box_xyxy[:2] + box_xyxy[2:]) / 2
        return bool(((centre > self.box_xyxy[:2]) & (centre < self.box_xyxy[2:])).all())

    def overlap_with(self, box_xyxy: NDArray[Any]) -> float:
        """Return the area that a box shares with the pasted square over the area that the two cover, 0 to 1.

        Args:
            box_xyxy: Shape ``(4,)``, in pixels of the picture, with an area.
        """
        sides = np.minimum(box_xyxy[2:], self.box_xyxy[2:]) - np.maximum(box_xyxy[:2], self.box_xyxy[:2])
        shared = float(np.prod(np.maximum(sides, 0)))
        areas = [float(np.prod(each[2:] - each[:2])) for each in (box_xyxy, self.box_xyxy)]
        return shared / (sum(areas) - shared)

    def square(self) -> "Scene":
        """Return the pasted square alone."""
        left, top, right, bottom = self.box_xyxy.astype(int).tolist()
        size = np.array([0, 0, right - left, bottom - top], dtype=np.float64)
        return Scene(self.image_rgb[top:bottom, left:right], size)


@dataclass(frozen=True, eq=False)
class SceneSeries:
    """A scene for each of several faces, made when it is asked for, and the same every time.

    Args:
        faces: Each ``(H, W)`` or ``(H, W, 3)``, uint8.
        sides: Side of each in its scene, in pixels, shape ``(N,)``, int64.
        is_busy: Whether its background is full of rectangles and noise, shape ``(N,)``, bool.
        seed: Seed of places and backgrounds.
    """

    faces: Sequence[NDArray[np.uint8]]
    sides: NDArray[np.int64]
    is_busy: NDArray[np.bool_]
    seed: int

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, row: int) -> Scene:
        """Return the scene of a face; it hangs on no other face."""
        return paste_face(
            self.faces[row],
            np.random.default_rng((self.seed, row)),
            is_busy=bool(self.is_busy[row]),
            side=int(self.sides[row]),
            size_hw=SERIES_SIZE_HW,
        )


def deal_scenes(faces: Sequence[NDArray[np.uint8]], *, sides: Sequence[int] = SIDES, seed: int = 0) -> SceneSeries:
    """Return a series in which sides and backgrounds are dealt evenly: each side with each background equally often.

    Args:
        faces: Each ``(H, W)`` or ``(H, W, 3)``, uint8.
        sides: Sides of the faces in the scenes, in pixels.
        seed: Seed of the deal, the places and the backgrounds.

    Raises:
        MienError: If there is no side, one stands twice, or one does not fit into a scene.
    """
    largest = min(SERIES_SIZE_HW)
    if not sides or len(set(sides)) < len(sides) or not all(1 <= side <= largest for side in sides):
        came = ", ".join(map(str, sides)) or "none"
        raise MienError(f"sides of faces are {came}; expected at least one from 1 to {largest} pixels, none twice")
    places = np.random.default_rng(seed).permutation(len(faces)) % (2 * len(sides))
    return SceneSeries(faces, np.array(sides, dtype=np.int64)[places // 2], places % 2 == 1, seed)


def paste_face(
    face: NDArray[np.uint8], random: np.random.Generator, *, is_busy: bool, side: int, size_hw: tuple[int, int]
) -> Scene:
    """Return a scene with the face at a random place, its edges hard.

    Args:
        face: Face, shape ``(H, W)`` or ``(H, W, 3)``, uint8.
        random: Source of the place and the background.
        is_busy: Whether the background is full of coloured rectangles and noise, or one grey.
        side: Side of the square that the face becomes, in pixels.
        size_hw: Height and width of the scene, at least `side` each.
    """
    height, width = size_hw
    scene = np.full((height, width, 3), random.integers(0, 256), dtype=np.uint8)
    if is_busy:
        for _ in range(height * width // _PIXELS_A_RECTANGLE):
            left, top = random.integers(0, width), random.integers(0, height)
            rectangle_width, rectangle_height = random.integers(8, 120, size=2)
            scene[top : top + rectangle_height, left : left + rectangle_width] = random.integers(0, 256, size=3)
        noise = random.normal(0, 12, size=scene.shape)
        scene = np.clip(scene + noise, 0, 255).astype(np.uint8)
    large = resize(face, (side, side), filter_name="bicubic")
    x, y = int(random.integers(0, width - side + 1)), int(random.integers(0, height - side + 1))
    scene[y : y + side, x : x + side] = large if large.ndim == 3 else large[..., None]
    return Scene(scene, np.array([x, y, x + side, y + side], dtype=np.float64))
