"""Video files as a stream of frames with time stamps; whatever is wrong with one is said in a line.

OpenCV reads, since the light install brings it: on cut, damaged and variable-rate files it gave the same frames at the
same distances as PyAV, of which only the latter tells that the frame size changed (OpenCV scales to the first size).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from mien.errors import VideoError
from mien.images.reading import show_bytes
from mien.recognition.silencing import silencing_opencv

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".wmv", ".flv", ".3gp", ".ogv"}
)
"""Endings of the file names that are taken for videos."""

LARGEST_SIDE_PIXELS = 16_384
"""Longest side of a frame that is read."""

_MISSING_SHARE = 0.02
_PROBABLE_DURATION_S = 7 * 24 * 3600


@dataclass(frozen=True)
class VideoInfo:
    """What a video says of itself before it is read; any of it may be wrong.

    Args:
        size_hw: Height and width of its frames in pixels.
        frames_per_second: Mean rate; none where it does not tell.
        num_frames: Number of frames; none where it does not tell.
    """

    size_hw: tuple[int, int]
    frames_per_second: float | None
    num_frames: int | None

    @property
    def duration_s(self) -> float | None:
        """Return its length in seconds, or none."""
        if self.num_frames is None or self.frames_per_second is None:
            return None
        return self.num_frames / self.frames_per_second


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a video.

    Args:
        index: Its number in the video, the first is 0; counted by the mean rate where reading began later.
        time_s: Its time in the video in seconds.
        image_rgb: Shape ``(H, W, 3)``, uint8, RGB.
    """

    index: int
    time_s: float
    image_rgb: np.ndarray


class VideoReader:
    """Reads a video from its beginning to its end, once; a context manager that yields frames.

    Args:
        path: The video.
        start_s: Time of the first frame wanted, in seconds.
        end_s: Time before which the last one lies; none: to the end.
        every: Of so many frames one is wanted, the first of them.

    Raises:
        VideoError: If the file is missing, empty or no video.
        ValueError: If a time is negative, the end is not after the start, or ``every`` is below 1.
    """

    def __init__(self, path: Path | str, *, start_s: float = 0.0, end_s: float | None = None, every: int = 1) -> None:
        if start_s < 0 or (end_s is not None and end_s <= start_s) or every < 1:
            raise ValueError(
                f"a part of a video needs 0 <= start < end and every >= 1; got {start_s}, {end_s}, {every}"
            )
        self.path = Path(path)
        self._start_s, self._end_s, self._every = start_s, end_s, every
        self._capture = _open_capture(self.path)
        self.info = _read_info(self._capture)
        self.note = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; it may be called twice."""
        self._capture.release()

    @property
    def num_wanted(self) -> int | None:
        """Return about how many frames will come, or none where the video does not tell."""
        duration_s = self.info.duration_s
        if duration_s is None or self.info.frames_per_second is None:
            return None
        seconds = max(0.0, min(duration_s, self._end_s or duration_s) - self._start_s)
        return max(1, math.ceil(seconds * self.info.frames_per_second / self._every - 1e-3))

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames as they are decoded; ``note`` says afterwards if the file ended before its time.

        Raises:
            VideoError: If there is no frame at all, or none in the part that is wanted.
        """
        num_read, num_inside, last_s = 0, 0, -1.0
        is_ended = False
        for index, time_s in self._positions():
            num_read, last_s = num_read + 1, time_s
            if time_s < self._start_s - 1e-6:
                continue
            if self._end_s is not None and time_s >= self._end_s - 1e-6:
                is_ended = True
                break
            if num_inside % self._every == 0:
                is_decoded, frame_bgr = self._capture.retrieve()
                if not is_decoded:
                    break
                yield Frame(index, time_s, cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2RGB))
            num_inside += 1
        if not is_ended:
            self._note_early_end(num_read, last_s)
        if not num_inside:
            raise VideoError(self._say_nothing_came(num_read, last_s), status="no_frames")

    def _positions(self) -> Iterator[tuple[int, float]]:
        """Yield number and time of each frame from the start on, or from a little before it; pixels are not read."""
        first = self._seek()
        previous_s = -1.0
        while self._capture.grab():
            time_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
            if not np.isfinite(time_s) or time_s <= previous_s:  # some containers have no time stamps
                time_s = previous_s + 1 / (self.info.frames_per_second or 25.0) if previous_s >= 0 else 0.0
            yield first, time_s
            first, previous_s = first + 1, time_s

    def _seek(self) -> int:
        """Go to shortly before the start where the container can, and return the number of the frame that comes."""
        rate = self.info.frames_per_second
        if self._start_s < 10 or rate is None:
            return 0
        self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * (self._start_s - 5))
        if self._capture.grab():
            time_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
            if 0 < time_s < self._start_s:
                return max(1, round(time_s * rate) + 1)
        self._capture.release()
        self._capture = _open_capture(self.path)
        return 0

    def _note_early_end(self, num_read: int, last_s: float) -> None:
        duration_s = self.info.duration_s
        if duration_s is None or not num_read or not 0 < duration_s < _PROBABLE_DURATION_S:
            return
        wanted_s = min(duration_s, self._end_s or duration_s)
        frame_s = 1 / (self.info.frames_per_second or 25.0)
        if last_s + frame_s < wanted_s * (1 - _MISSING_SHARE) - frame_s:
            read_s = last_s + frame_s
            name = " ".join(str(self.path).splitlines())
            self.note = f"{name}: ends after {read_s:.1f} of {duration_s:.1f} s; it is cut or damaged there"

    def _say_nothing_came(self, num_read: int, last_s: float) -> str:
        if not num_read:
            return f"{self.path}: no frame can be decoded; the video is empty or damaged"
        if last_s < self._start_s:
            return f"{self.path}: ends at {last_s:.1f} s, before the start that was asked for, {self._start_s:g} s"
        return f"{self.path}: no frame lies between {self._start_s:g} and {self._end_s or last_s:g} s"


