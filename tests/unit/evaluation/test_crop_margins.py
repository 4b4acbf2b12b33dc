from dataclasses import replace

import numpy as np
import pytest

from mien.data import FaceSet
from mien.errors import DataError
from mien.evaluation.crop_margins import FACE_SIDE_PIXELS, measure_crop_margin
from mien.structures import Detection

STEPS = [{"operation": "to_grey"}, {"operation": "resize", "size_hw": [48, 48], "filter": "bilinear"}]


class TightDetector:
    """Knows where bright faces lie and draws a box that is a fifth too small, or misses every fourth call."""

    name = "tight"

    def __init__(self, *, shrink: float = 0.8, misses: bool = False) -> None:
        self.shrink, self.misses, self.calls = shrink, misses, 0

    def detect(self, image_rgb: np.ndarray) -> list[Detection]:
        self.calls += 1
        if self.misses and self.calls % 4 == 0:
            return []
        inside = (image_rgb == 255).all(axis=2)
        ys, xs = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        centre = np.array([(xs[0] + xs[-1] + 1) / 2, (ys[0] + ys[-1] + 1) / 2])
        half = FACE_SIDE_PIXELS / 2 * self.shrink
        box = np.array([*(centre - half), *(centre + half)], dtype=np.float32)
        return [Detection(box, 1.0, None)]


def framed_faces(num_rows: int = 40) -> FaceSet:
    """White faces, of which `size_of_face` says 0 where a crop holds the face and nothing but it."""
    labels = np.arange(num_rows) % 2
    faces = np.full((num_rows, 48, 48), 255, dtype=np.uint8)
    return FaceSet(
        name="framed",
        pictures=faces,
        labels=labels.astype(np.int64),
        expressions=("bright", "dark"),
        splits=np.array(["validation"] * num_rows),
        row_ids=np.array([f"framed:{row}" for row in range(num_rows)]),
        origins=np.array([""] * num_rows),
    )


def size_of_face(faces: np.ndarray) -> np.ndarray:
    """Right only where the white face fills the crop exactly: its edge is white, and nothing was cut away."""
    edge = np.concatenate([faces[:, 0], faces[:, -1], faces[:, :, 0], faces[:, :, -1]], axis=1)
    return (edge.mean(axis=1) < 250).astype(np.int64)


def test_the_margin_that_undoes_the_detectors_habit_wins() -> None:
    bright = framed_faces()
    bright = replace(bright, labels=np.zeros_like(bright.labels))
    measured = measure_crop_margin(
        bright, TightDetector(shrink=0.8), classify=size_of_face, preparation=STEPS, margins=(0.5, 0.25)
    )
    assert measured.margin == 0.25
    assert measured.accuracy_lost <= 0.1
    assert measured.losses["0.50"] > 0.5
    assert measured.share_found == 1.0
    assert measured.to_dict()["num_faces"] == 40


def test_faces_that_are_not_found_are_counted_and_left_out() -> None:
    measured = measure_crop_margin(
        framed_faces(), TightDetector(misses=True), classify=size_of_face, preparation=STEPS, margins=(0.25,)
    )
    assert measured.share_found == 0.75


def test_nothing_found_is_an_error() -> None:
    class Blind:
        name = "blind"

        def detect(self, image_rgb: np.ndarray) -> list[Detection]:
            return []

    with pytest.raises(DataError, match="detector 'blind' found none of 40 pasted faces"):
        measure_crop_margin(framed_faces(), Blind(), classify=size_of_face, preparation=STEPS)


def test_a_margin_is_never_chosen_on_test() -> None:
    test_rows = replace(framed_faces(), splits=np.array(["test"] * 40))
    with pytest.raises(DataError, match="a crop margin is chosen on validation"):
        measure_crop_margin(test_rows, TightDetector(), classify=size_of_face, preparation=STEPS)
