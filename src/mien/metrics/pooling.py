"""What several models answered, each on rows of its own, as one ``Predictions``; cross-validation pools its folds."""

import hashlib
from collections.abc import Sequence

import numpy as np

from mien.errors import DataError
from mien.metrics.predictions import Predictions

_SAME = ("expressions", "data_set", "split", "views", "splits_seen", "protocol", "seed", "versions", "forerunners")


def pool_predictions(parts: Sequence[Predictions], *, model: str) -> Predictions:
    """Return all rows of several predictions together, once each.

    Fingerprints are those of all the parts' own.

    Args:
        parts: What each model answered on its rows; no row is in two of them.
        model: What the models are called together.

    Raises:
        DataError: If there are none, a row is in two of them, or they differ in what holds for all: classes, data set,
            split, views, splits seen, protocol, seed, versions and forerunners.
    """
    if not parts:
        raise DataError(f"no predictions of {model!r} to pool; expected at least one")
    first = parts[0]
    for part in parts:
        for name in _SAME:
            here, there = getattr(part, name), getattr(first, name)
            if here != there:
                raise DataError(f"predictions to pool differ: {name} of {part.model!r} is {here}; expected {there}")
    return Predictions(
        probabilities=np.concatenate([part.probabilities for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        row_ids=np.concatenate([part.row_ids for part in parts]),
        has_copy_in_training=np.concatenate([part.has_copy_in_training for part in parts]),
        model=model,
        weights_fingerprint=_join([part.weights_fingerprint for part in parts]),
        recipe_fingerprint=_join([part.recipe_fingerprint for part in parts]),
        data_fingerprint=_join([part.data_fingerprint for part in parts]),
        is_leaky=any(part.is_leaky for part in parts),
        is_float32=all(part.is_float32 for part in parts),
        is_selection=any(part.is_selection for part in parts),
        **{name: getattr(first, name) for name in _SAME},
    )


def _join(fingerprints: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()
