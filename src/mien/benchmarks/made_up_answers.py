"""Answers on made-up faces, for benchmarks of what is done with answers."""

import numpy as np
from numpy.typing import NDArray

from mien.data import FaceSet
from mien.metrics.predictions import Predictions


def make_predictions(faces: FaceSet, probabilities: NDArray[np.float32]) -> Predictions:
    """Return what an untrained network is taken to have answered on validation.

    Args:
        faces: The faces, whatever their splits.
        probabilities: Shape ``(N, num_classes)``, float32.
    """
    return Predictions(
        probabilities=probabilities,
        labels=faces.labels,
        row_ids=faces.row_ids,
        expressions=faces.expressions,
        model="vgg_se",
        weights_fingerprint="untrained",
        recipe_fingerprint="none",
        data_set=faces.name,
        data_fingerprint=faces.fingerprint,
        split="validation",
        views=("plain",),
        has_copy_in_training=np.zeros(len(faces), dtype=np.bool_),
        splits_seen={},
        is_leaky=False,
        is_float32=True,
        seed=0,
        versions={},
    )
