"""Small video files for tests: numbered frames, faces that move, and files with faults."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.moving_faces import make_background, paste_head

SIZE_HW = (120, 160)
_MILLISECOND = Fraction(1, 1000)


def make_numbered_frame(number: int, size_hw: tuple[int, int] = SIZE_HW) -> np.ndarray:
    """Return a frame whose number `read_number` tells, as eight black or white stripes."""
    row = np.repeat([255 * (number >> bit & 1) for bit in range(8)], size_hw[1] // 8 + 1)[: size_hw[1]]
    return np.broadcast_to(row[None, :, None], (*size_hw, 3)).astype(np.uint8)


def read_number(image_rgb: np.ndarray) -> int:
    """Return the number that `make_numbered_frame` drew."""
    side = image_rgb.shape[1] // 8 + 1
    places = [min(bit * side + side // 2, image_rgb.shape[1] - 1) for bit in range(8)]
    return sum(1 << bit for bit, x in enumerate(places) if image_rgb[:, x].mean() > 128)


def write_clip(path: Path, frames: Iterable[np.ndarray], *, rate: float = 10.0) -> Path:
    """Write frames, RGB, as Motion JPEG in an ``.avi`` or ``.mkv`` file."""
    writer: cv2.VideoWriter | None = None
    for frame in frames:
        if writer is None:
            code = cv2.VideoWriter.fourcc(*"MJPG")
            writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, rate, frame.shape[1::-1])
            assert writer.isOpened()
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    if writer is not None:
        writer.release()
    return path


def write_numbered_clip(path: Path, num_frames: int, *, rate: float = 10.0) -> Path:
    """Write a clip of numbered frames."""
    return write_clip(path, map(make_numbered_frame, range(num_frames)), rate=rate)


def write_face_clip(path: Path, num_frames: int, *, rate: float = 10.0) -> Path:
    """Write a clip in which a face of 110 pixels moves to the right, 320 by 240 pixels."""
    return write_clip(path, (make_face_frame(number) for number in range(num_frames)), rate=rate)


def make_face_frame(number: int) -> np.ndarray:
    """Return a frame of that clip."""
    frame = make_background(0, (240, 320)).copy()
    paste_head(frame, "astronaut", (10 + 3 * number, 10), side=220)
    return frame


def import_av() -> Any:
    """Return PyAV, or skip the test."""
    return pytest.importorskip("av", reason="PyAV is not here (mien[video])")


def write_timed_clip(path: Path, times_ms: Sequence[int], *, size_hw: tuple[int, int] = SIZE_HW) -> Path:
    """Write numbered frames at the times given, with PyAV."""
    av = import_av()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width = size_hw
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = _MILLISECOND
        for number, time_ms in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(make_numbered_frame(number, size_hw), format="rgb24")
            frame.pts, frame.time_base = time_ms, _MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def cut_file(path: Path, share: float = 0.6) -> Path:
    """Keep the first part of a file's bytes."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path