def is_video(path: Path | str) -> bool:
    """Return whether a file's name says that it is a video.

    Args:
        path: File name or path.
    """
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def _open_capture(path: Path) -> cv2.VideoCapture:
    try:
        num_bytes = path.stat().st_size
        str(path).encode()
    except UnicodeEncodeError as error:  # OpenCV would crash
        raise VideoError(
            f"{path}: its name is no text that the decoder takes; rename it", status="unreadable"
        ) from error
    except OSError as error:
        status = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
        raise VideoError(f"{path}: {(error.strerror or str(error)).lower()}", status=status) from error
    if path.is_dir():
        raise VideoError(f"{path}: a folder, expected a video", status="unreadable")
    if not num_bytes:
        raise VideoError(f"{path}: empty file (0 bytes)", status="empty")
    capture = cv2.VideoCapture()
    with silencing_opencv():
        is_open = capture.open(str(path.absolute()), cv2.CAP_FFMPEG)
    size_hw = (capture.get(cv2.CAP_PROP_FRAME_HEIGHT), capture.get(cv2.CAP_PROP_FRAME_WIDTH)) if is_open else (0, 0)
    if not is_open or min(size_hw) < 1:
        capture.release()
        with path.open("rb") as file:
            first = show_bytes(file.read(8))
        raise VideoError(
            f"{path}: not a video that can be decoded (first bytes {first!r}); expected MP4, MOV, MKV, WebM, AVI or "
            "MPEG, and an MP4 must be whole",
            status="not_a_video",
        )
    if max(size_hw) > LARGEST_SIDE_PIXELS:
        capture.release()
        size = f"{size_hw[1]:.0f}x{size_hw[0]:.0f}"
        raise VideoError(
            f"{path}: frames of {size} pixels; up to {LARGEST_SIDE_PIXELS} a side are read", status="too_large"
        )
    return capture


def _read_info(capture: cv2.VideoCapture) -> VideoInfo:
    rate, num_frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    height, width = capture.get(cv2.CAP_PROP_FRAME_HEIGHT), capture.get(cv2.CAP_PROP_FRAME_WIDTH)
    is_rate = np.isfinite(rate) and 0 < rate <= 1000
    is_count = np.isfinite(num_frames) and 0 < num_frames < 1e10
    return VideoInfo((int(height), int(width)), float(rate) if is_rate else None, int(num_frames) if is_count else None)
