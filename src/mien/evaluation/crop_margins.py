"""Which crop margin suits a detector: faces are pasted into scenes, found again, cropped and classified.

A face of the data set is a tight square of its own; a detector draws its box elsewhere. The margin that a model's
contract carries is the one that loses least accuracy against the given square.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.data import FaceSet
from mien.errors import DataError
from mien.evaluation.scenes import Scene, paste_face
from mien.faces.cropping import crop_face
from mien.faces.detector import FaceDetector
from mien.images.preparation import prepare_faces
from mien.images.steps import Step

FACE_SIDE_PIXELS = 160
SCENE_SIDE_PIXELS = 320
MARGINS: tuple[float, ...] = tuple(round(-0.2 + 0.05 * step, 2) for step in range(17))

Classify = Callable[[NDArray[np.uint8]], NDArray[np.int64]]


@dataclass(frozen=True)
class CropMargin:
    """The best margin for a detector and what it costs.

    Args:
        detector: Name of the detector.
        margin: Share of the box's longer side added in all.
        accuracy_lost: Accuracy of the given squares minus that of the found crops, over the faces found, 0..1.
        accuracy_whole: Accuracy of the given squares over the faces found.
        share_found: Share of the pasted faces that the detector found.
        num_faces: Faces pasted, half of them on plain and half on busy backgrounds.
        losses: Accuracy lost for each margin tried, by the margin as text.
    """

    detector: str
    margin: float
    accuracy_lost: float
    accuracy_whole: float
    share_found: float
    num_faces: int
    losses: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain types, accuracies rounded to 5 places."""
        plain = asdict(self)
        plain["losses"] = {margin: round(loss, 5) for margin, loss in self.losses.items()}
        for name in ("accuracy_lost", "accuracy_whole", "share_found"):
            plain[name] = round(plain[name], 5)
        return plain


def measure_crop_margin(
    face_set: FaceSet,
    detector: FaceDetector,
    *,
    classify: Classify,
    preparation: Sequence[Step],
    faces: Sequence[NDArray[np.uint8]] | None = None,
    margins: Sequence[float] = MARGINS,
    seed: int = 0,
) -> CropMargin:
    """Return the margin with the least loss for a detector.

    Every face is enlarged to 160 pixels and pasted at a random place of a scene of 320: even rows on a plain
    background of random grey, odd rows on a busy one. A face counts as found where the centre of a box lies inside it.

    Args:
        face_set: Faces of the split that may choose, which is validation.
        detector: The detector.
        classify: Gives the classes ``(N,)`` of prepared faces ``(N, h, w[, 3])``, uint8.
        preparation: Steps that prepare a crop, as the model's contract has them.
        faces: The same rows before any preparation, each ``(H, W[, 3])``, uint8; None takes those of the set.
        margins: Margins to try.
        seed: Seed of places and backgrounds.

    Raises:
        DataError: If there are test rows among the faces, or the detector finds none of them.
    """
    if (face_set.splits == "test").any():
        raise DataError("a crop margin is chosen on validation; there are test rows among these faces")
    random = np.random.default_rng(seed)
    is_found = np.zeros(len(face_set), dtype=bool)
    prepared: list[NDArray[np.uint8]] = []  # one row of faces for each face found, a face for each margin
    pasted = face_set.faces if faces is None else faces
    for row, face in enumerate(pasted):
        size_hw = (SCENE_SIDE_PIXELS, SCENE_SIDE_PIXELS)
        scene = paste_face(face, random, is_busy=bool(row % 2), side=FACE_SIDE_PIXELS, size_hw=size_hw)
        box = _box_of_pasted(detector, scene)
        if box is not None:
            is_found[row] = True
            crops = (crop_face(scene.image_rgb, box, margin=margin) for margin in margins)
            prepared.append(prepare_faces(crops, preparation))
    if not prepared:
        raise DataError(f"detector {detector.name!r} found none of {len(face_set)} pasted faces")
    labels = face_set.labels[is_found]
    whole = _accuracy(
        classify,
        prepare_faces((face for face, found in zip(pasted, is_found, strict=True) if found), preparation),
        labels,
    )
    by_margin = np.stack(prepared, axis=1)
    losses = {
        margin: whole - _accuracy(classify, faces, labels) for margin, faces in zip(margins, by_margin, strict=True)
    }
    best = min(losses, key=lambda margin: losses[margin])
    return CropMargin(
        detector=detector.name,
        margin=best,
        accuracy_lost=losses[best],
        accuracy_whole=whole,
        share_found=float(is_found.mean()),
        num_faces=len(face_set),
        losses={f"{margin:.2f}": loss for margin, loss in losses.items()},
    )


def _box_of_pasted(detector: FaceDetector, scene: Scene) -> NDArray[np.floating[Any]] | None:
    """Return the largest box whose centre lies inside the pasted face."""
    boxes = (detection.box_xyxy for detection in detector.detect(scene.image_rgb))
    return next((box for box in boxes if scene.holds_centre_of(box)), None)


def _accuracy(classify: Classify, faces: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
    return float((classify(faces) == labels).mean())
