import io
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.errors import PictureError
from mien.images import reading
from mien.images.reading import Picture, read_picture

RANDOM = np.random.default_rng(0)
SMOOTH = cv2.resize(RANDOM.integers(0, 256, (6, 8, 3), dtype=np.uint8), (64, 48), interpolation=cv2.INTER_CUBIC)
GREY = SMOOTH[..., 0]


def encode(image: Image.Image | np.ndarray, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(file, kind, **options)
    return file.getvalue()


def encode_16_bit(image: np.ndarray, suffix: str) -> bytes:
    """OpenCV writes BGR; Pillow cannot write 16-bit colour at all."""
    return cv2.imencode(suffix, image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()


def make_png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def make_text_bomb() -> bytes:
    """A PNG of one pixel whose comment unpacks to 80 megabytes."""
    small = encode(np.zeros((1, 1), np.uint8), "PNG")
    data = b"Comment\0\0" + zlib.compress(b"x" * 80_000_000, 1)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return small[:33] + chunk + small[33:]


def fault_of(content: Any, **arguments: Any) -> PictureError:
    with pytest.raises(PictureError) as caught:
        read_picture(content, **arguments)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("image", [SMOOTH, GREY], ids=["colour", "grey"])
def test_read_picture_of_a_lossless_format_gives_its_pixels(kind: str, image: np.ndarray) -> None:
    expected = image if image.ndim == 3 else np.stack([image] * 3, axis=2)
    picture = read_picture(encode(image, kind))
    assert (picture.image_rgb == expected).all()
    assert picture.note == ""


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95})])
def test_read_picture_of_a_lossy_format_stays_close(kind: str, options: dict[str, Any]) -> None:
    read = read_picture(encode(SMOOTH, kind, **options)).image_rgb.astype(int)
    assert np.abs(read - SMOOTH).mean() < 6


def test_read_picture_takes_a_path_a_text_and_bytes_alike(tmp_path: Path) -> None:
    path = tmp_path / "grüße 顔.png"
    path.write_bytes(encode(SMOOTH, "PNG"))
    for content in (path, str(path), path.read_bytes()):
        assert (read_picture(content).image_rgb == SMOOTH).all()


def test_read_picture_goes_by_contents_and_not_by_ending(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(encode(SMOOTH, "PNG"))
    assert (read_picture(path).image_rgb == SMOOTH).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_read_picture_obeys_the_exif_orientation(kind: str, orientation: int) -> None:
    # Where the standard says that row 0 and column 0 of the file are in the upright picture.
    to_stored = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(to_stored[orientation](SMOOTH))
    options = {"quality": 100, "lossless": True} if kind == "WEBP" else {"quality": 98} if kind == "JPEG" else {}
    read = read_picture(encode(stored, kind, exif=exif, **options)).image_rgb
    assert read.shape == SMOOTH.shape
    assert np.abs(read.astype(int) - SMOOTH).mean() < (6 if kind == "JPEG" else 0.5)


def test_read_picture_ignores_broken_exif() -> None:
    picture = encode(SMOOTH, "JPEG", exif=b"Exif\0\0" + b"II*\0\xff\xff\xff\x7f" + b"\xff" * 20)
    assert read_picture(picture).image_rgb.shape == SMOOTH.shape


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 3)], ids=["grey", "colour"])
def test_read_picture_scales_16_bits_to_8(suffix: str, shape: tuple[int, ...]) -> None:
    deep = RANDOM.integers(0, 65536, shape, dtype=np.uint16)
    deep.flat[:2] = 0, 65535
    read = read_picture(encode_16_bit(deep, suffix)).image_rgb
    expected = deep / 257 if deep.ndim == 3 else np.stack([deep / 257] * 3, axis=2)
    assert read.dtype == np.uint8
    assert np.abs(read - expected).max() <= 1
    assert {0, 255} <= set(np.unique(read))


def test_read_picture_turns_cmyk_into_rgb() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    assert np.abs(read_picture(encode(red, "JPEG", quality=95)).image_rgb.astype(int) - [255, 0, 0]).max() < 6


