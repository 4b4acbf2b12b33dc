import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import PictureError
from mien.recognition.sources import is_single, list_pictures

IMAGE = np.zeros((4, 5, 3), dtype=np.uint8)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def names(source: object, **arguments: object) -> list[str]:
    return [each.name for each in list_pictures(source, **arguments)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.jpg", True),
        (Path("a.jpg"), True),
        (b"x", True),
        (bytearray(b"x"), True),
        (IMAGE, True),
        (IMAGE[..., 0], True),
        (IMAGE[None], False),
        ([], False),
        ("a\0b", True),
        ("x" * 5000, True),
    ],
    ids=["text", "path", "bytes", "bytearray", "colour", "grey", "many", "list", "null", "long"],
)
def test_is_single(source: object, expected: bool) -> None:
    assert is_single(source) is expected  # type: ignore[arg-type]


def test_is_single_goes_by_what_is_there_and_not_by_the_name(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    assert not is_single(tmp_path / "x.jpg")


def test_list_pictures_walks_a_folder_in_order(tmp_path: Path) -> None:
    inside = ["b.JPG", "a.png", "sub/z.webp", "sub/deep/ä ö.tiff", "another/c.bmp", "x.jpg/d.jpeg"]
    touch(*(tmp_path / name for name in inside))
    touch(tmp_path / "notes.txt", tmp_path / ".hidden.jpg", tmp_path / ".cache" / "e.jpg", tmp_path / "sub" / "jpg")
    expected = ["a.png", "b.JPG", "another/c.bmp", "sub/z.webp", "sub/deep/ä ö.tiff", "x.jpg/d.jpeg"]
    assert names(tmp_path) == names(str(tmp_path)) == [str(tmp_path / name) for name in expected]


def test_list_pictures_leaves_out_the_folder_of_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a.png", tmp_path / "out" / "a.png", tmp_path / "other" / "out" / "b.png")
    monkeypatch.chdir(tmp_path)
    assert names(".", skip_folder=Path("out")) == ["a.png", "other/out/b.png"]


def test_list_pictures_does_not_run_in_circles(tmp_path: Path) -> None:
    touch(tmp_path / "sub" / "a.png")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    assert names(tmp_path) == [str(tmp_path / "sub" / "a.png")]


def test_list_pictures_keeps_a_folder_without_pictures_as_a_fault(tmp_path: Path) -> None:
    touch(tmp_path / "notes.txt")
    (source,) = list_pictures(tmp_path)
    with pytest.raises(PictureError) as caught:
        source.read()
    assert caught.value.status == "missing"
    assert str(caught.value) == (
        f"{tmp_path}: no picture in this folder or below it; expected JPEG, PNG, WebP, BMP or TIFF files"
    )


def test_list_pictures_keeps_an_unreadable_folder_as_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a.png", tmp_path / "locked" / "b.png")
    real_scandir = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real_scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)
    good, bad = list_pictures(tmp_path)
    assert good.name == str(tmp_path / "a.png")
    with pytest.raises(PictureError, match="locked: the folder cannot be read: permission denied"):
        bad.read()


def test_list_pictures_numbers_what_has_no_name(tmp_path: Path) -> None:
    touch(tmp_path / "f" / "a.png")
    mixed = [IMAGE, b"x", "missing.jpg", tmp_path / "f", [IMAGE], (each for each in [b"y"])]
    assert names(mixed) == ["array 0", "bytes 1", "missing.jpg", str(tmp_path / "f" / "a.png"), "array 0", "bytes 0"]
    assert names(np.stack([IMAGE, IMAGE])) == ["array 0", "array 1"]
    assert names(IMAGE) == ["array"]
    assert names(bytearray(b"x")) == ["bytes"]


def test_list_pictures_hands_on_the_channel_order() -> None:
    blue = np.full((2, 2, 3), (255, 0, 0), dtype=np.uint8)
    (source,) = list_pictures([blue], colour="bgr")
    assert (source.read().image_rgb == [0, 0, 255]).all()


def test_list_pictures_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.fromarray(IMAGE).save(file, "PNG")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.getvalue())))
    (source,) = list_pictures("-")
    assert source.name == "standard input"
    assert source.read().image_rgb.shape == IMAGE.shape


@pytest.mark.parametrize("source", [5, None, [5]])
def test_list_pictures_refuses_what_is_no_source(source: object) -> None:
    with pytest.raises(TypeError, match=r"expected a path, bytes, an array or a sequence of these, got (int|NoneType)"):
        names(source)


def test_list_pictures_is_lazy() -> None:
    def endless() -> object:
        while True:
            yield IMAGE

    assert next(list_pictures(endless())).name == "array 0"  # type: ignore[arg-type]
