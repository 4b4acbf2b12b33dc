from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.data.pictures import PictureFiles, concatenate_pictures
from mien.errors import PictureError


@pytest.fixture
def files(tmp_path: Path) -> PictureFiles:
    paths = []
    for number in range(50):
        paths.append(tmp_path / f"{number:02}.png")
        Image.fromarray(np.full((2 + number % 3, 4, 3), number, np.uint8)).save(paths[-1])
    return PictureFiles(tuple(paths))


def test_read_gives_rgb_of_any_size(files: PictureFiles) -> None:
    assert files.read(7).shape == (3, 4, 3)
    assert (files.read(7) == 7).all()


def test_read_names_the_file_that_is_no_picture(files: PictureFiles) -> None:
    files.files[3].write_bytes(b"nothing")
    with pytest.raises(PictureError, match=r"03\.png"):
        files.read(3)


def test_read_each_keeps_the_order_beyond_what_is_read_ahead(files: PictureFiles) -> None:
    assert [int(picture[0, 0, 0]) for picture in files.read_each()] == list(range(50))


def test_rows_are_taken_by_mask_and_by_number(files: PictureFiles) -> None:
    mask = np.arange(50) % 10 == 0
    assert files[mask].files == files[np.arange(0, 50, 10)].files == files.files[::10]


def test_concatenate_pictures_joins_one_kind_only(files: PictureFiles) -> None:
    small, large = np.zeros((2, 4, 4), np.uint8), np.zeros((3, 8, 8), np.uint8)
    both = concatenate_pictures([files, files])
    assert isinstance(both, PictureFiles)
    assert len(both) == 100
    joined = concatenate_pictures([small, small])
    assert isinstance(joined, np.ndarray)
    assert joined.shape == (4, 4, 4)
    assert concatenate_pictures([small, large]) is None
    assert concatenate_pictures([small, files]) is None
