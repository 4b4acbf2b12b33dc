import numpy as np
import pytest

from mien.images.operations.resize import resize


def test_resize_takes_its_arguments_as_recipes_write_them() -> None:
    face = np.zeros((10, 20, 3), dtype=np.uint8)
    assert resize(face, size_hw=[48, 32], filter="lanczos").shape == (48, 32, 3)


def test_resize_refuses_an_unknown_filter() -> None:
    with pytest.raises(ValueError, match="unknown filter 'sharp'"):
        resize(np.zeros((10, 20), dtype=np.uint8), size_hw=[48, 32], filter="sharp")


def test_resize_refuses_a_size_of_one_number() -> None:
    with pytest.raises(ValueError, match="size_hw must be two positive whole numbers"):
        resize(np.zeros((10, 20), dtype=np.uint8), size_hw=[48])


def test_resize_takes_numbers() -> None:
    assert resize(np.zeros((10, 20, 3), dtype=np.float32), size_hw=(5, 5), filter="mitchell").dtype == np.float32
