"""Videos that browsers play: H.264 in MP4 and animated WebP with PyAV (``mien[video]``), else VP8 in WebM by OpenCV."""

import errno
import importlib.util
import os
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import cv2
import numpy as np

from mien.errors import MissingExtraError, VideoError
from mien.recognition.silencing import silencing_native_libraries, silencing_opencv
from mien.writing import PartialFile, explaining_write_faults

H264_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")
"""Endings that are written as H.264."""

MOST_ANIMATION_FRAMES = 2000
"""Frames that an animated picture holds at most: its encoder keeps all until the end."""

_MOST_REPEATS = 250


class VideoWriter:
    """Writes frames with their time stamps into a file that is whole or not there; a context manager.

    H.264 and WebP keep the time stamps; WebM has a constant rate of 1 to 60 frames/s: frames are left out to keep the
    pace, or repeated, up to 250 times. There is no sound.

    Args:
        path: ``.mp4``, ``.m4v``, ``.mov``, ``.mkv`` or ``.webp`` (an animated picture that begins again), which need
            ``mien[video]``, or ``.webm``.
        size_hw: Height and width of the frames in pixels; an odd last row or column is left out.
        frames_per_second: Rate that the file is made for.

    Raises:
        VideoError: If the ending is another, or needs PyAV, which is not installed, or the encoder does not start.
        MienError: If the disk is full or the place may not be written.
    """

    def __init__(self, path: Path | str, size_hw: tuple[int, int], *, frames_per_second: float) -> None:
        self.path = check_video_file(path)
        self._first_s: float | None = None
        self._num_frames = 0
        self._size_hw = (max(2, size_hw[0] // 2 * 2), max(2, size_hw[1] // 2 * 2))
        self._partial_file = PartialFile(self.path)
        try:
            with explaining_write_faults(self.path):
                self._encoder = _open_encoder(self._partial_file.path, self._size_hw, frames_per_second)
        except BaseException:
            self._partial_file.drop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.close()

    def write(self, image_rgb: np.ndarray, time_s: float) -> None:
        """Append a frame.

        Args:
            image_rgb: Shape ``(H, W, 3)``, uint8, RGB; a frame of another size is scaled.
            time_s: Its time in seconds, later than that of the frame before; the file begins with its first frame.

        Raises:
            MienError: If the disk is full.
            VideoError: If an animated picture has its 2,000 frames.
        """
        height, width = self._size_hw
        if self._num_frames >= MOST_ANIMATION_FRAMES and self.path.suffix.lower() == ".webp":
            raise VideoError(
                f"{self.path}: an animated picture holds {MOST_ANIMATION_FRAMES:,} frames at most; take fewer (--end, "
                "--every), or name a video file",
                status="unreadable",
            )
        self._first_s = time_s if self._first_s is None else self._first_s
        if image_rgb.shape[0] // 2 * 2 != height or image_rgb.shape[1] // 2 * 2 != width:
            image_rgb = cv2.resize(image_rgb, (width, height), interpolation=cv2.INTER_AREA)
        with explaining_write_faults(self.path):
            self._encoder.write(np.ascontiguousarray(image_rgb[:height, :width]), time_s - self._first_s)
        self._num_frames += 1

    def finish(self) -> None:
        """Write what the encoder still holds, and put the file in its place.

        Raises:
            MienError: If the disk is full or the place may not be written.
        """
        with explaining_write_faults(self.path):
            self._encoder.finish()
        self._partial_file.keep()

    def close(self) -> None:
        """Let go of the encoder; what is not finished does not stay. It may be called twice."""
        with suppress(Exception):  # a fault was raised where the file was written
            self._encoder.close()
        self._partial_file.drop()


def check_video_file(path: Path | str) -> Path:
    """Return the path of a video to write, if this machine can write its kind.

    Args:
        path: The file.

    Raises:
        VideoError: If the ending is none of a video that browsers play, or needs PyAV, which is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix in (*H264_SUFFIXES, ".webp") and importlib.util.find_spec("av") is None:
        raise VideoError(f"{path}: {MissingExtraError('av', extra='video')}; or name a .webm file", status="unreadable")
    if suffix not in (*H264_SUFFIXES, ".webm", ".webp"):
        raise VideoError(
            f"{path}: not a kind of video that is written; name a {', '.join(H264_SUFFIXES)}, .webp or .webm file",
            status="unreadable",
        )
    try:
        str(path).encode()
    except UnicodeEncodeError as error:  # OpenCV would crash
        raise VideoError(
            f"{path}: its name is no text that the encoder takes; name another", status="unreadable"
        ) from error
    return Path(path)


class _Encoder(Protocol):
    def write(self, image_rgb: np.ndarray, time_s: float) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


def _open_encoder(path: Path, size_hw: tuple[int, int], frames_per_second: float) -> _Encoder:
    suffix = path.suffix.lower()
    if suffix == ".webm":
        return _WebmEncoder(path, size_hw, frames_per_second)
    return _AvEncoder(path, size_hw, frames_per_second, _WEBP if suffix == ".webp" else _H264)


@dataclass(frozen=True)
class _Codec:
    name: str
    options: dict[str, str]
    container_options: dict[str, str]
    ticks_per_second: int


_H264 = _Codec("libx264", {"preset": "veryfast", "crf": "21"}, {"movflags": "+faststart"}, 90_000)
_WEBP = _Codec("libwebp_anim", {"quality": "75"}, {"loop": "0"}, 1000)


class _AvEncoder:
    """A codec of PyAV, at the time stamps given."""

    def __init__(self, path: Path, size_hw: tuple[int, int], frames_per_second: float, codec: _Codec) -> None:
        import av

        self._av = av
        self._time_base = Fraction(1, codec.ticks_per_second)
        self._container: Any = av.open(str(path), "w", options=codec.container_options)
        stream: Any = self._container.add_stream(codec.name, rate=Fraction(frames_per_second).limit_denominator(1001))
        stream.height, stream.width = size_hw
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = self._time_base
        stream.options = codec.options
        stream.codec_context.thread_count = 2
        self._stream = stream
        self._last_ticks = -1

    def write(self, image_rgb: np.ndarray, time_s: float) -> None:
        frame = self._av.VideoFrame.from_ndarray(image_rgb, format="rgb24")
        frame.pts = self._last_ticks = max(self._last_ticks + 1, round(time_s / self._time_base))
        frame.time_base = self._time_base
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        if self._last_ticks >= 0:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def close(self) -> None:
        self._container.close()


class _WebmEncoder:
    """VP8 at a constant rate."""

    def __init__(self, path: Path, size_hw: tuple[int, int], frames_per_second: float) -> None:
        self._path = path
        self._rate = min(60.0, max(1.0, frames_per_second))
        code = cv2.VideoWriter.fourcc(*"VP80")
        path.touch()  # OpenCV does not say why a place cannot be written
        with silencing_native_libraries():
            self._writer = cv2.VideoWriter(
                str(path.absolute()), cv2.CAP_FFMPEG, code, self._rate, (size_hw[1], size_hw[0])
            )
        if not self._writer.isOpened():
            raise VideoError("OpenCV writes no WebM here; name an .mp4 file", status="unreadable")
        self._num_written = 0
        self._last_bgr: np.ndarray | None = None

    def write(self, image_rgb: np.ndarray, time_s: float) -> None:
        number = round(time_s * self._rate)
        frame_bgr = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
        with silencing_opencv():
            if self._last_bgr is not None:
                for _ in range(min(number - self._num_written, _MOST_REPEATS)):
                    self._writer.write(self._last_bgr)
            if number >= self._num_written:
                self._writer.write(frame_bgr)
                self._num_written = number + 1
        self._last_bgr = frame_bgr

    def finish(self) -> None:
        self._writer.release()
        if self._num_written and not _is_whole(self._path):  # OpenCV tells of no fault
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        self._writer.release()


def _is_whole(webm_file: Path) -> bool:
    """Return whether the file has a length, which is written last."""
    with silencing_opencv():
        capture = cv2.VideoCapture(str(webm_file.absolute()), cv2.CAP_FFMPEG)
        num_frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        capture.release()
    return num_frames > 0
