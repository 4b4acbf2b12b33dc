"""Reading a picture, whatever it is, into RGB; every fault becomes one line and a status.

Analyzer, data set readers and results read their pictures here.
"""

import io
import re
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from mien.errors import PictureError

MAX_PIXELS = 100_000_000
"""Pictures with more pixels are refused from their header, before anything is decoded."""

PICTURE_SUFFIXES: frozenset[str] = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
)
"""Endings, in lower case, of the files that a walk through a folder takes for pictures."""

EXPECTED_FORMATS = "JPEG, PNG, WebP, BMP or TIFF"

_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("JPEG", re.compile(rb"\xff\xd8\xff")),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("WebP", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("BMP", re.compile(rb"BM....\x00\x00\x00\x00", re.DOTALL)),
    ("TIFF", re.compile(rb"II\*\x00|MM\x00\*|II\+\x00|MM\x00\+")),
    ("GIF", re.compile(rb"GIF8[79]a")),
)

_TURNS: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

PictureContent = Path | str | bytes | np.ndarray


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was read.

    Args:
        image_rgb: Shape ``(H, W, 3)``, uint8, RGB, upright.
        note: What the reader left out, such as the further frames of an animation; empty for most.

    Raises:
        ValueError: If the array is not ``(H, W, 3)`` uint8.
    """

    image_rgb: np.ndarray
    note: str = ""

    def __post_init__(self) -> None:
        shape, dtype = self.image_rgb.shape, self.image_rgb.dtype
        if len(shape) != 3 or shape[2] != 3 or dtype != np.uint8:
            raise ValueError(f"a picture must be (H, W, 3) uint8, got {shape} {dtype}")


def read_picture(content: PictureContent, *, name: str = "", colour: str = "rgb") -> Picture:
    """Read one picture as upright 8-bit RGB.

    Grey becomes three equal channels, 16 bits are scaled to 8, transparency is laid on white, the EXIF
    orientation is obeyed, and of an animation or a file of several pages the first picture is taken.

    Args:
        content: A file, the bytes of a file, or an array ``(H, W)``, ``(H, W, 1)``, ``(H, W, 3)`` or
            ``(H, W, 4)``, uint8 or uint16.
        name: What messages call the picture; a file's own path where empty.
        colour: Order of an array's channels, ``rgb`` or ``bgr``; files say their own.

    Raises:
        PictureError: If it is missing, empty, truncated, too large, not a picture, or cannot be decoded.
        ValueError: If ``colour`` is neither ``rgb`` nor ``bgr``.
    """
    if colour not in ("rgb", "bgr"):
        raise ValueError(f"colour must be 'rgb' or 'bgr', got {colour!r}")
    if isinstance(content, np.ndarray):
        return Picture(_array_to_rgb(content, name=name or "array", colour=colour))
    with ExitStack() as stack:
        if isinstance(content, bytes):
            name = name or "bytes"
            file: IO[bytes] = io.BytesIO(content)
        else:
            name = name or str(content)
            file = stack.enter_context(_open_file(Path(content), name))
        return _decode(file, name)


def _open_file(path: Path, name: str) -> IO[bytes]:
    try:
        if path.is_dir():
            raise PictureError(f"{name}: a folder; expected a picture file", status="unreadable")
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise PictureError(f"{name}: no such file or folder; check the path", status="missing") from None
    except ValueError:
        raise PictureError(f"{name!r}: not a file name", status="missing") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PictureError(f"{name}: cannot be opened: {reason}", status="unreadable") from error


def _decode(file: IO[bytes], name: str) -> Picture:
    head = _read_head(file, name)
    with warnings.catch_warnings():
        # Pillow warns about large or odd files; each fault has its own single line here.
        warnings.simplefilter("ignore")
        image = _open_image(file, _name_format(head, name), name)
        _check_size(image.width * image.height, name)
        try:
            note = _describe_further_frames(image)
            image.load()
            upright = _turn_upright(image)
            return Picture(_image_to_rgb(upright, name), note)
        except PictureError:
            raise
        except Exception as error:  # a decoder that is fed arbitrary bytes may raise anything
            raise _decoding_fault(error, name, image.format or "picture") from error


def _read_head(file: IO[bytes], name: str) -> bytes:
    try:
        head = file.read(16)
        file.seek(0)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PictureError(f"{name}: cannot be read: {reason}", status="unreadable") from error
    if not head:
        raise PictureError(f"{name}: empty (0 bytes); expected {EXPECTED_FORMATS}", status="empty")
    return head


def show_bytes(head: bytes) -> str:
    r"""Return bytes as text, with a dot for each that is no letter, digit or sign.

    Args:
        head: A few bytes.

    Example:
        >>> show_bytes(b"PK\x03\x04")
        'PK..'
    """
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in head)


def _name_format(head: bytes, name: str) -> str:
    kind = next((kind for kind, signature in _SIGNATURES if signature.match(head)), None)
    if kind is None:
        raise PictureError(
            f"{name}: not a picture (first bytes {show_bytes(head[:4])!r}); expected {EXPECTED_FORMATS}",
            status="not_a_picture",
        )
    return kind


def _open_image(file: IO[bytes], kind: str, name: str) -> Image.Image:
    try:
        return Image.open(file, formats=[kind.upper()])
    except Image.DecompressionBombError as error:
        stated = re.search(r"\((\d+) pixels\)", str(error))
        _check_size(int(stated.group(1)) if stated else 2 * MAX_PIXELS, name)
        raise PictureError(f"{name}: unpacks to far more than its size; refused", status="too_large") from error
    except UnidentifiedImageError as error:
        num_bytes = file.seek(0, io.SEEK_END)
        message = f"{name}: a {kind} whose header is cut off or damaged ({num_bytes} bytes); fetch the file again"
        raise PictureError(message, status="truncated") from error
    except Exception as error:  # a parser that is fed arbitrary bytes may raise anything
        if kind == "WebP" and _is_shorter_than_stated(file):
            raise _cut_off(name, kind) from error
        raise _decoding_fault(error, name, kind) from error


def _is_shorter_than_stated(file: IO[bytes]) -> bool:
    """Return whether a RIFF file holds less than its header says; WebP's decoder does not tell."""
    num_bytes = file.seek(0, io.SEEK_END)
    file.seek(4)
    return num_bytes < int.from_bytes(file.read(4), "little") + 8


