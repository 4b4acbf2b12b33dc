"""A made-up set whose classes are of different sizes; the tests of balancing share it."""

import numpy as np

from mien.data import FaceSet

LABELS = [0] * 30 + [1] * 12 + [2] * 8


def make_unbalanced_set(labels: list[int] | None = None, *, colour: bool = False) -> FaceSet:
    """Return noise of 6 by 6 pixels, all of it training: 30 happy, 12 sad and 8 fear unless labels are given."""
    labels = LABELS if labels is None else labels
    random = np.random.default_rng(0)
    shape = (len(labels), 6, 6, 3) if colour else (len(labels), 6, 6)
    return FaceSet(
        name="made",
        pictures=random.integers(0, 256, shape, dtype=np.uint8),
        labels=np.array(labels, np.int64),
        expressions=("happy", "sad", "fear"),
        splits=np.array(["training"] * len(labels)),
        row_ids=np.array([f"made:{row}" for row in range(len(labels))]),
        origins=np.array([f"made.csv:{row}" for row in range(len(labels))]),
        votes=random.integers(0, 9, (len(labels), 2)),
        vote_names=("happy", "sad"),
        columns={"subject": np.array([f"s{row % 5}" for row in range(len(labels))])},
    )