def test_read_picture_turns_a_palette_into_its_colours() -> None:
    palette = Image.fromarray(SMOOTH).quantize(32)
    assert (read_picture(encode(palette, "PNG")).image_rgb == np.asarray(palette.convert("RGB"))).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_read_picture_gives_rgb_for_every_mode(mode: str) -> None:
    image_rgb = read_picture(encode(Image.fromarray(SMOOTH).convert(mode), "PNG")).image_rgb
    assert image_rgb.shape == (48, 64, 3)
    assert image_rgb.dtype == np.uint8


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_read_picture_lays_transparency_on_white(mode: str) -> None:
    clear = Image.new(mode, (8, 8), (10, 0) if mode == "LA" else (10, 20, 30, 0))
    assert (read_picture(encode(clear, "PNG")).image_rgb == 255).all()
    half = Image.new(mode, (8, 8), (100, 128) if mode == "LA" else (100, 100, 100, 128))
    assert np.abs(read_picture(encode(half, "PNG")).image_rgb.astype(int) - 177).max() <= 1


def test_read_picture_lays_a_transparent_palette_entry_on_white() -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    assert (read_picture(encode(palette, "PNG", transparency=1)).image_rgb == 255).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_read_picture_takes_the_first_frame_and_says_so(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = read_picture(encode(frames[0], kind, save_all=True, append_images=frames[1:], **options))
    assert (picture.image_rgb == [255, 0, 0]).all()
    assert picture.note == f"first of 3 {'pages' if kind == 'TIFF' else 'frames'}"


def test_read_picture_says_nothing_of_a_phones_further_map() -> None:
    first, second = (Image.new("RGB", (16, 16), colour) for colour in ("red", "green"))
    picture = read_picture(encode(first, "MPO", save_all=True, append_images=[second]))
    assert picture.note == ""
    assert np.abs(picture.image_rgb.astype(int) - [255, 0, 0]).max() < 6


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY, np.stack([GREY] * 3, axis=2)),
        (GREY[..., None], np.stack([GREY] * 3, axis=2)),
        (SMOOTH, SMOOTH),
        (np.dstack([SMOOTH, np.full_like(GREY, 255)]), SMOOTH),
        (np.dstack([SMOOTH, np.zeros_like(GREY)]), np.full_like(SMOOTH, 255)),
        (SMOOTH.astype(np.uint16) * 257, SMOOTH),
        (SMOOTH[::-1, ::2], SMOOTH[::-1, ::2]),
    ],
    ids=["grey", "one channel", "colour", "opaque", "transparent", "16 bits", "strided"],
)
def test_read_picture_of_an_array(array: np.ndarray, expected: np.ndarray) -> None:
    assert (read_picture(array).image_rgb == expected).all()


def test_read_picture_of_a_bgr_array_turns_the_channels_round() -> None:
    assert (read_picture(SMOOTH[..., ::-1], colour="bgr").image_rgb == SMOOTH).all()
    with_alpha = np.dstack([SMOOTH[..., ::-1], np.full_like(GREY, 255)])
    assert (read_picture(with_alpha, colour="bgr").image_rgb == SMOOTH).all()


def test_read_picture_refuses_an_unknown_channel_order() -> None:
    with pytest.raises(ValueError, match="colour must be 'rgb' or 'bgr', got 'RGB'"):
        read_picture(SMOOTH, colour="RGB")


@pytest.mark.parametrize(
    ("array", "status", "message"),
    [
        (SMOOTH / 255, "unreadable", "array: an array of float64; expected uint8 (or uint16), values from 0"),
        (np.zeros((5, 5, 2), np.uint8), "unreadable", "array: an array of shape (5, 5, 2); expected (H, W), "),
        (np.zeros(5, np.uint8), "unreadable", "array: an array of shape (5,); expected (H, W), "),
        (np.zeros((0, 5), np.uint8), "empty", "array: an array of shape (0, 5) holds no pixels"),
        (np.broadcast_to(np.uint8(0), (10001, 10000)), "too_large", "array: 100.0 megapixels, expected at most 100;"),
    ],
    ids=["float", "two channels", "one dimension", "no pixels", "too many"],
)
def test_read_picture_refuses_an_array(array: np.ndarray, status: str, message: str) -> None:
    fault = fault_of(array)
    assert fault.status == status
    assert str(fault).startswith(message)


