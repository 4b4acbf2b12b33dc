import errno
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MienError
from mien.images.reading import read_picture
from mien.images.writing import check_drawing_file, write_picture

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_write_picture_as_png_loses_nothing(tmp_path: Path) -> None:
    assert (read_picture(write_picture(tmp_path / "a.PNG", IMAGE)).image_rgb == IMAGE).all()


def test_write_picture_as_jpeg_stays_close(tmp_path: Path) -> None:
    smooth = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    path = write_picture(tmp_path / "a.jpeg", smooth)
    assert path.read_bytes()[:2] == b"\xff\xd8"
    assert np.abs(read_picture(path).image_rgb.astype(int) - smooth).mean() < 2


def test_write_picture_refuses_other_endings(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"written as \.jpg or \.png, got '\.webp'"):
        write_picture(tmp_path / "a.webp", IMAGE)


def test_write_picture_on_a_full_disk_keeps_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_picture(tmp_path / "a.png", IMAGE)
    before = path.read_bytes()

    def refuse(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(MienError, match=r"a\.png: cannot be written: no space left on the device"):
        write_picture(path, IMAGE[::-1])
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.JPEG"])
def test_drawings_are_png_or_jpeg(name: str) -> None:
    check_drawing_file(Path(name))


@pytest.mark.parametrize("name", ["a.gif", "a"])
def test_other_drawings_are_refused(name: str) -> None:
    with pytest.raises(MienError, match=rf"^{name}: the drawing is written as \.png or \.jpg; name such a file$"):
        check_drawing_file(Path(name))
