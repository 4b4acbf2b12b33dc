"""SMOTE: new faces between a face and one of its nearest neighbours of the same class."""

import numpy as np
from numpy.typing import NDArray

from mien.data.balancing import BalancingCard, NewRows, register_balancing
from mien.data.face_set import FaceSet
from mien.errors import DataError


@register_balancing(
    "smote",
    card=BalancingCard(
        source="Chawla et al., SMOTE, 2002, https://arxiv.org/abs/1106.1813; imbalanced-learn's SMOTE on the pixels",
        needs_memory=True,
    ),
)
def smote(rows: FaceSet, extra: NDArray[np.int64], *, seed: int, neighbours: int = 5) -> NewRows:
    """Return faces on the line between a face and one of its nearest neighbours.

    Args:
        rows: The rows to balance, in memory.
        extra: Rows to add to each class, shape ``(num_classes,)``.
        seed: Seed of the draw.
        neighbours: Neighbours of each face that are drawn from.

    Raises:
        DataError: If a class that is to grow has no more faces than `neighbours`.
    """
    from imblearn.over_sampling import SMOTE

    have = np.bincount(rows.labels, minlength=len(extra))
    wanted = {label: int(have[label] + more) for label, more in enumerate(extra) if more}
    if not wanted:
        return NewRows(labels=np.zeros(0, dtype=np.int64), parents=np.zeros(0, dtype=np.int64))
    for label in wanted:
        if have[label] <= neighbours:
            raise DataError(
                f"balancing by smote: {rows.expressions[label]} has {have[label]} faces; expected more than the "
                f"{neighbours} neighbours"
            )
    flat = rows.faces.reshape(len(rows), -1).astype(np.float32)
    pixels, labels = SMOTE(sampling_strategy=wanted, k_neighbors=neighbours, random_state=seed).fit_resample(
        flat, rows.labels
    )
    new = pixels[len(rows) :].reshape(-1, *rows.faces.shape[1:])
    if rows.faces.dtype == np.uint8:
        new = np.clip(np.rint(new), 0, 255)
    return NewRows(labels=labels[len(rows) :].astype(np.int64), pictures=new.astype(rows.faces.dtype))