@pytest.mark.parametrize(
    ("contents", "status", "message"),
    [
        (b"", "empty", "empty (0 bytes); expected JPEG, PNG, WebP, BMP or TIFF"),
        (
            b"PK\x03\x04zip",
            "not_a_picture",
            "not a picture (first bytes 'PK..'); expected JPEG, PNG, WebP, BMP or TIFF",
        ),
        (b"BMW is a car maker", "not_a_picture", "not a picture (first bytes 'BMW '); expected"),
        (b"<html>", "not_a_picture", "not a picture (first bytes '<htm'); expected"),
        (make_png_header(20_000, 20_000), "too_large", "400.0 megapixels, expected at most 100; make it smaller"),
        (make_png_header(12_000, 10_000), "too_large", "120.0 megapixels, expected at most 100; make it smaller"),
        (make_text_bomb(), "too_large", "a PNG that unpacks to far more than its size; refused"),
        (make_png_header(40, 40), "truncated", "a PNG that is cut off; fetch the file again"),
    ],
    ids=["empty", "zip", "text like BMP", "page", "huge", "large", "text bomb", "pixels missing"],
)
def test_read_picture_refuses_a_file(tmp_path: Path, contents: bytes, status: str, message: str) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(contents)
    fault = fault_of(path)
    assert fault.status == status
    assert str(fault).startswith(f"{path}: {message}")
    assert str(fault_of(contents)).startswith(f"bytes: {message}")
    assert str(fault_of(contents, name="upload 1")).startswith(f"upload 1: {message}")


def test_read_picture_takes_a_picture_of_exactly_100_megapixels_for_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PIXELS", 48 * 64)
    assert read_picture(encode(SMOOTH, "PNG")).image_rgb.shape == SMOOTH.shape
    monkeypatch.setattr(reading, "MAX_PIXELS", 48 * 64 - 1)
    assert fault_of(encode(SMOOTH, "PNG")).status == "too_large"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_read_picture_of_a_cut_file_is_a_fault_of_one_line(kind: str, share: float) -> None:
    noisy = RANDOM.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = encode(noisy, kind)
    fault = fault_of(whole[: max(17, int(len(whole) * share))], name="picture")
    assert fault.status == "truncated"
    assert str(fault).startswith("picture: a ")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_read_picture_of_a_damaged_file_never_raises_anything_else(kind: str) -> None:
    whole = encode(SMOOTH, kind)
    for seed in range(60):
        random = np.random.default_rng(seed)
        damaged = np.frombuffer(whole, np.uint8).copy()
        places = random.integers(4, len(damaged), 12)
        damaged[places] = random.integers(0, 256, 12)
        with suppress(PictureError):
            assert read_picture(damaged.tobytes()).image_rgb.dtype == np.uint8


def test_read_picture_of_floating_point_pixels_says_what_it_expects() -> None:
    fault = fault_of(encode(Image.fromarray(GREY.astype(np.float32)), "TIFF"))
    assert str(fault) == "bytes: 32-bit floating-point pixels; expected 8 or 16 bits a channel"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.jpg", "no such file or folder; check the path"),
        ("file.txt/below.jpg", "no such file or folder; check the path"),
        ("x" * 300 + ".jpg", "cannot be opened: file name too long"),
    ],
    ids=["missing", "below a file", "long name"],
)
def test_read_picture_of_a_path_without_a_file(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file.txt").write_text("")
    assert str(fault_of(tmp_path / name)) == f"{tmp_path / name}: {message}"


def test_read_picture_of_a_name_with_a_null_is_missing() -> None:
    assert fault_of("a\0.jpg").status == "missing"


def test_read_picture_of_a_folder_with_a_pictures_name(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    fault = fault_of(tmp_path / "x.jpg")
    assert (fault.status, str(fault)) == ("unreadable", f"{tmp_path / 'x.jpg'}: a folder; expected a picture file")


def test_read_picture_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(encode(SMOOTH, "JPEG"))
    path.chmod(0)
    if os.access(path, os.R_OK):  # an administrator may read everything

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    fault = fault_of(path)
    assert (fault.status, str(fault)) == ("unreadable", f"{path}: cannot be opened: permission denied")


def test_picture_checks_its_shape() -> None:
    with pytest.raises(ValueError, match=r"a picture must be \(H, W, 3\) uint8, got \(48, 64\) uint8"):
        Picture(GREY)