def _check_size(num_pixels: int, name: str) -> None:
    if num_pixels > MAX_PIXELS:
        raise PictureError(
            f"{name}: {num_pixels / 1e6:.1f} megapixels, expected at most {MAX_PIXELS / 1e6:.0f}; make it smaller",
            status="too_large",
        )


def _decoding_fault(error: Exception, name: str, kind: str) -> PictureError:
    reason = " ".join(str(error).split()) or type(error).__name__
    lowered = reason.lower()
    if isinstance(error, EOFError) or any(
        word in lowered for word in ("truncated", "unexpected end", "eof", "cut off")
    ):
        return _cut_off(name, kind)
    if "too large" in lowered or "bomb" in lowered:
        return PictureError(f"{name}: a {kind} that unpacks to far more than its size; refused", status="too_large")
    return PictureError(f"{name}: a {kind} that cannot be decoded ({reason})", status="unreadable")


def _cut_off(name: str, kind: str) -> PictureError:
    return PictureError(f"{name}: a {kind} that is cut off; fetch the file again", status="truncated")


def _describe_further_frames(image: Image.Image) -> str:
    try:
        # A phone's JPEG may hold a depth or gain map behind the photograph (MPO); that is no further picture.
        if image.format == "MPO" or not getattr(image, "is_animated", False):
            return ""
        num_frames = int(getattr(image, "n_frames", 1))
    except Exception:  # a damaged later frame is no reason to refuse the first
        return ""
    return f"first of {num_frames} {'pages' if image.format == 'TIFF' else 'frames'}"


def _turn_upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # broken EXIF says nothing about the pixels
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _image_to_rgb(image: Image.Image, name: str) -> np.ndarray:
    if image.mode == "F":
        raise PictureError(
            f"{name}: 32-bit floating-point pixels; expected 8 or 16 bits a channel", status="unreadable"
        )
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _array_to_rgb(_clip_to_16_bits(np.asarray(image)), name=name, colour="rgb")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        backdrop = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(backdrop, image)
    return np.array(image.convert("RGB"), dtype=np.uint8)


def _clip_to_16_bits(pixels: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = np.clip(pixels, 0, 65535).astype(np.uint16)
    return clipped


def _array_to_rgb(array: np.ndarray, *, name: str, colour: str) -> np.ndarray:
    if array.dtype not in (np.uint8, np.uint16):
        raise PictureError(
            f"{name}: an array of {array.dtype}; expected uint8 (or uint16), values from 0", status="unreadable"
        )
    if array.size == 0:
        raise PictureError(f"{name}: an array of shape {array.shape} holds no pixels", status="empty")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise PictureError(
            f"{name}: an array of shape {array.shape}; expected (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)",
            status="unreadable",
        )
    _check_size(array.shape[0] * array.shape[1], name)
    pixels = array if array.dtype == np.uint8 else ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        grey = pixels.reshape(pixels.shape[:2])
        return np.stack([grey, grey, grey], axis=2)
    ordered = pixels[..., 2::-1] if colour == "bgr" else pixels[..., :3]
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.uint32)
        ordered = ((ordered * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(ordered)
