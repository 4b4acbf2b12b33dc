"""Augmentation until classes are level: mirrored, turned, shifted and scaled copies of faces of rare classes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.data.balancing import BalancingCard, NewRows, register_balancing
from mien.data.face_set import FaceSet


@register_balancing("augmented", card=BalancingCard(source="OpenCV's warpAffine, edges repeated", needs_memory=True))
def augmented(
    rows: FaceSet,
    extra: NDArray[np.int64],
    *,
    seed: int,
    flip: float = 0.5,
    rotation_degrees: float = 10.0,
    scale: float = 0.1,
    shift: float = 0.1,
) -> NewRows:
    """Return faces of each class drawn evenly and changed at random.

    Each face of a class is taken once before any is taken again.

    Args:
        rows: The rows to balance, in memory.
        extra: Rows to add to each class, shape ``(num_classes,)``.
        seed: Seed of what is random.
        flip: Probability of a left-right mirror.
        rotation_degrees: Largest turn either way.
        scale: Largest relative change of size either way.
        shift: Largest move either way, as a share of the side.
    """
    random = np.random.default_rng(seed)
    parents = np.concatenate(
        [np.zeros(0, dtype=np.int64)]
        + [_draw(random, np.flatnonzero(rows.labels == label), int(more)) for label, more in enumerate(extra) if more]
    )
    faces = rows.faces
    pictures = np.empty((len(parents), *faces.shape[1:]), dtype=faces.dtype)
    height, width = faces.shape[1:3]
    for place, parent in enumerate(parents):
        angle = random.uniform(-rotation_degrees, rotation_degrees)
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1 + random.uniform(-scale, scale))
        matrix[:, 2] += random.uniform(-shift, shift, 2) * np.array([width, height])
        face = faces[parent][:, ::-1] if random.random() < flip else faces[parent]
        pictures[place] = cv2.warpAffine(
            np.ascontiguousarray(face), matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return NewRows(labels=rows.labels[parents], parents=parents, pictures=pictures)


def _draw(random: np.random.Generator, members: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    rounds = -(-number // len(members))
    return np.concatenate([random.permutation(members) for _ in range(rounds)])[:number]
