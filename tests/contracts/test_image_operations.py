"""The contract of every image operation in the registry: uint8 in and out, nothing changed in place."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mien.images.preparation import OPERATIONS, prepare_face

NAMES = OPERATIONS.names()
ARGUMENTS: dict[str, dict[str, Any]] = {"resize": {"size_hw": [24, 32]}}
RANDOM = np.random.default_rng(0)
FACES = {
    "grey": RANDOM.integers(0, 256, (48, 48), dtype=np.uint8),
    "colour": RANDOM.integers(0, 256, (60, 50, 3), dtype=np.uint8),
    "black": np.zeros((48, 48), dtype=np.uint8),
    "white": np.full((48, 48, 3), 255, dtype=np.uint8),
    "one pixel": np.full((1, 1), 9, dtype=np.uint8),
}


def test_the_registry_holds_the_operations_of_the_shipped_model(say_covered: Callable[[str], None]) -> None:
    say_covered(f"image operations covered: {len(NAMES)}")
    assert set(NAMES) >= {"to_grey", "resize"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_an_operation_gives_a_face_and_is_deterministic(name: str, face: np.ndarray) -> None:
    step = {"operation": name, **ARGUMENTS.get(name, {})}
    before = face.copy()
    prepared = prepare_face(face, [step])
    assert prepared.dtype == np.uint8
    assert prepared.ndim in (2, 3)
    assert (prepare_face(face, [step]) == prepared).all()
    assert (face == before).all()
