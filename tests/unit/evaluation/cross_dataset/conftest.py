from collections.abc import Callable, Sequence

import numpy as np
import pytest

from mien.data import FaceSet

OtherMaker = Callable[..., FaceSet]


def make_face_set(
    labels: Sequence[str],
    *,
    expressions: Sequence[str] = ("neutral", "happy", "angry", "contempt"),
    splits: Sequence[str] | str = "training",
    faces: np.ndarray | None = None,
    name: str = "other",
) -> FaceSet:
    """Return a set of faces of noise, or of those given, with labels by name."""
    num_rows = len(labels)
    if faces is None:
        faces = np.random.default_rng(5).integers(0, 256, size=(num_rows, 48, 48)).astype(np.uint8)
    return FaceSet(
        name=name,
        pictures=faces,
        labels=np.array([list(expressions).index(label) for label in labels], dtype=np.int64),
        expressions=tuple(expressions),
        splits=np.full(num_rows, splits) if isinstance(splits, str) else np.array(splits),
        row_ids=np.array([f"{name}:{row}" for row in range(num_rows)]),
        origins=np.array([f"{row}.png" for row in range(num_rows)]),
    )


@pytest.fixture(scope="session")
def make_other() -> OtherMaker:
    return make_face_set
