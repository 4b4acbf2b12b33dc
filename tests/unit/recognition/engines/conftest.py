from collections.abc import Callable

import numpy as np
import pytest

from tests.tiny_model import TINY_CONTRACT, make_weights


@pytest.fixture
def make_images() -> Callable[[int], np.ndarray]:
    """Makes images as a network gets them: ``(N, 1, 48, 48)`` float32 in 0..255."""
    return lambda number: np.random.default_rng(1).integers(0, 256, (number, 1, 48, 48)).astype(np.float32)


@pytest.fixture
def expect() -> Callable[[np.ndarray], np.ndarray]:
    """Works out the tiny model's logits in NumPy."""
    mean, std = TINY_CONTRACT.mean[0], TINY_CONTRACT.std[0]
    return lambda images: ((images - mean) / std).reshape(len(images), -1) @ make_weights(TINY_CONTRACT)
